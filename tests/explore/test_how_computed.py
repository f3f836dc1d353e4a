"""Under every chart and table of every page stands the SQL that gives its numbers."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
import pandas as pd
import pytest
import streamlit as st

from dashlib.widgets import answers
from tests.explore.test_page import until_answered
from tests.pages.conftest import Open, opened, opener

__all__ = ["opened", "opener"]


@dataclass
class Shown:
    """What pages drew: the page, the name of each answer, its frame."""

    frames: list[tuple[str, str, pd.DataFrame]] = field(default_factory=list)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    seen = Shown()
    draw = answers.how_computed
    # The app draws charts without Altair's look at their grammar; here each is looked at.
    monkeypatch.setattr(answers, "unchecked", lambda figure: figure)

    def drawn(answer: pd.DataFrame, name: str) -> None:
        seen.frames.append((st.session_state["address"].page, name, answer))
        draw(answer, name)

    monkeypatch.setattr(answers, "how_computed", drawn)
    return seen


@pytest.fixture(scope="module")
def copied(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all visits: pages only look, and the app stays open."""
    path: Path = tmp_path_factory.mktemp("company") / "company.duckdb"
    shutil.copyfile(demo, path)
    return path


@pytest.fixture
def company(copied: Path, opener: Callable[[Path], Open]) -> Open:
    return opener(copied)


def rows(frame: pd.DataFrame, columns: list[str]) -> Counter[str]:
    return Counter(repr([_plain(value) for value in row]) for row in frame[columns].itertuples(index=False, name=None))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    return round(value, 9) if isinstance(value, float) else str(value)


NAVIGATION = Path(__file__).parents[2] / "pages" / "navigation.py"
PAGES = re.findall(r'^    \("(\w+)", "', NAVIGATION.read_text("utf-8"), re.MULTILINE)
"""Every page of the table of contents."""
EMPTY = {"sql", "report", "signals"}
"""Pages without an answer of this company: the first two show none, signals are sent by machines that do not run."""
VISITS: list[tuple[str, dict[str, str | list[str]]]] = [
    *((page, {}) for page in PAGES),
    ("nightlies", {"repo": ["ostrelune/platform/tide-store", "ostrelune/libs/tide-units"], "period": "14 days"}),
    ("failures", {"group": "ostrelune/platform", "period": "7 days"}),
    ("commits", {"group": "ostrelune/platform", "by": "repository", "per": "day"}),
    ("commits", {"view": "hours"}),
    ("commits", {"view": "list", "merges": "with"}),
    ("commits", {"view": "builds", "period": "7 days"}),
    ("overview", {"group": "ostrelune/platform", "period": "14 days"}),
    ("activity", {"of": "repository", "robots": "only"}),
    ("activity", {"activity_view": "stream", "event_sort": "oldest first", "action": ["pushed", "merged"]}),
    ("activity", {"activity_view": "list", "calendar": "period", "find_event": "main", "event_source": "gitlab"}),
    ("pipelines", {"times_of": "jobs", "times_by": "job", "times_tell": "queue time", "times_per": "day"}),
    (
        "pipelines",
        {"times_by": "author", "times_tell": "success", "times_source": ["push", "schedule"], "period": "7 days"},
    ),
    ("pipelines", {"times_by": "ref", "times_ended": "passed", "group": "ostrelune/platform"}),
    ("pipelines", {"pipelines_view": "jobs", "jobs_first": "growing fastest", "period": "7 days"}),
    ("pipelines", {"pipelines_view": "jobs"}),
    ("pipelines", {"pipeline_id": "the newest"}),
    ("failure", {"failure": "the newest"}),
]


@pytest.mark.parametrize(("page", "query"), VISITS, ids=lambda part: part if isinstance(part, str) else "&".join(part))
def test_the_sql_below_each_chart_and_table_gives_its_rows(
    company: Open, demo: Path, shown: Shown, page: str, query: dict[str, str | list[str]]
) -> None:
    """As shown, in a connection that knows nothing of the page; columns that only tell a value in words are left."""
    with duckdb.connect(str(demo), read_only=True) as database:
        database.execute("set TimeZone = 'UTC'")
        if "failure" in query:
            newest = "select project_id || '-' || job_id from job_failures order by is_nightly desc, failed_at desc"
            query = query | {"failure": (database.execute(newest).fetchone() or [""])[0]}
        if "pipeline_id" in query:
            ended = "select project_id || '-' || pipeline_id from pipeline_times where verdict = 'passed'"
            newest = f"{ended} order by created_at desc"
            query = query | {"pipeline_id": (database.execute(newest).fetchone() or [""])[0]}
        company(page, **query)
        drawn = [(name, frame) for on, name, frame in shown.frames if on == page]
        for name, frame in drawn:
            again = database.execute(str(frame.attrs["sql"])).df()
            columns = [column for column in again.columns if column in frame.columns]
            assert columns == list(again.columns), name
            assert rows(again, columns) == rows(frame, columns), name
        # Whether a job of the demo grew that much within a week depends on the day and the hour.
        assert drawn or page in EMPTY or "jobs_first" in query


def test_it_opens_on_the_page_of_sql_and_runs(company: Open, shown: Shown) -> None:
    app = company("commits", group="ostrelune/platform", by="repository")
    links = {link.proto.query_string for link in app.get("page_link") if link.proto.label == "Open in SQL"}
    [frame] = [frame for _, name, frame in shown.frames if name == "ranking"]
    sql = str(frame.attrs["sql"])
    assert "ostrelune/platform" in sql and "$" not in sql
    assert sql in {parse_qs(link)["sql"][0] for link in links}
    opened = until_answered(company("sql", sql=sql))
    [table] = [table.value for table in opened.dataframe if "type" not in table.value.columns]
    columns = ["label", "commits"]
    assert rows(table, columns) == rows(frame, columns)
