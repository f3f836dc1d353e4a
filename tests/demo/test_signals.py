"""The demo's signals: the same for the same world, true to the stories, sent like the real senders send them."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.demo import Live, World, story
from dashlib.demo.signals import DEPLOYED, RELEASED, about, history
from dashlib.demo.signals_sent import LiveSignals, SignalSender
from dashlib.demo.signals_wire import ALERTS, CLOUD, KUBERNETES, Alert, Told
from dashlib.sources import alertmanager, cloudevents, kubernetes
from dashlib.sources.hook import Hook
from tests.receive.conftest import Dashboard, dashboard, serving  # noqa: F401 - fixtures

from .conftest import END

ROOT = Path(__file__).parents[2]
SHAPES = {ALERTS: alertmanager, CLOUD: cloudevents, KUBERNETES: kubernetes}
SECRET = "canary-bearer-secret"


def rows(told: list[Told]) -> list[dict[str, Any]]:
    """The rows that our own row functions make of what is sent."""
    found = []
    for each in told:
        source, headers = SHAPES[each.route], {"content-type": each.content_type}
        kind = source.kind_of(each.body, headers)
        assert kind
        shaped = source.shape(kind, Hook(each.body, headers, datetime(2026, 11, 21)))
        assert shaped and len(shaped.changes) == 1
        found += list(shaped.changes[0].rows)
    return found


def test_the_same_world_tells_the_same(world: World) -> None:
    again = World(world.seed, world.end, world.repos, world.days)
    assert history(again) == history(again)
    assert [each.body for each in history(World(9, END, 12, 14))] == [
        each.body for each in history(World(9, END, 12, 14))
    ]
    assert history(World(9, END, 12, 14)) != history(World(10, END, 12, 14))


def test_history_is_over_and_in_order(world: World) -> None:
    told = history(world)
    assert len(told) > 50
    assert [each.at for each in told] == sorted(each.at for each in told)
    assert told[-1].at <= world.end and told[0].at > world.nights.start - timedelta(days=30)
    assert {each.route for each in told} == {ALERTS, CLOUD, KUBERNETES}
    for row in rows(told):
        assert row["started_at"] is not None and row["title"] and row["kind"]


def test_the_outage_is_told_by_its_hosts(world: World) -> None:
    lost = [job for job in world.jobs() if job.cause == "runner_gone" and job.started_at and job.finished_at]
    first, last = min(job.started_at for job in lost), max(job.finished_at for job in lost)  # type: ignore[type-var]
    assert first and last
    assert world.nights.number(first) == story("runner_outage").first_night
    found = rows(history(world))
    kinds = Counter(row["kind"] for row in found)
    assert kinds["Evicted"] == 9 and kinds["NodeNotReady"] == kinds["NodeReady"] == 3
    down = {row["id"]: row for row in found if row["kind"] == "RunnerHostDown"}
    assert len(down) == 3, "told twice, firing and resolved"
    for row in down.values():
        assert row["started_at"] <= first.replace(tzinfo=None) and row["ended_at"] >= last.replace(tzinfo=None)
        assert (row["status"], row["severity"]) == ("resolved", "critical")
    pods = {row["object"] for row in found if row["kind"] == "Evicted"}
    assert pods == {f"Pod/hall-{number % 3 + 1}-runner-{number}" for number in range(9)}


def test_the_regression_was_released_and_deployed_before_it_struck(world: World) -> None:
    told = story("regression_spreads")
    found = [row for row in rows(history(world)) if row["kind"] in (RELEASED, DEPLOYED)]
    for path in told.projects:
        night = world.nights.midnight(max(told.nights_of(path))).replace(tzinfo=None)
        sha = world.story_commits[path]["regression" if path == told.projects[0] else "bump"]
        ours = [row for row in found if json.loads(row["labels"])["data.sha"] == sha]
        assert min(row["started_at"] for row in ours) < night + timedelta(hours=8), path
        assert {json.loads(row["labels"])["data.repository"] for row in ours} == {path}
    assert [row["kind"] for row in found].count(RELEASED) == 2, "the regression, and what mended it"


def test_a_full_disk_is_told_on_the_host_of_the_job(world: World) -> None:
    jobs = [job for job in world.jobs() if job.cause == "disk_full" and job.runner is not None]
    assert jobs
    for job in jobs:
        found = rows(about(job))
        assert {row["kind"] for row in found} == {"NodeFilesystemAlmostOutOfSpace", "FreeDiskSpaceFailed"}
        assert all(row["node"].startswith(f"hall-{(job.runner or 0) % 3 + 1}.") for row in found)
    assert about(next(job for job in world.jobs() if job.cause == "pytest_assert")) == []


def test_an_alert_is_one_row_from_firing_to_resolved() -> None:
    alert = Alert("Disk", "warning", "Full", "Very.", END, END + timedelta(minutes=3), {"node": "a"})
    firing, resolved = rows(alert.told())
    assert firing["id"] == resolved["id"]
    assert (firing["status"], firing["ended_at"]) == ("firing", None)
    assert (resolved["status"], resolved["ended_at"]) == ("resolved", datetime(2026, 11, 21, 9, 3))


def _lived(ticks: int, *, told: bool) -> tuple[list[str], list[Told], list[tuple[int, str]]]:
    world, sent = World(4, END, 12, 14), list[Told]()
    live = Live(world)
    if told:
        live.signals = LiveSignals(world, sent.extend)
    did = [live.tick(END + timedelta(seconds=5 * number)) for number in range(1, ticks + 1)]
    return did, sent, [(job.id, job.status) for job in world.jobs()]


def test_live_signals_change_nothing_else_and_are_the_same_each_time() -> None:
    did, sent, jobs = _lived(400, told=True)
    again, sent_again, _ = _lived(400, told=True)
    silent, _, jobs_silent = _lived(400, told=False)
    assert did == again == silent and sent == sent_again and jobs == jobs_silent
    assert {each.route for each in sent} >= {ALERTS, KUBERNETES}
    found = [row for row in rows(sent) if row["source"] == "alertmanager"]
    assert {row["status"] for row in found} == {"firing", "resolved"}
    assert all(row["ended_at"] is None or row["ended_at"] > row["started_at"] for row in found)


class Listener:
    """Answers POSTs with the statuses it is given, then 200; keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        left, listener = list(statuses), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                listener.got.append((self.path, dict(self.headers), body))
                self.send_response(left.pop(0) if left else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener(503, 200, 401)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_what_is_answered_by_5xx_is_sent_again_and_what_is_refused_is_not(listener: Listener) -> None:
    sender = SignalSender(listener.url, SECRET)
    alert = Alert("Disk", "warning", "Full", "Very.", END, END + timedelta(minutes=3))
    sender.send([*alert.told(), *alert.told()])
    sender.flush()
    sender.close()
    assert (sender.sent, sender.failed) == (3, 1)
    assert len(listener.got) == 5
    assert {headers["Authorization"] for _, headers, _ in listener.got} == {f"Bearer {SECRET}"}
    assert SECRET not in json.dumps([(path, body) for path, _, body in listener.got])


def test_the_dashboard_takes_the_whole_history(dashboard: Dashboard) -> None:  # noqa: F811
    told = history(World(9, END, 12, 14))
    sender = SignalSender(dashboard.url, SECRET)
    sender.send(told)
    sender.flush()
    sender.close()
    assert (sender.sent, sender.failed) == (len(told), 0)
    deliveries = dashboard.settled(len({json.dumps(each.body) for each in told}))
    assert {row["status"] for row in deliveries} == {"shaped"}
    ids = {(row["source"], row["id"]) for row in rows(told)}
    [stored] = dashboard.rows("select count(*) as signals from signal_spans where begins_at is not null")
    assert stored["signals"] == len(ids)
    [firing] = dashboard.rows("select kind from signal_spans where is_firing")
    assert firing["kind"] == "CertificateExpiresSoon"


def test_the_command_reads_where_to_send_from_its_standard_input(listener: Listener) -> None:
    args = [sys.executable, "-m", "dashlib.demo", "--port", "0", "--repos", "8", "--days", "14", "--live", "0.2",
            "--end", "2026-11-21T09:00:00+00:00", "--seed", "3", "--signals"]  # fmt: skip
    wanted = history(World(3, END, 8, 14))
    with subprocess.Popen(args, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin and process.stdout
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            process.stdin.write(json.dumps({"url": listener.url, "token": SECRET}) + "\n")
            process.stdin.close()
            for _ in range(600):
                if len(listener.got) > len(wanted):
                    break
                threading.Event().wait(0.1)
        finally:
            process.terminate()
            process.wait(10)
    bodies = [body for _, _, body in listener.got]
    assert bodies[0] == wanted[0].body
    assert all(each.body in bodies for each in wanted[3:])
