"""What ``doctor`` says of DASH_TEAMS: whether the file can be read, who in it is known, which lines say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from dashlib.commands.doctor_app import Running
from dashlib.commands.layout import visible
from dashlib.model import Filters
from dashlib.people.teams_file import Look, look
from dashlib.queries.people import callable_by
from dashlib.settings import Settings
from dashlib.store import StoreError, open_store

Finding: TypeAlias = tuple[bool | None, str]
_MOST_SHOWN = 12


def findings(settings: Settings, app: Running | None) -> Iterator[Finding]:
    """Nothing where neither this shell nor the running dashboard has DASH_TEAMS. The dashboard's file is the one told.

    Wrong is a file that cannot be read, and each line that says nothing; a note, who is not known.
    """
    if app is not None and app.teams is not None:
        yield from _told(app.teams)
    elif settings.teams is not None and app is not None:
        yield from _told(look(settings.teams, None))
        yield None, f"teams: the dashboard at {app.address} was started without DASH_TEAMS, or is too old to tell of it"
    elif settings.teams is not None:
        yield from _told(look(settings.teams, _words(settings)))


def _words(settings: Settings) -> list[tuple[str, str]] | None:
    """What persons may be called by; None without a database, or where another line tells what is wrong with it."""
    if not settings.database.exists():
        return None
    try:
        with open_store(settings.database) as store, store.reader() as reader:
            return list(callable_by(reader, Filters()).itertuples(index=False, name=None))
    except StoreError:
        return None


def _told(found: Look) -> Iterator[Finding]:
    if found.trouble is not None:
        yield False, f"teams: {visible(found.trouble)}"
        return
    lines = f"{found.lines:,} line{'' if found.lines == 1 else 's'}"
    if found.unknown is None:
        yield True, f"teams: {lines} of {visible(found.file)} name a person and a team"
    else:
        known = f"{found.lines - len(found.unknown):,} of {lines} of {visible(found.file)} name somebody who is known"
        yield (None if found.unknown or not found.lines else True), f"teams: {known}{_strangers(found.unknown)}"
    for number, why in found.bad[:_MOST_SHOWN]:
        yield False, f"teams: {visible(found.file)}:{number}: {why}"
    if len(found.bad) > _MOST_SHOWN:
        yield False, f"teams: {len(found.bad) - _MOST_SHOWN:,} more lines cannot be read"


def _strangers(unknown: tuple[str, ...]) -> str:
    if not unknown:
        return ""
    more = f" and {len(unknown) - _MOST_SHOWN:,} more" if len(unknown) > _MOST_SHOWN else ""
    return visible(f"; not known, or more than one person: {', '.join(unknown[:_MOST_SHOWN])}{more}")
