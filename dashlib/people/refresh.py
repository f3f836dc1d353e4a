"""Bring everything that is kept of people up to the commits, accounts, mailmaps and decisions that are stored.

Called after a sync, after a delivery that brought commits, and after each decision. Only differences are written.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakKeyDictionary

import duckdb

from dashlib.model import Change, Delete, Put, Row, Table
from dashlib.people import found, journal, rows
from dashlib.people.addresses import trimmed
from dashlib.people.facts import Held, facts
from dashlib.people.proposals import Candidate, Proposal, proposed
from dashlib.people.resolve import resolve
from dashlib.people.tables import (
    ACCOUNT_PERSONS,
    IDENTITIES,
    IDENTITIES_HERE,
    OVERRULED_LINES,
    PERSON_FACTS,
    PROPOSALS,
    TEAM_MEMBERS,
)  # fmt: skip
from dashlib.people.teams_file import CannotReadTeams, text_of
from dashlib.people.who import People
from dashlib.store import Store
from dashlib.store.bookkeeping import SETTINGS

_LOG = logging.getLogger(__name__)
WORKING = threading.RLock()
"""Held while persons are worked out, and from reading what stands to writing a decision."""
_WHO = """
select 'found' as name, count(*) as rows, bit_xor(hash(project_id, id)) as print from bookkeeping.identities_found
union all select 'users', count(*), bit_xor(hash(source, id, username, public_email)) from users
union all select 'emails', count(*), bit_xor(hash(t)) from account_emails t
union all select 'mailmaps', count(*), bit_xor(hash(t)) from mailmaps t
union all select 'decisions', count(*), bit_xor(hash(t)) from person_decisions t
union all select 'projects', count(*), bit_xor(hash(id, source, path_with_namespace, web_url)) from projects
"""
_FACTS = """
select 'counts' as name, count(*) as rows, bit_xor(hash(t)) as print from bookkeeping.identities_found t
union all select 'names', count(*), bit_xor(hash(source, id, name, bot)) from users
union all
select 'told', count(*), bit_xor(hash(t)) from bookkeeping.settings t where name in ('teams_file', 'bots')
"""


@dataclass
class _Kept:
    """What this process worked out the last time, and prints of what from: most syncs bring commits of known people."""

    who: object = None
    facts: object = None
    people: People = field(default_factory=People)
    likely_of: object = None
    likely: list[Proposal] = field(default_factory=list)
    candidates: dict[Candidate, Candidate] = field(default_factory=dict)


_KEPT: WeakKeyDictionary[Store, _Kept] = WeakKeyDictionary()


def refresh(store: Store) -> None:
    """Work out who is who, if anything that says so has moved since this process did it last."""
    with WORKING:
        found.count(store)
        kept = _KEPT.setdefault(store, _Kept())
        with store.reader() as reader, _no_collections():
            who, told = reader.execute(_WHO).fetchall(), reader.execute(_FACTS).fetchall()
            if (kept.who, kept.facts) == (who, told):
                return
            changes = _worked_out(reader, kept, same_people=kept.who == who)
        if changes:
            store.write(*changes)
        kept.who, kept.facts = who, told


@contextmanager
def _no_collections() -> Iterator[None]:
    """Put Python's collector of cycles off: hundreds of thousands of objects are made at once, none of them in a cycle,
    and it goes through all of them again and again (of 23,000 identities: 7.6 s, and 1.5 s without it).
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def remember_teams(store: Store, file: Path | None) -> None:
    """Keep the text of DASH_TEAMS, so that decisions made between two syncs see the same teams.

    A file that cannot be read just now leaves the teams as they were, and is logged.
    """
    try:
        text = text_of(file) if file is not None else ""
    except CannotReadTeams as error:
        _LOG.warning("teams: %s", error)
        return
    _remember(store, "teams_file", text)


def remember_bots(store: Store, globs: Sequence[str]) -> None:
    """Keep DASH_BOTS, so that decisions made between two syncs see the same robots."""
    _remember(store, "bots", "\n".join(globs))


def _remember(store: Store, name: str, text: str) -> None:
    with store.reader() as reader:
        kept = reader.execute("select value from bookkeeping.settings where name = $name", {"name": name}).fetchone()
    if (kept[0] if kept else "") != text:
        store.write(Put(SETTINGS, [{"name": name, "value": text}]))


def _worked_out(reader: duckdb.DuckDBPyConnection, kept: _Kept, *, same_people: bool) -> list[Change]:
    now = datetime.now(UTC).replace(tzinfo=None)
    counted, decisions = found.counted(reader), journal.standing(journal.written(reader))
    accounts, users = found.accounts(reader, now)
    stored = {row["id"]: row for row in found.dicts(reader.execute("select * from identities"))}
    if not same_people:
        mailmaps = found.mailmaps(reader)
        identities = rows.identities(counted, stored, rows.places(reader, mailmaps), now)
        kept.people = resolve(identities, accounts, mailmaps, decisions, found.hosts(reader))
    people = kept.people
    spelled = rows.identity_rows(counted, people, stored, now)
    here = rows.here_rows(people)
    held = [
        Held(people.person_of[account.handle], account.username, trimmed(row["name"]), row["bot"])
        for account, row in zip(accounts, users, strict=True)
    ]
    spellings, bots = rows.spellings(reader, counted, spelled, here), found.bots(reader)
    told = facts(spellings, held, people.proper, decisions, people.person_of, bots)
    # What was worked out of a candidate (folded names, spellings) is kept with it.
    candidates = [kept.candidates.get(one, one) for one in rows.candidates(told)]
    likely_of = (candidates, rows.rejected(decisions, people), people.likely)
    if kept.likely_of != likely_of:
        kept.likely, kept.likely_of = proposed(*likely_of), likely_of
        kept.candidates = {one: one for one in candidates}
    return [
        *_difference(reader, IDENTITIES, list(spelled.values())),
        *_difference(reader, IDENTITIES_HERE, here),
        *_difference(reader, OVERRULED_LINES, rows.overruled_rows(people)),
        *_difference(reader, ACCOUNT_PERSONS, rows.account_rows(accounts, people, told)),
        *_difference(reader, PERSON_FACTS, list(told.values())),
        *_difference(reader, TEAM_MEMBERS, rows.team_rows(reader, decisions, told, spelled, people)),
        *_difference(reader, PROPOSALS, rows.proposal_rows(kept.likely)),
    ]


def _difference(reader: duckdb.DuckDBPyConnection, table: Table, wanted_rows: Sequence[Row]) -> list[Change]:
    """What makes the table hold exactly these rows."""
    columns = ", ".join(table.columns)
    stored = {
        tuple(row[key] for key in table.key): row
        for row in found.dicts(reader.execute(f"select {columns} from {table.qualified}"))
    }
    wanted = {tuple(row[key] for key in table.key): row for row in wanted_rows}
    gone = [dict(zip(table.key, key, strict=True)) for key in stored.keys() - wanted.keys()]
    moved = [row for key, row in wanted.items() if stored.get(key) != row]
    changes: list[Change] = [Delete(table, gone)] if gone else []
    return changes + ([Put(table, moved)] if moved else [])
