"""Row functions take any JSON object that has an id: they never raise, never touch it, and say the same thing twice."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashlib.model import Row, Table
from dashlib.sources.gitlab import shapes
from dashlib.sources.gitlab.commits import commit_row, issue_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.pipelines import bridge_rows, job_row, pipeline_detail_row, pipeline_row
from dashlib.sources.gitlab.projects import members, project_row, schedule_row, user_row
from dashlib.sources.tables import COMMITS, EVENTS, ISSUES, JOBS, MEMBERS, PIPELINES, PROJECTS, SCHEDULES, USERS
from dashlib.store.staging import staged
from tests.sources.payloads import gitlab

DAY = date(2026, 3, 11)
ROOT = Path(__file__).resolve().parents[3]
RowsOf = Callable[[Any], list[tuple[Table, Row]]]


def _bridges(json: Any) -> list[tuple[Table, Row]]:
    job, parent = bridge_rows(1, json)
    return [(JOBS, job)] + ([(PIPELINES, parent)] if parent else [])


FUNCTIONS: dict[str, tuple[RowsOf, str]] = {
    "project": (lambda json: [(PROJECTS, project_row(json))], "projects"),
    "members": (lambda json: [(MEMBERS, row) for row in members(1, [json, json])], "members"),
    "user": (lambda json: [(USERS, row) for row in [user_row(json, DAY)] if row], "members"),
    "schedule": (lambda json: [(SCHEDULES, schedule_row(1, json))], "schedules"),
    "pipeline": (lambda json: [(PIPELINES, pipeline_row(1, json))], "pipelines"),
    "pipeline detail": (lambda json: [(PIPELINES, pipeline_detail_row(1, json))], "pipeline_detail"),
    "job": (lambda json: [(JOBS, job_row(1, json))], "jobs"),
    "bridge": (_bridges, "bridges"),
    "commit": (lambda json: [(COMMITS, commit_row(1, json))], "commits"),
    "issue": (lambda json: [(ISSUES, issue_row(1, json))], "issues"),
    "event": (lambda json: [(EVENTS, event_row(json, 1, "pushed"))], "events"),
}


def _names(json: Any) -> set[str]:
    """Every key that stands anywhere in a recorded payload."""
    if isinstance(json, dict):
        return set(json) | {name for part in json.values() for name in _names(part)}
    return {name for part in json for name in _names(part)} if isinstance(json, list) else set()


NAMES = sorted(
    {name for _, file in FUNCTIONS.values() for name in _names(gitlab(file))} | {"data", "commits", "before", "after"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["--5", "9" * 5000, 10**400, "refs/heads/x", "2026-03-11T01:00:00Z", "\ud83d", "true", "failed", "schedule"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=50, deadline=None, derandomize=True)
@given(json=OBJECTS, ident=st.integers(1, 2**63 - 1))
@example(json={"data": {"ref": "refs/heads/main", "commits": 5}}, ident=1)
@example(json={"assignees": 5, "labels": 7, "topics": {"a": 1}}, ident=1)
@example(json={"duration": 10**400, "coverage": 10**400, "iid": "9" * 5000, "access_level": "--5"}, ident=1)
@example(json={"author_id": "9" * 5000, "user": {"id": "--5"}, "stats": {"additions": "--1"}}, ident=1)
def test_any_object(name: str, json: dict[str, Any], ident: int) -> None:
    function, _ = FUNCTIONS[name]
    json = (
        json | ({"id": str(ident)} if name == "commit" else {"id": ident}) | ({"iid": ident} if name == "issue" else {})
    )
    before = copy.deepcopy(json)
    rows = function(json)
    assert repr(json) == repr(before), "the payload is not touched"
    assert repr(function(copy.deepcopy(json))) == repr(rows), "nothing but the payload decides"
    for table, row in rows:
        assert set(row) <= set(table.columns)
        staged(table, [column for column in table.columns if column in row], [row])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_recorded_payloads_fit_their_tables(name: str) -> None:
    function, file = FUNCTIONS[name]
    recorded = gitlab(file)
    connection = duckdb.connect()
    for json in recorded if isinstance(recorded, list) else [recorded]:
        for table, row in function(json):
            arrow = staged(table, [column for column in table.columns if column in row], [row])
            connection.register("arrow", arrow)
            assert len(connection.execute("select * from arrow").fetchall()) == 1
    connection.close()


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (5, 5), ("5", 5), (" -7 ", -7), (5.0, 5), (True, None), (None, None), ("", None), ("--5", None), ("5.5", None),
        (5.5, None),
        (2**63, None), (-(2**63), -(2**63)), (float("inf"), None), (float("nan"), None), ("9" * 5000, None),
        ([], None), ({}, None),
    ],
    ids=range(17),
)  # fmt: skip
def test_whole_numbers(value: Any, whole: int | None) -> None:
    assert shapes.number(value) == whole


@pytest.mark.parametrize(
    ("value", "decimal"),
    [("81.25", 81.25), (7, 7.0), (True, None), (None, None), ("high", None), (10**400, None), ([], None), ({}, None)],
    ids=range(8),
)
def test_decimals(value: Any, decimal: float | None) -> None:
    assert shapes.decimal(value) == decimal


def test_texts_and_truths() -> None:
    assert shapes.texts(["a", 1, None, {"title": "b"}, {"name": "c"}, {}, True]) == ["a", "1", "b", "c"]
    assert shapes.texts("abc") == []
    odd: list[Any] = [True, "true", False, None, 1, "false", []]
    assert [shapes.truth(value) for value in odd] == [True, True, *[False] * 5]
    assert shapes.text(True) is None


def test_a_hostile_commit_message_costs_no_more_than_its_length() -> None:
    """A message is written by anybody who may push. Blanks tried with each other take hours."""
    code = "from dashlib.sources.gitlab.commits import co_authors; co_authors('Co-authored-by:' + ' ' * 20_000 + 'x')"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
