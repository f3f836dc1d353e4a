"""The grid of nights: rows, levels, groups, order, filters and marks; its SQL as shown; the copy in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from dashlib.charts.night_grid import grid_data
from dashlib.model import Filters
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_held import held
from dashlib.store import open_store
from tests.nightlies.rows import expect
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
LAST = MIDNIGHT + 4 * DAY
NIGHT = LAST.date()
WINDOW = Filters(since=MIDNIGHT.date(), until=NIGHT)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Five nights of three repositories; one failure in two of them, one night that never ran."""
    with open_store(tmp_path_factory.mktemp("grid") / "d.duckdb") as store:
        built = Builder(store)
        built.project(1, "acme/core/engine", topics=["speed", "core"])
        built.project(2, "acme/web/site")
        built.project(3, "acme/web/quiet")
        built.schedule(7, owner_username="ada")
        built.schedule(8, project_id=2, description="Web", owner_username="bob")
        built.schedule(9, project_id=3, description="Quiet")
        expect(built, *(MIDNIGHT + place * DAY for place in range(5)))
        for place in range(5):
            at = MIDNIGHT + place * DAY
            built.night(at, project_id=3, schedule_id=9)
            if place != 2:
                run = built.pipeline(at, "failed" if place > 2 else "success")
                job = built.job(run, "lint", "failed" if place > 2 else "success", at)
                if place > 2:
                    built.failure(job, "connection refused", category="network")
            run = built.pipeline(at, "failed" if place in (0, 4) else "success", project_id=2, schedule_id=8)
            job = built.job(run, "unit", "failed" if place in (0, 4) else "success", at, project_id=2)
            if place in (0, 4):
                built.failure(job, "connection refused" if place == 4 else "disk full", 2, category="network")
        yield built


def grid(built: Builder, chosen: Filters = WINDOW, narrowed: dict[str, Any] | None = None, **more: Any) -> pd.DataFrame:
    with built.store.reader() as reader:
        return night_grid.grid(reader, chosen, narrowed=Narrowed(NIGHT, **(narrowed or {})), **more)


def tops(built: Builder, **more: Any) -> list[str]:
    return list(dict.fromkeys(grid(built, **more)["top"]))


VARIANTS = [
    *({"rows": rows, "opened": ("acme/web/site", "unit", "connection refused")} for rows in night_grid.ROWS),
    *({"group": group} for group in night_grid.GROUPS),
    *({"order": order} for order in night_grid.ORDERS),
    *({"grain": grain} for grain in night_grid.GRAINS),
]


@pytest.mark.parametrize("more", VARIANTS)
def test_the_sql_shown_and_the_copy_in_memory_give_the_same(company: Builder, more: dict[str, Any]) -> None:
    narrowed: dict[str, Any] = {"search": "it's $1 %", "states": ("failed", "passed")} if more.get("group") else {}
    answer = grid(company, narrowed=narrowed, **more)
    with company.store.reader() as reader:
        shown = reader.execute(answer.attrs["sql"]).df()
        copy = held(reader)
    pd.testing.assert_frame_equal(shown, answer)
    again = night_grid.grid(copy, WINDOW, narrowed=Narrowed(NIGHT, **narrowed), **more)
    pd.testing.assert_frame_equal(again, answer)


@pytest.mark.parametrize("question", [nightlies.nights, nightlies.history, nightlies.at_risk])
def test_the_copy_in_memory_answers_as_the_views_do(company: Builder, question: Any) -> None:
    with company.store.reader() as reader:
        copy = held(reader)
        pd.testing.assert_frame_equal(question(copy, WINDOW), question(reader, WINDOW))


def test_cells(company: Builder) -> None:
    found = grid(company)
    assert tops(company) == ["acme/web/site", "acme/core/engine", "acme/web/quiet"]
    engine = found[found["top"] == "acme/core/engine"]
    assert list(engine["state"]) == ["passed", "passed", "missing", "failed", "failed"]
    assert list(engine["is_new"]) == [False, False, False, True, False]
    assert set(engine["streak"]) == {2} and set(engine["reds_30"]) == {2} and set(engine["flips_30"]) == {1}
    assert engine["reason"].iloc[-1] == "connection refused"
    assert engine["job_names"].iloc[-1] == "lint" and engine["failure"].iloc[-1].startswith("1-")
    assert engine["url"].iloc[2] == "https://gitlab.example/acme/core/engine/-/pipeline_schedules"


def test_every_cell_is_a_night_of_the_ledger(company: Builder) -> None:
    cells = grid(company)[["path", "slot", "state"]].to_dict("split")["data"]
    ledger = company.rows("select path_with_namespace, night, state from nightly_cells")
    assert sorted((path, slot.date(), state) for path, slot, state in cells) == sorted(
        tuple(one.values()) for one in ledger
    )


def test_the_same_failure_has_the_same_mark_in_every_row(company: Builder) -> None:
    found = grid(company)
    marked = found[found["mark"].notna()]
    assert set(marked["mark"]) == {1} and set(marked["reason"]) == {"connection refused"}
    assert sorted(marked["path"]) == ["acme/core/engine", "acme/core/engine", "acme/web/site"]


def test_a_row_opens(company: Builder) -> None:
    found = grid(company, opened=("acme/core/engine",))
    names = found[["level", "top", "middle", "part"]].drop_duplicates().to_dict("split")["data"]
    assert names == [
        [0, "acme/web/site", "", ""],
        [0, "acme/core/engine", "", ""],
        [1, "acme/core/engine", "Nightly", ""],
        [2, "acme/core/engine", "Nightly", "lint"],
        [0, "acme/web/quiet", "", ""],
    ]


@pytest.mark.parametrize(
    ("narrowed", "rows"),
    [
        ({"states": ("failed",)}, {"acme/core/engine", "acme/web/site"}),
        ({"states": ("missing",)}, set()),
        ({"only_new": True}, {"acme/web/site"}),
        ({"without_issue": True}, {"acme/core/engine", "acme/web/site"}),
        ({"search": "DISK full"}, {"acme/web/site"}),
        ({"search": "lint"}, {"acme/core/engine"}),
        ({"search": "' or 1=1 --"}, set()),
        ({"whose": ("ada",)}, {"acme/core/engine"}),
        ({"schedules": ("Quiet",)}, {"acme/web/quiet"}),
        ({"jobs": ("unit",)}, {"acme/web/site"}),
        ({"categories": ("network",)}, {"acme/core/engine", "acme/web/site"}),
    ],
)
def test_filters(company: Builder, narrowed: dict[str, Any], rows: set[str]) -> None:
    assert set(tops(company, narrowed=narrowed)) == rows


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("longest red", ["acme/core/engine", "acme/web/site", "acme/web/quiet"]),
        ("name", ["acme/core/engine", "acme/web/quiet", "acme/web/site"]),
        ("owner", ["acme/core/engine", "acme/web/site", "acme/web/quiet"]),
    ],
)
def test_orders(company: Builder, order: str, rows: list[str]) -> None:
    assert tops(company, order=order) == rows
    assert tops(company, order=order, only_red=True, top=1) == [rows[0]]


def test_groups(company: Builder) -> None:
    by_topic = grid(company, group="topic")[["group_name", "top"]].drop_duplicates().to_dict("split")["data"]
    assert by_topic == [
        ["core", "acme/core/engine"],
        ["no topic", "acme/web/site"],
        ["no topic", "acme/web/quiet"],
        ["speed", "acme/core/engine"],
    ]
    data = grid_data(grid(company, group="group"), framed=NIGHT)
    headings = {row["label"]: row["cells"] for row in data["rows"] if row.get("heading")}
    assert headings == {
        "acme/core": [{"at": 3, "count": 1}, {"at": 4, "count": 1}],
        "acme/web": [{"at": 0, "count": 1}, {"at": 4, "count": 1}],
    }


def test_a_week_holds_its_worst_night(company: Builder) -> None:
    found = grid(company, grain="week", order="name")
    assert found[["top", "state", "reds"]].to_dict("split")["data"] == [
        ["acme/core/engine", "failed", 2],
        ["acme/web/quiet", "passed", 0],
        ["acme/web/site", "failed", 2],
    ]


def test_what_the_browser_is_told(company: Builder) -> None:
    data = grid_data(grid(company, order="name"), framed=NIGHT, opened=("acme/core/engine",), times=True)
    assert [slot["iso"] for slot in data["slots"]] == [f"{MIDNIGHT + place * DAY:%Y-%m-%d}" for place in range(5)]
    assert [slot["framed"] for slot in data["slots"]] == [False] * 4 + [True]
    row = data["rows"][0]
    assert (row["front"], row["label"], row["open"], row["aside"]) == ("acme/core/", "engine", True, "red 2")
    last = row["cells"][-1]
    assert last["href"] == f"/failure?failure={last['failure']}"
    assert last["job"].startswith("https://gitlab.example/p/1/-/jobs/")
    assert ["First error", "connection refused"] in last["tip"] and ["Issue", "nobody has it"] in last["tip"]
    assert row["cells"][2]["state"] == "missing" and row["cells"][2]["tip"][1][0] == "Why"
    assert [mark["about"] for mark in data["marks"]] == ["3 × in 2 repositories"]
