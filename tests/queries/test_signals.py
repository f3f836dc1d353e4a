"""Signals: their spans, their closeness to failed jobs (a law over random ones, whole rows), the page's questions."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Filters
from dashlib.queries import signals
from dashlib.queries.signals import Narrowed
from tests.queries.build import MIDNIGHT, Builder
from tests.queries.signal_rows import alert, put, signal

MINUTE = timedelta(minutes=1)
QUARTER = 15 * MINUTE
DAYS = Filters(since=date(2026, 3, 9), until=date(2026, 3, 11))
LOG = "Running with gitlab-runner 18.0\nRunning on runner-ab-project-1-concurrent-0 via hall-1...\n$ make\n"
POD_LOG = (
    "Using Kubernetes namespace: ci\nRunning on runner-ab-project-1-concurrent-0-xy on node worker-7"
    " via manager-668cd967df-5xtzq...\n"
)


def asked(built: Builder, question: Any, filters: Filters = DAYS, **arguments: Any) -> list[dict[str, Any]]:
    with built.store.reader() as connection:
        frame = question(connection, filters, **arguments)
    assert re.search(r"\$[a-z_]", frame.attrs["sql"]) is None
    found: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


# Spans


def span(built: Builder, id: str) -> dict[str, Any]:
    [found] = built.rows(f"select * from signal_spans where id = '{id}'")
    return found


def test_a_firing_alert_has_no_end_and_an_event_lasts_to_its_last_sighting(built: Builder) -> None:
    later = MIDNIGHT + 40 * MINUTE
    put(
        built.store,
        alert("fires", node="Hall-1.example:9100", labels={"team": "Ops"}),
        alert("over", ends=later),
        alert("no end", status="resolved"),
        signal("seen often", seen_at=later, object="Pod/runner-1", node="hall-2"),
        signal("no time", None),
        signal("only seen", None, seen_at=later, started_at=None),
    )
    found = {row["id"]: (row["begins_at"], row["ends_at"], row["is_firing"])
             for row in built.rows("select * from signal_spans")}  # fmt: skip
    assert found == {
        "fires": (MIDNIGHT, None, True),
        "over": (MIDNIGHT, later, False),
        "no end": (MIDNIGHT, MIDNIGHT, False),
        "seen often": (MIDNIGHT, later, False),
        "no time": (None, None, False),
        "only seen": (later, later, False),
    }
    assert sorted(span(built, "fires")["names"]) == ["hall-1", "hall-1.example", "ops"]
    assert sorted(span(built, "seen often")["names"]) == ["hall-2", "pod/runner-1", "runner-1"]


@pytest.mark.parametrize(
    ("node", "host"),
    [("Hall-1:9100", "hall-1"), ("hall-1", "hall-1"), ("[fe80::1]:22", "[fe80::1]"), ("fe80::1", "fe80::1"),
     (None, None)],
)  # fmt: skip
def test_a_machine_is_one_node_whatever_its_ports(built: Builder, node: str | None, host: str | None) -> None:
    put(built.store, signal("one", node=node))
    assert span(built, "one")["host"] == host


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "critical"), ("ERROR", "critical"), ("page", "critical"), ("Warning", "warning"), ("p3", "warning"),
     ("info", "info"), ("none", "info"), ("chatty", "info"), (None, "not told")],
)  # fmt: skip
def test_the_severity_in_four_words(built: Builder, severity: str | None, level: str) -> None:
    put(built.store, signal("one", severity=severity))
    assert span(built, "one")["level"] == level


def test_an_ip_address_is_one_name_and_a_link_must_be_one(built: Builder) -> None:
    put(built.store, signal("one", node="10.0.0.7:9100", web_url="javascript:alert(1)"))
    assert span(built, "one")["names"] == ["10.0.0.7"]
    assert span(built, "one")["web_url"] is None


# The window


CLOSENESS = ["job", "runner", "node", "repository", "namespace", "elsewhere"]


def expected(job: dict[str, Any], told: dict[str, Any]) -> str | None:
    """What job_signals must say of a failed job and a signal, None where it is not in the window."""
    if told["begins"] is None:
        return None
    if told["begins"] > job["finished"] + QUARTER or (told["ends"] or datetime.max) < job["started"] - QUARTER:
        return None
    host = re.sub(r":\d+$", "", (told["node"] or "").lower())
    is_address = re.fullmatch(r"[\d.:]+", host) is not None
    short = host if is_address else host.split(".")[0]
    thing = (told["object"] or "").lower()
    names = {value.lower() for value in told["labels"].values()} | {host, short, thing, re.sub(r"^[^/]*/", "", thing)}
    runner, path = (job["runner"] or "").lower(), job["path"].lower()
    slug = path.rsplit("/", 1)[-1]
    words = f"-{re.sub('[^a-z0-9]+', '-', runner)}-"
    space = (told["namespace"] or "").lower()
    container, log_node, manager, k8s = job["log"]
    if told["labels"].get("job_id") == str(job["id"]) or (container and container in names):
        return "job"
    if runner and runner in names:
        return "runner"
    if (manager and manager in (host, host.split(".")[0])) or (log_node and log_node in names):
        return "node"
    if manager and manager in names:
        return "runner"
    if runner and len(short) >= 4 and not is_address and f"-{re.sub('[^a-z0-9]+', '-', short)}-" in words:
        return "node"
    if path in names:
        return "repository"
    numbered = f"{slug}-{job['project']}"
    if space and (space in (k8s, slug, numbered) or space.startswith(f"{numbered}-")):
        return "namespace"
    return "elsewhere"


PATHS = {1: "acme/core/engine", 2: "acme/Web/site"}
minutes = st.integers(0, 120).map(lambda number: MIDNIGHT + number * MINUTE)
jobs = st.fixed_dictionaries(
    {
        "project": st.sampled_from([1, 2]),
        "started": minutes,
        "lasts": st.integers(0, 30),
        "runner": st.sampled_from([None, "hall-1-runner-4", "Hall-11-runner-1", "worker", "quay"]),
        "log": st.sampled_from([None, LOG, POD_LOG]),
        "status": st.sampled_from(["failed", "failed", "failed", "success"]),
    }
)
told_signals = st.fixed_dictionaries(
    {
        "begins": st.one_of(minutes, st.none()),
        "lasts": st.one_of(st.none(), st.integers(0, 60)),
        "node": st.sampled_from(
            [None, "hall-1", "hall-1.runners.example:9100", "HALL-11", "10.0.0.7:9100", "worker-7", "quay", "dev"]
        ),
        "object": st.sampled_from(
            [None, "Pod/hall-1-runner-4", "Pod/manager-668cd967df-5xtzq", "Pod/runner-ab-project-1-concurrent-0-xy"]
        ),
        "namespace": st.sampled_from([None, "ci", "engine", "site", "engine-1", "site-2-production", "engine-17-x"]),
        "labels": st.sampled_from(
            # an empty word stands for the number of the second job
            [{}, {"runner": "Hall-1-Runner-4"}, {"repository": "acme/core/engine"}, {"job_id": ""}, {"x": ""}]
        ),
    }
)
HEADS = {
    None: (None, None, None, None),
    LOG: ("runner-ab-project-1-concurrent-0", None, "hall-1", None),
    POD_LOG: ("runner-ab-project-1-concurrent-0-xy", "worker-7", "manager-668cd967df-5xtzq", "ci"),
}
"""What the head of each log names: container, node, runner manager, Kubernetes namespace."""
NUMBERS = itertools.count(500)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(failed=st.lists(jobs, min_size=1, max_size=6), said=st.lists(told_signals, max_size=8))
def test_the_window_and_the_closeness_are_those_of_a_loop_over_all_pairs(
    built: Builder, failed: list[dict[str, Any]], said: list[dict[str, Any]]
) -> None:
    # One database for all examples: each has numbers of its own, and asks for its own alone.
    base = 10 * next(NUMBERS)
    built.project(2, PATHS[2])
    said = [one | {"labels": {name: word or str(base + 1) for name, word in one["labels"].items()}} for one in said]
    for one in said:
        one["ends"] = one["begins"] + one["lasts"] * MINUTE if one["begins"] and one["lasts"] is not None else None
    run, wanted = built.pipeline(), {}
    for number, drawn in enumerate(failed):
        job = drawn | {"id": base + number, "path": PATHS[drawn["project"]], "log": HEADS[drawn["log"]]}
        job["finished"] = job["started"] + job["lasts"] * MINUTE
        built.job(
            run, "unit", job["status"], job["started"], job["project"], id=job["id"], finished_at=job["finished"],
            runner_description=job["runner"],
        )  # fmt: skip
        if drawn["log"]:
            built.trace(job["id"], drawn["log"], job["project"])
        for place, one in enumerate(said):
            closeness = expected(job, one) if job["status"] == "failed" else None
            if closeness:
                wanted[job["id"], f"{base}/{place}"] = closeness
    rows = []
    for place, one in enumerate(said):
        values = {name: one[name] for name in ("node", "object", "namespace", "labels")}
        if one["begins"] is None:
            rows.append(signal(f"{base}/{place}", None, **values))
        else:
            rows.append(alert(f"{base}/{place}", one["begins"], one["ends"], **values))
    if rows:
        put(built.store, *rows)
    found = built.rows(f"select * from job_signals where job_id // 10 = {base // 10} and id like '{base}/%'")
    assert {(row["job_id"], row["id"]): row["closeness"] for row in found} == wanted
    assert len(found) == len(wanted)
    for row in found:
        assert row["nearness"] == CLOSENESS.index(row["closeness"])
        assert (row["matched"] is None) == (row["closeness"] == "elsewhere")


def test_the_last_instant_of_the_window_is_in_it(built: Builder) -> None:
    job = built.job(built.pipeline(), "unit", "failed", finished_at=MIDNIGHT + 5 * MINUTE)
    second = timedelta(seconds=1)
    put(
        built.store,
        signal("too early", MIDNIGHT - QUARTER - second),
        signal("first", MIDNIGHT - QUARTER),
        signal("last", MIDNIGHT + 5 * MINUTE + QUARTER),
        signal("too late", MIDNIGHT + 5 * MINUTE + QUARTER + second),
        alert("since yesterday", MIDNIGHT - timedelta(days=1)),
        alert("over before", MIDNIGHT - timedelta(days=1), MIDNIGHT - QUARTER - second),
    )
    rows = built.rows(f"select id from job_signals where job_id = {job} order by begins_at")
    assert [row["id"] for row in rows] == ["since yesterday", "first", "last"]


def test_around_a_failed_job_what_is_near_comes_first(built: Builder) -> None:
    built.zone("Europe/Berlin")
    job = built.job(built.pipeline(), "unit", "failed", runner_description="hall-1-runner-4")
    put(
        built.store,
        signal("a", MIDNIGHT - 9 * MINUTE, severity="info"),
        signal("b", MIDNIGHT + 2 * MINUTE, node="hall-1", description="low on memory", namespace="ci"),
        alert("c", MIDNIGHT - 3 * MINUTE, object="Pod/hall-1-runner-4", web_url="https://prometheus.example/g"),
        signal("d", MIDNIGHT - 12 * MINUTE, severity=None),
    )
    hour = timedelta(hours=1)
    found = asked(built, signals.around, project=1, job=job)
    assert [(row["id"], row["why"]) for row in found] == [
        ("c", "runner hall-1-runner-4"), ("b", "node hall-1"), ("d", "at the same time"), ("a", "at the same time"),
    ]  # fmt: skip
    assert found[1] == {
        "begins": MIDNIGHT + 2 * MINUTE + hour, "ends": MIDNIGHT + 2 * MINUTE + hour, "closeness": "node",
        "why": "node hall-1", "level": "warning", "status": "occurred", "title": "Signal b",
        "description": "low on memory", "source": "kubernetes", "namespace": "ci", "node": "hall-1", "object": None,
        "count": 1, "web_url": None, "id": "b", "whole": 4,
    }  # fmt: skip
    nearest = asked(built, signals.around, project=1, job=job, rows=3)
    assert [row["id"] for row in nearest] == ["c", "b", "d"] and nearest[0]["whole"] == 4
    assert asked(built, signals.around, project=1, job=job + 1) == []


# The page


def filled(built: Builder) -> int:
    """Three signals of two days, and one nightly failure beside two of them; gives back the failed job."""
    put(
        built.store,
        alert("disk", MIDNIGHT - 20 * MINUTE, node="hall-1.example:9100", namespace="ci", title="Disk is full"),
        signal("pod", MIDNIGHT + MINUTE, node="hall-1.example", object="Pod/x", labels={"app": "Orders"}),
        signal("deploy", MIDNIGHT - timedelta(days=1), source="cloudevents", kind="deployed", severity=None),
        alert("old", MIDNIGHT - timedelta(days=9), MIDNIGHT - timedelta(days=8)),
    )
    run = built.pipeline(MIDNIGHT, "failed")
    return built.job(run, "unit", "failed", runner_description="hall-1-runner-4")


ALL = {"disk", "pod", "deploy"}


@pytest.mark.parametrize(
    ("which", "ids"),
    [
        (Narrowed(), ALL),
        (Narrowed(sources=("cloudevents",)), {"deploy"}),
        (Narrowed(kinds=("DiskFull", "deployed")), {"disk", "deploy"}),
        (Narrowed(levels=("critical", "not told")), {"disk", "deploy"}),
        (Narrowed(statuses=("firing",)), {"disk"}),
        (Narrowed(namespaces=("ci",)), {"disk"}),
        (Narrowed(nodes=("hall-1.example",)), {"disk", "pod"}),
        (Narrowed(search="ORDERS"), {"pod"}),
        (Narrowed(search="disk is"), {"disk"}),
        (Narrowed(search="100%"), set()),
        (Narrowed(since=MIDNIGHT, until=MIDNIGHT + QUARTER), {"disk", "pod"}),
        (Narrowed(since=MIDNIGHT - timedelta(days=1), until=MIDNIGHT - 21 * MINUTE), {"deploy"}),
        (Narrowed(sources=("kubernetes",), statuses=("firing",)), set()),
    ],
)
def test_every_filter(built: Builder, which: Narrowed, ids: set[str]) -> None:
    filled(built)
    assert {row["id"] for row in asked(built, signals.listing, which=which)} == ids
    [sums] = asked(built, signals.totals, which=which)
    assert sums["signals"] == len(ids)
    shown = (MIDNIGHT - timedelta(days=2), MIDNIGHT + timedelta(days=1))
    for by in signals.BY:
        marks = asked(built, signals.timeline, which=which, by=by, shown=shown)
        assert sum(row["signals"] for row in marks) == len(ids)


def test_a_period_holds_what_any_part_of_it_touches(built: Builder) -> None:
    filled(built)
    day = replace(DAYS, since=date(2026, 3, 2), until=date(2026, 3, 2))
    assert [row["id"] for row in asked(built, signals.listing, day)] == ["old"]
    after = replace(DAYS, since=date(2026, 3, 20), until=date(2026, 3, 21))
    assert [row["id"] for row in asked(built, signals.listing, after)] == ["disk"], "it still fires"


def test_the_numbers_and_what_can_be_chosen(built: Builder) -> None:
    filled(built)
    put(built.store, signal("no time", None))
    assert asked(built, signals.totals) == [{"signals": 3, "firing": 1, "critical": 1, "warnings": 1, "nodes": 1}]
    assert asked(built, signals.held) == [{"signals": 5, "without_time": 1, "last_day": datetime(2026, 3, 10)}]
    words = {(row["kind"], row["word"], row["signals"]) for row in asked(built, signals.words)}
    assert words == {
        ("sources", "alertmanager", 1), ("sources", "kubernetes", 1), ("sources", "cloudevents", 1),
        ("kinds", "DiskFull", 1), ("kinds", "Evicted", 1), ("kinds", "deployed", 1), ("levels", "critical", 1),
        ("levels", "warning", 1), ("levels", "not told", 1), ("statuses", "firing", 1), ("statuses", "occurred", 2),
        ("namespaces", "ci", 1), ("nodes", "hall-1.example", 2),
    }  # fmt: skip


def test_a_row_of_the_listing(built: Builder) -> None:
    built.zone("Europe/Berlin")
    filled(built)
    [_, row, _] = asked(built, signals.listing)
    assert row == {
        "begins": MIDNIGHT + 40 * MINUTE, "ends": None, "seconds": None, "level": "critical", "severity": "critical",
        "status": "firing", "title": "Disk is full", "kind": "DiskFull", "description": None,
        "source": "alertmanager", "cluster": None, "namespace": "ci", "node": "hall-1.example", "object": None,
        "count": 1, "web_url": None, "labels": "{}", "id": "disk",
    }  # fmt: skip


def test_the_nightly_failures_beside(built: Builder) -> None:
    job = filled(built)
    built.job(built.pipeline(MIDNIGHT + timedelta(hours=3), "failed"), "lint", "failed",
              MIDNIGHT + timedelta(hours=3), runner_description="quay-2")  # fmt: skip
    far, near = asked(built, signals.beside)
    assert near == {
        "failed": MIDNIGHT + 5 * MINUTE, "path_with_namespace": "acme/core/engine", "job_name": "unit",
        "failure_reason": "script_failure", "signals": 2, "title": "Disk is full", "why": "node hall-1",
        "runner_description": "hall-1-runner-4", "failure_url": f"/failure?failure=1-{job}",
        "job_web_url": f"https://gitlab.example/p/1/-/jobs/{job}", "job_id": job, "whole": 2,
    }  # fmt: skip
    assert (far["job_name"], far["signals"], far["title"]) == ("lint", 0, None)
    zoomed = Narrowed(since=MIDNIGHT, until=MIDNIGHT + timedelta(hours=1))
    assert [row["job_name"] for row in asked(built, signals.beside, which=zoomed)] == ["unit"]
    elsewhere = replace(DAYS, groups=("acme/web",))
    assert asked(built, signals.beside, elsewhere) == []
    [cut] = asked(built, signals.beside, rows=1)
    assert (cut["job_name"], cut["whole"]) == ("lint", 2)


def test_what_is_beside_is_what_the_view_says(built: Builder) -> None:
    """The page narrows the view from inside: each failed job has its near signals all the same."""
    filled(built)
    for hours, runner in enumerate(("hall-1-runner-4", "quay-2", "hall-1-runner-9")):
        at = MIDNIGHT + timedelta(hours=hours)
        run = built.pipeline(at, "failed")
        job = built.job(run, "unit", "failed", at, runner_description=runner)
        built.job(run, "lint", "success", at, runner_description=runner)
        built.trace(job, POD_LOG if hours == 1 else LOG)
        put(built.store, signal(f"on {hours}", at, node="worker-7"), signal(f"by {hours}", at, node="hall-1"))
    found = {row["job_id"]: row["signals"] for row in asked(built, signals.beside)}
    near = "select job_id, count(*) filter (nearness < 5) as signals from job_signals group by job_id"
    assert found == {row["job_id"]: row["signals"] for row in built.rows(near)}
    assert len(found) == 4 and len(set(found.values())) > 1


def test_short_signals_of_a_slot_share_a_mark_and_long_ones_stand_alone(built: Builder) -> None:
    second = timedelta(seconds=1)
    put(
        built.store,
        *(signal(f"s{number}", MIDNIGHT + number * second, node="a") for number in range(5)),
        signal("grave", MIDNIGHT, severity="critical", node="a"),
        alert("long", MIDNIGHT - timedelta(days=3), MIDNIGHT + 30 * MINUTE, node="b", severity="warning"),
        alert("longer", MIDNIGHT, node="b", severity="warning"),
    )
    shown = (MIDNIGHT - timedelta(hours=1), MIDNIGHT + timedelta(hours=3))
    marks = asked(built, signals.timeline, by="node", shown=shown)
    columns = ("series", "level", "signals", "firing", "begins", "ends")
    assert [tuple(row[name] for name in columns) for row in marks] == [
        ("a", "warning", 5, 0, MIDNIGHT, MIDNIGHT + 4 * second),
        ("a", "critical", 1, 0, MIDNIGHT, MIDNIGHT),
        ("b", "warning", 1, 0, shown[0], MIDNIGHT + 30 * MINUTE),
        ("b", "warning", 1, 1, MIDNIGHT, shown[1]),
    ]  # fmt: skip
    [first, *_] = asked(built, signals.timeline, by="node", shown=shown, top=1)
    assert first["series"] == "a"
    assert {row["series"] for row in asked(built, signals.timeline, by="node", shown=shown, top=1)} == {"a", "1 others"}
