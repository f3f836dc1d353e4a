"""What changed each night, and how the nights of a schedule went."""

from __future__ import annotations

import shutil
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.charts.wording import cause_told
from dashlib.model import Filters, Upsert
from dashlib.queries import nightlies
from dashlib.sources.tables import PIPELINES
from dashlib.store import open_store
from tests.nightlies.rows import DAY, HOUR, NIGHTS, expect, member, schedule
from tests.queries.build import MIDNIGHT, Builder, row

STATES = ("passed", "failed", "warned", "canceled", "running", "missing")
STATUS = {"passed": "success", "warned": "success", "failed": "failed", "canceled": "canceled", "running": "running"}


def night(built: Builder, place: int, state: str) -> None:
    """A night of the schedule that ends in ``state``."""
    at = MIDNIGHT + place * DAY
    expect(built, at)
    if state == "missing":
        return
    run = built.pipeline(at, STATUS[state])
    built.job(run, "build", "success", at)
    if state == "failed":
        built.job(run, "lint", "failed", at)
    if state == "warned":
        built.job(run, "audit", "failed", at, allow_failure=True)


def nights(built: Builder, *states: str) -> None:
    for place, state in enumerate(states):
        night(built, place, state)


def changes(built: Builder, *columns: str) -> list[tuple[Any, ...]]:
    found = built.rows(f"select {', '.join(columns)} from nightly_changes order by night, schedule_id")
    return [tuple(one.values()) for one in found]


def test_what_changed_each_night(built: Builder) -> None:
    nights(built, "passed", "failed", "canceled", "missing", "failed", "warned", "failed")
    first, last = date(2026, 3, 11), date(2026, 3, 16)
    assert changes(built, "state", "change", "red_since", "nights_red") == [
        ("passed", None, None, None),
        ("failed", "new", first, 1),
        ("canceled", None, None, None),
        ("missing", "missing", None, None),
        ("failed", "still_red", first, 2),
        ("warned", "recovered", first, 2),
        ("failed", "new", last, 1),
    ]


def test_a_first_failure_is_new(built: Builder) -> None:
    nights(built, "failed")
    assert changes(built, "change", "previous_state") == [("new", None)]


def test_since_when_and_for_how_many_nights_nothing_ran(built: Builder) -> None:
    nights(built, "missing", "failed", "missing", "missing", "canceled", "missing", "passed", "missing", "missing")
    expect(built, MIDNIGHT + 9 * DAY, off="schedule_off")
    night(built, 10, "missing")
    days = [(MIDNIGHT + place * DAY).date() for place in range(11)]
    assert changes(built, "missing_since", "nights_missing") == [
        (days[0], 1),
        (None, None),
        (days[2], 1),
        (days[2], 2),
        (None, None),
        (days[5], 1),
        (None, None),
        (days[7], 1),
        (days[7], 2),
        (None, None),
        (days[7], 3),
    ]


def test_the_owner_of_whom_gitlab_knows_nothing_any_more_is_who_ran_it_last(built: Builder) -> None:
    expect(built, *NIGHTS[:3])
    for at, username in ((NIGHTS[0], "ada"), (NIGHTS[1] + 9 * HOUR, "grace")):
        run = built.pipeline(at)
        told = {"detail_username": username, "run_at": at, "run_rank": 1}
        built.store.write(Upsert(PIPELINES, [row(PIPELINES, ["run"], project_id=1, id=run, **told)]))
    assert changes(built, "state", "by_hand", "owner_username") == [
        ("passed", False, "ada"),
        ("passed", True, "ada"),
        ("missing", False, "ada"),
    ]
    schedule(built, owner_id=None, owner_username=None)
    member(built, 6, username="grace")
    risks = built.rows("select risk, owner_username from schedules_at_risk")
    assert [tuple(one.values()) for one in risks] == [("owner_gone", "ada")]


def test_the_job_to_look_at_first(built: Builder) -> None:
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=["old"])
    run = built.night(NIGHTS[1], failed=["old"])
    fresh = built.job(run, "fresh", "failed", NIGHTS[1])
    built.job(run, "allowed", "failed", NIGHTS[1], allow_failure=True)
    built.failure(fresh, "connection refused", category="network")
    columns = ("job_name", "reason", "category", "failure", "job_names", "first_jobs", "without_issue", "job_web_url")
    assert changes(built, *columns)[1] == (
        "fresh",
        "connection refused",
        "network",
        f"1-{fresh}",
        ["fresh", "old"],
        1,
        2,
        f"https://gitlab.example/p/1/-/jobs/{fresh}",
    )


def test_a_pipeline_that_failed_without_a_failed_job(built: Builder) -> None:
    expect(built, MIDNIGHT)
    built.pipeline(MIDNIGHT, "failed")
    assert changes(built, "state", "change", "job_name", "failure", "first_jobs") == [("failed", "new", None, None, 0)]


def test_the_jobs_of_nights_agree_with_the_failures_of_nights(built: Builder) -> None:
    expect(built, *NIGHTS)
    for place, failed in enumerate((["a"], ["a", "b"], [], ["b"], ["a", "b"])):
        built.night(NIGHTS[place], failed=failed, passed=[name for name in ("a", "b") if name not in failed])
    columns = "night, job_name, job_id, is_new, red_since, nights_red"
    both = (
        built.rows(f"select {columns} from nightly_job_nights where is_failed order by all"),
        built.rows(f"select {columns} from nightly_failures where is_last order by all"),
    )
    assert both[0] == both[1] and len(both[0]) == 6
    assert built.rows("select count(*) as n from nightly_job_nights where state = 'passed'") == [{"n": 4}]


def test_a_whole_history(built: Builder) -> None:
    nights(built, "passed", "failed", "failed", "passed", "missing", "failed", "canceled", "failed")
    assert built.rows("select * from nightly_history") == [
        {
            "project_id": 1,
            "path_with_namespace": "acme/core/engine",
            "namespace": "acme/core",
            "schedule_id": 7,
            "schedule_description": "Nightly",
            "last_night": date(2026, 3, 17),
            "last_state": "failed",
            "streak": 2,
            "is_red": True,
            "red_since": date(2026, 3, 15),
            "first_red_night": date(2026, 3, 11),
            "nights_30": 6,
            "reds_30": 4,
            "flips_30": 3,
            "missing_30": 1,
            "days_to_green": 2.0,
        }
    ]


def by_hand(states: list[str]) -> dict[str, Any]:
    """The history, worked out in another way: one step at a time."""
    verdicts = [state == "failed" for state in states if state in ("passed", "warned", "failed")]
    streak = next((place for place, red in enumerate(reversed(verdicts)) if red != verdicts[-1]), len(verdicts))
    flips = sum(one != other for one, other in pairwise(verdicts))
    missing = states.count("missing")
    return {
        "streak": streak,
        "is_red": verdicts[-1],
        "reds_30": sum(verdicts),
        "flips_30": flips,
        "missing_30": missing,
    }


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=9))
def test_laws_of_changes_and_histories(template: Path, states: list[str]) -> None:
    """Every change follows from the verdicts alone, and a history is what one counts by hand."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "d.duckdb"
        shutil.copyfile(template, path)
        with open_store(path) as store:
            built = Builder(store)
            nights(built, *states)
            found = [str(one[0]) for one in changes(built, "coalesce(change, '')")]
            held = built.rows("select streak, is_red, reds_30, flips_30, missing_30 from nightly_history")
    before, told = None, []
    for state in states:
        if state == "failed":
            told.append("still_red" if before == "failed" else "new")
        elif state in ("passed", "warned") and before == "failed":
            told.append("recovered")
        else:
            told.append("missing" if state == "missing" else "")
        before = state if state in ("passed", "warned", "failed") else before
    assert found == told
    assert held == ([by_hand(states)] if {"passed", "warned", "failed"} & set(states) else [])


def test_a_missing_night_tells_the_newest_pipeline_of_its_schedule_before(built: Builder) -> None:
    schedule(built)
    member(built)
    nights(built, "missing", "failed", "canceled", "missing", "missing", "passed")
    columns = "state", "cause", "last_pipeline_night", "last_pipeline_state"
    day = (MIDNIGHT + 2 * DAY).date()
    assert changes(built, *columns) == [
        ("missing", "unknown", None, None),
        ("failed", None, None, None),
        ("canceled", None, None, None),
        ("missing", "unknown", day, "canceled"),
        ("missing", "unknown", day, "canceled"),
        ("passed", None, None, None),
    ]
    (run,) = built.rows("select id from pipelines where status = 'canceled'")
    told = [*run.values(), f"https://gitlab.example/p/1/-/pipelines/{run['id']}"]
    assert changes(built, "last_pipeline_id", "last_pipeline_url")[4] == tuple(told)
    with built.store.reader() as reader:
        first = nightlies.note(reader, Filters(), night=MIDNIGHT.date())
        [last] = nightlies.note(reader, Filters(), night=(MIDNIGHT + 4 * DAY).date()).to_dict("records")
    assert cause_told(first.to_dict("records")[0]) == "why is not known; no earlier pipeline of it is stored"
    ran = f"{run['id']} of Thu 12 Mar, canceled"
    assert cause_told(last) == f"why is not known; the newest pipeline for one of its times is {ran}"
