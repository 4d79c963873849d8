"""Everything of all customers of a company in one document (FB 35)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import etree

from tests.sandbox.sharing import Shared
from tests.sandbox.walk import RESOURCE, Company, Feed, body, get
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.models import Grant

PLACES = ["Bulk", "Batch/Bulk"]


def address(company: Company, place: str = "Batch/Bulk") -> str:
    return f"{RESOURCE}/{place}/{company.registration.bulk_uid}"


@pytest.fixture
def shared(puc: Company) -> Shared:
    return Shared(puc, "FB=4_16;HistoryLength=864000")


def bulk(company: Company, place: str = "Batch/Bulk", **query: str) -> Feed:
    return Feed.of(get(address(company, place), company.client_token(), **query))


@pytest.mark.parametrize("place", PLACES)
def test_it_is_one_set_for_each_active_authorization(shared: Shared, place: str) -> None:
    # RBK001 of the certification's tests.
    second = Shared(shared.company, "FB=4;HistoryLength=86400")
    feed = bulk(shared.company, place)
    points = [entry.up for entry in feed.of_type("UsagePoint")]
    assert [*dict.fromkeys(points)] == [
        f"{grant.resource_uri.replace('/Batch', '')}/UsagePoint" for grant in Grant.objects.all()
    ]
    ids = [entry.id for entry in feed.entries]
    assert len(set(ids)) == len(ids), "what both have in common is there once"
    assert {*ids} == {entry.id for one in (shared, second) for entry in one.feed().entries}
    assert feed.findings == []


def test_each_customers_own_scope_counts(shared: Shared) -> None:
    second = Shared(shared.company, "FB=16;HistoryLength=864000")
    uid = second.usage.rpartition("/")[2]
    of_second = [it.type for it in bulk(shared.company).entries if uid in (it.self_href or "")]
    assert "UsagePoint" in of_second
    assert "IntervalBlock" not in of_second


def test_what_ended_is_no_longer_in_it(shared: Shared) -> None:
    Shared(shared.company, "FB=4;HistoryLength=86400")
    revoked, over = Grant.objects.all()
    revoked.revoke(Grant.Party.CUSTOMER)
    assert len({it.up for it in bulk(shared.company).of_type("UsagePoint")}) == 1
    Grant.objects.filter(id=over.id).update(until=timezone.now() - timedelta(hours=1))
    assert bulk(shared.company).entries == []


def test_without_any_customer_it_is_a_feed_without_entries(svce: Company) -> None:
    assert bulk(svce).entries == []


def test_the_parameters_work_on_all(shared: Shared) -> None:
    Shared(shared.company, "FB=4_16;HistoryLength=864000")
    whole = bulk(shared.company)
    assert bulk(shared.company, depth="1").blocks() == []
    assert len(bulk(shared.company, max_results="3").entries) == len(whole.entries), "unknown"
    page = Feed.of(
        get(
            address(shared.company),
            shared.company.client_token(),
            **{"max-results": "3", "start-index": str(len(whole.entries) - 1)},
        )
    )
    assert [it.id for it in page.entries] == [it.id for it in whole.entries[-2:]]
    bad = get(address(shared.company), shared.company.client_token(), **{"updated-min": "All"})
    assert bad.status_code == 400


@pytest.mark.parametrize("place", PLACES)
def test_other_tokens_and_none_are_refused(shared: Shared, place: str) -> None:
    # RBK002 to RBK004 of the certification's tests.
    where = address(shared.company, place)
    assert get(where, shared.access).status_code == 403
    assert get(where, shared.company.registration.registration_access_token).status_code == 403
    assert get(where, "").status_code == 401


@pytest.mark.parametrize("place", PLACES)
def test_another_companys_is_not_there(shared: Shared, place: str) -> None:
    other = Company.live("ssmpuc")
    assert get(address(shared.company, place), other.client_token()).status_code == 404
    assert get(f"{RESOURCE}/{place}/{'0' * 34}", other.client_token()).status_code == 404
    assert get(f"{RESOURCE}/{place}/x", other.client_token()).status_code == 404
    assert bulk(other, place).entries == []


def test_it_is_related_to_the_certificate(shared: Shared) -> None:
    root = etree.fromstring(body(get(address(shared.company), shared.company.client_token())))
    links = root.findall("{http://www.w3.org/2005/Atom}link")
    assert [it.get("href") for it in links if it.get("rel") == "related"] == [CERTIFICATE]


def test_a_revocation_changes_its_etag(shared: Shared) -> None:
    second = Shared(shared.company, "FB=4;HistoryLength=86400")
    client = shared.company.client_token()
    before = get(address(shared.company), client)["ETag"]
    assert get(address(shared.company), client)["ETag"] == before
    Grant.objects.get(uid=second.usage.rpartition("/")[2]).revoke()
    assert get(address(shared.company), client)["ETag"] != before
