"""After a revocation only the proof is left: names are planted, and looked for everywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.apps import apps
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ForeignKey, Model
from django.utils import timezone

from authorizations.ending.forgetting import KEPT, KEPT_OF_LINK
from authorizations.models import Authorization, ConnectAttempt, OutgoingEmail, ShareLink
from authorizations.tasks import (
    forget_old_attempts,
    send_due_emails,
    tell_utilities,
    warn_of_ends,
)
from greenbutton import tasks
from greenbutton.ingest.pull import pull
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    MeterReading,
    Pull,
    RawFeed,
    ServiceLocation,
    UsagePoint,
)
from tests import cast
from tests.at_the_sandbox import (  # noqa: F401 (fixtures)
    at_utility,
    follow,
    registered,
    seen,
    submit,
    svce,
)
from tests.cast import Person
from tests.greenbutton.test_upload import GOOD
from tests.searching import places_of
from tests.staff.conftest import page_of, press, signed_in
from utilities.models import Utility

pytestmark = pytest.mark.django_db

ADDRESS = "ada.lovelace@customers.example"
NOTE = "Mrs Lovelace, 12 Elm Street"
# What staff, utilities and forms can write, each in words of its own.
PLANTED = {
    "address": ADDRESS,
    "note": NOTE,
    "prefill": "111-111-1111",
    "link email": "augusta.ada.king@lovelace.example",
    "reference": "Job of Augusta Leigh",
    "expected account": "7731-0042-18",
    "expected address": "12 St James's Square",
    "why held": "Lovelace moves to Ockham Park",
    "why collected": "Byron called about 1010337621",
    "why stopped": "Her daughter asked on +44 20 7946 0018",
    "why disabled": "Sent to Annabella by mistake",
    "declined with": "Augusta said no",
    "error": "the meter KX-99817 of Lovelace is odd",
    "message": "Dear Ada King Noel",
    "file": "Lovelace-bills-2025.xml",
}
# What the registry says that one might fill in is, at the sandbox, what its test accounts have.
EXAMPLES = {"utilities_utility.authentication_ways"}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[list[Path]]:
    """The folders in which this process could leave a file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return iter([[tmp_path, Path(configured.VAR_DIR)]])


@pytest.fixture
def office(db: None) -> Any:
    email = "boss@example.org"
    boss = User.objects.create(username=email, email=email, is_staff=True, is_superuser=True)
    return signed_in(boss)


def make_link(office: Any, utility: Utility) -> ShareLink:
    """As staff make one, with the phone number filled in."""
    office.post(
        "/staff/authorizations/sharelink/add/",
        {
            "utility": utility.pk,
            "note": NOTE,
            "scope": "FB=4_16_51",
            "way": f"{utility.slug}:phone",
            "prefill": PLANTED["prefill"],
            "customer_email": PLANTED["link email"],
            "reference": PLANTED["reference"],
            "expected_account": PLANTED["expected account"],
            "expected_address": PLANTED["expected address"],
            "expires_at_0": "2099-01-01",
            "expires_at_1": "00:00",
        },
    )
    return ShareLink.objects.get()


def consents(browser: httpx.Client, person: Person, utility: Utility, link: ShareLink) -> None:
    """From the link to the utility, once to say no and once to say yes, and back."""
    state = begins(person, link)[1]
    person.comes_back(
        utility,
        state=state,
        error="access_denied",
        error_description=PLANTED["declined with"],
        iss=utility.issuer,
    )
    address, _ = begins(person, link)
    page = follow(browser, browser.get(address))
    passcode = seen(page).texts["test-passcode"]
    page = submit(browser, page, "passcode", passcode=passcode)
    back = submit(browser, page, "consent", decision="allow").headers["Location"]
    person.browser.get(back.removeprefix(configured.PORTAL_URL))


def begins(person: Person, link: ShareLink) -> tuple[str, str]:
    sent = person.sets_out(f"/share/{link.code}/?{urlencode({'email': PLANTED['link email']})}")
    address = str(sent.headers["Location"])
    return address, httpx.URL(address).params["state"]


def what_came(authorization: Authorization) -> dict[str, str]:
    """What the utility sent of its customer, and gave us for collecting it."""
    customer = Customer.objects.get(authorization=authorization)
    of = {"authorization": authorization}
    found = {
        "name": customer.name,
        "street": customer.street.splitlines()[0],
        "account": CustomerAccount.objects.get(**of).number,
        "access token": authorization.access_token,
        "refresh token": authorization.refresh_token,
        "feed key": authorization.feed_key,
        "resource": authorization.resource_uri,
        "customer": authorization.customer_uri,
        "grant": authorization.authorization_uri,
    }
    for meter in Meter.objects.filter(**of, is_meter=True):
        found[f"meter {meter.pk}"] = meter.serial_number
    for table in (Customer, CustomerAgreement, ServiceLocation, UsagePoint):
        for row in table.objects.filter(**of):
            found[f"{table.__name__} {row.pk}"] = row.identity
    for series in MeterReading.objects.filter(usage_point__authorization=authorization):
        found[f"series {series.pk}"] = series.identity
    return found


def test_after_a_revocation_nothing_is_left_but_the_proof(
    svce: Utility,  # noqa: F811
    at_utility: httpx.Client,  # noqa: F811
    office: Any,
    folders: Iterator[list[Path]],
    mailoutbox: list[Any],
) -> None:
    where, ada = next(folders), cast.ada()
    link = make_link(office, svce)
    OutgoingEmail.objects.create(
        kind="link", to=ADDRESS, subject=NOTE, text=PLANTED["prefill"], share_link=link
    )
    consents(at_utility, ada, svce, link)
    authorization = Authorization.objects.get()
    assert authorization.share_link == link
    Authorization.objects.update(customer_email=ADDRESS)
    done = pull(authorization)
    assert done is not None
    assert done.state == Pull.State.DONE
    authorization.refresh_from_db()

    # What goes wrong, what staff do, and what is on its way, leave words of their own.
    Pull.objects.create(
        authorization=authorization,
        error=PLANTED["error"],
        message=PLANTED["message"],
        file_name=PLANTED["file"],
        findings=[{"code": "x", "count": 1, "where": PLANTED["error"], "detail": NOTE}],
    )
    press(office, authorization, "hold", PLANTED["why held"])
    press(office, authorization, "release")
    press(office, authorization, "collect-now", PLANTED["why collected"])
    press(office, link, "disable", PLANTED["why disabled"])
    tasks.dispatch_due_pulls()  # a message in the queue
    Authorization.objects.update(expires_at=timezone.now() + timedelta(hours=20))
    Authorization.objects.update(created=timezone.now() - timedelta(days=90))
    warn_of_ends()  # an e-mail on its way

    planted = {**PLANTED, **what_came(authorization)}
    keys = [authorization.feed_key]
    before = places_of(planted.values(), *where, keys=keys)
    # A search that finds nothing proves nothing.
    unseen = {name for name, word in planted.items() if not before.get(word, set()) - EXAMPLES}
    assert unseen == {"why stopped"}
    assert RawFeed.objects.exists()

    press(office, authorization, "stop-sharing", PLANTED["why stopped"])
    send_due_emails()
    [receipt] = [mail for mail in mailoutbox if "You no longer share" in mail.subject]
    assert receipt.to == [ADDRESS]
    # As when half a minute has gone by.
    Authorization.objects.filter(purge_at__isnull=False).update(purge_at=timezone.now())
    assert tasks.purge_due() == 1
    tell_utilities()

    after = places_of(planted.values(), *where, keys=keys)
    assert {word: left for word, places in after.items() if (left := places - EXAMPLES)} == {}
    authorization.refresh_from_db()
    assert (authorization.scope, authorization.utility, authorization.revoked_by) == (
        done.authorization.scope,
        svce,
        "staff",
    )
    assert authorization.utility_told_at is not None
    assert authorization.purge_at is None
    assert not authorization.usage_points.exists()


def test_what_was_brought_as_a_file_goes_as_completely(
    folders: Iterator[list[Path]], mailoutbox: list[Any]
) -> None:
    where, ada = next(folders), cast.ada()
    utility = cast.make_utility()
    ada.browser.post(
        "/upload/send/",
        {
            "file": SimpleUploadedFile(PLANTED["file"], GOOD, "application/xml"),
            "utility": utility.slug,
        },
    )
    authorization = Authorization.objects.get()
    tasks.import_uploads_of(authorization.pk)
    Authorization.objects.update(customer_email=ADDRESS, time_zone="America/St_Johns")
    authorization.refresh_from_db()
    point = authorization.usage_points.get()
    planted = {PLANTED["file"], ADDRESS, point.identity, authorization.feed_key}
    keys = [authorization.feed_key]
    assert set(places_of(planted, *where, keys=keys)) == planted
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    send_due_emails()
    assert [mail.to for mail in mailoutbox] == [[ADDRESS]]
    assert places_of(planted, *where, keys=keys) == {}


def test_a_link_for_many_stays_until_the_last_of_them_has_stopped(db: None) -> None:
    utility = cast.make_utility("http://127.0.0.1:1")
    link = ShareLink.objects.create(
        utility=utility,
        note="The whole street",
        authentication_type="phone",
        authentication_value="111-111-1111",
        customer_email="ada@example.org",
        expected_account="A-1",
        expected_address="1 Main Street",
    )
    adas, bens = (cast.authorize(person, utility) for person in (cast.ada(), cast.ben()))
    Authorization.objects.update(share_link=link)
    for row, note in ((adas, "The whole street"), (bens, "")):
        row.mark_revoked("customer")
        tasks.purge_due()
        link.refresh_from_db()
        assert link.note == note
        # Whom it was made for goes with the first who stops, forwarded as it may be.
        whom = (link.authentication_value, link.customer_email, link.expected_account)
        assert (*whom, link.expected_address) == ("", "", "", "")
    assert (link.uid, link.code, link.utility) == (link.uid, link.code, utility)


def test_whoever_is_on_the_way_is_not_named_by_an_attempt_after_a_revocation(db: None) -> None:
    utility = cast.make_utility("http://127.0.0.1:1")
    ada = cast.ada()
    adas = cast.authorize(ada, utility)
    ada.begins(utility)
    ConnectAttempt.objects.filter(used_at=None).update(customer_email="ada@example.org")
    adas.mark_revoked("customer")
    tasks.purge_due()
    assert {one.customer_email for one in ConnectAttempt.objects.all()} == {""}


def test_an_attempt_of_which_nothing_came_is_forgotten_in_time(db: None) -> None:
    utility = cast.make_utility("http://127.0.0.1:1")
    cast.ada().begins(utility)
    named = ConnectAttempt.objects.all()
    for days, there, email in ((0, 1, "ada@example.org"), (2, 1, ""), (31, 0, "")):
        named.update(
            customer_email="ada@example.org",
            expires_at=timezone.now() - timedelta(days=days),
        )
        forget_old_attempts()
        assert [one.customer_email for one in named.all()] == [email] * there


def test_a_purge_leaves_what_others_are_and_wrote(db: None, office: Any) -> None:
    utility = cast.make_utility("http://127.0.0.1:1")
    adas, bens = (cast.authorize(person, utility) for person in (cast.ada(), cast.ben()))
    press(office, bens, "hold", "Ben is on holiday")
    before = Authorization.objects.values().get(pk=bens.pk)
    adas.mark_revoked("customer")
    tasks.purge_due()
    assert Authorization.objects.values().get(pk=bens.pk) == before
    history = office.get(page_of(bens).replace("/change/", "/history/"))
    assert "Ben is on holiday" in history.content.decode()
    assert bens.attempts.exists()
    assert not adas.attempts.exists()


# -- every table and column is decided about ------------------------------------------------------

# What hangs on an authorization, or on its link: deleted, or emptied but for what is listed.
DELETED = {
    "ConnectAttempt",
    "LinkSending",
    "OutgoingEmail",
    *("UsagePoint", "MeterReading", "ReadingDay", "ReadingCorrection", "UsageSummary"),
    *("Customer", "CustomerAccount", "CustomerAgreement", "ServiceLocation", "Meter"),
    *("RawFeed", "RawFeedPart"),
}
EMPTIED = {"Pull", "Recutting", "HistoricalCollection", "Event", "ConsentRecord"}
# Of a test customer, by whom staff try a registration.
OF_NOBODY = {"ClientCheck"}


def test_every_table_that_hangs_on_an_authorization_is_decided_about() -> None:
    """Whoever adds one says here, and in the purge, what becomes of it."""
    found: set[type[Model]] = {Authorization, ShareLink}
    while True:
        more = {
            model
            for model in apps.get_models()
            for field in model._meta.concrete_fields
            if isinstance(field, ForeignKey) and field.related_model in found
        } - found
        if not more:
            break
        found |= more
    assert {
        model.__name__ for model in found - {Authorization, ShareLink}
    } == DELETED | EMPTIED | OF_NOBODY


@pytest.mark.parametrize(("model", "kept"), [(Authorization, KEPT), (ShareLink, KEPT_OF_LINK)])
def test_nothing_that_is_encrypted_is_kept(model: type[Model], kept: set[str]) -> None:
    encrypted = {
        field.name
        for field in model._meta.concrete_fields
        if type(field).__name__ == "EncryptedTextField"
    }
    assert encrypted
    assert not encrypted & kept
