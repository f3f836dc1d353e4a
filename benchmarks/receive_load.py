"""Deliveries for ``benchmarks.receive``: endless, of 4 KB, no two alike, sent from a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import uvloop

SECRET = "benchmark"
SIZE = 4096


@dataclass
class Measured:
    """One turn: answers a second, how long they took (milliseconds), and the server's CPU (seconds) meanwhile."""

    rate: float
    p50: float
    p99: float
    good: int
    bad: int
    loop_cpu: float = 0.0
    other_cpu: float = 0.0

    def told(self) -> str:
        """The cells of a row. CPU in milliseconds per request."""
        each = 1000 / max(1, self.good + self.bad)
        cpu = f"{self.loop_cpu * each:.2f} | {self.other_cpu * each:.2f}"
        return f"{self.rate:,.0f} | {self.p50:.1f} | {self.p99:.1f} | {cpu} | {self.bad}"


def bodies(turn: int) -> Any:
    """Endless deliveries of 4 KB: pushes of three commits, pipelines of two jobs, jobs. No two are alike."""
    templates = [push, _pipeline, _job]
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


def push(number: int) -> dict[str, Any]:
    """A push of three commits."""
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
