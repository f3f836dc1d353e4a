"""What is stored of a delivery that was answered 200: once, in order, as it came, without secrets, for so many days."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from dashlib import runtime
from dashlib.model import Delete, Put
from dashlib.receive import shaping
from dashlib.receive.tables import DELIVERIES
from tests.receive.conftest import Dashboard
from tests.receive.payloads import payload, raw


def body(name: str, **changes: Any) -> bytes:
    return json.dumps(payload("gitlab", name) | changes).encode()


def test_rows_come_of_themselves(dashboard: Dashboard) -> None:
    """Nobody asks for them; how soon they come, ``benchmarks.receive`` measures."""
    assert dashboard.send("gitlab", "pipeline").status_code == 200
    deadline = time.monotonic() + 60
    while not dashboard.rows(
        "select 1 from nightly_failures where pipeline_id = 9001 and job_name = 'test: [17, linux]'"
    ):
        assert time.monotonic() < deadline, "they never came"
        time.sleep(0.02)
    assert runtime.runtime().store.data_version > 0


def test_a_resent_delivery_is_one(dashboard: Dashboard) -> None:
    """The same Idempotency-Key and body; another key (group hook beside project hook) is another delivery."""
    for key in ("one", "one", "two", "one"):
        assert dashboard.send("gitlab", "push", Idempotency_Key=key).status_code == 200
    assert dashboard.send("gitlab", "push").status_code == dashboard.send("gitlab", "push").status_code == 200
    assert len(dashboard.settled(3)) == 3
    assert len(dashboard.rows("select * from events")) == 1


ZERO = "0" * 40
THERE_AND_BACK = [("a" * 40, "b" * 40), ("b" * 40, "a" * 40)] * 2


@pytest.mark.parametrize("steps", [THERE_AND_BACK, [(ZERO, "a" * 40), ("a" * 40, ZERO)] * 2])
@pytest.mark.parametrize("keys", [False, True])
def test_a_branch_forced_back_and_forth_was_pushed_four_times(
    dashboard: Dashboard, steps: list[tuple[str, str]], keys: bool
) -> None:
    """The first and the third body are the same, byte for byte; GitLab before 17.4 gives no key to tell them apart.

    Each comes twice: of a repository's webhook and a group's where there are keys, else as one delivery sent again.
    """
    for place, (before, after) in enumerate(steps):
        for hook in "gp":
            key = f"{hook}{place}" if keys else ""
            answer = dashboard.post("gitlab", body("push", before=before, after=after, commits=[]), Idempotency_Key=key)
            assert answer.status_code == 200
    assert len(dashboard.settled(8 if keys else 4)) == (8 if keys else 4)
    pushed = dashboard.rows("select commit_from, commit_to from events order by created_at")
    assert [(one["commit_from"] or ZERO, one["commit_to"] or ZERO) for one in pushed] == steps
    list(shaping.replay(runtime.runtime().settings, runtime.runtime().store))
    assert len(dashboard.rows("from events")) == 4, "replayed they are the same four"


def test_a_branch_of_github_forced_back_and_forth(dashboard: Dashboard) -> None:
    said = payload("github", "push")
    for place, (before, after) in enumerate(THERE_AND_BACK):
        for _ in range(2):
            again = json.dumps(said | {"before": before, "after": after, "commits": []}).encode()
            dashboard.post("github", again, X_GitHub_Event="push", X_GitHub_Delivery=f"guid-{place}")
    assert len(dashboard.settled(4)) == 4
    assert len(dashboard.rows("from events")) == 4


def test_one_key_with_two_bodies_loses_neither(dashboard: Dashboard) -> None:
    for name in ("push", "job"):
        dashboard.send("gitlab", name, Idempotency_Key="one")
    assert [one["kind"] for one in dashboard.settled(2)] == ["push", "build"]


def test_a_burst_is_stored_once_each_in_order_of_arrival(dashboard: Dashboard) -> None:
    def post(number: int) -> int:
        return dashboard.post("gitlab", body("push", after=f"{number:040x}")).status_code

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(post, [*range(1, 151), *range(1, 51)]))
    assert set(codes) == {200}
    found = dashboard.settled(150)
    assert len(found) == 150
    assert [one["id"] for one in found] == list(range(found[0]["id"], found[0]["id"] + 150))
    assert len(dashboard.rows("select distinct commit_to from events")) == 150


def test_what_was_stored_stands_as_it_came(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push", X_Gitlab_Event="Push Hook", X_Gitlab_Instance="https://g.example", Cookie="a=b")
    [delivery] = dashboard.rows("select * from deliveries") if dashboard.settled(1) else []
    assert delivery["body"].encode() == raw("gitlab", "push")
    headers = json.loads(delivery["headers"])
    assert headers["x-gitlab-event"] == "Push Hook"
    assert not {"x-gitlab-token", "authorization", "cookie"} & set(headers)


def test_secrets_are_cut_out_before_anything_is_stored(dashboard: Dashboard) -> None:
    token, password = "glpat-" + "A1b2C3d4E5f6G7h8I9j0", "hunter2hunter2"
    pipeline = payload("gitlab", "pipeline")
    pipeline["object_attributes"]["variables"] += [{"key": "LEAK", "value": password}, password]
    pipeline["builds"][0]["variables"] = {"DB": password}
    pipeline["commit"]["message"] = f"see https://bot:{password}@host/x and {token}\nDB_PASSWORD={password}"
    assert dashboard.post("gitlab", json.dumps(pipeline).encode(), User_Agent=f"x {token}").status_code == 200
    spelled = json.dumps(payload("gitlab", "emoji")).replace("thumbsup", "".join(f"\\u{ord(c):04x}" for c in token))
    assert dashboard.post("gitlab", spelled.encode()).status_code == 200
    dashboard.settled(2)
    kept = dashboard.rows("select body, headers from deliveries order by id")
    for secret in (token, password, "not-for-anybody-else"):
        assert secret not in str(kept)
        for path in runtime.runtime().store.path.parent.iterdir():
            assert secret.encode() not in path.read_bytes(), path.name
    assert "TIDE_DEPLOY_KEY" in kept[0]["body"], "the names of variables stay"
    [commit] = dashboard.rows("select message from commits")
    assert "[MASKED]" in commit["message"]
    assert dashboard.rows("select status from deliveries") == [{"status": "shaped"}, {"status": "kept"}]


def test_old_deliveries_go(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push")
    [delivery] = dashboard.settled(1)
    store, now = runtime.runtime().store, datetime.now(UTC).replace(tzinfo=None)
    days = {"shaped": 31, "received": 31, "failed": 29}
    aged = [
        dict.fromkeys(DELIVERIES.columns)
        | {"id": delivery["id"] - n, "source": "gitlab", "kind": "emoji", "headers": "{}", "body": '{"a": 1}'}
        | {"status": status, "received_at": now - timedelta(days=age), "dedup_key": str(n), "bytes": 8}
        for n, (status, age) in enumerate(days.items(), 1)
    ]
    store.write(Put(DELIVERIES, aged))
    runtime.runtime().receiver._prune()
    left = dashboard.rows("select status from deliveries order by id desc")
    assert [one["status"] for one in left] == ["shaped", "received", "failed"], "what waits is never dropped"
    store.write(Delete(DELIVERIES, aged))


def test_a_snapshot_in_the_middle_of_a_burst(dashboard: Dashboard) -> None:
    """The copy is whole, and nobody is refused meanwhile."""
    stop, bad = threading.Event(), list[int]()

    def burst() -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            code = dashboard.post("gitlab", body("push", after=f"{number:040x}")).status_code
            if code != 200:
                bad.append(code)

    sender = threading.Thread(target=burst)
    sender.start()
    try:
        for _ in range(5):
            path = runtime.runtime().store.snapshot(0)
            with duckdb.connect(str(path), read_only=True) as copy:
                assert copy.execute("select count(distinct id) = count(*) from deliveries").fetchall() == [(True,)]
    finally:
        stop.set()
        sender.join()
    assert bad == []
