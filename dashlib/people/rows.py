"""Between the stored rows and the pure functions: what they need, and what they found, as rows of tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import duckdb

from dashlib.model import Row
from dashlib.people.addresses import lowered, trimmed
from dashlib.people.facts import Spelling
from dashlib.people.found import dicts, ident
from dashlib.people.journal import Decision
from dashlib.people.mapped import FILE, Found
from dashlib.people.owners import Account
from dashlib.people.proposals import Candidate, Proposal
from dashlib.people.teams import members, names_of
from dashlib.people.teams_csv import TeamLine, read
from dashlib.people.who import Identity, People


def places(reader: duckdb.DuckDBPyConnection, mailmaps: Mapping[int, object]) -> dict[str, set[int]]:
    """All repositories of the identities that repositories with a mailmap have; of every one where a file was read."""
    if not mailmaps:
        return {}
    told: dict[str, set[int]] = defaultdict(set)
    found = reader.execute(
        """
        select id, project_id from bookkeeping.identities_found
        where $everywhere or id in (
            select id from bookkeeping.identities_found where project_id in (select unnest($ids::bigint[]))
        )
        """,
        {"everywhere": FILE in mailmaps, "ids": list(mailmaps)},
    ).fetchall()
    for key, project in found:
        told[key].add(project)
    return told


def identities(
    counted: Sequence[Mapping[str, Any]],
    kept: Mapping[str, Mapping[str, Any]],
    projects: Mapping[str, set[int]],
    now: datetime,
) -> list[Identity]:
    """Spellings that differ by white space and case of the address alone are one identity."""
    since: dict[tuple[str, str], datetime] = {}
    found: dict[tuple[str, str], set[Found]] = defaultdict(set)
    for row in counted:
        key = (trimmed(row["name"]), lowered(row["email"]))
        known_at = kept[row["id"]]["known_at"] if row["id"] in kept else now
        since[key] = min(since.get(key, known_at), known_at)
        if row["id"] in projects:
            found[key] |= {Found(project, row["name"], row["email"]) for project in projects[row["id"]]}
    return [Identity(*key, known_at, frozenset(found.get(key, ()))) for key, known_at in since.items()]


def identity_rows(
    counted: Sequence[Mapping[str, Any]], people: People, kept: Mapping[str, Mapping[str, Any]], now: datetime
) -> dict[str, dict[str, Any]]:
    """Rows of ``identities`` by id: those found in commits, and those that only a mailmap names."""
    spelled = [(row["id"], row["name"], row["email"]) for row in counted]
    known = {key for key, _, _ in spelled}
    spelled += [(key, name, email) for name, email in people.named.values() if (key := ident(name, email)) not in known]
    rows = {}
    for key, name, email in spelled:
        address = lowered(email)
        handle = f"{trimmed(name)} <{address}>"
        rows[key] = {
            "id": key,
            "name": name,
            "email": email,
            "handle": handle,
            "address": address or None,
            "person": people.person_of[handle],
            "because": people.because[handle],
            "known_at": kept[key]["known_at"] if key in kept else now,
        }
    return rows


def here_rows(people: People) -> list[Row]:
    """Rows of ``identities_here``."""
    return [
        {
            "project_id": one.mapped.found.project_id,
            "id": ident(one.mapped.found.name, one.mapped.found.email),
            "name": one.mapped.found.name,
            "email": one.mapped.found.email,
            "mapped_name": one.mapped.name,
            "mapped_email": one.mapped.email,
            "person": one.person,
            "because": one.mapped.because,
        }
        for one in people.here
    ]


def overruled_rows(people: People) -> list[Row]:
    """Rows of ``overruled_lines``."""
    first = {(one.file, one.because): one for one in reversed(people.overruled)}
    return [
        {"file": one.file, "line": one.line, "says": one.because, "decision": one.decision} for one in first.values()
    ]


def spellings(
    reader: duckdb.DuckDBPyConnection,
    counted: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Mapping[str, Any]],
    here: Sequence[Row],
) -> list[Spelling]:
    """Whose each spelling's commits are, and what they are called; where a mailmap speaks of it, as that has it."""
    elsewhere: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in here:
        elsewhere[row["id"]][row["project_id"]] = row
    single = dicts(
        reader.execute(
            """
            select id, project_id, (authored + co_authored)::bigint as commits, first_at, last_at
            from bookkeeping.identities_found where id in (select unnest($ids::varchar[]))
            """,
            {"ids": list(elsewhere)},
        )
    )
    counts = [row for row in counted if row["id"] not in elsewhere] + single
    # Somebody whose commits are all somebody else's in their repositories, and whom a mailmap alone knows, has none.
    seen = {row["id"] for row in counts if row["id"] not in elsewhere}
    counts += [
        {"id": key, "commits": 0, "first_at": None, "last_at": None} for key in rows if key not in seen
    ]  # fmt: skip
    found_so = []
    for row in counts:
        identity = rows[row["id"]]
        mapped = elsewhere.get(row["id"], {}).get(row.get("project_id", 0), {})
        found_so.append(
            Spelling(
                mapped.get("person", identity["person"]),
                trimmed(identity["name"]),
                lowered(identity["email"]),
                row["commits"],
                row["first_at"],
                row["last_at"],
                trimmed(mapped.get("mapped_name", identity["name"])),
                lowered(mapped.get("mapped_email", identity["email"])),
            )
        )
    return found_so


def account_rows(accounts: Sequence[Account], people: People, told: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Rows of ``account_persons``; ``told`` are those of ``person_facts``."""
    return [
        {
            "source": account.source,
            "id": account.id,
            "person": people.person_of[account.handle],
            "is_bot": told[people.person_of[account.handle]]["is_bot"],
            "because": people.because[account.handle],
            "known_at": account.known_at,
        }
        for account in accounts
    ]


def team_rows(
    reader: duckdb.DuckDBPyConnection,
    decisions: Sequence[Decision],
    told: Mapping[str, Mapping[str, Any]],
    spelled: Mapping[str, Mapping[str, Any]],
    people: People,
) -> list[Row]:
    """Rows of ``team_members``: from DASH_TEAMS, the imported CSV and by hand."""
    stored = reader.execute("select value from bookkeeping.settings where name = 'teams_file'").fetchone()
    lines: Sequence[TeamLine] = read(stored[0]).lines if stored else ()
    known = called(told, spelled) if lines or any(one.kind == "teams" for one in decisions) else {}
    found = members(decisions, lines, known, people.person_of)
    return [{"person": person, "team": team, "origin": origin} for (person, team), origin in found.items()]


def called(told: Mapping[str, Mapping[str, Any]], spelled: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """What a line of a CSV may call somebody by."""
    by_identity = [
        (word, row["person"]) for row in spelled.values() for word in (row["address"], row["handle"]) if word
    ]
    by_name = [(word, key) for key, row in told.items() for word in (key, row["name"], row["label"], *row["usernames"])]
    return names_of([*by_identity, *by_name])


def candidates(told: Mapping[str, Mapping[str, Any]]) -> list[Candidate]:
    """Who may be proposed, from rows of ``person_facts``; robots are proposed to nobody."""
    return [
        Candidate(
            key,
            tuple(row["names"]) or ((row["name"],) if row["usernames"] and row["name"] not in row["usernames"] else ()),
            tuple(sorted({pair["email"] for pair in row["identities"] if pair["email"]})),
            tuple(row["usernames"]),
        )
        for key, row in told.items()
        if not row["is_bot"]
    ]


def rejected(decisions: Sequence[Decision], people: People) -> set[frozenset[str]]:
    """Pairs of persons whom somebody told apart."""
    return {
        frozenset(people.person_of[member] for member in one.members if member in people.person_of)
        for one in decisions
        if one.kind == "reject"
    }


def proposal_rows(found: Sequence[Proposal]) -> list[Row]:
    """Rows of ``person_proposals``."""
    return [asdict(one) for one in found]
