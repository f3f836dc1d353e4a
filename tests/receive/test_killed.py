"""``kill -9`` in a burst: what was answered 200 is in the database after the next start, once, and so are its rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
import requests

from dashlib.receive.shaping import Shaper, stored
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.store.journal import Journal
from tests.receive.conftest import free_port
from tests.receive.journals import lines, record
from tests.receive.payloads import payload

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
from dashlib.routes import MIDDLEWARE, ROUTES
from dashlib.runtime import lifespan
port = int(sys.argv[1])
app = Starlette(routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan(f"http://127.0.0.1:{port}"))
uvicorn.run(app, port=port, log_level="warning")
"""


class Child:
    """A receiver in a process that can be killed."""

    def __init__(self, database: Path) -> None:
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
        told = {"DASH_DATABASE": str(database), "DASH_GITLAB_WEBHOOK_TOKEN": "s", "DASH_SYNC_MINUTES": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.port)], cwd=ROOT, env=kept | told, stderr=subprocess.DEVNULL
        )
        while True:
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                assert self.process.poll() is None
                time.sleep(0.05)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def burst(child: Child, first: int, answered: set[str], enough: threading.Event, wanted: int) -> None:
    """Pushes until the server is gone; the ones that were answered 200."""
    template = payload("gitlab", "push")
    with requests.Session() as session:
        session.trust_env = False
        for number in range(first, first + 100_000):
            sha = f"{number:040x}"
            body = json.dumps(template | {"after": sha, "commits": []}).encode()
            told = {"X-Gitlab-Token": "s", "Content-Type": "application/json"}
            try:
                url = f"http://127.0.0.1:{child.port}/gitlab/events"
                if session.post(url, data=body, headers=told, timeout=60).status_code == 200:
                    answered.add(sha)
            except requests.RequestException:
                return
            if len(answered) >= wanted:
                enough.set()


def waiting(url: str) -> bool:
    """Whether deliveries wait for their rows still, in the journal or in the database."""
    lines = requests.get(f"{url}/metrics", timeout=60).text.splitlines()
    return any(line.startswith("dashboard_deliveries_waiting{") and not line.endswith(" 0.0") for line in lines)


@pytest.mark.parametrize("wanted", [1, 40, 150])
def test_what_was_answered_is_there_once(tmp_path: Path, wanted: int) -> None:
    database = tmp_path / "x.duckdb"
    child, answered, enough = Child(database), set[str](), threading.Event()
    senders = [
        threading.Thread(target=burst, args=(child, 1 + n * 1_000_000, answered, enough, wanted)) for n in range(8)
    ]
    for sender in senders:
        sender.start()
    assert enough.wait(60)
    child.kill()
    for sender in senders:
        sender.join()
    again = Child(database)
    try:
        while waiting(f"http://127.0.0.1:{again.port}"):
            time.sleep(0.05)
    finally:
        again.end()
    with duckdb.connect(str(database), read_only=True) as reader:
        found = [sha for (sha,) in reader.execute("select body ->> 'after' from deliveries").fetchall()]
        assert answered <= set(found), "what was answered 200 is there"
        assert len(found) == len(set(found)), "once"
        assert reader.execute("select distinct status from deliveries").fetchall() == [("shaped",)]
        rows = {sha for (sha,) in reader.execute("select commit_to from events").fetchall()}
        assert rows == set(found), "and so are its rows"
    assert not Journal(database).is_left()


def test_a_journal_that_was_left_is_moved_when_the_database_opens(tmp_path: Path) -> None:
    """Twice the same where the process was killed after the commit and before the file was removed; a torn last line
    was acknowledged to nobody."""
    path = tmp_path / "x.duckdb"
    open_store(path).close()
    for _ in range(2):
        journal = Journal(path)
        journal.append(lines(record(1), record(2)))
        journal.append(lines(record(3)))
        journal.close()
        with path.with_name(f"{path.name}.inbox.{journal.number}").open("r+b") as file:
            file.seek(len(file.read().rstrip(b"\0")))
            file.write(lines(record(4))[0][:50])
        with open_store(path) as store:
            found = stored(store, waiting=True)
            assert [one.id for one in found] == [1, 2, 3]
    with open_store(path) as store:
        Shaper(Settings(), store).write(stored(store, waiting=True))
        assert stored(store, waiting=True) == []
        assert store.reader().execute("select count(*) from events").fetchall() == [(1,)]


def test_commands_see_what_a_killed_app_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    open_store(path).close()
    journal = Journal(path)
    journal.append(lines(record(1)))
    journal.close()
    done = subprocess.run(
        [sys.executable, "-m", "dashlib", "sql", "select count(*) as n from deliveries", "--format", "json"],
        cwd=tmp_path, env=os.environ | {"DASH_DATABASE": str(path), "PYTHONPATH": str(ROOT)}, capture_output=True,
        check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [{"n": 1}]
    told = subprocess.run(
        [sys.executable, "-m", "dashlib", "replay", "--source", "gitlab"],
        cwd=tmp_path, env=os.environ | {"DASH_DATABASE": str(path), "PYTHONPATH": str(ROOT)}, capture_output=True,
        check=True, text=True,
    )  # fmt: skip
    assert told.stdout == "1 delivery: 1 shaped\n"
