"""The morning note on its way to a chat: over real HTTP on loopback, once, retried, never twice, secrets kept."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from dashlib.nightlies.chats import PAYLOADS
from dashlib.nightlies.report import note
from dashlib.nightlies.send import is_due, send_due
from dashlib.settings import Settings
from tests.nightlies.rows import DAY, HOUR, MINUTE, expect, member, now, schedule
from tests.queries.build import Builder

SECRET = "hook-secret-T0K3N"
NOON = datetime.combine(now().date(), datetime.min.time()) + 12 * HOUR
NIGHT = NOON - 11 * HOUR
TAKEN_BADLY = 201
"""Taken, with an answer that cannot be read to its end."""
HOSTILE = "<!channel> [x](javascript:alert(1)) *b* <@U1> & @all"


class Chat:
    """A chat's webhook that answers what it is told to, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.answers: list[int | None] = []


@contextmanager
def chat() -> Iterator[tuple[Chat, str]]:
    told = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.heard.append(json.loads(body))
            answer = told.answers.pop(0) if told.answers else 200
            if answer is None:
                self.connection.close()
                return
            self.send_response(answer)
            if answer == TAKEN_BADLY:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if answer == TAKEN_BADLY:
                self.wfile.write(b"no length\r\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told, f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def failed(built: Builder) -> Builder:
    """Tonight one nightly failed."""
    return fail_tonight(built)


def fail_tonight(built: Builder) -> Builder:
    schedule(built, owner_id=5, owner_username="ada")
    member(built)
    expect(built, NIGHT)
    built.night(NIGHT, failed=["lint"])
    return built


def chatting(url: str) -> Settings:
    return Settings(report_webhook=url, report_by="10:00")


def book(built: Builder) -> list[tuple[Any, ...]]:
    found = built.rows("select channel, outcome, tries, error from bookkeeping.notes_sent order by channel")
    return [tuple(one.values()) for one in found]


def test_it_is_sent_once(failed: Builder) -> None:
    with chat() as (told, url):
        assert send_due(failed.store, chatting(url), NOON) == ["chat"]
        for later in (NOON, NOON + HOUR, NOON + 5 * HOUR):
            assert send_due(failed.store, chatting(url), later) == []
    assert len(told.heard) == 1
    assert "acme/core/engine" in told.heard[0]["text"] and "1 failed" in told.heard[0]["text"]
    assert book(failed) == [("chat", "sent", 1, None)]


def test_it_is_sent_once_whatever_the_answer_says(failed: Builder) -> None:
    with chat() as (told, url):
        told.answers = [TAKEN_BADLY]
        assert send_due(failed.store, chatting(url), NOON) == ["chat"]
        assert send_due(failed.store, chatting(url), NOON + HOUR) == []
    assert len(told.heard) == 1


def test_what_was_not_taken_is_tried_again_later(failed: Builder) -> None:
    with chat() as (told, url):
        told.answers = [500, 429, 200]
        assert send_due(failed.store, chatting(url), NOON) == []
        assert book(failed) == [("chat", "failed", 1, "it answered 500")]
        assert send_due(failed.store, chatting(url), NOON + MINUTE) == []
        assert len(told.heard) == 1
        assert send_due(failed.store, chatting(url), NOON + 3 * MINUTE) == []
        assert send_due(failed.store, chatting(url), NOON + 30 * MINUTE) == ["chat"]
    assert len(told.heard) == 3
    assert book(failed) == [("chat", "sent", 3, None)]


def test_it_is_tried_until_its_day_is_over(failed: Builder) -> None:
    """A chat that is down all day gets it when it is back; after the first hours it is asked once an hour."""
    tried = list[int]()
    with chat() as (told, url):
        told.answers = [400, 503, 400, 400, 400, 503, 400]
        for minutes in (0, 1, 2, 6, 7, 21, 22, 51, 52, 111, 112, 171, 172, 231, 719, 720, 800):
            before = len(told.heard)
            send_due(failed.store, chatting(url), NOON + minutes * MINUTE)
            tried += [minutes] * (len(told.heard) - before)
    assert tried == [0, 2, 7, 22, 52, 112, 172, 719]
    assert book(failed) == [("chat", "sent", 8, None)]


def test_what_may_have_arrived_is_never_sent_again(failed: Builder) -> None:
    with chat() as (told, url):
        told.answers = [None]
        assert send_due(failed.store, chatting(url), NOON) == []
        assert send_due(failed.store, chatting(url), NOON + 5 * HOUR) == []
    assert len(told.heard) == 1
    assert book(failed) == [("chat", "sending", 1, "the connection broke")]


def test_a_process_that_was_killed_in_the_middle_does_not_send_again(failed: Builder) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with chat() as (told, url), pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "post", dies)
        with pytest.raises(Killed):
            send_due(failed.store, chatting(url), NOON)
        patch.undo()
        assert send_due(failed.store, chatting(url), NOON + HOUR) == []
    assert told.heard == []
    assert book(failed) == [("chat", "sending", 1, None)]


def test_what_cannot_be_put_into_words_is_tried_again(failed: Builder) -> None:
    def breaks(_: object) -> dict[str, Any]:
        raise KeyError(SECRET)

    with chat() as (told, url), pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAYLOADS, "slack", breaks)
        assert send_due(failed.store, chatting(url), NOON) == []
        assert book(failed) == [("chat", "failed", 1, "the note could not be put into words (KeyError)")]
        patch.undo()
        assert send_due(failed.store, chatting(url), NOON + HOUR) == ["chat"]
    assert len(told.heard) == 1


def test_an_error_nobody_thought_of_after_it_went_out_is_told_and_nothing_sent_again(failed: Builder) -> None:
    post = requests.Session.post

    def breaks(*given: Any, **named: Any) -> None:
        post(*given, **named)
        raise RuntimeError(SECRET)

    with chat() as (told, url), pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "post", breaks)
        assert send_due(failed.store, chatting(url), NOON) == []
        patch.undo()
        assert send_due(failed.store, chatting(url), NOON + HOUR) == []
    assert len(told.heard) == 1
    assert book(failed) == [("chat", "sending", 1, "RuntimeError")]


def test_a_host_that_is_no_name_is_told(failed: Builder) -> None:
    assert send_due(failed.store, chatting(f"http://{'a' * 70}.example/{SECRET}"), NOON) == []
    assert book(failed) == [("chat", "failed", 1, "LocationParseError")]


def test_nobody_listens_is_tried_again_and_tells_no_secret(failed: Builder, caplog: pytest.LogCaptureFixture) -> None:
    with chat() as (_, url):
        pass
    with caplog.at_level(logging.DEBUG):
        assert send_due(failed.store, chatting(url), NOON) == []
    assert book(failed) == [("chat", "failed", 1, "no connection")]
    assert SECRET not in caplog.text.replace(f"/services/{SECRET} HTTP", "") and SECRET not in repr(chatting(url))
    assert SECRET not in str(book(failed))


def test_it_waits_for_the_last_nightly_but_not_for_ever(failed: Builder) -> None:
    early = NIGHT + 2 * HOUR
    with failed.store.reader() as reader:
        assert is_due(reader, Settings(report_by="10:00"), NIGHT.date(), early)
        assert not is_due(reader, Settings(report_by="10:00"), NIGHT.date() + timedelta(days=1), early)
    expect(failed, early + HOUR)
    with failed.store.reader() as reader:
        assert not is_due(reader, Settings(report_by="10:00"), NIGHT.date(), early)
        assert is_due(reader, Settings(report_by="03:30"), NIGHT.date(), early + HOUR)
        assert is_due(reader, Settings(report_by="10:00"), NIGHT.date(), NIGHT + 9 * HOUR)
        assert is_due(reader, Settings(report_by="03:59"), NIGHT.date(), early)


def test_an_evening_nightly_is_told_the_next_morning_and_once(built: Builder) -> None:
    """Asked every hour for three days: one note a morning, whose evening before tells of it."""
    first = NOON.replace(hour=22) - 3 * DAY
    schedule(built, owner_id=5, owner_username="ada", cron="0 22 * * *")
    member(built)
    sent = []
    with chat() as (told, url):
        for at in (first + hours * HOUR for hours in range(-10, 50)):
            if at in (first, first + DAY):
                expect(built, at)
                built.night(at, failed=["lint"] if at == first else [])
            if send_due(built.store, chatting(url), at):
                sent.append(at)
    assert sent == [first + 2 * HOUR, first + 26 * HOUR]
    texts = [one["text"] for one in told.heard]
    assert "1 failed (1 new)" in texts[0] and "New: " in texts[0]
    assert "0 failed" in texts[1] and "Recovered: " in texts[1]


def test_a_night_beside_evenings_waits_for_neither_evening(built: Builder) -> None:
    at = NOON.replace(hour=2) - 2 * DAY
    schedule(built, owner_id=5, owner_username="ada")
    schedule_too(built)
    expect(built, at, at + DAY)
    expect(built, at - 4 * HOUR, at + 20 * HOUR, id=8)
    for night in (at, at + DAY):
        built.night(night)
    built.night(at - 4 * HOUR, failed=["lint"], schedule_id=8)
    built.pipeline(at + 20 * HOUR, "running", schedule_id=8)
    with built.store.reader() as reader:
        assert not is_due(reader, Settings(), at.date(), at - HOUR)
        assert is_due(reader, Settings(), at.date(), at + HOUR)
        assert not is_due(reader, Settings(), (at + DAY).date(), at + DAY + HOUR)
        assert is_due(reader, Settings(), (at + DAY).date(), at + DAY + 8 * HOUR)
        assert not is_due(reader, Settings(), (at + 3 * DAY).date(), at + 3 * DAY + 20 * HOUR)


def test_what_runs_without_known_times_is_waited_for_at_its_hour(built: Builder) -> None:
    """A token that may not read schedules tells of their runs alone: at midnight nothing is over."""
    first, failed = NOON.replace(hour=4) - 3 * DAY, NOON.replace(hour=4) - 2 * DAY
    sent = []
    with chat() as (told, url):
        for at in (first + minutes * MINUTE for minutes in range(0, 60 * 54, 30)):
            if at in (first, failed, failed + DAY):
                built.night(at, failed=["lint"] if at == failed else [], passed=[], schedule_id=None)
            if send_due(built.store, chatting(url), at):
                sent.append(at)
    texts = [one["text"] for one in told.heard]
    assert sent == [first, failed + 150 * MINUTE, failed + DAY + 150 * MINUTE]
    assert ["1 failed (1 new" in text for text in texts] == [False, True, False]


def schedule_too(built: Builder) -> None:
    built.schedule(8, description="Evening", cron="0 22 * * *")


def test_without_a_channel_nothing_happens(failed: Builder) -> None:
    assert send_due(failed.store, Settings(), NOON) == []
    assert book(failed) == []


def test_the_formats_of_the_chats_keep_text_text(built: Builder) -> None:
    built.project(2, f"evil/{HOSTILE}")
    built.schedule(2, project_id=2)
    built.night(NIGHT, failed=[HOSTILE], project_id=2, schedule_id=2)
    with built.store.reader() as reader:
        written = note(reader)
    slack = PAYLOADS["slack"](written)["text"]
    assert "<!channel>" not in slack and "<@U1>" not in slack and "&lt;!channel&gt;" in slack
    mattermost = PAYLOADS["mattermost"](written)["text"]
    assert "[x](javascript" not in mattermost and "\\@all" in mattermost
    card = PAYLOADS["teams"](written)["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard" and {block["type"] for block in card["body"]} == {"TextBlock"}
    assert not any("[x](javascript" in block["text"] for block in card["body"])


def test_a_chat_is_told_no_more_than_it_takes(failed: Builder) -> None:
    """Five hundred failures with long reasons: each part is counted, and the rest is a link away."""
    with failed.store.reader() as reader:
        written = note(reader, dashboard="https://dash.example")
    [one] = written.items
    many = [replace(one, repository=f"acme/{place:03}/{'r' * 90}", reason="ö" * 200) for place in range(500)]
    whole = replace(written, items=tuple(many), evening=tuple(many), evening_counts=written.counts)
    for name, most in (("teams", 28 * 1024), ("mattermost", 16_383), ("slack", 40_000)):
        sent = json.dumps(PAYLOADS[name](whole))
        assert len(sent.encode()) < most and "New (500)" in sent, name
        assert "and 49" in sent and f"https://dash.example/report?night={written.night}" in sent


def test_the_issue_of_a_failure_is_a_link(failed: Builder) -> None:
    with failed.store.reader() as reader:
        written = note(reader)
    [one] = written.items
    linked = replace(
        written, items=(replace(one, who="It is broken", issue_url="https://gitlab.example/p/1/-/issues/7"),)
    )
    assert "<https://gitlab.example/p/1/-/issues/7|It is broken>" in PAYLOADS["slack"](linked)["text"]
    for name in ("mattermost", "teams"):
        assert "[It is broken](https://gitlab.example/p/1/-/issues/7)" in json.dumps(PAYLOADS[name](linked))


def test_a_note_by_an_hour_that_a_clock_skips_or_shows_twice_tells_each_nightly(built: Builder) -> None:
    """Berlin, DASH_REPORT_BY 02:30: 03:00 in the night of spring is later, 02:15 for the second time is not."""
    built.zone("Europe/Berlin")
    schedule(built)
    settings = Settings(report_by="02:30", timezone="Europe/Berlin")
    spring, autumn = datetime(2025, 3, 30, 1), datetime(2025, 10, 26, 1, 15)
    expect(built, spring, autumn)
    built.night(spring, failed=["lint"])
    with built.store.reader() as reader:
        assert is_due(reader, settings, date(2025, 3, 31), spring + DAY)
        assert not is_due(reader, settings, date(2025, 3, 30), spring + HOUR)
        assert not is_due(reader, settings, date(2025, 10, 26), autumn - timedelta(minutes=20))
        assert is_due(reader, settings, date(2025, 10, 26), autumn + timedelta(minutes=15))
