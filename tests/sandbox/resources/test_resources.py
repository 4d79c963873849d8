"""What tokens open: the three classes, one customer's data, and how much of it."""

import gzip
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from greenbutton.espi import read_feed
from greenbutton.espi.enums import ServiceKind, UnitSymbol
from greenbutton.espi.links import Linker
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.service_status import ServiceStatus
from greenbutton.espi.usage_point import UsagePoint
from tests.sandbox.sharing import TORONTO, Shared, days_ago
from tests.sandbox.walk import HOST, RESOURCE, Company, Feed, Walk, body, get, path_of
from utilities.sandbox.models import Grant, Registration, Token

STATUS = f"{RESOURCE}/ReadServiceStatus"
LIST = f"{RESOURCE}/Authorization"


@pytest.fixture
def shared(puc: Company) -> Shared:
    return Shared(puc, "FB=4_16;HistoryLength=5184000")


class TestTokenClasses:
    @pytest.mark.parametrize(
        ("name", "opens"),
        [("registration", set()), ("client", {"list", "one"}), ("access", {"usage", "customer"})],
    )
    def test_each_class_opens_its_own_addresses_and_gets_403_elsewhere(
        self, puc: Company, name: str, opens: set[str]
    ) -> None:
        shared = Shared(puc, "FB=4_51;HistoryLength=86400")
        token = shared.tokens()[name]
        addresses = {
            "list": LIST,
            "one": shared.authorization,
            "usage": shared.usage,
            "customer": path_of(shared.answer["customerResourceURI"]),
        }
        for key, address in addresses.items():
            response = get(address, token)
            assert (response.status_code == 403) == (key not in opens), (key, response.status_code)
            if key not in opens:
                assert response.json()["error"] == "insufficient_scope"

    @pytest.mark.parametrize("name", ["registration", "client", "access"])
    @pytest.mark.parametrize("profile", ["certified", "export"])
    def test_the_service_status_takes_a_client_token_or_where_it_is_like_the_platform_any(
        self, shared: Shared, name: str, profile: str
    ) -> None:
        Registration.objects.filter(id=shared.company.registration.id).update(profile=profile)
        response = get(STATUS, shared.tokens()[name])
        if name != "client" and profile == "certified":
            assert response.status_code == 403
            assert response.json()["error"] == "insufficient_scope"
            return
        (entry,) = read_feed(io.BytesIO(response.content), max_bytes=10_000)
        assert entry.resource == ServiceStatus(1)

    @pytest.mark.parametrize("address", [STATUS, LIST, f"{LIST}/{'0' * 34}"])
    @pytest.mark.spec("RFC 6750", "3")
    def test_a_missing_or_unknown_token_gets_401_with_a_challenge(
        self, shared: Shared, address: str
    ) -> None:
        without = Client().get(address, headers={"host": HOST})
        assert without.status_code == 401
        assert without["WWW-Authenticate"] == 'Bearer realm="Green Button"'
        unknown = get(address, "made-up")
        assert unknown.status_code == 401
        assert 'error="invalid_token"' in unknown["WWW-Authenticate"]
        assert set(unknown.json()) == {"error", "error_description", "url"}

    @pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
    def test_another_scheme_is_no_token(self, shared: Shared, scheme: str) -> None:
        headers = {"host": HOST, "authorization": f"{scheme} {shared.access}"}
        assert Client().get(shared.usage, headers=headers).status_code == 401

    def test_a_token_in_the_address_is_not_looked_at(self, shared: Shared) -> None:
        response = Client().get(
            shared.usage, {"access_token": shared.access}, headers={"host": HOST}
        )
        assert response.status_code == 401

    def test_a_refresh_token_opens_nothing(self, shared: Shared) -> None:
        assert get(shared.usage, shared.answer["refresh_token"]).status_code == 401
        assert get(STATUS, shared.answer["refresh_token"]).status_code == 401

    def test_an_expired_token_gets_401(self, shared: Shared) -> None:
        client = shared.company.client_token()
        Token.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now())
        assert get(shared.usage, shared.access).status_code == 401
        assert get(LIST, client).status_code == 401

    def test_a_consent_that_is_over_gets_401(self, shared: Shared) -> None:
        Grant.objects.update(until=timezone.now())
        assert get(shared.usage, shared.access).status_code == 401

    def test_a_rotated_registration_token_gets_401(self, shared: Shared) -> None:
        old = shared.tokens()["registration"]
        shared.company.registration.rotate_token()
        assert get(LIST, old).status_code == 401
        assert get(LIST, shared.tokens()["registration"]).status_code == 403


class TestSubscription:
    def test_the_document_reads_without_a_finding_and_hangs_together(self, shared: Shared) -> None:
        feed = shared.feed()
        assert feed.findings == []
        linker = Linker()
        for entry in feed.entries:
            linker.add(entry)
        tree = linker.resolve()
        assert len(tree.usage_points) == 2
        assert len(tree.meter_readings) == 2
        assert all(it.reading_type for it in tree.meter_readings.values())
        assert len({entry.id for entry in feed.entries}) == len(feed.entries)
        assert len({entry.self_href for entry in feed.entries}) == len(feed.entries)

    def test_each_entry_has_every_part_that_atom_wants(self, shared: Shared) -> None:
        for entry in shared.feed().entries:
            assert entry.title
            assert entry.up
            assert entry.published
            assert entry.updated
            assert entry.id
            assert entry.id.startswith("urn:uuid:")

    def test_it_names_no_customer(self, shared: Shared) -> None:
        text = body(get(shared.usage, shared.access)).decode()
        for secret in ("Testperson", "Maple Lane", "APUC0000", "E1040077"):
            assert secret not in text

    def test_the_services_and_their_units(self, shared: Shared) -> None:
        feed = shared.feed()
        points = [e.resource for e in feed.entries if isinstance(e.resource, UsagePoint)]
        types = [e.resource for e in feed.entries if isinstance(e.resource, ReadingType)]
        assert [p.kind for p in points] == [ServiceKind.ELECTRICITY, ServiceKind.WATER]
        assert [(t.uom, t.power_of_ten, t.currency) for t in types] == [
            (UnitSymbol.WATT_HOUR, 0, 124),
            (UnitSymbol.CUBIC_METRE, -3, 124),
        ]

    def test_svce_has_electricity_and_gas_in_dollars(self, svce: Company) -> None:
        feed = Shared(svce, "FB=4;HistoryLength=864000").feed()
        types = [e.resource for e in feed.entries if isinstance(e.resource, ReadingType)]
        assert [(t.uom, t.power_of_ten, t.currency) for t in types] == [
            (UnitSymbol.WATT_HOUR, 0, 840),
            (UnitSymbol.THERM, -3, 840),
        ]
        times = [e.resource for e in feed.entries if isinstance(e.resource, LocalTimeParameters)]
        assert [t.tz_offset for t in times] == [-28_800]

    def test_a_block_is_a_local_day_and_yesterday_is_the_last(self, shared: Shared) -> None:
        feed = shared.feed()
        midnight = int(datetime.fromisoformat(days_ago(0)).timestamp())
        for block in feed.blocks():
            assert block.start
            assert block.seconds
            assert datetime.fromtimestamp(block.start, TORONTO).hour == 0
            assert block.readings[0].start == block.start
            assert sum(reading.seconds or 0 for reading in block.readings) == block.seconds
        assert max((b.start or 0) + (b.seconds or 0) for b in feed.blocks()) == midnight

    def test_nothing_is_older_than_the_history_that_was_granted(self, shared: Shared) -> None:
        feed = shared.feed(published_min="2000-01-01T00:00:00Z")
        earliest = Grant.objects.get().earliest.timestamp()
        starts = [reading.start or 0 for reading in feed.readings()]
        assert min(starts) >= earliest
        assert min(starts) < earliest + 86_400
        assert all((bill.billing_period.start or 0) >= earliest for bill in feed.bills())  # type: ignore[union-attr]

    def test_two_years_are_seventeen_thousand_hours_and_two_dozen_bills(self, puc: Company) -> None:
        water = "W2010077"
        feed = Shared(puc, "FB=4_16;HistoryLength=63072000").feed()
        assert water not in str(feed.entries[0])
        assert len(feed.readings()) > 2 * 17_400
        assert len(feed.bills()) >= 2 * 22

    def test_without_history_there_are_the_services_and_nothing_else(self, puc: Company) -> None:
        feed = Shared(puc, "FB=4_16;HistoryLength=0").feed()
        assert len(feed.of_type("UsagePoint")) == 2
        assert feed.readings() == []
        assert feed.bills() == []

    @pytest.mark.parametrize(
        ("kept", "there", "missing"),
        [
            ("4", {"IntervalBlock", "ReadingType", "MeterReading"}, {"UsageSummary"}),
            ("16", {"UsageSummary"}, {"IntervalBlock", "ReadingType", "MeterReading"}),
        ],
    )
    def test_only_what_the_customer_kept_is_there(
        self, puc: Company, kept: str, there: set[str], missing: set[str]
    ) -> None:
        feed = Shared(puc, "FB=4_16;HistoryLength=7776000", data=[kept]).feed()
        types = {entry.type for entry in feed.entries}
        assert there | {"UsagePoint", "LocalTimeParameters"} <= types
        assert not missing & types

    def test_only_the_services_that_the_customer_chose_are_there(self, puc: Company) -> None:
        walk = Walk(puc)
        walk.sign_in()
        electric, _ = walk.inputs("service")
        walk.allow(service=[electric])
        answer = puc.trade(walk.returned()["code"]).json()
        feed = Feed.of(get(path_of(answer["resourceURI"]), answer["access_token"]))
        (point,) = feed.of_type("UsagePoint")
        assert isinstance(point.resource, UsagePoint)
        assert point.resource.kind == ServiceKind.ELECTRICITY

    def test_another_customers_document_is_not_there(self, shared: Shared, svce: Company) -> None:
        other = Shared(svce)
        assert get(other.usage, shared.access).status_code == 404
        assert get(f"{RESOURCE}/Batch/Subscription/{'0' * 34}", shared.access).status_code == 404

    def test_a_bill_counts_the_readings_of_its_period_and_its_lines_add_up(
        self, shared: Shared
    ) -> None:
        feed = shared.feed()
        blocks: dict[str, list[Any]] = {}
        for entry in feed.of_type("IntervalBlock"):
            assert entry.up
            blocks.setdefault(entry.up.split("/MeterReading/")[0], []).extend(
                entry.resource.readings  # type: ignore[union-attr]
            )
        bills = feed.of_type("UsageSummary")
        assert bills
        for entry in bills:
            bill: Any = entry.resource
            assert entry.up
            start, seconds = bill.billing_period.start, bill.billing_period.seconds
            readings = [
                reading
                for reading in blocks[entry.up.removesuffix("/UsageSummary")]
                if start <= reading.start < start + seconds
            ]
            assert bill.overall_consumption.value == sum(r.value for r in readings)
            assert bill.bill_last_period == sum(item.amount for item in bill.line_items)
            assert bill.currency == 124

    def test_asking_twice_gives_the_same(self, shared: Shared) -> None:
        assert shared.feed().readings() == shared.feed().readings()

    def test_a_window_gives_what_the_whole_gives_for_those_days(self, shared: Shared) -> None:
        whole = {(r.start, r.value, r.cost) for r in shared.feed().readings()}
        part = shared.feed(published_min=days_ago(20), published_max=days_ago(10)).readings()
        assert len(part) >= 2 * 10 * 24 - 2
        assert {(r.start, r.value, r.cost) for r in part} <= whole

    @pytest.mark.spec("NAESB REQ.21", "FB_37")
    def test_the_ends_of_a_window_are_excluded(self, shared: Shared) -> None:
        feed = shared.feed(published_min=days_ago(5), published_max=days_ago(3))
        assert len(feed.blocks()) == 2 * 2
        assert len(feed.of_type("UsagePoint")) == 2

    def test_a_window_that_touches_a_day_has_the_day(self, shared: Shared) -> None:
        noon = datetime.fromisoformat(days_ago(4)) + timedelta(hours=12)
        inside = noon.isoformat(), (noon + timedelta(hours=1)).isoformat()
        feed = shared.feed(published_min=inside[0], published_max=inside[1])
        assert len(feed.blocks()) == 2

    def test_bills_follow_the_window_by_their_period(self, puc: Company) -> None:
        shared = Shared(puc, "FB=16;HistoryLength=31536000")
        bill = shared.feed().bills()[3]
        assert bill.billing_period
        assert bill.billing_period.start
        middle = datetime.fromtimestamp(bill.billing_period.start + 86_400, UTC)
        window = shared.feed(
            published_min=middle.isoformat(), published_max=(middle + timedelta(1)).isoformat()
        )
        assert bill in window.bills()
        assert len(window.bills()) <= 2 * 1

    def test_updated_asks_for_what_became_available(self, shared: Shared) -> None:
        assert len(shared.feed(updated_min=days_ago(0)).blocks()) == 2
        assert len(shared.feed(updated_min=days_ago(2), updated_max=days_ago(0)).blocks()) == 2 * 2

    @pytest.mark.parametrize(
        "window",
        [
            {"published_min": "2099-01-01T00:00:00Z"},
            {"published_max": "1999-01-01T00:00:00Z"},
            {"published_min": "0001-01-01T00:00:00+14:00", "published_max": "0001-01-02"},
            {"published_min": "9999-12-31T23:59:59-14:00"},
        ],
    )
    def test_a_window_in_which_nothing_lies_is_no_error(
        self, shared: Shared, window: dict[str, str]
    ) -> None:
        feed = shared.feed(**window)
        assert feed.readings() == []
        assert len(feed.of_type("UsagePoint")) == 2

    @pytest.mark.parametrize(
        "name", ["published-min", "published-max", "updated-min", "updated-max"]
    )
    @pytest.mark.parametrize("value", ["All", "03/01/2016", "", "1700000000", "2026-13-01"])
    def test_a_time_that_cannot_be_read_gets_400(
        self, shared: Shared, name: str, value: str
    ) -> None:
        response = get(shared.usage, shared.access, **{name: value})
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"
        assert name in response.json()["error_description"]
        assert set(response.json()) == {"error", "error_description", "url"}

    def test_a_window_that_ends_before_it_begins_gets_400(self, shared: Shared) -> None:
        query = {"published-min": days_ago(1), "published-max": days_ago(2)}
        assert get(shared.usage, shared.access, **query).status_code == 400

    def test_it_is_streamed_as_atom_and_compressed_for_who_can_read_that(
        self, shared: Shared
    ) -> None:
        plain = get(shared.usage, shared.access)
        assert plain.streaming
        assert plain["Content-Type"] == "application/atom+xml"
        packed = Client().get(
            shared.usage,
            headers={
                "host": HOST,
                "authorization": f"Bearer {shared.access}",
                "accept-encoding": "gzip",
            },
        )
        assert packed["Content-Encoding"] == "gzip"
        text = gzip.decompress(body(packed))
        assert len(list(read_feed(io.BytesIO(text), max_bytes=100_000_000))) > 100

    @pytest.mark.parametrize("method", ["post", "delete", "put"])
    def test_it_is_only_read(self, shared: Shared, method: str) -> None:
        headers = {"host": HOST, "authorization": f"Bearer {shared.access}"}
        assert getattr(Client(), method)(shared.usage, headers=headers).status_code == 405
