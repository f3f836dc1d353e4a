"""CodeArts' pushes to rows: Huawei's own example, what it leaves out, and keys that hold."""

from __future__ import annotations

import copy
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.sources.codearts import event_row, project_id, project_of, project_row, user_row
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import EVENTS, PROJECTS, USERS
from tests.sources.payloads import recorded

REPOSITORY = 2111694664
[SAID] = recorded("codearts", "events")
AT = datetime(2024, 8, 21, 6, 21, 22)


def test_huawei_s_example() -> None:
    row = dict(event_row(REPOSITORY, SAID))
    assert 0 < row.pop("id") < 2**63
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "source": "codearts", "project_id": foreign_id("codearts", REPOSITORY), "action_name": "pushed new",
        "author_id": 9124, "author_username": "c369c68f1ff84679b5a8ed904d8bff1c", "author_name": "dev_test",
        "created_at": AT, "push_action": "created", "ref_type": "branch", "ref": "asdsada#fasdasda",
        "commit_to": "17933c207b320a74dc10af80e0d9d9720a90dd5e", "commit_count": 0, "by_hook": False,
    }  # fmt: skip
    assert EVENTS.groups_of(event_row(REPOSITORY, SAID)) == ("event",)
    project = project_of(REPOSITORY, [SAID])
    assert project is not None
    assert {name: value for name, value in project.items() if value is not None} == {
        "id": project_id(REPOSITORY), "source": "codearts", "native_id": "2111694664",
        "path_with_namespace": "lhtest00002/RepoProtal", "name": "RepoProtal", "namespace": "lhtest00002",
        "changed_at": AT, "named": True, "named_at": AT, "archived": False, "last_activity_at": AT,
    }  # fmt: skip
    assert PROJECTS.groups_of(project) == ("path", "name", "list")
    user = user_row(SAID, date(2026, 3, 11))
    assert user is not None
    assert USERS.groups_of(user) == ("user",)
    assert (user["id"], user["name"], user["state"], user["avatar_url"]) == (9124, "dev_test", "active", None)


def test_a_repository_that_nothing_names_is_called_by_its_number() -> None:
    assert project_of(7, []) is None
    assert project_of(7, [{"repository_name": "a/b"}]) is None, "nothing says since when"
    assert project_row(7, None, None)["path_with_namespace"] == "7"


def test_the_newest_name_counts() -> None:
    renamed = SAID | {"created_at": "2024-09-01T00:00:00.000Z", "repository_name": "harbour/tides"}
    for order in ([SAID, renamed], [renamed, SAID]):
        project = project_of(REPOSITORY, order)
        assert project is not None
        assert (project["path_with_namespace"], project["name"]) == ("harbour/tides", "tides")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_at", "2024-08-21T06:21:23.000Z"), ("author_id", 9125), ("action_name", "pushed to"),
        ("ref", "main"), ("ref_type", "tag"), ("commit_to", None), ("commit_from", "a" * 40),
    ],
)  # fmt: skip
def test_what_makes_another_push(name: str, value: Any) -> None:
    other = copy.deepcopy(SAID)
    (other if name in other else other["push_data"])[name] = value
    assert event_row(REPOSITORY, other)["id"] != event_row(REPOSITORY, SAID)["id"]
    assert event_row(REPOSITORY + 1, SAID)["id"] != event_row(REPOSITORY, SAID)["id"]


@given(st.dictionaries(st.sampled_from(["name", "username", "avatar_url", "nick_name", "state"]), st.text()))
def test_a_push_stays_one_row_when_its_author_changes(author: dict[str, str]) -> None:
    other = {**SAID, "author": SAID["author"] | author, "repository_name": "elsewhere/now"}
    assert event_row(REPOSITORY, other)["id"] == event_row(REPOSITORY, SAID)["id"]


def test_forty_zeros_are_no_commit() -> None:
    gone = {**SAID, "action_name": "deleted", "push_data": SAID["push_data"] | {"action": None, "commit_to": "0" * 40}}
    row = event_row(REPOSITORY, gone)
    assert (row["push_action"], row["commit_to"]) == ("removed", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(SAID, JSON)))
def test_any_json_makes_a_row(said: dict[str, Any]) -> None:
    before = copy.deepcopy(said)
    row = event_row(REPOSITORY, said)
    assert EVENTS.groups_of(row) == ("event",)
    user_row(said, date(2026, 1, 1))
    project_of(REPOSITORY, [said])
    assert repr(said) == repr(before)
