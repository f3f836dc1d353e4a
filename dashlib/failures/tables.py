"""What is stored of reasons: the tables that ``analyse`` fills, declared like those of the sources."""

from __future__ import annotations

from dashlib.model import table

STATES = ("explained", "unsure", "no_rule", "no_log")
"""What came of a failed job's analysis.

``explained``: a rule spoke, on the log or on GitLab's own ``failure_reason``. ``unsure``: there is a log, no rule
spoke, and the lines are the general scorer's guess. ``no_rule``: there is a log and nothing in it stands out.
``no_log``: no log is stored, and GitLab's ``failure_reason`` says no more than that the script failed. A failed job
without a row is not analysed yet; the view ``job_failures`` calls it ``not_analysed``.
"""

FAILURES = table(
    "failures",
    grain="One row per failed job (attempt or trigger job) that was analysed: state (explained, unsure, no_rule, "
    "no_log), category, reason, lines with their numbers, signature; and where it comes from: rule, rule_line, "
    "confidence, rules_version, and the log_bytes, log_complete, failure_reason and green log (green_job_id) it was "
    "told from.",
    key=["project_id", "job_id"],
    columns={
        "project_id": "BIGINT",
        "job_id": "BIGINT",
        "state": "VARCHAR",
        "category": "VARCHAR",
        "reason": "VARCHAR",
        "signature": "VARCHAR",
        "rule": "VARCHAR",
        "rule_line": "BIGINT",
        "confidence": "DOUBLE",
        "lines": "STRUCT(number BIGINT, text VARCHAR)[]",
        "rules_version": "VARCHAR",
        "log_bytes": "BIGINT",
        "log_complete": "BOOLEAN",
        "failure_reason": "VARCHAR",
        "green_job_id": "BIGINT",
        "in_green_log": "BOOLEAN",
    },
)

SIGNATURES = table(
    "signatures",
    grain="One row per signature ever seen: when, where and in which job first. It outlives the logs and jobs it was "
    "read from.",
    key=["signature"],
    columns={
        "signature": "VARCHAR",
        "first_seen_at": "TIMESTAMP",
        "first_project_id": "BIGINT",
        "first_job_id": "BIGINT",
        "first_job_name": "VARCHAR",
    },
)

SIMILAR = table(
    "similar_signatures",
    grain="One row per pair of signatures of one category that are nearly the same (similarity 0.9 to 1), the three "
    "nearest of each: proposed for merging, never merged by itself. signature sorts before other.",
    key=["signature", "other"],
    columns={"signature": "VARCHAR", "other": "VARCHAR", "category": "VARCHAR", "similarity": "DOUBLE"},
)

TABLES = (FAILURES, SIGNATURES, SIMILAR)
