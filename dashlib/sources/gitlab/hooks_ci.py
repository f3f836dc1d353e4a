"""Pipeline and job hooks to rows, by the row functions of the API's lists. Pure.

A hook has no ``updated_at``: its version is the greatest time stamp inside it, ties are decided by the rank of its
status. A retried pipeline brings new jobs, so it may run again; an older "running" never overwrites a newer end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.hook_parts import Project, add_users, hook_commit, newest_in
from dashlib.sources.gitlab.pipelines import job_row, pipeline_detail_row
from dashlib.sources.gitlab.shapes import number, text, thing, things
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, each, only, whole
from dashlib.sources.tables import COMMITS, JOBS, MERGE_REQUESTS, PIPELINES, PROJECTS

_TIMES = ("created_at", "started_at", "finished_at")


def pipeline(hook: Hook) -> Shaped:
    """A pipeline with the latest attempt of each job, its merge request and the pipeline that started it."""
    body = thing(hook.payload)
    told, builds = thing(body.get("object_attributes")), things(body.get("builds"))
    ident = whole(told, "id", "the pipeline")
    at = newest_in(told, *builds, names=_TIMES)
    project = Project(hook, at)
    rows = Rows()
    rows.add(PROJECTS, project.row())
    rows.add(PIPELINES, *_pipeline_rows(project, ident, body, at))
    every = body.get("builds")
    jobs, left_out = each(
        every if isinstance(every, list) else [],
        lambda build: _build(project.id, ident, told, thing(build)),
        needed=False,
    )
    rows.add(JOBS, *jobs)
    rows.add(COMMITS, hook_commit(project.id, thing(body.get("commit"))))
    rows.add(MERGE_REQUESTS, _merge_request(project.id, thing(body.get("merge_request"))))
    add_users(rows, [body.get("user"), *(build.get("user") for build in builds)])
    return Shaped(rows.changes(), project.id, project.path, f"pipeline:{ident}", at, left_out)


def _pipeline_rows(project: Project, ident: int, body: Mapping[str, Any], at: datetime | None) -> list[Row]:
    """The pipeline; and its merge request and its parent where it has them, each said apart from the rest."""
    told = thing(body.get("object_attributes"))
    address = text(told.get("url")) or (f"{project.web_url}/-/pipelines/{ident}" if project.web_url else None)
    updated = None if at is None else at.isoformat() + "Z"
    known = {**told, "web_url": address, "updated_at": updated, "user": body.get("user")}
    row = dict(pipeline_detail_row(project.id, known)) | {"by_api": False}
    parts = [only(PIPELINES, row, "identity", "state", "run")]
    key = {"project_id": project.id, "id": ident}
    iid = number(thing(body.get("merge_request")).get("iid"))
    if iid is not None:
        parts.append({**key, "merge_request_iid": iid})
    source = thing(body.get("source_pipeline"))
    above = number(source.get("pipeline_id"))
    if above is not None:
        owner = number(thing(source.get("project")).get("id"))
        parts.append({**key, "parent_project_id": owner or project.id, "parent_pipeline_id": above})
    return parts


def _build(project_id: int, pipeline_id: int, told: Mapping[str, Any], build: Mapping[str, Any]) -> Row:
    """A job as pipeline hooks show it. Of a merge request's pipeline they tell the branch, not its ref.

    Raises Unshapeable for what has no number a job can have.
    """
    if whole(build, "id", "a build") <= 0:
        raise Unshapeable("the id of a build is not positive")
    of = {"pipeline": {"id": pipeline_id, "sha": told.get("sha")}, "ref": told.get("ref"), "tag": told.get("tag")}
    row = job_row(project_id, {**build, **of, "user": build.get("user"), "commit": None})
    return only(JOBS, row, "state") if told.get("source") == "merge_request_event" else only(JOBS, row, "state", "ref")


def job(hook: Hook) -> Shaped:
    """One attempt of a job; ``commit.id`` is the pipeline's number there, ``build_failure_reason`` often untrue."""
    body = thing(hook.payload)
    said = {name.removeprefix("build_"): value for name, value in body.items() if name.startswith("build_")}
    ident = whole(said, "id", "the job")
    for name in _TIMES:
        # The whole second of build_*_iso is as good as any spelling that cannot be read.
        if stamps.utc(said.get(name)) is None:
            said[name] = said.get(f"{name}_iso")
    at = newest_in(said, names=_TIMES)
    project = Project(hook, at)
    pipeline_id = number(body.get("pipeline_id")) or number(thing(body.get("commit")).get("id"))
    of = {"pipeline": {"id": pipeline_id}, "commit": {"id": body.get("sha")}}
    told = {name: body.get(name) for name in ("ref", "tag", "user", "runner")}
    row = job_row(project.id, {**said, **told, **of})
    rows = Rows()
    rows.add(PROJECTS, project.row())
    rows.add(JOBS, only(JOBS, row, "state", "ref"))
    add_users(rows, [body.get("user")])
    return Shaped(rows.changes(), project.id, project.path, f"job:{ident}", at)


def _merge_request(project_id: int, json: Mapping[str, Any]) -> Row | None:
    """What a pipeline says of its merge request: enough where nothing else is known, never newer than its own hook."""
    iid = number(json.get("iid"))
    if iid is None or number(json.get("target_project_id")) not in (None, project_id):
        return None
    nothing = dict.fromkeys(MERGE_REQUESTS.groups["merge_request"].columns)
    return nothing | {
        "project_id": project_id,
        "iid": iid,
        "id": number(json.get("id")),
        "title": text(json.get("title")),
        "state": text(json.get("state")),
        "source_branch": text(json.get("source_branch")),
        "target_branch": text(json.get("target_branch")),
        "source_project_id": number(json.get("source_project_id")),
        "detailed_merge_status": text(json.get("detailed_merge_status")),
        "web_url": text(json.get("url")),
    }
