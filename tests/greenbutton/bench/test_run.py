from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from greenbutton.bench import feed
from greenbutton.bench.errors import BenchError
from greenbutton.bench.job import Job
from greenbutton.bench.registry import CONTENDERS, Contender, chosen
from greenbutton.bench.rounds import run_once, run_rounds
from greenbutton.bench.run import parts_of
from greenbutton.bench.sizes import SIZES

SMALL = SIZES["small"]
READER, FLOOR = chosen(["reader"])[0], chosen(["floor"])[0]


def names(contenders: list[Contender]) -> list[str]:
    return [one.name for one in contenders]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    path = tmp_path_factory.mktemp("bench") / "small.xml"
    feed.write(SMALL.plan, path)
    return Job(SMALL, path, feed.sums(SMALL.plan), database="")


def test_contenders_go_by_letter_or_name_and_bring_what_they_need() -> None:
    assert names(chosen(["reader", "a"])) == ["floor", "reader"]
    assert names(chosen(["c2"])) == ["first", "again"]
    assert names(chosen(["y"])) == ["first", "rows", "year"]
    with pytest.raises(KeyError):
        chosen(["a", "nobody"])


def test_the_large_size_brings_the_slow_ones_at_medium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenbutton.bench.run.is_installed", lambda contender: True)
    large, medium = parts_of(SIZES["large"], None)
    assert (large.size.name, medium.size.name) == ("large", "medium")
    assert not any(one.slow for one in large.contenders)
    assert names(list(medium.contenders)) == ["reader", "first", "peer", "bulk"]
    (small,) = parts_of(SMALL, None)
    assert list(small.contenders) == list(CONTENDERS)


def test_a_contender_that_is_not_installed_is_left_out_unless_it_is_asked_for() -> None:
    absent = replace(READER, package="no_such_package")
    with pytest.raises(BenchError, match="reader is not installed here; `make bench` installs it"):
        parts_of(SMALL, [absent])
    assert parts_of(SMALL, [READER])[0].contenders == [READER]


@pytest.mark.django_db
def test_contenders_take_turns(job: Job) -> None:
    begun: list[tuple[str, int]] = []
    results = run_rounds(
        [FLOOR, READER], job, 2, lambda one, number: begun.append((one.name, number))
    )
    assert begun == [("floor", 1), ("reader", 1), ("floor", 2), ("reader", 2)]
    assert [len(result.all_seconds) for result in results.values()] == [2, 2]
    assert all(result.seconds > 0 and result.peak_mb > 5 for result in results.values())


@pytest.mark.parametrize("name", ["readings", "value_sum", "cost_sum"])
def test_a_time_for_the_wrong_result_is_no_time(job: Job, name: str) -> None:
    wrong = replace(job, sums=replace(job.sums, **{name: 1}))
    with pytest.raises(BenchError, match=rf"reader failed at small:\n{name} is [0-9,]+ and should"):
        run_once(READER, wrong)


def test_a_contender_that_breaks_says_how(job: Job, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="FileNotFoundError"):
        run_once(READER, replace(job, feed=tmp_path / "none.xml"))
