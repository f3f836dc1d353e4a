"""Tables of what follows from the graph of commits."""

from __future__ import annotations

from dashlib.model import table

PUSHED_COMMITS = table(
    "pushed_commits",
    grain="One row per stored commit and push that brought it: those that a webhook listed (push_lists), and those "
    "that the graph of commits tells, reachable from what was pushed and not from what stood there before; place 1 is "
    "the newest, a parent has a greater one.",
    key=["project_id", "source", "event_id", "commit_id"],
    columns={
        "project_id": "BIGINT",
        "source": "VARCHAR",
        "event_id": "BIGINT",
        "commit_id": "VARCHAR",
        "place": "INTEGER",
    },
)

BULK_COMMITS = table(
    "bulk_commits",
    grain="One row per commit and push of many branches that can have brought it: a push that is told began on top of "
    "the commit, no push that is told had brought it, and the push of many branches lies between its making and then. "
    "found_at is when that push was, UTC. Only where events of all pushes are read since before the commit was made.",
    key=["project_id", "source", "event_id", "commit_id"],
    columns={
        "project_id": "BIGINT",
        "source": "VARCHAR",
        "event_id": "BIGINT",
        "commit_id": "VARCHAR",
        "found_at": "TIMESTAMP",
    },
)

COMMIT_BRANCHES = table(
    "commit_branches",
    grain="One row per commit and repository: whether the commit was on the default branch when the graph of "
    "commits was last walked.",
    key=["project_id", "commit_id"],
    columns={"project_id": "BIGINT", "commit_id": "VARCHAR", "on_default": "BOOLEAN"},
)

DEFAULT_TIPS = table(
    "default_tips",
    grain="One row per repository: the newest commit of its default branch when that was last asked.",
    key=["project_id"],
    columns={
        "project_id": "BIGINT",
        "ref": "VARCHAR",
        "sha": "VARCHAR",
        "parent_ids": "VARCHAR[]",
        "committed_at": "TIMESTAMP",
        "read_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

WALKED = table(
    "walked",
    grain="One row per repository whose graph of commits was walked: the tip, and prints of the commits and pushes "
    "there were then.",
    key=["project_id"],
    columns={"project_id": "BIGINT", "sha": "VARCHAR", "commits": "BIGINT", "pushes": "BIGINT"},
    schema="bookkeeping",
)

TABLES = (PUSHED_COMMITS, BULK_COMMITS, COMMIT_BRANCHES, DEFAULT_TIPS, WALKED)
