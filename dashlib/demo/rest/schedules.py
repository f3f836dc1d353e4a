"""Pipeline schedules (GITLAB.md 2.4)."""

from __future__ import annotations

from dashlib.demo.calls import Call, Handler, Reply, not_found, text_reply
from dashlib.demo.model import Schedule
from dashlib.demo.paging import page
from dashlib.demo.rest.pipelines import matching

_PRIME = 7919


def schedules(call: Call) -> Reply:
    """`GET …/pipeline_schedules`, by `scope`."""
    rows = call.ci_project().schedules
    scope = call.get("scope")
    if scope in {"active", "inactive"}:
        rows = [schedule for schedule in rows if schedule.active == (scope == "active")]
    now = call.world.now
    return page(call, rows, lambda schedule: call.render.schedule(schedule, now))


def _schedule(call: Call) -> Schedule:
    wanted = call.id_of("schedule_id")
    for schedule in call.ci_project().schedules:
        if schedule.id == wanted:
            return schedule
    raise not_found("Pipeline Schedule")


def schedule(call: Call) -> Reply:
    """`GET …/pipeline_schedules/:id`."""
    return text_reply(call.render.full_schedule(_schedule(call), call.world.now))


def schedule_pipelines(call: Call) -> Reply:
    """`GET …/pipeline_schedules/:id/pipelines`: oldest first unless asked otherwise.

    Old versions know no parameters but paging, and their order is not defined: here it is scrambled.
    """
    rows = _schedule(call).pipelines
    if call.old_schedule_api:
        return page(call, sorted(rows, key=lambda each: each.id * _PRIME % 10_007), call.render.pipeline)
    found = matching(call, rows)
    if call.choice("sort", ("asc", "desc"), "asc") == "desc":
        found = found[::-1]
    return page(call, found, call.render.pipeline)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects/:id/pipeline_schedules", schedules),
    ("GET", "/projects/:id/pipeline_schedules/:schedule_id", schedule),
    ("GET", "/projects/:id/pipeline_schedules/:schedule_id/pipelines", schedule_pipelines),
)
