"""What somebody starts beside nightlies that ran changes nothing that is told of any night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.charts.night_glance import glance
from dashlib.model import Filters
from dashlib.nightlies.firings import firings
from dashlib.nightlies.report import note
from dashlib.nightlies.report_text import as_text
from dashlib.nightlies.send import is_due
from dashlib.queries import nightlies
from dashlib.settings import Settings
from dashlib.store import open_store
from tests.nightlies.rows import DAY, HOUR, MINUTE, NIGHTS, expect
from tests.queries.build import MIDNIGHT, Builder

CRONS = (
    ("0 1 * * *", "UTC"),
    ("30 23 * * *", "Europe/Berlin"),
    ("0 */6 * * *", "UTC"),
    ("30 4 * * 1", "Pacific Time (US & Canada)"),
)
"""Of schedules 1, 2, …: at night, in the evening, several times a day, weekly."""
END = MIDNIGHT + 12 * DAY
EVENING = NIGHTS[0] + 22 * HOUR + 30 * MINUTE
TOLD = (
    "schedule_id, night, state, cause, pipeline_id, by_hand, is_evening, first_at, expected, missing, failed_jobs,"
    " failed_runs, change, previous_state, red_since, nights_red, missing_since, nights_missing, job_names, first_jobs"
)


class Time(NamedTuple):
    """A time of a schedule, and when it is to run next."""

    schedule: int
    at: datetime
    until: datetime


class Came(NamedTuple):
    """What came of a time: a run or none, whether it failed; a run by hand beside it, and whether that one failed."""

    ran: bool
    failed: bool
    beside: bool
    beside_failed: bool
    minutes: int


def times() -> Iterator[Time]:
    for schedule, (cron, zone) in enumerate(CRONS, start=1):
        due = [one.at for one in firings(cron, zone, MIDNIGHT, END)]
        yield from (Time(schedule, *two) for two in pairwise([*due, END]))


ALL = list(times())
COMES = st.builds(Came, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(5, 20_000))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("by-hand") / "template.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        for schedule, (cron, zone) in enumerate(CRONS, start=1):
            built.schedule(schedule, description=f"s{schedule}", cron=cron, cron_timezone=zone)
            expect(built, *(one.at for one in ALL if one.schedule == schedule), id=schedule)
        built.write()
    return path


def run(built: Builder, one: Time, at: datetime, failed: bool, id: int) -> None:
    built.pipeline(at, "failed" if failed else "success", schedule_id=one.schedule, id=id)
    built.job(id, "unit", "failed" if failed else "success", at, id=id)


def makes_up(place: int, came: list[Came]) -> bool:
    """Whether a run beside the one of this time fills an earlier one of the same night."""
    one = ALL[place]
    return any(
        not came[other].ran and ALL[other].at.date() == one.at.date()
        for other in range(place)
        if ALL[other].schedule == one.schedule
    )


def told(company: Path, came: list[Came], beside: bool) -> list[dict[str, Any]]:
    """All that is told of the nights, with or without what somebody started."""
    path = company.with_name(f"{beside}.duckdb")
    shutil.copyfile(company, path)
    with open_store(path) as store:
        built = Builder(store)
        for place, (one, what) in enumerate(zip(ALL, came, strict=True)):
            if not what.ran:
                continue
            run(built, one, one.at + 2 * MINUTE, what.failed, 1000 + place)
            room = int((one.until - one.at) / MINUTE) - 5
            if beside and what.beside and not makes_up(place, came):
                run(built, one, one.at + timedelta(minutes=3 + what.minutes % room), what.beside_failed, 5000 + place)
        return built.rows(f"select {TOLD} from nightly_changes order by all")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(came=st.lists(COMES, min_size=len(ALL), max_size=len(ALL)))
def test_runs_beside_nightlies_change_nothing_of_any_night(company: Path, came: list[Came]) -> None:
    assert told(company, came, beside=True) == told(company, came, beside=False)


def test_a_rerun_in_the_morning_hides_no_failure_of_the_evening(built: Builder) -> None:
    """The evening's nightly fails every day; somebody makes it pass each morning."""
    expect(built, EVENING - DAY, EVENING)
    expect(built, NIGHTS[1], id=8)
    built.schedule(8, description="Other")
    built.night(EVENING - DAY, failed=["lint"])
    built.night(EVENING - 15 * HOUR, passed=["lint"])
    built.night(EVENING, failed=["lint"])
    built.pipeline(NIGHTS[1], schedule_id=8)
    found = note(built.nights(), date(2026, 3, 11))
    assert found.evening_counts is not None and found.evening_counts["failed"] == 1
    assert "All is calm" not in as_text(found)


def test_a_recovery_by_hand_is_told_as_such(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=["lint"])
    built.night(NIGHTS[1] + 8 * HOUR, passed=["lint"])
    found = note(built.nights(), date(2026, 3, 11))
    [item] = found.of("recovered")
    assert item.by_hand == "started by hand, or late" and item.by_hand in as_text(found)


def test_a_nightly_that_passed_only_by_hand_is_told(built: Builder) -> None:
    """Two nights by hand: of a calm morning too, and of a recovered one once."""
    expect(built, *NIGHTS[:3])
    built.night(NIGHTS[0], failed=["lint"])
    for night in NIGHTS[1:3]:
        built.night(night + 8 * HOUR, passed=["lint"])
    assert [item.change for item in note(built.nights(), date(2026, 3, 11)).items] == ["recovered"]
    found = note(built.nights(), date(2026, 3, 12))
    [item] = found.items
    assert (item.change, item.reason) == (
        "only_by_hand",
        "passed, started by hand, or late: it did not come by itself in time",
    )
    assert found.is_calm and "Only by hand: acme/core/engine" in as_text(found)
    [line] = [one for one in glance(nightlies.note(built.nights(), Filters(), night=date(2026, 3, 12))) if one["count"]]
    assert (line["title"], line["items"][0]["about"]) == ("Only by hand", item.reason)


def test_a_run_by_hand_neither_holds_the_note_back_nor_makes_one(built: Builder) -> None:
    expect(built, NIGHTS[0])
    expect(built, NIGHTS[1], off="schedule_off")
    built.night(NIGHTS[0])
    built.pipeline(NIGHTS[0] + HOUR, "running")
    built.pipeline(NIGHTS[1] + 5 * HOUR)
    built.write()
    with built.store.reader() as reader:
        assert is_due(reader, Settings(), NIGHTS[0].date(), NIGHTS[0] + 2 * HOUR)
        assert not is_due(reader, Settings(), NIGHTS[1].date(), NIGHTS[1] + 9 * HOUR)
