"""What the dashboard remembers about its own work, apart from the data: schema ``bookkeeping``, and ``loads``."""

from __future__ import annotations

from dashlib.model import table

LOADS = table(
    "loads",
    grain="One row per sync run of a source; finished_at is null while it runs or when it was killed, complete says "
    "that it came to its end, errors counts what it could not read on the way.",
    key=["source", "started_at"],
    columns={
        "source": "VARCHAR",
        "started_at": "TIMESTAMP",
        "finished_at": "TIMESTAMP",
        "trigger": "VARCHAR",
        "calls": "BIGINT",
        "rows": "BIGINT",
        "rows_by_table": "JSON",
        "calls_by_resource": "JSON",
        "waited_seconds": "DOUBLE",
        "complete": "BOOLEAN",
        "errors": "BIGINT",
        "error": "VARCHAR",
    },
)

PASSES = table(
    "passes",
    grain="One row per source, project and resource: how far it is read. since is where reading began, watermark the "
    "greatest version that is surely read, activity the project's last_activity_at then, position the next page of a "
    "pass under way.",
    key=["source", "project_id", "resource", "variant"],
    columns={
        "source": "VARCHAR",
        "project_id": "BIGINT",
        "resource": "VARCHAR",
        "variant": "VARCHAR",
        "since": "TIMESTAMP",
        "watermark": "TIMESTAMP",
        "activity": "TIMESTAMP",
        "position": "JSON",
        "completed_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

ASKED = table(
    "asked",
    grain="One row per thing asked for by name that may not be there (a log, a commit), and what came of it.",
    key=["source", "project_id", "resource", "ref"],
    columns={
        "source": "VARCHAR",
        "project_id": "BIGINT",
        "resource": "VARCHAR",
        "ref": "VARCHAR",
        "outcome": "VARCHAR",
        "tries": "INTEGER",
        "asked_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

ETAGS = table(
    "etags",
    grain="One row per list of a source that was stored, with the ETag of its first page: asked with it, a list that "
    "did not change costs nothing.",
    key=["source", "path"],
    columns={"source": "VARCHAR", "path": "VARCHAR", "etag": "VARCHAR"},
    schema="bookkeeping",
)

JOBS_READ = table(
    "jobs_read",
    grain="One row per pipeline whose jobs were read: the pipeline's updated_at at that time.",
    key=["project_id", "pipeline_id"],
    columns={"project_id": "BIGINT", "pipeline_id": "BIGINT", "pipeline_updated_at": "TIMESTAMP"},
    schema="bookkeeping",
)

PROBLEMS = table(
    "problems",
    grain="One row per source, project and resource that could not be read the last time it was asked.",
    key=["source", "project_id", "resource"],
    columns={
        "source": "VARCHAR",
        "project_id": "BIGINT",
        "resource": "VARCHAR",
        "project": "VARCHAR",
        "message": "VARCHAR",
        "first_at": "TIMESTAMP",
        "last_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

SETTINGS = table(
    "settings",
    grain="One row per setting that views depend on (timezone, late_hours, report_by); no secret is ever in it.",
    key=["name"],
    columns={"name": "VARCHAR", "value": "VARCHAR"},
    schema="bookkeeping",
)

NIGHTLY = table(
    "nightly",
    grain="One row per pattern of DASH_NIGHTLY; none: every active schedule counts as a nightly.",
    key=["field", "pattern"],
    columns={"field": "VARCHAR", "pattern": "VARCHAR", "declared": "BOOLEAN"},
    schema="bookkeeping",
)

PIPELINE_DOUBT, PUSH_DOUBT = "pipeline", "push"
DOUBTS = table(
    "doubts",
    grain="One row per thing of GitLab that webhooks left in doubt and that was not asked about yet: a pipeline (ref: "
    "its id) or a push (ref: the commit it brought); why says what is odd (dashlib/receive/doubts.py).",
    key=["project_id", "kind", "ref"],
    columns={
        "project_id": "BIGINT",
        "kind": "VARCHAR",
        "ref": "VARCHAR",
        "why": "VARCHAR",
        "raised_at": "TIMESTAMP",
    },
    schema="bookkeeping",
)

TABLES = (LOADS, PASSES, ASKED, ETAGS, JOBS_READ, PROBLEMS, SETTINGS, NIGHTLY, DOUBTS)
