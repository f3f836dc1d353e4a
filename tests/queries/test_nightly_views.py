"""The judgement calls of nightly_runs, nightly_nights and nightly_failures, one example each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)


def states(built: Builder) -> list[str]:
    return [found["state"] for found in built.rows("select state from nightly_runs order by pipeline_id")]


def test_a_whole_run(built: Builder) -> None:
    run = built.night(MIDNIGHT, failed=["lint"], passed=["build"])
    (found,) = built.rows("select * exclude (sha) from nightly_runs")
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "night": date(2026, 3, 10),
        "expected_at": None,
        "by_hand": None,
        "pipeline_id": run,
        "pipeline_web_url": f"https://gitlab.example/p/1/-/pipelines/{run}",
        "ref": "main",
        "status": "failed",
        "state": "failed",
        "failed_jobs": 1,
        "failed_allowed_jobs": 0,
        "jobs": 2,
        "created_at": MIDNIGHT,
        "started_at": MIDNIGHT,
        "finished_at": MIDNIGHT + timedelta(minutes=5),
        "duration": 300.0,
        "username": None,
        "severity": 1,
        "is_extra": False,
        "is_last": True,
        "person": None,
    }


def test_a_whole_failure(built: Builder) -> None:
    run = built.night(MIDNIGHT, failed=["lint"])
    (found,) = built.rows("select * exclude (sha) from nightly_failures")
    job = found["job_id"]
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "night": date(2026, 3, 10),
        "pipeline_id": run,
        "job_pipeline_id": run,
        "job_id": job,
        "job_name": "lint",
        "trigger_name": None,
        "stage": "test",
        "allow_failure": False,
        "failure_reason": "script_failure",
        "kind": "build",
        "runner_description": "runner-1",
        "started_at": MIDNIGHT,
        "finished_at": MIDNIGHT + timedelta(minutes=5),
        "duration": 300.0,
        "job_web_url": f"https://gitlab.example/p/1/-/jobs/{job}",
        "pipeline_web_url": f"https://gitlab.example/p/1/-/pipelines/{run}",
        "ref": "main",
        "username": None,
        "person": None,
        "is_last": True,
        "first_failed_night": date(2026, 3, 10),
        "red_since": date(2026, 3, 10),
        "nights_red": 1,
        "is_new": True,
    }


def test_other_pipelines_are_no_nightlies(built: Builder) -> None:
    for source in ("push", "web", "merge_request_event", "api", "trigger"):
        built.job(built.pipeline(status="failed", source=source), status="failed")
    assert built.rows("select * from nightly_runs") == []
    assert built.rows("select * from nightly_failures") == []


def test_retried_then_passed_is_no_failure(built: Builder) -> None:
    run = built.pipeline(status="success")
    built.job(run, "flaky", "failed")
    built.job(run, "flaky", "success")
    assert states(built) == ["passed"]
    assert built.rows("select * from nightly_failures") == []


def test_retried_and_failed_again_is_one_failure_of_the_latest_attempt(built: Builder) -> None:
    run = built.pipeline(status="failed")
    built.job(run, "broken", "failed")
    latest = built.job(run, "broken", "failed")
    assert [found["job_id"] for found in built.rows("select job_id from nightly_failures")] == [latest]


def test_only_allowed_failures_warn(built: Builder) -> None:
    run = built.pipeline(status="success")
    built.job(run, "audit", "failed", allow_failure=True)
    (found,) = built.rows("select state, failed_jobs, failed_allowed_jobs from nightly_runs")
    assert found == {"state": "warned", "failed_jobs": 0, "failed_allowed_jobs": 1}
    assert [f["allow_failure"] for f in built.rows("select allow_failure from nightly_failures")] == [True]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", "passed"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("canceling", "canceled"),
        ("skipped", "skipped"),
        ("manual", "manual"),
        ("running", "running"),
        ("pending", "running"),
        ("created", "running"),
        ("preparing", "running"),
        ("waiting_for_resource", "running"),
        ("scheduled", "running"),
        ("a_word_from_the_future", "running"),
    ],
)
def test_every_status_has_one_state(built: Builder, status: str, state: str) -> None:
    built.pipeline(status=status)
    assert states(built) == [state]


def test_canceled_is_not_a_failure_even_with_failed_jobs(built: Builder) -> None:
    built.job(built.pipeline(status="canceled"), status="failed")
    assert states(built) == ["canceled"]


def child(built: Builder, run: int, **bridge: Any) -> int:
    pipeline = built.pipeline(status="failed", source="parent_pipeline", parent=run)
    built.job(run, "start child", kind="bridge", downstream=pipeline, **bridge)
    return pipeline


def test_a_childs_failure_is_the_nights(built: Builder) -> None:
    run = built.pipeline(status="success")
    inner = child(built, run)
    job = built.job(inner, "integration", "failed")
    (found,) = built.rows("select state, failed_jobs, jobs from nightly_runs")
    assert found == {"state": "failed", "failed_jobs": 1, "jobs": 1}
    (failure,) = built.rows("select pipeline_id, job_pipeline_id, job_id, trigger_name from nightly_failures")
    assert failure == {"pipeline_id": run, "job_pipeline_id": inner, "job_id": job, "trigger_name": "start child"}


def test_a_child_that_may_fail_warns(built: Builder) -> None:
    run = built.pipeline(status="success")
    built.job(child(built, run, allow_failure=True), "integration", "failed")
    assert states(built) == ["warned"]


def test_a_failed_trigger_job_is_its_childs_failures(built: Builder) -> None:
    run = built.pipeline(status="failed")
    built.job(child(built, run, status="failed"), "integration", "failed")
    assert [f["job_name"] for f in built.rows("select job_name from nightly_failures")] == ["integration"]


def test_a_failed_trigger_job_without_jobs_below_is_listed_itself(built: Builder) -> None:
    run = built.pipeline(status="failed")
    child(built, run, status="failed")
    assert [f["job_name"] for f in built.rows("select job_name from nightly_failures")] == ["start child"]


def test_a_grandchild_counts_too(built: Builder) -> None:
    run = built.pipeline(status="success")
    inner = child(built, run)
    built.job(child(built, inner), "deep", "failed")
    (failure,) = built.rows("select pipeline_id, job_name, trigger_name from nightly_failures")
    assert failure == {"pipeline_id": run, "job_name": "deep", "trigger_name": "start child / start child"}


def test_every_pipeline_of_a_run_has_its_schedule(built: Builder) -> None:
    run = built.pipeline(schedule_id=9)
    inner = child(built, run, allow_failure=True)
    deep = child(built, inner)
    built.pipeline(source="push")
    built.schedule(9, description="Weekly")
    first = {"project_id": 1, "run_id": run, "schedule_id": 9}
    assert built.rows("from nightly_pipelines order by pipeline_id") == [
        first | {"pipeline_id": run, "trigger_name": None, "allowed": False},
        first | {"pipeline_id": inner, "trigger_name": "start child", "allowed": True},
        first | {"pipeline_id": deep, "trigger_name": "start child / start child", "allowed": True},
    ]


def test_a_child_without_a_link_belongs_to_the_newest_pipeline_of_its_commit(built: Builder) -> None:
    run = built.pipeline(status="success", sha="abc")
    built.pipeline(status="success", sha="other", source="push")
    built.job(built.pipeline(status="failed", sha="abc", source="parent_pipeline"), "integration", "failed")
    assert [f["pipeline_id"] for f in built.rows("select pipeline_id from nightly_failures")] == [run]
    pushed = built.pipeline(status="success", sha="abc", source="push")
    built.job(built.pipeline(status="failed", sha="abc", source="parent_pipeline"), "integration", "failed")
    assert pushed and len(built.rows("select * from nightly_failures")) == 1


def test_the_child_of_a_retried_trigger_job_is_replaced(built: Builder) -> None:
    run = built.pipeline(status="success")
    built.job(child(built, run, status="failed"), "integration", "failed")
    again = built.pipeline(status="success", source="parent_pipeline", parent=run)
    built.job(run, "start child", kind="bridge", downstream=again)
    built.job(again, "integration", "success")
    assert states(built) == ["passed"]
    assert built.rows("select * from nightly_failures") == []


@pytest.mark.parametrize(
    ("zone", "created_at", "night"),
    [
        ("UTC", datetime(2026, 3, 10, 23, 30), date(2026, 3, 10)),
        ("Europe/Berlin", datetime(2026, 3, 10, 23, 30), date(2026, 3, 11)),
        ("Europe/Berlin", datetime(2026, 3, 10, 22, 59), date(2026, 3, 10)),
        # Summer time in Berlin from 29 March 2026, 01:00 UTC: midnight moves from 23:00 to 22:00 UTC.
        ("Europe/Berlin", datetime(2026, 3, 28, 22, 30), date(2026, 3, 28)),
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 30), date(2026, 3, 30)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 30), date(2026, 10, 25)),
        # Los Angeles: 8 March 2026 is 23 hours long, 1 November 25.
        ("America/Los_Angeles", datetime(2026, 3, 8, 7, 59), date(2026, 3, 7)),
        ("America/Los_Angeles", datetime(2026, 3, 8, 8, 0), date(2026, 3, 8)),
        ("America/Los_Angeles", datetime(2026, 3, 9, 6, 59), date(2026, 3, 8)),
        ("America/Los_Angeles", datetime(2026, 3, 9, 7, 0), date(2026, 3, 9)),
        ("America/Los_Angeles", datetime(2026, 11, 2, 7, 59), date(2026, 11, 1)),
    ],
)
def test_a_night_is_the_teams_day(built: Builder, zone: str, created_at: datetime, night: date) -> None:
    built.zone(zone)
    built.pipeline(created_at)
    assert built.rows("select night from nightly_runs") == [{"night": night}]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-06-15"])
def test_a_days_first_instant_is_in_it_and_the_one_before_is_not(built: Builder, zone: str, day: str) -> None:
    built.zone(zone)
    (found,) = built.rows(
        f"select team_day(team_day_start(date '{day}')) as first,"
        f" team_day(team_day_start(date '{day}') - interval 1 microsecond) as before"
    )
    assert found["first"].isoformat() == day
    assert found["before"] == found["first"] - DAY


@pytest.mark.parametrize(
    ("patterns", "counted"),
    [
        ([], ["Nightly", "Weekly report", None]),
        ([("description", "night*")], ["Nightly"]),
        ([("description", "*REPORT")], ["Weekly report"]),
        ([("ref", "release/*")], ["Weekly report"]),
        ([("username", "bot-*")], [None]),
        ([("description", "night*"), ("username", "bot-*")], ["Nightly", None]),
        ([("description", "nothing")], []),
    ],
)
def test_patterns_narrow_what_is_a_nightly(
    built: Builder, patterns: list[tuple[str, str]], counted: list[str | None]
) -> None:
    built.schedule(8, description="Weekly report", ref="release/1")
    built.pipeline()
    built.pipeline(schedule_id=8, ref="release/1")
    built.job(built.pipeline(schedule_id=None), username="bot-night")
    built.nightly(*patterns)
    found = built.rows("select schedule_description as d from nightly_runs order by pipeline_id")
    assert [one["d"] for one in found] == counted


def test_the_last_run_of_a_night_decides(built: Builder) -> None:
    built.night(MIDNIGHT, failed=["lint"])
    built.night(MIDNIGHT + timedelta(hours=5), passed=["lint"])
    assert built.rows("select state, runs, is_new from nightly_nights") == [
        {"state": "passed", "runs": 2, "is_new": False}
    ]
    assert built.rows("select is_last from nightly_failures") == [{"is_last": False}]


def test_new_still_red_and_recovered(built: Builder) -> None:
    for night, failed in enumerate([(), ("lint",), ("lint", "unit"), ("lint",), (), ("lint",)]):
        passed = [name for name in ("lint", "unit") if name not in failed]
        built.night(MIDNIGHT + night * DAY, failed=failed, passed=passed)
    first = date(2026, 3, 10)
    found = built.rows("select night, job_name, is_new, red_since, nights_red from nightly_failures order by 1, 2")
    assert [tuple(one.values()) for one in found] == [
        (first + DAY, "lint", True, first + DAY, 1),
        (first + 2 * DAY, "lint", False, first + DAY, 2),
        (first + 2 * DAY, "unit", True, first + 2 * DAY, 1),
        (first + 3 * DAY, "lint", False, first + DAY, 3),
        (first + 5 * DAY, "lint", True, first + 5 * DAY, 1),
    ]
    nights = built.rows("select is_new, is_recovered, red_since, nights_red from nightly_nights order by night")
    assert [tuple(one.values()) for one in nights] == [
        (False, False, None, None),
        (True, False, first + DAY, 1),
        (False, False, first + DAY, 2),
        (False, False, first + DAY, 3),
        (False, True, None, None),
        (True, False, first + 5 * DAY, 1),
    ]


def test_canceled_nights_say_nothing(built: Builder) -> None:
    built.night(MIDNIGHT, failed=["lint"])
    built.job(built.pipeline(MIDNIGHT + DAY, "canceled"), "lint", "canceled", MIDNIGHT + DAY)
    built.night(MIDNIGHT + 2 * DAY, failed=["lint"])
    found = built.rows("select is_new, nights_red, red_since from nightly_failures order by night desc limit 1")
    assert found == [{"is_new": False, "nights_red": 2, "red_since": date(2026, 3, 10)}]
    last = built.rows("select previous_state, is_new from nightly_nights order by night desc limit 1")
    assert last == [{"previous_state": "failed", "is_new": False}]


def test_the_same_name_elsewhere_is_another_job(built: Builder) -> None:
    built.project(2, "acme/web/site")
    built.schedule(9, description="Second")
    built.night(MIDNIGHT, failed=["lint"])
    built.night(MIDNIGHT + DAY, failed=["lint"], schedule_id=9)
    built.night(MIDNIGHT + DAY, failed=["lint"], project_id=2)
    assert [f["is_new"] for f in built.rows("select is_new from nightly_failures")] == [True] * 3


def test_links_are_web_addresses_or_none(built: Builder) -> None:
    built.project(web_url="javascript:alert(1)")
    run = built.pipeline(status="failed", web_url="javascript:alert(1)")
    built.job(run, status="failed", web_url="data:text/html,x")
    assert built.rows("select job_web_url, pipeline_web_url from nightly_failures") == [
        {"job_web_url": None, "pipeline_web_url": None}
    ]


def test_a_job_without_an_address_is_found_below_its_project(built: Builder) -> None:
    job = built.job(built.pipeline(status="failed"), status="failed", web_url=None)
    found = built.rows("select job_web_url from nightly_failures")
    assert found == [{"job_web_url": f"https://gitlab.example/acme/core/engine/-/jobs/{job}"}]
