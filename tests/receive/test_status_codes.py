"""Every answer of the contract, one by one, over real HTTP."""

from __future__ import annotations

import base64
import errno
import gzip
import hmac
import json
import socket
import time
import urllib.parse
from typing import Any

import pytest

from dashlib import runtime
from dashlib.receive import body as bodies
from dashlib.store import StoreError
from tests.receive.conftest import PATHS, SECRETS, Dashboard, as_json, proof
from tests.receive.payloads import headers, names, payload, raw

SOURCES = list(PATHS)
GOOD = {
    "gitlab": "push", "github": "push", "alertmanager": "firing", "cloudevents": "structured", "kubernetes": "core_v1",
}  # fmt: skip


def send(dashboard: Dashboard, source: str, body: bytes | None = None, **more: Any) -> Any:
    name = GOOD[source]
    return dashboard.post(source, raw(source, name) if body is None else body, **{**headers(source, name), **more})


def nothing_stored(dashboard: Dashboard) -> None:
    assert dashboard.settled() == []


@pytest.mark.parametrize("source", SOURCES)
def test_200_is_on_disk(dashboard: Dashboard, source: str) -> None:
    assert send(dashboard, source).status_code == 200
    [delivery] = dashboard.settled(1)
    assert (delivery["source"], delivery["status"], delivery["error"]) == (source, "shaped", None)
    assert delivery["rows"] > 0


@pytest.mark.parametrize("source", SOURCES)
def test_200_with_a_slash_at_the_end(dashboard: Dashboard, source: str) -> None:
    """A redirect counts as delivered with GitLab, which does not follow it."""
    import requests

    body = raw(source, GOOD[source])
    told = {
        name.replace("_", "-"): value for name, value in (headers(source, GOOD[source]) | proof(source, body)).items()
    }
    told = {"Content-Type": "application/json"} | told
    answer = requests.post(
        f"{dashboard.url}{PATHS[source]}/", data=body, headers=told, timeout=60, allow_redirects=False
    )
    assert answer.status_code == 200, answer.text
    assert len(dashboard.settled(1)) == 1


def test_a_push_is_answered_with_who_pushed_where(dashboard: Dashboard) -> None:
    """Seed 000; an answer to anything else is empty."""
    answer = dashboard.send("gitlab", "push")
    assert as_json(answer) == {"71": {"user_name": "Ilka Varnsdot", "repository_name": "tide-store"}}
    assert as_json(dashboard.send("gitlab", "push_before_gitlab_8")) == {
        "4": {"user_name": "Henk Brastow", "repository_name": "tide-store"}
    }
    assert as_json(dashboard.send("gitlab", "pipeline")) == {}


@pytest.mark.parametrize("source", SOURCES)
def test_401_without_the_secret_and_with_a_wrong_one(dashboard: Dashboard, source: str) -> None:
    body = raw(source, GOOD[source])
    told = {name: value[:-1] + "x" for name, value in proof(source, body).items()}
    for wrong in ({}, told, dict.fromkeys(told, ""), {name: "é☃".encode().decode("latin-1") for name in told}):
        answer = dashboard.post(source, body, secret=False, **{**headers(source, GOOD[source]), **wrong})
        assert answer.status_code == 401, wrong
        assert SECRETS["DASH_HOOK_TOKEN"] not in answer.text
    nothing_stored(dashboard)


@pytest.mark.parametrize("source", SOURCES)
def test_401_where_no_secret_is_set(dashboard: Dashboard, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A route whose secret is not set is closed, whatever is sent: the empty secret, too."""
    receiver = runtime.runtime().receiver
    none = dict.fromkeys(("gitlab_webhook_token", "gitlab_signing_token", "github_webhook_secret", "hook_token"))
    monkeypatch.setattr(receiver, "settings", type(receiver.settings)(**none))  # type: ignore[arg-type]
    body = raw(source, GOOD[source])
    empty = {"X_Gitlab_Token": "", "Authorization": "Bearer ", "X_Hub_Signature_256": signature(b"", body)}
    for told in (proof(source, body), {name.replace("_", "-"): value for name, value in empty.items()}):
        answer = dashboard.post(source, body, secret=False, **{**headers(source, GOOD[source]), **told})
        assert answer.status_code == 401
    nothing_stored(dashboard)


def signature(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, "sha256").hexdigest()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_405_for_every_other_method(dashboard: Dashboard, source: str, method: str) -> None:
    import requests

    answer = requests.request(method, dashboard.url + PATHS[source], timeout=60, headers=proof(source, b""))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


BAD_JSON = [
    b"",
    b"{",
    b"push",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b"\xff\xfe",
    b'{"a":"\xff"}',
    b"{}{}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: repr(body[:12]))
def test_400_for_what_is_no_json(dashboard: Dashboard, source: str, body: bytes) -> None:
    assert send(dashboard, source, body).status_code == 400
    nothing_stored(dashboard)


def test_400_for_json_that_nests_too_deep(dashboard: Dashboard) -> None:
    inner = bodies.DEEPEST - 1
    for depth, code in ((inner, 200), (inner + 1, 400), (5000, 400), (1_000_000, 400)):
        body = b'{"object_kind":"emoji","x":' + b"[" * depth + b"]" * depth + b"}"
        assert dashboard.post("gitlab", body).status_code == code, depth
    strings = json.dumps({"object_kind": "emoji", "x": "[" * 5000 + '"{'}).encode()
    assert dashboard.post("gitlab", strings).status_code == 200, "brackets inside strings are text"


@pytest.mark.parametrize("source", SOURCES)
def test_413_without_reading_it_all(dashboard: Dashboard, source: str) -> None:
    """Whether the length is announced or not: the answer comes while most of the body is still to be sent."""
    told = "\r\n".join(f"{name}: {value}" for name, value in proof(source, b"").items())
    kind = headers(source, GOOD[source]).get("Content_Type", "application/json")
    more = f"X-GitHub-Event: push\r\n{told}\r\nContent-Type: {kind}\r\nHost: x"
    for length in (f"Content-Length: {bodies.LARGEST + 1}", f"Content-Length: {10**15}", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
            line.sendall(f"POST {PATHS[source]} HTTP/1.1\r\n{more}\r\n{length}\r\n\r\n".encode())
            piece = b"x" * 1_000_000
            if "chunked" in length:
                try:
                    for _ in range(bodies.LARGEST // len(piece) + 2):
                        line.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
                except OSError as error:
                    assert error.errno in (errno.EPIPE, errno.ECONNRESET)
            assert line.recv(12) == b"HTTP/1.1 413"
    nothing_stored(dashboard)


def test_the_largest_body_is_taken(dashboard: Dashboard) -> None:
    body = payload("gitlab", "push")
    body["project"]["description"] = "x" * (
        bodies.LARGEST - len(json.dumps(body)) + len(body["project"]["description"])
    )
    raw_body = json.dumps(body).encode()
    assert len(raw_body) == bodies.LARGEST
    assert dashboard.post("gitlab", raw_body).status_code == 200
    [delivery] = dashboard.settled(1)
    assert (delivery["status"], delivery["bytes"]) == ("shaped", bodies.LARGEST)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_415_for_another_content_type(dashboard: Dashboard, source: str, kind: str) -> None:
    answer = send(dashboard, source, Content_Type=kind)
    assert answer.status_code == 415
    assert "accept-encoding" not in answer.headers
    nothing_stored(dashboard)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("encoding", ["gzip", "Deflate", "br", "identity, gzip", "x" * 200])
def test_415_for_an_encoded_body_names_the_encoding(dashboard: Dashboard, source: str, encoding: str) -> None:
    """A compressed body is not called broken JSON; ``Accept-Encoding`` says what is taken (RFC 9110, 15.5.16)."""
    answer = send(dashboard, source, gzip.compress(raw(source, GOOD[source])), Content_Encoding=encoding)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert as_json(answer) == {
        "error": f"the body is encoded with {encoding[:40]}: send it as it is, without Content-Encoding"
    }
    nothing_stored(dashboard)


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_a_body_that_is_said_to_be_as_it_is(dashboard: Dashboard, encoding: str) -> None:
    assert send(dashboard, "gitlab", Content_Encoding=encoding).status_code == 200


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.gitlab+json"])
def test_content_types_that_are_json(dashboard: Dashboard, kind: str) -> None:
    assert send(dashboard, "gitlab", Content_Type=kind).status_code == 200


def test_github_sends_forms_too(dashboard: Dashboard) -> None:
    body = urllib.parse.urlencode({"payload": raw("github", "push").decode()}).encode()
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_GitHub_Event": "push"}
    assert dashboard.post("github", body, secret=True, **form).status_code == 200
    assert dashboard.post("github", b"load=%7B%7D", secret=True, **form).status_code == 400
    [delivery] = dashboard.settled(1)
    assert (delivery["kind"], delivery["status"]) == ("push", "shaped")


NO_KIND = [
    ("gitlab", b"{}"), ("gitlab", b"[]"), ("gitlab", b"null"), ("gitlab", b"7"), ("gitlab", b'"push"'),
    ("gitlab", b'{"object_kind": ""}'), ("gitlab", b'{"object_kind": 5}'), ("gitlab", b'{"event": "push"}'),
    ("alertmanager", b'{"status": "firing"}'), ("alertmanager", b'{"alerts": {}}'), ("alertmanager", b"[]"),
    ("kubernetes", b"{}"), ("kubernetes", b'{"details": {}}'), ("kubernetes", b"[]"),
    ("cloudevents", b"{}"), ("cloudevents", b'{"type": 7}'), ("cloudevents", b"[]"), ("cloudevents", b"3"),
    ("github", b"[]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "body"), NO_KIND, ids=lambda value: value if isinstance(value, str) else repr(value)
)
def test_422_for_no_object_and_no_kind(dashboard: Dashboard, source: str, body: bytes) -> None:
    assert send(dashboard, source, body).status_code == 422
    nothing_stored(dashboard)


def test_422_for_github_without_its_header(dashboard: Dashboard) -> None:
    assert dashboard.send("github", "push").status_code == 422


def test_a_structured_event_may_come_as_any_json(dashboard: Dashboard) -> None:
    """Whose sender does not say that it is a CloudEvent; what else comes so is told what it lacks."""
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "time": "2026-03-11T09:00:00Z"}
    lacks = {
        b"{}": "no CloudEvent without specversion, type, source, id",
        json.dumps(event | {"id": ""}).encode(): "no CloudEvent without id",
        json.dumps([event]).encode(): "application/cloudevents-batch+json",
        b"[]": "not one CloudEvent",
        b"7": "not one CloudEvent",
    }
    for body, word in lacks.items():
        answer = dashboard.post("cloudevents", body, Content_Type="application/json")
        assert answer.status_code == 422 and word in answer.json()["error"], answer.text
    assert dashboard.post("cloudevents", b"{", Content_Type="application/json").status_code == 400
    nothing_stored(dashboard)
    answer = dashboard.post("cloudevents", json.dumps(event).encode(), Content_Type="application/json; charset=utf-8")
    assert answer.status_code == 200, answer.text
    [stored] = dashboard.settled(1)
    assert (stored["kind"], stored["status"], stored["rows"]) == ("t", "shaped", 1)
    assert dashboard.rows("select id, kind from signals") == [{"id": "/x 1", "kind": "t"}]


def test_422_for_a_batch_of_other_things(dashboard: Dashboard) -> None:
    batch = "application/cloudevents-batch+json"
    for body in (b"{}", b"[7]", b'[{"type": " "}, {}]'):
        assert dashboard.post("cloudevents", body, Content_Type=batch).status_code == 422
    assert dashboard.post("cloudevents", b"[]", Content_Type=batch).status_code == 200, "a batch may be empty"


def test_the_good_events_of_a_batch_are_taken(dashboard: Dashboard) -> None:
    """What cannot be read among them is told of the delivery; 422 is for a batch in which nothing names its kind."""
    good = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "time": "2026-03-11T09:00:00Z"}
    body = json.dumps([5, good, {"a": 1}, None, {"type": "u"}]).encode()
    answer = dashboard.post("cloudevents", body, Content_Type="application/cloudevents-batch+json")
    assert answer.status_code == 200
    [stored] = dashboard.settled(1)
    assert (stored["kind"], stored["status"], stored["rows"]) == ("batch", "failed", 1)
    assert stored["error"] == "4 of 5 left out: the event has no id"
    assert dashboard.rows("select id, kind from signals") == [{"id": "/x 1", "kind": "t"}]


def test_200_for_a_push_by_half_a_character(dashboard: Dashboard) -> None:
    body = payload("gitlab", "push") | {"user_name": "\ud800"}
    assert dashboard.post("gitlab", json.dumps(body).encode()).status_code == 200
    [stored] = dashboard.settled(1)
    assert stored["kind"] == "push"


def test_503_when_the_disk_takes_nothing(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = runtime.runtime().store.inbox._journal

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", full)
        answer = dashboard.send("gitlab", "push")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    nothing_stored(dashboard)
    assert dashboard.send("gitlab", "push").status_code == 200, "sent again it is no duplicate"
    assert len(dashboard.settled(1)) == 1


def test_503_when_the_database_is_not_open(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed() -> None:
        raise StoreError("it is not there")

    monkeypatch.setattr("dashlib.routes.runtime", closed)
    assert dashboard.send("gitlab", "push").status_code == 503


def test_408_for_a_sender_that_drips(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS", 0.3)
    token = SECRETS["DASH_GITLAB_WEBHOOK_TOKEN"]
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
        line.sendall(
            f"POST /gitlab/events HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: {token}\r\n"
            'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"object'.encode()
        )
        assert line.recv(12) == b"HTTP/1.1 408"
    nothing_stored(dashboard)


def test_nobody_without_the_secret_is_read_from(dashboard: Dashboard) -> None:
    """The answer comes before a single byte of the body."""
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
        line.sendall(
            b"POST /gitlab/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        )
        assert line.recv(12) == b"HTTP/1.1 401"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("size", [1_000_000, 20_000_000])
def test_401_reaches_a_sender_that_writes_all_before_it_reads(dashboard: Dashboard, source: str, size: int) -> None:
    """A connection closed while its peer writes is reset, and the answer is lost with it."""
    answer = dashboard.post(source, b"x" * size, secret=False, X_Gitlab_Token="wrong", Authorization="Bearer wrong")
    assert (answer.status_code, answer.headers["connection"]) == (401, "close")
    nothing_stored(dashboard)


def test_413_reaches_a_sender_that_writes_a_little_too_much(dashboard: Dashboard) -> None:
    assert dashboard.post("gitlab", b"x" * (bodies.LARGEST + 1_000_000)).status_code == 413
    nothing_stored(dashboard)


def test_who_is_refused_and_writes_no_end_is_cut_off(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds, or so many bytes."""
    head = b"POST /gitlab/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n"
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
        line.sendall(head + b"\r\n" + b"x")
        assert read_to_the_end(line).startswith(b"HTTP/1.1 401")
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 30.0)
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
        line.sendall(head + b"\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(300):
                line.sendall(b"x" * 1_000_000)
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=30) as line:
        line.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert read_to_the_end(line).startswith(b"HTTP/1.1 401"), "who asks before writing is not waited for"


def read_to_the_end(line: socket.socket) -> bytes:
    """Whatever comes until the server closes the connection."""
    return b"".join(iter(lambda: line.recv(65536), b""))


SIGNING = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="


def signed_hook(body: bytes, at: float, key: str = "f5e5f430", token: str = SIGNING) -> dict[str, str]:
    secret = base64.b64decode(token.removeprefix("whsec_"))
    digest = hmac.digest(secret, f"{key}.{int(at)}.".encode() + body, "sha256")
    return {
        "webhook_id": key,
        "webhook_timestamp": str(int(at)),
        "webhook_signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def test_the_signing_token(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a signature is sent it must fit, whatever the token says; without one the token decides."""
    receiver, now = runtime.runtime().receiver, time.time()
    from dataclasses import replace

    monkeypatch.setattr(receiver, "settings", replace(receiver.settings, gitlab_signing_token=SIGNING))
    body = raw("gitlab", "push")
    good = signed_hook(body, now)
    other = signed_hook(body, now, token="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    both = good | {"webhook_signature": f"{other['webhook_signature']} {good['webhook_signature']}"}
    for told, code in (
        (good, 200), (both, 200), (other, 401), (signed_hook(body, now - 301), 401),
        (signed_hook(body, now + 330), 401),
        (signed_hook(body + b" ", now), 401), (good | {"webhook_id": "other"}, 401),
        (good | {"webhook_timestamp": "soon"}, 401), (good | {"webhook_timestamp": "9" * 400}, 401),
        (good | {"webhook_signature": ""}, 401), (good | {"webhook_signature": "v1,é"}, 401),
    ):  # fmt: skip
        assert dashboard.post("gitlab", body, secret=False, **told).status_code == code, told
    assert dashboard.post("gitlab", body, secret=True, **other).status_code == 401, (
        "a wrong signature beside the right token"
    )
    assert dashboard.post("gitlab", body).status_code == 200, "no signature: the token"
    assert len(dashboard.settled()) == 2


def test_every_payload_is_answered_200(dashboard: Dashboard) -> None:
    """Whatever can be sent is taken, and nothing that we know the shape of fails."""
    sent = [(source, name) for source in SOURCES for name in names(source)]
    for source, name in sent:
        assert dashboard.send(source, name, **headers(source, name)).status_code == 200, name
    found = dashboard.settled(len(sent))
    assert [(one["kind"], one["error"]) for one in found if one["status"] == "failed"] == []
    assert len(found) == len(sent)
    kept = {(one["source"], one["kind"]) for one in found if one["status"] == "kept"}
    assert kept == {("gitlab", kind) for kind in KEPT} | {("github", "issues"), ("cloudevents", "batch")}


KEPT = {
    "work_item", "group_rename", "subgroup_create", "key_create", "repository_update",
    "deployment", "release", "wiki_page", "feature_flag", "emoji", "milestone", "access_token", "vulnerability",
}  # fmt: skip
