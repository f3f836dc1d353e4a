"""Which night a page starts with, and what its numbers say of times that a cell's state cannot tell."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashlib.model import Filters, Put
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.queries import nightlies
from dashlib.receive.metrics import Metrics
from dashlib.widgets import night_banner, nights
from dashlib.widgets.night_banner import tonight_told
from dashlib.widgets.nights import earlier, night_line
from tests.nightlies.rows import DAY, HOUR, MINUTE, now
from tests.queries.build import Builder

EARLY = f"Etc/GMT{(now().hour - 4 + 12) % 24 - 12:+d}"
"""A zone in which it is four something now: an hour before and an hour after are of one night."""


@pytest.fixture
def night(built: Builder) -> Builder:
    """Four nightlies; last night all of them passed, tonight one ran and the others are to run within the hour."""
    built.zone(EARLY)
    for id in range(21, 25):
        built.schedule(id, description=f"s{id}")
        at = now() - 20 * MINUTE if id == 21 else now() + id * MINUTE
        slots = [{"project_id": 1, "schedule_id": id, "repeated": False, "off_cause": None} for _ in range(2)]
        built.store.write(Put(SCHEDULE_SLOTS, [one | {"expected_at": at - day * DAY} for day, one in enumerate(slots)]))
        built.night(at - DAY, schedule_id=id)
    built.night(now() - 20 * MINUTE, failed=["lint"], schedule_id=21)
    return built


def asked(built: Builder) -> pd.DataFrame:
    return nightlies.nights(built.nights(), Filters())


def row(frame: pd.DataFrame, place: int) -> dict[str, Any]:
    names = ("nightlies", "planned", "to_come", "ended", "failed", "is_told")
    return {name: frame[name].iloc[place] for name in names}


def test_a_night_that_has_just_begun_is_not_started_with(night: Builder) -> None:
    found = asked(night)
    begun = {"nightlies": 1, "planned": 4, "to_come": 3, "ended": 1, "failed": 1, "is_told": False}
    assert row(found, -1) == begun
    assert row(found, 0) == {"nightlies": 4, "planned": 4, "to_come": 0, "ended": 4, "failed": 0, "is_told": True}
    assert nightlies.last_told(found) == 0
    here = (pd.Timestamp(now() + 24 * MINUTE, tz="UTC")).tz_convert(ZoneInfo(EARLY))
    said = f"is under way: 1 of 4 ended, 3 to come until {here:%H:%M}, 1 failed."
    assert (tonight_told(found, 0) or "").endswith(said) and tonight_told(found, 1) is None
    assert earlier(found, 1) is None, "nothing is compared with a night that has not ended"
    every = nightlies.every_night(night.nights(), Filters())
    assert every["failed_change"].isna().all() and not every["is_over"].iloc[0], "nor with the first of the period"
    told = Metrics(night.store.reader, nights=night.nights).text().decode()
    assert "\ndashboard_nightlies_failed 0.0\n" in told and "\ndashboard_nightlies 4.0\n" in told


def test_half_of_a_night_is_worth_looking_at(night: Builder) -> None:
    night.store.write(
        Put(
            SCHEDULE_SLOTS,
            [
                {"project_id": 1, "schedule_id": 22, "expected_at": now() - 10 * MINUTE, "repeated": False}
                | {"off_cause": None}
            ],
        )
    )
    night.night(now() - 10 * MINUTE, schedule_id=22)
    found = asked(night)
    assert row(found, -1)["is_told"] and nightlies.last_told(found) == 1


def test_an_evening_to_come_does_not_hold_the_morning_back(night: Builder) -> None:
    """Nor does one that has begun."""
    for id, at in ((31, now() + 14 * HOUR), (32, now() + 15 * HOUR)):
        night.schedule(id, description=f"s{id}")
        night.store.write(
            Put(
                SCHEDULE_SLOTS,
                [{"project_id": 1, "schedule_id": id, "expected_at": at, "repeated": False, "off_cause": None}],
            )
        )
    found = asked(night)
    assert row(found, -1)["planned"] == 4 and found["this_evening"].iloc[-1] == 2
    for id in range(22, 25):
        night.night(now() + id * MINUTE, schedule_id=id)
    night.pipeline(now() + 14 * HOUR, "running", schedule_id=31)
    done = asked(night)
    assert row(done, -1)["is_told"] and row(done, -1)["ended"] == 4 and done["running"].iloc[-1] == 1


def test_the_line_below_the_numbers_tells_what_they_cannot() -> None:
    names = (
        "runs",
        "planned",
        "failed_jobs",
        "partly_ran",
        "times_missing",
        "passed_since",
        "failed_after",
        "canceled",
        "this_evening",
    )
    quiet = pd.Series(dict.fromkeys(names, 0) | {"runs": 1, "planned": 1})
    assert night_line(quiet, None) == "1 of 1 nightly ran; 0 jobs failed."
    once = pd.Series(dict(quiet) | {"partly_ran": 1, "times_missing": 1})
    assert night_line(once, None).endswith("1 nightly did not run every time: 1 time missed.")
    told = pd.Series(
        dict(quiet) | {"partly_ran": 1, "times_missing": 22, "passed_since": 1, "failed_after": 1, "canceled": 2}
    )
    assert night_line(told, None) == (
        "1 of 1 nightly ran; 0 jobs failed; 1 nightly did not run every time: 22 times missed; "
        "1 failed first and passed since; 1 passed first and failed in a later run; 2 canceled."
    )


def test_what_runs_and_what_is_late_is_told_of_the_night_under_way(night: Builder) -> None:
    night.pipeline(now() - 5 * MINUTE, "running", schedule_id=25)
    slot = {"project_id": 1, "schedule_id": 22, "expected_at": now() - 10 * MINUTE, "repeated": False}
    night.store.write(Put(SCHEDULE_SLOTS, [slot | {"off_cause": None}]))
    told = tonight_told(asked(night), 0) or ""
    assert " is under way: 1 of 5 ended, 1 running, 1 late, 3 to come until " in told and told.endswith(", 1 failed.")


@pytest.mark.parametrize(("place", "button", "moves"), [(0, ["Show it"], False), (1, [], True)])
def test_one_banner_tells_of_a_night_under_way(
    night: Builder, monkeypatch: pytest.MonkeyPatch, place: int, button: list[str], moves: bool
) -> None:
    """Numbers of an older night do not move; with what is told already the newest one is framed."""
    monkeypatch.setattr(night_banner, "_tell_unseen", lambda: None)
    monkeypatch.setattr(night_banner, "last_told", lambda nights: len(nights) - 1)

    def page(nights: object, place: int, today: object) -> None:
        from dashlib.widgets.night_banner import tell_nights

        tell_nights(nights, place, today)  # type: ignore[arg-type]

    found = asked(night)
    app = AppTest.from_function(page, args=(found, place, found["night"].iloc[-1].date()), default_timeout=60).run()
    assert not app.exception
    said = [banner.value for banner in (*app.info, *app.warning, *app.error)]
    assert len(said) == 1 and "is under way" in said[0]
    assert ("will move" in said[0]) is moves and [one.label for one in app.button] == button


def test_arrows_leave_out_what_is_to_run_later_that_day(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday's failures of nightlies of the afternoon are no bad news that went away."""
    built.zone(EARLY)
    for id, at in ((31, now() - 20 * MINUTE), (32, now() + 14 * HOUR)):
        built.schedule(id, description=f"s{id}")
        slots = [{"project_id": 1, "schedule_id": id, "repeated": False, "off_cause": None} for _ in range(2)]
        built.store.write(Put(SCHEDULE_SLOTS, [one | {"expected_at": at - day * DAY} for day, one in enumerate(slots)]))
        built.night(at - DAY, failed=["lint"], schedule_id=id)
    built.night(now() - 20 * MINUTE, schedule_id=31)
    monkeypatch.setattr(nights, "of_nights", lambda question, chosen, **more: question(built.nights(), chosen, **more))
    found = asked(built)
    assert list(found["failed"]) == [2, 0] and found["this_evening"].iloc[-1] == 1
    before = earlier(found, 1, Filters())
    assert before is not None and (before["failed"], before["nightlies"]) == (1, 1)
    assert earlier(found, 1) is None
    assert "of the nightlies due so far" in night_line(found.iloc[1], before)
    with built.store.reader() as reader:
        alike = nightlies.nights(reader, Filters(), alike=found["night"].iloc[-1].date())
    assert list(alike["failed"]) == [1, 0]
