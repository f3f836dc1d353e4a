"""What people do (commits, issues, merge requests, events) and what machines say (signals), as tables."""

from __future__ import annotations

from dashlib.model import Group, table

COMMITS = table(
    "commits",
    grain="One row per commit and repository.",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "VARCHAR",
        "title": "VARCHAR",
        "message": "VARCHAR",
        "author_name": "VARCHAR",
        "author_email": "VARCHAR",
        "committed_at": "TIMESTAMP",
        "co_authors": "STRUCT(name VARCHAR, email VARCHAR)[]",
        "web_url": "VARCHAR",
        "authored_at": "TIMESTAMP",
        "author_utc_offset": "INTEGER",
        "committer_name": "VARCHAR",
        "committer_email": "VARCHAR",
        "parent_ids": "VARCHAR[]",
        "additions": "BIGINT",
        "deletions": "BIGINT",
    },
    groups={
        "commit": (
            ["title", "message", "author_name", "author_email", "committed_at", "co_authors", "web_url"],
            [],
        ),
        # Pushes of GitHub tell it, pushes of GitLab do not.
        "committer": (["committer_name", "committer_email"], []),
        "detail": (["authored_at", "author_utc_offset", "parent_ids", "additions", "deletions"], []),
    },
    derive=("commits_moved",),
)

ISSUES = table(
    "issues",
    grain="One row per issue.",
    key=["project_id", "iid"],
    columns={
        "project_id": "BIGINT",
        "iid": "BIGINT",
        "id": "BIGINT",
        "title": "VARCHAR",
        "description": "VARCHAR",
        "state": "VARCHAR",
        "issue_type": "VARCHAR",
        "confidential": "BOOLEAN",
        "labels": "VARCHAR[]",
        "milestone": "VARCHAR",
        "author_username": "VARCHAR",
        "assignee_usernames": "VARCHAR[]",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "closed_at": "TIMESTAMP",
        "due_date": "DATE",
        "web_url": "VARCHAR",
        "credited_at": "TIMESTAMP",
    },
    groups={
        "issue": (
            ["id", "title", "description", "state", "issue_type", "confidential", "labels", "assignee_usernames"]
            + ["created_at", "updated_at", "closed_at", "due_date", "web_url"],
            ["updated_at"],
        ),
        "credit": (["milestone", "author_username", "credited_at"], ["credited_at"]),
    },
)

MERGE_REQUESTS = table(
    "merge_requests",
    grain="One row per merge request that a webhook told of, as it was last told.",
    key=["project_id", "iid"],
    columns={
        "project_id": "BIGINT",
        "iid": "BIGINT",
        "id": "BIGINT",
        "title": "VARCHAR",
        "description": "VARCHAR",
        "state": "VARCHAR",
        "draft": "BOOLEAN",
        "source_branch": "VARCHAR",
        "target_branch": "VARCHAR",
        "source_project_id": "BIGINT",
        "author_id": "BIGINT",
        "assignee_usernames": "VARCHAR[]",
        "reviewer_usernames": "VARCHAR[]",
        "labels": "VARCHAR[]",
        "sha": "VARCHAR",
        "merge_commit_sha": "VARCHAR",
        "detailed_merge_status": "VARCHAR",
        "head_pipeline_id": "BIGINT",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "state_rank": "TINYINT",
        "web_url": "VARCHAR",
    },
    groups={
        "merge_request": (
            ["id", "title", "description", "state", "draft", "source_branch", "target_branch", "source_project_id"]
            + ["author_id", "assignee_usernames", "reviewer_usernames", "labels", "sha", "merge_commit_sha"]
            + ["detailed_merge_status", "head_pipeline_id", "created_at", "updated_at", "state_rank", "web_url"],
            ["updated_at", "state_rank"],
        )
    },
)

EVENTS = table(
    "events",
    grain="One row per event of an events API, or of a hook that no events API has told of yet (by_hook); a push is "
    "one event, its commits are counted in it.",
    key=["source", "id"],
    columns={
        "source": "VARCHAR",
        "id": "BIGINT",
        "project_id": "BIGINT",
        "action_name": "VARCHAR",
        "target_type": "VARCHAR",
        "target_id": "BIGINT",
        "target_iid": "BIGINT",
        "target_title": "VARCHAR",
        "author_id": "BIGINT",
        "author_username": "VARCHAR",
        "author_name": "VARCHAR",
        "created_at": "TIMESTAMP",
        "push_action": "VARCHAR",
        "ref_type": "VARCHAR",
        "ref": "VARCHAR",
        "commit_from": "VARCHAR",
        "commit_to": "VARCHAR",
        "commit_count": "BIGINT",
        "commit_title": "VARCHAR",
        "ref_count": "BIGINT",
        "note_id": "BIGINT",
        "note_body": "VARCHAR",
        "noteable_type": "VARCHAR",
        "noteable_iid": "BIGINT",
        "wiki_slug": "VARCHAR",
        "by_hook": "BOOLEAN",
        "is_again": "BOOLEAN",
        "asked_action": "VARCHAR",
    },
    groups={
        "event": (
            ["project_id", "action_name", "target_type", "target_id", "target_iid", "target_title", "author_id"]
            + ["author_username", "author_name", "created_at", "push_action", "ref_type", "ref", "commit_from"]
            + ["commit_to", "commit_count", "commit_title", "ref_count", "note_id", "note_body", "noteable_type"]
            + ["noteable_iid", "wiki_slug", "by_hook"],
            ["created_at"],
        ),
        "again": (["is_again"], []),
        "asked": (["asked_action"], []),
    },
    derive=("events_told_twice",),
)

PUSH_LISTS = table(
    "push_lists",
    grain="One row per push to a branch of which a webhook listed commits, whoever told of the push since: their ids, "
    "the newest first (GitLab lists at most 20, GitHub 2,048). A push is known by its branch and where that stood "
    "before (empty: it was new) and after.",
    key=["project_id", "ref", "commit_from", "commit_to"],
    columns={
        "project_id": "BIGINT",
        "ref": "VARCHAR",
        "commit_from": "VARCHAR",
        "commit_to": "VARCHAR",
        "commit_ids": "VARCHAR[]",
    },
)

SIGNALS = table(
    "signals",
    grain="One row per alert (from firing to resolved), cloud event or Kubernetes event, however often it was told.",
    key=["source", "id"],
    columns={
        "source": "VARCHAR",
        "id": "VARCHAR",
        "kind": "VARCHAR",
        "severity": "VARCHAR",
        "status": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "title": "VARCHAR",
        "description": "VARCHAR",
        "labels": "JSON",
        "cluster": "VARCHAR",
        "namespace": "VARCHAR",
        "node": "VARCHAR",
        "object": "VARCHAR",
        "count": "BIGINT",
        "web_url": "VARCHAR",
        "seen_at": "TIMESTAMP",
        "state_rank": "TINYINT",
    },
    groups={
        "signal": (
            ["kind", "severity", "status", "ended_at", "title", "description", "labels", "cluster", "namespace"]
            + ["node", "object", "count", "web_url", "seen_at", "state_rank"],
            ["state_rank", "seen_at", "count"],
        ),
        # What tells no time began when it first came in, however often it is told.
        "beginning": Group(("started_at",), ("started_at",), earliest=True),
    },
)
