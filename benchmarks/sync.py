"""What a first and a second sync cost, beside what a person would write instead.

The plain script follows the seed's plan ``5 + R + R·D + R·D·J`` with python-gitlab, one call after the other, and
keeps only nightlies: projects, scheduled pipelines, their jobs, the logs of their failed jobs. Ours reads every
pipeline, job, commit, event, issue, member and schedule besides. Both ask the same simulated GitLab, in a process of
its own, in the same run; the physical limit is what our calls cost if they did nothing but wait in ``DASH_REQUESTS``
lanes.

    python -m benchmarks.sync [--repos 60] [--days 30] [--latency 0.02]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gitlab
import requests

from dashlib.demo.gitlab import READ_TOKEN

_ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Cost:
    """Calls as the server counted them, seconds of wall time, rows brought."""

    name: str
    calls: int
    seconds: float
    rows: int


@contextmanager
def simulated(repos: int, days: int, latency: float) -> Iterator[str]:
    """A simulated GitLab in its own process."""
    command = [
        sys.executable,
        "-m",
        "dashlib.demo",
        "--repos",
        str(repos),
        "--days",
        str(days),
        "--latency",
        str(latency),
    ]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def plain(url: str, days: int) -> int:
    """The seed's plan as a script; returns the rows it brought."""
    client = gitlab.Gitlab(url, private_token=READ_TOKEN, timeout=30, per_page=100)
    since = datetime.now(UTC) - timedelta(days=days)
    rows = 0
    for project in client.projects.list(iterator=True, membership=True):
        rows += 1
        try:
            pipelines = project.pipelines.list(
                get_all=True, source="schedule", updated_after=since.strftime("%Y-%m-%dT%H:%M:%SZ")
            )
        except gitlab.GitlabError:
            continue
        for pipeline in pipelines:
            rows += 1
            for job in pipeline.jobs.list(get_all=True):
                rows += 1
                if job.status == "failed":
                    try:
                        rows += bool(project.jobs.get(job.id, lazy=True).trace())
                    except gitlab.GitlabError:
                        continue
    return rows


def ours(url: str, days: int, database: Path) -> int:
    """``python -m dashlib sync`` as a person runs it, the interpreter's start included."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    environment |= {"GITLAB_URL": url, "GITLAB_ACCESS_TOKEN": READ_TOKEN, "DASH_DATABASE": str(database)}
    environment |= {"DASH_WINDOW_DAYS": str(days)}
    done = subprocess.run(
        [sys.executable, "-m", "dashlib", "sync", "--json"],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return sum(json.loads(done.stdout)["rows"].values())


def calls(url: str) -> int:
    """What the server counted since the last look."""
    total: int = requests.get(f"{url}/-/demo/calls", timeout=30).json()["total"]
    requests.post(f"{url}/-/demo/calls/reset", timeout=30)
    return total


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repos", type=int, default=60)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--latency", type=float, default=0.02)
    given = parser.parse_args()
    with simulated(given.repos, given.days, given.latency) as url, tempfile.TemporaryDirectory() as folder:
        calls(url)
        database = Path(folder) / "benchmark.duckdb"
        costs: list[Cost] = []
        steps: list[tuple[str, Callable[[], int]]] = [
            ("plain script, nightlies only", lambda: plain(url, given.days)),
            ("first sync, everything", lambda: ours(url, given.days, database)),
            ("second sync, nothing new", lambda: ours(url, given.days, database)),
        ]
        for name, work in steps:
            began = time.monotonic()
            rows = work()
            costs.append(Cost(name, 0, time.monotonic() - began, rows))
            costs[-1].calls = calls(url)
    script, first, second = costs
    print(f"{given.repos} repositories × {given.days} nights, {given.latency * 1000:.0f} ms a call\n")
    print("| | calls | seconds | rows | calls / script's | seconds / script's |")
    print("|---|---:|---:|---:|---:|---:|")
    for cost in costs:
        shares = f"{cost.calls / script.calls:.2f} | {cost.seconds / script.seconds:.2f}"
        print(f"| {cost.name} | {cost.calls:,} | {cost.seconds:.1f} | {cost.rows:,} | {shares} |")
    waiting = first.calls * given.latency / 8
    share = f"{waiting / script.seconds:.2f}"
    limit = "physical limit of the first sync (8 lanes, waiting only)"
    print(f"| {limit} | {first.calls:,} | {waiting:.1f} | | | {share} |")
    print(f"\nsecond / first calls: {second.calls / first.calls:.2f}")


if __name__ == "__main__":
    main()
