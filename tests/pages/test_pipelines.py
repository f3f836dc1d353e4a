"""The page Pipelines over an empty, a half-empty and a filled database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.people.refresh import refresh
from dashlib.queries import pipelines
from dashlib.store import open_store
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
NEWEST = 4242
"""The number of the newest pipeline of the first repository; the second one has a pipeline of that number, too."""


def fill(built: Builder) -> None:
    """Sixty days: nightlies of ten minutes that take twelve in the newer half, some pushes, one with a retried job."""
    built.project(1, "acme/core/engine", default_branch="main")
    built.project(2, f"evil/{HOSTILE}", default_branch="main")
    built.schedule(7, project_id=1)
    built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
    for back in range(58, 0, -2):
        at = YESTERDAY - back * DAY
        run = built.pipeline(at)
        took = 720 if back < 29 else 600
        built.job(run, "test", at=at + 5 * SECOND, duration=float(took), finished_at=at + (5 + took) * SECOND,
                  queued_duration=5.0)  # fmt: skip
    by: dict[str, Any] = {"user_id": 1, "username": "ada", "queued_duration": 30.0}
    for back in (3, 2):
        at = YESTERDAY - back * DAY
        run = built.pipeline(at, "failed", 2, "push", ref="refs/merge-requests/1/head", name=HOSTILE)
        built.job(run, HOSTILE, "failed", at, 2, stage=HOSTILE, runner_description=HOSTILE, **by)
    for project in (1, 2):
        built.pipeline(YESTERDAY, project_id=project, source="web", id=NEWEST)
    parts = (("build", "success", 0, 60), ("unit", "failed", 64, 200), ("unit", "success", 204, 300))
    for name, status, began, ended in parts:
        start = YESTERDAY + (began + 4) * SECOND
        built.job(NEWEST, name, status, YESTERDAY, started_at=start, finished_at=YESTERDAY + (ended + 4) * SECOND,
                  duration=float(ended - began), stage="test", **(by | {"queued_duration": 3.0}))  # fmt: skip
    built.job(NEWEST, "deploy", "manual", YESTERDAY, started_at=None, finished_at=None, duration=None)
    refresh(built.store)


@pytest.fixture(scope="session")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("times") / "dashboard.duckdb"
    with open_store(path) as store:
        fill(Builder(store))
    return path


@pytest.fixture
def visit(opener: Callable[[Path], Open], timed: Path) -> Open:
    return opener(timed)


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    parts: list[Any] = [*app.caption, *app.info, *app.success, *app.warning, *app.markdown]
    return "\n".join(part.value for part in parts).replace("\\", "")


def test_times(visit: Open) -> None:
    app = visit("pipelines")
    assert app.title[0].value == "Pipelines"
    # Fourteen nightlies, two pushes and two pipelines by hand, of which one has no jobs.
    assert numbers(app) == {
        "Ended": "18", "Ran, half": "12 min", "Ran, 95 %": "12 min", "Waited, half": "5.0 s", "Waited, 95 %": "5.0 s",
        "Passed": "88.9 %",
    }  # fmt: skip
    assert "The 30 days before: 15 pipelines. Half of them ran 10 min or less (now: 20 % longer (+2 min))" in words(app)
    assert len(app.get("vega_lite_chart")) == 2
    weeks, rows = (table.value for table in app.dataframe)
    assert weeks["period"].is_monotonic_decreasing and set(weeks["run_change"]) == {"too few to tell"}
    assert weeks["n"].sum() == 18 and weeks["n"].iloc[1] == weeks["n_before"].iloc[0]
    assert rows[["key", "n", "run_change"]].values.tolist() == [
        ["acme/core/engine", 15, "20 % longer (+2 min)"], [f"evil/{HOSTILE}", 3, "nothing before"],
    ]  # fmt: skip


@pytest.mark.parametrize("measure", pipelines.MEASURES)
@pytest.mark.parametrize(("of", "by"), [("pipelines", "ref"), ("pipelines", "author"), ("jobs", "job")])
def test_each_measure_and_way_to_tell_them_by(visit: Open, of: str, by: str, measure: str) -> None:
    app = visit("pipelines", times_of=of, times_by=by, times_tell=measure, times_per="day", times_ended="passed")
    keys = {
        "ref": {"main", "merge requests"},
        "author": {"Ada Lovelace", "nobody, or not told"},
        "job": {f"{job} · acme/core/engine" for job in ("test", "build", "unit")} | {f"{HOSTILE} · evil/{HOSTILE}"},
    }
    assert set(app.dataframe[-1].value["key"]) == keys[by]
    assert len(app.get("vega_lite_chart")) == 2 and not app.warning


def test_like_is_compared_with_like(visit: Open) -> None:
    app = visit("pipelines", times_source="push")
    assert numbers(app)["Ended"] == "2" and "no pipelines with a verdict" in words(app)


def test_jobs_that_take_long_and_that_grew(visit: Open) -> None:
    app = visit("pipelines", pipelines_view="jobs")
    rows = app.dataframe[0].value
    assert rows["job_name"].tolist()[0] == "test" and rows["run_change"].iloc[0] == "20 % longer (+2 min)"
    app = visit("pipelines", pipelines_view="jobs", jobs_first="growing fastest")
    assert app.dataframe[0].value[["job_name", "grew"]].values.tolist() == [["test", 120.0]]
    app = visit("pipelines", pipelines_view="jobs", jobs_first="growing fastest", repo=f"evil/{HOSTILE}")
    assert "No job grew that much" in words(app)


def test_a_pipeline_by_its_number(visit: Open) -> None:
    app = visit("pipelines", pipeline_id=f"1-{NEWEST}")
    assert "What decided that: build → unit (1) → unit (2)." in words(app)
    assert "Never began: manual: deploy." in words(app)
    assert len(app.get("vega_lite_chart")) == 1
    line, listed = (frame.value for frame in app.dataframe)
    assert line["job_name"].tolist() == ["build", "unit", "unit", "deploy"]
    assert listed["whole"].iloc[0] == len(listed) == 17
    app.button(key="unpick").click().run()
    assert not app.get("vega_lite_chart") and app.query_params.get("pipeline_id") is None
    assert "Pick a pipeline" in words(app)
    app = visit("pipelines", pipeline_id=str(NEWEST))
    assert f"2 repositories have a pipeline {NEWEST}" in words(app)
    app.button(key="choose_2").click().run()
    assert app.query_params["pipeline_id"] == f"2-{NEWEST}" and "Its jobs were not read" in words(app)
    assert "Pipeline 7 is not stored here." in words(visit("pipelines", pipeline_id="7"))
    assert "asks for what is not here" in words(visit("pipelines", pipeline_id="seven"))


def test_nothing_of_a_period(visit: Open) -> None:
    days = {"period": "custom", "from": "2020-01-01", "to": "2020-01-02"}
    for view in ("times", "jobs", "one pipeline"):
        app = visit("pipelines", pipelines_view=view, **days)
        assert "for these filters." in words(app) and not app.get("vega_lite_chart")


def test_nothing_at_all_and_half_of_it(empty: Open, opener: Callable[[Path], Open], tmp_path: Path) -> None:
    app = empty("pipelines")
    assert "make demo" in [code.value for code in app.code] and not app.metric
    path = tmp_path / "half.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.pipeline(YESTERDAY, "running", source="push")
    runtime.close()
    visit = opener(path)
    assert "No pipeline has passed or failed yet" in words(visit("pipelines"))
    assert "No job has passed or failed yet" in words(visit("pipelines", pipelines_view="jobs"))
