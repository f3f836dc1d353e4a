"""The ways out of the morning note: a chat's incoming webhook, and mail. What went wrong is told in half a sentence."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import LocationParseError

from dashlib.nightlies.chats import PAYLOADS
from dashlib.nightlies.report import Note
from dashlib.nightlies.report_text import as_html, as_text
from dashlib.settings import Settings

_LOG = logging.getLogger(__name__)
TIMEOUT = 20
"""Seconds that the other side may take to answer."""


class NotTaken(Exception):
    """The other side surely did not take the note; the message holds no secret."""


class Unknown(Exception):
    """It was handed over and the answer never came: it may have arrived."""


def payload(settings: Settings, note: Note) -> dict[str, Any]:
    """The note as the chat wants to be told it."""
    return PAYLOADS[settings.report_format](note)


def post(settings: Settings, body: dict[str, Any]) -> None:
    """To a chat's incoming webhook. Its address is a secret: no error may quote it."""
    with requests.Session() as session:
        try:
            # Its status alone counts: a body that cannot be read to its end must not send the note again.
            answer = session.post(
                str(settings.report_webhook), json=body, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise NotTaken(type(error).__name__) from None
        except requests.ConnectionError as error:
            # Refused before anything was said, or cut off after it?
            refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise (NotTaken("no connection") if refused else Unknown("the connection broke")) from None
        except requests.Timeout:
            raise Unknown("no answer in time") from None
        except (requests.RequestException, LocationParseError) as error:
            # The second is of a host that is no name: requests lets it through.
            raise NotTaken(type(error).__name__) from None
    if not 200 <= answer.status_code < 300:
        raise NotTaken(f"it answered {answer.status_code}")


def deliver(settings: Settings, message: EmailMessage) -> None:
    """By SMTP: with TLS from the start (smtps) or as soon as the server offers it.

    Whatever goes wrong before it is handed over is NotTaken.
    """
    server = urlsplit(settings.report_smtp)
    host, user = str(server.hostname), unquote(server.username or "")
    secure = ssl.create_default_context()
    line: smtplib.SMTP | None = None
    handed_over = False
    try:
        if server.scheme == "smtps":
            line = smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT, context=secure)
        else:
            line = smtplib.SMTP(host, server.port or 587, timeout=TIMEOUT)
        line.ehlo()
        if server.scheme == "smtp" and line.has_extn("starttls"):
            line.starttls(context=secure)
            line.ehlo()
        if user and settings.report_smtp_password:
            line.login(user, settings.report_smtp_password)
        handed_over = True
        refused = line.send_message(message)
    except OSError as error:
        # smtplib's own errors are OSErrors, too.
        raise _refusal(error, line is not None, handed_over) from None
    except Exception as error:  # noqa: BLE001 - it would be lost without a word; what it says may quote the password
        lost = Unknown if handed_over else NotTaken
        raise lost(f"the mail could not be handed over ({type(error).__name__})") from None
    finally:
        if line is not None:
            line.close()
    if refused:
        _LOG.warning("the mail server took the morning note, but not for %s", ", ".join(sorted(refused)))


def _refusal(error: OSError, connected: bool, handed_over: bool) -> NotTaken | Unknown:
    """What to say of an error, and whether the note may have arrived in spite of it."""
    lost = Unknown if handed_over else NotTaken
    name = type(error).__name__
    if isinstance(error, ssl.SSLError):
        why = "its certificate is not trusted" if isinstance(error, ssl.SSLCertVerificationError) else "TLS failed"
        return lost(f"no safe connection to the mail server: {why}")
    if not connected:
        return NotTaken(f"no connection to the mail server ({name})")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return lost("the mail server hung up")
    if not isinstance(error, smtplib.SMTPException):
        return lost(f"the connection broke ({name})")
    what = f"it ({name})"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what = "the user or the password (DASH_REPORT_SMTP)"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        what = f"to mail {', '.join(sorted(error.recipients))}"
    return NotTaken(f"the mail server refused {what}")


def mail(settings: Settings, note: Note) -> EmailMessage:
    """The note as a mail, in plain text and HTML; each time the same one of a night but for its Date."""
    message = EmailMessage()
    failed, missing = (note.counts[word] + note.evening_counts.get(word, 0) for word in ("failed", "missing"))
    message["Subject"] = f"Nightlies of {note.night:%d %b}: {failed} failed, {missing} missing"
    message["From"] = settings.report_mail_from or settings.report_mail_to[0]
    message["To"] = ", ".join(settings.report_mail_to)
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = _message_id(settings, note, message["From"].addresses[0].domain)
    message.set_content(as_text(note))
    message.add_alternative(as_html(note), subtype="html")
    message.as_bytes()  # what cannot be written is found now, before anything is said to the server
    return message


def _message_id(settings: Settings, note: Note, domain: str) -> str:
    """Of a night always the same, so that servers drop a double; of two dashboards with one sender never."""
    which = (settings.gitlab_url, settings.report_url, settings.groups, settings.projects, settings.report_mail_to)
    mark = hashlib.sha256(repr(which).encode()).hexdigest()[:12]
    return f"<nightlies.{note.night:%Y%m%d}.mail.{mark}@{domain}>"
