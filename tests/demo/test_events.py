"""The events endpoints are as awkward as the real ones (GITLAB.md 1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashlib.demo import World, truth
from dashlib.demo.issues import HIDDEN_BURST

from .conftest import Client


@pytest.fixture(scope="module")
def units(world: World) -> str:
    return f"/projects/{world.project('ostrelune/libs/tide-units').id}/events"


def test_both_days_are_excluded(http: Client, world: World, units: str) -> None:
    project = world.project("ostrelune/libs/tide-units")
    day = world.nights.midnight(5).date()
    rows = http.all(units, after=str(day - timedelta(days=1)), before=str(day + timedelta(days=1)))
    wanted = [event.id for event in truth.visible_events(project) if event.created_at.date() == day]
    assert wanted
    assert [row["id"] for row in rows] == wanted[::-1]
    assert http.all(units, after=str(day), before=str(day)) == []


def test_middle_pages_can_be_empty(http: Client, units: str) -> None:
    sizes = [len(page) for page in http.pages(units, per_page=100)]
    assert 0 in sizes[1:-1]
    assert any(0 < size < 100 for size in sizes[:-1])


def test_totals_count_the_hidden_rows(http: Client, world: World, units: str) -> None:
    project = world.project("ostrelune/libs/tide-units")
    hidden = sum(event.hidden for event in project.events)
    assert hidden >= HIDDEN_BURST
    total = int(http.get(units).headers["X-Total"])
    assert total == len(truth.visible_events(project)) + hidden


def test_an_action_that_does_not_exist_is_refused(http: Client, units: str) -> None:
    assert http.get(units, action="exploded").status_code == 400
    assert http.get(units, target_type="moon").status_code == 400
    assert http.get(units, after="yesterday").status_code == 400


def test_reopened_is_called_opened_and_merged_accepted(http: Client, world: World) -> None:
    rows = http.all("/events", scope="all", action="reopened")
    assert rows
    assert {row["action_name"] for row in rows} == {"opened"}
    merged = http.all("/events", scope="all", action="merged")
    assert {row["action_name"] for row in merged} == {"accepted"}
    wanted = [event.id for event in world.events if event.action == "merged" and not event.hidden]
    assert [row["id"] for row in merged] == wanted[::-1]


def test_notes_are_plain_notes_only(http: Client) -> None:
    kinds = {row["target_type"] for row in http.all("/events", scope="all", action="commented")}
    assert kinds == {"Note", "DiffNote", "DiscussionNote"}
    rows = http.all("/events", scope="all", target_type="note")
    assert {row["target_type"] for row in rows} == {"Note"}
    assert {row["note"]["noteable_type"] for row in rows} >= {"Issue", "MergeRequest"}


def test_push_data(http: Client) -> None:
    rows = http.all("/events", scope="all", action="pushed")
    shapes = {(row["action_name"], row["push_data"]["action"]) for row in rows if "push_data" in row}
    assert shapes == {("pushed to", "pushed"), ("pushed new", "created"), ("deleted", "removed")}
    for row in rows:
        push = row.get("push_data")
        if push is None or push["ref_count"]:
            continue
        assert (push["commit_from"] is None) == (push["action"] == "created")
        assert (push["commit_to"] is None) == (push["action"] == "removed")
        assert len(push["commit_title"] or "") <= 70


def test_bulk_pushes_count_no_commits(http: Client) -> None:
    bulk = [row["push_data"] for row in http.all("/events", scope="all", action="pushed")
            if row.get("push_data", {}).get("ref_count")]  # fmt: skip
    assert bulk
    assert all(push["commit_count"] == 0 and push["ref"] is None and push["commit_to"] is None for push in bulk)


def test_an_old_push_has_data_and_is_opened(http: Client, units: str) -> None:
    old = [row for row in http.all(units) if row.get("data")]
    assert len(old) == 1
    assert old[0]["action_name"] == "opened"
    assert old[0]["data"]["ref"] == "refs/heads/main"
    assert old[0]["target_type"] is None
    assert "push_data" not in old[0]


def test_a_deleted_author_is_absent(http: Client) -> None:
    rows = http.all("/events", scope="all")
    gone = [row for row in rows if "author" not in row]
    assert gone
    assert all(row["author_id"] == 150 and "author_username" not in row for row in gone)
    assert http.get("/users/150").status_code == 404


def test_own_and_users_events(http: Client, world: World) -> None:
    assert http.all("/events") == []
    user = world.user("ivarnsdot")
    wanted = [event.id for event in world.events if event.author is user and not event.hidden]
    assert [row["id"] for row in http.all(f"/users/{user.id}/events", sort="asc")] == wanted
    assert len(http.all("/users/ivarnsdot/events")) == len(wanted)
    assert http.get("/users/nobody/events").status_code == 404
