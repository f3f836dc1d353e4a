"""What people decided about failures: rules, links, persons, merges, and the history by which each can be undone."""

from __future__ import annotations

from dashlib.model import table

RULES = table(
    "link_rules",
    grain="One row per rule that links failures to an issue or a person. All that is set must hold: pattern (kind like "
    "or regex, RE2) on the reason, a telling line or the signature; signature; category; globs of repository and job. "
    "A rule made from a failure (from_project_id, from_job_id) goes with that failure's signature when it changes.",
    key=["id"],
    columns={
        "id": "VARCHAR",
        "pattern": "VARCHAR",
        "kind": "VARCHAR",
        "signature": "VARCHAR",
        "category": "VARCHAR",
        "project_glob": "VARCHAR",
        "job_glob": "VARCHAR",
        "issue_project_id": "BIGINT",
        "issue_iid": "BIGINT",
        "assignee": "VARCHAR",
        "from_project_id": "BIGINT",
        "from_job_id": "BIGINT",
        "created_by": "VARCHAR",
        "created_at": "TIMESTAMP",
    },
)

MATCHES = table(
    "rule_matches",
    grain="One row per rule and failed job that it matches, and when that failed: worked out from the rules and the "
    "failures, never by hand.",
    key=["rule_id", "project_id", "job_id"],
    columns={"rule_id": "VARCHAR", "project_id": "BIGINT", "job_id": "BIGINT", "failed_at": "TIMESTAMP"},
)

ATTACHMENTS = table(
    "attachments",
    grain="One row per failed job that somebody attached to an issue by hand; it wins over rules. Without an issue "
    "(issue_iid null) the job was taken out of the issue that a rule links.",
    key=["project_id", "job_id"],
    columns={
        "project_id": "BIGINT",
        "job_id": "BIGINT",
        "issue_project_id": "BIGINT",
        "issue_iid": "BIGINT",
        "created_by": "VARCHAR",
        "created_at": "TIMESTAMP",
    },
)

ASSIGNMENTS = table(
    "assignments",
    grain="One row per signature (scope signature, subject its text), single failed job (scope job, subject "
    "project-job) or nightly that does not run (scope nightly, subject project-schedule-first missing night) that a "
    "person has; without assignee nobody, although its issue has somebody on GitLab. issue_* tell of the issue that it "
    "had then: whom GitLab said before (issue_had) and after (issue_has); whom GitLab says since is who has it.",
    key=["scope", "subject"],
    columns={
        "scope": "VARCHAR",
        "subject": "VARCHAR",
        "assignee": "VARCHAR",
        "issue_project_id": "BIGINT",
        "issue_iid": "BIGINT",
        "issue_had": "VARCHAR",
        "issue_has": "VARCHAR",
        "created_by": "VARCHAR",
        "created_at": "TIMESTAMP",
    },
)

MERGES = table(
    "signature_merges",
    grain="One row per pair of nearly equal signatures that somebody judged: verdict same or different. signature "
    "sorts before other.",
    key=["signature", "other"],
    columns={
        "signature": "VARCHAR",
        "other": "VARCHAR",
        "verdict": "VARCHAR",
        "created_by": "VARCHAR",
        "created_at": "TIMESTAMP",
    },
)

CHANGES = table(
    "link_changes",
    grain="One row per changed row of a rule, attachment, assignment or merge: who, when, what stood there before and "
    "after (JSON, null: nothing). Rows of one action were changed together and are undone together; undoes names the "
    "action that this one took back. says tells it in words; signature, project_id and job_id say what it was about.",
    key=["action", "position"],
    columns={
        "action": "VARCHAR",
        "position": "INTEGER",
        "done_at": "TIMESTAMP",
        "done_by": "VARCHAR",
        "says": "VARCHAR",
        "table_name": "VARCHAR",
        "row_key": "JSON",
        "before": "JSON",
        "after": "JSON",
        "undoes": "VARCHAR",
        "signature": "VARCHAR",
        "project_id": "BIGINT",
        "job_id": "BIGINT",
    },
)

GREEN_LOGS = table(
    "green_logs",
    grain="One row per repository and job name that failed: the log of its last run that passed before (job_id).",
    key=["project_id", "job_name"],
    columns={
        "project_id": "BIGINT",
        "job_name": "VARCHAR",
        "job_id": "BIGINT",
        "bytes": "BIGINT",
        "text": "VARCHAR",
    },
    schema="bookkeeping",
)

GREEN_LINES = table(
    "green_lines",
    grain="One row per job that passed and whose log was kept as the last green one: what tells its lines (green.py, "
    "whose version made them). It outlives that log: failures after it are compared with it for good.",
    key=["project_id", "job_id"],
    columns={
        "project_id": "BIGINT",
        "job_id": "BIGINT",
        "job_name": "VARCHAR",
        "version": "INTEGER",
        "lines": "BLOB",
    },
    schema="bookkeeping",
)

DECISIONS = (RULES, ATTACHMENTS, ASSIGNMENTS, MERGES)
"""The tables whose rows people change."""
TABLES = (*DECISIONS, MATCHES, CHANGES, GREEN_LOGS, GREEN_LINES)
