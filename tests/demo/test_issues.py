"""Issues can be found, and written by a token that may (GITLAB.md 2.7)."""

from __future__ import annotations

from datetime import datetime

import gitlab
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, WRITE_TOKEN, World, create_app


def test_issues(gl: gitlab.Gitlab, world: World) -> None:
    project = world.project("ostrelune/platform/tide-store")
    issues = gl.projects.get(project.id, lazy=True).issues
    assert {each.iid for each in issues.list(get_all=True)} == {each.iid for each in project.issues}
    found = issues.list(search="NullPointerException", state="opened")
    assert [each.title for each in found] == ["NullPointerException in StationLoader"]
    assert found[0].labels == ["bug", "nightly"]
    assert issues.list(labels=["bug", "nightly"], state="opened")
    assert [n.body for n in found[0].notes.list(get_all=True)] == ["It is back."]
    assert http_keyset(gl, project.id) == {each.iid for each in project.issues}


def http_keyset(gl: gitlab.Gitlab, project: int) -> set[int]:
    rows = gl.http_list(f"/projects/{project}/issues", iterator=True, per_page=1, pagination="keyset",
                        order_by="created_at", sort="asc")  # fmt: skip
    return {row["iid"] for row in rows}


def test_writing_an_issue_needs_the_scope_api() -> None:
    world = World(3, datetime.fromisoformat("2026-11-21T09:00:00+00:00"), 8, 14)
    app: Starlette = create_app(world)
    reader = TestClient(app, headers={"PRIVATE-TOKEN": READ_TOKEN})
    writer = TestClient(app, headers={"PRIVATE-TOKEN": WRITE_TOKEN})
    base = f"/api/v4/projects/{world.projects[0].id}/issues"
    refused = reader.post(base, json={"title": "No"})
    assert refused.status_code == 403
    assert refused.json()["error"] == "insufficient_scope"
    assert writer.post(base, json={"description": "no title"}).status_code == 400
    made = writer.post(base, json={"title": "Red", "labels": "nightly,bug", "description": "<!-- dash:abc -->"})
    assert made.status_code == 201
    iid = made.json()["iid"]
    assert made.json()["labels"] == ["bug", "nightly"]
    assert [row["iid"] for row in reader.get(base, params={"search": "dash:abc"}).json()] == [iid]
    assert writer.post(f"{base}/{iid}/notes", json={"body": "again"}).status_code == 201
    assert reader.get(f"{base}/{iid}").json()["user_notes_count"] == 1
    assert writer.put(f"{base}/{iid}", json={"state_event": "close"}).json()["state"] == "closed"
    assert reader.get(f"{base}/{iid}").json()["closed_at"]
    project = f"/api/v4/projects/{world.projects[0].id}/events"
    newest = reader.get(project, params={"per_page": 3}).json()
    assert [row["action_name"] for row in newest] == ["closed", "commented on", "opened"]
