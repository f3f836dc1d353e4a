"""What a webhook costs, the disk included, beside a bare route that reads the body and answers: same server, same run.

    python -m benchmarks.receive [--seconds 10] [--rounds 3] [--connections 16] [--pages]

The server is the real one (``streamlit run``, one process) with one more route. Deliveries are of 4 KB, of three kinds
and all different; bare route and receiver take turns, so that what else the machine does meets both. Afterwards every
delivery that was answered 200 must be in the database, once.

``--pages`` opens pages in Chromium, too: while nothing comes, and through a burst that is as long (``receive_pages``).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import duckdb
import requests
import uvloop

from dashlib.commands.serve import free_port

ROOT = Path(__file__).resolve().parents[1]
SECRET = "benchmark"
SIZE = 4096
APP = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from dashlib.routes import MIDDLEWARE, ROUTES
from dashlib.runtime import lifespan

async def bare(request: Request) -> JSONResponse:
    await request.body()
    return JSONResponse({{}})

routes = [*ROUTES, Route("/bare", bare, methods=["POST"])]
app = st.App({pages!r}, routes=routes, middleware=MIDDLEWARE, lifespan=lifespan({address!r}))
"""


@dataclass
class Measured:
    """One turn: answers a second, and how long they took (milliseconds)."""

    rate: float
    p50: float
    p99: float
    good: int
    bad: int


def bodies(turn: int) -> Any:
    """Endless deliveries of 4 KB: pushes of three commits, pipelines of two jobs, jobs. No two are alike."""
    templates = [_push, _pipeline, _job]
    for number in itertools.count(1):
        body = templates[number % 3](turn * 1_000_000 + number)
        room = SIZE - len(json.dumps(body)) - 1
        body["project"]["description"] = "x" * max(0, room)
        yield json.dumps(body).encode()


def _project(number: int) -> dict[str, Any]:
    ident, path = 1 + number % 100, f"ostrelune/service-{number % 100}"
    return {
        "id": ident, "name": path[10:], "path_with_namespace": path, "web_url": f"https://gitlab.example/{path}",
        "default_branch": "main", "visibility_level": 0, "description": "", "namespace": "Ostrelune", "homepage": None,
    }  # fmt: skip


def _push(number: int) -> dict[str, Any]:
    commits = [
        {
            "id": f"{number:036x}{place:04x}", "message": f"Change {number}\n", "title": f"Change {number}",
            "timestamp": "2026-03-11T08:59:01+01:00",
            "author": {"name": "Henk Brastow", "email": "hbrastow@ostrelune.example"},
            "url": "https://gitlab.example/c", "added": [], "modified": ["a"], "removed": [],
        }
        for place in range(3)
    ]  # fmt: skip
    return {
        "object_kind": "push", "event_name": "push", "before": f"{number:040x}", "after": commits[-1]["id"],
        "ref": "refs/heads/main", "user_id": number % 50, "user_name": "Ilka", "user_username": f"u{number % 50}",
        "project_id": 1 + number % 100, "project": _project(number), "commits": commits, "total_commits_count": 3,
        "repository": {"name": "service"},
    }  # fmt: skip


def _build(ident: int, status: str) -> dict[str, Any]:
    return {
        "id": ident, "stage": "test", "name": f"test-{ident % 2}", "status": status, "allow_failure": False,
        "created_at": "2026-03-11 01:15:02 UTC", "started_at": "2026-03-11 01:20:05 UTC", "duration": 12.5,
        "finished_at": "2026-03-11 01:31:39 UTC", "failure_reason": None, "user": {"id": 7, "username": "ilka"},
        "runner": {"id": 5, "description": "hall-2", "runner_type": "instance_type"},
    }  # fmt: skip


def _pipeline(number: int) -> dict[str, Any]:
    attributes = {
        "id": number, "iid": number, "ref": "main", "tag": False, "sha": f"{number:040x}", "source": "schedule",
        "status": "success", "created_at": "2026-03-11 01:15:02 UTC", "finished_at": "2026-03-11 01:31:39 UTC",
        "duration": 992, "url": "https://gitlab.example/p",
    }  # fmt: skip
    builds = [_build(number * 2, "success"), _build(number * 2 + 1, "success")]
    return {
        "object_kind": "pipeline", "object_attributes": attributes, "project": _project(number), "builds": builds,
        "user": {"id": 7, "username": "ilka", "name": "Ilka"}, "commit": None, "merge_request": None,
    }  # fmt: skip


def _job(number: int) -> dict[str, Any]:
    build = {f"build_{name}": value for name, value in _build(number * 2, "success").items() if name != "user"}
    return {
        "object_kind": "build", "project_id": 1 + number % 100, "project": _project(number), **build,
        "pipeline_id": number, "ref": "main", "tag": False, "sha": f"{number:040x}",
        "user": {"id": 7, "username": "ilka"},
    }  # fmt: skip


class Connection(asyncio.Protocol):
    """One connection that sends the next delivery as soon as the last one is answered."""

    def __init__(self, head: bytes, source: Any, until: float, took: list[float], ended: asyncio.Future[None]) -> None:
        self._head, self._source, self._until, self._took, self._ended = head, source, until, took, ended
        self._buffer = b""
        self.bad = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is no subclass of it
        self._send()

    def _send(self) -> None:
        body = next(self._source)
        self._began = time.perf_counter()
        self._transport.write(self._head % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(rest) < length:
            return
        now = time.perf_counter()
        self._buffer = b""
        if head.startswith(b"HTTP/1.1 200"):
            self._took.append((now - self._began) * 1000)
        else:
            self.bad += 1
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


def _same(line: Connection) -> Connection:
    return line


async def _turn(port: int, path: str, seconds: float, connections: int, turn: int) -> Measured:
    loop, took, source = asyncio.get_running_loop(), list[float](), bodies(turn)
    made = [next(source) for _ in range(int(4000 * seconds))]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Gitlab-Token: {SECRET}\r\n"
        "X-Gitlab-Event: Push Hook\r\nContent-Length: %d\r\n\r\n"
    ).encode()
    source, began, lines = itertools.chain(made, source), time.perf_counter(), []
    for _ in range(connections):
        ended: asyncio.Future[None] = loop.create_future()
        line = Connection(head, source, began + seconds, took, ended)
        await loop.create_connection(partial(_same, line), "127.0.0.1", port)
        lines.append((line, ended))
    await asyncio.gather(*(ended for _, ended in lines))
    spent = time.perf_counter() - began
    cuts = statistics.quantiles(took, n=100)
    return Measured(len(took) / spent, cuts[49], cuts[98], len(took), sum(line.bad for line, _ in lines))


def _client(port: int, path: str, seconds: float, connections: int, turn: int, answer: Any) -> None:
    answer.put(uvloop.run(_turn(port, path, seconds, connections, turn)))


def measure(port: int, path: str, seconds: float, connections: int, turn: int) -> Measured:
    """One turn from a process of its own."""
    answer: multiprocessing.Queue[Measured] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_client, args=(port, path, seconds, connections, turn, answer))
    process.start()
    found = answer.get()
    process.join()
    return found


class Server:
    """The dashboard with the bare route beside its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.database = free_port(), folder / "dashboard.duckdb"
        address = f"http://127.0.0.1:{self.port}"
        app = folder / "app.py"
        app.write_text(APP.format(root=str(ROOT), pages=str(ROOT / "pages" / "navigation.py"), address=address))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
        settings = {"DASH_DATABASE": str(self.database), "DASH_GITLAB_WEBHOOK_TOKEN": SECRET, "DASH_SYNC_MINUTES": "0"}
        command = [
            sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={self.port}",
            "--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false",
            "--server.fileWatcherType=none",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=ROOT, env=kept | settings, stdout=subprocess.DEVNULL)
        self.url = address
        while True:
            try:
                if requests.get(f"{address}/healthz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.2)

    def waiting(self) -> int:
        text = requests.get(f"{self.url}/metrics", timeout=30).text
        rows = [line for line in text.splitlines() if line.startswith("dashboard_deliveries_waiting{")]
        return sum(int(float(line.rpartition(" ")[2])) for line in rows)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def _pages(server: Server, seconds: float, connections: int) -> int:
    """Print how long pages take while nothing comes, and in a burst; returns how many deliveries that stored."""
    from benchmarks.receive_pages import opened, told

    while server.waiting():
        time.sleep(0.2)
    idle = opened(server.url, seconds)
    with ThreadPoolExecutor(1) as pool:
        burst = pool.submit(measure, server.port, "/gitlab/events", seconds, connections, 80)
        busy = opened(server.url, seconds)
        found = burst.result()
    print(f"\nin a burst of {found.rate:,.0f} requests/s (p99 {found.p99:.1f} ms):\n")
    print(told({"idle": idle, "in the burst": busy}))
    return found.good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--pages", action="store_true", help="how long pages take, idle and in a burst")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            measure(server.port, "/bare", 1, given.connections, 90)
            measure(server.port, "/gitlab/events", 1, given.connections, 91)
            turns: dict[str, list[Measured]] = {"bare": [], "receiver": []}
            print("| round | route | requests/s | p50 ms | p99 ms | refused |\n|---|---|---:|---:|---:|---:|")
            stored = 0
            for turn in range(given.rounds):
                for name, path in (("bare", "/bare"), ("receiver", "/gitlab/events")):
                    found = measure(server.port, path, given.seconds, given.connections, turn)
                    turns[name].append(found)
                    stored += found.good if name == "receiver" else 0
                    told = f"{found.rate:,.0f} | {found.p50:.1f} | {found.p99:.1f} | {found.bad}"
                    print(f"| {turn + 1} | {name} | {told} |", flush=True)
            if given.pages:
                stored += _pages(server, given.seconds * given.rounds, given.connections)
            began = time.perf_counter()
            behind = waiting = server.waiting()
            while waiting:
                time.sleep(0.2)
                waiting = server.waiting()
            drained = time.perf_counter() - began
        finally:
            server.stop()
        with duckdb.connect(str(server.database), read_only=True) as reader:
            counts = reader.execute(
                "select count(*), count(distinct dedup_key), count(*) filter (status = 'shaped'),"
                " quantile_cont(epoch(shaped_at - received_at), 0.95) from deliveries"
            ).fetchone()
        ratio = statistics.median(
            receiver.rate / bare.rate for receiver, bare in zip(turns["receiver"], turns["bare"], strict=True)
        )
        assert counts is not None
        print(f"\nratio of requests/s, median of rounds: {ratio:.2f}")
        print(f"{behind:,} waited for their rows at the end, for {drained:.1f} s more; p95 of all {counts[3]:.2f} s")
        print(
            f"{counts[0]:,} stored, {counts[1]:,} different, {counts[2]:,} in the tables;"
            f" {stored:,} answered 200 in the rounds"
        )


if __name__ == "__main__":
    main()
