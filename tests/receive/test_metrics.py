"""What the receiver counts: for Prometheus, for ``doctor``, and for the ledger of webhooks that got lost."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from dashlib import routes, runtime
from dashlib.commands import doctor_app
from dashlib.model import Delete, Filters, Put, Upsert
from dashlib.people.teams_file import Look
from dashlib.queries import deliveries
from dashlib.receive.metrics import Metrics
from dashlib.receive.refusals import Refusals
from dashlib.receive.tables import DELIVERIES
from dashlib.settings import Settings
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.tables import EVENTS, PIPELINES
from dashlib.store.bookkeeping import LOADS
from tests.receive.conftest import Dashboard, eventually
from tests.receive.payloads import payload, raw


def read(dashboard: Dashboard) -> dict[str, float]:
    """Every line of ``/metrics``, by its name and labels."""
    lines = requests.get(dashboard.url + "/metrics", timeout=60).text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_metrics(dashboard: Dashboard) -> None:
    dashboard.send("gitlab", "push")
    dashboard.send("gitlab", "push")
    dashboard.post("gitlab", b"{}")
    dashboard.post("gitlab", raw("gitlab", "push"), secret=False)
    dashboard.settled(1)
    lines = read(dashboard)
    assert lines['dashboard_deliveries_total{kind="push",result="accepted",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="push",result="duplicate",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="",result="422",source="gitlab"}'] >= 1
    assert lines['dashboard_deliveries_total{kind="",result="401",source="gitlab"}'] >= 1
    assert "dashboard_nightlies_failed" in lines
    assert [name for name in lines if "_created" in name] == [], "a second series for each of them"
    shaped = 'dashboard_deliveries_shaped_total{result="shaped",source="gitlab"}'
    eventually(lambda: read(dashboard).get(shaped, 0) >= 1)  # counted a moment after its rows are seen


HALF = {
    "gitlab": (b'{"object_kind":"note\\ud800","x":"\\ud800"}', "note?"),
    "cloudevents": (b'{"specversion":"1.0","id":"1","source":"/x","type":"a\\ud800\\u00e9"}', "a?\u00e9"),
    "kubernetes": (b'{"kind":"Pod\\udfff"}', "Pod?"),
}
"""Bodies whose kind holds half a surrogate pair, and what is stored of it."""


@pytest.mark.parametrize("source", HALF)
def test_the_kind_that_is_counted_is_the_one_that_is_stored(dashboard: Dashboard, source: str) -> None:
    """Half a surrogate pair in it is repaired for both: Prometheus' text holds none either."""
    body, kind = HALF[source]
    content = "application/cloudevents+json" if source == "cloudevents" else "application/json"
    assert dashboard.post(source, body, Content_Type=content).status_code == 200
    [stored] = dashboard.settled(1)
    assert stored["kind"] == kind
    assert requests.get(dashboard.url + "/metrics", timeout=60).status_code == 200
    counted = f'dashboard_deliveries_total{{kind="{kind}",result="accepted",source="{source}"}}'
    assert read(dashboard)[counted] >= 1


def test_odd_kinds_do_not_grow_the_metrics() -> None:
    """A hundred of a source are told apart, the others are one."""
    metrics = Metrics(lambda: pytest.fail("nothing asks the database"))
    for n in range(1000):
        metrics.answered("gitlab", f"kind {n}", "accepted")
    told = {sample.labels["kind"] for metric in metrics._deliveries.collect() for sample in metric.samples}
    assert (len(told), len(metrics._children)) == (101, 101)
    assert "other" in told


def test_what_waits_for_its_rows_is_counted_wherever_it_waits(dashboard: Dashboard) -> None:
    """On disk alone, then in the database too, then in the tables: the lag grows until its rows are made."""
    opened, names = runtime.runtime(), ("dashboard_deliveries_waiting", "dashboard_delivery_lag_seconds")
    waiting, lag = (f'{name}{{source="gitlab"}}' for name in names)
    with opened.store.inbox._mover._pause:
        assert dashboard.send("gitlab", "push").status_code == 200
        assert dashboard.rows("from deliveries") == []
        first = read(dashboard)
        assert (first[waiting], first[lag] > 0) == (1, True)
        assert read(dashboard)[lag] > first[lag]
    [delivery] = dashboard.settled(1)
    assert (read(dashboard)[waiting], read(dashboard)[lag]) == (0, 0)
    ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=70)
    [row] = dashboard.rows("from deliveries")
    late = row | {"id": delivery["id"] - 1, "received_at": ago, "status": "received"}
    opened.store.write(Put(DELIVERIES, [late]))
    assert (read(dashboard)[waiting], 70 <= read(dashboard)[lag] < 120) == (1, True)
    with opened.store.reader() as reader:
        told = deliveries.late(reader, Filters()).iloc[0]
    assert (told["deliveries"], 70 <= told["seconds"] < 120) == (1, True)
    opened.store.write(Delete(DELIVERIES, [late]))


def test_how_fresh_each_source_is(dashboard: Dashboard) -> None:
    """Since the last sync that came to its end, whatever came after it; calls of all of them."""
    now = datetime.now(UTC).replace(tzinfo=None)
    ends = [(1000, True), (100, False), (None, None)]
    loads = [
        dict.fromkeys(LOADS.columns) | {"source": "gitlab", "started_at": now - timedelta(seconds=2000 - n), "calls": 5}
        | {"finished_at": now - timedelta(seconds=ago) if ago else None, "complete": complete}
        for n, (ago, complete) in enumerate(ends)
    ]  # fmt: skip
    store = runtime.runtime().store
    store.write(Upsert(LOADS, loads))
    lines = read(dashboard)
    assert 1000 <= lines['dashboard_sync_age_seconds{source="gitlab"}'] < 1060
    assert lines['dashboard_api_calls{source="gitlab"}'] == 15
    store.write(Delete(LOADS, loads))


def test_the_disk_that_deliveries_take(dashboard: Dashboard) -> None:
    """Whole blocks of the file: what was given away is counted no more."""
    store, now = runtime.runtime().store, datetime.now(UTC).replace(tzinfo=None)
    row = dict.fromkeys(DELIVERIES.columns) | {"source": "gitlab", "kind": "x", "headers": "{}", "status": "kept"}
    rows = [
        row | {"id": n, "received_at": now, "bytes": 40_000, "dedup_key": str(n), "body": os.urandom(20_000).hex()}
        for n in range(-200, 0)
    ]

    def taken() -> int:
        store._writer.run(lambda connection: connection.execute("force checkpoint")).result()
        with store.reader() as reader:
            return int(deliveries.on_disk(reader, Filters()).iloc[0]["bytes"])

    before = taken()
    store.write(Put(DELIVERIES, rows))
    assert 3_000_000 < taken() - before < store.path.stat().st_size
    store.write(Delete(DELIVERIES, rows))

    def given_away() -> bool:
        """What a reader still saw at one checkpoint, the next one gives away that has anything to write."""
        store.write(Put(DELIVERIES, rows[:1]))
        store.write(Delete(DELIVERIES, rows[:1]))
        return taken() < before + 1_000_000

    eventually(given_away)


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


def test_the_running_dashboard_tells_doctor_of_its_file_of_teams(dashboard: Dashboard, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    opened, file = runtime.runtime(), tmp_path / "teams.csv"
    file.write_text("nobody@x.example,Tides\n")
    routes._doctor(opened, {}, told.append)
    routes._doctor(replace(opened, settings=replace(opened.settings, teams=file)), {}, told.append)
    assert [one["teams"] for one in told] == [None, Look(str(file), None, 1, ("nobody@x.example",)).as_json()]


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
