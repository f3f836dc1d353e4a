"""The grid of nights arranged: one whole example of each order and each grouping; columns of weeks and months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from dashlib.charts.night_grid import grid_data
from dashlib.model import Filters, Put
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.queries import night_grid, night_rows
from dashlib.store import open_store
from tests.queries.build import MIDNIGHT, Builder
from tests.queries.nights_company import DAY, LAST, NIGHT, WINDOW, grid, tops

ANT, BEE, CAT, DOG = "x/ant", "y/bee", "x/cat", "y/dog"
RED = {ANT: (0, 1, 2, 3), BEE: (5,), CAT: (3, 4, 5), DOG: (4, 5)}
"""The red ones of six nights: no two orders put these repositories alike."""
OWNERS = {ANT: "zoe", BEE: "yan", CAT: "bob", DOG: None}
TOPICS = {ANT: ["slow"], BEE: ["fast", "slow"], CAT: [], DOG: ["fast"]}
FRESHEST = [BEE, DOG, CAT, ANT]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with open_store(tmp_path_factory.mktemp("orders") / "d.duckdb") as store:
        built = Builder(store)
        for id, (path, red) in enumerate(RED.items(), 1):
            built.project(id, path, topics=TOPICS[path])
            built.schedule(id, project_id=id, owner_username=OWNERS[path])
            for place in range(6):
                jobs = {"failed": ["x"], "passed": []} if place in red else {"passed": ["x"]}
                built.night(MIDNIGHT + (place - 1) * DAY, project_id=id, schedule_id=id, **jobs)
        yield built


ORDERED = {
    "freshest failure": FRESHEST,
    "longest red": [CAT, DOG, BEE, ANT],
    "most failures": [ANT, CAT, DOG, BEE],
    "name": [ANT, CAT, BEE, DOG],
    "owner": [CAT, BEE, ANT, DOG],
}
GROUPED = {
    "nothing": [("", top) for top in FRESHEST],
    "group": [("x", CAT), ("x", ANT), ("y", BEE), ("y", DOG)],
    "repository": [(top, top) for top in sorted(FRESHEST)],
    "topic": [("fast", BEE), ("fast", DOG), ("no topic", CAT), ("slow", BEE), ("slow", ANT)],
    "owner": [("bob", CAT), ("nobody", DOG), ("yan", BEE), ("zoe", ANT)],
}


@pytest.mark.parametrize("order", night_grid.ORDERS)
def test_orders(four: Builder, order: str) -> None:
    assert tops(four, chosen=Filters(), order=order) == ORDERED[order]
    assert tops(four, chosen=Filters(), order=order, only_red=True, top=1) == ORDERED[order][:1]


@pytest.mark.parametrize("group", night_rows.GROUPS)
def test_groups(four: Builder, group: str) -> None:
    found = grid(four, Filters(), group=group)[["group_name", "top"]].drop_duplicates()
    assert list(found.itertuples(index=False, name=None)) == GROUPED[group]


def test_a_year_of_nights(built: Builder) -> None:
    """A nightly every three weeks of a year, every second one red: whatever a column is, each night is in one."""
    nights = [NIGHT - 21 * place * DAY for place in range(18)]
    for place in range(18):
        built.night(LAST - 21 * place * DAY, failed=["x"] * (place % 2))
    year = Filters(since=NIGHT - 364 * DAY, until=NIGHT)
    for grain, columns, begun in (
        ("night", 358, lambda day: day),
        ("week", 52, lambda day: day - day.weekday() * DAY),
        ("month", 13, lambda day: day.replace(day=1)),
    ):
        found = grid(built, year, grain=grain)
        assert (found["reds"].sum(), found["runs"].sum(), found["failed_jobs"].sum()) == (9, 18, 9)
        red = Counter(begun(day) for day in nights[1::2])
        assert {slot.date(): reds for slot, reds in found[["slot", "reds"]].to_numpy() if reds} == red, grain
        slots = grid_data(found, framed=NIGHT, grain=grain)["slots"]
        assert (len(slots), slots[-1]["framed"]) == (columns, True), grain


def test_the_heading_of_a_group_tells_what_failed_in_it(company: Builder) -> None:
    data = grid_data(grid(company, group="group"), framed=NIGHT)
    headings = {row["label"]: row["cells"] for row in data["rows"] if row.get("heading")}
    one, a = ["Failed", "1 row"], ["A", "in 1: connection refused"]
    assert headings == {
        "acme/core": [
            {"at": 2, "gone": 1, "tip": [["Never ran", "1 row"]]},
            *({"at": at, "count": 1, "also": [1], "tip": [one, a]} for at in (3, 4)),
        ],
        "acme/web": [
            {"at": 0, "count": 1, "more": 1, "tip": [one, ["Others", "1 that struck once only"]]},
            {"at": 4, "count": 1, "also": [1], "tip": [one, a]},
        ],
    }


def test_a_week_holds_its_worst_night(company: Builder) -> None:
    found = grid(company, grain="week", order="name")
    assert found[["top", "state", "reds"]].to_dict("split")["data"] == [
        ["acme/core/engine", "failed", 2],
        ["acme/web/quiet", "passed", 0],
        ["acme/web/site", "failed", 2],
    ]


def test_columns_begin_at_the_same_night_whatever_rows_are(company: Builder) -> None:
    whole = night_grid.span(company.nights(), WINDOW).iloc[0]
    span = whole["first"].date(), whole["last"].date()
    for rows, grain, count in (("repository", "night", 5), ("job", "night", 5), ("reason", "night", 5),
                               ("reason", "week", 1), ("reason", "month", 1)):  # fmt: skip
        cells = grid(company, rows=rows, grain=grain, narrowed={"search": "connection"})
        assert len(grid_data(cells, framed=NIGHT, rows=rows, grain=grain, span=span)["slots"]) == count
    later = grid_data(grid(company, rows="reason", narrowed={"search": "connection"}), framed=NIGHT, rows="reason")
    assert len(later["slots"]) == 2, "without it, from the first night on which one of them struck"


def test_what_never_runs_is_as_long_gone_as_its_gap(built: Builder) -> None:
    """Between a failure of two nights and one of four stands what has not run for three."""
    for id, path in ((2, "a/two"), (3, "a/gone"), (4, "a/four")):
        built.project(id, path)
        built.schedule(id, project_id=id)
    for place in range(5):
        at = MIDNIGHT + place * DAY
        built.night(
            at, failed=["x"] if place > 2 else [], passed=["x"] if place <= 2 else [], project_id=2, schedule_id=2
        )
        built.night(at, failed=["x"] if place else [], passed=[] if place else ["x"], project_id=4, schedule_id=4)
        slot = {"project_id": 3, "schedule_id": 3, "expected_at": at, "repeated": False, "off_cause": None}
        built.store.write(Put(SCHEDULE_SLOTS, [slot]))
        if place < 2:
            built.night(at, project_id=3, schedule_id=3)
    assert tops(built) == ["a/two", "a/gone", "a/four"]
    assert tops(built, order="longest red") == ["a/four", "a/gone", "a/two"]
    for grain in night_grid.GRAINS:
        data = grid_data(grid(built, grain=grain), framed=NIGHT, grain=grain)
        assert [row["aside"] for row in data["rows"]] == ["red 2", "missing 3", "red 4"], "nights, whatever a column is"
    last = next(row for row in grid_data(grid(built), framed=NIGHT)["rows"] if row["label"] == "gone")["cells"][-1]
    assert ["Missing since", "Thu 12 Mar 2026, 3 nights"] in last["tip"]


def test_a_pipeline_that_failed_without_a_failed_job_says_so(built: Builder) -> None:
    built.pipeline(MIDNIGHT, "failed")
    [row] = grid_data(grid(built), framed=MIDNIGHT.date())["rows"]
    assert ["First error", "the pipeline failed without a failed job"] in row["cells"][-1]["tip"]


@pytest.mark.parametrize("top", [1, 2, 3])
def test_what_is_cut_off_of_rows_that_are_called_alike_is_always_the_same(four: Builder, top: int) -> None:
    """The one job's name stands in the group of each repository."""
    found = grid(four, chosen=Filters(), rows="job", group="repository", order="name", top=top)
    assert list(dict.fromkeys(found["group_name"])) == sorted(RED)[:top]
