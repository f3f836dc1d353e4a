"""The cron forms this company uses ("m h * * *" and "m h * * dow"), in the zone names GitLab knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

# GitLab stores Rails' own names for some zones (GITLAB.md 2.4).
RAILS_ZONES = {"UTC": "UTC", "Pacific Time (US & Canada)": "America/Los_Angeles", "Berlin": "Europe/Berlin"}


@cache
def zone(name: str) -> ZoneInfo:
    """The zone behind a Rails or TZInfo name."""
    return ZoneInfo(RAILS_ZONES.get(name, name))


def fires(cron: str, zone_name: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every moment (UTC) the cron fires in after < t <= until, oldest first; a skipped local hour fires once, later."""
    minute, hour, _day, _month, weekday = cron.split()
    where = zone(zone_name)
    day: date = after.astimezone(where).date() - timedelta(days=1)
    last = until.astimezone(where).date()
    while day <= last:
        if weekday == "*" or int(weekday) % 7 == day.isoweekday() % 7:
            local = datetime.combine(day, time(int(hour), int(minute)), tzinfo=where)
            moment = local.astimezone(UTC)
            if after < moment <= until:
                yield moment
        day += timedelta(days=1)


def next_fire(cron: str, zone_name: str, after: datetime) -> datetime:
    """The first moment after `after`."""
    return next(fires(cron, zone_name, after, after + timedelta(days=9)))
