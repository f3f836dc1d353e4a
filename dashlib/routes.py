"""The HTTP routes beside the pages: webhooks, health, metrics, and what the app does for its own commands."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from dashlib import badge, control
from dashlib.live import live
from dashlib.model import Filters
from dashlib.people.files import take
from dashlib.people.teams_file import Look, look
from dashlib.queries.people import callable_by
from dashlib.queries.status import status
from dashlib.receive import verify
from dashlib.receive.endpoint import Deliveries, Endpoint
from dashlib.receive.metrics import CONTENT_TYPE
from dashlib.receive.shaping import replay
from dashlib.receive.sources import BY_NAME, SOURCES
from dashlib.runtime import Runtime, announced, runtime
from dashlib.settings import SettingsError
from dashlib.store import StoreError
from dashlib.sync import run
from dashlib.sync.background import SyncRunning

_LOG = logging.getLogger(__name__)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


async def healthz(_: Request) -> Response:
    """200 as soon as the database is open; says how fresh the data is."""
    return JSONResponse(await asyncio.to_thread(_health))


def _health() -> dict[str, Any]:
    opened = runtime()
    reader = opened.store.reader()
    try:
        found = status(reader, opened.settings.database)
    finally:
        reader.close()
    sources = {
        one["source"]: {name: one[name] for name in ("last_success_at", "lag_seconds")} for one in found["sources"]
    }
    return {
        "status": "ok",
        "data_version": opened.store.data_version,
        "syncing": opened.sync.state().running,
        "sources": sources,
    }


async def metrics(request: Request) -> Response:
    """Prometheus' exposition: open on this machine, from elsewhere for whoever has DASH_HOOK_TOKEN."""
    opened = await asyncio.to_thread(runtime)
    local = request.client is not None and request.client.host in _LOOPBACK
    if not local and not verify.bearer(request.headers.get("authorization"), opened.settings.hook_token):
        return JSONResponse({"error": "from elsewhere this route wants DASH_HOOK_TOKEN as a bearer"}, status_code=401)
    return Response(await asyncio.to_thread(opened.receiver.metrics.text), media_type=CONTENT_TYPE)


async def command(request: Request) -> Response:
    """What a command asks of the app that owns the database; only with this run's token, only from this machine."""
    app = announced()
    if app is None or not control.accepts(app, request.headers.get("authorization")):
        return JSONResponse({"error": "this route is for the dashboard's own commands"}, status_code=401)
    if request.client is None or request.client.host not in _LOOPBACK:
        return JSONResponse({"error": "only from this machine"}, status_code=403)
    perform = _COMMANDS.get(request.path_params["name"])
    if perform is None:
        return JSONResponse({"error": "no such command"}, status_code=404)
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return JSONResponse({"error": "the body is not JSON"}, status_code=400)
    return StreamingResponse(_lines(perform, runtime(), body), media_type="application/x-ndjson")


async def _lines(
    perform: Callable[[Runtime, dict[str, Any], Callable[[dict[str, Any]], None]], None],
    opened: Runtime,
    body: dict[str, Any],
) -> AsyncIterator[bytes]:
    """What a command says while it works in a thread, one JSON object a line."""
    said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            perform(opened, body, said.put)
        except (SyncRunning, SettingsError, StoreError, ValueError) as error:
            said.put({"failed": str(error)})
        except Exception:  # noqa: BLE001 - told to whoever asked, and logged
            _LOG.exception("a command failed")
            said.put({"failed": "a defect of the dashboard; its log says more"})
        finally:
            said.put(None)

    working = asyncio.create_task(asyncio.to_thread(work))
    while (answer := await asyncio.to_thread(said.get)) is not None:
        yield json.dumps(answer).encode() + b"\n"
    await working


def _ping(_: Runtime, __: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    say({"pong": True})


def _sync(opened: Runtime, body: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    since = date.fromisoformat(body["since"]) if body.get("since") else None
    request = run.Request(
        since, tuple(body.get("only") or ()), bool(body.get("full")), sources=tuple(body.get("sources") or ())
    )
    if not opened.settings.sources:
        app = announced()
        where = f"the dashboard that is running at {app.address}" if app else "the running dashboard"
        raise SettingsError(
            f"{where} was started without GITLAB_ACCESS_TOKEN: set it (in .env, say) and start it again"
        )
    if opened.sync.state().running:
        say({"waiting": True})
    report = opened.sync.run(request, lambda progress: say({"progress": asdict(progress)}), wait=True)
    say({"report": json.loads(report.as_json())})


def _snapshot(opened: Runtime, _: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    say({"snapshot": str(opened.store.snapshot().resolve())})


def _status(opened: Runtime, _: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    reader = opened.store.reader()
    try:
        say({"status": status(reader, opened.settings.database)})
    finally:
        reader.close()


def _replay(opened: Runtime, body: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    source = body.get("source")
    if source is not None and source not in BY_NAME:
        raise ValueError(f"there is no source {source!r}")
    since = date.fromisoformat(body["since"]) if body.get("since") else None
    say({"replayed": {}})
    for told in replay(opened.settings, opened.store, source, since):
        say({"replayed": dict(told)})


def _mailmap(opened: Runtime, body: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    say({"mailmap": take(opened.store, str(body["name"]), str(body["text"])).as_json()})


def _doctor(opened: Runtime, _: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    """What it was started with, as far as that is no secret, what it refused, and what its file of teams comes to."""
    settings, refused = opened.settings, opened.receiver.metrics.refusals.told()
    say(
        {
            "gitlab_url": settings.gitlab_url,
            "has_token": settings.gitlab_token is not None,
            "open": [source.name for source in SOURCES if source.is_open(settings)],
            "refused": [asdict(one) | {"last_at": one.last_at.isoformat()} for one in refused],
            "teams": None if settings.teams is None else _teams(opened, settings.teams).as_json(),
        }
    )


def _teams(opened: Runtime, file: Path) -> Look:
    with opened.store.reader() as reader:
        return look(file, callable_by(reader, Filters()).itertuples(index=False, name=None))


_COMMANDS = {
    "ping": _ping, "doctor": _doctor, "sync": _sync, "snapshot": _snapshot, "status": _status, "replay": _replay,
    "mailmap": _mailmap,
}  # fmt: skip

ENDPOINTS = {source.path: Endpoint(source, lambda: runtime().receiver) for source in SOURCES}
MIDDLEWARE = [Middleware(Deliveries, endpoints=ENDPOINTS)]

ROUTES: list[BaseRoute] = [
    Route("/healthz", healthz, methods=["GET"]),
    *badge.routes(),
    Route("/metrics", metrics, methods=["GET"]),
    *(Route(path, endpoint) for path, endpoint in ENDPOINTS.items()),
    WebSocketRoute("/live", live),
    Route(control.PREFIX + "/{name}", command, methods=["POST"]),
]
