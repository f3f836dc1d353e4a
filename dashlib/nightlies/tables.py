"""What the ledger of nights keeps: what each schedule said, when it was to run, and which morning notes were sent."""

from __future__ import annotations

from dashlib.model import table

SCHEDULE_SLOTS = table(
    "schedule_slots",
    grain="One row per schedule and time at which it was or is to run, up to the end of tomorrow. repeated marks the "
    "second time that a clock put back shows it (nobody misses that run), repeat_of is the first one then; off_cause "
    "says why the schedule was off.",
    key=["project_id", "schedule_id", "expected_at"],
    columns={
        "project_id": "BIGINT",
        "schedule_id": "BIGINT",
        "expected_at": "TIMESTAMP",
        "repeated": "BOOLEAN",
        "repeat_of": "TIMESTAMP",
        "off_cause": "VARCHAR",
    },
    scope=("project_id", "schedule_id"),
)

SCHEDULE_EDITIONS = table(
    "schedule_editions",
    grain="One row per schedule and version of it that a sync has met: what it said from valid_from on, last seen so "
    "at seen_at. Without a cron line its times are not known; off_cause says why it was off.",
    key=["project_id", "schedule_id", "valid_from"],
    columns={
        "project_id": "BIGINT",
        "schedule_id": "BIGINT",
        "valid_from": "TIMESTAMP",
        "cron": "VARCHAR",
        "cron_timezone": "VARCHAR",
        "off_cause": "VARCHAR",
        "seen_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

SCHEDULES_READ = table(
    "schedules_read",
    grain="One row per schedule whose times were worked out: from what (a digest), up to when, and what could not be "
    "read in it.",
    key=["project_id", "schedule_id"],
    columns={
        "project_id": "BIGINT",
        "schedule_id": "BIGINT",
        "digest": "VARCHAR",
        "until": "TIMESTAMP",
        "problem": "VARCHAR",
    },
    schema="bookkeeping",
)

NOTES_SENT = table(
    "notes_sent",
    grain="One row per morning note and channel (chat, mail) it goes to: tries counts how often it was handed over. "
    "outcome is sending (begun, and not known how it ended: never repeated), sent, failed (not taken; tried again).",
    key=["night", "channel"],
    columns={
        "night": "DATE",
        "channel": "VARCHAR",
        "outcome": "VARCHAR",
        "tries": "INTEGER",
        "tried_at": "TIMESTAMP",
        "error": "VARCHAR",
    },
    schema="bookkeeping",
)

TABLES = (SCHEDULE_SLOTS, SCHEDULE_EDITIONS, SCHEDULES_READ, NOTES_SENT)
