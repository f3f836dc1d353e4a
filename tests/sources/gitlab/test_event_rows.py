"""Events of every version, whole rows at a time: what is in the payload, what is not, what it means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashlib.sources.gitlab.events import event_row
from dashlib.sources.tables import EVENTS
from tests.sources.payloads import gitlab

NOTHING = dict.fromkeys(column for column in EVENTS.columns if column not in ("asked_action", "is_again")) | {
    "source": "gitlab",
    "by_hook": False,
}


def test_events() -> None:
    pushed, bulk, noted, merged, wiki, bare = (event_row(json) for json in gitlab("events"))
    ida = {"project_id": 4711, "author_id": 71, "author_username": "ida.lund"}
    assert pushed == NOTHING | ida | {
        "id": 1, "action_name": "pushed to", "author_name": "Ida Lund",
        "created_at": datetime(2026, 3, 11, 9, 0, 0, 123000), "push_action": "pushed", "ref_type": "branch",
        "ref": "feature/x#1", "commit_from": "aa11", "commit_to": "bb22", "commit_count": 3,
        "commit_title": "Count the beacons",
    }  # fmt: skip
    assert bulk == NOTHING | ida | {
        "id": 2, "action_name": "pushed new", "created_at": datetime(2026, 3, 11, 9, 1),
        "push_action": "created", "ref_type": "tag", "commit_count": 0, "ref_count": 7,
    }  # fmt: skip
    assert noted == NOTHING | ida | {
        "id": 3, "action_name": "commented on", "target_type": "DiffNote", "target_id": 88, "target_iid": 88,
        "target_title": "Beacon flickers", "author_name": "Ida Lund", "created_at": datetime(2026, 3, 11, 9, 2),
        "note_id": 88, "note_body": "Seen again.", "noteable_type": "Issue", "noteable_iid": 3,
    }  # fmt: skip
    assert merged == NOTHING | {
        "id": 4, "project_id": 4711, "action_name": "accepted", "target_type": "MergeRequest", "target_id": 77,
        "target_iid": 5, "target_title": "Brighter", "author_id": 999, "created_at": datetime(2026, 3, 11, 9, 3),
    }  # fmt: skip
    assert wiki == NOTHING | ida | {
        "id": 5, "project_id": None, "action_name": "created", "target_type": "WikiPage::Meta", "target_id": 6,
        "created_at": datetime(2026, 3, 11, 9, 4), "wiki_slug": "on-call",
    }  # fmt: skip
    assert bare["action_name"] == "pushed to"


def test_event_of_an_asked_project_and_action() -> None:
    row = event_row(gitlab("events")[4], 4711, "reopened")
    assert (row["project_id"], row["asked_action"]) == (4711, "reopened")
    assert "asked_action" not in event_row(gitlab("events")[4], 4711), "unknown is not the same as none"


def test_events_before_gitlab_10() -> None:
    """Seed 002: no ids, no push_data, a push calls itself ``opened`` and carries the push hook's body."""
    closed, push, _, noted = (event_row(json) for json in gitlab("events_before_10"))
    assert push == NOTHING | {
        "id": push["id"], "project_id": 15, "action_name": "pushed to", "author_id": 1, "author_username": "ole.vik",
        "author_name": "Ida Lund", "push_action": "pushed", "ref_type": "branch", "ref": "master",
        "commit_from": "50d4420237a9de7be1304607147aec22e4a14af7",
        "commit_to": "c5feabde2d8cd023215af4d2ceeb7a64839fc428",
        "commit_count": 1, "commit_title": "Add simple search to projects in public area",
    }  # fmt: skip
    assert (closed["action_name"], closed["target_id"], closed["push_action"]) == ("closed", 830, None)
    assert (noted["note_id"], noted["noteable_type"], noted["noteable_iid"]) == (1312, "Issue", None)
    assert noted["created_at"] == datetime(2015, 12, 4, 10, 33, 58, 89000)
    ids = [event_row(json)["id"] for json in gitlab("events_before_10")]
    assert len(set(ids)) == 4
    assert all(0 < ident < 2**63 for ident in ids)


def _old_push(**other: Any) -> Any:
    push = gitlab("events_before_10")[1]
    return push | {"data": push["data"] | other}


def test_old_pushes_that_make_or_remove_a_ref() -> None:
    made = event_row(_old_push(before="0" * 40, ref="refs/tags/v1"))
    gone = event_row(_old_push(after="0" * 40, commits=[], total_commits_count=None))
    assert [made[name] for name in ("action_name", "push_action", "ref_type", "ref", "commit_from")] == [
        "pushed new", "created", "tag", "v1", None,
    ]  # fmt: skip
    assert [gone[name] for name in ("action_name", "push_action", "commit_to", "commit_count", "commit_title")] == [
        "deleted", "removed", None, 0, None,
    ]  # fmt: skip


def test_an_event_without_an_id_stays_the_same_event() -> None:
    """What changes about its author afterwards (a new picture, a new name) makes no second event of it."""
    event = gitlab("events_before_10")[1]
    later = event | {
        "author": event["author"] | {"avatar_url": "https://gitlab.fjordlys.example/new.png", "state": "blocked"}
    }
    assert event_row(later)["id"] == event_row(event)["id"]
    assert event_row(_old_push(after="abc"))["id"] != event_row(event)["id"]
