"""Pipelines, jobs and bridges: GitLab's JSON to rows. Pure: no clock, no network, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import decimal, number, text, texts, thing, truth, word
from dashlib.sources.gitlab.status import rank


def pipeline_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """A pipeline as a list brings it: no duration, start, end or user there (doc/api/pipelines.md)."""
    created = stamps.utc(json.get("created_at"))
    updated = stamps.newest(stamps.utc(json.get("updated_at")), created)
    status = word(json.get("status"))
    return {
        "project_id": project_id,
        "id": number(json["id"]),
        "iid": number(json.get("iid")),
        "source": source_of(json.get("source")),
        "ref": text(json.get("ref")),
        "sha": text(json.get("sha")),
        "status": status,
        "name": text(json.get("name")),
        "web_url": text(json.get("web_url")),
        "created_at": created,
        "by_api": True,
        "identified_at": updated,
        "updated_at": updated,
        "changed_at": stamps.second(updated),
        "state_rank": rank(status),
    }


def source_of(value: Any) -> str | None:
    """What started a pipeline; GitLab's documents write ``scheduled`` where it says ``schedule``."""
    return "schedule" if value == "scheduled" else text(value)


def pipeline_detail_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """A pipeline as ``GET …/pipelines/:id`` brings it: the list's columns and the detail's."""
    row = pipeline_row(project_id, json)
    user = thing(json.get("user"))
    return {
        **row,
        "tag": truth(json.get("tag")),
        "before_sha": text(json.get("before_sha")),
        "yaml_errors": text(json.get("yaml_errors")),
        "coverage": decimal(json.get("coverage")),
        "queued_duration": decimal(json.get("queued_duration")),
        "detail_started_at": stamps.utc(json.get("started_at")),
        "detail_finished_at": stamps.utc(json.get("finished_at")),
        "detail_duration": decimal(json.get("duration")),
        "detail_user_id": number(user.get("id")),
        "detail_username": text(user.get("username")),
        "run_at": row["changed_at"],
        "run_rank": row["state_rank"],
        "detail_at": row["updated_at"],
    }


def job_row(project_id: int, json: Mapping[str, Any], kind: str = "build") -> Row:
    """One attempt of a job, from a pipeline's or a project's list (doc/api/jobs.md).

    ``failure_reason`` is kept as written, reasons of later versions too, and only where the job failed: hooks say
    ``unknown_failure`` of jobs that succeed.
    """
    status = word(json.get("status"))
    created, started, finished = (stamps.utc(json.get(f"{name}_at")) for name in ("created", "started", "finished"))
    user, runner = thing(json.get("user")), thing(json.get("runner"))
    return {
        "project_id": project_id,
        "id": number(json["id"]),
        "pipeline_id": number(thing(json.get("pipeline")).get("id")),
        "kind": kind,
        "name": text(json.get("name")),
        "stage": text(json.get("stage")),
        "status": status,
        "allow_failure": truth(json.get("allow_failure")),
        "failure_reason": text(json.get("failure_reason")) if status == "failed" else None,
        "created_at": created,
        "started_at": started,
        "finished_at": finished,
        "duration": decimal(json.get("duration")),
        "queued_duration": decimal(json.get("queued_duration")),
        "user_id": number(user.get("id")),
        "username": text(user.get("username")),
        "runner_id": number(runner.get("id")),
        "runner_description": text(runner.get("description")),
        "runner_type": text(runner.get("runner_type")),
        "changed_at": stamps.second(stamps.newest(created, started, finished)),
        "state_rank": rank(status),
        "ref": text(json.get("ref")),
        "tag": truth(json.get("tag")),
        "sha": text(thing(json.get("commit")).get("id")) or text(thing(json.get("pipeline")).get("sha")),
        "coverage": decimal(json.get("coverage")),
        "tag_list": texts(json.get("tag_list")),
        "erased_at": stamps.utc(json.get("erased_at")),
        "web_url": text(json.get("web_url")),
    }


def bridge_rows(project_id: int, json: Mapping[str, Any]) -> tuple[Row, Row | None]:
    """A trigger job, and the parent link of the pipeline that it started (None where it started none)."""
    downstream = thing(json.get("downstream_pipeline"))
    child, child_project = number(downstream.get("id")), number(downstream.get("project_id"))
    job = {
        **job_row(project_id, json, kind="bridge"),
        "downstream_project_id": child_project,
        "downstream_pipeline_id": child,
    }
    # Another project's pipeline may be one that this token cannot see: only children of the project get their parent.
    if child is None or child_project not in (None, project_id):
        return job, None
    parent = {
        "project_id": project_id,
        "id": child,
        "parent_project_id": project_id,
        "parent_pipeline_id": job["pipeline_id"],
    }
    return job, parent
