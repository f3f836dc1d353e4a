"""A copy in memory of who committed what, so that questions about millions of commits are answered at once.

The views join names and addresses to persons and days to the team's zone each time they are asked: seconds for two
million commits. The copy holds that worked out, in numbers instead of texts, under the same names, so the same SQL asks
either and gives the same answer. It knows no titles: lists of commits are asked of the database.

It is made anew when commits, persons, teams or repositories moved. Where that takes long it happens behind the page's
back, which shows the one before meanwhile, and not again before ten times as long has passed.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from itertools import product

import duckdb

from dashlib.queries.held_macros import macros
from dashlib.queries.nights_renewed import keep, memory
from dashlib.store import Store, views

_LOG = logging.getLogger(__name__)
_QUICK = 0.3
"""Seconds: a copy that takes longer is made behind the page's back."""
_REST = 10
"""So many times as long as a copy took to make, it stands at least."""

_PRINT = """
select (
    select (count(*), bit_xor(hash(
        project_id, id, author_name, author_email, committer_name, committer_email, committed_at, authored_at,
        author_utc_offset, parent_ids, additions, deletions, co_authors
    ))) from commits
), (select (count(*), bit_xor(hash(p))) from pushed_commits p
), (select (count(*), bit_xor(hash(b))) from bulk_commits b
), (select (count(*), bit_xor(hash(b))) from commit_branches b
), (select (count(*), bit_xor(hash(i))) from (select name, email, person from identities) i
), (select (count(*), bit_xor(hash(i))) from identities_here i
), (select (count(*), bit_xor(hash(a))) from (select source, id, person from accounts) a
), (select (count(*), bit_xor(hash(p))) from (select id, name, label, is_bot from persons) p
), (select (count(*), bit_xor(hash(m))) from merged_branches m
), (select (count(*), bit_xor(hash(e))) from (
        select project_id, source, id, author_id, ref, commit_count, ref_count, by_hook from events
        where push_action is not null) e
), (select (count(*), bit_xor(hash(t))) from (select person, team from person_teams) t
), (select (count(*), bit_xor(hash(p))) from (select id, path_with_namespace, namespace, source from projects) p
), (select (count(*), bit_xor(hash(s))) from bookkeeping.settings s
), (select (count(*), bit_xor(hash(p))) from (
        select since from bookkeeping.passes where resource = 'commits' and completed_at is not null) p)
"""
_OF_COMMIT = """project_id, hash(commit_id) as commit_id, author, committer, merger, pusher, committed_at, day,
       author_hour, is_merge, is_rewritten, on_default, pushes::integer as pushes, pushed_at,
       additions::integer as additions, deletions::integer as deletions"""
_TABLES = {
    # Sorted, a person's days are found in half the time.
    "commit_people": f"select {_OF_COMMIT} from commit_people order by author, day",
    "co_named": "select project_id, hash(commit_id) as commit_id, person from commits_by_author"
    " where role = 'co_author'",
    "shared_commits": "select hash(commit_id) as commit_id from shared_commits",
    "pushed_commits": "select project_id, source, event_id, hash(commit_id) as commit_id from pushed_commits",
    "bulk_commits": "select project_id, source, event_id, hash(commit_id) as commit_id from bulk_commits",
    "branch_pushes": "select project_id, source, event_id, created_at, person, ref, commit_count, resolved, is_bulk,"
    " is_cut from branch_pushes",
    "merged_branches": "select project_id, branch from merged_branches",
    "persons": "select id, name, label, is_bot from persons",
    "person_teams": "select distinct person, team from person_teams",
    "projects": "select id, path_with_namespace, namespace from projects",
    "bookkeeping.settings": "select * from bookkeeping.settings",
    "bookkeeping.passes": "select source, project_id, resource, since, completed_at from bookkeeping.passes"
    " where resource = 'commits'",
}
"""What the copy holds, and the SQL that gives it. A commit is known by the hash of its id: only whether two are one is
ever asked of it."""
_NUMBERED = {
    "person": (
        *product(("commit_people", "co_authored"), ("author", "committer", "merger", "pusher")),
        ("co_authored", "person"),
        ("branch_pushes", "person"),
        ("persons", "id"),
        ("person_teams", "person"),
    ),
    "source": (("branch_pushes", "source"), ("pushed_commits", "source"), ("bulk_commits", "source")),
    "team": (("person_teams", "team"),),
    "namespace": (("projects", "namespace"),),
}
"""What is kept as a number: the columns that share one numbering."""
_MACROS = ("team_time", "team_day", "team_day_start", "chosen", "within")


@dataclass(frozen=True)
class HeldCopy:
    """A copy, the data version it shows, and a print of what it was made of.

    ``seconds`` is how long it took to make, ``made_at`` when it was done, on the monotonic clock.
    """

    version: int
    connection: duckdb.DuckDBPyConnection
    print_: object
    seconds: float
    made_at: float


class HeldCommits:
    """The newest copy of one store's commits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: HeldCopy | None = None
        self._renewing = False
        self._wanted = threading.Event()
        self._wanted_version = 0
        self.renewals = 0
        """Copies made behind a page's back so far: what showed an older one can ask again."""

    @property
    def is_awaited(self) -> bool:
        """Whether somebody decided something that the copy does not show yet."""
        return self._wanted.is_set()

    def hurry(self) -> None:
        """Somebody decided who is who: the next copy is begun at once, and does not wait for the rest of this one's
        time, nor for somebody who looks at it. One that is made quickly is made when it is asked for.
        """
        with self._lock:
            copy = self._held
            if copy is not None and copy.seconds >= _QUICK and copy.version != self._store.data_version:
                self._wanted_version = self._store.data_version
                self._wanted.set()
                self._begin()

    def newest(self) -> HeldCopy:
        """A copy of the data as they are, or, where making it takes long, as they were when it last began."""
        with self._lock:
            copy = self._held
            if copy is None:
                copy = self._held = self._made(None)
            elif copy.version != self._store.data_version and not self._renewing:
                if copy.seconds < _QUICK:
                    copy = self._held = self._made(copy)
                else:
                    self._begin()
            return copy

    def _begin(self) -> None:
        if not self._renewing:
            self._renewing = True
            threading.Thread(target=self._renew, name="commits-held", daemon=True).start()

    def _renew(self) -> None:
        """Make copies until one shows what was decided last."""
        is_done = False
        try:
            while self._renewed():
                pass
            is_done = True
        except duckdb.Error:
            if not self._store.closed:
                _LOG.exception("the copy of the commits could not be renewed")
        finally:
            if not is_done:
                self._renewing = False

    def _renewed(self) -> bool:
        """Make one copy, when it is time; whether somebody decided something meanwhile, so that it is not the last."""
        copy = self._held
        assert copy is not None
        # Whoever looks at the page meanwhile need not come again for the next one to be made.
        self._wanted.wait(max(0.0, copy.made_at + _REST * copy.seconds - time.monotonic()))
        made = self._made(copy)
        with self._lock:
            self._held = made
            awaited = self._wanted.is_set() and made.version >= self._wanted_version
            if awaited:
                self._wanted.clear()
            self.renewals += awaited or made.connection is not copy.connection
            self._renewing = self._wanted.is_set()
            return self._renewing

    def _made(self, before: HeldCopy | None) -> HeldCopy:
        """A copy of what is stored now; the one before, where nothing in it moved."""
        began, version = time.monotonic(), self._store.data_version
        with self._store.reader() as reader:
            # Taken before the rows are read: what moves meanwhile differs next time.
            print_ = reader.execute(_PRINT).fetchall()
            if before is not None and print_ == before.print_:
                return replace(before, version=version, made_at=time.monotonic())
            connection = held(reader)
        done = time.monotonic()
        return HeldCopy(version, connection, print_, done - began, done)


def held(reader: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds what the questions of ``commits`` ask, as ``reader`` sees it now.

    It knows the macros, the view commit_credits, and under their own names what that and the questions read.
    """
    copy = memory()
    try:
        _fill(copy, reader)
    except BaseException:
        copy.close()
        raise
    return copy


def _fill(copy: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection) -> None:
    for name, sql in _TABLES.items():
        keep(copy, name, reader.execute(sql))
    # As the view of that name, of what is here already: the commits need not be gone through twice.
    copy.execute(
        "create table co_authored as select p.*, c.person from commit_people p"
        " join co_named c on c.project_id = p.project_id and c.commit_id = p.commit_id"
    )
    _number(copy)
    known = {definition.name: definition for definition in views.definitions()}
    macros(copy, reader, _MACROS)
    copy.execute(known["commit_credits"].statement)
    copy.execute(f"create table author_firsts as {known['author_firsts'].body}")


def _number(copy: duckdb.DuckDBPyConnection) -> None:
    """Texts that recur become numbers that read as the texts, in their order: grouped in a third of the time."""
    for kind, columns in _NUMBERED.items():
        every = " union ".join(
            f"select {column}::varchar as text from {table} where {column} is not null" for table, column in columns
        )
        if not copy.execute(f"select 1 from ({every}) limit 1").fetchall():
            continue
        copy.execute(f"create type {kind} as enum (select text from ({every}) order by text)")
        for table in dict.fromkeys(table for table, _ in columns):
            numbered = ", ".join(f"{column}::{kind} as {column}" for named, column in columns if named == table)
            copy.execute(f"create or replace table {table} as select * replace ({numbered}) from {table}")
