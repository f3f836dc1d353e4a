"""The tables that all sources share; one declaration each, ``*_at`` columns are UTC, names are GitLab's own words.

``changed_at`` is the version of a row whose source has no ``updated_at``: the greatest time stamp inside it. Of
pipelines and jobs it is cut to the whole second, because hooks know no finer one: what the API says of 10:00:03.9 and
what a hook says of 10:00:03 are told apart by ``state_rank`` (see ``status.rank``: what ended has been running before).
``by_api`` says that the API brought a pipeline's lasting facts; a hook's (an older version leaves some out, and calls a
merge request's ref by its branch) stand only until then.
A pipeline's ``started_at``, ``finished_at``, ``duration`` and user follow from its detail or hook where that is as new
as its state, else from its jobs.
"""

from __future__ import annotations

from dashlib.model import table

PROJECTS = table(
    "projects",
    grain="One row per repository, whatever forge it lives on.",
    key=["id"],
    columns={
        "id": "BIGINT",
        "source": "VARCHAR",
        "native_id": "VARCHAR",
        "path_with_namespace": "VARCHAR",
        "name": "VARCHAR",
        "namespace": "VARCHAR",
        "description": "VARCHAR",
        "default_branch": "VARCHAR",
        "visibility": "VARCHAR",
        "archived": "BOOLEAN",
        "topics": "VARCHAR[]",
        "builds_enabled": "BOOLEAN",
        "issues_enabled": "BOOLEAN",
        "web_url": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "last_activity_at": "TIMESTAMP",
        "changed_at": "TIMESTAMP",
    },
    groups={
        "name": (
            ["source", "native_id", "path_with_namespace", "name", "namespace", "web_url", "changed_at"],
            ["changed_at"],
        ),
        "list": (
            ["description", "default_branch", "visibility", "archived", "topics", "builds_enabled", "issues_enabled"]
            + ["created_at", "updated_at", "last_activity_at"],
            ["last_activity_at", "updated_at"],
        ),
    },
)

USERS = table(
    "users",
    grain="One row per account met on the way (job, event, member, schedule owner, issue author), as last seen.",
    key=["source", "id"],
    columns={
        "source": "VARCHAR",
        "id": "BIGINT",
        "username": "VARCHAR",
        "name": "VARCHAR",
        "state": "VARCHAR",
        "bot": "BOOLEAN",
        "public_email": "VARCHAR",
        "avatar_url": "VARCHAR",
        "web_url": "VARCHAR",
        "seen_on": "DATE",
    },
    groups={
        "user": (
            ["username", "name", "state", "bot", "public_email", "avatar_url", "web_url", "seen_on"],
            ["seen_on", "state"],
        )
    },
)

MEMBERS = table(
    "members",
    grain="One row per project and member, inherited ones too; someone who left is not in it.",
    key=["project_id", "user_id"],
    columns={
        "project_id": "BIGINT",
        "user_id": "BIGINT",
        "username": "VARCHAR",
        "name": "VARCHAR",
        "state": "VARCHAR",
        "membership_state": "VARCHAR",
        "access_level": "INTEGER",
        "expires_at": "DATE",
        "created_at": "TIMESTAMP",
    },
    scope=("project_id",),
)

SCHEDULES = table(
    "schedules",
    grain="One row per pipeline schedule; deleted ones are kept and marked.",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "BIGINT",
        "description": "VARCHAR",
        "ref": "VARCHAR",
        "cron": "VARCHAR",
        "cron_timezone": "VARCHAR",
        "next_run_at": "TIMESTAMP",
        "active": "BOOLEAN",
        "owner_id": "BIGINT",
        "owner_username": "VARCHAR",
        "owner_name": "VARCHAR",
        "owner_state": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "deleted": "BOOLEAN",
    },
    derived=["deleted"],
    scope=("project_id",),
    gone="deleted",
)

PIPELINES = table(
    "pipelines",
    grain="One row per pipeline, child pipelines too.",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "BIGINT",
        "iid": "BIGINT",
        "source": "VARCHAR",
        "ref": "VARCHAR",
        "sha": "VARCHAR",
        "status": "VARCHAR",
        "name": "VARCHAR",
        "web_url": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "changed_at": "TIMESTAMP",
        "state_rank": "TINYINT",
        "started_at": "TIMESTAMP",
        "finished_at": "TIMESTAMP",
        "duration": "DOUBLE",
        "user_id": "BIGINT",
        "username": "VARCHAR",
        "tag": "BOOLEAN",
        "before_sha": "VARCHAR",
        "yaml_errors": "VARCHAR",
        "coverage": "DOUBLE",
        "queued_duration": "DOUBLE",
        "detail_started_at": "TIMESTAMP",
        "detail_finished_at": "TIMESTAMP",
        "detail_duration": "DOUBLE",
        "detail_user_id": "BIGINT",
        "detail_username": "VARCHAR",
        "run_at": "TIMESTAMP",
        "run_rank": "TINYINT",
        "detail_at": "TIMESTAMP",
        "by_api": "BOOLEAN",
        "identified_at": "TIMESTAMP",
        "schedule_id": "BIGINT",
        "parent_project_id": "BIGINT",
        "parent_pipeline_id": "BIGINT",
        "merge_request_iid": "BIGINT",
    },
    groups={
        "identity": (
            ["iid", "source", "ref", "sha", "name", "web_url", "created_at", "by_api", "identified_at"],
            ["by_api", "identified_at"],
        ),
        "state": (["status", "updated_at", "changed_at", "state_rank"], ["changed_at", "state_rank", "updated_at"]),
        "run": (
            ["tag", "before_sha", "queued_duration", "detail_finished_at", "detail_duration", "detail_user_id"]
            + ["detail_username", "run_at", "run_rank"],
            ["run_at", "run_rank"],
        ),
        "detail": (["yaml_errors", "coverage", "detail_started_at", "detail_at"], ["detail_at"]),
        "schedule": (["schedule_id"], []),
        "parent": (["parent_project_id", "parent_pipeline_id"], []),
        "merge_request": (["merge_request_iid"], []),
    },
    derived=["started_at", "finished_at", "duration", "user_id", "username"],
    derive=("pipelines_times",),
)

JOBS = table(
    "jobs",
    grain="One row per attempt of a job (kind 'build') or trigger job (kind 'bridge').",
    key=["project_id", "id"],
    columns={
        "project_id": "BIGINT",
        "id": "BIGINT",
        "pipeline_id": "BIGINT",
        "kind": "VARCHAR",
        "name": "VARCHAR",
        "stage": "VARCHAR",
        "status": "VARCHAR",
        "allow_failure": "BOOLEAN",
        "failure_reason": "VARCHAR",
        "created_at": "TIMESTAMP",
        "started_at": "TIMESTAMP",
        "finished_at": "TIMESTAMP",
        "duration": "DOUBLE",
        "queued_duration": "DOUBLE",
        "user_id": "BIGINT",
        "username": "VARCHAR",
        "runner_id": "BIGINT",
        "runner_description": "VARCHAR",
        "runner_type": "VARCHAR",
        "changed_at": "TIMESTAMP",
        "state_rank": "TINYINT",
        "ref": "VARCHAR",
        "tag": "BOOLEAN",
        "sha": "VARCHAR",
        "coverage": "DOUBLE",
        "tag_list": "VARCHAR[]",
        "erased_at": "TIMESTAMP",
        "web_url": "VARCHAR",
        "downstream_project_id": "BIGINT",
        "downstream_pipeline_id": "BIGINT",
        "run_attempt": "INTEGER",
        "retried": "BOOLEAN",
    },
    groups={
        "state": (
            ["pipeline_id", "kind", "name", "stage", "status", "allow_failure", "failure_reason", "created_at"]
            + ["started_at", "finished_at", "duration", "queued_duration", "user_id", "username", "runner_id"]
            + ["runner_description", "runner_type", "changed_at", "state_rank"],
            ["changed_at", "state_rank"],
        ),
        "ref": (["ref", "tag", "sha"], []),
        "detail": (["coverage", "tag_list", "erased_at", "web_url"], ["erased_at"]),
        "downstream": (["downstream_project_id", "downstream_pipeline_id"], []),
        "attempt": (["run_attempt"], []),
    },
    derived=["retried"],
    defaults={"retried": "false"},
    derive=("jobs_retried", "pipelines_times"),
)

TRACES = table(
    "traces",
    grain="One row per job whose log was read: its text as GitLab keeps it, head and tail only when it is huge.",
    key=["project_id", "job_id"],
    columns={
        "project_id": "BIGINT",
        "job_id": "BIGINT",
        "bytes": "BIGINT",
        "complete": "BOOLEAN",
        "omitted_bytes": "BIGINT",
        "omitted_lines": "BIGINT",
        "text": "VARCHAR",
    },
    groups={"trace": (["bytes", "complete", "omitted_bytes", "omitted_lines", "text"], ["complete", "bytes"])},
)

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
        "detail": (
            ["authored_at", "author_utc_offset", "committer_name", "committer_email", "parent_ids"]
            + ["additions", "deletions"],
            [],
        ),
    },
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
        "asked": (["asked_action"], []),
    },
    derive=("events_told_twice",),
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
            ["kind", "severity", "status", "started_at", "ended_at", "title", "description", "labels", "cluster"]
            + ["namespace", "node", "object", "count", "web_url", "seen_at", "state_rank"],
            ["state_rank", "seen_at", "count"],
        )
    },
)

TABLES = (
    PROJECTS, USERS, MEMBERS, SCHEDULES, PIPELINES, JOBS, TRACES, COMMITS, ISSUES, MERGE_REQUESTS, EVENTS, SIGNALS,
)  # fmt: skip
