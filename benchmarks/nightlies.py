"""What the page of nights costs at 200 repositories × 60 nights, beside the bare SQL of its views.

Without a database one of that size is written first (half a minute): a nightly and six jobs in each repository, one
night in nine red, forty reasons. Measured in one process: the copy of the views that is made when data moved, each
question a page asks of it, beside the same SQL on the views themselves; then the whole page in process (AppTest: the
script has run to its end and all it draws is handed over): opened for the first time, run again, and after a filter
changed. The best of three, but what happens once, and the bare SQL.

    python -m benchmarks.nightlies [--database F] [--repos 200] [--days 60]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from benchmarks.machine import described
from dashlib import runtime
from dashlib.charts.night_grid import grid_data
from dashlib.failures.tables import FAILURES
from dashlib.model import Filters, Put, Table, Upsert
from dashlib.nightlies import ledger
from dashlib.queries import night_failures, night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_held import held
from dashlib.settings import Settings
from dashlib.sources.tables import JOBS, PIPELINES, PROJECTS, SCHEDULES
from dashlib.store import open_store
from dashlib.store.remember import remember

_NAVIGATION = Path(__file__).resolve().parents[1] / "pages" / "navigation.py"
_TIMES = 3
_URL = "https://gitlab.example/company"
_DAY = timedelta(days=1)
_JOBS = ("build", "lint", "test:unit", "test:integration", "package", "publish")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, help="a database that was filled before; it is not changed")
    parser.add_argument("--repos", type=int, default=200)
    parser.add_argument("--days", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "nights.duckdb"
        if given.database:
            database.write_bytes(given.database.read_bytes())
        else:
            _fill(database, given.repos, given.days)
        _say(f"{described()}\n")
        _say("| what | cells or rows | ms | bare SQL, ms |\n|---|---|---|---|")
        _page(database, given.days)
        _questions(database, given.days)


def _fill(database: Path, repos: int, days: int) -> None:
    last = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0, tzinfo=None)
    begin = last - timedelta(days=days - 1)
    with open_store(database) as store:
        settings = Settings(database=database, window_days=days + 1)
        remember(store, settings)
        projects, schedules, pipelines, jobs, failures = [], [], [], [], []
        for project in range(1, repos + 1):
            path = f"company/team{project % 12}/repository{project}"
            named = {"source": "gitlab", "native_id": str(project), "path_with_namespace": path, "changed_at": begin}
            named |= {"name": f"repository{project}", "namespace": path.rpartition("/")[0], "archived": False}
            named |= {"web_url": f"{_URL}/{path}"}
            projects.append(_row(PROJECTS, ["path", "name", "address", "list"], id=project, **named))
            told = {"cron": "0 1 * * *", "cron_timezone": "UTC", "active": True, "next_run_at": last + _DAY}
            told |= {"description": "Nightly", "ref": "main", "created_at": begin, "owner_username": f"u{project % 30}"}
            schedules.append(_row(SCHEDULES, ["row"], project_id=project, id=project, **told))
            for night in range(days):
                at, red = begin + night * _DAY, (project + night // 3) % 9 == 0
                run = project * 1000 + night
                pipelines.append(_pipeline(project, run, at, "failed" if red else "success"))
                for place, name in enumerate(_JOBS):
                    job, fails = run * 10 + place, red and place == project % len(_JOBS)
                    jobs.append(_job(project, run, job, name, at, fails))
                    if fails:
                        reason = f"connection to host {project % 40} refused"
                        failures.append(_row(FAILURES, ["row"], project_id=project, job_id=job, **_explained(reason)))
        store.write(Upsert(PROJECTS, projects), Upsert(SCHEDULES, schedules))
        for place in range(0, len(pipelines), 2_000):
            store.write(Upsert(PIPELINES, pipelines[place : place + 2_000]))
        for place in range(0, len(jobs), 10_000):
            store.write(Upsert(JOBS, jobs[place : place + 10_000]))
        store.write(Put(FAILURES, failures))
        ledger.refresh(store, settings)


def _pipeline(project: int, run: int, at: datetime, status: str) -> dict[str, Any]:
    told = {"source": "schedule", "status": status, "created_at": at, "updated_at": at, "changed_at": at, "ref": "main"}
    told |= {"sha": f"{run:040x}", "state_rank": 9, "schedule_id": project, "web_url": f"{_URL}/-/pipelines/{run}"}
    return _row(PIPELINES, ["identity", "state", "schedule"], project_id=project, id=run, **told)


def _job(project: int, run: int, job: int, name: str, at: datetime, fails: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": "failed" if fails else "success",
        "stage": "test",
        "allow_failure": False,
        "duration": 300.0,
    }
    told |= {"created_at": at, "started_at": at, "finished_at": at + timedelta(minutes=5), "changed_at": at}
    told |= {"failure_reason": "script_failure" if fails else None, "runner_description": f"runner-{job % 7}"}
    told |= {"pipeline_id": run, "kind": "build", "name": name, "state_rank": 9, "web_url": f"{_URL}/-/jobs/{job}"}
    return _row(JOBS, ["state", "ref", "detail"], project_id=project, id=job, **told)


def _explained(reason: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "state": "explained",
        "category": "network",
        "reason": reason,
        "signature": f"network: {reason}",
    }
    return told | {"rule": "bench", "rule_line": 1, "confidence": 0.9, "lines": [{"number": 1, "text": reason}]}


def _row(table: Table, groups: Sequence[str], **values: Any) -> dict[str, Any]:
    """A row of the key and whole groups; what is not named is null."""
    columns = [*table.key, *(column for group in groups for column in table.groups[group].columns)]
    return dict.fromkeys(columns) | values


def _questions(database: Path, days: int) -> None:
    with open_store(database) as store, store.reader() as views:
        begun = time.perf_counter()
        copy = held(views)
        _say(f"| the copy in memory, once per change of the data | | {1000 * (time.perf_counter() - begun):,.0f} | |")
        night = nightlies.nights(copy, Filters())["night"].iloc[-1].date()
        chosen = Filters(since=night - timedelta(days=days - 1), until=night)
        narrowed = Narrowed(night)
        asked: dict[str, Callable[[Any], pd.DataFrame]] = {
            "grid, every repository": lambda on: night_grid.grid(on, chosen, narrowed=narrowed),
            "grid, 25 red most recently": lambda on: night_grid.grid(
                on, chosen, narrowed=narrowed, only_red=True, top=25
            ),
            "grid, job names across repositories": lambda on: night_grid.grid(
                on, chosen, narrowed=narrowed, rows="job"
            ),
            "numbers of every night": lambda on: nightlies.nights(on, chosen),
            "grid, reasons": lambda on: night_grid.grid(on, chosen, narrowed=narrowed, rows="reason"),
            "failed jobs of a night": lambda on: night_failures.failed_jobs(on, chosen, night=night),
            "failures over time": lambda on: night_failures.failures_over_time(on, chosen),
            "histories": lambda on: nightlies.history(on, chosen),
        }
        for name, ask in asked.items():
            rows = len(ask(copy))
            ours, bare = _best(partial(ask, copy)), _best(partial(ask, views), 1)
            _say(f"| {name} | {rows:,} | {ours:,.0f} | {bare:,.0f} |")
        frame = asked["grid, every repository"](copy)
        took = _best(lambda: grid_data(frame, framed=night))
        _say(f"| the grid's answer made ready for the browser | {len(frame):,} | {took:,.0f} | |")


def _page(database: Path, days: int) -> None:
    os.environ |= {"DASH_DATABASE": str(database), "DASH_SYNC_MINUTES": "0"}
    app = AppTest.from_file(str(_NAVIGATION), default_timeout=120)
    app.query_params["show"] = "all"
    app.query_params["period"] = "90 days" if days > 30 else "30 days"
    app.switch_page("nightlies.py")
    begun = time.perf_counter()
    app.run()
    assert not app.exception, app.exception
    _say(f"| the whole page, first opened | | {1000 * (time.perf_counter() - begun):,.0f} | |")
    _say(f"| the whole page, warm: nothing changed | | {_best(app.run):,.0f} | |")
    took = []
    for order in ("name", "owner", "longest red", "most failures"):
        begun = time.perf_counter()
        app.selectbox(key="sort").select(order).run()
        took.append(1000 * (time.perf_counter() - begun))
    _say(f"| the whole page, warm: from a choice never made before to all of it drawn | | {min(took):,.0f} | |")
    runtime.close()


def _say(line: str) -> None:
    """A line of the table, at once: the rest may take a minute."""
    print(line, flush=True)


def _best(act: Callable[[], object], times: int = _TIMES) -> float:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - begun))
    return min(took)


if __name__ == "__main__":
    main()
