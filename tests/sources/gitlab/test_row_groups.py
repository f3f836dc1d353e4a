"""Every row carries whole groups of columns: the upsert merges by group."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dashlib.sources.gitlab.commits import commit_row, issue_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.pipelines import bridge_rows, job_row, pipeline_detail_row, pipeline_row
from dashlib.sources.gitlab.projects import members, project_row, schedule_row, user_row
from dashlib.sources.tables import COMMITS, EVENTS, ISSUES, JOBS, MEMBERS, PIPELINES, PROJECTS, SCHEDULES, USERS
from tests.sources.payloads import gitlab


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (PROJECTS, project_row(gitlab("projects")[0])),
        (MEMBERS, members(1, gitlab("members"))[0]),
        (USERS, user_row({"id": 1, "username": "x"}, date(2026, 3, 11))),
        (SCHEDULES, schedule_row(1, gitlab("schedules")[0])),
        (PIPELINES, pipeline_row(1, gitlab("pipelines")[0])),
        (PIPELINES, pipeline_detail_row(1, gitlab("pipeline_detail"))),
        (PIPELINES, bridge_rows(1, gitlab("bridges")[3])[1]),
        (JOBS, job_row(1, gitlab("jobs")[0])),
        (JOBS, bridge_rows(1, gitlab("bridges")[0])[0]),
        (COMMITS, commit_row(1, gitlab("commits")[0])),
        (ISSUES, issue_row(1, gitlab("issues")[0])),
        (EVENTS, event_row(gitlab("events")[0], 1, "pushed")),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_rows_carry_whole_groups(table: Any, row: Any) -> None:
    assert table.groups_of(row)
