"""What a webhook costs, the disk included, beside a bare route that reads the body and answers: same server, same run.

    python -m benchmarks.receive [--seconds 10] [--rounds 3] [--connections 16] [--pages]

The server is the real one (``streamlit run``, one process) with one more route. Deliveries are of 4 KB, of three kinds
and all different (``receive_load``); bare route and receiver take turns, each of them first in every other round, so
that what else the machine does meets both. Before each turn everything that was stored is in the tables: a bare route
beside the rows of the turn before would be too slow, and the ratio too good. Afterwards each delivery that was answered
200 must be in the database, once. The server's CPU is told by turn: of its event loop, and of its other threads (the
disk, the rows).

``--pages`` opens pages of the demo's company in Chromium, too: while nothing comes, and through a burst that is as long
(``receive_pages``).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import requests

from benchmarks.live import company
from benchmarks.machine import described
from benchmarks.receive_load import SECRET, Measured, measure
from dashlib.commands.serve import free_port

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "dashboard.duckdb"
_IDLE_CPU = 0.05
"""Seconds of CPU in a second: so little a server needs that nobody asks."""
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


class Server:
    """The dashboard with the bare route beside its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.database = free_port(), folder / DATABASE
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

    def cpu(self) -> tuple[float, float]:
        """Seconds of CPU so far: of the thread that answers (the process's first), and of all others."""
        own = _ticks(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/stat"))
        return own, _ticks(Path(f"/proc/{self.process.pid}/stat")) - own

    def drained(self) -> None:
        """Wait until nothing waits for its rows, and what follows from them (copies of views) is made, too."""
        while self.waiting():
            time.sleep(0.2)
        before, now = 0.0, sum(self.cpu())
        while now - before > _IDLE_CPU:
            time.sleep(1)
            before, now = now, sum(self.cpu())

    def turn(self, path: str, seconds: float, connections: int, turn: int) -> Measured:
        """One turn of a route, on a server that has nothing else to do."""
        self.drained()
        loop, others = self.cpu()
        found = measure(self.port, path, seconds, connections, turn)
        ended_loop, ended_others = self.cpu()
        return replace(found, loop_cpu=ended_loop - loop, other_cpu=ended_others - others)

    def waiting(self) -> int:
        text = requests.get(f"{self.url}/metrics", timeout=30).text
        rows = [line for line in text.splitlines() if line.startswith("dashboard_deliveries_waiting{")]
        return sum(int(float(line.rpartition(" ")[2])) for line in rows)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def _ticks(stat: Path) -> float:
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _pages(server: Server, seconds: float, connections: int) -> int:
    """Print how long pages take while nothing comes, and in a burst; returns how many deliveries that stored."""
    from benchmarks.receive_pages import opened, told

    server.drained()
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
        if given.pages:
            company(Path(folder) / DATABASE, repos=12, days=20)
        server = Server(Path(folder))
        print(f"{described()}\n")
        try:
            measure(server.port, "/bare", 1, given.connections, 90)
            measure(server.port, "/gitlab/events", 1, given.connections, 91)
            turns: dict[str, list[Measured]] = {"bare": [], "receiver": []}
            print("| round | route | requests/s | p50 ms | p99 ms | CPU ms, loop | CPU ms, others | refused |")
            print("|---|---|---:|---:|---:|---:|---:|---:|")
            stored, routes = 0, (("bare", "/bare"), ("receiver", "/gitlab/events"))
            for turn in range(given.rounds):
                for name, path in routes if turn % 2 == 0 else reversed(routes):
                    found = server.turn(path, given.seconds, given.connections, turn)
                    turns[name].append(found)
                    stored += found.good if name == "receiver" else 0
                    print(f"| {turn + 1} | {name} | {found.told()} |", flush=True)
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
