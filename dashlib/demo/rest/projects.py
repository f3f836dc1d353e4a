"""Projects and groups (GITLAB.md 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from dashlib.demo.calls import ApiError, Call, Handler, Reply, not_found, text_reply
from dashlib.demo.model import Project
from dashlib.demo.paging import keyset, page
from dashlib.demo.render_base import group_id

_READER = 20
_ORDERS: dict[str, Callable[[Project], tuple[str | datetime | int, int]]] = {
    "id": lambda project: (project.id, project.id),
    "name": lambda project: (project.name.lower(), project.id),
    "path": lambda project: (project.path, project.id),
    "created_at": lambda project: (project.created_at, project.id),
    "updated_at": lambda project: (project.updated_at, project.id),
    "last_activity_at": lambda project: (project.last_activity_at, project.id),
    "star_count": lambda project: (project.id % 5, project.id),
    "similarity": lambda project: (project.name.lower(), project.id),
}


def _matches(call: Call, rows: Iterable[Project]) -> list[Project]:
    found = list(rows)
    if call.get("archived") is not None:
        wanted = call.flag("archived")
        found = [project for project in found if project.archived == wanted]
    if call.flag("membership") or call.flag("owned"):
        found = [project for project in found if project.token_member and not call.flag("owned")]
    level = call.number("min_access_level", 0)
    if level:
        found = [project for project in found if project.token_member and level <= _READER]
    if call.get("visibility"):
        found = [project for project in found if project.visibility == call.get("visibility")]
    search = (call.get("search") or "").lower()
    if search:
        whole = call.flag("search_namespaces")
        found = [
            project
            for project in found
            if search in f"{project.path if whole else project.slug} {project.name} {project.description}".lower()
        ]
    after, before = call.moment("last_activity_after"), call.moment("last_activity_before")
    low, high = call.number("id_after", 0), call.number("id_before", 1 << 62)
    return [
        project
        for project in found
        if (after is None or project.last_activity_at >= after)
        and (before is None or project.last_activity_at <= before)
        and low < project.id < high
    ]


def _listed(call: Call, rows: Iterable[Project]) -> Reply:
    simple, statistics = call.flag("simple"), call.flag("statistics")
    order = call.choice("order_by", tuple(_ORDERS), "created_at")
    descending = call.choice("sort", ("asc", "desc"), "desc") == "desc"
    found = sorted(_matches(call, rows), key=_ORDERS[order], reverse=descending)

    def render(project: Project) -> str:
        return call.render.project(project, simple=simple, statistics=statistics)

    if call.get("pagination") == "keyset":
        if order != "id":
            raise ApiError(405, {"error": "Keyset pagination is not yet available for this type of request"})
        return keyset(call, found, render, lambda project: project.id, "id_before" if descending else "id_after")
    return page(call, found, render, keyset_type="Project")


def projects(call: Call) -> Reply:
    """`GET /projects`."""
    return _listed(call, call.world.projects)


def project(call: Call) -> Reply:
    """`GET /projects/:id`."""
    return text_reply(call.render.project(call.project(), statistics=call.flag("statistics")))


def _groups(call: Call) -> list[str]:
    found: set[str] = set()
    for each in call.world.projects:
        path = each.namespace
        while path:
            found.add(path)
            path = path.rpartition("/")[0]
    return sorted(found)


def group_of(call: Call) -> str:
    """The full path of the group in the URL, by path or id; 404 otherwise."""
    key = call.args["id"]
    for path in _groups(call):
        if path == key or str(group_id(path)) == key:
            return path
    raise not_found("Group")


def groups(call: Call) -> Reply:
    """`GET /groups`."""
    search = (call.get("search") or "").lower()
    rows = [path for path in _groups(call) if search in path]
    if call.flag("top_level_only"):
        rows = [path for path in rows if "/" not in path]
    return page(call, rows, call.render.group)


def group(call: Call) -> Reply:
    """`GET /groups/:id`."""
    return text_reply(call.render.group(group_of(call)))


def subgroups(call: Call) -> Reply:
    """`GET /groups/:id/subgroups` and `/descendant_groups`."""
    top = group_of(call)
    deep = call.template.endswith("descendant_groups")
    rows = [path for path in _groups(call) if path.startswith(f"{top}/") and (deep or "/" not in path[len(top) + 1 :])]
    return page(call, rows, call.render.group)


def group_projects(call: Call) -> Reply:
    """`GET /groups/:id/projects`; those of subgroups only when asked for."""
    top = group_of(call)
    deep = call.flag("include_subgroups")
    rows = [each for each in call.world.projects if each.namespace == top or (deep and each.path.startswith(f"{top}/"))]
    return _listed(call, rows)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects", projects),
    ("GET", "/projects/:id", project),
    ("GET", "/groups", groups),
    ("GET", "/groups/:id", group),
    ("GET", "/groups/:id/subgroups", subgroups),
    ("GET", "/groups/:id/descendant_groups", subgroups),
    ("GET", "/groups/:id/projects", group_projects),
)
