"""When the morning note is sent: once a day, to a chat's webhook and by mail (``ways``), retried, never twice.

The note of a day tells of what was to run in the 24 hours up to DASH_REPORT_BY, and of no later time, however late it
goes out: of that date's night up to then, and of the evening before (see ``report``, which says where each time
stands), as they stand when it goes out. It does as soon as every nightly that was to run in these hours has ended, or
is missing, and at DASH_REPORT_BY at the latest; where nothing was to run, none does. What is to run later that day, the
next day's note tells. Once it is put into words and before it is handed over, the try is written down as ``sending``;
what is found in that state later was cut off in the middle, and nobody knows whether it arrived: it is not sent again.
Only what the other side surely did not take is tried again, each hour in the end, until the day is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import duckdb

from dashlib.model import Put
from dashlib.nightlies.report import NoSuchNight, Note, note
from dashlib.nightlies.tables import NOTES_SENT
from dashlib.nightlies.ways import TIMEOUT, NotTaken, Unknown, deliver, mail, payload, post
from dashlib.queries.nights_held import held
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
_WAITS = (0, 2, 5, 15, 30, 60)
"""Minutes before each try; the last of them before every other, until the note's day is over."""

_DUE = """
select count(*), count(*) filter (state in ('late', 'running'))
from (select *, coalesce(expected_at, created_at) as due_at from nightly_slots)
where state <> 'off' and (expected_at is not null or by_hand is not true)
  and team_day(due_at) + (cast(team_time(due_at) as time) >= $report_by::time)::int = $night
"""
_TO_COME = """
select (
    select count(*) from schedule_slots s join nightly_schedules n using (project_id, schedule_id)
    where s.expected_at > $now and s.off_cause is null
      and team_day(s.expected_at) + (cast(team_time(s.expected_at) as time) >= $report_by::time)::int = $night
) + (
    select count(*) from nightly_slots s, range(1, 8) days (since)
    where s.expected_at is null and s.by_hand is not true and not s.is_extra
      and s.created_at + to_days(since::integer) between greatest($now - late_after(), $begin) and $by
)
"""
"""Times that are known; of runs of which nobody knows when they are to come, the hour at which they came this week."""
_HELD = "select outcome, tries, tried_at from bookkeeping.notes_sent where night = $night and channel = $channel"


@dataclass(frozen=True)
class Channel:
    """A way out: its name in the book, and what puts a note into words for it.

    That says nothing to anyone; what it returns hands the note over (raises NotTaken or Unknown).
    """

    name: str
    worded: Callable[[Note], Callable[[], None]]


def channels(settings: Settings) -> list[Channel]:
    """The ways out that the settings name; none where none is set up."""
    found = []
    if settings.report_webhook:
        found.append(Channel("chat", lambda note: partial(post, settings, payload(settings, note))))
    if settings.report_smtp and settings.report_mail_to:
        found.append(Channel("mail", lambda note: partial(deliver, settings, mail(settings, note))))
    return found


def mail_lacks(settings: Settings) -> str | None:
    """The setting without which nothing goes out by mail, though others of mail are set; None where it goes out."""
    if settings.report_smtp:
        return None if settings.report_mail_to else "DASH_REPORT_MAIL_TO"
    asked = settings.report_mail_to or settings.report_mail_from or settings.report_smtp_password
    return "DASH_REPORT_SMTP" if asked else None


def send_due(store: Store, settings: Settings, now: datetime | None = None) -> list[str]:
    """Send today's note where it is due; the channels that took it now.

    ``now`` is UTC without zone (default: the clock). Failures are logged and kept in bookkeeping.notes_sent.
    """
    ways = channels(settings)
    if not ways:
        return []
    now = now or datetime.now(UTC).replace(tzinfo=None)
    night = now.replace(tzinfo=UTC).astimezone(settings.zone).date()
    with store.reader() as reader:
        waiting = [(way, tries) for way in ways if (tries := _tries(reader, night, way.name, now)) is not None]
        if not waiting or not is_due(reader, settings, night, now):
            return []
        try:
            # A note asks five questions: each would work out every night anew, the copy holds them.
            with held(reader) as copy:
                written = note(copy, night, dashboard=settings.report_url, sent=True)
        except NoSuchNight:
            return []
    return [way.name for way, tries in waiting if _send(store, way, written, tries + 1, now)]


def is_due(reader: duckdb.DuckDBPyConnection, settings: Settings, night: date, now: datetime) -> bool:
    """Whether anything was to run in the 24 hours up to DASH_REPORT_BY of ``night``, and all of it has ended.

    What runs without known times (a schedule that may not be read) is waited for at the hours of the seven days before.
    Once that time has come what has not ended is not waited for.
    """
    begin, by = (_moment(settings, night - timedelta(days=days)) for days in (1, 0))
    asked = {"night": night, "report_by": settings.report_by}
    due, waiting = reader.execute(_DUE, asked).fetchone() or (0, 0)
    if not due or now >= by:
        return bool(due)
    (to_come,) = reader.execute(_TO_COME, asked | {"begin": begin, "by": by, "now": now}).fetchone() or (0,)
    return not waiting and not to_come


def _moment(settings: Settings, day: date) -> datetime:
    """DASH_REPORT_BY of a day, in UTC; the later one where a clock shows it twice, or not at all."""
    wall = datetime.combine(day, time.fromisoformat(settings.report_by), settings.zone)
    return max(wall.replace(fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1))


def _tries(reader: duckdb.DuckDBPyConnection, night: date, channel: str, now: datetime) -> int | None:
    """How often it was tried; None where it must not be tried (again, or yet)."""
    found = reader.execute(_HELD, {"night": night, "channel": channel}).fetchone()
    if found is None:
        return 0
    outcome, tries, tried_at = found
    if outcome != "failed" or now < tried_at + timedelta(minutes=_WAITS[min(tries, len(_WAITS) - 1)]):
        return None
    return int(tries)


def _send(store: Store, way: Channel, written: Note, tries: int, now: datetime) -> bool:
    def write(outcome: str, error: str | None = None) -> None:
        row: dict[str, Any] = {"night": written.night, "channel": way.name, "outcome": outcome}
        store.write(Put(NOTES_SENT, [row | {"tries": tries, "tried_at": now, "error": error}]))

    def not_taken(refused: NotTaken) -> bool:
        write("failed", str(refused))
        _LOG.warning("the morning note was not taken by %s (try %d): %s", way.name, tries, refused)
        return False

    try:
        hand_over = _worded(way, written)
    except NotTaken as refused:
        return not_taken(refused)
    write("sending")
    try:
        hand_over()
    except NotTaken as refused:
        return not_taken(refused)
    except Exception as error:  # noqa: BLE001 - whatever else it is, it may have arrived; its words may hold a secret
        lost = str(error) if isinstance(error, Unknown) else type(error).__name__
        write("sending", lost)
        _LOG.warning("nobody knows whether the morning note reached %s: %s; it is not sent again", way.name, lost)
        return False
    write("sent")
    return True


def _worded(way: Channel, written: Note) -> Callable[[], None]:
    """What hands the note over. Nothing was said to anyone yet: what goes wrong here is tried again."""
    try:
        return way.worded(written)
    except Exception as error:  # noqa: BLE001 - told by its name, tried again and given up as any other
        raise NotTaken(f"the note could not be put into words ({type(error).__name__})") from None


class Sender:
    """Looks every minute whether a note is due, while the app runs."""

    def __init__(self, settings: Settings, store: Store, every_seconds: float = 60.0) -> None:
        self._settings = settings
        self._store = store
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; does nothing where no channel is set up, and says so where one is set up by half."""
        if lacks := mail_lacks(self._settings):
            _LOG.warning("the morning note is not sent by mail: %s is not set", lacks)
        if channels(self._settings) and self._thread is None:
            self._thread = threading.Thread(target=self._look, name="morning-note", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End; a note being handed over is handed over first."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * TIMEOUT)

    def _look(self) -> None:
        while not self._stop.wait(self._every):
            try:
                send_due(self._store, self._settings)
            except Exception:  # noqa: BLE001 - logged; the next look is not lost with this one
                _LOG.exception("the morning note could not be sent")
