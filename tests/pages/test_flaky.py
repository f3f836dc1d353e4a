"""The pages Flaky jobs and Runners over an empty, a half-empty and a filled database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.people.refresh import refresh
from dashlib.store import open_store
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def fill(built: Builder) -> None:
    """A flaky job somebody waited for, a broken one, a healthy hostile one, and an outage of two runners."""
    built.project(1, "acme/core/engine", default_branch="main")
    built.project(2, "acme/web/site", default_branch="main")
    built.schedule(7, project_id=1)
    built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
    by: dict[str, Any] = {"user_id": 1, "username": "ada", "queued_duration": 4.0}
    for back in (2, 5):
        at = YESTERDAY - back * DAY
        run = built.pipeline(at, source="push", sha=f"{back:040x}")
        built.job(run, "e2e", "failed", at, sha=f"{back:040x}", runner_description="r1", **by)
        built.job(run, "e2e", "success", at + 10 * MINUTE, sha=f"{back:040x}", runner_description="r2", **by)
        built.job(run, HOSTILE, "success", at, sha=f"{back:040x}", runner_description=HOSTILE, **by)
    for back in range(3):
        at = YESTERDAY - back * DAY
        built.job(built.pipeline(at, "failed", 2, "push"), "lint", "failed", at, 2, runner_description="r1")
    night = YESTERDAY - 7 * DAY
    for place in range(6):
        at = night + place * MINUTE
        run = built.pipeline(at, "failed")
        built.job(run, "build", "failed", at, runner_description=f"r{place % 2 + 1}",
                  failure_reason="runner_system_failure")  # fmt: skip
    refresh(built.store)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attempts") / "dashboard.duckdb"
    with open_store(path) as store:
        fill(Builder(store))
    return path


@pytest.fixture
def visit(opener: Callable[[Path], Open], played: Path) -> Open:
    return opener(played)


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    parts: list[Any] = [*app.caption, *app.info, *app.success, *app.error, *app.markdown]
    return "\n".join(part.value for part in parts)


def test_flaky_jobs(visit: Open) -> None:
    app = visit("flaky")
    assert app.title[0].value == "Flaky jobs"
    assert numbers(app) == {
        "Flaky now": "1", "Broken now": "1", "Flaky failures": "2", "Minutes wasted": "10", "Pipelines hit": "2",
        "People held up": "1", "Infrastructure": "6",
    }  # fmt: skip
    assert "2 of 11 failed attempts passed later on the same commit; they ran 10 min" in words(app).replace("\\", "")
    rows = app.dataframe[0].value
    assert rows[["state", "job_name", "evidence"]].fillna("").values.tolist() == [
        ["flaky", "e2e", "proven"], ["broken", "lint", ""],
    ]  # fmt: skip
    assert (rows["recovery"].iloc[0], rows["flaky_share"].iloc[0]) == ("1 of 5 passes", 100)
    assert rows["failure_url"].str.startswith("/failure?failure=").all()
    assert len(app.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("by", ["kind", "repository", "job", "category"])
def test_flaky_failures_one_by_one_and_each_split(visit: Open, by: str) -> None:
    app = visit("flaky", flaky_view="failures one by one", flaky_by=by)
    assert app.dataframe[0].value[["job_name", "proof"]].values.tolist() == [["e2e", "retry"]] * 2
    assert app.dataframe[0].value["person_name"].tolist() == ["Ada Lovelace"] * 2
    assert len(app.get("vega_lite_chart")) == 1


def test_flaky_filters_stand_in_the_address(visit: Open) -> None:
    app = visit("flaky", now="healthy")
    assert set(app.dataframe[0].value["job_name"]) == {"build", HOSTILE}
    app = visit("flaky", flaky_search="LINT")
    assert app.dataframe[0].value["job_name"].tolist() == ["lint"]
    app = visit("flaky", repo="acme/web/site", now="flaky")
    assert not app.dataframe and "No job is." in words(app)
    app = visit("flaky", flaky_search="no such job")
    assert "No jobs for these filters." in words(app)
    app.button(key="clear_filters").click().run()
    assert numbers(app)["Flaky now"] == "1"


def test_runners(visit: Open) -> None:
    app = visit("runners")
    told = numbers(app)
    assert (told["Jobs"], told["Runners"], told["Infrastructure"], told["Failed"]) == ("15", "3", "6", "73.3 %")
    assert "the infrastructure failed 6 jobs of 6, on 2 runners, in 1 repository" in words(app).replace("\\", "")
    assert len(app.get("vega_lite_chart")) == 3
    rows = app.dataframe[0].value
    assert dict(zip(rows["key"], rows["jobs"], strict=True)) == {"r1": 8, "r2": 5, HOSTILE: 2}
    assert rows["queued_p95"].max() == timedelta(seconds=4)


@pytest.mark.parametrize("cells", ["infrastructure", "failed", "queue", "busy"])
@pytest.mark.parametrize("by", ["type", "job"])
def test_runners_each_choice(visit: Open, cells: str, by: str) -> None:
    app = visit("runners", cells=cells, runners_by=by, runner=["r1", HOSTILE])
    assert numbers(app)["Jobs"] == "10"
    assert app.dataframe[0].value["jobs"].sum() == 10
    assert not [warning.value for warning in app.warning]


def test_runners_of_a_period_without_jobs(visit: Open) -> None:
    app = visit("runners", period="custom", **{"from": "2020-01-01", "to": "2020-01-02"})
    assert "No jobs for these filters." in words(app) and not app.get("vega_lite_chart")


@pytest.mark.parametrize("page", ["flaky", "runners"])
def test_nothing_and_half_of_it(empty: Open, opener: Callable[[Path], Open], tmp_path: Path, page: str) -> None:
    app = empty(page)
    assert "make demo" in [code.value for code in app.code]
    assert not app.metric and not app.get("vega_lite_chart")
    path = tmp_path / "half.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.pipeline(YESTERDAY, "running", source="push")
    runtime.close()
    app = opener(path)(page)
    assert "No job has ended yet" in words(app)


@pytest.mark.parametrize("page", ["flaky", "runners"])
def test_all_went_well(opener: Callable[[Path], Open], tmp_path: Path, page: str) -> None:
    path = tmp_path / "well.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.job(built.pipeline(YESTERDAY, source="push"), at=YESTERDAY)
    app = opener(path)(page)
    assert ("No job is flaky or broken." if page == "flaky" else "failed no job in this period") in words(app)
