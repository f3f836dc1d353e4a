"""The pages Failures and Failure over a filled and an empty database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashlib.charts.failure_wording import alone_told
from dashlib.failures.analyse import analyse
from dashlib.failures.settle import settle
from dashlib.runtime import runtime
from dashlib.store import open_store
from tests.act.failures import failed
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder
from tests.recognise.logs import PYTEST, TELLING

DAY = timedelta(days=1)
LOG = PYTEST.replace("$ python", "$ pip install -e .\n" + "Collecting something\n" * 60 + "$ python")
VIEWS = ("reasons", "jobs", "repositories", "nearly the same", "search logs")


def fill(built: Builder) -> dict[str, int]:
    """Two repositories in which the same test fails for days, one new hostile failure, one job without a log."""
    built.project(1, "acme/core/engine")
    built.project(2, "acme/web/site")
    built.schedule(7, project_id=1)
    built.schedule(8, project_id=2)
    jobs = {}
    for back, project in ((20, 1), (1, 1), (1, 2), (0, 1)):
        at = YESTERDAY - back * DAY
        run = built.pipeline(at, "failed", project, schedule_id=6 + project)
        jobs[f"unit {back} {project}"] = job = built.job(run, "unit", "failed", at, project, finished_at=at)
        built.trace(job, LOG, project)
    at = YESTERDAY
    run = built.pipeline(at, "failed", 2, schedule_id=8)
    jobs["hostile"] = built.job(run, HOSTILE, "failed", at, 2, finished_at=at)
    built.trace(jobs["hostile"], f"$ make\n{HOSTILE}\nfatal error: {HOSTILE}: No space left on device\n", 2)
    jobs["gone"] = built.job(run, "gone", "failed", at, 2, finished_at=at)
    built.job(run, "gone", "success", at + timedelta(hours=1), 2)
    analyse(built.store)
    return jobs


@pytest.fixture(scope="session")
def recognised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    path = tmp_path_factory.mktemp("failures") / "dashboard.duckdb"
    with open_store(path) as store:
        return path, fill(Builder(store))


@pytest.fixture
def visit(opener: Callable[[Path], Open], recognised: tuple[Path, dict[str, int]]) -> Open:
    return opener(recognised[0])


@pytest.fixture
def jobs(recognised: tuple[Path, dict[str, int]]) -> dict[str, int]:
    return recognised[1]


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def components(app: AppTest) -> list[Any]:
    """The page's own; the one that keeps it up to date belongs to the frame."""
    return [one for one in app.get("bidi_component") if one.key != "live"]


def log_of(app: AppTest) -> dict[str, Any]:
    """What the log view was handed."""
    [view] = components(app)
    found: dict[str, Any] = json.loads(view.proto.json)
    return found


def test_the_top_line_and_the_signatures(visit: Open) -> None:
    app = visit("failures")
    assert app.title[0].value == "Failures"
    assert numbers(app) == {
        "Failed jobs": "6",
        "Explained": "83.3 %",
        "Signatures": "2",
        "New signatures": "1",
        "No issue": "2",
    }
    rows = app.dataframe[0].value
    assert rows["is_new"].tolist() == [True, False]
    assert rows["failures"].tolist() == [1, 4] and rows["repositories"].tolist() == [1, 2]
    assert TELLING in rows["reason"].iloc[1]
    assert len(rows["spread"].iloc[1]) == 30
    assert any("1 without a log (1 not read, see DASH_LOGS)" in c.value.replace("\\", "") for c in app.caption)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_over_a_filled_database(visit: Open, view: str) -> None:
    app = visit("failures", view=view)
    assert app.segmented_control(key="view").value == view
    assert not app.exception and not app.error


def test_nothing_is_new_and_nothing_matches(visit: Open) -> None:
    app = visit("failures", search="no such reason")
    assert "No failed job for these filters." in app.info[0].value
    app.button(key="clear_filters").click().run()
    assert numbers(app)["Failed jobs"] == "6"


def test_filters_of_the_page(visit: Open) -> None:
    app = visit("failures", new="true")
    assert numbers(app)["Failed jobs"] == "1"
    app = visit("failures", new="false", issue="without")
    assert numbers(app)["Failed jobs"] == "4" and "without" in app.query_params["issue"]
    app.selectbox(key="issue").set_value("with").run()
    assert "No failed job for these filters." in app.info[0].value and "false" in app.query_params["new"]
    app = visit("failures", nightly="true", repo="acme/web/site", view="jobs")
    assert sorted(app.dataframe[0].value["job_name"]) == sorted([HOSTILE, "gone", "unit"])
    app = visit("failures", view="jobs", analysis="no_log")
    assert app.dataframe[0].value["job_name"].tolist() == ["gone"]
    assert app.dataframe[0].value["passed_on_retry"].tolist() == [True]


def test_a_chosen_signature_shows_its_history(visit: Open) -> None:
    app = visit("failures")
    signature = app.dataframe[0].value["signature_id"].iloc[1]
    app = visit("failures", signature=signature, period="7 days")
    told = " ".join(caption.value.replace("\\", "") for caption in app.caption)
    assert "4 failed jobs in 2 repositories and 3 nights" in told
    assert "Reached, in this order: acme/core/engine → acme/web/site." in told
    assert sorted(app.dataframe[0].value["path_with_namespace"]) == ["acme/core/engine"] * 2 + ["acme/web/site"]
    app.button(key="close_signature").click().run()
    assert "in this order" not in " ".join(caption.value for caption in app.caption)


def test_a_signature_nobody_knows(visit: Open) -> None:
    app = visit("failures", signature="0123456789ab")
    assert "No failure has the signature of this link any more" in app.warning[0].value


def test_coverage_by_repository(visit: Open) -> None:
    app = visit("failures", view="repositories")
    rows = app.dataframe[0].value.set_index("path_with_namespace")
    assert rows.loc["acme/web/site", "no_log"] == 1
    assert rows.loc["acme/core/engine", "explained_share"] == pytest.approx(100)


def test_the_search_in_all_logs(visit: Open) -> None:
    app = visit("failures", view="search logs", log="ASSERTIONERROR")
    assert "4 logs have such a line, the newest first." in [caption.value for caption in app.caption]
    shown = [code.value for code in app.code if "▶" in code.value]
    assert len(shown) == 4
    assert "▶ 71  E       AssertionError: assert 4 == 3" in shown[0].splitlines()
    app.toggle(key="case").set_value(True).run()
    assert "No stored log of these filters has such a line." in app.info[0].value
    app = visit("failures", view="search logs", log="(", regex="true")
    assert not app.warning and any("From 2 characters on" in one.value for one in app.caption)
    app = visit("failures", view="search logs", log="(x", regex="true")
    assert "This is no regular expression" in app.warning[0].value


def test_one_failure(visit: Open, jobs: dict[str, int]) -> None:
    app = visit("failure", failure=f"1-{jobs['unit 1 1']}")
    assert app.title[0].value == "unit"
    told = " ".join(caption.value.replace("\\", "") for caption in app.caption)
    assert "acme/core/engine" in told and "night of" in told and "Told by the rule" in told
    assert "No issue is linked to this failure; nobody has it." in told
    log: dict[str, Any] = log_of(app)
    lines = log["pieces"][0]["lines"]
    assert log["total"] == len(lines) == LOG.count("\n")
    assert any(TELLING in lines[number - 1] for number in log["marks"])
    assert all(any(first <= number <= last for first, last in log["open"]) for number in log["marks"])
    assert log["open"][0][0] > 50
    assert "In 1 other job as well; in this job 3 times in 3 nights, since" in told
    elsewhere, runs = app.dataframe
    assert elsewhere.value["path_with_namespace"].tolist() == ["acme/web/site"]
    assert runs.value["here"].tolist() == [False, True, False]
    assert runs.value["same_failure"].all()


def test_a_failure_without_a_log_says_so(visit: Open, jobs: dict[str, int]) -> None:
    app = visit("failure", failure=f"2-{jobs['gone']}")
    told = " ".join(caption.value.replace("\\", "") for caption in app.caption)
    assert "There is no log to read a reason from. GitLab's own reason: script_failure." in told
    assert "The log is not stored here" in told
    assert not components(app)
    assert app.dataframe[0].value["status"].tolist() == ["failed", "success"]


@pytest.mark.parametrize("asked", ["1-1", "99999-1"])
def test_a_failure_that_is_not_there(visit: Open, asked: str) -> None:
    app = visit("failure", failure=asked)
    assert "is not among the failed jobs stored here" in app.warning[0].value


@pytest.mark.parametrize("asked", ["", "x", "1-2-3", "'; drop table jobs", "1-" + "9" * 40])
def test_no_failure_in_the_link_shows_the_newest(visit: Open, asked: str) -> None:
    app = visit("failure", **({"failure": asked} if asked else {}))
    assert len(app.dataframe[0].value) == 6


@pytest.mark.parametrize("page", ["failures", "failure"])
def test_an_empty_database_offers_two_ways_in(empty: Open, page: str) -> None:
    app = empty(page)
    assert "GITLAB_ACCESS_TOKEN" in "\n".join(code.value for code in app.code)
    assert not app.dataframe


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_text_is_never_markup(visit: Open, jobs: dict[str, int], view: str) -> None:
    pages = [visit("failures", view=view, log="onerror"), visit("failure", failure=f"2-{jobs['hostile']}")]
    for app in pages:
        for element in [*app.markdown, *app.caption, *app.info, *app.warning, *app.header, *app.title]:
            assert "<img" not in element.value.replace("\\<img", "")
            assert "](javascript" not in element.value.replace("\\](javascript", "").replace("\\]\\(javascript", "")
            assert not getattr(element, "allow_html", False)


def test_while_the_rules_go_through_the_logs_the_page_says_how_far(visit: Open) -> None:
    app = visit("failures")
    assert not app.get("progress")
    store = runtime().store
    with store.reader() as reader:
        [(version,)] = reader.execute("select value from bookkeeping.settings where name = 'rules_version'").fetchall()
    say = Builder(store)
    say.setting("rules_version", "other")
    try:
        app = visit("failures")
        [bar] = app.get("progress")
        assert bar.proto.text == "The rules have gone through 0 of 6 failed jobs."
    finally:
        say.setting("rules_version", version)


@pytest.mark.parametrize(
    ("elsewhere", "failures", "nights", "told"),
    [
        (0, 1, 1, "In no other job or repository; in this job only this once."),
        (0, 5, 4, "In no other job or repository; in this job 5 times in 4 nights, since Mon 02 Nov 2026."),
        (2, 2, 0, "In 2 other jobs as well; in this job 2 times, since Mon 02 Nov 2026."),
    ],
)
def test_how_often_it_struck_here_and_elsewhere(elsewhere: int, failures: int, nights: int, told: str) -> None:
    here = pd.Series({"failures": failures, "nights": nights, "since": pd.Timestamp("2026-11-02 03:00")})
    assert alone_told(elsewhere, here) == told


def test_a_failure_of_one_job_alone_tells_since_when_and_leads_to_all_of_it(
    opener: Callable[[Path], Open], tmp_path: Path
) -> None:
    path = tmp_path / "alone.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.schedule(7, project_id=1)
        which = [failed(built, "crash: boom", at=YESTERDAY - timedelta(days=days)) for days in (2, 1, 0)]
        settle(store)
    app = opener(path)("failure", failure=f"1-{which[0].job_id}")
    told = " ".join(caption.value for caption in app.caption)
    assert "In no other job or repository; in this job 3 times in 3 nights, since" in told.replace("\\", "")
    assert "All its failures, and since when" in [link.proto.label for link in app.get("page_link")]
