"""Pipelines and their jobs (GITLAB.md 2.3, 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from dashlib.demo.calls import ApiError, Call, Handler, Reply, invalid, text_reply
from dashlib.demo.model import Job, Pipeline
from dashlib.demo.paging import page

STATUSES = (
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
)
SOURCES = (
    "push",
    "web",
    "trigger",
    "schedule",
    "api",
    "external",
    "pipeline",
    "chat",
    "webide",
    "merge_request_event",
    "external_pull_request_event",
    "parent_pipeline",
    "ondemand_dast_scan",
    "ondemand_dast_validation",
    "security_orchestration_policy",
    "container_registry_push",
    "duo_workflow",
    "pipeline_execution_policy_schedule",
)
FINISHED = {"success", "failed", "canceled", "skipped"}
_ORDERS: dict[str, Callable[[Pipeline], tuple[str | datetime | int, int]]] = {
    "id": lambda pipeline: (pipeline.id, pipeline.id),
    "status": lambda pipeline: (pipeline.status, pipeline.id),
    "ref": lambda pipeline: (pipeline.ref, pipeline.id),
    "updated_at": lambda pipeline: (pipeline.updated_at, pipeline.id),
    "user_id": lambda pipeline: (pipeline.user.id if pipeline.user else 0, pipeline.id),
}


def _in_scope(rows: list[Pipeline], scope: str | None) -> list[Pipeline]:
    if scope in {"running", "pending"}:
        return [pipeline for pipeline in rows if pipeline.status == scope]
    if scope == "finished":
        return [pipeline for pipeline in rows if pipeline.status in FINISHED]
    if scope in {"branches", "tags"}:
        wanted = [each for each in rows if each.tag == (scope == "tags") and not each.ref.startswith("refs/")]
        return sorted({each.ref: each for each in wanted}.values(), key=lambda each: each.id)
    return rows


def matching(call: Call, rows: Iterable[Pipeline]) -> list[Pipeline]:
    """The pipelines the filters leave, oldest first; an unknown `source` or `status` filters nothing."""
    found = list(rows)
    for name, known in (("status", STATUSES), ("source", SOURCES)):
        value = call.get(name)
        if value in known:
            found = [pipeline for pipeline in found if getattr(pipeline, name) == value]
    for name in ("ref", "sha", "name"):
        value = call.get(name)
        if value:
            found = [pipeline for pipeline in found if getattr(pipeline, name) == value]
    username = call.get("username")
    if username:
        found = [pipeline for pipeline in found if pipeline.user and pipeline.user.username == username]
    for name in ("updated", "created"):
        after, before = call.moment(f"{name}_after"), call.moment(f"{name}_before")
        if after is not None:
            found = [pipeline for pipeline in found if getattr(pipeline, f"{name}_at") >= after]
        if before is not None:
            found = [pipeline for pipeline in found if getattr(pipeline, f"{name}_at") <= before]
    if call.flag("yaml_errors"):
        return []
    return _in_scope(found, call.get("scope"))


def pipelines(call: Call) -> Reply:
    """`GET …/pipelines`: child pipelines only with `source=parent_pipeline`."""
    rows = call.ci_project().pipelines
    if call.get("source") != "parent_pipeline":
        rows = [pipeline for pipeline in rows if not pipeline.is_child]
    order = call.choice("order_by", tuple(_ORDERS), "id")
    descending = call.choice("sort", ("asc", "desc"), "desc") == "desc"
    found = sorted(matching(call, rows), key=_ORDERS[order], reverse=descending)
    return page(call, found, call.render.pipeline)


def pipeline(call: Call) -> Reply:
    """`GET …/pipelines/:id`; `latest` answers 403 when there is none."""
    if call.args["pipeline_id"] != "latest":
        return text_reply(call.render.full_pipeline(call.pipeline()))
    project = call.ci_project()
    ref = call.get("ref") or project.default_branch
    for each in reversed(project.pipelines):
        if each.ref == ref and not each.is_child:
            return text_reply(call.render.full_pipeline(each))
    raise ApiError(403, {"message": "403 Forbidden"})


def in_scopes(call: Call, rows: list[Job]) -> list[Job]:
    """The jobs whose status is in `scope[]`; 400 for a status that does not exist."""
    scopes = call.many("scope")
    if not set(scopes) <= set(STATUSES):
        raise invalid("scope", "does not have a valid value")
    return [job for job in rows if job.status in scopes] if scopes else rows


def pipeline_jobs(call: Call) -> Reply:
    """`GET …/pipelines/:id/jobs`: the latest attempt of each name unless `include_retried`, newest first."""
    rows = call.pipeline().jobs
    if not call.flag("include_retried"):
        rows = [job for job in rows if not job.retried]
    found = sorted(in_scopes(call, rows), key=lambda job: -job.id)
    return page(call, found, call.render.job)


def bridges(call: Call) -> Reply:
    """`GET …/pipelines/:id/bridges`."""
    found = sorted(in_scopes(call, call.pipeline().bridges), key=lambda job: -job.id)
    return page(call, found, call.render.bridge)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects/:id/pipelines", pipelines),
    ("GET", "/projects/:id/pipelines/:pipeline_id", pipeline),
    ("GET", "/projects/:id/pipelines/:pipeline_id/jobs", pipeline_jobs),
    ("GET", "/projects/:id/pipelines/:pipeline_id/bridges", bridges),
)
