"""The simulated GitLab as a Starlette app: authentication, dispatch, faults, and the record of every call."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from dashlib.demo import html
from dashlib.demo.calls import ApiError, Call, Found, Reply, parse_query
from dashlib.demo.dice import hexes
from dashlib.demo.faults import ON_THE_WIRE, Faults, Rule, fault_reply
from dashlib.demo.model import Project
from dashlib.demo.render import Renderer
from dashlib.demo.rest import PREFIX, routes
from dashlib.demo.rest.jobs import STORAGE, trace_reply
from dashlib.demo.stories import STORIES
from dashlib.demo.wire import send_reply, send_spoilt
from dashlib.demo.world import World

READ_TOKEN = "glpat-demo-read-0000000000"  # noqa: S105
WRITE_TOKEN = "glpat-demo-write-000000000"  # noqa: S105
_MOST_BODY = 1_000_000
_BASES = 16


@dataclass(frozen=True, slots=True)
class Made:
    """One call as it was answered; `template` is "" for a path this GitLab does not have."""

    method: str
    template: str
    path: str
    query: str
    status: int


class Api:
    """The ASGI app under `/api/v4`."""

    def __init__(
        self, world: World, tokens: Mapping[str, tuple[str, ...]], faults: Faults, latency: float, base_url: str | None
    ) -> None:
        self.world, self.tokens, self.faults, self.latency, self.base_url = world, tokens, faults, latency, base_url
        self.calls: list[Made] = []
        self.old_schedule_api = False
        self.routes = routes()
        self.renderers: dict[str, Renderer] = {}

    def renderer(self, base_url: str) -> Renderer:
        """The renderer for a base URL; a client cannot make us keep more than a few."""
        found = self.renderers.get(base_url)
        if found is None:
            if len(self.renderers) >= _BASES:
                self.renderers.clear()
            found = self.renderers[base_url] = Renderer(base_url, self.world.users)
        return found

    def base_of(self, scope: Scope) -> str:
        """The URL of this server, as given or as the client called it."""
        if self.base_url:
            return self.base_url
        host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
        return f"{scope['scheme']}://{host.decode('latin-1')}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one call and records it."""
        started = time.perf_counter()
        body = await _read(receive) if scope["method"] in {"POST", "PUT"} else b""
        if self.latency:
            await asyncio.sleep(self.latency)
        raw, base = scope["raw_path"].decode("latin-1"), self.base_of(scope)
        path, query = raw[len(PREFIX) :], scope["query_string"].decode("latin-1")
        found = self.routes.find(scope["method"], path)
        template = found[0] if found else ""
        headers, reply = self.faults.spend()
        project = self._project(path)
        rule = None
        if reply is None:
            asked = f"{path}?{query}" if query else path
            key = (project.id, project.path) if project else None
            rule = self.faults.choose(scope["method"], asked, template, key)
            reply = self._answer(scope, body, base, found)
            if rule is not None:
                reply = fault_reply(rule, reply, base, _new_place(base, path, query, project))
        request_id = hexes(26, "request", len(self.calls))
        reply.headers = {
            **reply.headers,
            **headers,
            "X-Request-Id": request_id,
            "X-Runtime": f"{time.perf_counter() - started:.6f}",
        }
        self.calls.append(Made(scope["method"], template, path, query, reply.status))
        await self._send(scope, send, reply, rule)

    async def _send(self, scope: Scope, send: Send, reply: Reply, rule: Rule | None) -> None:
        if rule is not None and rule.kind in ON_THE_WIRE:
            await send_spoilt(scope, send, reply, rule)
        else:
            await send_reply(send, reply)

    def _project(self, path: str) -> Project | None:
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "projects":
            return None
        key = unquote(parts[2])
        return self.world.project_by_id.get(int(key)) if key.isdigit() else self.world.project_by_path.get(key)

    def _answer(self, scope: Scope, body: bytes, base: str, found: Found | None) -> Reply:
        query = scope["query_string"].decode("latin-1")
        url = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        try:
            scopes = self._scopes(scope)
            if found is None:
                return Reply(404, b'{"error":"404 Not Found"}')
            template, args, handler = found
            if handler is None:
                return Reply(405, b'{"error":"405 Not Allowed"}')
            call = Call(
                self.world,
                self.renderer(base),
                scope["method"],
                template,
                args,
                parse_query(scope["query_string"]),
                url,
                base,
                scopes,
                self.old_schedule_api,
                _parse_body(scope, body),
            )
            with self.world.lock:
                return handler(call)
        except ApiError as error:
            return error.reply

    def _scopes(self, scope: Scope) -> tuple[str, ...]:
        """The scopes of the token in either header; 401 without a good one (GITLAB.md 4.3 names both headers)."""
        for name, value in scope["headers"]:
            if name == b"private-token":
                given = value.decode("latin-1")
            elif name == b"authorization" and value[:7].lower() == b"bearer ":
                given = value[7:].decode("latin-1").strip()
            else:
                continue
            if given in self.tokens:
                return self.tokens[given]
            raise ApiError(401, {"error": "invalid_token", "error_description": "Token was revoked or does not exist."})
        raise ApiError(401, {"message": "401 Unauthorized"})


def _new_place(base: str, path: str, query: str, project: Project | None) -> str | None:
    """Where a moved project is now: its id if its path was asked for, its path if its id was."""
    if project is None:
        return None
    _, _, asked, *rest = path.split("/")
    name = quote(project.path, safe="") if asked.isdigit() else str(project.id)
    tail = "/".join([name, *rest])
    return f"{base}{PREFIX}/projects/{tail}" + (f"?{query}" if query else "")


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body") or len(body) > _MOST_BODY:
            return body


def _parse_body(scope: Scope, body: bytes) -> Mapping[str, Any]:
    if not body:
        return {}
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if b"x-www-form-urlencoded" in kind:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = json.loads(body)
    except ValueError:
        raise ApiError(400, {"message": "400 Bad request - invalid JSON"}) from None
    return found if isinstance(found, dict) else {}


def _control(api: Api) -> list[Route]:
    """What only a simulated GitLab has: its calls, its stories, and the object storage some logs lie on."""

    def calls(_request: Request) -> Response:
        counts = Counter(f"{made.method} {made.template}" for made in api.calls)
        statuses = Counter(str(made.status) for made in api.calls)
        return JSONResponse({"total": len(api.calls), "by_template": counts, "by_status": statuses})

    def reset(_request: Request) -> Response:
        api.calls.clear()
        return Response(status_code=204)

    def stories(_request: Request) -> Response:
        return JSONResponse([asdict(story) for story in STORIES])

    def storage(request: Request) -> Response:
        number = int(request.path_params["job_id"])
        for project in api.world.projects:
            job = project.job_by_id.get(number)
            if job is not None and job.trace == "redirect":
                return Response(trace_reply(job).body, media_type="text/plain")
        return Response(status_code=404)

    return [
        Route("/-/demo/calls", calls),
        Route("/-/demo/calls/reset", reset, methods=["POST"]),
        Route("/-/demo/stories", stories),
        Route(f"{STORAGE}/{{job_id:int}}.log", storage),
    ]


def create_app(
    world: World,
    *,
    token: str = READ_TOKEN,
    write_token: str = WRITE_TOKEN,
    faults: Faults | None = None,
    latency: float = 0.0,
    base_url: str | None = None,
    old_schedule_api: bool = False,
) -> Starlette:
    """The app. `token` has the scopes read_api and read_user, `write_token` has api.

    `app.state` holds `world`, `faults`, `api` and `calls`, the list of every call made.
    """
    tokens = {token: ("read_api", "read_user"), write_token: ("api", "read_api", "read_user")}
    api = Api(world, tokens, faults or Faults(), latency, base_url)
    api.old_schedule_api = old_schedule_api

    def web(request: Request) -> Response:
        with world.lock:
            text = html.page(world, api.renderer(api.base_of(request.scope)), str(request.scope["path"]))
        return HTMLResponse(text or html.missing(), status_code=200 if text else 404)

    app = Starlette(routes=[*_control(api), Mount(PREFIX, app=api), Route("/{path:path}", web)])
    app.state.world, app.state.api, app.state.faults, app.state.calls = world, api, api.faults, api.calls
    return app
