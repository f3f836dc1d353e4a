"""One row per expected or real night: the judgement calls in the header of nightly_slots, one example each."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from dashlib.nightlies import ledger
from dashlib.settings import Settings
from tests.nightlies.rows import (
    DAY,
    HOUR,
    MINUTE,
    NIGHTS,
    causes,
    expect,
    late_hours,
    member,
    now,
    read_at,
    schedule,
    states,
)
from tests.queries.build import MIDNIGHT, Builder


def test_a_whole_night_that_ran(built: Builder) -> None:
    expect(built, MIDNIGHT)
    first = built.night(MIDNIGHT - DAY)
    run = built.night(MIDNIGHT + 3 * MINUTE, failed=["lint"])
    found = built.rows("select * exclude (sha) from nightly_slots order by night")[1]
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "night": date(2026, 3, 10),
        "expected_at": MIDNIGHT,
        "pipeline_id": run,
        "state": "failed",
        "cause": None,
        "is_unread": False,
        "by_hand": False,
        "is_extra": False,
        "status": "failed",
        "failed_jobs": 1,
        "failed_allowed_jobs": 0,
        "created_at": MIDNIGHT + 3 * MINUTE,
        "started_at": MIDNIGHT + 3 * MINUTE,
        "finished_at": MIDNIGHT + 8 * MINUTE,
        "duration": 300.0,
        "ref": "main",
        "username": None,
        "person": None,
        "url": f"https://gitlab.example/p/1/-/pipelines/{run}",
        "previous_pipeline_id": first,
    }


def test_a_whole_night_that_never_ran(built: Builder) -> None:
    built.user(5, "ada", "Ada Lovelace", public_email="ada@example.com")
    schedule(built)
    expect(built, MIDNIGHT)
    (found,) = built.rows("select * from nightly_slots")
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "night": date(2026, 3, 10),
        "expected_at": MIDNIGHT,
        "pipeline_id": None,
        "state": "missing",
        "cause": "unknown",
        "is_unread": False,
        "by_hand": None,
        "is_extra": False,
        "status": None,
        "failed_jobs": None,
        "failed_allowed_jobs": None,
        "created_at": None,
        "started_at": None,
        "finished_at": None,
        "duration": None,
        "ref": "main",
        "sha": None,
        "username": "ada",
        "person": "gitlab:5",
        "url": "https://gitlab.example/acme/core/engine/-/pipeline_schedules",
        "previous_pipeline_id": None,
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", "passed"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("canceling", "canceled"),
        ("skipped", "canceled"),
        ("manual", "running"),
        ("created", "running"),
        ("pending", "running"),
        ("running", "running"),
        ("scheduled", "running"),
        ("a_word_from_the_future", "running"),
    ],
)
def test_every_status_has_one_state(built: Builder, status: str, state: str) -> None:
    expect(built, MIDNIGHT)
    built.pipeline(status=status)
    assert built.rows("select state, status from nightly_slots") == [{"state": state, "status": status}]


def test_only_allowed_failures_warn(built: Builder) -> None:
    expect(built, MIDNIGHT)
    built.job(built.pipeline(), "audit", "failed", allow_failure=True)
    assert states(built) == ["warned"]


def test_late_first_then_missing(built: Builder) -> None:
    expect(built, now() - 3 * HOUR, now() - HOUR, now() + HOUR)
    assert states(built) == ["missing", "late"]
    late_hours(built, 0.5)
    assert states(built) == ["missing", "missing"]
    late_hours(built, 4)
    assert states(built) == ["late", "late"]


def test_a_night_that_nobody_has_looked_for_is_not_missing(built: Builder) -> None:
    expect(built, MIDNIGHT)
    read_at(built, MIDNIGHT + HOUR)
    unread = "select state, cause, is_unread from nightly_slots"
    assert built.rows(unread) == [{"state": "late", "cause": "owner_gone", "is_unread": True}], "why stays told"
    member(built)
    schedule(built)
    assert built.rows(unread) == [{"state": "late", "cause": "not_read", "is_unread": True}]
    read_at(built, MIDNIGHT + 2 * HOUR)
    assert built.rows(unread) == [{"state": "missing", "cause": "unknown", "is_unread": False}]


def test_an_archived_project_is_not_read_any_more(built: Builder) -> None:
    expect(built, MIDNIGHT)
    read_at(built, MIDNIGHT + HOUR)
    built.project(archived=True, last_activity_at=MIDNIGHT, updated_at=MIDNIGHT)
    assert states(built) == ["missing"]


def test_a_run_fills_the_nearest_earlier_time(built: Builder) -> None:
    expect(built, *NIGHTS[:3])
    run = built.pipeline(NIGHTS[1] + 90 * MINUTE)
    found = built.rows("select expected_at, pipeline_id, by_hand from nightly_slots order by expected_at")
    assert [tuple(one.values()) for one in found] == [
        (NIGHTS[0], None, None),
        (NIGHTS[1], run, False),
        (NIGHTS[2], None, None),
    ]


def test_clocks_may_differ_by_a_minute(built: Builder) -> None:
    expect(built, MIDNIGHT)
    built.pipeline(MIDNIGHT - 30 * timedelta(seconds=1))
    assert states(built) == ["passed"]


def test_by_hand_fills_a_missing_night_and_is_marked(built: Builder) -> None:
    expect(built, MIDNIGHT)
    run = built.pipeline(MIDNIGHT + 8 * HOUR)
    found = built.rows("select expected_at, pipeline_id, state, by_hand from nightly_slots")
    assert found == [{"expected_at": MIDNIGHT, "pipeline_id": run, "state": "passed", "by_hand": True}]


def test_by_hand_beside_a_night_that_ran_is_an_extra_run(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    own = built.pipeline(NIGHTS[1], "failed")
    extra = built.pipeline(NIGHTS[1] + 8 * HOUR)
    found = built.rows("select night, expected_at, pipeline_id, state, by_hand from nightly_slots order by night, 2")
    assert [tuple(one.values()) for one in found] == [
        (date(2026, 3, 10), NIGHTS[0], None, "missing", None),
        (date(2026, 3, 11), NIGHTS[1], own, "failed", False),
        (date(2026, 3, 11), None, extra, "passed", True),
    ]


def test_a_run_past_midnight_belongs_to_the_night_it_was_expected_in(built: Builder) -> None:
    late = datetime(2026, 3, 10, 23, 58)
    expect(built, late)
    built.night(late + 5 * MINUTE, failed=["lint"])
    for view in ("nightly_slots", "nightly_cells", "nightly_runs", "nightly_nights", "nightly_failures"):
        assert built.rows(f"select night from {view}") == [{"night": date(2026, 3, 10)}], view


def test_a_night_is_the_teams_day_of_the_expected_time(built: Builder) -> None:
    built.zone("Australia/Sydney")
    expect(built, datetime(2026, 3, 10, 15))
    assert built.rows("select night from nightly_slots") == [{"night": date(2026, 3, 11)}]


def test_weekly(built: Builder) -> None:
    saturdays = [datetime(2026, 3, 7, 3, 20) + week * 7 * DAY for week in range(3)]
    expect(built, *saturdays)
    built.pipeline(saturdays[0])
    built.pipeline(saturdays[1] + 4 * DAY)
    found = built.rows("select night, state, by_hand from nightly_slots order by expected_at")
    assert [tuple(one.values()) for one in found] == [
        (date(2026, 3, 7), "passed", False),
        (date(2026, 3, 14), "passed", True),
        (date(2026, 3, 21), "missing", None),
    ]


def test_the_second_time_a_clock_shows_is_the_schedules_own_and_nobody_misses_it(built: Builder) -> None:
    first, second = datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30)
    expect(built, first)
    expect(built, second, repeated=True)
    built.pipeline(first)
    assert states(built) == ["passed"]
    built.pipeline(second, "failed")
    assert built.rows("select state, by_hand from nightly_slots order by expected_at") == [
        {"state": "passed", "by_hand": False},
        {"state": "failed", "by_hand": False},
    ]


def test_nobody_misses_the_first_of_two_times_either_where_the_second_ran(built: Builder) -> None:
    first, second = datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30)
    expect(built, first)
    expect(built, second, repeated=True)
    built.pipeline(second)
    found = built.rows("select expected_at, state, by_hand from nightly_slots")
    assert [tuple(one.values()) for one in found] == [(second, "passed", False)]


def test_off_where_the_schedule_was_off(built: Builder) -> None:
    expect(built, NIGHTS[0])
    expect(built, NIGHTS[1], off="schedule_off")
    expect(built, NIGHTS[2], off="project_archived")
    assert states(built) == ["missing", "off", "off"]
    assert causes(built)[1:] == ["schedule_off", "project_archived"]


def test_a_run_on_time_says_that_it_was_on_and_one_by_hand_does_not(built: Builder) -> None:
    expect(built, *NIGHTS[:2], off="schedule_off")
    on_time = built.pipeline(NIGHTS[0] + 3 * MINUTE)
    by_hand = built.pipeline(NIGHTS[1] + 5 * HOUR)
    found = built.rows(
        "select expected_at, pipeline_id, state, by_hand from nightly_slots order by coalesce(created_at, expected_at)"
    )
    assert [tuple(one.values()) for one in found] == [
        (NIGHTS[0], on_time, "passed", False),
        (NIGHTS[1], None, "off", None),
        (None, by_hand, "passed", True),
    ]


def test_a_run_whose_schedule_is_not_known_is_a_night_and_a_likely_cause(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    built.pipeline(NIGHTS[1] + 3 * MINUTE, "failed", schedule_id=None, ref="hotfix")
    found = built.rows(
        "select night, schedule_id, state, cause, by_hand from nightly_slots order by night, 2 nulls last"
    )
    assert [tuple(one.values()) for one in found] == [
        (date(2026, 3, 10), 7, "missing", "owner_gone", None),
        (date(2026, 3, 11), 7, "missing", "unlinked_run", None),
        (date(2026, 3, 11), None, "failed", None, None),
    ]


def test_a_run_whose_schedule_is_not_known_is_taken_for_one_of_its_ref_on_time(built: Builder) -> None:
    built.schedule(8, description="Release", ref="release/1")
    expect(built, *NIGHTS[:4])
    expect(built, *NIGHTS[:4], id=8)
    mine = built.night(NIGHTS[0] + 3 * MINUTE, failed=["lint"], schedule_id=None)
    other = built.pipeline(NIGHTS[1] + 3 * MINUTE, schedule_id=None, ref="release/1")
    built.pipeline(NIGHTS[2] + 3 * HOUR, schedule_id=None)
    own = built.pipeline(NIGHTS[3] + 9 * MINUTE)
    unknown = built.pipeline(NIGHTS[3] + 3 * MINUTE, schedule_id=None)
    found = built.rows(
        "select night, schedule_id, pipeline_id from nightly_slots where state <> 'missing' order by all"
    )
    night = NIGHTS[0].date()
    assert [tuple(one.values()) for one in found] == [
        (night, 7, mine),
        (night + DAY, 8, other),
        (night + 2 * DAY, None, unknown - 2),
        (night + 3 * DAY, 7, own),
        (night + 3 * DAY, None, unknown),
    ]
    for view in ("nightly_runs", "nightly_nights", "nightly_failures"):
        assert built.rows(f"select schedule_id from {view} where pipeline_id = {mine}") == [{"schedule_id": 7}], view
    taken = built.rows("select pipeline_id, schedule_id from nightly_pipelines order by pipeline_id")
    assert [tuple(one.values()) for one in taken] == [
        (mine, 7),
        (other, 8),
        (unknown - 2, None),
        (own, 7),
        (unknown, 7),
    ]
    built.nightly(("description", "release"))
    assert built.rows("select pipeline_id from nightly_runs") == [{"pipeline_id": other}]


def test_runs_of_a_schedule_that_cannot_be_read_are_nights(built: Builder) -> None:
    schedule(built, cron="every night")
    built.pipeline(MIDNIGHT)
    ledger.refresh(built.store, Settings())
    assert built.rows("select night, expected_at, state, by_hand from nightly_slots") == [
        {"night": date(2026, 3, 10), "expected_at": None, "state": "passed", "by_hand": None}
    ]
    (found,) = built.rows("select problem from nightly_schedules")
    assert found["problem"] == "the cron line 'every night' has 2 fields, not 5"


@pytest.mark.parametrize(
    ("pattern", "counts"),
    [
        (("description", "night*"), True),
        (("description", "weekly*"), False),
        (("ref", "MAIN"), True),
        (("ref", "release/*"), False),
        (("username", "ada"), True),
        (("username", "grace"), False),
    ],
)
def test_patterns_narrow_expected_nights_as_they_narrow_runs(
    built: Builder, pattern: tuple[str, str], counts: bool
) -> None:
    schedule(built)
    expect(built, *NIGHTS[:2])
    built.nightly(pattern)
    # Somebody else pressed play on another branch: a run of a nightly is a nightly.
    built.job(built.pipeline(NIGHTS[0] + 9 * HOUR, ref="hotfix"), username="linus")
    assert states(built) == (["passed", "missing"] if counts else [])


def test_tomorrow_is_stored_and_not_shown(built: Builder) -> None:
    schedule(built, created_at=now() - 3 * DAY)
    ledger.refresh(built.store, Settings())
    stored = [one["at"] for one in built.rows("select expected_at as at from schedule_slots order by 1")]
    shown = [one["at"] for one in built.rows("select expected_at as at from nightly_slots order by 1")]
    assert shown == [at for at in stored if at <= now()]
    assert 3 <= len(shown) < len(stored)


def test_an_address_is_a_web_address_or_none(built: Builder) -> None:
    built.project(web_url="javascript:alert(1)")
    expect(built, *NIGHTS[:2])
    built.pipeline(NIGHTS[0], web_url="data:text/html,x")
    assert [one["url"] for one in built.rows("select url from nightly_slots")] == [None, None]
