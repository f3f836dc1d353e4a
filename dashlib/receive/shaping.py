"""From stored deliveries to rows: one way for fresh ones, for what a killed process left, and for replay."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import duckdb

from dashlib.model import Change, Put, Row, Upsert
from dashlib.people.tables import ACCOUNT_EMAILS
from dashlib.receive import doubts
from dashlib.receive.body import Refused
from dashlib.receive.sources import BY_NAME, GITLAB, Source, stored_payload
from dashlib.receive.tables import DEFECT, DELIVERIES, FAILED, IGNORED, KEPT, SHAPED, UNREADABLE, UNWRITTEN
from dashlib.settings import Settings
from dashlib.sources.hook import Hook, Shaped, Unshapeable
from dashlib.sources.tables import COMMITS, JOBS
from dashlib.store import Store
from dashlib.store.bookkeeping import DOUBTS

_LOG = logging.getLogger(__name__)
_AT_A_TIME = 400
_BYTES_AT_A_TIME = 8 * 1024 * 1024
_SIZES = """
select id, bytes from deliveries
where id > $after and (not $waiting or status = 'received')
  and ($source is null or source = $source) and ($since is null or received_at >= $since)
order by id limit $limit
"""
_BODIES = """
select id, source, kind, received_at, headers, body, coalesce(turn, 0), error, shaped_at from deliveries
where id >= $first and id <= $last and id in (select unnest($ids::bigint[])) order by id
"""
_HELD = """
select project_id, id, status, changed_at, coalesce(state_rank, 0) from pipelines
where id in (select unnest($ids::bigint[]))
"""
_READ = """
select project_id, id from commits where parent_ids is not null and id in (select unnest($ids::varchar[]))
"""

_UNDER = """
select id, native_id, path_with_namespace, created_at from projects
where source = 'gitlab' and starts_with(lower(path_with_namespace), lower($path) || '/')
"""
_GROUP = """
select namespace from projects
where source = 'gitlab' and namespace_id = $value and deleted_at is null order by changed_at desc nulls last, id limit 1
"""
_MEMBERSHIPS = """
select project_id, access_level, created_at from members
where user_id = $user and project_id in (select unnest($projects::bigint[]))
"""


@dataclass(frozen=True)
class Delivery:
    """A stored delivery; ``error`` is what was wrong with it when rows were last made of it, ``shaped_at`` when they
    were first.
    """

    id: int
    source: str
    kind: str
    received_at: datetime
    headers: str
    body: str
    turn: int = 0
    error: str | None = None
    shaped_at: datetime | None = None

    def marks(self, now: datetime) -> Row:
        """When its rows were made: the first time stays what it was, of later ones the last is told beside it."""
        if self.shaped_at is None:
            return {"id": self.id, "shaped_at": now, "replayed_at": None}
        return {"id": self.id, "shaped_at": self.shaped_at, "replayed_at": now}


@dataclass
class Outcome:
    """What came of one delivery: its status, the changes it makes, and its row of ``deliveries``."""

    delivery: Delivery
    status: str
    changes: Sequence[Change] = ()
    row: dict[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        """Its status for who replays it; ``unreadable`` where it fails as it failed before, by no fault of ours."""
        error = self.row.get("error")
        as_before = self.status == FAILED and error == self.delivery.error
        return UNREADABLE if as_before and not str(error).startswith((DEFECT, UNWRITTEN)) else self.status

    def tells_of_failed_jobs(self) -> bool:
        """Whether it brought a job that failed: its reason can be looked for."""
        jobs = (row for change in self.changes if change.table is JOBS for row in change.rows)
        return any(row.get("status") == "failed" for row in jobs)

    def tells_of_people(self) -> bool:
        """Whether it brought commits or an account's address: who is who may follow from them."""
        return any(change.table in _TELLS_OF_PEOPLE and change.rows for change in self.changes)


_TELLS_OF_PEOPLE = (COMMITS, ACCOUNT_EMAILS)


def stored(
    store: Store, *, after: int = 0, waiting: bool = False, source: str | None = None, since: datetime | None = None
) -> list[Delivery]:
    """The next stored deliveries in order of arrival, a few hundred or a few megabytes; none at the end.

    ``waiting``: only those that no rows were made of yet.
    """
    values = {"after": after, "waiting": waiting, "source": source, "since": since, "limit": _AT_A_TIME}
    with store.reader() as reader:
        ids, size = list[int](), 0
        for ident, length in reader.execute(_SIZES, values).fetchall():
            size += length
            if ids and size > _BYTES_AT_A_TIME:
                break
            ids.append(ident)
        if not ids:
            return []
        found = reader.execute(_BODIES, {"ids": ids, "first": ids[0], "last": ids[-1]})
        return [Delivery(*row) for row in found.fetchall()]


class Shaper:
    """Makes rows of deliveries and writes them, with what came of each, in one commit.

    ``on_doubt`` is called when they leave in doubt what GitLab's API can be asked about (None: nobody asks).
    """

    def __init__(self, settings: Settings, store: Store, on_doubt: Callable[[], None] | None = None) -> None:
        self._settings, self._store = settings, store
        self._on_doubt = on_doubt if settings.gitlab_token is not None else None

    def write(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """Shape and write deliveries; returns what came of each.

        One whose rows cannot be written keeps its error; the others are written without it. Raises what the store
        raises when it cannot write at all: then nothing is marked, and they are shaped again later.
        """
        outcomes = [self._outcome(delivery) for delivery in deliveries]
        self._write(outcomes)
        return outcomes

    def _write(self, outcomes: Sequence[Outcome]) -> None:
        try:
            self._commit(outcomes)
        except (ValueError, TypeError, OverflowError, duckdb.Error) as error:
            # pyarrow's errors are ValueErrors and TypeErrors: a value that fits no column. No disk, no memory or
            # another transaction in the way is not the delivery's fault.
            if isinstance(error, duckdb.OperationalError):
                raise
            if len(outcomes) > 1:
                middle = len(outcomes) // 2
                self._write(outcomes[:middle])
                self._write(outcomes[middle:])
                return
            [outcome] = outcomes
            _LOG.warning("the rows of delivery %s could not be written: %s", outcome.delivery.id, error)
            outcome.status, outcome.changes = FAILED, ()
            said = f"{UNWRITTEN}: {error}"
            outcome.row |= {"status": FAILED, "error": said.splitlines()[0], "rows": 0}
            self._commit(outcomes)

    def _commit(self, outcomes: Sequence[Outcome]) -> None:
        now = datetime.now(UTC).replace(tzinfo=None)
        marks: list[Row] = [{**outcome.row, **outcome.delivery.marks(now)} for outcome in outcomes]
        changes = [change for outcome in outcomes for change in outcome.changes]
        raised = self._raised(outcomes) if self._on_doubt is not None else []
        self._store.submit([*changes, Upsert(DELIVERIES, marks), Put(DOUBTS, raised)], urgent=True).result()
        if raised and self._on_doubt is not None:
            self._on_doubt()

    def _raised(self, outcomes: Sequence[Outcome]) -> list[Row]:
        """What GitLab's deliveries leave in doubt, by what is stored of the things they tell of."""
        told = [one for one in outcomes if one.changes and one.delivery.source == GITLAB.name]
        pipelines = {key for one in told for key in doubts.pipelines_of(one.changes)}
        old = {key for one in told for key in doubts.old_commits(one.changes, one.delivery.received_at)}
        with self._store.reader() as reader:
            values = {"ids": [ident for _, ident in pipelines]}
            held = reader.execute(_HELD, values).fetchall() if pipelines else []
            read = reader.execute(_READ, {"ids": [sha for _, sha in old]}).fetchall() if old else []
        states = {(project_id, ident): doubts.State(*state) for project_id, ident, *state in held}
        return doubts.raised([(one.changes, one.delivery.received_at) for one in told], states, set(read))

    def _outcome(self, delivery: Delivery) -> Outcome:
        row: dict[str, Any] = dict.fromkeys(DELIVERIES.groups["outcome"].columns)
        source, shaped = BY_NAME[delivery.source], None
        try:
            shaped = source.shape(delivery.kind, self._hook(source, delivery))
        except Unshapeable as error:
            return Outcome(delivery, FAILED, (), row | {"status": FAILED, "error": str(error), "rows": 0})
        except Exception as error:  # noqa: BLE001 - a defect of ours: logged, and kept for replay
            _LOG.exception("delivery %s (%s %s) could not be shaped", delivery.id, delivery.source, delivery.kind)
            said = f"{DEFECT}: {type(error).__name__}"
            return Outcome(delivery, FAILED, (), row | {"status": FAILED, "error": said, "rows": 0})
        if shaped is None:
            return Outcome(delivery, KEPT, (), row | {"status": KEPT, "rows": 0})
        row |= {"project_id": shaped.project_id, "subject": shaped.subject, "happened_at": shaped.happened_at}
        if not self._is_chosen(source, shaped):
            return Outcome(delivery, IGNORED, (), row | {"status": IGNORED, "rows": 0})
        count = sum(len(change.rows) for change in shaped.changes)
        status = FAILED if shaped.error else SHAPED if count else KEPT
        row |= {"status": status, "rows": count, "error": shaped.error}
        return Outcome(delivery, status, shaped.changes, row)

    def _hook(self, source: Source, delivery: Delivery) -> Hook:
        headers = json.loads(delivery.headers)
        try:
            payload = stored_payload(source, delivery.body, headers)
        except Refused as error:
            raise Unshapeable(str(error)) from error
        instance = headers.get("x-gitlab-instance") or self._settings.gitlab_url
        of = instance.rstrip("/")
        known = (self._project_id, self._projects_under, self._group_path, self._memberships)
        return Hook(payload, headers, delivery.received_at, of, *known, delivery.turn)

    def _is_chosen(self, source: Source, shaped: Shaped) -> bool:
        """Whether the settings, where they choose, choose the project; what is of no project is taken."""
        if shaped.project_id is None:
            return True
        if source.chooses(shaped.path, self._settings):
            return True
        known = "select path_with_namespace from projects where id = $value"
        return shaped.path is None and source.chooses(self._ask(known, shaped.project_id), self._settings)

    def _project_id(self, path: str) -> int | None:
        statement = "select id from projects where source = 'gitlab' and lower(path_with_namespace) = lower($value)"
        found = self._ask(statement, path)
        return None if found is None else int(found)

    def _projects_under(self, path: str) -> list[Row]:
        return self._rows(_UNDER, {"path": path})

    def _group_path(self, ident: int) -> str | None:
        found = self._ask(_GROUP, ident)
        return None if found is None else str(found)

    def _memberships(self, user: int, projects: Sequence[int]) -> list[Row]:
        return self._rows(_MEMBERSHIPS, {"user": user, "projects": list(projects)})

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Row]:
        with self._store.reader() as reader:
            found = reader.execute(statement, values)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _ask(self, statement: str, value: Any) -> Any:
        with self._store.reader() as reader:
            found = reader.execute(statement, {"value": value}).fetchone()
        return found[0] if found else None


def replay(
    settings: Settings, store: Store, source: str | None = None, since: date | None = None
) -> Iterator[Counter[str]]:
    """Take stored deliveries through today's row functions again; yields counts by status so far, after each commit.

    Those that fail as they failed before, by their sender's fault, count as ``unreadable``, not as ``failed``.
    ``since`` is an inclusive day in the team's zone. Rows that are in the tables already stay as they are.
    """
    shaper, told, after = Shaper(settings, store), Counter[str](), 0
    begin = None
    if since is not None:
        begin = datetime.combine(since, time(), settings.zone).astimezone(UTC).replace(tzinfo=None)
    while deliveries := stored(store, after=after, source=source, since=begin):
        told.update(outcome.told() for outcome in shaper.write(deliveries))
        after = deliveries[-1].id
        yield told
