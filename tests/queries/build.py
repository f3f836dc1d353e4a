"""Rows by hand: what a test needs to say about projects, runs, jobs, commits and events, the rest filled in."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import duckdb

from dashlib.failures.tables import FAILURES
from dashlib.model import Change, Put, Table, Upsert
from dashlib.people.refresh import refresh
from dashlib.queries.nights_held import held
from dashlib.sources import tables
from dashlib.store import Store, bookkeeping

MIDNIGHT = datetime(2026, 3, 10, 1, 0)
"""The night most examples are about: 10 March 2026, 01:00 UTC."""


def row(table: Table, groups: Sequence[str], **values: Any) -> dict[str, Any]:
    """A row of the key and whole groups; what is not named is null."""
    columns = [*table.key, *(column for group in groups for column in table.groups[group].columns)]
    return {column: values.pop(column, None) for column in columns} | values


class Told(Store):
    """A store that takes what builders were told before anybody reads it or writes to it, in whatever thread."""

    builders: list[Builder]
    telling: threading.RLock

    def tell(self) -> None:
        with self.telling:
            for builder in self.builders:
                builder.write()

    @property
    def data_version(self) -> int:
        self.tell()
        return super().data_version

    def reader(self) -> duckdb.DuckDBPyConnection:
        self.tell()
        return super().reader()

    def submit(self, changes: Sequence[Change], **more: Any) -> Future[int]:
        self.tell()
        return super().submit(changes, **more)

    def close(self) -> None:
        self.tell()
        super().close()


class Builder:
    """Writes rows through the store, numbering what has no number.

    What is said one after the other is written together, as soon as anybody reads the store or writes to it.
    """

    def __init__(self, store: Store, url: str = "https://gitlab.example") -> None:
        if not isinstance(store, Told):
            store.__class__ = Told
            vars(store).update(builders=[], telling=threading.RLock())
        assert isinstance(store, Told)
        store.builders.append(self)
        self.store = store
        self._waiting: list[Change] = []
        self.url = url
        self._numbers = itertools.count(1000)
        self._known_at = -1
        self._nights: tuple[int, duckdb.DuckDBPyConnection] | None = None

    def write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.store.write(*waiting)

    def project(self, id: int = 1, path: str = "acme/core/engine", **values: Any) -> int:
        namespace, _, name = path.rpartition("/")
        known = {"source": "gitlab", "native_id": str(id), "path_with_namespace": path, "name": name} | {
            "namespace": namespace,
            "web_url": f"{self.url}/{path}",
            "changed_at": MIDNIGHT,
            "archived": False,
        }
        groups = ["path", "name", "address", "list"]
        self._waiting.append(Upsert(tables.PROJECTS, [row(tables.PROJECTS, groups, id=id, **known | values)]))
        return id

    def schedule(self, id: int = 7, project_id: int = 1, description: str = "Nightly", **values: Any) -> int:
        known = {"ref": "main", "cron": "0 1 * * *", "cron_timezone": "UTC", "active": True} | values
        added = row(tables.SCHEDULES, ["row"], project_id=project_id, id=id, description=description, **known)
        self._waiting.append(Upsert(tables.SCHEDULES, [added]))
        return id

    def pipeline(
        self,
        at: datetime = MIDNIGHT,
        status: str = "success",
        project_id: int = 1,
        source: str = "schedule",
        schedule_id: int | None = 7,
        parent: int | None = None,
        **values: Any,
    ) -> int:
        id = int(values.pop("id", 0)) or next(self._numbers)
        known = {"ref": "main", "sha": f"{id:040x}", "web_url": f"{self.url}/p/{project_id}/-/pipelines/{id}"} | values
        added = row(
            tables.PIPELINES,
            ["identity", "state"],
            project_id=project_id,
            id=id,
            source=source,
            status=status,
            created_at=at,
            updated_at=at,
            changed_at=at,
            state_rank=9,
            **known,
        )
        if source == "schedule":
            added["schedule_id"] = schedule_id
        if parent is not None:
            added |= {"parent_project_id": project_id, "parent_pipeline_id": parent}
        self._waiting.append(Upsert(tables.PIPELINES, [added]))
        return id

    def job(
        self,
        pipeline_id: int,
        name: str = "test",
        status: str = "success",
        at: datetime = MIDNIGHT,
        project_id: int = 1,
        kind: str = "build",
        downstream: int | None = None,
        **values: Any,
    ) -> int:
        id = int(values.pop("id", 0)) or next(self._numbers)
        known = {
            "stage": "test",
            "allow_failure": False,
            "failure_reason": "script_failure" if status == "failed" else None,
            "created_at": at,
            "started_at": at,
            "finished_at": at + timedelta(minutes=5),
            "duration": 300.0,
            "runner_description": "runner-1",
            "changed_at": at,
            "state_rank": 9,
            "web_url": f"{self.url}/p/{project_id}/-/jobs/{id}",
        } | values
        groups = ["state", "ref", "detail"] + (["downstream"] if downstream else [])
        if downstream:
            known |= {"downstream_project_id": project_id, "downstream_pipeline_id": downstream}
        added = row(
            tables.JOBS,
            groups,
            project_id=project_id,
            id=id,
            pipeline_id=pipeline_id,
            kind=kind,
            name=name,
            status=status,
            **known,
        )
        self._waiting.append(Upsert(tables.JOBS, [added]))
        return id

    def trace(self, job_id: int, text: str, project_id: int = 1, **values: Any) -> None:
        """The stored log of a job, whole and complete."""
        known = {"bytes": len(text.encode()), "complete": True, "omitted_bytes": 0, "omitted_lines": 0} | values
        added = row(tables.TRACES, ["trace"], project_id=project_id, job_id=job_id, text=text, **known)
        self._waiting.append(Upsert(tables.TRACES, [added]))

    def failure(self, job_id: int, signature: str | None = None, project_id: int = 1, **values: Any) -> None:
        """What the analysis of a job came to; explained by a rule where it has a signature."""
        known: dict[str, Any] = {"state": "explained" if signature else "no_log", "category": "unknown"}
        if signature:
            known |= {"reason": signature, "rule": "test.rule", "rule_line": 1, "confidence": 0.9}
            known |= {"lines": [{"number": 1, "text": signature}]}
        known |= {"rules_version": "v1"} | values
        added = row(FAILURES, ["row"], project_id=project_id, job_id=job_id, signature=signature, **known)
        self._waiting.append(Put(FAILURES, [added]))

    def night(self, at: datetime, failed: Sequence[str] = (), passed: Sequence[str] = ("build",), **where: Any) -> int:
        """A run of the schedule at ``at`` with jobs that failed and jobs that passed."""
        run = self.pipeline(at, "failed" if failed else "success", **where)
        project_id = where.get("project_id", 1)
        for name, status in [*((n, "failed") for n in failed), *((n, "success") for n in passed)]:
            self.job(run, name, status, at, project_id)
        return run

    def commit(
        self,
        id: str,
        author: tuple[str, str] = ("Ada Lovelace", "ada@example.com"),
        at: datetime | None = MIDNIGHT,
        project_id: int = 1,
        co_authors: Sequence[tuple[str, str]] = (),
        parents: int = 1,
        **values: Any,
    ) -> str:
        known = {"title": f"Change {id}", "additions": 3, "deletions": 1, "authored_at": at} | values
        known.setdefault("parent_ids", [f"p{n}" for n in range(parents)])
        added = row(
            tables.COMMITS,
            ["commit", "committer", "detail"],
            project_id=project_id,
            id=id,
            author_name=author[0],
            author_email=author[1],
            committed_at=at,
            co_authors=[{"name": name, "email": email} for name, email in co_authors],
            **known,
        )
        self._waiting.append(Upsert(tables.COMMITS, [added]))
        return id

    def user(self, id: int, username: str, name: str, **values: Any) -> int:
        known = {"state": "active", "bot": False, "seen_on": MIDNIGHT.date()} | values
        added = row(tables.USERS, ["user"], source="gitlab", id=id, username=username, name=name, **known)
        self._waiting.append(Upsert(tables.USERS, [added]))
        return id

    def event(self, action: str, at: datetime = MIDNIGHT, asked: str | None = None, **values: Any) -> int:
        id = next(self._numbers)
        known = {"project_id": 1, "author_id": 1, "author_username": "ada", "author_name": "Ada Lovelace"} | values
        added = row(tables.EVENTS, ["event"], source="gitlab", id=id, action_name=action, created_at=at, **known)
        if asked:
            added["asked_action"] = asked
        self._waiting.append(Upsert(tables.EVENTS, [added]))
        return id

    def zone(self, name: str) -> None:
        self.setting("timezone", name)

    def setting(self, name: str, value: str) -> None:
        """A setting that views depend on."""
        self._waiting.append(Put(bookkeeping.SETTINGS, [{"name": name, "value": value}]))

    def nightly(self, *patterns: tuple[str, str]) -> None:
        rows = [{"field": field, "pattern": pattern, "declared": True} for field, pattern in patterns]
        self._waiting.append(Put(bookkeeping.NIGHTLY, rows))

    def nights(self) -> duckdb.DuckDBPyConnection:
        """The copy of the nights that pages ask: it plans a question in a twentieth of the views' time."""
        if self._nights is None or self._nights[0] != self.store.data_version:
            with self.store.reader() as reader:
                self._nights = (self.store.data_version, held(reader))
        return self._nights[1]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer, once it is worked out who is who."""
        if self._known_at != self.store.data_version:
            refresh(self.store)
            self._known_at = self.store.data_version
        with self.store.reader() as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, values, strict=True)) for values in found.fetchall()]
