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

from dashlib.model import Group, table
from dashlib.sources.ci_tables import JOBS, PIPELINES, SCHEDULES, TRACES
from dashlib.sources.work_tables import COMMITS, EVENTS, ISSUES, MERGE_REQUESTS, PUSH_LISTS, SIGNALS

__all__ = [
    "COMMITS",
    "EVENTS",
    "ISSUES",
    "JOBS",
    "MEMBERS",
    "MERGE_REQUESTS",
    "PIPELINES",
    "PROJECTS",
    "PUSH_LISTS",
    "SCHEDULES",
    "SIGNALS",
    "TABLES",
    "TRACES",
    "USERS",
]

PROJECTS = table(
    "projects",
    grain="One row per repository, whatever forge it lives on; one that its forge has no more stays.",
    key=["id"],
    columns={
        "id": "BIGINT",
        "source": "VARCHAR",
        "native_id": "VARCHAR",
        "path_with_namespace": "VARCHAR",
        "name": "VARCHAR",
        "namespace": "VARCHAR",
        "namespace_id": "BIGINT",
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
        "named": "BOOLEAN",
        "named_at": "TIMESTAMP",
        "addressed_at": "TIMESTAMP",
        "deleted_at": "TIMESTAMP",
    },
    groups={
        "path": (["source", "native_id", "path_with_namespace", "namespace", "changed_at"], ["changed_at"]),
        # Many a hook tells the path alone: what its end stands in for never wins over a name that was told.
        "name": (["name", "named", "named_at"], ["named", "named_at"]),
        "address": (["web_url", "addressed_at"], ["addressed_at"]),
        "list": (
            ["description", "default_branch", "visibility", "archived", "topics", "builds_enabled", "issues_enabled"]
            + ["namespace_id", "created_at", "updated_at", "last_activity_at"],
            ["last_activity_at", "updated_at"],
        ),
        # Only a webhook tells of it; the first one counts. Whatever is listed again is there again (Put).
        "end": Group(("deleted_at",), ("deleted_at",), earliest=True),
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

TABLES = (
    PROJECTS, USERS, MEMBERS, SCHEDULES, PIPELINES, JOBS, TRACES, COMMITS, ISSUES, MERGE_REQUESTS, EVENTS,
    PUSH_LISTS, SIGNALS,
)  # fmt: skip
