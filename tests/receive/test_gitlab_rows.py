"""GitLab's webhooks, whole rows at a time: every value of the payload where it belongs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.hooks import kind_of
from dashlib.sources.gitlab.status import rank
from dashlib.sources.hook import Unshapeable, foreign_id
from tests.receive.payloads import RECEIVED, payload, rows, shaped

A, B, C = (
    "3b1f0c9d6a7e48f2b5c0d1e2f3a4b5c6d7e8f901",
    "7c2e1d8b5f9046a3c1d2e3f4a5b6c7d8e9f0a1b2",
    "9d3f2e7c4a8157b4d2e3f4a5b6c7d8e9f0a1b2c3",
)
URL = "https://gitlab.ostrelune.example/ostrelune/platform/tide-store"
DAY = datetime(2026, 3, 11)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 11, hour, minute, second)


def project(changed_at: datetime | None) -> dict[str, object]:
    return {
        "id": 15, "source": "gitlab", "native_id": "15", "path_with_namespace": "ostrelune/platform/tide-store",
        "name": "tide-store", "namespace": "ostrelune/platform", "web_url": URL, "changed_at": changed_at,
        "description": "Where measured tides are kept", "default_branch": "develop", "visibility": "private",
        "archived": False, "topics": [], "builds_enabled": None, "issues_enabled": None, "namespace_id": None,
        "created_at": None, "updated_at": None, "last_activity_at": None,
        "named": True, "named_at": changed_at, "addressed_at": changed_at,
    }  # fmt: skip


def test_push() -> None:
    found = rows("gitlab", "push")
    assert found["projects"] == [project(None)]
    [event] = found["events"]
    assert event == dict.fromkeys(event) | {
        "source": "gitlab", "id": event["id"], "project_id": 15, "action_name": "pushed to", "author_id": 71,
        "author_username": "ivarnsdot", "author_name": "Ilka Varnsdot", "created_at": RECEIVED,
        "push_action": "pushed", "ref_type": "branch", "ref": "feature/spring-tide", "commit_from": A, "commit_to": C,
        "commit_count": 2, "commit_title": "Merge branch 'rounding' into 'develop'", "by_hook": True,
    }  # fmt: skip
    assert 0 < event["id"] < 2**63
    assert found["commits"][0] == {
        "project_id": 15, "id": B, "title": "Round levels to the millimetre",
        "message": "Round levels to the millimetre\n\nCo-authored-by: Tobin Mordaunce <tmordaunce@ostrelune.example>\n",
        "author_name": "Henk Brastow", "author_email": "hbrastow@ostrelune.example", "committed_at": at(7, 59, 1),
        "co_authors": [{"name": "Tobin Mordaunce", "email": "tmordaunce@ostrelune.example"}],
        "web_url": f"{URL}/-/commit/{B}",
    }  # fmt: skip
    assert [commit["id"] for commit in found["commits"]] == [B, C]
    [user] = found["users"]
    assert (user["id"], user["username"], user["name"], user["seen_on"]) == (71, "ivarnsdot", "Ilka Varnsdot", None)
    assert shaped("gitlab", "push").subject == f"push:branch:feature/spring-tide:{A}:{C}"


@pytest.mark.parametrize("email", ["", None])
def test_a_commit_without_an_email_is_the_api_s_row(email: str | None) -> None:
    """git allows an empty e-mail, and the API tells of such a commit, too."""
    body = payload("gitlab", "push")
    told = body["commits"][0] | {"author": {"name": "Henk Brastow", "email": email}}
    [found] = rows("gitlab", "push", payload=body | {"commits": [told]})["commits"]
    api = {name: told[name] for name in ("id", "title", "message")} | {
        "author_name": "Henk Brastow", "author_email": email, "committed_date": told["timestamp"],
        "web_url": told["url"],
    }  # fmt: skip
    assert found == {name: commit_row(15, api)[name] for name in found}


@pytest.mark.parametrize("author", [None, {}, {"name": "Henk Brastow", "email": "[REDACTED]"}])
def test_a_commit_whose_author_is_not_told_makes_no_row(author: dict[str, str] | None) -> None:
    body = payload("gitlab", "push")
    told = body["commits"][0] | {"author": author}
    assert "commits" not in rows("gitlab", "push", payload=body | {"commits": [told]})


def test_a_push_of_forty_commits_shows_twenty_and_counts_forty() -> None:
    found = rows("gitlab", "push_of_forty_commits")
    assert found["events"][0]["commit_count"] == 40
    assert len(found["commits"]) == 20


def test_refs_that_come_and_go() -> None:
    words = ("action_name", "push_action", "ref_type", "ref", "commit_from", "commit_to", "commit_count")
    told = {
        name: tuple(rows("gitlab", name)["events"][0][word] for word in words)
        for name in ("push_of_a_new_branch", "push_that_deletes_a_branch", "tag_push")
    }
    assert told == {
        "push_of_a_new_branch": ("pushed new", "created", "branch", "release/2.0", None, C, 0),
        "push_that_deletes_a_branch": ("deleted", "removed", "branch", "feature/spring-tide", C, None, 0),
        "tag_push": ("pushed new", "created", "tag", "v2.0.0", None, "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7", 0),
    }


def test_a_push_before_gitlab_8() -> None:
    """No kind, no project, no user name; and a date that GitLab's own documents spell with a blank."""
    assert kind_of(payload("gitlab", "push_before_gitlab_8"), {}) == "push"
    assert kind_of(payload("gitlab", "push_before_gitlab_8") | {"ref": "refs/tags/v1"}, {}) == "tag_push"
    found = rows("gitlab", "push_before_gitlab_8")
    assert found["projects"][0]["path_with_namespace"] == "ostrelune/platform/tide-store"
    assert found["events"][0]["author_username"] is None
    assert (found["events"][0]["author_name"], found["events"][0]["commit_count"]) == ("Henk Brastow", 4)
    assert found["commits"][0]["committed_at"] == datetime(2015, 4, 9, 4, 0, 25)
    assert "users" not in found


def test_a_system_hook_s_push() -> None:
    found = rows("gitlab", "system_push")
    assert (found["events"][0]["commit_count"], found["events"][0]["ref"]) == (1, "develop")
    assert "commits" not in found


def test_pipeline() -> None:
    found = rows("gitlab", "pipeline")
    ended = at(1, 31, 39)
    assert found["pipelines"] == [{
        "project_id": 15, "id": 9001, "iid": 12, "source": "schedule", "ref": "develop", "sha": C,
        "name": "nightly build", "web_url": f"{URL}/-/pipelines/9001", "created_at": at(1, 15, 2), "by_api": False,
        "identified_at": ended, "status": "failed", "updated_at": ended, "changed_at": ended,
        "state_rank": rank("failed"), "tag": False, "before_sha": "0" * 40, "queued_duration": 3.0,
        "detail_finished_at": ended, "detail_duration": 992.0, "detail_user_id": 71,
        "detail_username": "ivarnsdot", "run_at": ended, "run_rank": rank("failed"),
    }]  # fmt: skip
    assert found["jobs"][1] == {
        "project_id": 15, "id": 70012, "pipeline_id": 9001, "kind": "build", "name": "test: [17, linux]",
        "stage": "test", "status": "failed", "allow_failure": False, "failure_reason": "script_failure",
        "created_at": at(1, 15, 2), "started_at": at(1, 20, 5), "finished_at": ended, "duration": 694.25,
        "queued_duration": 1.5, "user_id": 71, "username": "ivarnsdot", "runner_id": 5,
        "runner_description": "hall-2-runner-4", "runner_type": "instance_type", "changed_at": ended,
        "state_rank": rank("failed"), "ref": "develop", "tag": False, "sha": C,
    }  # fmt: skip
    assert [job["id"] for job in found["jobs"]] == [70014, 70012, 70013, 70011]
    assert found["projects"] == [project(ended)]
    assert [commit["id"] for commit in found["commits"]] == [C]
    told = shaped("gitlab", "pipeline")
    assert (told.subject, told.happened_at, told.project_id) == ("pipeline:9001", ended, 15)


def test_builds_that_are_none_are_left_out_of_their_pipeline_and_told() -> None:
    said = payload("gitlab", "pipeline")
    said["builds"] += [None, 1, {"id": -5, "name": "x"}, {"id": 70099, "name": "odd", "status": 5}]
    told = shaped("gitlab", "pipeline", payload=said)
    assert told.error == "3 of 8 left out: a build has no id"
    found = rows("gitlab", "pipeline", payload=said)
    assert [job["id"] for job in found["jobs"]] == [70014, 70012, 70013, 70011, 70099]
    assert found["jobs"][-1]["status"] is None, "no word of GitLab's is a number"
    junk = shaped("gitlab", "pipeline", payload=said | {"builds": [None, {"id": 0}]})
    assert junk.error == "2 of 2 left out: a build has no id"
    assert {change.table.name for change in junk.changes} >= {"pipelines", "projects"}


def test_a_merge_request_s_pipeline() -> None:
    """Its ref is told by its branch; the API tells refs/merge-requests/5/head, and has the last word (by_api)."""
    found = rows("gitlab", "pipeline_of_a_merge_request")
    pipeline, link = found["pipelines"]
    assert (pipeline["status"], pipeline["ref"], pipeline["by_api"]) == ("running", "rounding", False)
    assert link == {"project_id": 15, "id": 9002, "merge_request_iid": 5}
    assert "ref" not in found["jobs"][0]
    [request] = found["merge_requests"]
    assert (request["iid"], request["title"], request["updated_at"]) == (5, "Round levels", None)


def test_a_pipeline_that_another_one_started() -> None:
    pipeline, link = rows("gitlab", "pipeline_started_by_another")["pipelines"]
    assert (pipeline["source"], pipeline["detail_duration"]) == ("parent_pipeline", 992.0)
    assert link == {"project_id": 15, "id": 9003, "parent_project_id": 15, "parent_pipeline_id": 9001}


def test_the_pipeline_hook_that_was_proposed_in_2016() -> None:
    """Seed 004: no numbers of projects, times that are none. Its path finds the project, or stands for its number."""
    found = rows(
        "gitlab", "pipeline_proposed_in_2016", project_id=lambda path: 15 if path.endswith("tide-store") else None
    )
    [pipeline] = found["pipelines"]
    assert (pipeline["project_id"], pipeline["id"], pipeline["status"], pipeline["ref"]) == (
        15,
        301,
        "running",
        "master",
    )
    assert (pipeline["sha"], pipeline["before_sha"], pipeline["tag"]) == ("12321321", "1234123", True)
    assert (pipeline["created_at"], pipeline["changed_at"], pipeline["detail_username"]) == (None, None, "hbrastow")
    [job] = found["jobs"]
    assert (job["id"], job["name"], job["stage"], job["runner_description"]) == (133, "build", "test", "my runner")
    assert [commit["author_name"] for commit in found["commits"]] == ["Henk Brastow"]
    unknown = shaped("gitlab", "pipeline_proposed_in_2016")
    assert unknown.project_id == foreign_id("gitlab", "ostrelune/platform/tide-store")


def test_job() -> None:
    found = rows("gitlab", "job")
    assert found["jobs"] == [rows("gitlab", "pipeline")["jobs"][1]], "the same row as its pipeline's hook brings"
    assert shaped("gitlab", "job").subject == "job:70012"


def test_a_job_that_passed_failed_for_no_reason() -> None:
    """Versions before 16.3 send no project part; the test button spells times as the API does."""
    found = rows("gitlab", "job_that_passed")
    [job] = found["jobs"]
    assert (job["status"], job["failure_reason"], job["runner_id"]) == ("success", None, None)
    assert job["finished_at"] == datetime(2026, 3, 11, 1, 21, 0, 7000)
    assert job["changed_at"] == at(1, 21)
    assert found["projects"][0]["path_with_namespace"] == "ostrelune/platform/tide-store"


def test_issue() -> None:
    found = rows("gitlab", "issue")
    issue, credit = found["issues"]
    assert issue == {
        "project_id": 15, "iid": 3, "id": 501, "title": "Low tide is read twice", "description": "Since Tuesday.",
        "state": "opened", "issue_type": "issue", "confidential": False, "labels": ["bug", "nightly"],
        "assignee_usernames": ["hbrastow"], "created_at": at(9), "updated_at": at(9), "closed_at": None,
        "due_date": date(2026, 3, 20), "web_url": f"{URL}/-/issues/3",
    }  # fmt: skip
    assert credit == {
        "project_id": 15, "iid": 3, "milestone": None, "author_username": "ivarnsdot", "credited_at": at(9),
    }  # fmt: skip
    [event] = found["events"]
    told = [event[word] for word in ("action_name", "target_type", "target_id", "target_iid", "created_at")]
    assert told == ["opened", "Issue", 501, 3, at(9)]


def test_an_issue_that_is_closed_by_somebody_else() -> None:
    found = rows("gitlab", "issue_closed")
    [issue] = found["issues"]
    assert (issue["state"], issue["closed_at"]) == ("closed", datetime(2026, 3, 12, 10, 30))
    assert (found["events"][0]["action_name"], found["events"][0]["author_username"]) == ("closed", "hbrastow")


def test_a_confidential_issue_and_an_incident() -> None:
    assert rows("gitlab", "issue_confidential")["issues"][0]["confidential"] is True
    incident = rows("gitlab", "work_item_incident")
    assert incident["issues"][0]["issue_type"] == "incident"
    [event] = incident["events"]
    assert (event["action_name"], event["asked_action"], event["target_type"]) == ("opened", "reopened", "WorkItem")


def test_merge_request() -> None:
    found = rows("gitlab", "merge_request")
    opened = datetime(2026, 3, 10, 8)
    assert found["merge_requests"] == [{
        "project_id": 15, "iid": 5, "id": 1301, "title": "Round levels", "description": "To the millimetre.",
        "state": "opened", "draft": False, "source_branch": "rounding", "target_branch": "develop",
        "source_project_id": 15, "author_id": 74, "assignee_usernames": [], "reviewer_usernames": ["ivarnsdot"],
        "labels": ["data"], "sha": B, "merge_commit_sha": None, "detailed_merge_status": "mergeable",
        "head_pipeline_id": 9002, "created_at": opened, "updated_at": opened, "state_rank": 0,
        "web_url": f"{URL}/-/merge_requests/5",
    }]  # fmt: skip
    words = {
        name: (found["action_name"], found["author_username"], found["created_at"])
        for name in ("merge_request", "merge_request_approved", "merge_request_merged")
        for found in rows("gitlab", name)["events"]
    }
    assert words == {
        "merge_request": ("opened", "hbrastow", opened),
        "merge_request_approved": ("approved", "ivarnsdot", at(8)),
        "merge_request_merged": ("accepted", "ivarnsdot", at(8, 2, 31)),
    }
    merged = rows("gitlab", "merge_request_merged")["merge_requests"][0]
    assert (merged["state"], merged["merge_commit_sha"], merged["state_rank"]) == ("merged", C, 3)


@pytest.mark.parametrize(
    ("name", "target_type", "noteable_type", "noteable_iid", "title"),
    [
        ("note_on_issue", "Note", "Issue", 3, "Low tide is read twice"),
        ("note_on_merge_request", "DiffNote", "MergeRequest", 5, "Round levels"),
        ("note_on_commit", "Note", "Commit", None, "Merge branch 'rounding' into 'develop'"),
    ],
)
def test_comments(name: str, target_type: str, noteable_type: str, noteable_iid: int | None, title: str) -> None:
    [event] = rows("gitlab", name)["events"]
    assert event["target_id"] == event["note_id"] == payload("gitlab", name)["object_attributes"]["id"]
    words = ("action_name", "target_type", "noteable_type", "noteable_iid", "target_title", "note_body", "created_at")
    assert [event[word] for word in words] == [
        "commented on", target_type, noteable_type, noteable_iid, title, "Seen again.", at(9, 5),
    ]  # fmt: skip


def without(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names}


@pytest.mark.parametrize("name", ["issue", "merge_request", "note_on_issue"])
def test_versions_before_13_name_who_did_it_without_a_number(name: str) -> None:
    said = payload("gitlab", name)
    said["user"] = without(said["user"], "id")
    found = rows("gitlab", name, payload=said)
    [event], [today] = found["events"], rows("gitlab", name)["events"]
    assert event == today | {"author_id": None, "id": event["id"]}
    other = said | {"user": said["user"] | {"username": "somebody-else"}}
    assert rows("gitlab", name, payload=other)["events"][0]["id"] != event["id"], "two people are two events"
    assert [user["username"] for user in found.get("users", [])] == [
        user["username"] for user in rows("gitlab", name)["users"] if user["username"] != said["user"]["username"]
    ]


@pytest.mark.parametrize("where", ["body", "object_attributes"])
@pytest.mark.parametrize(("name", "table"), [("issue", "issues"), ("merge_request", "merge_requests")])
def test_versions_before_13_name_one_assignee(name: str, table: str, where: str) -> None:
    """System hooks to this day, by GitLab's own document: inside ``object_attributes``."""
    said = without(payload("gitlab", name), "assignees")
    (said if where == "body" else said["object_attributes"])["assignee"] = {"name": "Henk", "username": "hbrastow"}
    assert rows("gitlab", name, payload=said)[table][0]["assignee_usernames"] == ["hbrastow"]


def test_a_comment_on_a_commit_that_has_no_title() -> None:
    said = payload("gitlab", "note_on_commit")
    said["commit"] = without(said["commit"], "title") | {"message": "Add submodule\n\nSigned-off-by: Henk\n"}
    assert rows("gitlab", "note_on_commit", payload=said)["events"][0]["target_title"] == "Add submodule"


def test_an_edited_comment_and_a_system_s_are_no_events() -> None:
    assert "events" not in rows("gitlab", "note_edited")
    said = payload("gitlab", "note_on_issue")
    said["object_attributes"]["system"] = True
    assert "events" not in rows("gitlab", "note_on_issue", payload=said)


@pytest.mark.parametrize(
    ("name", "drop", "sentence"),
    [
        ("push", "ref", "the push names no ref"),
        ("pipeline", "object_attributes", "the pipeline has no id"),
        ("job", "build_id", "the job has no id"),
        ("issue", "object_attributes", "the issue has no iid"),
        ("merge_request", "object_attributes", "the merge request has no iid"),
        ("note_on_issue", "object_attributes", "the comment has no id"),
        ("user_create", "user_id", "the user has no user_id"),
        ("user_add_to_team", "user_id", "the member has no user_id"),
        ("user_add_to_team", "project_id", "the project has no project_id"),
        ("user_add_to_group", "group_id", "the group has no group_id"),
        ("project_create", "path_with_namespace", "the project has no path"),
        ("project_destroy", "project_id", "the project has no project_id"),
        ("group_rename", "group_id", "the group has no group_id"),
        ("user_access_request_to_group", "user_id", "the user has no user_id"),
    ],
)
def test_what_is_missing_is_said(name: str, drop: str, sentence: str) -> None:
    said = payload("gitlab", name)
    del said[drop]
    with pytest.raises(Unshapeable, match=sentence):
        shaped("gitlab", name, payload=said)


@pytest.mark.parametrize("ident", [10**30, -(2**63) - 1, "x7", [7], True])
def test_an_id_that_does_not_fit_is_not_called_missing(ident: object) -> None:
    said = payload("gitlab", "pipeline")
    said["object_attributes"]["id"] = ident
    with pytest.raises(Unshapeable, match=r"^the id of the pipeline is no whole number of 64 bits$"):
        shaped("gitlab", "pipeline", payload=said)
