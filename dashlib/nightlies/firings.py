"""When a schedule ought to run: its cron line in its time zone, as instants."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from operator import attrgetter

from cronsim import CronSim, CronSimError

from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.fields import Fields, fields
from dashlib.nightlies.zones import zone

# GitLab looks for due schedules at minutes 3, 13, 23 … (config/initializers/1_settings.rb, pipeline_schedule_worker
# "3-59/10 * * * *"), and what fell due in between runs once (app/models/concerns/cron_schedulable.rb).
_WORKER_EVERY = 10
_WORKER_FIRST = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Firing:
    """A moment (UTC, without zone) at which a schedule is expected to run.

    ``repeat_of``: of the second time that a clock, put back in autumn, shows this time of day, the first one. GitLab's
    Fugit starts a run both times, other crons once: a run at that moment is the schedule's own, and nobody misses it
    where there is none.
    """

    at: datetime
    repeat_of: datetime | None = None

    @property
    def repeated(self) -> bool:
        """Whether it is the second of two."""
        return self.repeat_of is not None


def firings(cron: str | None, cron_timezone: str | None, start: datetime, end: datetime) -> list[Firing]:
    """Every moment in ``start <= moment < end`` (UTC, without zone), oldest first.

    A time of day that a clock skips in spring has no moment: GitLab runs nothing then (floraison/fugit#6). A line that
    means "so often" goes on through the repeated hour. Of several moments between two looks of GitLab's worker only the
    first counts. Raises Unreadable for a cron line or a zone that cannot be read.
    """
    line, where = fields(cron), zone(cron_timezone)
    if start >= end:
        return []
    found = sorted(
        (
            moment
            for wall_clock in _wall_clocks(line, start - _DAY, end + _DAY)
            for moment in _moments(wall_clock, where, often=line.any_time)
            if start <= moment.at < end
        ),
        key=attrgetter("at"),
    )
    return list(_as_often_as_gitlab_looks(found))


def _wall_clocks(line: Fields, start: datetime, end: datetime) -> Iterator[datetime]:
    """The times of day that a line names, zones aside."""
    expression, exact = _expression(line)
    try:
        moments = CronSim(expression, start - timedelta(seconds=1))
    except CronSimError as error:
        raise Unreadable(f"the cron line cannot be worked out: {error}") from error
    for moment in moments:
        if moment >= end:
            return
        if exact or line.matches(moment.date(), calendar.monthrange(moment.year, moment.month)[1]):
            yield moment


def _expression(line: Fields) -> tuple[str, bool]:
    """The line as cronsim takes it, and whether that is all of it: cronsim knows ``L`` and ``#2``, but not the rest."""
    days, weekdays = line.days, line.weekdays
    exact = (
        not line.both_days
        and all(day >= -1 for day in days or ())
        and all(weekday.modulo is None and (weekday.nth or 0) >= -1 for weekday in weekdays or ())
    )
    if not exact:
        days = weekdays = None
    day = "*" if days is None else ",".join("L" if number == -1 else str(number) for number in days)
    names = [f"{each.day}{'L' if each.nth == -1 else f'#{each.nth}' if each.nth else ''}" for each in weekdays or ()]
    parts = [_listed(line.minutes), _listed(line.hours), day, _listed(line.months)]
    return " ".join([*parts, "*" if weekdays is None else ",".join(names)]), exact


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(number) for number in numbers)


def _moments(wall_clock: datetime, where: tzinfo, *, often: bool) -> Iterator[Firing]:
    """The instants at which a clock shows this: mostly one, none where it is put forward, two where it is put back."""
    first, second = wall_clock.replace(tzinfo=where), wall_clock.replace(tzinfo=where, fold=1)
    before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if before < after:
        return
    shown = (first - before).replace(tzinfo=None)
    yield Firing(shown)
    if before > after:
        yield Firing((second - after).replace(tzinfo=None), repeat_of=None if often else shown)


def _as_often_as_gitlab_looks(found: list[Firing]) -> Iterator[Firing]:
    last = None
    for firing in found:
        minute = int(firing.at.replace(tzinfo=UTC).timestamp()) // 60
        look = (minute - _WORKER_FIRST) // _WORKER_EVERY
        if look != last:
            yield firing
        last = look
