"""What ``doctor`` says of the morning note: where it goes and by when, or which setting keeps it here."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from dashlib.commands.layout import visible
from dashlib.nightlies.send import channels, mail_lacks
from dashlib.settings import Settings

Finding: TypeAlias = tuple[bool | None, str]
_NOWHERE = "not sent; DASH_REPORT_WEBHOOK sends it to a chat, DASH_REPORT_SMTP with DASH_REPORT_MAIL_TO by mail"


def finding(settings: Settings) -> Finding:
    """One line. The address of a chat's webhook is a secret: only its host is told."""
    ways = {way.name for way in channels(settings)}
    told = []
    if "chat" in ways:
        told.append(f"to the {settings.report_format} chat at {urlsplit(settings.report_webhook or '').hostname}")
    if "mail" in ways:
        server = urlsplit(settings.report_smtp).hostname
        told.append(f"by mail to {', '.join(settings.report_mail_to)} through {server}")
    parts = [f"{', '.join(told)}, by {settings.report_by} ({settings.timezone}) at the latest"] if told else []
    good: bool | None = True
    if lacks := mail_lacks(settings):
        good = False
        parts.append(f"not sent by mail: {lacks} is not set")
    elif "mail" in ways:
        good, trouble = _login(settings)
        parts += [trouble] if trouble else []
    return good, f"morning note: {visible('; '.join(parts) or _NOWHERE)}"


def _login(settings: Settings) -> Finding:
    """How the dashboard makes itself known to the mail server; "" where nothing is odd."""
    user, password = unquote(urlsplit(settings.report_smtp).username or ""), settings.report_smtp_password or ""
    if user and not password:
        return None, f"as nobody, since {user} has no DASH_REPORT_SMTP_PASSWORD"
    if password and not user:
        return None, "as nobody, since DASH_REPORT_SMTP names no user for the password"
    if not (user + password).isascii():
        return False, "logging in will fail: user and DASH_REPORT_SMTP_PASSWORD may hold ASCII letters only"
    return True, ""
