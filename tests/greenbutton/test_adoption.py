"""What was found at a utility becomes ours, and is collected with the company's own token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from authorizations.at_utility import reconciliation, standing
from authorizations.models import (
    Authorization,
    Event,
    ForeignAuthorization,
    PullTrigger,
    Reconciliation,
)
from greenbutton import adoption
from greenbutton.ingest import bulk
from greenbutton.ingest.pull import pull
from greenbutton.models import BulkCollection, Pull
from tests import cast
from tests.at_the_sandbox import registered, svce  # noqa: F401 (fixtures)
from tests.authorizations.consents import CLIENT_TOKEN
from tests.greenbutton.ingest.documents import document, meter
from tests.lying_utility import LyingUtility
from utilities.client import GreenButtonClient, UtilityError, client_tokens
from utilities.models import Client, Utility
from utilities.registration import Standing

BULK = "/resource/Batch/Bulk/B_1"


@pytest.fixture
def utility(db: None, lying: LyingUtility) -> Utility:
    told = CLIENT_TOKEN | {"resourceURI": f"{lying.url}{BULK}"}
    lying.answer("/token", json=told)
    return cast.make_utility(lying.url)


def find(utility: Utility, **values: Any) -> ForeignAuthorization:
    base = utility.resource_url
    client = Client.objects.get(utility=utility)
    told: dict[str, Any] = {
        "authorization_uri": f"{base}/Authorization/7",
        "resource_uri": f"{base}/Batch/Subscription/7",
        "scope": "FB=4_16;BR=B_1",
    }
    return ForeignAuthorization.objects.create(client=client, **{**told, **values})


def opens_by_client(utility: Utility) -> None:
    Utility.objects.filter(pk=utility.pk).update(quirks={"client_token_reads_subscriptions": True})


def test_one_that_comes_in_bulk_has_the_feed_read_from_its_beginning(utility: Utility) -> None:
    before = BulkCollection.bring_forward(
        Client.objects.get(), f"{utility.origins[0]}{BULK}", PullTrigger.NOTIFICATION
    )
    BulkCollection.objects.update(collected_to=timezone.now(), due_at=None, run_id="running")
    found = find(utility)
    adopted = adoption.adopt(found)
    assert (adopted.origin, adopted.status, adopted.is_test) == ("adopted", "active", True)
    assert (adopted.resource_uri, adopted.scope) == (found.resource_uri, found.scope)
    assert (adopted.access_token, adopted.next_pull_at) == ("", None)
    assert not ForeignAuthorization.objects.exists()
    before.refresh_from_db()
    assert (before.collected_to, before.run_id) == (None, "")
    assert before.due_at is not None
    assert before.due_at <= timezone.now()
    told = Event.objects.get(authorization=adopted)
    assert (told.type, told.detail) == ("authorization_created", {"origin": "adopted"})


def test_one_whose_customer_was_on_the_way_here_when_it_was_listed_is_not_adopted(
    utility: Utility,
) -> None:
    """The utility lists a consent from the moment it is given, a little before it reaches us."""
    hers = cast.authorize(cast.ada(), utility)
    base = utility.resource_url
    for known in (
        {"authorization_uri": hers.authorization_uri},
        {"resource_uri": hers.resource_uri, "authorization_uri": f"{base}/Authorization/8"},
    ):
        with pytest.raises(ValidationError, match="connected or stopped it here"):
            adoption.adopt(find(utility, **known))
    assert Authorization.objects.get() == hers


def test_one_that_its_customer_has_stopped_here_since_is_not_adopted(utility: Utility) -> None:
    found = find(utility)
    hers = cast.authorize(cast.ada(), utility)
    Authorization.objects.update(authorization_uri=found.authorization_uri, resource_uri="")
    hers.refresh_from_db()
    hers.mark_revoked("customer")
    hers.mark_untold()
    with pytest.raises(ValidationError, match="connected or stopped it here"):
        adoption.adopt(found)


def test_one_that_comes_in_bulk_is_never_pulled_by_itself(utility: Utility) -> None:
    adopted = adoption.adopt(find(utility))
    assert adopted.bring_forward() is None
    with pytest.raises(ValidationError, match="Bulk"):
        adopted.collect_now()
    assert pull(adopted) is None
    adopted.refresh_from_db()
    assert adopted.status == "active"


def test_one_that_the_clients_token_opens_is_pulled_with_it(
    utility: Utility, lying: LyingUtility
) -> None:
    opens_by_client(utility)
    adopted = adoption.adopt(find(utility, scope="FB=4_16"))
    assert adopted.is_due()
    lying.answer("/resource/Batch/Subscription/7", 401)
    lying.answer("/resource/Batch/Subscription/7", body=document(meter()).getvalue())
    done = pull(adopted)
    assert done is not None
    assert (done.state, done.error) == (Pull.State.DONE, "")
    asked = lying.asked("/resource/Batch/Subscription/7")
    assert {one.headers["authorization"] for one in asked} == {"Bearer the-client-token"}
    forms = [one.form["grant_type"] for one in lying.asked("/token")]
    assert set(forms) == {"client_credentials"}
    assert not BulkCollection.objects.exists()


def test_a_registration_that_is_refused_costs_an_adopted_customer_no_consent(
    utility: Utility, lying: LyingUtility
) -> None:
    opens_by_client(utility)
    adopted = adoption.adopt(find(utility))
    lying.forget("/token")
    lying.answer("/token", 400, json={"error": "unauthorized_client"})
    client_tokens.forget_all()
    done = pull(adopted)
    assert done is not None
    adopted.refresh_from_db()
    assert (done.state, adopted.status) == (Pull.State.FAILED, Authorization.Status.ACTIVE)


def test_one_that_nothing_here_could_collect_is_not_adopted(utility: Utility) -> None:
    found = find(utility, scope="FB=4_16")
    assert not adoption.can_be_collected(found)
    with pytest.raises(ValidationError, match="new link"):
        adoption.adopt(found)
    assert not Authorization.objects.exists()
    assert ForeignAuthorization.objects.exists()


def test_a_utility_that_names_no_bulk_feed_has_none(utility: Utility, lying: LyingUtility) -> None:
    lying.forget("/token")
    lying.answer("/token", json=CLIENT_TOKEN)
    with pytest.raises(ValidationError):
        adoption.adopt(find(utility))
    assert not Authorization.objects.exists()


def test_a_utility_that_does_not_answer_has_nothing_adopted(
    utility: Utility, lying: LyingUtility
) -> None:
    lying.forget("/token")
    lying.answer("/token", 503)
    with pytest.raises(UtilityError):
        adoption.adopt(find(utility))
    assert not Authorization.objects.exists()


def test_it_is_adopted_once(utility: Utility) -> None:
    found = find(utility)
    again = ForeignAuthorization.objects.get()
    adoption.adopt(found)
    with pytest.raises(ValidationError, match="Somebody else"):
        adoption.adopt(again)
    assert Authorization.objects.count() == 1


def test_a_feed_that_only_the_registrations_document_names_is_read_by_the_id_of_the_scope(
    utility: Utility, lying: LyingUtility
) -> None:
    lying.forget("/token")
    lying.answer("/token", json=CLIENT_TOKEN)
    standing = Standing(bulk_url=f"{utility.resource_url}/Batch/Bulk").as_json()
    Client.objects.update(standing=standing)
    adopted = adoption.adopt(find(utility))
    assert BulkCollection.objects.get().uri == f"{lying.url}{BULK}"
    # From then on it is among its scopes.
    BulkCollection.objects.all().delete()
    assert adoption.read_bulk_nightly() == 1
    assert BulkCollection.objects.get().uri == f"{lying.url}{BULK}"
    adopted.mark_revoked("utility")
    assert adoption.read_bulk_nightly() == 0


def test_the_bulk_feed_of_the_adopted_is_read_once_a_night(utility: Utility) -> None:
    assert adoption.read_bulk_nightly() == 0
    adopted = adoption.adopt(find(utility))
    lately = timezone.now() - timedelta(hours=1)
    BulkCollection.objects.update(started=lately, due_at=None, brought_forward_to=None)
    assert adoption.read_bulk_nightly() == 0
    BulkCollection.objects.update(started=timezone.now() - timedelta(hours=24))
    assert BulkCollection.objects.get().trigger == PullTrigger.STAFF
    assert adoption.read_bulk_nightly() == 1
    collection = BulkCollection.objects.get()
    assert (collection.due_at is None, collection.trigger) == (False, PullTrigger.NIGHTLY)
    adopted.mark_revoked("utility")
    assert adoption.read_bulk_nightly() == 0


def test_a_test_customer_who_consented_elsewhere_is_found_adopted_collected_and_let_go(
    svce: Utility,  # noqa: F811
) -> None:
    """At a sandbox: a consent that this portal never saw, by another address of its registration.

    When the customer's consent ends there, the list tells, the entry says so, and data goes.
    """
    client = Client.objects.get(utility=svce)
    door = GreenButtonClient(client)
    asked = {
        "scenario": "residential",
        "scope": "FB=4_16_39;HistoryLength=2592000",
        "redirect_uri": client.redirect_uris[-1],
        "state": "elsewhere",
    }
    door.post_json(svce.test_submit_url, asked)
    newest = newest_found(client)
    assert adoption.comes_in_bulk(newest.scope)

    adopted = adoption.adopt(newest)
    assert adopted.is_test
    collection = bulk.collect_due(BulkCollection.objects.get())
    assert collection is not None
    assert collection.error == ""
    done = Pull.objects.get(authorization=adopted)
    assert (done.state, done.source, done.readings > 0) == (Pull.State.DONE, "bulk", True)
    assert (done.trigger, len(done.steps)) == (PullTrigger.STAFF, 1)
    assert adopted.usage_points.count() >= 1
    assert not Authorization.objects.exclude(pk=adopted.pk).exists()

    door.revoke(adopted.authorization_uri)
    row = Reconciliation.ask(client)
    reconciliation.reconcile(row)
    assert (row.missing, row.missing_uids) == (1, [adopted.uid])
    assert standing.claim() == [adopted.pk]
    standing.look(adopted)
    adopted.refresh_from_db()
    assert (adopted.status, adopted.revoked_by) == ("revoked", "utility")
    assert adopted.purge_at is not None


def newest_found(client: Client) -> ForeignAuthorization:
    row = Reconciliation.ask(client)
    assert reconciliation.reconcile(row) == "done"
    assert row.found >= 1
    return ForeignAuthorization.objects.latest("id")
