"""Pipelines, jobs and trigger jobs, whole rows at a time: what is in the payload, what is not, what it means."""

from __future__ import annotations

from datetime import datetime

from dashlib.sources.gitlab.pipelines import bridge_rows, job_row, pipeline_detail_row, pipeline_row
from dashlib.sources.gitlab.status import rank
from dashlib.sources.tables import PIPELINES
from tests.sources.payloads import gitlab

SHA = "9f3c1d0e5b7a4c2d8e6f9f3c1d0e5b7a4c2d8e6f"


def test_pipeline() -> None:
    first, second, third = (pipeline_row(4711, json) for json in gitlab("pipelines"))
    assert first == {
        "project_id": 4711,
        "id": 9001,
        "iid": 12,
        "source": "schedule",
        "ref": "main",
        "sha": SHA,
        "status": "failed",
        "name": "nightly build",
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api/-/pipelines/9001",
        "created_at": datetime(2026, 3, 11, 1, 15, 2, 481000),
        "by_api": True,
        "identified_at": datetime(2026, 3, 11, 1, 31, 40, 7000),
        "updated_at": datetime(2026, 3, 11, 1, 31, 40, 7000),
        "changed_at": datetime(2026, 3, 11, 1, 31, 40),
        "state_rank": rank("failed"),
    }
    assert second["source"] == "schedule", "the documentation's own spelling"
    assert second["updated_at"] == second["created_at"] == datetime(2026, 3, 11, 1, 16, 2, 481000)
    assert (third["status"], third["updated_at"], third["state_rank"]) == ("resting_from_2031", None, rank("running"))


def test_pipeline_detail() -> None:
    row = pipeline_detail_row(4711, gitlab("pipeline_detail"))
    state = PIPELINES.groups["identity"].columns + PIPELINES.groups["state"].columns
    listed = pipeline_row(4711, gitlab("pipelines")[0])
    assert {name: row[name] for name in state if name != "name"} == {
        name: listed[name] for name in state if name != "name"
    }
    assert {name: row[name] for name in PIPELINES.groups["run"].columns + PIPELINES.groups["detail"].columns} == {
        "tag": False,
        "before_sha": "0" * 40,
        "yaml_errors": "jobs:test config contains unknown keys: skript",
        "coverage": 81.25,
        "queued_duration": 3.0,
        "detail_started_at": datetime(2026, 3, 11, 1, 15, 5, 100000),
        "detail_finished_at": datetime(2026, 3, 11, 1, 31, 39, 900000),
        "detail_duration": 912.0,
        "detail_user_id": 71,
        "detail_username": "ida.lund",
        "run_at": datetime(2026, 3, 11, 1, 31, 40),
        "run_rank": rank("failed"),
        "detail_at": datetime(2026, 3, 11, 1, 31, 40, 7000),
    }


def test_job() -> None:
    assert job_row(4711, gitlab("jobs")[0]) == {
        "project_id": 4711,
        "id": 70012,
        "pipeline_id": 9001,
        "kind": "build",
        "name": "test: [3.12, linux]",
        "stage": "test",
        "status": "failed",
        "allow_failure": False,
        "failure_reason": "beacon_went_dark_2031",
        "created_at": datetime(2026, 3, 11, 1, 15, 2, 500000),
        "started_at": datetime(2026, 3, 11, 1, 15, 40),
        "finished_at": datetime(2026, 3, 11, 1, 21, 42, 250000),
        "duration": 362.25,
        "queued_duration": 1.5,
        "user_id": 71,
        "username": "ida.lund",
        "runner_id": 5,
        "runner_description": "runner-a.fjordlys.example",
        "runner_type": "instance_type",
        "changed_at": datetime(2026, 3, 11, 1, 21, 42),
        "state_rank": rank("failed"),
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "coverage": 81.25,
        "tag_list": ["docker", "linux"],
        "erased_at": None,
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api/-/jobs/70012",
    }


def test_job_with_nobody_and_nothing() -> None:
    _, passed, waiting = (job_row(4711, json) for json in gitlab("jobs"))
    assert passed["failure_reason"] is None, "hooks say unknown_failure of jobs that succeed"
    assert (passed["user_id"], passed["runner_id"], passed["sha"]) == (None, None, "9f3c1d0e")
    assert (passed["tag"], passed["allow_failure"], passed["tag_list"], passed["coverage"]) == (True, True, [], None)
    assert passed["erased_at"] == datetime(2026, 3, 12)
    assert (waiting["pipeline_id"], waiting["sha"], waiting["duration"]) == (None, None, None)
    assert waiting["changed_at"] == datetime(2026, 3, 11, 1, 15, 2)


def test_bridges() -> None:
    (child, link), (other, none), (skipped, nothing), (old, old_link) = (
        bridge_rows(4711, json) for json in gitlab("bridges")
    )
    assert (child["kind"], child["pipeline_id"], child["duration"]) == ("bridge", 9001, 60.0)
    assert (child["downstream_project_id"], child["downstream_pipeline_id"]) == (4711, 9009)
    assert link == {"project_id": 4711, "id": 9009, "parent_project_id": 4711, "parent_pipeline_id": 9001}
    assert (other["downstream_project_id"], other["downstream_pipeline_id"], none) == (99, 12345, None)
    assert other["failure_reason"] == "downstream_pipeline_creation_failed"
    assert (skipped["downstream_project_id"], skipped["downstream_pipeline_id"], nothing) == (None, None, None)
    assert (old["downstream_project_id"], old_link) == (None, dict(link or {}) | {"id": 9010}), "older: which project?"


def test_what_ends_is_later_than_what_runs_is_later_than_what_waits() -> None:
    order = [
        "created",
        "waiting_for_resource",
        "manual",
        "skipped",
        "pending",
        "running",
        "canceling",
        "success",
        "failed",
        "canceled",
    ]
    ranks = [rank(status) for status in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert rank("a status from the future") == rank(None) == rank("running")
