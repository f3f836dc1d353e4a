"""What would break without anybody seeing it: the disk before the answer, and comparisons that take no hints."""

from __future__ import annotations

import base64
import hmac
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashlib import control, runtime
from dashlib.receive import verify
from dashlib.sources.gitlab import hooks
from dashlib.sources.gitlab.hook_parts import add_users
from dashlib.sources.hook import Hook, Rows, Shaped
from dashlib.store import journal
from tests.receive.conftest import Dashboard
from tests.receive.payloads import raw

NOW = 1_700_000_000.0
SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def test_200_waits_for_the_disk(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole delivery is in the file when the disk is asked to keep it, and nobody is answered before it has."""
    asked, kept, found = threading.Event(), threading.Event(), list[bytes]()
    real = os.fdatasync

    def slow(file: int) -> None:
        found.append(Path(f"/proc/self/fd/{file}").readlink().read_bytes())
        asked.set()
        assert kept.wait(30)
        real(file)

    monkeypatch.setattr(os, "fdatasync", slow)
    codes = list[int]()
    sender = threading.Thread(target=lambda: codes.append(dashboard.send("gitlab", "push").status_code))
    sender.start()
    try:
        assert asked.wait(30), "the disk was never asked"
        sender.join(0.2)
        assert codes == [], "answered before the disk"
    finally:
        kept.set()
        sender.join()
    assert codes == [200]
    assert b"feature/spring-tide" in found[-1] and found[-1].rstrip(b"\0").endswith(b"\n")


def test_a_new_file_is_in_its_folder_before_anything_in_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that its folder forgets is lost whole, however well its content was kept."""
    told, real = list[str](), os.fsync

    def noted(name: str, file: int) -> None:
        told.append(f"{name} {Path(f'/proc/self/fd/{file}').readlink().name}")
        real(file)

    monkeypatch.setattr(os, "fsync", lambda file: noted("fsync", file))
    monkeypatch.setattr(os, "fdatasync", lambda file: noted("fdatasync", file))
    monkeypatch.setattr(journal, "LARGEST", 1)
    kept = journal.Journal(tmp_path / "x.duckdb")
    kept.append([b"{}"])
    kept.append([b"{}"])
    kept.close()
    folder = f"fsync {tmp_path.name}"
    assert told == [folder, "fdatasync x.duckdb.inbox.1", folder, "fdatasync x.duckdb.inbox.2"]


def test_the_journal_keeps_what_the_database_has_not(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of it goes after the commit that holds its deliveries, not before."""
    inbox, missing, real = runtime.runtime().store.inbox, list[int](), journal.Journal.remove

    def noted(self: journal.Journal, below: int) -> None:
        there = {row["id"] for row in dashboard.rows("select id from deliveries")}
        files = [path for number, path in self._files() if number < below]
        held = [
            json.loads(line)["id"] for path in files for line in journal.whole(iter(path.read_bytes().splitlines()))
        ]
        missing.extend(ident for ident in held if ident not in there)
        real(self, below)

    monkeypatch.setattr(journal.Journal, "remove", noted)
    monkeypatch.setattr(journal, "LARGEST", 1)
    broken = iter([True])
    insert = inbox._mover._insert

    def once(*told: Any) -> None:
        if next(broken, False):
            raise duckdb.IOException("no space left on device")
        insert(*told)

    monkeypatch.setattr(inbox._mover, "_insert", once)
    monkeypatch.setattr("dashlib.store.mover._RETRY_SECONDS", 0.05)
    for name in ("push", "pipeline", "job"):
        assert dashboard.send("gitlab", name).status_code == 200
    told = {one["id"] for one in dashboard.settled(3)}
    assert len(told) == 3
    assert told.isdisjoint(missing)


def signature(body: bytes) -> dict[str, str]:
    key = verify.signing_key(SIGNING)
    made = base64.b64encode(hmac.digest(key, b"x." + str(int(NOW)).encode() + b"." + body, "sha256")).decode()
    return {"webhook-id": "x", "webhook-timestamp": str(int(NOW)), "webhook-signature": f"v1,{made}"}


GUARDED: dict[str, Callable[[str], bool]] = {
    "X-Gitlab-Token": lambda said: verify.gitlab({"x-gitlab-token": said}, b"", "secret", None, NOW),
    "bearer": lambda said: verify.bearer(f"Bearer {said}", "secret"),
    "X-Hub-Signature-256": lambda said: verify.github(
        "sha256=" + hmac.new(said.encode(), b"body", "sha256").hexdigest(), b"body", "secret"
    ),
    "webhook-signature": lambda said: verify.gitlab(
        signature(b"body" if said == "secret" else b"other"), b"body", None, SIGNING, NOW
    ),
    "of the running app": lambda said: control.accepts(control.App("http://x", "secret", 1), f"Bearer {said}"),
}


@pytest.mark.parametrize("name", GUARDED)
def test_secrets_are_compared_in_constant_time_and_by_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ``compare_digest`` says decides: no shorter way looks at the secret before it, or after."""
    accepts = GUARDED[name]
    assert (accepts("secret"), accepts("wrong"), accepts("secre")) == (True, False, False)
    for verdict in (True, False):
        with monkeypatch.context() as patch:
            patch.setattr(hmac, "compare_digest", lambda *_, said=verdict: said)
            assert (accepts("secret"), accepts("wrong"), accepts("secre")) == (verdict,) * 3


def test_every_signature_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are sent while the secret is being changed."""
    told, body = signature(b"body"), b"body"
    compared = list[Any]()
    real = hmac.compare_digest

    def counted(*given: Any) -> bool:
        compared.append(given)
        return real(*given)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    headers = told | {"webhook-signature": f"{told['webhook-signature']} v1,b3RoZXI="}
    assert verify.standard_webhook(headers, body, SIGNING, NOW)
    assert len(compared) == 2


def tomorrow(hook: Hook) -> Shaped:
    rows = Rows()
    add_users(rows, [hook.payload["user"]])
    return Shaped(rows.changes())


def test_what_was_kept_is_made_rows_of_by_tomorrow_s_code(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that nothing is made of today: stored whole, told as kept, and taken by ``replay`` when there is a way."""
    assert dashboard.send("gitlab", "deployment").status_code == 200
    [kept] = dashboard.settled(1)
    assert (kept["status"], kept["error"], kept["rows"], kept["kind"]) == ("kept", None, 0, "deployment")
    assert dashboard.rows("select body from deliveries") == [{"body": raw("gitlab", "deployment").decode()}]
    app = control.running(runtime.runtime().settings.database)
    assert app is not None
    *_, last = app.call("replay", {"source": None, "since": None})
    assert last == {"replayed": {"kept": 1}}
    monkeypatch.setitem(hooks._SHAPES, "deployment", tomorrow)
    *_, last = app.call("replay", {"source": None, "since": None})
    assert last == {"replayed": {"shaped": 1}}
    [now] = dashboard.settled(1)
    assert (now["status"], now["rows"], now["shaped_at"]) == ("shaped", 1, kept["shaped_at"])
    assert now["replayed_at"] > kept["shaped_at"]
    assert len(dashboard.rows("from users")) == 1
