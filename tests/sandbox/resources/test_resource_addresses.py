"""Every address of a customer's data, as a feed and as an entry."""

import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from greenbutton.espi import Entry, read_feed
from greenbutton.espi.interval_block import IntervalBlock
from tests.sandbox.given import account, company, consent
from tests.sandbox.sharing import Shared, days_ago
from tests.sandbox.walk import HOST, RESOURCE, Company, Feed, body, get, path_of
from utilities.sandbox import documents
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.window import EVERYTHING
from utilities.sandbox.management.commands.sandbox_fleet import access_token
from utilities.sandbox.models import RESOURCES, Clock, Grant, Registration

ATOM = "{http://www.w3.org/2005/Atom}"
TEN_WEEKS = "HistoryLength=6048000"


@pytest.fixture
def shared(puc: Company) -> Shared:
    return Shared(puc, f"FB=4_16;{TEN_WEEKS}")


def root_of(shared: Shared) -> str:
    return f"{RESOURCE}/Subscription/{Grant.objects.get().uid}"


def entry_of(response: Any) -> Entry:
    assert response.status_code == 200, response.content
    (entry,) = read_feed(io.BytesIO(response.content), max_bytes=10_000_000)
    return entry


def read(shared: Shared, address: str, **query: str) -> list[Entry]:
    return Feed.of(get(address, shared.access, **query)).entries


def collections(entries: list[Entry]) -> Iterator[str]:
    """The address of each collection that is in a document, once."""
    yield from dict.fromkeys(path_of(entry.up) for entry in entries if entry.up)


def without_ordinal(entry: Entry) -> tuple[object, ...]:
    return entry.id, entry.title, entry.self_href, entry.up, entry.related, entry.resource


class TestEveryAddress:
    def test_each_collection_of_the_document_is_a_feed_of_just_its_entries(
        self, shared: Shared
    ) -> None:
        whole = shared.feed().entries
        names = set()
        for address in collections(whole):
            wanted = [without_ordinal(it) for it in whole if path_of(it.up or "") == address]
            assert [without_ordinal(it) for it in read(shared, address)] == wanted
            names.add(address.rpartition("/")[2])
        assert {"UsagePoint", "MeterReading", "IntervalBlock", "UsageSummary"} <= names
        assert {"ReadingType", "LocalTimeParameters"} <= names

    def test_each_entry_is_at_its_own_address_alone(self, shared: Shared) -> None:
        # Of each kind two: making all blocks one by one would take long.
        seen: dict[str, int] = {}
        for entry in shared.feed().entries:
            seen[entry.type] = seen.get(entry.type, 0) + 1
            if seen[entry.type] > 2:
                continue
            assert entry.self_href
            alone = entry_of(get(path_of(entry.self_href), shared.access))
            assert without_ordinal(alone) == without_ordinal(entry)

    def test_the_batch_of_one_usage_point_is_its_part_of_the_whole(self, shared: Shared) -> None:
        whole = shared.feed().entries
        for point in [entry for entry in whole if entry.type == "UsagePoint"]:
            assert point.self_href
            address = path_of(point.self_href).replace("/Subscription", "/Batch/Subscription")
            part = read(shared, address)
            own = [it for it in part if (it.self_href or "").startswith(point.self_href)]
            assert [without_ordinal(it) for it in own] == [
                without_ordinal(it)
                for it in whole
                if (it.self_href or "").startswith(point.self_href)
            ]
            # What it needs to be understood comes along, and nothing of the other one's.
            others = {it.self_href for it in part} - {it.self_href for it in own}
            needed = {href for it in own for href in it.related if "Subscription" not in href}
            assert others == needed

    def test_the_batch_of_the_collection_is_the_whole(self, shared: Shared) -> None:
        again = read(shared, f"{shared.usage}/UsagePoint")
        assert [it.id for it in again] == [it.id for it in shared.feed().entries]

    def test_an_empty_collection_is_a_feed_without_entries(self, puc: Company) -> None:
        shared = Shared(puc, "FB=4_16;HistoryLength=0")
        (point, *_) = read(shared, f"{root_of(shared)}/UsagePoint")
        assert point.self_href
        assert read(shared, f"{path_of(point.self_href)}/UsageSummary") == []

    def test_a_feed_names_itself(self, shared: Shared) -> None:
        for address in (shared.usage, f"{root_of(shared)}/UsagePoint", f"{RESOURCE}/ReadingType"):
            feed = read_feed(io.BytesIO(body(get(address, shared.access))), max_bytes=2**24)
            list(feed)
            assert feed.head
            assert feed.head.self_href == f"http://{HOST}{address}"
            assert feed.head.id == f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, feed.head.self_href)}"
            assert feed.head.title
            assert feed.head.updated

    def test_ids_are_made_of_addresses_as_the_reference_implementation_makes_them(
        self, shared: Shared
    ) -> None:
        for entry in shared.feed().entries:
            assert entry.self_href
            assert entry.id == f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, entry.self_href)}"

    def test_the_batch_is_related_to_the_certificate(self, shared: Shared) -> None:
        # CERT004 of the certification's tests.
        root = etree.fromstring(body(get(shared.usage, shared.access)))
        related = [it.get("href") for it in root.findall(f"{ATOM}link[@rel='related']")]
        assert related == [CERTIFICATE]


class TestCustomer:
    """The customer's side, at the addresses of its own."""

    @pytest.fixture
    def shared(self, svce: Company) -> Shared:
        return Shared(svce, "FB=4_16_51;HistoryLength=5184000")

    def whole(self, shared: Shared) -> list[Entry]:
        return read(shared, path_of(shared.answer["customerResourceURI"]))

    def test_each_collection_is_a_feed_and_each_entry_stands_alone(self, shared: Shared) -> None:
        whole = self.whole(shared)
        names = set()
        for address in collections(whole):
            wanted = [without_ordinal(it) for it in whole if path_of(it.up or "") == address]
            assert [without_ordinal(it) for it in read(shared, address)] == wanted
            names.add(address.rpartition("/")[2])
        assert {"Customer", "CustomerAccount", "CustomerAgreement", "ServiceLocation"} <= names
        assert {"ServiceSupplier", "Meter", "Statement"} <= names
        for entry in whole:
            assert entry.self_href
            alone = entry_of(get(path_of(entry.self_href), shared.access))
            assert without_ordinal(alone) == without_ordinal(entry)

    def test_every_link_leads_somewhere(self, shared: Shared) -> None:
        # The usage points that a service location names are the usage's, beside the links.
        for entry in self.whole(shared):
            for href in entry.related:
                assert get(path_of(href), shared.access).status_code == 200, href

    def test_a_part_can_be_had_in_one_document(self, shared: Shared) -> None:
        whole = self.whole(shared)
        agreement = next(it for it in whole if it.type == "CustomerAgreement@cust")
        assert agreement.self_href
        address = path_of(agreement.self_href).replace("/Retail", "/Batch/Retail")
        assert [it.id for it in read(shared, address)] == [
            it.id for it in whole if (it.self_href or "").startswith(agreement.self_href)
        ]

    def test_it_is_not_in_the_usage(self, shared: Shared) -> None:
        assert not [it for it in shared.feed().entries if it.type.endswith("@cust")]

    @pytest.mark.parametrize(
        "below", ["/UsagePoint", "/Customer/x", "/Customer/x/CustomerAccount", "/CustomerAccount"]
    )
    def test_what_is_not_there_gets_404(self, shared: Shared, below: str) -> None:
        root = path_of(shared.answer["customerResourceURI"])
        assert get(root + below, shared.access).status_code == 404
        assert get(root.replace("/Batch", "") + below, shared.access).status_code == 404

    def test_another_customers_is_not_there(self, shared: Shared, puc: Company) -> None:
        other = Shared(puc, "FB=51")
        root = path_of(shared.answer["customerResourceURI"])
        assert get(root, other.access).status_code == 404
        assert get(f"{root.replace('/Batch', '')}/Customer", other.access).status_code == 404


@pytest.mark.parametrize("profile", ["certified", "export"])
@pytest.mark.parametrize("number", ["222222222-2", "999999999-9"])
def test_whatever_there_is_can_be_had_alone_in_either_profile(
    svce: Company, profile: str, number: str
) -> None:
    """Businesses with demand, homes with the sun on their roof."""
    registration = company("svce", Registration.Profile(profile))
    grant = consent(account(number), (4, 16, 51), to=registration, days=3)
    token, now = access_token(grant), Clock.now()
    for entry in [
        *documents.usage_entries(
            grant, grant.granted, EVERYTHING, Branch(f"{RESOURCES}/Subscription/{grant.uid}"), now
        ),
        *documents.customer_entries(
            grant, grant.granted, Branch(f"{RESOURCES}/RetailCustomer/{grant.uid}")
        ),
    ]:
        assert entry.self_href
        alone = body(get(path_of(entry.self_href), token))
        assert alone == documents.write_entry(registration, entry)
        assert get(path_of(entry.up or ""), token).status_code == 200


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        "below",
        [
            "",
            "/",
            "/Nothing",
            "/usagepoint",
            "/UsagePoint/",
            "/UsagePoint/nothing",
            "/UsagePoint/%00",
            "/UsagePoint/%E2%80%AE",
            "/UsagePoint/nothing/MeterReading",
            "/UsagePoint/{point}/MeterReading/nothing",
            "/UsagePoint/{point}/MeterReading/nothing/IntervalBlock",
            "/UsagePoint/{point}/MeterReading/{point}/IntervalBlock/19990101",
            "/UsagePoint/{point}/MeterReading/{point}/UsageSummary",
            "/UsagePoint/{point}/UsageSummary/19990101",
            "/UsagePoint/{point}/UsageSummary/19990101/UsagePoint",
            "/UsagePoint/{point}/IntervalBlock",
            "/UsagePoint/{point}//MeterReading",
            "/MeterReading",
            "/Customer",
            "/UsagePoint" * 2000,
        ],
    )
    @pytest.mark.parametrize("batch", ["", "/Batch"])
    def test_an_address_at_which_nothing_can_be_gets_404(
        self, shared: Shared, below: str, batch: str
    ) -> None:
        grant = Grant.objects.get()
        service = grant.services.all()[0]
        root = root_of(shared).replace("/Subscription", f"{batch}/Subscription")
        address = root + below.format(point=service.uid)
        if address == shared.usage:
            return
        response = get(address, shared.access)
        assert response.status_code == 404, response.content
        assert set(response.json()) == {"error", "error_description", "url"}

    @pytest.mark.parametrize("kind", ["ReadingType", "LocalTimeParameters"])
    def test_another_utilitys_types_are_not_there(
        self, shared: Shared, svce: Company, kind: str
    ) -> None:
        other = Shared(svce, "FB=4;HistoryLength=86400")
        (first, *_) = read(other, f"{RESOURCE}/{kind}")
        assert first.self_href
        assert get(path_of(first.self_href), other.access).status_code == 200
        assert get(path_of(first.self_href), shared.access).status_code == 404
        assert get(f"{RESOURCE}/{kind}/", shared.access).status_code == 404

    def test_a_service_that_was_not_shared_is_not_there(self, puc: Company) -> None:
        whole = Shared(puc, "FB=4;HistoryLength=86400")
        grant = Grant.objects.get()
        electric, water = grant.services.all()
        grant.services.remove(water)
        points = f"{root_of(whole)}/UsagePoint"
        assert get(f"{points}/{electric.uid}", whole.access).status_code == 200
        assert get(f"{points}/{water.uid}", whole.access).status_code == 404

    def test_another_customers_are_not_there(self, shared: Shared, svce: Company) -> None:
        other = Shared(svce, "FB=4;HistoryLength=86400")
        for entry in other.feed().entries:
            assert entry.self_href
            assert get(path_of(entry.self_href), shared.access).status_code == 404

    def test_what_is_older_than_the_history_has_no_address(self, puc: Company) -> None:
        long = Shared(puc, f"FB=4;{TEN_WEEKS}")
        entries = long.feed().of_type("IntervalBlock")
        first, last = entries[0], entries[-1]
        assert first.self_href
        assert last.self_href
        Grant.objects.update(scope="FB=4;HistoryLength=604800")
        assert get(path_of(first.self_href), long.access).status_code == 404
        assert get(path_of(last.self_href), long.access).status_code == 200


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "closed"),
        [
            ("FB=4", ["UsageSummary"]),
            ("FB=16", ["MeterReading", "ElectricPowerQualitySummary"]),
        ],
    )
    def test_what_the_customer_did_not_grant_is_refused_by_name(
        self, puc: Company, scope: str, closed: list[str]
    ) -> None:
        shared = Shared(puc, f"{scope};HistoryLength=86400")
        point = f"{root_of(shared)}/UsagePoint/{Grant.objects.get().services.all()[0].uid}"
        for name in closed:
            for address in (f"{point}/{name}", f"{point}/{name}/1"):
                response = get(address, shared.access)
                assert response.status_code == 403
                assert response.json()["error"] == "insufficient_scope"
                assert name in response.json()["error_description"]

    def test_a_token_that_was_narrowed_opens_less_than_the_consent(self, puc: Company) -> None:
        shared = Shared(puc, f"FB=4_16;{TEN_WEEKS}")
        point = f"{root_of(shared)}/UsagePoint/{Grant.objects.get().services.all()[0].uid}"
        assert get(f"{point}/UsageSummary", shared.access).status_code == 200
        etag = get(shared.usage, shared.access)["ETag"]
        narrowed = puc.ask_token(
            grant_type="refresh_token",
            refresh_token=shared.answer["refresh_token"],
            scope="FB=4;HistoryLength=864000",
        ).json()["access_token"]
        assert get(f"{point}/UsageSummary", narrowed).status_code == 403
        again = get(shared.usage, narrowed)
        assert again["ETag"] != etag
        feed = Feed.of(again)
        assert feed.bills() == []
        assert 0 < len(feed.blocks()) <= 2 * 10

    def test_without_readings_there_are_no_types_of_them(self, puc: Company) -> None:
        shared = Shared(puc, "FB=16;HistoryLength=86400")
        assert read(shared, f"{RESOURCE}/ReadingType") == []
        assert len(read(shared, f"{RESOURCE}/LocalTimeParameters")) == 1

    @pytest.mark.parametrize("kind", ["RetailCustomer", "Batch/RetailCustomer"])
    def test_account_details_need_their_own_block(self, puc: Company, kind: str) -> None:
        shared = Shared(puc, "FB=4;HistoryLength=86400")
        below = "" if kind.startswith("Batch") else "/Customer"
        response = get(f"{RESOURCE}/{kind}/{Grant.objects.get().uid}{below}", shared.access)
        assert response.status_code == 403
        assert response.json()["error"] == "insufficient_scope"


class TestDepthAndPages:
    @pytest.mark.parametrize(
        ("depth", "types"),
        [
            ("1", {"UsagePoint"}),
            ("2", {"UsagePoint", "MeterReading", "UsageSummary"}),
            ("3", {"UsagePoint", "MeterReading", "UsageSummary", "IntervalBlock"}),
            ("99", {"UsagePoint", "MeterReading", "UsageSummary", "IntervalBlock"}),
        ],
    )
    def test_depth_says_how_many_levels(self, shared: Shared, depth: str, types: set[str]) -> None:
        found = {entry.type for entry in read(shared, f"{root_of(shared)}/UsagePoint", depth=depth)}
        assert found - {"ElectricPowerQualitySummary"} == types
        batch = {entry.type for entry in shared.feed(depth=depth).entries}
        assert types <= batch
        assert ("ReadingType" in batch) == (depth != "1")
        assert "LocalTimeParameters" in batch

    def test_pages_together_are_the_whole(self, shared: Shared) -> None:
        whole = [entry.id for entry in shared.feed().entries]
        pages: list[str | None] = []
        while page := shared.feed(start_index=str(len(pages) + 1), max_results="31").entries:
            assert len(page) <= 31
            pages += [entry.id for entry in page]
        assert pages == whole

    def test_a_page_beyond_the_end_is_a_feed_without_entries(self, shared: Shared) -> None:
        assert shared.feed(start_index="999999999").entries == []

    def test_a_window_counts_before_a_page(self, shared: Shared) -> None:
        blocks = [
            entry
            for entry in collections(shared.feed().entries)
            if entry.endswith("/IntervalBlock")
        ]
        page = read(
            shared,
            blocks[0],
            **{"published-min": days_ago(9), "max-results": "2", "start-index": "2"},
        )
        starts = [it.resource.start for it in page if isinstance(it.resource, IntervalBlock)]
        assert [(it.title or "") for it in page] == sorted(it.title or "" for it in page)
        assert len(starts) == 2

    @pytest.mark.spec("NAESB REQ.21", "FB_37")
    def test_from_the_second_block_to_the_last_but_one_are_two_less(self, puc: Company) -> None:
        # QRY001 of the certification's tests.
        shared = Shared(puc, f"FB=4;{TEN_WEEKS}")
        grant = Grant.objects.get()
        grant.services.remove(grant.services.all()[1])
        blocks = shared.feed().blocks()
        second, last_but_one = blocks[1], blocks[-2]
        window = {
            "published_min": at(second.start),
            "published_max": at((last_but_one.start or 0) + (last_but_one.seconds or 0)),
        }
        feed = shared.feed(**window)
        assert feed.blocks() == blocks[1:-1]
        assert len(feed.of_type("UsagePoint")) == 1


def at(moment: int | None) -> str:
    """UTC seconds in ISO 8601."""
    assert moment is not None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class TestMethodsAndTokens:
    ADDRESSES = ("usage", "points", "types", "customer", "bulk")

    def address(self, shared: Shared, name: str) -> str:
        return {
            "usage": shared.usage,
            "points": f"{root_of(shared)}/UsagePoint",
            "types": f"{RESOURCE}/ReadingType",
            "customer": path_of(shared.answer["customerResourceURI"]),
            "bulk": f"{RESOURCE}/Batch/Bulk/{shared.company.registration.bulk_uid}",
        }[name]

    @pytest.mark.parametrize("name", ADDRESSES)
    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
    def test_data_are_only_read(self, shared: Shared, name: str, method: str) -> None:
        token = shared.tokens()["client" if name == "bulk" else "access"]
        headers = {"host": HOST, "authorization": f"Bearer {token}"}
        response = getattr(Client(), method)(self.address(shared, name), headers=headers)
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD"
        assert response.json()["error"] == "method_not_allowed"

    @pytest.mark.parametrize("name", ADDRESSES)
    def test_other_classes_of_token_get_403_and_none_401(self, shared: Shared, name: str) -> None:
        opens = "client" if name == "bulk" else "access"
        for token_class, token in shared.tokens().items():
            if token_class != opens:
                response = get(self.address(shared, name), token)
                assert response.status_code == 403
                assert "takes" in response.json()["error_description"]
        without = Client().get(self.address(shared, name), headers={"host": HOST})
        assert without.status_code == 401
