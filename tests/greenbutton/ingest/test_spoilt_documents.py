"""Spoilt documents, stored: each whole or not at all, and the second time nothing changes.

SPOILT_DOCUMENTS says how many; the suite takes a few.
"""

import os
from io import BytesIO

import pytest
from django.db.models import Sum

from authorizations.models import Authorization
from greenbutton.espi import EspiError
from greenbutton.ingest.read import InMemory, read
from greenbutton.ingest.store import store_feed
from greenbutton.models import MeterReading, ReadingDay, UsagePoint, UsageSummary
from tests.cast import make_utility
from tests.fixtures.espi import FOLDER
from tests.fuzz.mutations import spoilt

pytestmark = pytest.mark.django_db

SEED = int(os.environ.get("SPOILT_SEED", "5"))
COUNT = int(os.environ.get("SPOILT_DOCUMENTS", "25"))
MAX_BYTES = 8 * 2**20


def test_a_spoilt_document_is_stored_once_or_refused() -> None:
    utility = make_utility(slug="spoilt")
    originals = [path.read_bytes() for path in sorted(FOLDER.glob("*.xml"))]
    outcomes = set()
    for number in range(COUNT):
        authorization = Authorization.objects.create(
            utility=utility, origin=Authorization.Origin.FILE
        )
        document = spoilt(originals, SEED, number)
        try:
            outcomes.add(is_accepted(authorization, document))
        except Exception as error:
            error.add_note(f"document {number} of seed {SEED}")
            raise
    assert outcomes == {True, False}


def is_accepted(authorization: Authorization, document: bytes) -> bool:
    of_mine = ReadingDay.objects.filter(authorization=authorization)
    try:
        store_feed(authorization, BytesIO(document), max_bytes=MAX_BYTES)
    except EspiError:
        assert not of_mine.exists()
        assert not UsagePoint.objects.filter(authorization=authorization).exists()
        assert not MeterReading.objects.filter(usage_point__authorization=authorization).exists()
        return False
    in_memory = InMemory()
    read(BytesIO(document), in_memory, authorization.zone, max_bytes=MAX_BYTES)
    kept = of_mine.aggregate(count=Sum("count"), total=Sum("total"))
    assert (kept["count"] or 0, kept["total"] or 0) == in_memory.distinct()
    again = store_feed(authorization, BytesIO(document), max_bytes=MAX_BYTES)
    assert (again.new, again.changed, again.bills, again.bills_changed) == (0, 0, 0, 0)
    return True


def test_a_bill_that_a_document_holds_twice_changes_nothing_when_it_comes_again() -> None:
    authorization = Authorization.objects.create(
        utility=make_utility(slug="spoilt"), origin=Authorization.Origin.FILE
    )
    document = (FOLDER / "tidy.xml").read_bytes()
    begin, end = document.rindex(b"  <entry>"), document.rindex(b"</feed>")
    corrected = document[begin:end].replace(b"<billToDate>0<", b"<billToDate>7<")
    twice = document[:end] + corrected + document[end:]
    first = store_feed(authorization, BytesIO(twice), max_bytes=MAX_BYTES)
    assert (first.bills, first.bills_changed) == (1, 0)
    assert UsageSummary.objects.get().bill_to_date == 7
    again = store_feed(authorization, BytesIO(twice), max_bytes=MAX_BYTES)
    assert (again.bills, again.bills_changed) == (0, 0)
