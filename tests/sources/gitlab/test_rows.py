"""GitLab's JSON to rows, whole rows at a time: what is in the payload, what is not, and what it means."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from dashlib.sources.gitlab.commits import co_authors, commit_row, issue_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.pipelines import bridge_rows, job_row, pipeline_detail_row, pipeline_row
from dashlib.sources.gitlab.projects import members, project_row, schedule_row, short_ref, user_row
from dashlib.sources.gitlab.status import rank
from dashlib.sources.tables import COMMITS, EVENTS, ISSUES, JOBS, MEMBERS, PIPELINES, PROJECTS, SCHEDULES, USERS
from tests.sources.payloads import gitlab

SHA = "9f3c1d0e5b7a4c2d8e6f9f3c1d0e5b7a4c2d8e6f"


def test_project() -> None:
    assert project_row(gitlab("projects")[0]) == {
        "id": 4711,
        "source": "gitlab",
        "native_id": "4711",
        "path_with_namespace": "fjordlys/platform/beacon-api",
        "name": "Beacon API",
        "namespace": "fjordlys/platform",
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api",
        "changed_at": datetime(2026, 3, 11, 2, 40, 7, 511000),
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


def test_pipeline() -> None:
    first, second, third = (pipeline_row(4711, json) for json in gitlab("pipelines"))
    assert first == {
        "project_id": 4711,
        "id": 9001,
        "iid": 12,
        "source": "schedule",
        "ref": "main",
        "sha": SHA,
        "status": "failed",
        "name": "nightly build",
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api/-/pipelines/9001",
        "created_at": datetime(2026, 3, 11, 1, 15, 2, 481000),
        "updated_at": datetime(2026, 3, 11, 1, 31, 40, 7000),
        "state_rank": rank("failed"),
    }
    assert second["source"] == "schedule", "the documentation's own spelling"
    assert second["updated_at"] == second["created_at"] == datetime(2026, 3, 11, 1, 16, 2, 481000)
    assert (third["status"], third["updated_at"], third["state_rank"]) == ("resting_from_2031", None, rank("running"))


def test_pipeline_detail() -> None:
    row = pipeline_detail_row(4711, gitlab("pipeline_detail"))
    state = PIPELINES.groups["state"].columns
    listed = pipeline_row(4711, gitlab("pipelines")[0])
    assert {name: row[name] for name in state if name != "name"} == {
        name: listed[name] for name in state if name != "name"
    }
    assert {name: row[name] for name in PIPELINES.groups["detail"].columns} == {
        "tag": False,
        "before_sha": "0" * 40,
        "yaml_errors": "jobs:test config contains unknown keys: skript",
        "coverage": 81.25,
        "queued_duration": 3.0,
        "detail_started_at": datetime(2026, 3, 11, 1, 15, 5, 100000),
        "detail_finished_at": datetime(2026, 3, 11, 1, 31, 39, 900000),
        "detail_duration": 912.0,
        "detail_user_id": 71,
        "detail_username": "ida.lund",
        "detail_at": datetime(2026, 3, 11, 1, 31, 40, 7000),
    }


def test_job() -> None:
    assert job_row(4711, gitlab("jobs")[0]) == {
        "project_id": 4711,
        "id": 70012,
        "pipeline_id": 9001,
        "kind": "build",
        "name": "test: [3.12, linux]",
        "stage": "test",
        "status": "failed",
        "allow_failure": False,
        "failure_reason": "beacon_went_dark_2031",
        "created_at": datetime(2026, 3, 11, 1, 15, 2, 500000),
        "started_at": datetime(2026, 3, 11, 1, 15, 40),
        "finished_at": datetime(2026, 3, 11, 1, 21, 42, 250000),
        "duration": 362.25,
        "queued_duration": 1.5,
        "user_id": 71,
        "username": "ida.lund",
        "runner_id": 5,
        "runner_description": "runner-a.fjordlys.example",
        "runner_type": "instance_type",
        "changed_at": datetime(2026, 3, 11, 1, 21, 42, 250000),
        "state_rank": rank("failed"),
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "coverage": 81.25,
        "tag_list": ["docker", "linux"],
        "erased_at": None,
        "web_url": "https://gitlab.fjordlys.example/fjordlys/platform/beacon-api/-/jobs/70012",
    }


def test_job_with_nobody_and_nothing() -> None:
    _, passed, waiting = (job_row(4711, json) for json in gitlab("jobs"))
    assert passed["failure_reason"] is None, "hooks say unknown_failure of jobs that succeed"
    assert (passed["user_id"], passed["runner_id"], passed["sha"]) == (None, None, "9f3c1d0e")
    assert (passed["tag"], passed["allow_failure"], passed["tag_list"], passed["coverage"]) == (True, True, [], None)
    assert passed["erased_at"] == datetime(2026, 3, 12)
    assert (waiting["pipeline_id"], waiting["sha"], waiting["duration"]) == (None, None, None)
    assert waiting["changed_at"] == datetime(2026, 3, 11, 1, 15, 2, 500000)


def test_bridges() -> None:
    (child, link), (other, none), (skipped, nothing), (old, old_link) = (
        bridge_rows(4711, json) for json in gitlab("bridges")
    )
    assert (child["kind"], child["pipeline_id"], child["duration"]) == ("bridge", 9001, 60.0)
    assert (child["downstream_project_id"], child["downstream_pipeline_id"]) == (4711, 9009)
    assert link == {"project_id": 4711, "id": 9009, "parent_project_id": 4711, "parent_pipeline_id": 9001}
    assert (other["downstream_project_id"], other["downstream_pipeline_id"], none) == (99, 12345, None)
    assert other["failure_reason"] == "downstream_pipeline_creation_failed"
    assert (skipped["downstream_project_id"], skipped["downstream_pipeline_id"], nothing) == (None, None, None)
    assert (old["downstream_project_id"], old_link) == (None, dict(link or {}) | {"id": 9010}), "older: which project?"


def test_commit() -> None:
    assert commit_row(4711, gitlab("commits")[0]) == {
        "project_id": 4711,
        "id": SHA,
        "title": "Count the beacons",
        "message": gitlab("commits")[0]["message"],
        "author_name": "Ida Lund",
        "author_email": "ida@fjordlys.example",
        "committed_at": datetime(2026, 3, 10, 20, 59, 59),
        "co_authors": [
            {"name": "Ole Vik", "email": "ole@fjordlys.example"},
            {"name": "Siri", "email": "siri@fjordlys.example"},
        ],
        "web_url": "https://gitlab.fjordlys.example/c/9f3c1d0e",
        "authored_at": datetime(2026, 3, 10, 23, 45),
        "author_utc_offset": -210,
        "committer_name": "GitLab",
        "committer_email": "noreply@fjordlys.example",
        "parent_ids": ["aa11", "bb22"],
        "additions": 12,
        "deletions": 3,
    }


def test_commit_without_stats() -> None:
    row = commit_row(4711, gitlab("commits")[1])
    assert (row["message"], row["committed_at"], row["authored_at"]) == (
        "Begin",
        datetime(2012, 9, 20, 11, 50, 22),
        None,
    )
    assert (row["additions"], row["deletions"], row["parent_ids"], row["co_authors"]) == (None, None, [], [])


def test_co_authors_with_windows_line_ends() -> None:
    message = "Title\r\n\r\nCo-authored-by: Ole Vik <ole@fjordlys.example>\r\n"
    assert co_authors(message) == [{"name": "Ole Vik", "email": "ole@fjordlys.example"}]


def test_issue() -> None:
    first, second = (issue_row(4711, json) for json in gitlab("issues"))
    assert first == {
        "project_id": 4711,
        "iid": 3,
        "id": 501,
        "title": "Beacon flickers",
        "description": "At night.",
        "state": "opened",
        "issue_type": "incident",
        "confidential": True,
        "labels": ["bug", "night"],
        "milestone": "2.4",
        "author_username": "ida.lund",
        "assignee_usernames": ["ole.vik"],
        "created_at": datetime(2026, 3, 1, 10),
        "updated_at": datetime(2026, 3, 2, 10),
        "closed_at": None,
        "due_date": date(2026, 3, 20),
        "web_url": "https://gitlab.fjordlys.example/i/3",
    }
    assert (second["labels"], second["author_username"], second["assignee_usernames"]) == (["bug"], None, [])


NOTHING = dict.fromkeys(column for column in EVENTS.columns if column != "asked_action") | {"source": "gitlab"}


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


def test_what_ends_is_later_than_what_runs_is_later_than_what_waits() -> None:
    order = [
        "created",
        "waiting_for_resource",
        "manual",
        "skipped",
        "pending",
        "running",
        "canceling",
        "success",
        "failed",
        "canceled",
    ]
    ranks = [rank(status) for status in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert rank("a status from the future") == rank(None) == rank("running")
