"""What the page of nights costs at 200 repositories × 60 nights, beside the bare SQL of its views.

Without a database the simulated company of that size is synced first (a minute). Measured in one process: the copy of
the views that is made when data moved, each question a page asks of it, beside the same SQL on the views themselves;
then the whole page in process (AppTest): opened for the first time, run again, and after a filter changed. The best of
five, but what happens once.

    python -m benchmarks.nightlies [--database F] [--repos 200] [--days 60]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashlib.charts.night_grid import grid_data
from dashlib.demo import World
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.failures.analyse import analyse
from dashlib.model import Filters
from dashlib.nightlies import ledger
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_held import held
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.store.remember import remember
from dashlib.sync.run import Request, sync

_NAVIGATION = Path(__file__).resolve().parents[1] / "pages" / "navigation.py"
_TIMES = 5


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
        print("| what | cells or rows | ms | bare SQL, ms |\n|---|---|---|---|")
        _questions(database, given.days)
        _page(database, given.days)


def _fill(database: Path, repos: int, days: int) -> None:
    world = World(7, datetime.now(UTC), repos=repos, days=days)
    with serving(create_app(world, faults=Faults())) as url, open_store(database) as store:
        settings = Settings(
            gitlab_url=url, gitlab_token=READ_TOKEN, database=database, projects=("*",), window_days=days
        )
        remember(store, settings)
        sync(settings, store, Request())
        ledger.refresh(store, settings)
        analyse(store)


def _questions(database: Path, days: int) -> None:
    with open_store(database) as store, store.reader() as views:
        begun = time.perf_counter()
        copy = held(views)
        print(f"| the copy in memory, once per change of the data | | {1000 * (time.perf_counter() - begun):,.0f} | |")
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
            "failed jobs of a night": lambda on: nightlies.failed_jobs(on, chosen, night=night),
            "failures over time": lambda on: nightlies.failures_over_time(on, chosen),
            "histories": lambda on: nightlies.history(on, chosen),
        }
        for name, ask in asked.items():
            rows = len(ask(copy))
            ours, bare = (_best(lambda on=on, ask=ask: ask(on)) for on in (copy, views))  # type: ignore[misc]
            print(f"| {name} | {rows:,} | {ours:,.0f} | {bare:,.0f} |")
        frame = asked["grid, every repository"](copy)
        took = _best(lambda: grid_data(frame, framed=night))
        print(f"| the grid's answer made ready for the browser | {len(frame):,} | {took:,.0f} | |")


def _page(database: Path, days: int) -> None:
    os.environ |= {"DASH_DATABASE": str(database), "DASH_SYNC_MINUTES": "0"}
    app = AppTest.from_file(str(_NAVIGATION), default_timeout=120)
    app.query_params["show"] = "all"
    app.query_params["period"] = "90 days" if days > 30 else "30 days"
    begun = time.perf_counter()
    app.run()
    assert not app.exception, app.exception
    print(f"| the whole page, first opened | | {1000 * (time.perf_counter() - begun):,.0f} | |")
    print(f"| the whole page, again | | {_best(app.run):,.0f} | |")
    took = []
    for order in ("name", "owner", "longest red", "most failures"):
        begun = time.perf_counter()
        app.selectbox(key="sort").select(order).run()
        took.append(1000 * (time.perf_counter() - begun))
    print(f"| the whole page, sorted in a way never asked for before | | {min(took):,.0f} | |")


def _best(act: Callable[[], object]) -> float:
    took = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - begun))
    return min(took)


if __name__ == "__main__":
    main()
