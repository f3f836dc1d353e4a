"""A call to the API, its answer, and the tree that finds the handler for a path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from dashlib.demo.model import Job, Pipeline, Project

if TYPE_CHECKING:
    from dashlib.demo.render import Renderer
    from dashlib.demo.world import World

JSON = "application/json"


@dataclass(slots=True)
class Reply:
    """What goes back: complete, so that a fault can still spoil it."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """An answer that is not 2xx, raised from anywhere in a handler."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.reply = Reply(status, json.dumps(body).encode())


def not_found(what: str) -> ApiError:
    """GitLab's own 404, e.g. `{"message": "404 Project Not Found"}`."""
    return ApiError(404, {"message": f"404 {what} Not Found" if what else "404 Not found"})


def invalid(name: str, why: str = "is invalid") -> ApiError:
    """GitLab's own 400 for a parameter."""
    return ApiError(400, {"error": f"{name} {why}"})


_TRUE, _FALSE = {"true", "t", "1", "on", "yes"}, {"false", "f", "0", "off", "no", ""}


@dataclass(slots=True)
class Call:
    """One request, already authenticated. `args` are the path's `:name` parts, percent-decoded."""

    world: World
    render: Renderer
    method: str
    template: str
    args: dict[str, str]
    query: list[tuple[str, str]]
    url: str
    base_url: str
    scopes: tuple[str, ...]
    old_schedule_api: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The last value of a parameter (as Rack does it), from the query or else from the body."""
        for key, value in reversed(self.query):
            if key == name:
                return value
        found = self.body.get(name)
        return default if found is None else str(found)

    def many(self, name: str) -> list[str]:
        """All values of an array parameter, `name[]=a&name[]=b`; a plain `name=a` counts as one."""
        found = [value for key, value in self.query if key == f"{name}[]"]
        single = self.get(name)
        return found or ([single] if single else [])

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter; `True` and `False`, as python-gitlab writes them, count."""
        value = self.get(name)
        if value is None:
            return default
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise invalid(name)

    def number(self, name: str, default: int) -> int:
        """An integer parameter."""
        value = self.get(name)
        try:
            return int(value) if value is not None else default
        except ValueError:
            raise invalid(name) from None

    def moment(self, name: str) -> datetime | None:
        """A time parameter in ISO 8601; a bare `+` in the query has become a space and is refused (GITLAB.md 2.0)."""
        value = self.get(name)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise invalid(name) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def day(self, name: str) -> date | None:
        """A date parameter; the time of a full timestamp is ignored, as Grape's Date type does."""
        value = self.get(name)
        if not value:
            return None
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            raise invalid(name) from None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """A parameter with fixed values; anything else is a 400."""
        value = self.get(name) or default
        if value not in allowed:
            raise invalid(name, "does not have a valid value")
        return value

    def project(self) -> Project:
        """The project of the path, by number or path; a moved path redirects (GITLAB.md 2.0)."""
        key = self.args["id"]
        world = self.world
        found = world.project_by_id.get(int(key)) if key.isdigit() else world.project_by_path.get(key)
        if found is not None:
            return found
        moved = world.project_by_old_path.get(key)
        if moved is None:
            raise not_found("Project")
        error = ApiError(301, {"message": "This resource has been moved permanently"})
        _, _, tail = self.url.partition("/projects/")
        rest = tail[len(tail.split("/", 1)[0].split("?", 1)[0]) :]
        error.reply.headers["Location"] = f"{self.base_url}/api/v4/projects/{moved.id}{rest}"
        raise error

    def ci_project(self) -> Project:
        """The project, if its CI/CD is on; 403 otherwise."""
        project = self.project()
        if not project.ci:
            raise ApiError(403, {"message": "403 Forbidden"})
        return project

    def id_of(self, name: str) -> int:
        """A numeric part of the path; a 404 when it is no number."""
        value = self.args[name]
        if not value.isdigit():
            raise ApiError(400, {"error": f"{name} is invalid"})
        return int(value)

    def pipeline(self) -> Pipeline:
        """The pipeline of the path."""
        found = self.ci_project().pipeline_by_id.get(self.id_of("pipeline_id"))
        if found is None:
            raise not_found("")
        return found

    def job(self) -> Job:
        """The job of the path."""
        found = self.ci_project().job_by_id.get(self.id_of("job_id"))
        if found is None:
            raise not_found("")
        return found

    def need_api_scope(self) -> None:
        """403 unless the token may write (GITLAB.md 2.7)."""
        if "api" not in self.scopes:
            raise ApiError(
                403,
                {
                    "error": "insufficient_scope",
                    "error_description": "The request requires higher privileges than provided by the access token.",
                    "scope": "api",
                },
            )


Handler = Callable[[Call], Reply]
Found = tuple[str, dict[str, str], Handler | None]


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    """The query's pairs in order."""
    return parse_qsl(raw.decode("latin-1"), keep_blank_values=True)


def json_reply(value: object, status: int = 200) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode())


def text_reply(fragment: str, status: int = 200) -> Reply:
    """A reply whose JSON is rendered already."""
    return Reply(status, fragment.encode())


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    open: tuple[str, _Node] | None = None
    handlers: dict[str, tuple[str, Handler]] = field(default_factory=dict)


class Routes:
    """Maps `/projects/:id/jobs` to handlers; a path is split before it is decoded: `group%2Fproject` is one part."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Registers a handler; a part that starts with a colon matches anything."""
        node = self._root
        for part in template.strip("/").split("/"):
            if part.startswith(":"):
                node.open = node.open or (part[1:], _Node())
                node = node.open[1]
            else:
                node = node.fixed.setdefault(part, _Node())
        node.handlers[method] = (template, handler)

    def find(self, method: str, raw_path: str) -> Found | None:
        """The template, its arguments and its handler (None: known path, other method); None for an unknown path."""
        node, args = self._root, {}
        for part in raw_path.strip("/").split("/"):
            fixed = node.fixed.get(part)
            if fixed is not None:
                node = fixed
            elif node.open is not None:
                name, node = node.open
                args[name] = unquote(part)
            else:
                return None
        if not node.handlers:
            return None
        template, handler = node.handlers.get(method) or (next(iter(node.handlers.values()))[0], None)
        return template, args, handler
