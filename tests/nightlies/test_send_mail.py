"""The morning note on its way by mail: over real SMTP on loopback; what the mail is, what goes wrong, never twice."""

from __future__ import annotations

import email
import logging
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any, ClassVar

import pytest

from dashlib.nightlies.report import note
from dashlib.nightlies.report_text import as_markdown
from dashlib.nightlies.send import Sender, send_due
from dashlib.nightlies.ways import mail
from dashlib.settings import Settings
from tests.nightlies.rows import HOUR
from tests.nightlies.test_send import NOON, SECRET, book, fail_tonight
from tests.queries.build import Builder

MAILING = Settings(report_mail_from="dash@example.com", report_mail_to=("team@example.com",))


@pytest.fixture
def failed(built: Builder) -> Builder:
    """Tonight one nightly failed."""
    return fail_tonight(built)


class Mailbox(socketserver.StreamRequestHandler):
    """A mail server of a dozen lines: what RFC 5321 asks at least, on loopback."""

    kept: list[str]
    heard: ClassVar[list[str]] = []
    hangs_up = False
    refuses: ClassVar[dict[str, str]] = {}
    offers = ""

    def handle(self) -> None:
        def say(line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        say("220 here")
        while line := self.rfile.readline().decode().strip():
            self.heard.append(line)
            word = line.split()[0].upper()
            if word in self.refuses:
                say(self.refuses[word])
                continue
            if word == "EHLO" and self.offers:
                say(f"250-here\r\n250 {self.offers}")
                continue
            if word == "DATA":
                say("354 go on")
                body = []
                while (part := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    body.append(part)
                self.kept.append("\n".join(body))
                if self.hangs_up:
                    return
            say("221 bye" if word == "QUIT" else "250 fine")
            if word == "QUIT":
                return


@contextmanager
def mailbox(settings: Settings = MAILING, user: str = "", **doing: Any) -> Iterator[tuple[type[Mailbox], Settings]]:
    """A mail server that does as it is told, and the settings with which it is reached."""
    handler = type("Here", (Mailbox,), {"kept": [], "heard": [], **doing})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler, replace(settings, report_smtp=f"smtp://{user}127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def parsed(text: str) -> EmailMessage:
    found = email.message_from_string(text, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_by_mail(failed: Builder) -> None:
    with mailbox() as (server, settings):
        assert send_due(failed.store, settings, NOON) == ["mail"]
        assert send_due(failed.store, replace(settings, report_url="https://d.example"), NOON + HOUR) == []
    [message] = server.kept
    assert "To: team@example.com" in message and "text/html" in message and "1 failed, 0 missing" in message
    assert book(failed) == [("mail", "sent", 1, None)]


def test_its_plain_part_is_plain(failed: Builder) -> None:
    """Names as they are, addresses bare: no escapes and no marks of Markdown."""
    with failed.store.reader() as reader:
        written = note(reader, dashboard="https://dash.example")
    [one] = written.items
    odd = replace(
        one, repository="acme/a_b", job="test_half_is_rounded[x] (2)", who="It *broke*", issue_url="https://g.example/7"
    )
    part = mail(MAILING, replace(written, items=(odd,))).get_body(("plain",))
    assert part is not None
    text = str(part.get_content())
    assert "acme/a_b · " in text and "test_half_is_rounded[x] (2): " in text
    assert "It *broke*: https://g.example/7 – open: https://dash.example/failure?failure=" in text
    assert text.startswith("Nightlies of ") and "\nNew (1)\n" in text
    assert "\\" not in text and "](" not in text and "**" not in text and "#" not in text


def test_markdown_escapes_no_round_brackets(failed: Builder) -> None:
    """They make a link only behind a square one, and that of text from outside has its backslash."""
    with failed.store.reader() as reader:
        written = note(reader)
    [one] = written.items
    odd = replace(one, job="[x](http://evil.example) (2)", who="me", issue_url="https://g.example/(a) b")
    text = as_markdown(replace(written, items=(odd,), evening=(odd,), evening_counts=written.counts))
    assert "1 nightly ran, 1 failed (1 new), " in text
    assert "\\[x\\](http://evil.example) (2): " in text and "[me](https://g.example/%28a%29%20b)" in text


def test_it_says_when_it_was_written_and_is_one_mail_however_often_it_comes(failed: Builder) -> None:
    with mailbox() as (server, settings):
        assert send_due(failed.store, settings, NOON) == ["mail"]
    [sent] = map(parsed, server.kept)
    assert abs(sent["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)
    with failed.store.reader() as reader:
        written = note(reader)
    known = sent["Message-ID"]
    assert known.startswith(f"<nightlies.{written.night:%Y%m%d}.mail.") and known.endswith("@example.com>")
    assert mail(settings, written)["Message-ID"] == known
    other = replace(written, night=written.night - timedelta(days=1))
    assert mail(settings, other)["Message-ID"] != known
    for beside in (replace(settings, report_mail_to=("b@example.com",)), replace(settings, groups=("b",))):
        assert mail(beside, written)["Message-ID"] != known, "another team's note is no double"


def test_names_beside_addresses_are_no_recipients(failed: Builder) -> None:
    to = ("Ops Team <ops@example.com>", '"Grüße, alle" <all@example.com>')
    with mailbox(replace(MAILING, report_mail_from="Nightlies <dash@example.com>", report_mail_to=to)) as (
        server,
        settings,
    ):
        assert send_due(failed.store, settings, NOON) == ["mail"]
    envelope = [line.partition(" size")[0] for line in server.heard if line.split()[0].upper() in ("MAIL", "RCPT")]
    assert [line.upper() for line in envelope] == [
        "MAIL FROM:<DASH@EXAMPLE.COM>",
        "RCPT TO:<OPS@EXAMPLE.COM>",
        "RCPT TO:<ALL@EXAMPLE.COM>",
    ]
    assert [one.display_name for one in parsed(server.kept[0])["To"].addresses] == ["Ops Team", "Grüße, alle"]


def test_what_goes_wrong_before_it_is_handed_over_is_tried_again(
    failed: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    """A password that smtplib cannot say; nothing was handed over, so the note is not lost."""
    password = f"{SECRET}ä"
    with mailbox(user="dash@", offers="AUTH PLAIN") as (server, settings):
        assert send_due(failed.store, replace(settings, report_smtp_password=password), NOON) == []
        assert book(failed) == [("mail", "failed", 1, "the mail could not be handed over (UnicodeEncodeError)")]
        assert send_due(failed.store, settings, NOON + HOUR) == ["mail"]
    assert len(server.kept) == 1
    assert SECRET not in caplog.text + str(book(failed))


def test_a_mail_that_cannot_be_made_is_tried_again(failed: Builder) -> None:
    with mailbox() as (server, settings):
        broken = replace(settings, report_mail_from="Nightly Dashboard", report_mail_to=("team@",))
        assert send_due(failed.store, broken, NOON) == []
        assert book(failed) == [("mail", "failed", 1, "the note could not be put into words (IndexError)")]
        assert server.heard == []
        assert send_due(failed.store, settings, NOON + HOUR) == ["mail"]
    assert len(server.kept) == 1


def test_a_server_that_hangs_up_with_the_mail_in_its_hands_gets_no_second(failed: Builder) -> None:
    with mailbox(hangs_up=True) as (server, settings):
        for hours in range(3):
            assert send_due(failed.store, settings, NOON + hours * HOUR) == []
    assert len(server.kept) == 1
    assert book(failed) == [("mail", "sending", 1, "the mail server hung up")]


def test_an_error_nobody_thought_of_after_it_went_out_sends_no_second(failed: Builder) -> None:
    send = smtplib.SMTP.send_message

    def breaks(*given: Any, **named: Any) -> None:
        send(*given, **named)
        raise RuntimeError(SECRET)

    with mailbox() as (server, settings), pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtplib.SMTP, "send_message", breaks)
        assert send_due(failed.store, settings, NOON) == []
        patch.undo()
        assert send_due(failed.store, settings, NOON + HOUR) == []
    assert len(server.kept) == 1
    assert book(failed) == [("mail", "sending", 1, "the mail could not be handed over (RuntimeError)")]


@pytest.mark.parametrize(
    ("settings", "lacks"),
    [
        (Settings(report_smtp="smtp://mail.example.com"), "DASH_REPORT_MAIL_TO"),
        (Settings(report_mail_to=("team@example.com",)), "DASH_REPORT_SMTP"),
    ],
)
def test_mail_that_is_set_up_by_half_is_told_at_the_start(
    built: Builder, caplog: pytest.LogCaptureFixture, settings: Settings, lacks: str
) -> None:
    with caplog.at_level(logging.WARNING):
        Sender(settings, built.store).start()
    assert f"the morning note is not sent by mail: {lacks} is not set" in caplog.text


@pytest.mark.parametrize(
    ("offers", "refuses", "said"),
    [
        ("AUTH PLAIN", {"AUTH": "535 no"}, "the mail server refused the user or the password (DASH_REPORT_SMTP)"),
        ("AUTH PLAIN", {"AUTH": "235 fine", "RCPT": "550 who"}, "the mail server refused to mail team@example.com"),
        ("STARTTLS", {"STARTTLS": "454 not now"}, "the mail server refused it (SMTPResponseException)"),
        ("STARTTLS", {"STARTTLS": "220 go"}, "no safe connection to the mail server: TLS failed"),
    ],
)
def test_what_a_mail_server_refuses_is_told_in_one_line(
    failed: Builder, offers: str, refuses: dict[str, str], said: str
) -> None:
    with mailbox(replace(MAILING, report_smtp_password=SECRET), "dash@", offers=offers, refuses=refuses) as (
        _,
        settings,
    ):
        assert send_due(failed.store, settings, NOON) == []
    assert book(failed) == [("mail", "failed", 1, said)]
