"""Hooks about members, projects, groups and accounts, whole rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from dashlib.model import Change, Delete, Put, Replace, Row, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.tables import MEMBERS, PROJECTS, SCHEDULES
from tests.receive.payloads import RECEIVED, payload, rows, shaped


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 11, hour, minute, second)


def test_members_of_a_project() -> None:
    joins, changes, leaves = (
        shaped("gitlab", name).changes for name in ("user_add_to_team", "user_update_for_team", "user_remove_from_team")
    )
    [joined] = [change for change in joins if isinstance(change, Put)]
    assert joined.rows == [{
        "project_id": 15, "user_id": 86, "username": "vdruzhnik", "name": "Vesna Druzhnikova", "state": "active",
        "membership_state": "active", "access_level": 30, "expires_at": None, "created_at": at(10),
    }]  # fmt: skip
    [changed] = [change for change in changes if isinstance(change, Put)]
    assert changed.rows[0]["access_level"] == 40
    [left] = [change for change in leaves if isinstance(change, Delete)]
    assert left.rows == [{"project_id": 15, "user_id": 86}]
    told = [
        (row["action_name"], row["author_username"], row["created_at"])
        for changes in (joins, leaves)
        for change in changes
        if change.table.name == "events"
        for row in change.rows
    ]
    assert told == [("joined", "vdruzhnik", at(10)), ("left", "vdruzhnik", datetime(2026, 3, 12, 10, 5))]


def test_a_member_of_a_group_of_which_nothing_is_known_is_an_account() -> None:
    for name in ("user_add_to_group", "user_remove_from_group"):
        found = rows("gitlab", name)
        assert list(found) == ["users"]
        assert found["users"][0]["username"] == "vdruzhnik"


def of_a_group(name: str, *known: dict[str, object]) -> list[Change]:
    """What a hook about a member of group 100 changes in ``members``; ``known`` is what was known of the person."""
    asked = []

    def memberships(user: int, projects: Sequence[int]) -> Sequence[Row]:
        asked.append((user, list(projects)))
        return known

    told = shaped(
        "gitlab", name, group_path={100: "ostrelune/platform"}.get, memberships=memberships,
        projects_under={"ostrelune/platform": [{"id": 15}, {"id": 16}]}.__getitem__,
    )  # fmt: skip
    assert asked == [(86, [15, 16])]
    assert (told.subject, told.project_id) == ("user:86", None)
    return [change for change in told.changes if change.table is MEMBERS]


def membership(project_id: int, access_level: int) -> dict[str, object]:
    return {
        "project_id": project_id, "user_id": 86, "username": "vdruzhnik", "name": "Vesna Druzhnikova",
        "state": "active", "membership_state": "active", "access_level": access_level,
        "expires_at": date(2026, 12, 14), "created_at": at(10),
    }  # fmt: skip


def test_who_joins_a_group_is_a_member_of_its_projects() -> None:
    for name in ("user_add_to_group", "user_update_for_group"):
        assert of_a_group(name) == [Put(MEMBERS, [membership(15, 10), membership(16, 10)])]


def test_the_higher_of_two_roles_holds() -> None:
    """One's own role in the project; of the same membership the hook tells the newest role, a lower one, too."""
    own = {"project_id": 15, "access_level": 40, "created_at": datetime(2025, 1, 1)}
    assert of_a_group("user_add_to_group", own) == [Put(MEMBERS, [membership(16, 10)])]
    same = own | {"created_at": at(10).replace(microsecond=250_000)}
    assert of_a_group("user_add_to_group", same) == [Put(MEMBERS, [membership(15, 10), membership(16, 10)])]


def test_who_leaves_a_group_stays_in_projects_of_their_own() -> None:
    keys = [{"project_id": 15, "user_id": 86}, {"project_id": 16, "user_id": 86}]
    own = {"project_id": 15, "access_level": 40, "created_at": datetime(2025, 1, 1)}
    by_group = {"project_id": 16, "access_level": 10, "created_at": at(10).replace(microsecond=250_000)}
    assert of_a_group("user_remove_from_group", own, by_group) == [Delete(MEMBERS, keys[1:])]
    assert of_a_group("user_remove_from_group") == [Delete(MEMBERS, keys)]


@pytest.mark.parametrize("kind", ["group_destroy", "subgroup_destroy"])
@pytest.mark.parametrize("full_path", [None, "ostrelune/gauges"])
def test_a_group_that_is_no_more_takes_its_projects_along(kind: str, full_path: str | None) -> None:
    """Those that were made after it, at the same path, are others. Hooks before 13.9 do not tell the whole path."""
    said = payload("gitlab", "subgroup_create") | {"event_name": kind, "full_path": full_path}
    later = RECEIVED + timedelta(seconds=1)
    known = [{"id": 15, "created_at": None}, {"id": 16, "created_at": RECEIVED}, {"id": 17, "created_at": later}]
    told = shaped(
        "gitlab", "subgroup_create", payload=said, projects_under={"ostrelune/gauges": known}.__getitem__,
        group_path={10: "ostrelune/gauges"}.get,
    )  # fmt: skip
    assert told.changes == [
        change
        for ident in (15, 16)
        for change in (
            Upsert(PROJECTS, [{"id": ident, "deleted_at": RECEIVED}]), Replace(SCHEDULES, {"project_id": ident}, []),
        )
    ]  # fmt: skip
    assert (told.subject, told.happened_at) == ("group:10", at(10, 5))
    assert shaped("gitlab", "subgroup_create", payload=said).changes == [] or full_path


def test_projects_that_come_and_move() -> None:
    paths = {
        name: (row["path_with_namespace"], row["name"], row["changed_at"], row["web_url"])
        for name in ("project_create", "project_rename", "project_transfer")
        for row in rows("gitlab", name, instance="https://gitlab.ostrelune.example")["projects"]
    }
    root = "https://gitlab.ostrelune.example/ostrelune"
    assert paths == {
        "project_create": ("ostrelune/platform/tide-clock", "tide-clock", at(10, 5), f"{root}/platform/tide-clock"),
        "project_rename": (
            "ostrelune/platform/tide-watch", "tide-watch", datetime(2026, 3, 12, 10, 5), f"{root}/platform/tide-watch",
        ),
        "project_transfer": (
            "ostrelune/forecast/tide-watch", "tide-watch", datetime(2026, 3, 13, 10, 5), f"{root}/forecast/tide-watch",
        ),
    }  # fmt: skip


def test_a_project_that_is_no_more_is_marked_and_kept() -> None:
    """Where nothing was known of it its name is; its schedules are marked as those that GitLab lists no more."""
    said = payload("gitlab", "project_destroy")
    said["path_with_namespace"] += "-deletion_scheduled-74"
    told = shaped("gitlab", "project_destroy", payload=said, instance="https://gitlab.ostrelune.example")
    named, marked, schedules = told.changes
    assert named.rows == [{
        "id": 74, "source": "gitlab", "native_id": "74", "path_with_namespace": "ostrelune/platform/tide-clock",
        "name": "tide-clock", "namespace": "ostrelune/platform", "changed_at": None,
        "web_url": "https://gitlab.ostrelune.example/ostrelune/platform/tide-clock", "addressed_at": None,
        "named": False, "named_at": None,
    }]  # fmt: skip
    assert marked == Upsert(PROJECTS, [{"id": 74, "deleted_at": RECEIVED}])
    assert schedules == Replace(SCHEDULES, {"project_id": 74}, [])
    assert (told.project_id, told.subject, told.happened_at) == (74, "project:74", at(10, 5))


@pytest.mark.parametrize(
    ("name", "old", "new", "when"),
    [
        ("group_rename", "ostrelune/forecast", "ostrelune/waves", at(10, 5)),
        ("user_rename", "bolafsund", "birta", None),
    ],
)
def test_who_has_another_path_takes_the_projects_along(name: str, old: str, new: str, when: datetime | None) -> None:
    said = payload("gitlab", name)
    if name == "user_rename":
        said |= {"old_username": old, "username": new}
        when = max(stamp for word in ("created_at", "updated_at") if (stamp := stamps.utc(said[word])))
    known = {"id": 15, "native_id": "15", "path_with_namespace": f"{old}/sea/tide-store"}
    asked = []

    def under(path: str) -> list[dict[str, object]]:
        asked.append(path)
        return [known]

    found = rows("gitlab", name, payload=said, projects_under=under, instance="https://gitlab.ostrelune.example")
    assert asked == [old]
    assert found["projects"] == [{
        "id": 15, "source": "gitlab", "native_id": "15", "path_with_namespace": f"{new}/sea/tide-store",
        "namespace": f"{new}/sea", "changed_at": when,
        "web_url": f"https://gitlab.ostrelune.example/{new}/sea/tide-store", "addressed_at": when,
    }]  # fmt: skip


def test_who_asks_to_join_is_an_account_and_no_member() -> None:
    [of_group] = shaped("gitlab", "user_access_request_to_group").changes
    assert (of_group.table.name, of_group.rows[0]["username"]) == ("users", "vdruzhnik")
    said = payload("gitlab", "user_add_to_team") | {"event_name": "user_access_request_revoked_for_project"}
    told = shaped("gitlab", "user_add_to_team", payload=said)
    assert sorted(change.table.name for change in told.changes) == ["projects", "users"]
    assert (told.project_id, told.subject) == (15, "user:86")


def test_accounts_that_come_and_go() -> None:
    [came] = rows("gitlab", "user_create")["users"]
    assert (came["id"], came["username"], came["state"], came["seen_on"]) == (93, "bolafsund", None, None)
    [gone] = rows("gitlab", "user_destroy")["users"]
    assert (gone["state"], gone["seen_on"]) == ("deleted", date(2026, 6, 1))
