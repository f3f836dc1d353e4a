"""A copy in memory of how jobs and pipelines ended: the pages of flaky jobs, runners and pipelines answer at once.

The view job_attempts joins every job with its pipeline, reason and account each time it is asked. The copy holds that
worked out, and what follows from it, under the same names: the same SQL asks either and gives the same answer. It is
made anew when jobs, pipelines, reasons, accounts or repositories moved.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import duckdb

from dashlib.queries.held_macros import macros
from dashlib.queries.nights_renewed import keep, memory
from dashlib.store import Store, views

_PRINT = """
select (select (count(*), bit_xor(hash(
        project_id, id, pipeline_id, name, status, allow_failure, failure_reason, started_at, finished_at, duration,
        queued_duration, runner_id, runner_description, runner_type, ref, sha, tag
    ))) from jobs), (select (count(*), bit_xor(hash(
        project_id, id, parent_pipeline_id, source, ref, sha, schedule_id, user_id, username, created_at,
        name, status, started_at, finished_at, duration, queued_duration, tag, web_url
    ))) from pipelines),
    (select (count(*), bit_xor(hash(project_id, job_id, state, category))) from failures),
    (select (count(*), bit_xor(hash(id, path_with_namespace, namespace, default_branch, web_url))) from projects),
    (select (count(*), bit_xor(hash(a))) from (select source, id, person, is_bot from accounts) a),
    (select (count(*), bit_xor(hash(p))) from (select id, label, is_bot from persons) p),
    (select (count(*), bit_xor(hash(s))) from bookkeeping.settings s)
"""
_TABLES = {
    # Of an address it is looked whether it may become a link: for those that are asked for only.
    "job_attempts": "select * replace (if(outcome = 'failed', job_web_url, null) as job_web_url) from job_attempts",
    "pipeline_times": "select * from pipeline_times",
    "persons": "select id, label, is_bot from persons",
    "bookkeeping.settings": "select * from bookkeeping.settings",
}
_FOLLOWING = ("flaky_failures", "flaky_jobs", "runner_outages", "job_times")
"""Views that need nothing but these: worked out within the copy, each after those it reads."""
_MACROS = ("team_time", "team_day", "team_day_start", "chosen", "within", "utc_now")


@dataclass(frozen=True)
class HeldCopy:
    """A copy, the data version it shows, and a print of what it was made of."""

    version: int
    connection: duckdb.DuckDBPyConnection
    print_: object


class HeldAttempts:
    """The newest copy of how one store's jobs ended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: HeldCopy | None = None

    def newest(self) -> HeldCopy:
        """A copy of the data as they are now."""
        with self._lock:
            before, version = self._held, self._store.data_version
            if before is not None and before.version == version:
                return before
            with self._store.reader() as reader:
                # Taken before the rows are read: what moves meanwhile differs next time.
                print_ = reader.execute(_PRINT).fetchall()
                if before is not None and before.print_ == print_:
                    self._held = replace(before, version=version)
                else:
                    self._held = HeldCopy(version, held(reader), print_)
            return self._held


def held(reader: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database in memory with what the questions of ``flaky`` and ``runners`` ask, as ``reader`` sees it now."""
    copy = memory()
    for name, sql in _TABLES.items():
        keep(copy, name, reader.execute(sql))
    known = {definition.name: definition for definition in views.definitions()}
    macros(copy, reader, _MACROS)
    for name in _FOLLOWING:
        copy.execute(f"create table {name} as {known[name].body}")
    return copy
