"""Reading what utilities posted: the known come due, the unknown are counted, none is fetched."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import Value
from django.utils import timezone

from authorizations.models import Authorization, Notification, PullTrigger
from authorizations.models.notifications import MOST_TRIES
from greenbutton import notices
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from greenbutton.models import BulkCollection
from greenbutton.tasks import read_notifications
from tests import cast
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.encrypted import WrongKeyError
from utilities.models import Client, Utility

Status = Authorization.Status
LATER = timedelta(hours=20)


@pytest.fixture
def utility(db: None, lying: LyingUtility) -> Utility:
    return cast.make_utility(lying.url)


@pytest.fixture
def base(utility: Utility) -> str:
    return utility.resource_url


def give(person: Person, utility: Utility, number: int) -> Authorization:
    """An authorization with addresses of its own, collected lately and asked for lately."""
    made = cast.authorize(person, utility)
    base = utility.resource_url
    Authorization.objects.filter(pk=made.pk).update(
        resource_uri=f"{base}/Batch/Subscription/{number}",
        authorization_uri=f"{base}/Authorization/{number}",
        customer_uri=f"{base}/Batch/RetailCustomer/{number}",
        next_pull_at=timezone.now() + LATER,
        brought_forward_to=None,
    )
    made.refresh_from_db()
    return made


@pytest.fixture
def hers(utility: Utility) -> Authorization:
    return give(cast.ada(), utility, 1)


@pytest.fixture
def his(utility: Utility) -> Authorization:
    return give(cast.ben(), utility, 2)


def tell(utility: Utility, *uris: str) -> Notification:
    return tell_body(utility, write_bare(BatchList(uris)))


def tell_body(utility: Utility, body: bytes) -> Notification:
    """Post it, and have it read."""
    assert Notification.remember(utility, body)
    assert notices.read_waiting() == 1
    return Notification.objects.latest("id")


def is_due(authorization: Authorization) -> bool:
    authorization.refresh_from_db()
    return authorization.is_due()


def is_asked(authorization: Authorization) -> bool:
    authorization.refresh_from_db()
    return authorization.standing_at is not None


def test_who_is_named_comes_due_and_nobody_else(
    utility: Utility, hers: Authorization, his: Authorization, lying: LyingUtility
) -> None:
    read = tell(utility, hers.resource_uri)
    assert is_due(hers)
    assert hers.pull_trigger == "notification"
    assert not is_due(his)
    assert not is_asked(hers)
    assert (read.state, read.named, read.matched, read.unknown) == ("read", 1, 1, 0)
    assert (read.brought, read.findings) == ({"usage": 1}, [])
    assert (bytes(read.body), read.sha256) == (b"", "")
    assert lying.requests == []


@pytest.mark.parametrize(
    "named",
    [
        "/Batch/Subscription/1?published-min=2026-11-24T05:00:00Z&published-max=2026-11-25T00:00:00Z",
        "/Batch/Subscription/1/UsagePoint/77",
        "/Subscription/1/UsagePoint/77/MeterReading/3/IntervalBlock",
        "/Batch/RetailCustomer/1",
        "/RetailCustomer/1/Customer/5",
        "/Batch/Subscription/1/",
        "/Batch/Subscription/1#new",
    ],
)
def test_an_address_up_to_its_query_and_below_it_names_the_authorization(
    utility: Utility, hers: Authorization, his: Authorization, base: str, named: str
) -> None:
    assert tell(utility, base + named).matched == 1
    assert is_due(hers)
    assert not is_due(his)


@pytest.mark.parametrize(
    "named",
    [
        "/Batch/Subscription/11",
        "/Batch/Subscription",
        "/Batch/subscription/1",
        "/Batch/Subscription/%31",
        "/../resource/Batch/Subscription/1",
        "/Batch/Subscription/2/../1",
    ],
)
def test_an_address_that_is_only_like_it_names_nobody(
    utility: Utility, hers: Authorization, base: str, named: str
) -> None:
    assert tell(utility, base + named).unknown == 1
    assert not is_due(hers)


def test_a_consent_that_is_named_is_asked_for_and_not_collected(
    utility: Utility, hers: Authorization, his: Authorization
) -> None:
    read = tell(utility, hers.authorization_uri)
    assert read.brought == {"consent": 1}
    assert is_asked(hers)
    assert not is_due(hers)
    assert not is_asked(his)


def test_a_registration_that_is_named_is_read_again(utility: Utility, base: str) -> None:
    lately = timezone.now() - timedelta(minutes=5)
    Client.objects.update(
        application_url=f"{base}/ApplicationInformation/9", looked_at=lately, look_at=None
    )
    assert tell(utility, f"{base}/ApplicationInformation/9").brought == {"registration": 1}
    assert Client.objects.get().look_at == lately + timedelta(minutes=15)
    Client.objects.update(look_at=None, retired_at=timezone.now())
    assert tell(utility, f"{base}/ApplicationInformation/9").unknown == 1
    assert Client.objects.get().look_at is None


def test_a_bulk_feed_that_is_named_by_a_known_id_is_read_again(
    utility: Utility, hers: Authorization, base: str
) -> None:
    Authorization.objects.update(scope="FB=4_16;BR=B_7")
    read = tell(utility, f"{base}/Batch/Bulk/B_7?published-min=2026-11-24T00:00:00Z")
    assert (read.brought, read.unknown) == ({"bulk": 1}, 0)
    row = BulkCollection.objects.get()
    assert (row.client, row.uri) == (hers.client, f"{base}/Batch/Bulk/B_7")
    assert row.trigger == PullTrigger.NOTIFICATION
    assert row.due_at is not None
    assert row.due_at <= timezone.now()


def test_a_bulk_feed_that_was_read_before_is_known_too(utility: Utility, base: str) -> None:
    BulkCollection.bring_forward(Client.objects.get(), f"{base}/Batch/Bulk/B_9", PullTrigger.STAFF)
    assert tell(utility, f"{base}/Batch/Bulk/B_9").brought == {"bulk": 1}


@pytest.mark.parametrize(
    "named",
    [
        "{base}/Batch/Bulk/B_8",
        "{base}/Batch/Bulk",
        "{base}/Batch/Bulk/B_7/../../Subscription/1",
        "https://evil.example/resource/Batch/Bulk/B_7",
    ],
)
def test_a_bulk_feed_that_nothing_is_known_of_is_not(
    utility: Utility, hers: Authorization, base: str, named: str
) -> None:
    Authorization.objects.update(scope="FB=4_16;BR=B_7")
    tell(utility, named.format(base=base))
    assert not BulkCollection.objects.exists()


def test_what_another_utility_says_of_her_is_not_believed(
    utility: Utility, hers: Authorization
) -> None:
    other = cast.make_utility("https://other.example", "other")
    read = tell(other, hers.resource_uri, hers.authorization_uri)
    assert (read.matched, read.unknown) == (0, 2)
    assert not is_due(hers)
    assert not is_asked(hers)


def test_two_utilities_at_one_origin_have_their_own(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    """As those of one platform are."""
    other = cast.make_utility(lying.url, "other")
    assert tell(other, hers.resource_uri).unknown == 1
    assert not is_due(hers)


def test_the_unknown_are_counted_by_where_they_lie_and_named_by_nothing_else(
    utility: Utility, hers: Authorization, base: str, lying: LyingUtility
) -> None:
    read = tell(
        utility,
        hers.resource_uri,
        f"{base}/Batch/Subscription/ada-lovelace",
        f"{base}/Batch/Subscription/4711",
        "sftp://files.example/out/ada-lovelace.xml",
        "https://evil.example/Batch/Subscription/1",
        "javascript:alert(4711)",
    )
    assert (read.named, read.matched, read.unknown) == (6, 1, 5)
    kept = json.dumps(read.findings)
    assert "ada" not in kept
    assert "4711" not in kept
    assert read.findings[0]["count"] == 2
    assert {"place": "sftp://files.example/…", "count": 1} in read.findings
    assert is_due(hers)
    assert lying.requests == []


def test_a_storm_of_notices_is_one_pull_in_fifteen_minutes(
    utility: Utility, hers: Authorization
) -> None:
    tell(utility, hers.resource_uri)
    hers.refresh_from_db()
    first = hers.brought_forward_to
    assert first is not None
    Authorization.objects.update(next_pull_at=timezone.now() + LATER)  # it was collected
    for n in range(20):
        tell(utility, f"{hers.resource_uri}?n={n}")
    hers.refresh_from_db()
    assert hers.next_pull_at == first + timedelta(minutes=15)
    assert not hers.is_due()


def test_one_that_is_over_held_or_waits_for_consent_is_known_and_left_alone(
    utility: Utility, hers: Authorization
) -> None:
    for status in (Status.NEEDS_CONSENT, Status.EXPIRED, Status.REVOKED):
        Authorization.objects.update(status=status, next_pull_at=None)
        read = tell(utility, f"{hers.resource_uri}?{status}")
        assert (read.matched, read.brought) == (1, {})
        assert not is_due(hers)


def test_ten_thousand_addresses_are_looked_up_at_once(
    utility: Utility, hers: Authorization, his: Authorization, base: str
) -> None:
    many = [f"{base}/Batch/Subscription/{n}/UsagePoint/{n}" for n in range(10_000)]
    read = tell(utility, *many)
    assert (read.named, read.matched, read.unknown) == (10_000, 2, 9_998)
    assert len(read.findings) == 1
    assert is_due(hers)
    assert is_due(his)


def test_the_rarest_of_many_places_are_told_together(utility: Utility) -> None:
    read = tell(utility, *(f"https://host{n}.example/Bulk/1" for n in range(50)))
    assert len(read.findings) == notices.PLACES_SHOWN + 1
    assert read.findings[-1] == {"place": notices.OTHER_PLACES, "count": 30}


LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<BatchList xmlns="http://naesb.org/espi"><resources>&d;</resources></BatchList>"""
FILE = b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<BatchList xmlns="http://naesb.org/espi"><resources>&f;</resources></BatchList>"""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b'{"resources": ["https://utility.example/Batch/Subscription/1"]}',
        b"<BatchList><resources>https://utility.example/1</resources></BatchList>",
        b"<BatchList xmlns='http://naesb.org/espi'><resources>https://a.example/1",
        b"<a>" * 5_000,
        LAUGHS,
        FILE,
    ],
)
def test_what_cannot_be_read_is_counted_and_its_body_goes(
    utility: Utility, hers: Authorization, body: bytes
) -> None:
    read = tell_body(utility, body)
    assert (read.state, read.named) == ("garbled", 0)
    assert read.error
    assert "root:" not in read.error
    assert "Subscription" not in read.error
    assert bytes(read.body) == b""
    assert not is_due(hers)


def test_a_list_of_nothing_is_read(utility: Utility) -> None:
    empty = b"<BatchList xmlns='http://naesb.org/espi'><resources> </resources></BatchList>"
    read = tell_body(utility, empty)
    assert (read.state, read.named) == ("read", 0)


def test_a_list_in_an_atom_entry_is_read_and_an_address_named_twice_counts_once(
    utility: Utility, hers: Authorization
) -> None:
    named = f"<resources>{hers.resource_uri}</resources>"
    body = (
        "<entry xmlns='http://www.w3.org/2005/Atom'><content>"
        f"<BatchList xmlns='http://naesb.org/espi'>{named}{named}</BatchList></content></entry>"
    )
    assert tell_body(utility, body.encode()).named == 1
    assert is_due(hers)


def test_a_body_that_ended_its_readers_is_given_up(utility: Utility, hers: Authorization) -> None:
    Notification.remember(utility, write_bare(BatchList((hers.resource_uri,))))
    Notification.objects.update(tries=3)
    notices.read_waiting()
    read = Notification.objects.get()
    assert (read.state, bytes(read.body)) == ("garbled", b"")
    assert not is_due(hers)


def test_one_that_ends_its_readers_does_not_take_those_with_it_that_were_claimed_together(
    utility: Utility, hers: Authorization, his: Authorization
) -> None:
    """Her row cannot be read by anybody; what is told of him comes after it, in the same batch."""
    for one in (hers, his):
        Notification.remember(utility, write_bare(BatchList((one.resource_uri,))))
    Authorization.objects.filter(pk=hers.pk).update(access_token=Value("no key opens this"))
    with pytest.raises(WrongKeyError):
        notices.read_waiting()
    for _ in range(MOST_TRIES):
        Notification.objects.filter(state="reading").update(claimed_until=timezone.now())
        with suppress(WrongKeyError):
            notices.read_waiting()
    Notification.objects.filter(state="reading").update(claimed_until=timezone.now())
    notices.read_waiting()
    ended, read = Notification.objects.order_by("id")
    assert (ended.state, bytes(ended.body)) == ("garbled", b"")
    assert (read.state, read.brought) == ("read", {"usage": 1})
    assert is_due(his)


def test_the_task_reads_what_waits(utility: Utility, hers: Authorization) -> None:
    Notification.remember(utility, write_bare(BatchList((hers.resource_uri,))))
    assert read_notifications() == 1
    assert read_notifications() == 0
    assert is_due(hers)
