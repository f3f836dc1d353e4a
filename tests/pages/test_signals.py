"""The page Signals over an empty and a filled database, and the signals around a failure on its page."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashlib.charts.signals import AROUND, SENDERS, SIGNALS, brushed, first_signal, zoom_word, zoomed
from dashlib.charts.tables import Column
from dashlib.store import open_store
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder
from tests.queries.signal_rows import alert, put, signal
from tests.receive.conftest import Dashboard, dashboard, serving  # noqa: F401 - fixtures

MINUTE = timedelta(minutes=1)
SECRET = "canary-bearer-secret"


def fill(built: Builder) -> dict[str, int]:
    """A nightly failure on hall-1 beside an alert and an eviction there, one beside nothing, and hostile words."""
    built.project(1, "acme/core/engine")
    built.schedule(7, project_id=1)
    run = built.pipeline(YESTERDAY, "failed")
    jobs = {"beside": built.job(run, "unit", "failed", YESTERDAY, runner_description="hall-1-runner-4")}
    before = YESTERDAY - timedelta(days=3)
    alone = built.pipeline(before, "failed")
    jobs["alone"] = built.job(alone, "lint", "failed", before, runner_description="hall-2-runner-1")
    put(
        built.store,
        alert("disk", YESTERDAY - 4 * MINUTE, node="hall-1.example:9100", namespace="ci", title="Disk is full",
              web_url="https://prometheus.example/graph"),
        signal("pod", YESTERDAY + MINUTE, node="hall-1.example", object="Pod/hall-1-runner-4", title="Evicted: Pod"),
        signal("deploy", YESTERDAY - timedelta(days=2), source="cloudevents", kind="deployed", severity=None),
        signal("hostile", YESTERDAY - timedelta(days=1), kind=HOSTILE, title=HOSTILE, namespace=HOSTILE, node=HOSTILE,
               severity=HOSTILE, status=HOSTILE, web_url="javascript:alert(1)"),
    )  # fmt: skip
    return jobs


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    path = tmp_path_factory.mktemp("signals") / "dashboard.duckdb"
    with open_store(path) as store:
        return path, fill(Builder(store))


@pytest.fixture
def visit(opener: Callable[[Path], Open], watched: tuple[Path, dict[str, int]]) -> Open:
    return opener(watched[0])


def titles(app: AppTest) -> list[str]:
    """Of the signals in the table, the newest first."""
    found: list[str] = app.dataframe[0].value["title"].tolist()
    return found


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def in_vain(app: AppTest) -> bool:
    """Whether the page says that its address asks for what is not there."""
    return any("The link asks for what is not here" in warning.value for warning in app.warning)


def zoom_of(app: AppTest) -> tuple[datetime, datetime]:
    """What the page is zoomed to."""
    found = zoomed(app.session_state["zoom"])
    assert found
    return found


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_the_filled_page(visit: Open) -> None:
    app = visit("signals")
    assert app.title[0].value == "Signals"
    assert numbers(app) == {
        "Signals": "4", "Firing": "1", "Critical": "1", "Warnings": "1", "Nodes": "2", "Failed jobs": "2",
    }  # fmt: skip
    assert titles(app) == ["Evicted: Pod", "Disk is full", HOSTILE, "Signal deploy"]
    assert app.dataframe[0].value["web_url"].dropna().tolist() == ["https://prometheus.example/graph"]
    [chart] = app.get("vega_lite_chart")
    assert '"brush"' in chart.proto.spec
    beside = app.dataframe[1].value
    assert beside[["job_name", "signals", "title", "why"]].values.tolist()[0] == [
        "unit", 2, "Evicted: Pod", "runner hall-1-runner-4",
    ]  # fmt: skip
    assert beside["signals"].tolist() == [2, 0]
    assert beside["failure_url"].str.startswith("/failure?failure=1-").all()
    assert not in_vain(app)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"signal_source": "cloudevents"}, ["Signal deploy"]),
        ({"signal_kind": ["DiskFull", "deployed"]}, ["Disk is full", "Signal deploy"]),
        ({"severity": "critical"}, ["Disk is full"]),
        ({"severity": ["not told", "warning"]}, ["Evicted: Pod", "Signal deploy"]),
        ({"signal_status": "firing"}, ["Disk is full"]),
        ({"namespace": "ci"}, ["Disk is full"]),
        ({"namespace": HOSTILE}, [HOSTILE]),
        ({"node": "hall-1.example"}, ["Evicted: Pod", "Disk is full"]),
        ({"find_signal": "POD/hall"}, ["Evicted: Pod"]),
        ({"find_signal": "onerror"}, [HOSTILE]),
        ({"zoom": zoom_word(YESTERDAY - 2 * MINUTE, YESTERDAY + 9 * MINUTE)}, ["Evicted: Pod", "Disk is full"]),
        ({"zoom": zoom_word(YESTERDAY - timedelta(days=2, hours=1), YESTERDAY - timedelta(days=1, hours=1))},
         ["Signal deploy"]),
    ],
)  # fmt: skip
def test_each_filter_stands_in_the_address(visit: Open, query: dict[str, Any], left: list[str]) -> None:
    app = visit("signals", **query)
    assert titles(app) == left
    assert numbers(app)["Signals"] == str(len(left))
    assert not in_vain(app)


@pytest.mark.parametrize("by", ["source", "kind", "severity", "namespace", "node"])
def test_each_grouping(visit: Open, by: str) -> None:
    app = visit("signals", lanes=by)
    assert app.segmented_control(key="lanes").value == by
    assert not app.error and len(app.get("vega_lite_chart")) == 1


def test_filters_that_leave_nothing_can_be_cleared(visit: Open) -> None:
    app = visit("signals", find_signal="no such signal")
    assert "No signals for these filters." in app.info[0].value
    assert app.dataframe[0].value["job_name"].tolist() == ["unit", "lint"], "the failures stay"
    app.button(key="clear_filters").click().run()
    assert len(titles(app)) == 4


def test_a_zoom_stands_for_the_period_and_leads_out_again(visit: Open) -> None:
    span = zoom_word(YESTERDAY - timedelta(days=2, hours=1), YESTERDAY - timedelta(days=2) + timedelta(hours=1))
    app = visit(
        "signals", zoom=span, period="custom", **{"from": f"{YESTERDAY:%Y-%m-%d}", "to": f"{YESTERDAY:%Y-%m-%d}"}
    )
    assert titles(app) == ["Signal deploy"]
    app.button(key="zoom_out").click().run()
    first, last = zoom_of(app)
    assert last - first == timedelta(hours=4)
    app.button(key="zoom_off").click().run()
    assert "zoom" not in app.query_params
    assert titles(app) == ["Evicted: Pod", "Disk is full"]
    app.button(key="zoom_3600").click().run()
    first, last = zoom_of(app)
    assert timedelta(hours=1) <= last - first <= timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("word", ["yesterday", "2026-13-01T00:00_2026-13-02T00:00", "2026-03-02T00:00_2026-03-01T00:00",
                                  "0001-01-01T00:00_0001-01-01T00:10", HOSTILE])  # fmt: skip
def test_a_zoom_that_means_nothing_is_told(visit: Open, word: str) -> None:
    app = visit("signals", zoom=word)
    assert len(titles(app)) == 4
    assert in_vain(app)


def test_a_brush_becomes_whole_minutes_of_the_wall_clock() -> None:
    at = datetime(2026, 3, 10, 1, 20, 31)
    milliseconds = (at - datetime(1970, 1, 1)).total_seconds() * 1000
    assert brushed([milliseconds + 90_000, milliseconds]) == "2026-03-10T01:20_2026-03-10T01:23"
    assert brushed([milliseconds, milliseconds]) == "2026-03-10T01:20_2026-03-10T01:21"
    assert brushed(None) is None and brushed([]) is None


@pytest.mark.parametrize("columns", [SIGNALS, AROUND])
def test_a_title_means_one_thing(columns: tuple[Column, ...]) -> None:
    """The link to where a signal comes from is not called as the filter is by which its sender is chosen."""
    found = {column.name: column.title for column in columns}
    assert len(set(found.values())) == len(columns)
    assert (found["web_url"], found["source"]) == ("Link", "From")


def test_around_a_failure(visit: Open, watched: tuple[Path, dict[str, int]]) -> None:
    app = visit("failure", failure=f"1-{watched[1]['beside']}")
    assert (
        "2 signals from 15 minutes before it started to 15 minutes after it finished; 2 on its own runner"
        in captions(app)
    )
    [around] = [frame.value for frame in app.dataframe if "why" in frame.value.columns]
    assert around[["title", "why"]].values.tolist() == [
        ["Disk is full", "node hall-1"], ["Evicted: Pod", "runner hall-1-runner-4"],
    ]  # fmt: skip
    app = visit("failure", failure=f"1-{watched[1]['alone']}")
    assert "No signal in its window" in captions(app)
    assert not [frame for frame in app.dataframe if "why" in frame.value.columns]


def test_the_empty_page_says_how_to_send_signals(empty: Open) -> None:
    app = empty("signals")
    assert "No signals yet." in app.info[0].value
    assert "answers 401 until `DASH_HOOK_TOKEN` is set" in app.warning[0].value
    assert not app.get("vega_lite_chart") and not app.dataframe
    for sender, route in zip(SENDERS, ("/cloud/events", "/alerts/events", "/k8s/events"), strict=True):
        app = empty("signals", signal_sender=sender)
        assert route in app.code[-1].value and "curl" in app.code[-1].value


def test_signals_without_a_time_are_told(opener: Callable[[Path], Open], tmp_path: Path) -> None:
    path = tmp_path / "untimed.duckdb"
    with open_store(path) as store:
        put(store, signal("one", None))
    app = opener(path)("signals")
    assert "1 signals are stored, but none of them tells a time." in app.info[0].value


@pytest.mark.parametrize("sender", SENDERS)
def test_the_command_it_shows_works(
    dashboard: Dashboard,  # noqa: F811
    sender: str,
) -> None:
    """As a person copies it: run by a shell, answered by the real route, one more signal on the page."""
    command = first_signal(sender, datetime(2026, 3, 10, 1)).curl(dashboard.url)
    assert SECRET not in command
    curl = shutil.which("curl")
    assert curl, "no curl on this machine: install one (apt-get install curl)"
    shell = {"PATH": os.environ["PATH"], "DASH_HOOK_TOKEN": SECRET, "no_proxy": "*"}
    ran = subprocess.run(["sh", "-c", command], check=False, env=shell, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "{}"), ran.stderr
    dashboard.settled(1)
    [row] = dashboard.rows("select source, begins_at, level from signal_spans")
    told = {"CloudEvents": ("cloudevents", "not told"), "Alertmanager": ("alertmanager", "info"),
            "Kubernetes": ("kubernetes", "info")}  # fmt: skip
    assert (row["source"], row["level"]) == told[sender]
    assert row["begins_at"] == datetime(2026, 3, 10, 1)
