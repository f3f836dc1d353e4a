"""A project's jobs and their logs (GITLAB.md 2.5, 2.6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from dashlib.demo.calls import ApiError, Call, Handler, Reply, not_found, text_reply
from dashlib.demo.logs import render_log
from dashlib.demo.model import Job
from dashlib.demo.paging import from_cursor, keyset, page
from dashlib.demo.rest.pipelines import in_scopes

STORAGE = "/-/demo/storage/traces"


def _id(job: Job) -> int:
    return job.id


def jobs(call: Call) -> Reply:
    """`GET …/jobs`: newest first, retried attempts included, no date filter and never a total."""
    rows = call.ci_project().jobs
    descending = call.choice("sort", ("asc", "desc"), "desc") == "desc"
    by_keyset = call.get("pagination") == "keyset"
    if by_keyset and (call.get("order_by") or "id") != "id":
        raise ApiError(405, {"error": "Keyset pagination is not yet available for this type of request"})
    cursor = call.get("cursor")
    if by_keyset and cursor:
        last = from_cursor(cursor)
        rows = rows[: bisect_left(rows, last, key=_id)] if descending else rows[bisect_right(rows, last, key=_id) :]
    found = in_scopes(call, rows)
    found = found[::-1] if descending else found
    if by_keyset:
        return keyset(call, found, call.render.job, _id, "cursor")
    return page(call, found, call.render.job, counted=False, keyset_type="Ci::Build")


def job(call: Call) -> Reply:
    """`GET …/jobs/:id`."""
    return text_reply(call.render.job(call.job()))


def trace(call: Call) -> Reply:
    """`GET …/jobs/:id/trace`: the whole log; erased ones are 404, some lie on an object storage behind a redirect."""
    found = call.job()
    if found.trace == "missing":
        raise not_found("")
    if found.trace == "redirect":
        location = f"{call.base_url}{STORAGE}/{found.id}.log?signature=demo"
        return Reply(302, b"", "text/plain", {"Location": location})
    return trace_reply(found)


def trace_reply(found: Job) -> Reply:
    """The bytes of a log as GitLab sends them."""
    headers = {"Content-Disposition": f'infile; filename="{found.id}.log"'}
    return Reply(200, render_log(found), "text/plain", headers)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects/:id/jobs", jobs),
    ("GET", "/projects/:id/jobs/:job_id", job),
    ("GET", "/projects/:id/jobs/:job_id/trace", trace),
)
