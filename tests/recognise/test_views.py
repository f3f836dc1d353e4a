"""The views over hand-made rows: one row per failed job, one per signature; new, spread, impact, retries, logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashlib.failures.settle import settle
from dashlib.model import Put
from dashlib.sources.tables import JOBS
from dashlib.store import bookkeeping
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)


def failed(built: Builder, pipeline: int | None = None, name: str = "test", **values: Any) -> int:
    at: datetime = values.pop("at", MIDNIGHT)
    return built.job(pipeline or built.pipeline(at, "failed"), name, "failed", at, finished_at=at, **values)


def test_a_whole_row(built: Builder) -> None:
    built.user(3, "ada", "Ada Lovelace", public_email="ada@example.com")
    pipeline = built.pipeline(status="failed")
    job = failed(built, pipeline, user_id=3, username="ada", ref="main", sha="f" * 40)
    built.trace(job, "boom")
    built.failure(job, "sig", category="crash", reason="boom", lines=[{"number": 1, "text": "boom"}])
    settle(built.store)
    [row] = built.rows("select * from job_failures")
    assert row == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "job_id": job,
        "job_name": "test",
        "kind": "build",
        "stage": "test",
        "pipeline_id": pipeline,
        "ref": "main",
        "sha": "f" * 40,
        "pipeline_source": "schedule",
        "allow_failure": False,
        "failure_reason": "script_failure",
        "failed_at": MIDNIGHT,
        "started_at": MIDNIGHT,
        "duration": 300.0,
        "runner_description": "runner-1",
        "username": "ada",
        "person": "gitlab:3",
        "job_web_url": f"https://gitlab.example/p/1/-/jobs/{job}",
        "pipeline_web_url": f"https://gitlab.example/p/1/-/pipelines/{pipeline}",
        "is_nightly": True,
        "night": MIDNIGHT.date(),
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "run_id": pipeline,
        "trigger_name": None,
        "attempt": 1,
        "attempts": 1,
        "passed_on_retry": False,
        "state": "explained",
        "is_gitlabs_word": False,
        "log": "stored",
        "category": "crash",
        "reason": "boom",
        "signature": "sig",
        "signature_id": row["signature_id"],
        "rule": "test.rule",
        "rule_line": 1,
        "confidence": 0.9,
        "lines": [{"number": 1, "text": "boom"}],
        "rules_version": "v1",
        "green_job_id": None,
        "in_green_log": None,
        "first_seen_at": MIDNIGHT,
        "issue_project_id": None,
        "issue_iid": None,
        "issue_title": None,
        "issue_state": None,
        "issue_url": None,
        "assignee": None,
        "linked_by": None,
        "link_rule_id": None,
        "assigned_by": None,
        "issue_closed_at": None,
        "issue_returned": False,
    }
    assert len(row["signature_id"]) == 12


def test_one_row_per_attempt_that_failed(built: Builder) -> None:
    pipeline = built.pipeline(status="success", source="push")
    jobs = [failed(built, pipeline), failed(built, pipeline), built.job(pipeline, "test", "success")]
    failed(built, pipeline, "other")
    found = built.rows(
        "select job_id, attempt, attempts, passed_on_retry, is_nightly, state from job_failures"
        " where job_name = 'test' order by attempt"
    )
    rest = {"attempts": 3, "passed_on_retry": True, "is_nightly": False, "state": "not_analysed"}
    assert found == [{"job_id": jobs[0], "attempt": 1, **rest}, {"job_id": jobs[1], "attempt": 2, **rest}]
    assert built.rows("select passed_on_retry from job_failures where job_name = 'other'") == [
        {"passed_on_retry": False}
    ]


def test_a_trigger_job_counts_where_no_job_behind_it_does(built: Builder) -> None:
    run = built.pipeline(status="failed")
    child = built.pipeline(status="failed", source="parent_pipeline", parent=run)
    failed(built, run, "echo", kind="bridge", downstream=child)
    inner = failed(built, child, "inner")
    empty = built.pipeline(status="failed", source="parent_pipeline", parent=run)
    alone = failed(built, run, "alone", kind="bridge", downstream=empty)
    found = built.rows("select job_id, log, is_nightly, trigger_name from job_failures order by job_id")
    assert found == [
        {"job_id": inner, "log": "not_read", "is_nightly": True, "trigger_name": "echo"},
        {"job_id": alone, "log": "none", "is_nightly": True, "trigger_name": None},
    ]


def test_where_the_log_is(built: Builder) -> None:
    jobs = {name: failed(built, name=name) for name in ("stored", "incomplete", "missing", "not_read")}
    jobs["erased"] = failed(built, name="erased", erased_at=MIDNIGHT)
    built.trace(jobs["stored"], "text")
    built.trace(jobs["incomplete"], "text", complete=False)
    asked = {"source": "gitlab", "project_id": 1, "resource": "logs", "tries": 2, "asked_at": MIDNIGHT}
    built.store.write(Put(bookkeeping.ASKED, [asked | {"ref": str(jobs["missing"]), "outcome": "missing"}]))
    assert {row["job_name"]: row["log"] for row in built.rows("select job_name, log from job_failures")} == {
        name: name for name in jobs
    }


def test_a_signature_with_its_spread_and_impact(built: Builder) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    built.project(2, "acme/web/site")
    built.project(3, "acme/data/lake")
    back: dict[int, list[float]] = {1: [40, 0.5], 2: [20, 3], 3: [30]}
    for project, days in back.items():
        for ago in days:
            at = now - ago * DAY
            pipeline = built.pipeline(at, "failed", project, source="push" if project == 2 else "schedule")
            job = built.job(pipeline, "test", "failed", at, project, finished_at=at)
            built.failure(job, "sig", project, category="network" if ago > 1 else "dependency")
    built.failure(failed(built, at=now - 90 * DAY), "other")
    settle(built.store)
    [row] = built.rows("select * from failure_signatures where signature = 'sig'")
    wanted = {
        "category": "dependency",
        "failures": 5,
        "jobs": 3,
        "repositories": 3,
        "nights": 3,
        "nightly_failures": 3,
        "failures_1d": 1,
        "failures_7d": 2,
        "failures_30d": 3,
        "repositories_1d": 1,
        "repositories_7d": 2,
        "repositories_30d": 2,
        "is_new": False,
        "first_project_id": 1,
        "first_path_with_namespace": "acme/core/engine",
        "spread": ["acme/core/engine", "acme/data/lake", "acme/web/site"],
        "last_project_id": 1,
        "issue_iid": None,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert abs(row["first_seen_at"] - (now - 40 * DAY)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("first_of_all", "first_seen", "days", "new"),
    [
        (90, 2, 14, True),
        (90, 20, 14, False),
        (90, 20, 30, True),
        (90, 0.2, 1, True),
        # What was there when the history begins may be as old as the hills.
        (3, 3, 14, False),
        (3, 2.5, 14, False),
        (3, 1, 14, True),
    ],
)
def test_new_is_what_was_never_seen_before(
    built: Builder, first_of_all: float, first_seen: float, days: int, new: bool
) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    for signature, ago in (("oldest", first_of_all), ("this", first_seen)):
        built.failure(failed(built, name=signature, at=now - ago * DAY), signature)
    # Seen again today: that makes nothing new.
    built.failure(failed(built, name="again", at=now), "this")
    settle(built.store)
    found = built.rows(
        f"select newly_seen(first_seen_at, days := {days}) as n from signatures where signature = 'this'"
    )
    assert found == [{"n": new}]


def test_one_row_per_failed_job_whatever_hangs_on_it(built: Builder) -> None:
    """The grain: no join doubles a job."""
    built.user(1, "ada", "Ada", public_email="a@example.com")
    built.user(2, "ada", "Ada again", public_email="b@example.com")
    run = built.pipeline(status="failed")
    for parent in (run, built.pipeline(status="failed")):
        child = built.pipeline(status="failed", source="parent_pipeline", parent=parent)
        for name in ("a", "b"):
            built.failure(failed(built, child, name, user_id=1, username="ada"), "sig")
            failed(built, run, name, user_id=2, username="ada")
    settle(built.store)
    jobs = built.rows(f"select count(*) as n from {JOBS.name} where status = 'failed'")
    assert built.rows("select count(*) as n from job_failures") == jobs
    assert built.rows("select count(distinct (project_id, job_id)) as n from job_failures") == jobs
