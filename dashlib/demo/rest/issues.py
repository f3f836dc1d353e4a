"""Issues and their comments, the only things here that can be written (GITLAB.md 2.7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from dashlib.demo.calls import Call, Handler, Reply, invalid, not_found, text_reply
from dashlib.demo.model import Event, Issue, Note, Project, User
from dashlib.demo.paging import from_cursor, keyset, page
from dashlib.demo.rest.projects import group_of

_ORDERS: dict[str, Callable[[Issue], tuple[str | datetime, int]]] = {
    "created_at": lambda issue: (issue.created_at, issue.id),
    "updated_at": lambda issue: (issue.updated_at, issue.id),
    "title": lambda issue: (issue.title, issue.id),
}


def issues(call: Call) -> Reply:
    """`GET /projects/:id/issues` by state, labels, search, times and iids."""
    project = call.project()
    return _listed(call, [issue for issue in project.issues if _fits(call, issue)])


def group_issues(call: Call) -> Reply:
    """`GET /groups/:id/issues`: those of all projects below, archived ones only with `non_archived=false`."""
    top = group_of(call)
    return _listed(
        call,
        [
            issue
            for project in call.world.projects
            if project.path.startswith(f"{top}/") and not (project.archived and call.flag("non_archived", True))
            for issue in project.issues
            if _fits(call, issue)
        ],
    )


def _listed(call: Call, rows: list[Issue]) -> Reply:
    order = call.choice("order_by", tuple(_ORDERS), "created_at")
    rows.sort(key=_ORDERS[order], reverse=call.choice("sort", ("asc", "desc"), "desc") == "desc")

    def render(issue: Issue) -> str:
        return call.render.issue(issue, call.world.project_by_id[issue.project_id])

    if call.get("pagination") != "keyset":
        return page(call, rows, render)
    cursor = call.get("cursor")
    if cursor:
        last = from_cursor(cursor)
        rows = rows[next((place for place, issue in enumerate(rows) if issue.id == last), len(rows)) + 1 :]
    return keyset(call, rows, render, lambda issue: issue.id, "cursor")


def _fits(call: Call, issue: Issue) -> bool:
    state = call.choice("state", ("opened", "closed", "all"), "all")
    labels = {label for value in call.many("labels") for label in value.split(",") if label}
    search = (call.get("search") or "").lower()
    iids = call.many("iids")
    return (
        state in {"all", issue.state}
        and labels <= set(issue.labels)
        and search in f"{issue.title}\n{issue.description}".lower()
        and (not iids or str(issue.iid) in iids)
        and all(
            (limit := call.moment(name)) is None or (moment >= limit if name.endswith("after") else moment <= limit)
            for name, moment in (
                ("updated_after", issue.updated_at),
                ("updated_before", issue.updated_at),
                ("created_after", issue.created_at),
                ("created_before", issue.created_at),
            )
        )
    )


def _issue(call: Call) -> tuple[Project, Issue]:
    project, iid = call.project(), call.id_of("issue_iid")
    for issue in project.issues:
        if issue.iid == iid:
            return project, issue
    raise not_found("")


def issue(call: Call) -> Reply:
    """`GET …/issues/:iid`."""
    project, found = _issue(call)
    return text_reply(call.render.issue(found, project))


def _labels(call: Call, name: str) -> tuple[str, ...]:
    found = call.body.get(name)
    values = [str(each) for each in found] if isinstance(found, list) else (call.get(name) or "").split(",")
    return tuple(sorted({value.strip() for value in values if value.strip()}))


def _assignees(call: Call) -> tuple[User, ...]:
    """Those of `assignee_ids` that are known; 0 is nobody."""
    wanted = call.body.get("assignee_ids") or call.many("assignee_ids")
    return tuple(user for number in wanted if (user := call.world.users.get(int(number))))


def create(call: Call) -> Reply:
    """`POST …/issues`: needs a title and the scope `api`."""
    call.need_api_scope()
    project, world = call.project(), call.world
    title = call.get("title")
    if not title:
        raise invalid("title", "is missing")
    iid = len(project.issues) + 1
    at = max(world.now, datetime.now(UTC))
    fresh = Issue(
        project.id * 10_000 + 5000 + iid,
        iid,
        project.id,
        title,
        call.get("description") or "",
        world.token_user,
        at,
        at,
        labels=_labels(call, "labels"),
    )
    fresh.issue_type = call.choice("issue_type", ("issue", "incident", "task", "test_case"), "issue")
    fresh.confidential, fresh.due_date = call.flag("confidential"), call.get("due_date")
    fresh.assignees = _assignees(call)
    project.issues.append(fresh)
    _announce(call, fresh, "created", "opened", at)
    return text_reply(call.render.issue(fresh, project), 201)


def update(call: Call) -> Reply:
    """`PUT …/issues/:iid`: title, description, labels, `assignee_ids`, `state_event` close or reopen."""
    call.need_api_scope()
    project, found = _issue(call)
    at = max(call.world.now, datetime.now(UTC))
    found.title = call.get("title") or found.title
    found.description = call.get("description") or found.description
    if call.get("labels") is not None:
        found.labels = _labels(call, "labels")
    found.labels = tuple(sorted({*found.labels, *_labels(call, "add_labels")} - {*_labels(call, "remove_labels")}))
    if "assignee_ids" in call.body:
        found.assignees = _assignees(call)
    action = call.get("state_event")
    if action == "close" and found.state == "opened":
        found.state, found.closed_at, found.closed_by = "closed", at, call.world.token_user
        _announce(call, found, "closed", "closed", at)
    elif action == "reopen" and found.state == "closed":
        found.state, found.closed_at, found.closed_by = "opened", None, None
        _announce(call, found, "reopened", "opened", at)
    found.updated_at = at
    return text_reply(call.render.issue(found, project))


def _announce(call: Call, issue: Issue, action: str, shown: str, at: datetime) -> None:
    call.world.add_event(
        Event(issue.project_id, action, shown, at, call.world.token_user, "Issue", issue.id, issue.iid, issue.title)
    )


def notes(call: Call) -> Reply:
    """`GET …/issues/:iid/notes`, newest first."""
    _, found = _issue(call)
    rows = found.notes if call.choice("sort", ("asc", "desc"), "desc") == "asc" else found.notes[::-1]
    return page(call, rows, call.render.note)


def comment(call: Call) -> Reply:
    """`POST …/issues/:iid/notes`."""
    call.need_api_scope()
    project, found = _issue(call)
    body = call.get("body")
    if not body:
        raise invalid("body", "is missing")
    world, at = call.world, max(call.world.now, datetime.now(UTC))
    number = next(world.note_ids)
    fresh = Note(number, body, world.token_user, at, "Issue", found.id, found.iid)
    found.notes.append(fresh)
    found.updated_at = at
    world.add_event(
        Event(
            project.id,
            "commented",
            "commented on",
            at,
            world.token_user,
            "Note",
            number,
            number,
            found.title,
            note=fresh,
        )
    )
    return text_reply(call.render.note(fresh), 201)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/groups/:id/issues", group_issues),
    ("GET", "/projects/:id/issues", issues),
    ("POST", "/projects/:id/issues", create),
    ("GET", "/projects/:id/issues/:issue_iid", issue),
    ("PUT", "/projects/:id/issues/:issue_iid", update),
    ("GET", "/projects/:id/issues/:issue_iid/notes", notes),
    ("POST", "/projects/:id/issues/:issue_iid/notes", comment),
)
