"""The morning note: what is new, still red, recovered, missing and at risk; ``report_text`` writes it.

It asks the same questions as the page Nightlies, so its numbers are the page's.

The note of a morning tells of the night of that date, and beside it of the rest of the day before (``evening``): of
what was to run at or after DASH_REPORT_BY of that day, whose own note was out by then. So every time of a nightly
stands in one note that is sent: one before DASH_REPORT_BY in that of its night's date (as late or running where it has
not ended by then), one at or after it in the next day's, as part of the evening; of a nightly with times on both sides
each note tells its own ones alone. Of a run that fills no time, when it was created counts.

Whoever asks for a night (page, command) gets the whole of it, its evening too, as far as that has come; a night that
has nothing before DASH_REPORT_BY is then looked at by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import duckdb
import pandas as pd

from dashlib.errors import Explained
from dashlib.model import Filters
from dashlib.nightlies.report_items import Item, Risk, clock, item, risk
from dashlib.queries import nightlies
from dashlib.queries.night_parts import Part

_NO_NUMBERS = ("night", "to_come_until", "is_told")
_UNDER_WAY = ("running", "late", "to_come")
_BAD = ("failed", "missing", "canceled", "partly_ran", "passed_since", "failed_after", *_UNDER_WAY)
_GOOD = ("passed", "warned")
EVERYTHING = Filters()


@dataclass(frozen=True)
class Note:
    """The morning note of one night; ``counts`` are the numbers of the page's top line.

    ``until`` is the last time at which anything is still to come (the team's wall clock), None where nothing is.
    ``evening`` and ``evening_counts`` tell of the evening before, empty where nothing was to run then. ``url`` is the
    page that shows all of it, "" where the dashboard has no address.
    """

    night: date
    counts: dict[str, int]
    items: tuple[Item, ...]
    risks: tuple[Risk, ...]
    until: datetime | None = None
    evening: tuple[Item, ...] = ()
    evening_counts: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def of(self, change: str) -> list[Item]:
        """The items of one part."""
        return [item for item in self.items if item.change == change]

    @property
    def is_calm(self) -> bool:
        """Whether something ended well, nothing failed, is missing or was canceled, and nothing is still to come."""
        return bool(self._count(_GOOD)) and not self._count(_BAD)

    @property
    def under_way(self) -> bool:
        """Whether it is too early to tell: something is running, late or still to come."""
        return bool(self._count(_UNDER_WAY))

    @property
    def evening_before(self) -> date:
        """The day whose evening is told of beside the night."""
        return self.night - timedelta(days=1)

    def _count(self, names: Iterable[str]) -> int:
        return sum(self.counts[name] + self.evening_counts.get(name, 0) for name in names)


class NoSuchNight(Explained):
    """A night of which nothing is stored."""

    code = 2


def note(
    connection: duckdb.DuckDBPyConnection,
    night: date | None = None,
    *,
    dashboard: str = "",
    filters: Filters = EVERYTHING,
    sent: bool = False,
) -> Note:
    """The note of ``night``; by default that of the page: the newest night of which at least half has ended.

    ``dashboard`` is the address at which people reach this dashboard (``/`` where they are on it); with it links lead
    to the failure's page, else to GitLab. ``sent`` makes it that which is sent: of the night it tells no more than what
    was to run before DASH_REPORT_BY, whenever it goes out, and always of the evening before. Raises NoSuchNight, which
    names the nights that are stored, where nothing is of that night nor of the evening before.
    """
    filters = replace(filters, since=None, until=None)
    counted = nightlies.nights(connection, filters)
    if night is None and len(counted):
        night = counted["night"].iloc[nightlies.last_told(counted)].date()
    if night is None:
        raise NoSuchNight("No nightly is stored yet: nothing ran, and nothing should have")
    if night == date.min:
        raise NoSuchNight(f"No nightly of {night} is stored{stored_told(counted)}")

    def counts(day: date, part: Part) -> pd.DataFrame:
        return nightlies.nights(connection, replace(filters, since=day, until=day), part=part, sent=sent)

    before = night - timedelta(days=1)
    part: Part = "morning" if sent else "night"
    row = counts(night, part) if sent else _of(counted, night)
    by_itself = not sent and not row.empty and not row["by_morning"].iloc[0]
    evening = counted.iloc[:0] if by_itself else counts(before, "evening")
    if row.empty and evening.empty:
        raise NoSuchNight(f"No nightly of {night} is stored{stored_told(counted)}")

    def items(day: date, part: Part) -> tuple[Item, ...]:
        found = nightlies.note(connection, filters, night=day, part=part, sent=sent).to_dict("records")
        return tuple(item(one, dashboard) for one in found)

    risks = nightlies.at_risk(connection, filters)
    until = None if row.empty else row["to_come_until"].iloc[0]
    return Note(
        night,
        numbers(row),
        items(night, part),
        tuple(risk(one) for one in risks.to_dict("records")),
        clock(until),
        items(before, "evening") if len(evening) else (),
        numbers(evening) if len(evening) else {},
        f"{dashboard.rstrip('/')}/report?night={night}" if dashboard else "",
    )


def stored_told(counted: pd.DataFrame) -> str:
    """The end of a sentence: which nights of ``queries.nightlies.nights`` are stored, the first and the last."""
    if counted.empty:
        return "; none is yet"
    first, last = (f"{counted['night'].iloc[place]:%Y-%m-%d}" for place in (0, -1))
    return f"; {f'the nights from {first} to {last} are' if first != last else f'that of {first} is'}"


def _of(counted: pd.DataFrame, night: date) -> pd.DataFrame:
    return counted[counted["night"] == pd.Timestamp(night)]


def numbers(counted: pd.DataFrame) -> dict[str, int]:
    """The counts of the first of ``queries.nightlies.nights``, zeros where there is none."""
    names = [str(name) for name in counted.columns if name not in _NO_NUMBERS]
    return {name: int(counted[name].iloc[0]) if len(counted) else 0 for name in names}
