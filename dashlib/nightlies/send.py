"""Send the morning note once a day: to a chat's webhook and by mail, retried, never twice.

The note of a day tells of the 24 hours up to DASH_REPORT_BY: of that date's night so far, and of the evening before
(see ``report``). It goes out as soon as every nightly that was to run in these hours has ended, or is missing, and at
DASH_REPORT_BY at the latest; where nothing was to run, none does. What is to run later that day, the next day's note
tells. Before it
is handed over, the try is written down as ``sending``; what is found in that state later was cut off in the middle, and
nobody knows whether it arrived: it is not sent again. Only what the other side surely did not take is tried again.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import requests

from dashlib.model import Put
from dashlib.nightlies.report import LOST, RED, Item, NoSuchNight, Note, note
from dashlib.nightlies.report_text import (
    OPEN,
    SECTIONS,
    as_html,
    as_markdown,
    evening_headline,
    expected_told,
    headline,
)
from dashlib.nightlies.tables import NOTES_SENT
from dashlib.queries.nights_held import held
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
TRIES = 6
_WAITS = (0, 2, 5, 15, 30, 60)
"""Minutes before each try."""
_LISTED = 15
"""Items of a part that a chat shows; the rest is counted."""
_TIMEOUT = 20

_DUE = """
select count(*), count(*) filter (state in ('late', 'running')) from nightly_slots
where state <> 'off' and coalesce(expected_at, created_at) >= $begin and coalesce(expected_at, created_at) < $by
"""
_TO_COME = """
select count(*) from schedule_slots s join nightly_schedules n using (project_id, schedule_id)
where s.expected_at > $now and s.expected_at >= $begin and s.expected_at < $by and s.off_cause is null
"""
_HELD = "select outcome, tries, tried_at from bookkeeping.notes_sent where night = $night and channel = $channel"


class NotTaken(Exception):
    """The other side surely did not take the note; the message holds no secret."""


class Unknown(Exception):
    """It was handed over and the answer never came: it may have arrived."""


@dataclass(frozen=True)
class Channel:
    """A way out: its name in the book, and what hands a note over (raises NotTaken or Unknown)."""

    name: str
    hand_over: Callable[[Note], None]


def channels(settings: Settings) -> list[Channel]:
    """The ways out that the settings name; none where none is set up."""
    found = []
    if settings.report_webhook:
        found.append(Channel("chat", lambda note: _post(settings, note)))
    if settings.report_smtp and settings.report_mail_to:
        found.append(Channel("mail", lambda note: _mail(settings, note)))
    return found


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
                written = note(copy, night, dashboard=settings.report_url)
        except NoSuchNight:
            return []
    return [way.name for way, tries in waiting if _send(store, way, written, tries + 1, now)]


def is_due(reader: duckdb.DuckDBPyConnection, settings: Settings, night: date, now: datetime) -> bool:
    """Whether anything was to run in the 24 hours up to DASH_REPORT_BY of ``night``, and all of it has ended.

    Once that time has come what has not ended is not waited for.
    """
    begin, by = (_moment(settings, night - timedelta(days=days)) for days in (1, 0))
    due, waiting = reader.execute(_DUE, {"begin": begin, "by": by}).fetchone() or (0, 0)
    if not due or now >= by:
        return bool(due)
    (to_come,) = reader.execute(_TO_COME, {"begin": begin, "by": by, "now": now}).fetchone() or (0,)
    return not waiting and not to_come


def _moment(settings: Settings, day: date) -> datetime:
    """DASH_REPORT_BY of a day, in UTC."""
    wall = datetime.combine(day, time.fromisoformat(settings.report_by), settings.zone)
    return wall.astimezone(UTC).replace(tzinfo=None)


def _tries(reader: duckdb.DuckDBPyConnection, night: date, channel: str, now: datetime) -> int | None:
    """How often it was tried; None where it must not be tried (again, or yet)."""
    found = reader.execute(_HELD, {"night": night, "channel": channel}).fetchone()
    if found is None:
        return 0
    outcome, tries, tried_at = found
    if outcome != "failed" or tries >= TRIES or now < tried_at + timedelta(minutes=_WAITS[tries]):
        return None
    return int(tries)


def _send(store: Store, way: Channel, written: Note, tries: int, now: datetime) -> bool:
    def write(outcome: str, error: str | None = None) -> None:
        row: dict[str, Any] = {"night": written.night, "channel": way.name, "outcome": outcome}
        store.write(Put(NOTES_SENT, [row | {"tries": tries, "tried_at": now, "error": error}]))

    write("sending")
    try:
        way.hand_over(written)
    except NotTaken as refused:
        write("failed", str(refused))
        _LOG.warning("the morning note was not taken by %s (try %d of %d): %s", way.name, tries, TRIES, refused)
        return False
    except Unknown as lost:
        write("sending", str(lost))
        _LOG.warning("nobody knows whether the morning note reached %s: %s; it is not sent again", way.name, lost)
        return False
    write("sent")
    return True


def _post(settings: Settings, note: Note) -> None:
    """To a chat's incoming webhook. Its address is a secret: no error may quote it."""
    body = PAYLOADS[settings.report_format](note)
    with requests.Session() as session:
        try:
            # Its status alone counts: a body that cannot be read to its end must not send the note again.
            answer = session.post(
                str(settings.report_webhook), json=body, timeout=_TIMEOUT, allow_redirects=False, stream=True
            )
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise NotTaken(type(error).__name__) from None
        except requests.ConnectionError as error:
            # Refused before anything was said, or cut off after it?
            refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise (NotTaken("no connection") if refused else Unknown("the connection broke")) from None
        except requests.Timeout:
            raise Unknown("no answer in time") from None
        except requests.RequestException as error:
            raise NotTaken(type(error).__name__) from None
    if not 200 <= answer.status_code < 300:
        raise NotTaken(f"it answered {answer.status_code}")


def _mail(settings: Settings, note: Note) -> None:
    """By SMTP: with TLS from the start (smtps) or as soon as the server offers it."""
    server = urlsplit(settings.report_smtp)
    host, user = str(server.hostname), unquote(server.username or "")
    secure = ssl.create_default_context()
    try:
        if server.scheme == "smtps":
            line: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=_TIMEOUT, context=secure)
        else:
            line = smtplib.SMTP(host, server.port or 587, timeout=_TIMEOUT)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(f"no connection to the mail server ({type(error).__name__})") from None
    message = mail(settings, note)
    handed_over = False
    try:
        line.ehlo()
        if server.scheme == "smtp" and line.has_extn("starttls"):
            line.starttls(context=secure)
            line.ehlo()
        if user and settings.report_smtp_password:
            line.login(user, settings.report_smtp_password)
        handed_over = True
        line.send_message(message)
    except smtplib.SMTPServerDisconnected:
        raise (Unknown if handed_over else NotTaken)("the mail server hung up") from None
    except smtplib.SMTPException as error:
        raise NotTaken(f"the mail server refused it ({type(error).__name__})") from None
    except OSError as error:
        raise (Unknown if handed_over else NotTaken)(f"the connection broke ({type(error).__name__})") from None
    finally:
        line.close()


def mail(settings: Settings, note: Note) -> EmailMessage:
    """The note as a mail, in plain text and HTML."""
    message = EmailMessage()
    failed, missing = (note.counts[word] + note.evening_counts.get(word, 0) for word in ("failed", "missing"))
    message["Subject"] = f"Nightlies of {note.night:%d %b}: {failed} failed, {missing} missing"
    message["From"] = settings.report_mail_from or settings.report_mail_to[0]
    message["To"] = ", ".join(settings.report_mail_to)
    message.set_content(as_markdown(note))
    message.add_alternative(as_html(note), subtype="html")
    return message


def slack(note: Note) -> dict[str, Any]:
    """Slack's incoming webhook: mrkdwn, in which only &, < and > are special (docs.slack.dev, formatting text)."""

    def safe(text: str) -> str:
        return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def link(url: str, text: str) -> str:
        return f"<{safe(url).replace('|', '%7C')}|{safe(text)}>"

    return {"text": "\n".join(_chat(note, safe, link, "*"))}


def mattermost(note: Note) -> dict[str, Any]:
    """Mattermost's incoming webhook: Markdown; a post holds 16,383 characters."""
    return {"text": "\n".join(_chat(note, _markdown, _markdown_link, "**"))}


def teams(note: Note) -> dict[str, Any]:
    """A Teams workflow's webhook: a message with one Adaptive Card, whose text blocks know bold, lists and links."""
    blocks = [
        {"type": "TextBlock", "text": line, "wrap": True} for line in _chat(note, _markdown, _markdown_link, "**")
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


PAYLOADS: dict[str, Callable[[Note], dict[str, Any]]] = {"slack": slack, "mattermost": mattermost, "teams": teams}
"""What each chat wants to be told: DASH_REPORT_FORMAT."""


def _chat(note: Note, safe: Callable[[str], str], link: Callable[[str, str], str], bold: str) -> list[str]:
    lines = [f"{bold}Nightlies of {note.night:%A, %d %B}{bold}", safe(headline(note))]
    lines += [OPEN] if note.under_way else []
    for change, title in SECTIONS.items():
        items = note.of(change)
        if items:
            lines += [f"{bold}{title} ({len(items)}){bold}", *_chat_items(items, safe, link)]
    if note.evening_counts:
        lines.append(f"{bold}{safe(evening_headline(note))}{bold}")
        lines += _chat_items(note.evening, safe, link, titled=True)
    if note.risks:
        names = ", ".join(safe(risk.repository) for risk in note.risks[:_LISTED])
        lines.append(f"{bold}At risk today ({len(note.risks)}){bold}: {names}")
    if note.is_calm:
        lines.append("All is calm.")
    return lines


def _chat_items(
    items: Sequence[Item], safe: Callable[[str], str], link: Callable[[str, str], str], *, titled: bool = False
) -> list[str]:
    """The first of them; ``titled`` says before each of which part it is."""
    lines = [_chat_item(item, safe, link, f"{SECTIONS[item.change]}: " if titled else "") for item in items[:_LISTED]]
    return [*lines, f"… and {len(items) - _LISTED} more"] if len(items) > _LISTED else lines


def _chat_item(item: Item, safe: Callable[[str], str], link: Callable[[str, str], str], title: str) -> str:
    name = link(item.link, item.repository) if item.link else safe(item.repository)
    parts = [safe(f"{item.job}: {item.reason}" if item.job else item.reason or "")]
    if said := expected_told(item):
        parts.append(said)
    if item.change in ("still_red", "recovered", *LOST) and item.since is not None:
        late = "not run for " if item.change == "late" else ""
        parts.append(f"{late}{item.nights} night{'' if item.nights == 1 else 's'}, since {item.since:%d %b}")
    if item.change in RED:
        parts.append(safe(item.who))
    if item.change in LOST:
        parts.append(f"owner: {safe(item.who)}")
    return f"• {title}{name} – {' – '.join(part for part in parts if part)}"


def _markdown(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+!|~<>@" else letter for letter in " ".join(text.split()))


def _markdown_link(url: str, text: str) -> str:
    return f"[{_markdown(text)}]({url.replace(')', '%29').replace(' ', '%20')})"


class Sender:
    """Looks every minute whether a note is due, while the app runs."""

    def __init__(self, settings: Settings, store: Store, every_seconds: float = 60.0) -> None:
        self._settings = settings
        self._store = store
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; does nothing where no channel is set up."""
        if channels(self._settings) and self._thread is None:
            self._thread = threading.Thread(target=self._look, name="morning-note", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End; a note being handed over is handed over first."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _TIMEOUT)

    def _look(self) -> None:
        while not self._stop.wait(self._every):
            try:
                send_due(self._store, self._settings)
            except Exception:  # noqa: BLE001 - logged; the next look is not lost with this one
                _LOG.exception("the morning note could not be sent")
