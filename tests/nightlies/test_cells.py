"""A schedule's night in one: the last run decides, and what never ran is counted beside it."""

from __future__ import annotations

from datetime import date, datetime

from dashlib.nightlies.report import note
from dashlib.nightlies.report_words import expected_told
from tests.nightlies.rows import HOUR, MINUTE, NIGHTS, expect, now
from tests.queries.build import MIDNIGHT, Builder

HOURS = [MIDNIGHT + place * HOUR for place in range(6)]


def cells(built: Builder, *columns: str) -> list[tuple[object, ...]]:
    found = built.rows(f"select {', '.join(columns)} from nightly_cells order by night, schedule_id")
    return [tuple(one.values()) for one in found]


def test_a_whole_cell_of_an_hourly_schedule(built: Builder) -> None:
    expect(built, *HOURS)
    for hour, status in zip(HOURS[:4], ("success", "failed", "success", "failed"), strict=True):
        last = built.night(hour + 3 * MINUTE, failed=["lint"] if status == "failed" else [])
    (found,) = built.rows("select * from nightly_cells")
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "night": date(2026, 3, 10),
        "state": "failed",
        "cause": None,
        "is_unread": False,
        "expected_at": MIDNIGHT,
        "pipeline_id": last,
        "by_hand": False,
        "failed_jobs": 1,
        "failed_allowed_jobs": 0,
        "duration": 300.0,
        "extra_state": None,
        "extra_at": None,
        "extra_url": None,
        "url": f"https://gitlab.example/p/1/-/pipelines/{last}",
        "expected": 6,
        "runs": 4,
        "extra_runs": 0,
        "missing": 2,
        "late": 0,
        "late_at": None,
        "off": 0,
        "failed_runs": 2,
        "passed_since": 1,
        "first_at": MIDNIGHT,
        "is_evening": False,
    }


def test_a_cell_is_of_the_evening_by_its_first_time_on_the_teams_clock(built: Builder) -> None:
    expect(built, NIGHTS[0] + 8 * HOUR, NIGHTS[1] + 9 * HOUR, NIGHTS[2] + 2 * HOUR, NIGHTS[2] + 21 * HOUR)
    built.pipeline(NIGHTS[3] + 12 * HOUR, schedule_id=None)
    assert cells(built, "is_evening") == [(False,), (True,), (False,), (True,)]
    built.zone("Europe/Berlin")
    assert cells(built, "is_evening") == [(True,), (True,), (False,), (True,)]
    built.setting("report_by", "14:30")
    assert cells(built, "is_evening") == [(False,), (False,), (False,), (False,)]


def test_what_somebody_started_beside_a_nightly_changes_nothing_of_its_night(built: Builder) -> None:
    """It failed, then passed by hand; it passed, then failed by hand; it did not run, and then twice by hand."""
    expect(built, *NIGHTS[:4])
    for night, failed, again in zip(NIGHTS[:2], (["lint"], []), ([], ["lint"]), strict=True):
        built.night(night, failed=failed, passed=[] if failed else ["lint"])
        beside = built.night(night + 9 * HOUR, failed=again, passed=[] if again else ["lint"])
    built.night(NIGHTS[2] + 8 * HOUR, passed=["lint"])
    built.night(NIGHTS[2] + 9 * HOUR, failed=["lint"])
    built.night(NIGHTS[3], failed=["lint"])
    assert cells(built, "state", "by_hand", "runs", "failed_runs", "extra_state", "extra_at") == [
        ("failed", False, 2, 1, "passed", NIGHTS[0] + 9 * HOUR),
        ("passed", False, 2, 0, "failed", NIGHTS[1] + 9 * HOUR),
        ("passed", True, 2, 0, "failed", NIGHTS[2] + 9 * HOUR),
        ("failed", False, 1, 1, None, None),
    ]
    assert cells(built, "extra_url")[1] == (f"https://gitlab.example/p/1/-/pipelines/{beside}",)
    assert built.rows(
        "select count(*) as n from nightly_nights n join nightly_cells c using (project_id, schedule_id, night)"
        " where n.state = c.state and n.pipeline_id = c.pipeline_id"
    ) == [{"n": 4}]
    jobs = built.rows("select state, nights_red from nightly_job_nights where job_name = 'lint' order by night")
    assert [tuple(one.values()) for one in jobs] == [("failed", 1), ("passed", None), ("passed", None), ("failed", 1)]
    stands = built.rows("select night, is_last, red_since, is_new from nightly_failures order by night")
    assert [tuple(one.values()) for one in stands] == [
        (date(2026, 3, 10), True, date(2026, 3, 10), True),
        (date(2026, 3, 11), False, None, False),
        (date(2026, 3, 12), False, None, False),
        (date(2026, 3, 13), True, date(2026, 3, 13), True),
    ]


def test_a_run_by_hand_belongs_to_the_night_before_it(built: Builder) -> None:
    """The nightlies of the evening: one failed, and passed by hand the next morning; the next one failed, too."""
    evenings = [night + 22 * HOUR + 30 * MINUTE for night in NIGHTS[:3]]
    expect(built, *evenings)
    built.night(evenings[0], failed=["lint"])
    built.night(evenings[0] + 10 * HOUR, passed=["lint"])
    built.night(evenings[1], failed=["lint"])
    found = cells(built, "night", "state", "extra_state", "expected", "runs", "is_evening")
    assert found == [
        (date(2026, 3, 10), "failed", "passed", 1, 2, True),
        (date(2026, 3, 11), "failed", None, 1, 1, True),
        (date(2026, 3, 12), "missing", None, 1, 0, True),
    ]
    assert built.rows("select change, nights_red from nightly_changes where night = date '2026-03-11'") == [
        {"change": "still_red", "nights_red": 2}
    ]


def test_who_makes_up_for_a_time_of_a_night_of_several_decides_it_only_where_nothing_ran_later(
    built: Builder,
) -> None:
    """The first of two times is made up for after the second, whose run counts; next night both by hand."""
    for night in NIGHTS[:2]:
        expect(built, night, night + 6 * HOUR)
    last = built.night(NIGHTS[0] + 6 * HOUR, passed=["lint"])
    made_up = built.night(NIGHTS[0] + 7 * HOUR, failed=["lint"])
    both = [built.night(NIGHTS[1] + 9 * HOUR, failed=["lint"]), built.night(NIGHTS[1] + 10 * HOUR, passed=["lint"])]
    assert cells(built, "state", "by_hand", "pipeline_id", "missing", "failed_runs", "extra_state", "extra_at") == [
        ("passed", False, last, 0, 1, "failed", NIGHTS[0] + 7 * HOUR),
        ("failed", True, both[0], 0, 1, "passed", NIGHTS[1] + 10 * HOUR),
    ]
    for view in ("nightly_nights", "nightly_job_nights"):
        found = built.rows(f"select state, pipeline_id from {view} order by night")
        assert [tuple(one.values()) for one in found] == [("passed", last), ("failed", both[0])], view
    stands = built.rows("select pipeline_id, is_last from nightly_failures order by pipeline_id")
    assert [tuple(one.values()) for one in stands] == [(made_up, False), (both[0], True)]


def test_a_run_before_a_time_takes_no_missing_night_away(built: Builder) -> None:
    """Nothing is known of the times before: the run stands for none, and the night has never run."""
    expect(built, MIDNIGHT)
    built.night(MIDNIGHT - HOUR + 20 * MINUTE, failed=["lint"])
    assert cells(built, "state", "runs", "missing", "failed_runs", "extra_state") == [("missing", 1, 1, 0, "failed")]
    assert [item.change for item in note(built.nights(), MIDNIGHT.date()).items] == ["missing"]


def test_where_nothing_ran(built: Builder) -> None:
    expect(built, NIGHTS[0], NIGHTS[0] + HOUR)
    expect(built, NIGHTS[1], off="schedule_off")
    expect(built, NIGHTS[1] + HOUR)
    expect(built, NIGHTS[2], off="project_archived")
    assert cells(built, "state", "cause", "expected", "missing", "off", "pipeline_id") == [
        ("missing", "owner_gone", 2, 2, 0, None),
        ("missing", "owner_gone", 1, 1, 1, None),
        ("off", "project_archived", 1, 0, 1, None),
    ]


def test_times_at_which_the_schedule_was_off_are_none_of_the_expected_ones(built: Builder) -> None:
    """It was switched on at noon; the next day the run at an off time says that it was on; then it was off all day."""
    later = [night + 12 * HOUR for night in NIGHTS[:3]]
    expect(built, NIGHTS[0], NIGHTS[1], NIGHTS[2], later[2], off="schedule_off")
    expect(built, *later[:2])
    built.pipeline(NIGHTS[1] + 3 * MINUTE)
    assert cells(built, "state", "expected", "off", "missing", "expected_at", "first_at", "is_evening") == [
        ("missing", 1, 1, 1, later[0], later[0], True),
        ("passed", 2, 0, 1, NIGHTS[1], NIGHTS[1], False),
        ("off", 2, 2, 0, NIGHTS[2], NIGHTS[2], False),
    ]
    [item] = note(built.nights(), NIGHTS[0].date()).of("missing")
    assert expected_told(item) == "expected at 13:00"


def test_a_night_that_is_still_to_come_in_part(built: Builder) -> None:
    # A zone in which it is afterlater: the hours before are of one day whatever the clock says.
    built.zone("Etc/GMT-12" if now().hour < 12 else "UTC")
    expect(built, now() - 4 * HOUR, now() - HOUR, now() + HOUR)
    assert cells(built, "state", "missing", "late", "expected") == [("late", 1, 1, 2)]


def test_nights_of_unknown_schedules_are_cells_of_their_repository(built: Builder) -> None:
    built.pipeline(MIDNIGHT, "failed", schedule_id=None)
    built.pipeline(MIDNIGHT + HOUR, schedule_id=None)
    assert cells(built, "schedule_id", "night", "state", "runs", "expected") == [
        (None, date(2026, 3, 10), "passed", 2, 0)
    ]


def test_by_hand_on_a_night_when_the_schedule_was_off(built: Builder) -> None:
    expect(built, MIDNIGHT, off="schedule_off")
    built.pipeline(datetime(2026, 3, 10, 15))
    assert cells(built, "state", "by_hand", "off", "runs") == [("passed", True, 1, 1)]
