"""Under every chart and table of every page stands the SQL that gives its numbers."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
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

    def drawn(answer: pd.DataFrame, name: str, layers: Mapping[str, pd.DataFrame] = answers.ALONE) -> None:
        page = st.session_state["address"].page
        seen.frames += [(page, name, answer), *((page, f"{name}: {layer}", one) for layer, one in layers.items())]
        draw(answer, name, layers)

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
EMPTY = {"sql", "report"}
"""Pages without a chart or table that SQL gives."""
NEWEST = {
    "failure": "select project_id || '-' || job_id from job_failures order by is_nightly desc, failed_at desc",
    "pipeline_id": "select project_id || '-' || pipeline_id from pipeline_times where verdict = 'passed'"
    " order by created_at desc",
    "signature": "select signature_id from failure_signatures order by last_seen_at desc, signature_id",
    "runner": "select runner_description from jobs where runner_description is not null order by id desc",
    "who": "select id from persons where not is_bot order by commits desc, id",
    "zoom": "select strftime(begins_at, '%Y-%m-%dT%H:%M') || '_' || strftime(begins_at + interval 1 hour,"
    " '%Y-%m-%dT%H:%M') from signal_spans order by begins_at desc",
}
"""What a visit means by "the newest" of a key."""
VISITS: list[tuple[str, dict[str, str | list[str]]]] = [
    *((page, {}) for page in PAGES),
    ("nightlies", {"repo": ["ostrelune/platform/tide-store", "ostrelune/libs/tide-units"], "period": "14 days"}),
    ("failures", {"group": "ostrelune/platform", "period": "7 days", "signature": "the newest", "split": "job"}),
    ("commits", {"group": "ostrelune/platform", "by": "repository", "per": "day"}),
    ("commits", {"view": "hours"}),
    ("commits", {"view": "list", "merges": "with"}),
    ("commits", {"view": "builds", "period": "7 days"}),
    ("commits", {"measure": "additions", "by": "team", "role": "both"}),
    ("commits", {"view": "pushed", "term": "merge", "committed": "rewritten"}),
    ("commits", {"view": "pushed", "term": "unknown", "period": "365 days"}),
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
    ("failures", {"view": "jobs", "analysis": "explained", "nightly": "true"}),
    ("failures", {"view": "repositories", "new": "false"}),
    ("failures", {"view": "nearly the same"}),
    ("flaky", {"flaky_view": "failures one by one", "flaky_by": "category", "period": "14 days"}),
    ("flaky", {"now": "healthy", "flaky_by": "job", "flaky_search": "e"}),
    ("runners", {"cells": "failed", "runners_by": "type", "period": "7 days", "runner": "the newest"}),
    ("runners", {"cells": "queue", "runners_by": "group", "period": "7 days"}),
    ("runners", {"cells": "busy", "runners_by": "job", "period": "7 days"}),
    ("people", {"who": "the newest", "people_kind": "people"}),
    ("people", {"people_view": "teams"}),
    ("signals", {"lanes": "severity", "severity": "critical", "group": "ostrelune"}),
    ("signals", {"lanes": "node", "zoom": "the newest", "find_signal": "disk"}),
    ("activity", {"of": "person", "calendar": "period", "period": "14 days", "target": ["branch", "issue"]}),
]


@pytest.mark.parametrize(("page", "query"), VISITS, ids=lambda part: part if isinstance(part, str) else "&".join(part))
def test_the_sql_below_each_chart_and_table_gives_its_rows(
    company: Open, demo: Path, shown: Shown, page: str, query: dict[str, str | list[str]]
) -> None:
    """As shown, in a connection that knows nothing of the page; columns that only tell a value in words are left."""
    with duckdb.connect(str(demo), read_only=True) as database:
        database.execute("set TimeZone = 'UTC'")
        for key in [key for key, word in query.items() if word == "the newest"]:
            query = query | {key: (database.execute(NEWEST[key]).fetchone() or [""])[0]}
        app = company(page, **query)
        # Which differences there are depends on the day: the others of these choices are always there.
        vain = [told.value for told in app.warning if "The link asks" in told.value]
        assert not vain or "term" in query, vain
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
