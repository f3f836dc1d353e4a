"""Projects, members, users and schedules, whole rows at a time: what is in the payload, what is not, what it means."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from dashlib.sources.gitlab.projects import members, project_row, schedule_row, short_ref, user_row
from tests.sources.payloads import gitlab


def test_project() -> None:
    assert project_row(gitlab("projects")[0]) == {
        "id": 4711,
        "source": "gitlab",
        "native_id": "4711",
        "path_with_namespace": "fjordlys/platform/beacon-api",
        "name": "Beacon API",
        "namespace": "fjordlys/platform",
        "namespace_id": 12,
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api",
        "changed_at": datetime(2026, 3, 11, 2, 40, 7, 511000),
        "named": True,
        "named_at": datetime(2026, 3, 11, 2, 40, 7, 511000),
        "addressed_at": datetime(2026, 3, 11, 2, 40, 7, 511000),
        "description": "What the lighthouse keepers see",
        "default_branch": "main",
        "visibility": "internal",
        "archived": False,
        "topics": ["python", "api"],
        "builds_enabled": True,
        "issues_enabled": False,
        "created_at": datetime(2024, 2, 1, 9, 15, 0, 120000),
        "updated_at": datetime(2026, 3, 10, 21, 4, 11, 902000),
        "last_activity_at": datetime(2026, 3, 11, 2, 40, 7, 511000),
    }


def test_project_of_an_older_server_and_in_short_form() -> None:
    _, old, short = (project_row(json) for json in gitlab("projects"))
    assert (old["namespace"], old["default_branch"], old["topics"]) == ("ida.lund", None, ["old"])
    assert (old["builds_enabled"], old["issues_enabled"], old["archived"]) == (False, True, True)
    assert old["created_at"] == old["changed_at"] == datetime(2019, 5, 2, 5)
    assert (short["namespace"], short["builds_enabled"], short["issues_enabled"]) == ("fjordlys", None, None)
    assert short["changed_at"] == datetime(2025, 1, 1)


def test_members_with_the_highest_level_of_each() -> None:
    assert members(4711, gitlab("members")) == [
        {
            "project_id": 4711, "user_id": 71, "username": "ida.lund", "name": "Ida Lund", "state": "active",
            "membership_state": "active", "access_level": 40, "expires_at": None, "created_at": datetime(2024, 6, 1, 8),
        },
        {
            "project_id": 4711, "user_id": 72, "username": "project_4711_bot_a1b2c3", "name": "deploy",
            "state": "active", "membership_state": None, "access_level": 20, "expires_at": None, "created_at": None,
        },
    ]  # fmt: skip
    assert members(4711, gitlab("members")[:1])[0]["expires_at"] == date(2026, 12, 31)


def test_user() -> None:
    assert user_row(gitlab("schedules")[0]["owner"], date(2026, 3, 11)) == {
        "source": "gitlab",
        "id": 71,
        "username": "ida.lund",
        "name": "Ida Lund",
        "state": "active",
        "bot": False,
        "public_email": None,
        "avatar_url": None,
        "web_url": "https://gitlab.fjordlys.example/ida.lund",
        "seen_on": date(2026, 3, 11),
    }


@pytest.mark.parametrize(
    "nobody", [None, {}, {"id": 1}, {"username": "x"}, {"id": None, "username": "x"}, "ida", 5, []]
)
def test_a_user_who_is_gone(nobody: Any) -> None:
    assert user_row(nobody, date(2026, 3, 11)) is None


@pytest.mark.parametrize(
    ("username", "bot"),
    [
        ("ida.lund", False),
        ("project_4711_bot_a1b2c3", True),
        ("project_4711_bot", True),
        ("group_9_bot_00ff", True),
        ("renovate[bot]", True),
        ("release-bot", True),
        ("bottcher", False),
        ("my_project_1_bot_fan", False),
    ],
)
def test_a_robot(username: str, bot: bool) -> None:
    row = user_row({"id": 1, "username": username}, date(2026, 3, 11))
    assert row is not None
    assert row["bot"] is bot


def test_schedule() -> None:
    first, second = (schedule_row(4711, json) for json in gitlab("schedules"))
    assert first == {
        "project_id": 4711,
        "id": 31,
        "description": "Nightly",
        "ref": "release/2.x",
        "cron": "15 1 * * *",
        "cron_timezone": "Pacific Time (US & Canada)",
        "next_run_at": datetime(2026, 3, 12, 8, 15),
        "active": True,
        "owner_id": 71,
        "owner_username": "ida.lund",
        "owner_name": "Ida Lund",
        "owner_state": "active",
        "created_at": datetime(2025, 1, 7, 10),
        "updated_at": datetime(2026, 3, 11, 8, 15, 3, 201000),
    }
    assert [second[name] for name in ("ref", "active", "owner_id", "owner_username", "next_run_at")] == [
        "master",
        False,
        *[None] * 3,
    ]


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("refs/heads/a/b", "a/b"),
        ("refs/tags/v1", "v1"),
        ("main", "main"),
        ("refs/merge-requests/1/head",) * 2,
        (None, None),
    ],
)
def test_short_ref(full: str | None, short: str | None) -> None:
    assert short_ref(full) == short
