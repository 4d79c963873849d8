"""The command that needs nothing but files. None of these tests has a database."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from greenbutton.espi import generator
from tests.greenbutton.espi.certified import lacks, made

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
PUC = CORPUS / "utilityapi-puc-APUC0000-00-electric.xml"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)"
)
REAL_FILES = [
    pytest.param(path, id=path.name)
    for path in sorted(CORPUS.glob("*.xml"))
    if path.name != "pge-UsageSummary.xml"
]
CUSTOMER = (
    b'<Customer xmlns="http://naesb.org/espi/customer"><customerName>%s</customerName></Customer>'
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.xml", made().xml())


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return written(tmp_path / "bad.xml", made().xml()[:-30])


def written(path: Path, document: bytes) -> Path:
    path.write_bytes(document)
    return path


def generated(**plan: Any) -> bytes:
    return b"".join(generator.generate(generator.Plan(**plan)))


def run(*args: object) -> tuple[str, str, int]:
    """What the command prints, on both streams, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("espi", *map(str, args), stdout=out, stderr=err)
    except SystemExit as e:
        return out.getvalue(), err.getvalue(), int(e.code or 0)
    return out.getvalue(), err.getvalue(), 0


def run_json(*args: object) -> Any:
    return json.loads(run(*args, "--json")[0])


# --- inspect


def test_inspect_shows_a_tree_with_units_sums_and_times(tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml", generated(days=31, usage_points=2))
    out, err, code = run("inspect", path)
    assert (err, code) == ("", 0)
    assert "Usage point urn:uuid:" in out
    assert ": electricity" in out
    assert "Wh, delivered to the customer, every 1 hour" in out
    assert "744 readings in 31 blocks" in out
    assert "From 2025-01-01 05:00 to 2025-02-01 05:00 UTC" in out
    assert "From 2025-01-01 00:00 to 2025-02-01 00:00 UTC-05:00" in out
    assert "\u00a0kWh" in out
    assert "Bill from 2025-01-01T05:00:00Z for 31 days: " in out
    assert "No findings" in out


def test_inspect_counts_findings_and_says_where_the_first_is(tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml", generated(days=3, oddities=("zero-duration",)))
    out, _, code = run("inspect", path)
    assert code == 0
    assert "72 × reading.no_duration: " in out
    assert "(first at https://utility.example/" in out


@pytest.mark.parametrize(
    ("oddity", "says"),
    [
        ("duplicates", "24 × reading.repeated"),
        ("conflicts", "× reading.conflicting"),
        ("cumulative", "× day.cumulative"),
        ("several-qualities", "24 × reading.several_qualities"),
    ],
)
def test_inspect_finds_what_shows_when_readings_are_put_together(
    tmp_path: Path, oddity: str, says: str
) -> None:
    path = written(tmp_path / "feed.xml", generated(days=1, oddities=(oddity,)))
    out, _, _ = run("inspect", path)
    assert says in out


def test_inspect_hides_personal_data_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml", generated(days=1, oddities=("customer-and-usage",)))
    hidden, _, _ = run("inspect", path)
    assert "--personal shows it" in hidden
    shown, _, _ = run("inspect", "--personal", path)
    assert "--personal shows it" not in shown
    values = run_json("inspect", "--personal", path)["customer_side_values"]
    words = [word for one in values for word in one["values"].values() if len(word) > 4]
    assert words
    for word in words:
        assert word in shown
        assert word not in hidden
        assert word not in json.dumps(run_json("inspect", path))


def test_what_a_feed_says_never_moves_the_cursor_nor_is_markup(tmp_path: Path) -> None:
    name = "[red]A[/red]\x9b2J\u202eda".encode()
    entry = b"<entry><content>%s</content></entry>" % (CUSTOMER % name)
    path = written(
        tmp_path / "feed.xml", b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % entry
    )
    out, _, _ = run("inspect", "--personal", path)
    assert "customer_name: [red]A[/red]\ufffd2J\ufffdda" in out


def test_inspect_reads_packed_files(tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml.gz", gzip.compress(generated(days=1)))
    assert run_json("inspect", path)["usage_points"][0]["meter_readings"][0]["readings"] == 24


def test_several_files_are_an_array(good: Path) -> None:
    assert [result["entries"] for result in run_json("inspect", good, good)] == [39, 39]


def test_a_refused_file_is_said_and_does_not_stop_the_others(good: Path, bad: Path) -> None:
    out, err, code = run("inspect", bad, good, "--json")
    first, second = json.loads(out)
    assert code == 2
    assert "cut off" in first["refused"]
    assert "line 1" in first["refused"]
    assert f"{bad}: " in err
    assert second["entries"] == 39


@pytest.mark.parametrize("action", [["inspect"], ["validate"], ["convert", "--to", "csv"]])
def test_what_is_no_file_to_read_is_said_in_a_sentence(action: list[str], tmp_path: Path) -> None:
    assert run(*action, tmp_path / "none.xml")[1:] == (
        f"{tmp_path}/none.xml: The file cannot be read: No such file or directory.\n",
        2,
    )
    assert run(*action, tmp_path)[1:] == (
        f"{tmp_path}: The file cannot be read: Is a directory.\n",
        2,
    )
    empty = written(tmp_path / "empty.xml", b"")
    assert run(*action, empty)[1:] == (f"{empty}: The file is empty.\n", 2)
    table = written(tmp_path / "table.csv", b"a,b\n1,2\n")
    _, err, code = run(*action, table)
    assert (err.count("\n"), code) == (1, 2)
    assert "no XML" in err


@pytest.mark.parametrize("action", [["inspect"], ["validate"], ["convert", "--to", "json"]])
def test_a_feed_over_the_limit_is_refused(action: list[str], good: Path, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 100
    _, err, code = run(*action, good)
    assert "larger than 100 bytes" in err
    assert code == 2


@needs_corpus
@pytest.mark.parametrize("path", REAL_FILES)
def test_every_real_file_is_inspected_and_has_as_many_readings_as_expected(path: Path) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text())[path.name]
    out, err, code = run("inspect", path)
    assert (err, code) == ("", 0)
    assert out.startswith(f"{path.name}: ")
    said = run_json("inspect", path)
    meter_readings = [one for point in said["usage_points"] for one in point["meter_readings"]]
    assert sum(one["readings"] for one in meter_readings) == expected["readings"]
    assert sum(one["value_sum"] for one in meter_readings) == expected["value_sum"]
    assert sum(one["cost_sum"] or 0 for one in meter_readings) == expected["cost_sum"]
    assert (said["entries"], said["types"]) == (expected["entries"], expected["types"])


@needs_corpus
def test_the_real_file_that_is_broken_is_refused_with_its_line() -> None:
    _, err, code = run("inspect", CORPUS / "pge-UsageSummary.xml")
    assert code == 2
    assert "not well-formed XML" in err
    assert "line 1" in err


# --- validate


def test_a_file_that_keeps_every_rule_is_said_to(good: Path) -> None:
    out, err, code = run("validate", good)
    assert (err, code) == ("", 0)
    assert out.startswith("good.xml: every rule is kept\n")
    assert "01 Common; 04 Interval metering" in out


def test_a_broken_rule_is_told_with_severity_and_place_and_fails(tmp_path: Path) -> None:
    it = made()
    lacks("spare-type", "uom")(it)
    path = written(tmp_path / "feed.xml", it.xml())
    out, _, code = run("validate", path)
    assert code == 1
    assert "1 error, 0 warnings" in out
    assert "D068 error: The reading type does not say in which unit" in out
    assert "── spare-type\n" in out
    said = run_json("validate", path)
    assert said["errors"] == ["D068"]
    assert said["problems"][0]["places"][0]["where"] == "spare-type"


def test_a_file_is_checked_against_the_schemas_if_that_is_asked_for(tmp_path: Path) -> None:
    feed = written(tmp_path / "feed.xml", made().xml())
    out, _, code = run("validate", "--schema", feed)
    assert code == 1
    assert "Not as the schemas have it" in out
    assert "“urn:uuid:" in out, "the ids of that document are names"
    said = run_json("validate", "--schema", feed)
    assert {*said["schema"][0]} == {"path", "says"}
    assert run("validate", feed)[2] == 0
    tidy = tmp_path / "tidy.xml"
    run("generate", "--days", "3", "--output", str(tidy))
    out, _, code = run("validate", "--schema", tidy)
    assert "Every element is as the schemas have it" in out
    assert code == 0


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    it = made()
    lacks("spare-type", "phase")(it)
    out, _, code = run("validate", written(tmp_path / "feed.xml", it.xml()))
    assert code == 0
    assert "0 errors, 1 warning" in out


def test_only_the_function_blocks_that_are_named_are_checked(tmp_path: Path) -> None:
    it = made()
    lacks("spare-type", "uom")(it)
    path = written(tmp_path / "feed.xml", it.xml())
    said = run_json("validate", "--blocks", "1,15", path)
    assert (said["function_blocks"], said["errors"]) == ([1, 15], [])
    assert "D068" in said["inapplicable"]
    out, _, code = run("validate", "--blocks", "1,15", path)
    assert code == 0
    assert "rules of function blocks 04, 05" in out


@pytest.mark.parametrize("blocks", ["2", "1,99", "", "electricity", "1;4"])
def test_function_blocks_without_rules_are_refused(blocks: str, good: Path) -> None:
    with pytest.raises(CommandError, match="with content rules: 1,4,5,"):
        run("validate", "--blocks", blocks, good)


def test_a_refused_file_counts_more_than_a_broken_rule(tmp_path: Path, bad: Path) -> None:
    it = made()
    lacks("spare-type", "uom")(it)
    path = written(tmp_path / "feed.xml", it.xml())
    assert run("validate", path, bad)[2] == 2


@needs_corpus
def test_every_real_file_is_validated_without_a_fault() -> None:
    paths = [path for param in REAL_FILES for path in param.values]
    out, err, code = run("validate", *paths, "--json")
    assert (err, code) == ("", 1)
    results = {Path(result["file"]).name: result for result in json.loads(out)}
    assert results["sce-bulk-IntervalBlock.xml"]["problems"] == []
    assert "D078" in results[PUC.name]["errors"]


# --- convert


@needs_corpus
def test_the_real_puc_file_becomes_300_rows(tmp_path: Path) -> None:
    out, _, code = run("convert", PUC, "--to", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert len(rows) == 300
    assert sum(int(row["value"]) for row in rows) == 248_530
    output = tmp_path / "puc.json"
    assert run("convert", PUC, "--to", "json", "--output", output) == ("", "", 0)
    objects = json.loads(output.read_bytes())
    assert [row["start"] for row in objects] == [row["start"] for row in rows]


def test_bills_are_converted_too(good: Path) -> None:
    (bill,) = json.loads(run("convert", good, "--to", "json", "--what", "bills")[0])
    assert (bill["bill"], bill["bill_money"], bill["currency"]) == (100, "0.001", "CAD")


def test_a_file_that_is_refused_leaves_no_output(tmp_path: Path, bad: Path) -> None:
    output = tmp_path / "rows.csv"
    _, err, code = run("convert", bad, "--to", "csv", "--output", output)
    assert code == 2
    assert "cut off" in err
    assert not output.exists()


def test_a_file_is_not_converted_into_itself(good: Path, tmp_path: Path) -> None:
    before = good.read_bytes()
    (tmp_path / "link.xml").symlink_to(good)
    for output in (good, tmp_path / "link.xml"):
        with pytest.raises(CommandError, match="would replace the file"):
            run("convert", good, "--to", "csv", "--output", output)
    assert good.read_bytes() == before


def test_where_nothing_can_be_written_is_said(good: Path, tmp_path: Path) -> None:
    output = tmp_path / "nowhere" / "rows.csv"
    with pytest.raises(CommandError, match=r"rows\.csv cannot be written: No such file"):
        run("convert", good, "--to", "csv", "--output", output)


# --- generate


def test_a_feed_is_generated_as_it_is_asked_for(tmp_path: Path) -> None:
    output = tmp_path / "feed.xml"
    plan = ["--usage-points", 2, "--interval", 900, "--days", 2, "--start", "2025-03-08"]
    assert run("generate", *plan, "--seed", 7, "--output", output) == ("", "", 0)
    said = run_json("inspect", output)
    (first, _) = said["usage_points"]
    assert first["meter_readings"][0]["readings"] == 2 * 96 - 4  # clocks go forward on 9 March
    assert run("validate", output)[2] == 0
    printed, _, _ = run("generate", *plan, "--seed", 7)
    assert printed.encode() == output.read_bytes()


def test_a_year_is_as_long_as_it_is(tmp_path: Path) -> None:
    output = tmp_path / "feed.xml"
    daily = ["--interval", 86_400, "--years", 1, "--output", output]
    for start, days in (("2024-01-01", 366), ("2025-01-01", 365), ("2024-02-29", 366)):
        run("generate", *daily, "--start", start)
        (usage_point,) = run_json("inspect", output)["usage_points"]
        assert usage_point["meter_readings"][0]["readings"] == days


def test_oddities_are_named_and_those_unknown_are_refused_with_the_list(tmp_path: Path) -> None:
    output = tmp_path / "feed.xml"
    odd = ["--oddity", "no-ids", "--oddity", "milliseconds"]
    run("generate", "--days", 1, *odd, "--output", output)
    codes = {finding["code"] for finding in run_json("inspect", output)["findings"]}
    assert {"entry.no_id", "time.milliseconds"} <= codes
    output.unlink()
    with pytest.raises(CommandError) as refused:
        run("generate", "--oddity", "upside-down", "--output", output)
    assert str(refused.value).startswith("There is no oddity called upside-down. There are:\n")
    assert all(name in str(refused.value) for name in generator.ODDITIES)
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", "0"], "must be 1 or more"),
        (["--usage-points", "-1"], "must be 1 or more"),
        (["--time-zone", "Mars/Olympus"], "no time zone"),
        (["--years", "900"], "before 2200"),
        (["--years", "99999999999"], "before 2200"),
        (["--start", "yesterday"], "invalid"),
        (["--service", "steam"], "invalid choice"),
    ],
)
def test_a_plan_that_no_feed_can_be_is_refused_in_words(options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run("generate", *options)


# --- as people run it


def test_it_runs_without_a_database_and_stops_when_its_reader_has_enough(tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml", generated(days=200))
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nowhere.invalid/none",
        "REDIS_URL": "redis://nowhere.invalid/0",
    }
    command = [sys.executable, "manage.py", "espi", "convert", str(path), "--to", "csv"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"usage_point,meter_reading,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_lines_are_whole_where_no_terminal_wraps_them(good: Path) -> None:
    out, _, _ = run("validate", good)
    assert max(map(len, out.splitlines())) > 120
