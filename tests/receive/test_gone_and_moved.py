"""Projects and groups that move, go or get members, in a running receiver with a real database."""

from __future__ import annotations

import json
import time
from datetime import datetime

from dashlib import runtime
from dashlib.model import Put, Replace, Upsert
from dashlib.sources.gitlab.hook_parts import project_columns
from dashlib.sources.gitlab.projects import member_row, project_row, schedule_row
from dashlib.sources.tables import MEMBERS, PROJECTS, SCHEDULES
from tests.receive.conftest import Dashboard
from tests.receive.payloads import payload


def test_a_project_goes_and_nothing_of_it_is_lost(dashboard: Dashboard) -> None:
    """Marked, with its schedules, whatever came late; where GitLab lists it again it is there again."""
    nightly = schedule_row(74, {"id": 3, "description": "nightly", "cron": "0 2 * * *", "active": True})
    store = runtime.runtime().store
    dashboard.send("gitlab", "project_create")
    dashboard.settled(1)
    store.write(Replace(SCHEDULES, {"project_id": 74}, [nightly]), Put(MEMBERS, [member_row(74, {"id": 9})]))
    for name in ("project_destroy", "project_update", "project_destroy"):
        dashboard.send("gitlab", name, Idempotency_Key=f"{name} {time.monotonic()}")
    gone = dashboard.settled(4)[1]
    state = "select path_with_namespace, deleted_at, archived from projects where id = 74"
    [told] = dashboard.rows(state)
    assert told == {
        "path_with_namespace": told["path_with_namespace"], "deleted_at": gone["received_at"], "archived": False,
    }  # fmt: skip
    assert dashboard.rows("select id, description, deleted from schedules") == [
        {"id": 3, "description": "nightly", "deleted": True}
    ]
    assert dashboard.rows("select user_id from members") == [{"user_id": 9}]
    listed = {"id": 74, "path_with_namespace": "ostrelune/platform/tide-clock"}
    store.write(Put(PROJECTS, [project_row(listed)]))
    assert dashboard.rows(state)[0]["deleted_at"] is None


def test_a_group_s_new_path_is_that_of_its_projects(dashboard: Dashboard) -> None:
    """Of those of its subgroups too; what is newer than the renaming keeps the name that it has."""
    early, late = datetime(2026, 3, 11, 9), datetime(2026, 3, 11, 11)
    known = [
        (1, "ostrelune/forecast/waves", early), (2, "Ostrelune/Forecast/sea/tides", early),
        (3, "ostrelune/forecast/newer", late), (4, "ostrelune/forecasting/other", early),
    ]  # fmt: skip
    rows = [project_columns(ident, path, "Its name", None, at) for ident, path, at in known]
    runtime.runtime().store.write(Upsert(PROJECTS, rows))
    for _ in range(2):
        dashboard.send("gitlab", "group_rename", Idempotency_Key=str(time.monotonic()))
    dashboard.settled(2)
    found = dashboard.rows("select id, path_with_namespace as path, namespace, name from projects order by id")
    assert found == [
        {"id": 1, "path": "ostrelune/waves/waves", "namespace": "ostrelune/waves", "name": "Its name"},
        {"id": 2, "path": "ostrelune/waves/sea/tides", "namespace": "ostrelune/waves/sea", "name": "Its name"},
        {"id": 3, "path": "ostrelune/forecast/newer", "namespace": "ostrelune/forecast", "name": "Its name"},
        {"id": 4, "path": "ostrelune/forecasting/other", "namespace": "ostrelune/forecasting", "name": "Its name"},
    ]


def test_members_of_a_group_are_those_of_its_projects(dashboard: Dashboard) -> None:
    """Of its subgroups' too. Whoever is more than that by themselves stays so, whatever the group does."""
    store, day = runtime.runtime().store, datetime(2026, 3, 1)
    paths = [(1, "ostrelune/platform/api", 100), (2, "ostrelune/platform/sea/tides", 101), (3, "other/platform/x", 102)]
    rows = [
        {**project_columns(ident, path, None, None, day), "namespace_id": group, "updated_at": day}
        for ident, path, group in paths
    ]
    own = member_row(2, {"id": 86, "access_level": 40, "created_at": "2025-01-01T00:00:00.250Z"})
    store.write(Upsert(PROJECTS, rows), Put(MEMBERS, [own]))
    levels = "select project_id, access_level from members where user_id = 86 order by 1"

    def heard(name: str, access: str) -> list[tuple[int, int]]:
        said = payload("gitlab", name) | {"group_access": access}
        assert dashboard.post("gitlab", json.dumps(said).encode()).status_code == 200
        assert {one["status"] for one in dashboard.settled()} == {"shaped"}
        return [(row["project_id"], row["access_level"]) for row in dashboard.rows(levels)]

    assert heard("user_add_to_group", "Developer") == [(1, 30), (2, 40)]
    assert heard("user_update_for_group", "Owner") == [(1, 50), (2, 50)]
    store.write(Put(MEMBERS, [own]))
    assert heard("user_remove_from_group", "Owner") == [(2, 40)]


def test_a_subgroup_that_goes_takes_its_projects_along(dashboard: Dashboard) -> None:
    store, nightly = runtime.runtime().store, schedule_row(1, {"id": 3, "cron": "0 2 * * *", "active": True})
    paths = [(1, "ostrelune/gauges/api"), (2, "ostrelune/gauges-2/api")]
    store.write(
        Upsert(PROJECTS, [project_columns(ident, path, None, None, None) for ident, path in paths]),
        Replace(SCHEDULES, {"project_id": 1}, [nightly]),
    )
    said = payload("gitlab", "subgroup_create") | {"event_name": "subgroup_destroy"}
    dashboard.post("gitlab", json.dumps(said).encode())
    [delivery] = dashboard.settled(1)
    assert (delivery["status"], delivery["rows"], delivery["subject"]) == ("shaped", 1, "group:10")
    gone = dashboard.rows("select id, deleted_at from projects order by id")
    assert gone == [{"id": 1, "deleted_at": delivery["received_at"]}, {"id": 2, "deleted_at": None}]
    assert dashboard.rows("select deleted from schedules where project_id = 1") == [{"deleted": True}]
