from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from authorizations.models import Authorization
from greenbutton.models import ReadingDay
from tests.cast import browser, make_staff, make_utility
from tests.greenbutton.ingest.documents import MIDNIGHT, block, document, hours, meter

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PUC = CORPUS / "utilityapi-puc-APUC0000-00-electric.xml"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)"
)
needs_database = pytest.mark.django_db


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xml"
    path.write_bytes(document(meter(), block(*hours([1, 2, 3], cost=7))).getvalue())
    return path


@pytest.fixture
def bad(tmp_path: Path, good: Path) -> Path:
    path = tmp_path / "bad.xml"
    path.write_bytes(good.read_bytes()[:-30])
    return path


def run(*args: Any) -> tuple[str, str, int]:
    """What the command prints, on both streams, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_espi", *map(str, args), stdout=out, stderr=err)
    except SystemExit as e:
        return out.getvalue(), err.getvalue(), int(e.code or 0)
    return out.getvalue(), err.getvalue(), 0


def run_json(*args: Any) -> Any:
    out, _, _ = run(*args, "--json")
    return json.loads(out)


# These have no access to a database.


def test_a_dry_run_says_what_is_in_a_file_without_a_database(good: Path) -> None:
    assert run_json(good, "--dry-run") == {
        "file": str(good),
        "entries": 4,
        "types": {"IntervalBlock": 1, "MeterReading": 1, "ReadingType": 1, "UsagePoint": 1},
        "readings": 3,
        "value_sum": 6,
        "cost_sum": 21,
        "distinct_readings": 3,
        "distinct_value_sum": 6,
        "min_start": MIDNIGHT,
        "max_start": MIDNIGHT + 7200,
        "findings": [  # the entries of that document are of the barest
            {
                "code": "entry.no_id",
                "count": 4,
                "where": "UsagePoint/1",
                "detail": "The entry has no id.",
            },
            {
                "code": "entry.no_date",
                "count": 4,
                "where": "UsagePoint/1",
                "detail": "The entry has no published date.",
            },
            {
                "code": "entry.no_date",
                "count": 4,
                "where": "UsagePoint/1",
                "detail": "The entry has no updated date.",
            },
        ],
    }


def test_several_files_are_an_array(good: Path) -> None:
    assert [report["readings"] for report in run_json(good, good, "--dry-run")] == [3, 3]


def test_a_refused_file_is_said_and_fails_and_the_others_are_read(good: Path, bad: Path) -> None:
    out, err, code = run(bad, good, "--dry-run", "--json")
    first, second = json.loads(out)
    assert code == 1
    assert "not well-formed XML, or it was cut off" in first["error"]
    assert str(bad) in err
    assert second["readings"] == 3


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    _, err, code = run(tmp_path / "none.xml", "--dry-run")
    assert code == 1
    assert "cannot be read: No such file" in err


def test_without_json_a_table_is_for_people(good: Path) -> None:
    out, _, code = run(good, "--dry-run")
    assert code == 0
    assert "3, of them 3 distinct" in out
    assert "2026-03-02 05:00:00 UTC" in out


def test_it_must_be_said_where_the_readings_belong(good: Path) -> None:
    with pytest.raises(CommandError, match="--dry-run"):
        run(good)


@needs_corpus
def test_the_real_puc_file_has_300_hourly_readings() -> None:
    report = run_json(PUC, "--dry-run")
    assert (report["readings"], report["value_sum"]) == (300, 248_530)
    assert (report["entries"], report["types"]["ReadingType"]) == (6, 2)


@needs_corpus
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xml")), ids=lambda path: path.name)
def test_a_real_file_is_reported_as_counted_independently(path: Path) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text()).get(path.name)
    report = run_json(path, "--dry-run")
    if expected is None:
        assert "not well-formed" in report["error"]
        return
    expected.pop("distinct_starts", None)
    for name in ("min_start", "max_start"):
        expected[name] = None if expected[name] is None else int(expected[name])
    assert {name: report[name] for name in expected} == expected


# These store.


@needs_database
def test_with_a_utility_a_new_authorization_of_origin_file_is_made(good: Path) -> None:
    utility = make_utility(slug="imported")
    out, _, code = run(good, "--utility", "imported")
    assert code == 0
    authorization = Authorization.objects.get()
    assert (authorization.utility, authorization.origin) == (utility, "file")
    assert (authorization.access_token, authorization.next_pull_at) == ("", None)
    assert f"http://localhost:8000/usage/{authorization.uid}/" in out
    assert authorization.reading_days.get().values == [1, 2, 3]


@needs_corpus
@needs_database
def test_the_real_puc_file_shows_its_chart_to_staff() -> None:
    make_utility(slug="imported")
    assert run(PUC, "--utility", "imported")[2] == 0
    address = f"/usage/{Authorization.objects.get().uid}/"
    staff = browser()
    staff.force_login(make_staff("dana", "view_authorization"))
    year = {"view": "year", "date": "2023-03-01"}
    # 248,530 Wh; the page puts a no-break space before the unit.
    assert "248.53\u00a0kWh" in staff.get(address, year).content.decode()
    assert staff.get(f"{address}chart/", year).json()["root_id"]
    assert browser().get(f"{address}chart/", year).status_code == 404


@needs_database
def test_json_stays_json_when_it_stores(good: Path) -> None:
    make_utility(slug="imported")
    out, err, _ = run(good, "--utility", "IMPORTED", "--json")
    assert json.loads(out)["new"] == 3
    assert Authorization.objects.get().uid in err


@needs_database
def test_with_an_authorization_it_is_added_to_that_and_nothing_twice(good: Path) -> None:
    utility = make_utility(slug="imported")
    authorization = Authorization.objects.create(utility=utility, origin="file")
    reports = run_json(good, good, "--authorization", authorization.uid)
    assert [report["new"] for report in reports] == [3, 0]
    assert Authorization.objects.count() == 1


@needs_database
def test_a_refused_file_stores_nothing_and_leaves_no_authorization(bad: Path) -> None:
    make_utility(slug="imported")
    assert run(bad, "--utility", "imported")[2] == 1
    assert Authorization.objects.count() == ReadingDay.objects.count() == 0


@needs_database
def test_nothing_is_added_to_a_revoked_authorization(good: Path) -> None:
    utility = make_utility(slug="imported")
    authorization = Authorization.objects.create(
        utility=utility, origin="file", status=Authorization.Status.REVOKED
    )
    _, err, code = run(good, "--authorization", authorization.uid)
    assert code == 1
    assert "not active any more" in err
    assert ReadingDay.objects.count() == 0


@needs_database
def test_an_unknown_authorization_or_utility_is_said(good: Path) -> None:
    with pytest.raises(CommandError, match="no authorization nowhere"):
        run(good, "--authorization", "nowhere")
    with pytest.raises(CommandError, match="no utility nowhere"):
        run(good, "--utility", "nowhere")


@needs_database
def test_a_database_without_tables_is_said(good: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO nowhere")
    with pytest.raises(CommandError, match=r"Run `manage\.py migrate` and"), transaction.atomic():
        run(good, "--utility", "SSMPUC")


def test_a_feed_over_the_limit_is_refused(good: Path, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 100
    assert "larger than 100 bytes" in run(good, "--dry-run")[1]
