"""What the database knows of identities: counted anew for the repositories whose commits moved, and read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from dashlib.model import Change, Delete, Replace, Row
from dashlib.people.addresses import lowered, trimmed
from dashlib.people.mailmap import Mailmap, parsed
from dashlib.people.mapped import FILE
from dashlib.people.owners import Account
from dashlib.people.tables import COMMITS_MOVED, IDENTITIES_FOUND
from dashlib.store import Store

_MARKS = "select project_id, mark from bookkeeping.commits_moved order by all"
# Repositories stored before identities were counted, and those that were taken away.
_UNCOUNTED = """
select project_id from (select distinct project_id from commits) c
anti join bookkeeping.identities_found f using (project_id)
"""
_COUNTS = """
with found as (
    select project_id, author_name as name, author_email as email, 'author' as role, committed_at
    from commits where project_id in (select unnest($projects::bigint[]))
    union all
    select project_id, committer_name, committer_email, 'committer', committed_at
    from commits
    where project_id in (select unnest($projects::bigint[]))
      and (committer_name is not null or committer_email is not null)
    union all
    select project_id, co.name, co.email, 'co_author', committed_at
    from (
        select project_id, unnest(co_authors) as co, committed_at from commits
        where project_id in (select unnest($projects::bigint[])) and len(co_authors) > 0
    )
)
select project_id, name, email,
       count(*) filter (role = 'author') as authored,
       count(*) filter (role = 'committer') as committed,
       count(*) filter (role = 'co_author') as co_authored,
       min(committed_at) as first_at, max(committed_at) as last_at
from found group by project_id, name, email
"""
_AT_A_TIME = 50
"""Repositories counted together."""


def ident(name: str | None, email: str | None) -> str:
    """The key of an identity exactly as found."""
    return json.dumps([name, email], ensure_ascii=False)


def count(store: Store) -> None:
    """Bring ``identities_found`` up to the commits that are stored; nothing where none moved."""
    with store.reader() as reader:
        marks = reader.execute(_MARKS).fetchall()
        projects = sorted({project for project, _ in marks} | {one for (one,) in reader.execute(_UNCOUNTED).fetchall()})
    for start in range(0, len(projects), _AT_A_TIME):
        some = projects[start : start + _AT_A_TIME]
        with store.reader() as reader:
            found = dicts(reader.execute(_COUNTS, {"projects": some}))
        rows: dict[int, list[Row]] = defaultdict(list)
        for row in found:
            rows[row["project_id"]].append(row | {"id": ident(row["name"], row["email"])})
        done = [{"project_id": project, "mark": mark} for project, mark in marks if project in set(some)]
        changes: list[Change] = [Replace(IDENTITIES_FOUND, {"project_id": one}, rows[one]) for one in some]
        store.write(*changes, Delete(COMMITS_MOVED, done))


def dicts(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of an answer by column name."""
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def counted(reader: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row per identity as found: id, name, email, commits written or co-written, first_at and last_at of all."""
    return dicts(
        reader.execute(
            """
            select id, any_value(name) as name, any_value(email) as email,
                   sum(authored + co_authored)::bigint as commits, min(first_at) as first_at, max(last_at) as last_at
            from bookkeeping.identities_found group by id
            """
        )
    )


def accounts(reader: duckdb.DuckDBPyConnection, now: datetime) -> tuple[list[Account], list[dict[str, Any]]]:
    """Accounts for ``resolve``, and their rows (source, id, username, name, bot); new ones are known ``now``."""
    emails: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    shown = reader.execute("select source, id, email, shown_by from account_emails order by all").fetchall()
    for source, number, email, shown_by in shown:
        how = "a webhook showed the address" if shown_by == "hook" else "its forge shows the address"
        emails[source, number].setdefault(lowered(email), how)
    rows = dicts(
        reader.execute(
            """
            select u.source, u.id, u.username, u.name, coalesce(u.bot, false) as bot, u.public_email, p.known_at
            from users u left join account_persons p on p.source = u.source and p.id = u.id
            """
        )
    )
    found = []
    for row in rows:
        mine = emails[row["source"], row["id"]]
        if public := lowered(row["public_email"]):
            mine[public] = "it makes public the address"
        row["known_at"] = row["known_at"] or now
        known = tuple(sorted(mine.items()))
        found.append(Account(row["source"], row["id"], trimmed(row["username"]), row["known_at"], known))
    return found, rows


def mailmaps(reader: duckdb.DuckDBPyConnection) -> dict[int, Mailmap]:
    """By repository; ``FILE`` is what the command ``mailmap`` read: of several files the one read later wins."""
    found: dict[int, Mailmap] = {}
    told = reader.execute(
        """
        select m.project_id, coalesce(p.path_with_namespace, m.name), m.text
        from mailmaps m left join projects p on p.id = m.project_id
        where m.text is not null order by m.project_id, m.read_at, m.name
        """
    ).fetchall()
    for project, called, text in told:
        file = file_called(called) if project == FILE else f"the .mailmap of {called or f'project {project}'}"
        read = parsed(text, file)
        found[project] = found[project] | read if project in found else read
    return found


def file_called(name: str) -> str:
    """What people call a file that the command ``mailmap`` read: of two in other folders the same."""
    return f"the file {Path(name).name}"


def hosts(reader: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The hosts of forges, by whose accounts are there."""
    told: Sequence[tuple[str, str]] = reader.execute(
        """
        select distinct lower(regexp_extract(web_url, '^https?://([^/:]+)', 1)) as host, source
        from projects where web_url is not null order by all
        """
    ).fetchall()
    return {host: source for host, source in told if host}


def bots(reader: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The globs of DASH_BOTS."""
    told = reader.execute("select value from bookkeeping.settings where name = 'bots'").fetchone()
    return tuple(glob for glob in (told[0] if told else "").split("\n") if glob)
