"""What becomes of stored deliveries: rows, or an error and a replay; and of which projects."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashlib import control, runtime
from dashlib.model import Upsert
from dashlib.receive import shaping
from dashlib.sources.gitlab import hooks, hooks_work
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.tables import EVENTS
from tests.receive.conftest import Dashboard
from tests.receive.payloads import payload, raw


def body(name: str, **changes: Any) -> bytes:
    return json.dumps(payload("gitlab", name) | changes).encode()


def test_a_delivery_that_cannot_be_shaped_stays_and_is_replayed(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered 200; its error is shown; tomorrow's code takes it."""

    def broken(_: Any) -> Any:
        raise KeyError("what a pipeline of 2031 looks like")

    with monkeypatch.context() as patch:
        patch.setitem(hooks._SHAPES, "pipeline", broken)
        assert dashboard.send("gitlab", "pipeline").status_code == 200
        assert dashboard.post("gitlab", body("job", build_id=None)).status_code == 200
        failed = dashboard.settled(2)
    assert [(one["status"], one["error"], one["rows"]) for one in failed] == [
        ("failed", "a defect of the dashboard: KeyError", 0), ("failed", "the job has no id", 0),
    ]  # fmt: skip
    assert dashboard.rows("from pipelines") == []
    app = control.running(runtime.runtime().settings.database)
    assert app is not None
    *_, last = app.call("replay", {"source": "gitlab", "since": None})
    assert last == {"replayed": {"shaped": 1, "unreadable": 1}}
    assert [one["status"] for one in dashboard.settled(2)] == ["shaped", "failed"]
    assert len(dashboard.rows("from pipelines")) == 1


def test_a_value_that_fits_no_column_fails_alone(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(hook: Any) -> Any:
        found = hooks_work.push(hook)
        broken = [
            Upsert(change.table, [{**row, "project_id": "many"} for row in change.rows])
            for change in found.changes
            if change.table is EVENTS
        ]
        return replace(found, changes=broken if hook.payload["total_commits_count"] == 40 else found.changes)

    monkeypatch.setitem(hooks._SHAPES, "push", odd)
    for name in ("push", "push_of_forty_commits", "push_of_a_new_branch"):
        dashboard.send("gitlab", name)
    assert [one["status"] for one in dashboard.settled(3)] == ["shaped", "failed", "shaped"]
    assert "could not be written" in dashboard.settled()[1]["error"]


@pytest.mark.parametrize("named", ["id", "username"])
def test_what_a_hook_told_goes_when_the_api_tells_it(dashboard: Dashboard, named: str) -> None:
    """Hooks of versions before 13 name who did it without a number."""
    said = payload("gitlab", "issue")
    user = said["user"] if named == "id" else {"username": said["user"]["username"], "name": said["user"]["name"]}
    dashboard.post("gitlab", body("issue", user=user))
    dashboard.settled(1)
    [heard] = dashboard.rows("select * from events")
    told = {
        "id": 7, "action_name": "opened", "target_type": "Issue", "target_id": heard["target_id"],
        "author_id": said["user"]["id"], "author_username": said["user"]["username"],
        "created_at": f"{heard['created_at']}Z",
    }  # fmt: skip
    somebody = told | {"id": 8, "author_id": 1, "author_username": "somebody-else"}
    store = runtime.runtime().store
    store.write(Upsert(EVENTS, [event_row(somebody, heard["project_id"])]))
    assert len(dashboard.rows("from events")) == 2
    store.write(Upsert(EVENTS, [event_row(told, heard["project_id"])]))
    assert dashboard.rows("select id, by_hook from events order by 1") == [
        {"id": 7, "by_hook": False}, {"id": 8, "by_hook": False},
    ]  # fmt: skip


def test_when_rows_were_first_made_outlives_a_replay(dashboard: Dashboard) -> None:
    """Each replay is told in a column of its own, and its outcome wins."""
    dashboard.send("gitlab", "push")
    [before] = dashboard.settled(1)
    assert before["replayed_at"] is None
    opened, times = runtime.runtime(), list[datetime]()
    for _ in range(2):
        list(shaping.replay(opened.settings, opened.store))
        [now] = dashboard.settled(1)
        assert (now["shaped_at"], now["status"]) == (before["shaped_at"], "shaped")
        times.append(now["replayed_at"])
    assert before["shaped_at"] < times[0] < times[1]
    narrow = replace(opened.settings, groups=("another/*",))
    list(shaping.replay(narrow, opened.store))
    assert dashboard.settled(1)[0]["status"] == "ignored", "the newest outcome holds"


def test_replay_by_source_and_day(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push")
    dashboard.send("alertmanager", "firing")
    dashboard.settled(2)
    opened = runtime.runtime()
    today = datetime.now(UTC).date()

    def counted(source: str | None, since: date | None) -> int:
        told = list(shaping.replay(opened.settings, opened.store, source, since))
        return sum(told[-1].values()) if told else 0

    assert counted(None, None) == 2
    assert counted("gitlab", today) == 1
    assert counted("kubernetes", None) == 0
    assert counted(None, today + timedelta(days=1)) == 0
    assert len(dashboard.rows("from events")) == 1, "again is the same"


def test_projects_that_are_not_chosen(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """DASH_PROJECTS speaks of GitLab's: a hook of another one is kept and makes no rows. An unknown one that is chosen
    comes into being."""
    shaper = runtime.runtime().receiver._shaper
    monkeypatch.setattr(shaper, "_settings", replace(shaper._settings, projects=("ostrelune/platform/*",)))
    other = payload("gitlab", "push")["project"] | {"id": 99, "path_with_namespace": "somewhere/else"}
    dashboard.post("gitlab", body("push", project=other))
    dashboard.send("gitlab", "push")
    dashboard.post("github", raw("github", "push"), X_GitHub_Event="push")
    assert [one["status"] for one in dashboard.settled(3)] == ["ignored", "shaped", "shaped"]
    paths = dashboard.rows("select path_with_namespace as path from projects order by 1")
    assert [one["path"] for one in paths] == ["ostrelune/platform/tide-store", "ostrelune/tide-tables"]


@pytest.mark.parametrize(
    ("patterns", "status"),
    [((), "shaped"), (("ostrelune",), "shaped"), (("Ostrelune/tide-*",), "shaped"), (("ostrelune/other",), "ignored")],
)
def test_repositories_of_github_that_are_not_chosen(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, patterns: tuple[str, ...], status: str
) -> None:
    """DASH_GITHUB_REPOSITORIES says what is read from GitHub, and what is made of its webhooks."""
    shaper = runtime.runtime().receiver._shaper
    monkeypatch.setattr(shaper, "_settings", replace(shaper._settings, github_repositories=patterns))
    for name in ("push", "workflow_run", "ping"):
        assert dashboard.post("github", raw("github", name), X_GitHub_Event=name).status_code == 200
    assert {one["status"] for one in dashboard.settled(3)} == {status}
    assert (len(dashboard.rows("from projects")), len(dashboard.rows("from pipelines"))) == (
        (1, 1) if status == "shaped" else (0, 0)
    )
    list(shaping.replay(replace(shaper._settings, github_repositories=()), runtime.runtime().store))
    assert len(dashboard.rows("from pipelines")) == 1, "chosen later it is replayed"
