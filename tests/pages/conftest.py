"""The pages in process (AppTest) over real databases: a filled one, an empty one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime, widgets
from dashlib.model import Put
from dashlib.people.refresh import refresh
from dashlib.store import bookkeeping, open_store
from tests.queries.build import Builder

NAVIGATION = Path(__file__).parents[2] / "pages" / "navigation.py"
_RUN = timedelta(minutes=30)
YESTERDAY = (datetime.now(UTC) + _RUN - timedelta(days=1)).replace(
    hour=2, minute=0, second=0, microsecond=0, tzinfo=None
)
"""Of a run that midnight passes in, the day that is yesterday from then on: until then it is the newest night, too."""
WEEKDAYS = ",".join(str((YESTERDAY - timedelta(days=back)).isoweekday() % 7) for back in range(5))
CRON = f"0 2 * * {WEEKDAYS}"
"""The five nights up to yesterday: tonight nothing is to run, so the newest night is yesterday's at any hour."""
HOSTILE = "<img src=x onerror=alert(1)>[x](javascript:alert(1)) **b** $a$ `c` :red[d]"
Open = Callable[..., AppTest]


def fill(built: Builder) -> None:
    """Three repositories, five nights, commits and events; one repository, job and title are hostile."""
    day = timedelta(days=1)
    built.project(1, "acme/core/engine")
    built.project(2, "acme/web/site")
    built.project(3, f"evil/{HOSTILE}")
    built.schedule(7, project_id=1, cron=CRON)
    built.schedule(8, project_id=2, cron=CRON)
    built.schedule(9, project_id=3, description=HOSTILE, cron=CRON)
    built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
    for back in range(5):
        at = YESTERDAY - back * day
        built.night(at, failed=["lint"] if back < 2 else [], passed=["build"] if back < 2 else ["lint"])
        built.night(at, failed=["unit", "e2e"] if back == 1 else [], project_id=2, schedule_id=8)
        built.night(at, failed=[HOSTILE] if back == 0 else [], project_id=3, schedule_id=9)
        built.commit(f"c{back}", at=at, title=HOSTILE)
        built.commit(f"d{back}", (HOSTILE, "evil@example.com"), at, 2, [("Ada Lovelace", "ada@example.com")])
        built.event("pushed to", at, ref="main", commit_count=1, commit_title=HOSTILE)
        built.event("opened", at, target_type="Issue", target_iid=4, project_id=2, target_title="An issue")
    built.commit("m1", at=YESTERDAY, parents=2)
    built.commit("r1", ("renovate[bot]", "renovate@example.com"), YESTERDAY)
    load = dict.fromkeys(bookkeeping.LOADS.columns)
    load |= {
        "source": "gitlab",
        "started_at": YESTERDAY,
        "finished_at": YESTERDAY,
        "calls": 1234,
        "rows": 99,
        "errors": 1,
    }
    problem = {"source": "gitlab", "project_id": 2, "resource": "jobs", "project": "acme/web/site", "message": HOSTILE}
    built.store.write(
        Put(bookkeeping.LOADS, [load]),
        Put(bookkeeping.PROBLEMS, [problem | {"first_at": YESTERDAY, "last_at": YESTERDAY}]),
    )
    refresh(built.store)


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "filled.duckdb"
    with open_store(path) as store:
        fill(Builder(store))
    return path


@pytest.fixture(scope="module")
def opened() -> Iterator[dict[str, str]]:
    """The settings of the app that is open; what one test of a file asked over a database, the next need not ask."""
    settings: dict[str, str] = {}
    runtime.close()
    yield settings
    runtime.close()


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opened: dict[str, str]) -> Callable[[Path], Open]:
    monkeypatch.chdir(tmp_path)

    def told(page: str, error: Exception) -> None:
        """A reader is told of an error in words; a test finds the error itself."""
        raise error

    monkeypatch.setattr(widgets, "broke_off", told)

    def over(database: Path) -> Open:
        monkeypatch.setenv("DASH_DATABASE", str(database))
        monkeypatch.setenv("DASH_SYNC_MINUTES", "0")

        def visit(page: str = "nightlies", **query: str | list[str]) -> AppTest:
            settings = {name: value for name, value in os.environ.items() if name.startswith(("DASH_", "GITLAB_"))}
            if settings != opened:
                runtime.close()
                opened.clear()
                opened.update(settings)
            app = AppTest.from_file(str(NAVIGATION), default_timeout=120)
            for key, value in query.items():
                app.query_params[key] = value
            (app.switch_page(f"{page}.py") if page else app).run()
            assert not app.exception, app.exception
            return app

        return visit

    return over


@pytest.fixture
def filled(opener: Callable[[Path], Open], filled_database: Path) -> Open:
    """Visit a page over the filled database."""
    return opener(filled_database)


@pytest.fixture
def empty(opener: Callable[[Path], Open], tmp_path: Path) -> Open:
    """Visit a page over a database that nobody loaded."""
    return opener(tmp_path / "empty.duckdb")
