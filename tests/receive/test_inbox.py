"""What becomes of a delivery after its 200: once, in order, without secrets, kept, replayed, pruned, counted."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
import requests

from dashlib import control, runtime
from dashlib.commands import doctor_app
from dashlib.model import Delete, Put, Replace, Upsert
from dashlib.receive import shaping
from dashlib.receive.refusals import Refusals
from dashlib.receive.tables import DELIVERIES
from dashlib.settings import Settings
from dashlib.sources.gitlab import hooks, hooks_work
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.hook_parts import project_columns
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.gitlab.projects import member_row, project_row, schedule_row
from dashlib.sources.tables import EVENTS, MEMBERS, PIPELINES, PROJECTS, SCHEDULES
from tests.receive.conftest import Dashboard
from tests.receive.payloads import payload, raw


def body(name: str, **changes: Any) -> bytes:
    return json.dumps(payload("gitlab", name) | changes).encode()


def test_rows_are_there_within_two_seconds(dashboard: Dashboard) -> None:
    assert dashboard.send("gitlab", "pipeline").status_code == 200
    answered = time.monotonic()
    while not dashboard.rows(
        "select 1 from nightly_failures where pipeline_id = 9001 and job_name = 'test: [17, linux]'"
    ):
        assert time.monotonic() - answered < 2.0
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


def test_a_delivery_that_cannot_be_shaped_stays_and_is_replayed(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered 200; its error is shown; tomorrow's code takes it."""

    def broken(_: Any) -> Any:
        raise KeyError("what a pipeline of 2031 looks like")

    with monkeypatch.context() as patch:
        patch.setitem(hooks._SHAPES, "pipeline", broken)
        assert dashboard.send("gitlab", "pipeline").status_code == 200
        assert dashboard.post("gitlab", body("job", build_id=None)).status_code == 200
        failed = dashboard.settled(2)
    assert [(one["status"], one["error"], one["rows"]) for one in failed] == [
        ("failed", "a defect of the dashboard: KeyError", 0), ("failed", "the job has no id", 0),
    ]  # fmt: skip
    assert dashboard.rows("from pipelines") == []
    app = control.running(runtime.runtime().settings.database)
    assert app is not None
    *_, last = app.call("replay", {"source": "gitlab", "since": None})
    assert last == {"replayed": {"shaped": 1, "unreadable": 1}}
    assert [one["status"] for one in dashboard.settled(2)] == ["shaped", "failed"]
    assert len(dashboard.rows("from pipelines")) == 1


def test_a_value_that_fits_no_column_fails_alone(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(hook: Any) -> Any:
        found = hooks_work.push(hook)
        broken = [
            Upsert(change.table, [{**row, "project_id": "many"} for row in change.rows])
            for change in found.changes
            if change.table is EVENTS
        ]
        return replace(found, changes=broken if hook.payload["total_commits_count"] == 40 else found.changes)

    monkeypatch.setitem(hooks._SHAPES, "push", odd)
    for name in ("push", "push_of_forty_commits", "push_of_a_new_branch"):
        dashboard.send("gitlab", name)
    assert [one["status"] for one in dashboard.settled(3)] == ["shaped", "failed", "shaped"]
    assert "could not be written" in dashboard.settled()[1]["error"]


def test_when_rows_were_first_made_outlives_a_replay(dashboard: Dashboard) -> None:
    """Each replay is told in a column of its own, and its outcome wins."""
    dashboard.send("gitlab", "push")
    [before] = dashboard.settled(1)
    assert before["replayed_at"] is None
    opened, times = runtime.runtime(), list[datetime]()
    for _ in range(2):
        list(shaping.replay(opened.settings, opened.store))
        [now] = dashboard.settled(1)
        assert (now["shaped_at"], now["status"]) == (before["shaped_at"], "shaped")
        times.append(now["replayed_at"])
    assert before["shaped_at"] < times[0] < times[1]
    narrow = replace(opened.settings, groups=("another/*",))
    list(shaping.replay(narrow, opened.store))
    assert dashboard.settled(1)[0]["status"] == "ignored", "the newest outcome holds"


def test_a_project_goes_and_nothing_of_it_is_lost(dashboard: Dashboard) -> None:
    """Marked, with its schedules, whatever came late; where GitLab lists it again it is there again."""
    nightly = schedule_row(74, {"id": 3, "description": "nightly", "cron": "0 2 * * *", "active": True})
    store = runtime.runtime().store
    dashboard.send("gitlab", "project_create")
    dashboard.settled(1)
    store.write(Replace(SCHEDULES, {"project_id": 74}, [nightly]), Put(MEMBERS, [member_row(74, {"id": 9})]))
    for name in ("project_destroy", "project_update", "project_destroy"):
        dashboard.send("gitlab", name, Idempotency_Key=f"{name} {time.monotonic()}")
    gone = dashboard.settled(4)[1]
    state = "select path_with_namespace, deleted_at, archived from projects where id = 74"
    [told] = dashboard.rows(state)
    assert told == {
        "path_with_namespace": told["path_with_namespace"], "deleted_at": gone["received_at"], "archived": False,
    }  # fmt: skip
    assert dashboard.rows("select id, description, deleted from schedules") == [
        {"id": 3, "description": "nightly", "deleted": True}
    ]
    assert dashboard.rows("select user_id from members") == [{"user_id": 9}]
    listed = {"id": 74, "path_with_namespace": "ostrelune/platform/tide-clock"}
    store.write(Put(PROJECTS, [project_row(listed)]))
    assert dashboard.rows(state)[0]["deleted_at"] is None


def test_a_group_s_new_path_is_that_of_its_projects(dashboard: Dashboard) -> None:
    """Of those of its subgroups too; what is newer than the renaming keeps the name that it has."""
    early, late = datetime(2026, 3, 11, 9), datetime(2026, 3, 11, 11)
    known = [
        (1, "ostrelune/forecast/waves", early), (2, "Ostrelune/Forecast/sea/tides", early),
        (3, "ostrelune/forecast/newer", late), (4, "ostrelune/forecasting/other", early),
    ]  # fmt: skip
    rows = [project_columns(ident, path, "Its name", None, at) for ident, path, at in known]
    runtime.runtime().store.write(Upsert(PROJECTS, rows))
    for _ in range(2):
        dashboard.send("gitlab", "group_rename", Idempotency_Key=str(time.monotonic()))
    dashboard.settled(2)
    found = dashboard.rows("select id, path_with_namespace as path, namespace, name from projects order by id")
    assert found == [
        {"id": 1, "path": "ostrelune/waves/waves", "namespace": "ostrelune/waves", "name": "Its name"},
        {"id": 2, "path": "ostrelune/waves/sea/tides", "namespace": "ostrelune/waves/sea", "name": "Its name"},
        {"id": 3, "path": "ostrelune/forecast/newer", "namespace": "ostrelune/forecast", "name": "Its name"},
        {"id": 4, "path": "ostrelune/forecasting/other", "namespace": "ostrelune/forecasting", "name": "Its name"},
    ]


def test_replay_by_source_and_day(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push")
    dashboard.send("alertmanager", "firing")
    dashboard.settled(2)
    opened = runtime.runtime()
    today = datetime.now(UTC).date()

    def counted(source: str | None, since: date | None) -> int:
        told = list(shaping.replay(opened.settings, opened.store, source, since))
        return sum(told[-1].values()) if told else 0

    assert counted(None, None) == 2
    assert counted("gitlab", today) == 1
    assert counted("kubernetes", None) == 0
    assert counted(None, today + timedelta(days=1)) == 0
    assert len(dashboard.rows("from events")) == 1, "again is the same"


def test_projects_that_are_not_chosen(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """DASH_PROJECTS speaks of GitLab's: a hook of another one is kept and makes no rows. An unknown one that is chosen
    comes into being."""
    shaper = runtime.runtime().receiver._shaper
    monkeypatch.setattr(shaper, "_settings", replace(shaper._settings, projects=("ostrelune/platform/*",)))
    other = payload("gitlab", "push")["project"] | {"id": 99, "path_with_namespace": "somewhere/else"}
    dashboard.post("gitlab", body("push", project=other))
    dashboard.send("gitlab", "push")
    dashboard.post("github", raw("github", "push"), X_GitHub_Event="push")
    assert [one["status"] for one in dashboard.settled(3)] == ["ignored", "shaped", "shaped"]
    paths = dashboard.rows("select path_with_namespace as path from projects order by 1")
    assert [one["path"] for one in paths] == ["ostrelune/platform/tide-store", "ostrelune/tide-tables"]


@pytest.mark.parametrize(
    ("patterns", "status"),
    [((), "shaped"), (("ostrelune",), "shaped"), (("Ostrelune/tide-*",), "shaped"), (("ostrelune/other",), "ignored")],
)
def test_repositories_of_github_that_are_not_chosen(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, patterns: tuple[str, ...], status: str
) -> None:
    """DASH_GITHUB_REPOSITORIES says what is read from GitHub, and what is made of its webhooks."""
    shaper = runtime.runtime().receiver._shaper
    monkeypatch.setattr(shaper, "_settings", replace(shaper._settings, github_repositories=patterns))
    for name in ("push", "workflow_run", "ping"):
        assert dashboard.post("github", raw("github", name), X_GitHub_Event=name).status_code == 200
    assert {one["status"] for one in dashboard.settled(3)} == {status}
    assert (len(dashboard.rows("from projects")), len(dashboard.rows("from pipelines"))) == (
        (1, 1) if status == "shaped" else (0, 0)
    )
    list(shaping.replay(replace(shaper._settings, github_repositories=()), runtime.runtime().store))
    assert len(dashboard.rows("from pipelines")) == 1, "chosen later it is replayed"


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


def test_metrics(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push")
    dashboard.send("gitlab", "push")
    dashboard.post("gitlab", b"{}")
    dashboard.post("gitlab", raw("gitlab", "push"), secret=False)
    dashboard.settled(1)
    text = requests.get(dashboard.url + "/metrics", timeout=60).text
    lines = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] not in "#"
    }
    assert lines['dashboard_deliveries_total{kind="push",result="accepted",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="push",result="duplicate",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="",result="422",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="",result="401",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_shaped_total{result="shaped",source="gitlab"}'] >= 1
    assert "dashboard_nightlies_failed" in lines


def test_refused_posts_and_open_routes_are_told_to_doctor(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the running process, whatever stands in the shell of who asks."""
    refusals = Refusals()
    monkeypatch.setattr(runtime.runtime().receiver.metrics, "refusals", refusals)
    dashboard.send("gitlab", "push")
    dashboard.post("gitlab", raw("gitlab", "push"), secret=False)
    dashboard.post("gitlab", b"{}")
    dashboard.post("kubernetes", b"{", secret=False)
    dashboard.send("kubernetes", "core_v1")
    told = doctor_app.running(Settings(database=runtime.runtime().settings.database))
    assert told is not None
    assert (told.address, told.has_token, len(told.is_open)) == (dashboard.url, False, 5)
    assert sorted((one.source, one.status, one.count, one.lasts) for one in told.refused) == [
        ("gitlab", 401, 1, True), ("gitlab", 422, 1, True), ("kubernetes", 401, 1, False),
    ]  # fmt: skip
    assert list(told.differs(Settings(gitlab_url="https://other.example"))) == [(
        True, "settings: the dashboard at " + dashboard.url + " was started with another GitLab, https://gitlab.com; "
        "the line above tells this shell's",
    )]  # fmt: skip


def test_metrics_from_elsewhere_want_the_bearer(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashlib.routes._LOOPBACK", frozenset())
    url = dashboard.url + "/metrics"
    assert requests.get(url, timeout=60).status_code == 401
    good = {"Authorization": "bearer canary-bearer-secret"}
    assert requests.get(url, headers=good, timeout=60).status_code == 200


def test_the_ledger_of_deliveries(dashboard: Dashboard) -> None:
    """Pipelines 1 and 2 came by hook; the API tells of 2 and 3. A push by both, a push that only the API tells of.

    What came first of each kind began before its hook, and is not counted.
    """
    opened = runtime.runtime()
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    began = now - timedelta(hours=2)

    def pipeline(ident: int) -> bytes:
        told = payload("gitlab", "pipeline")
        told["object_attributes"] |= {"id": ident, "created_at": f"{began} UTC", "finished_at": f"{began} UTC"}
        return json.dumps(told | {"builds": []}).encode()

    for ident in (1, 2):
        dashboard.post("gitlab", pipeline(ident))
    dashboard.send("gitlab", "push")
    dashboard.settled(3)
    ago = [
        {"id": one["id"], "received_at": began + timedelta(seconds=1 + n)} for n, one in enumerate(dashboard.settled())
    ]
    known = {one["id"]: one for one in dashboard.rows("select * from deliveries")}
    opened.store.write(Put(DELIVERIES, [known[one["id"]] | one for one in ago]))
    later = began + timedelta(seconds=30)
    listed = [{"id": n, "iid": n, "created_at": f"{at}Z", "updated_at": f"{at}Z"} for n, at in ((2, began), (3, later))]
    opened.store.write(Upsert(PIPELINES, [pipeline_row(15, one) for one in listed]))
    [push] = dashboard.rows("select * from events")
    data = {"action": "pushed", "ref_type": "branch", "ref": push["ref"], "commit_count": 2}
    api = [
        {"id": 1, "created_at": f"{began}Z", "action_name": "pushed to"}
        | {"push_data": data | {"commit_from": push["commit_from"], "commit_to": push["commit_to"]}},
        {"id": 2, "created_at": f"{later}Z", "action_name": "pushed to", "push_data": data | {"commit_to": "bb"}},
    ]
    opened.store.write(Upsert(EVENTS, [event_row(one, 15) for one in api]))
    told = {
        (one["kind"], one["id"]): (one["by_hook"], one["by_api"]) for one in dashboard.rows("select * from told_by")
    }
    assert told == {
        ("pipeline", 1): (True, False), ("pipeline", 2): (True, True), ("pipeline", 3): (False, True),
        ("push", 1): (True, True), ("push", 2): (False, True),
    }  # fmt: skip
    words = "kind, things, by_both, unread, lost, lost_share, delay_p50, delay_p95"
    assert dashboard.rows(f"select {words} from delivery_ledger order by kind") == [
        {"kind": "pipeline", "things": 1, "by_both": 0, "unread": 0, "lost": 1, "lost_share": 1.0, "delay_p50": None,
         "delay_p95": None},
        {"kind": "push", "things": 1, "by_both": 0, "unread": 0, "lost": 1, "lost_share": 1.0, "delay_p50": None,
         "delay_p95": None},
    ]  # fmt: skip
    [source] = dashboard.rows("select source, deliveries, shaped, failed, waiting from delivery_sources")
    assert source == {"source": "gitlab", "deliveries": 3, "shaped": 3, "failed": 0, "waiting": 0}
