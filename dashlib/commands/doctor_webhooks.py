"""What ``doctor`` looks at of webhooks: whose secret is set, what came of it, how many get lost, who sends none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import duckdb

from dashlib.commands.database import readable, reading
from dashlib.commands.doctor_app import Running
from dashlib.commands.layout import visible
from dashlib.receive.refusals import by_sender
from dashlib.receive.setup import GUIDES, Guide
from dashlib.settings import Settings
from dashlib.store import StoreError

Finding: TypeAlias = tuple[bool | None, str]
"""None: to be looked at, and nobody's to mend here."""
_LOST = 0.2
"""A larger share of lost webhooks than this is wrong: GitLab loses one now and then, a switched-off hook loses all."""
_ENOUGH = 10
"""Of fewer things no share is told."""
_NAMED = 3
_SENT = """
select deliveries, unused, waiting, epoch(now() at time zone 'UTC' - last_received_at) as seconds,
       failed - defects as unreadable, last_unreadable, defects, last_defect
from (select *, kept + ignored as unused from delivery_sources where source = $source)
"""
_SHARE = """
select coalesce(sum(things), 0), coalesce(sum(lost), 0), sum(lost) / nullif(sum(by_both + lost), 0)
from delivery_ledger l join projects p on p.id = l.project_id
where p.source = $source and l.last_hook_at is not null and l.lost is not null
"""
# A repository in which nothing ran or was pushed since the first delivery has nothing to send.
_SILENT = """
with began as (select min(received_at) as at from deliveries where source = $source and status = 'shaped'),
moved as (
    select project_id from pipelines, began where created_at >= began.at
    union
    select project_id from events, began where push_action is not null and created_at >= began.at
)
select p.path_with_namespace
from projects p
where p.source = $source and not p.archived and p.deleted_at is null and p.id in (from moved)
  and p.id not in (select project_id from deliveries where source = $source and project_id is not null)
order by p.path_with_namespace
"""


def findings(settings: Settings, app: Running | None = None) -> Iterator[Finding]:
    """One line per sender that is set up or has sent; one alone where none is.

    Which routes are open the running dashboard knows: its settings count, those of this shell where none runs.
    """
    here = [guide for guide in GUIDES if guide.source.is_open(settings)]
    closed = [guide for guide in GUIDES if (guide not in here if app is None else guide.source.name not in app.is_open)]
    if app is not None:
        for guide in here:
            if guide in closed:
                told = f"{guide.set_in(settings)} is set here, and was not when the dashboard at {app.address} began"
                yield False, f"webhooks of {guide.title}: {told}: its route is closed; start it again"
        yield from _refused(app)
    if len(closed) == len(GUIDES):
        if app is not None and (here or app.refused):
            return
        yield True, "webhooks: no secret is set, so every route is closed; Sources → Set up webhooks says how to begin"
        return
    try:
        connection = reading(readable(settings)) if settings.database.exists() else None
    except StoreError:
        return  # said already, of the database
    try:
        for guide in GUIDES:
            if guide not in closed:
                yield from _of(connection, guide)
            elif connection is not None and _sent(connection, guide) is not None:
                yield False, f"webhooks of {guide.title}: they came once, and {guide.settings[0]} is not set any more"
    except duckdb.Error as error:
        yield False, f"webhooks: the database does not tell of them: {visible(str(error).splitlines()[0])}"
    finally:
        if connection is not None:
            connection.close()


def _refused(app: Running) -> Iterator[Finding]:
    """Posts that were refused since the dashboard began; wrong where none of that sender was taken after them."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for source, some in by_sender(app.refused):
        guide = next(guide for guide in GUIDES if guide.source.name == source)
        told = list[str]()
        for one in some:
            when = f"the last {_ago((now - one.last_at).total_seconds())} ago"
            none = "" if one.lasts else " (others were taken after them)"
            why = one.why(guide, is_open=source in app.is_open)
            told.append(f"{one.count:,} refused with {one.status}, {when}{none}: {why}")
        yield not any(one.lasts for one in some), f"webhooks of {guide.title}: {'; '.join(told)}"


def _sent(connection: duckdb.DuckDBPyConnection, guide: Guide) -> tuple[Any, ...] | None:
    return connection.execute(_SENT, {"source": guide.source.name}).fetchone()


def _of(connection: duckdb.DuckDBPyConnection | None, guide: Guide) -> Iterator[Finding]:
    """Of a sender whose route is open."""
    name = f"webhooks of {guide.title}"
    sent = _sent(connection, guide) if connection is not None else None
    if connection is None or sent is None:
        yield True, f"{name}: the route is open, nothing came yet; Sources → Set up webhooks shows how to try it"
        return
    deliveries, unused, waiting, seconds, unreadable, why, defects, defect = sent
    parts = [f"{deliveries:,} deliveries, the last {_ago(seconds)} ago"]
    parts += [f"{unused:,} kept unused"] if unused else []
    parts += [f"{waiting:,} waiting"] if waiting else []
    yield True, f"{name}: {', '.join(parts)}"
    if unreadable:
        yield None, f"{name}: {unreadable:,} could not be read in full (see Sources), the last: {_sentence(why)}"
    if defects:
        told = f"{name}: {defects:,} failed by a fault of the dashboard, the last: {_sentence(defect)}"
        yield False, f"{told}; a newer version may take them: `python -m dashlib replay` tries again"
    if guide.source.name in ("gitlab", "github"):
        yield from _lost(connection, guide, name)


def _lost(connection: duckdb.DuckDBPyConnection, guide: Guide, name: str) -> Iterator[Finding]:
    values = {"source": guide.source.name}
    things, lost, share = connection.execute(_SHARE, values).fetchone() or (0, 0, None)
    if things >= _ENOUGH and share is not None:
        told = f"{name}: {lost:,} of {things:,} pipelines, jobs and pushes came without one ({share:.0%} lost)"
        yield share <= _LOST, told if share <= _LOST else f"{told}; look whether the webhook is switched off"
    silent = [path for (path,) in connection.execute(_SILENT, values).fetchall()]
    if silent:
        named = ", ".join(visible(path) for path in silent[:_NAMED])
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        yield True, f"{name}: none from {named}{more}, where something happened; the sync reads them all the same"


def _sentence(error: str) -> str:
    """An error as a part of a sentence: in visible letters, without the stop at its end."""
    return visible(error).rstrip(". ")


def _ago(seconds: float) -> str:
    """A span in the largest unit that fits: ``5 minutes``."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
