"""The grid of nights: rows, levels, groups, order, filters and marks; its SQL as shown; the copy in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashlib.charts.night_grid import grid_data
from dashlib.model import Filters, Put
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.queries import night_grid, night_rows, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_renewed import PARTS, WHOLES
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
    return night_grid.grid(built.nights(), chosen, narrowed=Narrowed(NIGHT, **(narrowed or {})), **more)


def tops(built: Builder, **more: Any) -> list[str]:
    return list(dict.fromkeys(grid(built, **more)["top"]))


SIGNATURES = tuple(hashlib.md5(text.encode()).hexdigest()[:12] for text in ("connection refused", "disk full"))
OPENED = ("acme/web/site", "unit", "acme/web/site · Web", *SIGNATURES)
VARIANTS = [
    *(
        {"rows": rows, "opened": ("acme/web/site", "unit", "acme/web/site · Web", *SIGNATURES)}
        for rows in night_grid.ROWS
    ),
    *({"group": group} for group in night_rows.GROUPS),
    *({"order": order} for order in night_grid.ORDERS),
    *({"grain": grain} for grain in night_grid.GRAINS),
    {"rows": "reason", "group": "repository", "grain": "week"},
]


@pytest.mark.parametrize("more", VARIANTS)
def test_the_sql_shown_gives_the_same(company: Builder, more: dict[str, Any]) -> None:
    narrowed: dict[str, Any] = {"search": "it's $1 %", "states": ("failed", "passed")} if more.get("group") else {}
    answer = grid(company, narrowed=narrowed, **more)
    pd.testing.assert_frame_equal(company.nights().execute(answer.attrs["sql"]).df(), answer)


@pytest.mark.parametrize("more", [VARIANTS[0], VARIANTS[-1]])
def test_the_views_answer_as_the_copy_in_memory_does(company: Builder, more: dict[str, Any]) -> None:
    """What the page shows as its SQL, asked by whoever runs it."""
    ours = grid(company, **more)
    with company.store.reader() as reader:
        pd.testing.assert_frame_equal(reader.execute(ours.attrs["sql"]).df(), ours)


@pytest.mark.parametrize("name", (*PARTS, *WHOLES))
def test_the_copy_in_memory_holds_what_the_views_answer(company: Builder, name: str) -> None:
    with company.store.reader() as reader:
        theirs = reader.execute(f"select * from {name}").df()
    ours = company.nights().execute(f"select * from {name}").df()
    for frame in (theirs, ours):
        if "words" in frame:
            frame["words"] = [sorted(str(words).split()) for words in frame["words"]]
    key = [one for one in ("id", "project_id", "schedule_id", "night", "job_name", "risk", "signature") if one in ours]
    key = key or ours.columns.to_list()
    theirs, ours = (frame.sort_values(key, ignore_index=True) for frame in (theirs, ours))
    pd.testing.assert_frame_equal(theirs, ours)


@pytest.mark.parametrize(
    ("question", "more"),
    [
        *((question, {}) for question in (nightlies.nights, nightlies.history, nightlies.at_risk)),
        *((nightlies.failures_over_time, {"by": by}) for by in ("job", nightlies.STATE)),
        *((question, {"night": NIGHT}) for question in (nightlies.note, nightlies.failed_jobs)),
    ],
)
def test_the_copy_in_memory_answers_as_the_views_do(company: Builder, question: Any, more: dict[str, Any]) -> None:
    with company.store.reader() as reader:
        pd.testing.assert_frame_equal(question(company.nights(), WINDOW, **more), question(reader, WINDOW, **more))


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


def test_a_reason_is_red_up_to_the_night_on_which_it_struck_last(company: Builder) -> None:
    """It counts every night it struck; one that struck long ago is not red tonight."""
    found = grid(company, rows="reason").drop_duplicates("top").set_index("name")
    columns = ["streak", "reds_30", "flips_30", "first_red_night"]
    night = [(MIDNIGHT + place * DAY).date() for place in range(5)]
    assert {name: [*row[:3], row[3].date()] for name, *row in found[columns].reset_index().to_numpy()} == {
        "connection refused": [2, 2, 1, night[3]],
        "disk full": [0, 1, 1, night[0]],
    }
    assert list(found.index) == ["connection refused", "disk full"]
    inside = grid(company, rows="reason", opened=SIGNATURES)
    rows = inside[inside["level"] == 1].drop_duplicates(["top", "middle"])
    assert sorted(zip(rows["name"], rows["middle"], rows["streak"], strict=True)) == [
        ("connection refused", "acme/core/engine · lint", 2),
        ("connection refused", "acme/web/site · unit", 1),
        ("disk full", "acme/web/site · unit", 0),
    ]
    assert set(inside["state"]) == {"failed"}, "a night without it has no cell"


def test_a_reason_is_new_where_its_row_begins(company: Builder) -> None:
    found = grid(company, rows="reason")
    assert [(name, slot.date(), new) for name, slot, new in found[["name", "slot", "is_new"]].to_numpy()] == [
        ("connection refused", MIDNIGHT.date() + 3 * DAY, True),
        ("connection refused", NIGHT, False),
        ("disk full", MIDNIGHT.date(), True),
    ]
    assert tops(company, rows="reason", narrowed={"only_new": True}) == []
    assert tops(company, rows="job", narrowed={"only_new": True}) == ["unit"]
    assert tops(company, rows="schedule", narrowed={"only_new": True}) == ["acme/web/site · Web"]


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


def test_reasons_are_told_apart_by_signature_and_called_without_what_changes(built: Builder) -> None:
    built.project()
    built.schedule()
    for place, text in enumerate(("/scripts-5-77/step: line 162: make", "/scripts-5-91/step: line 171: make")):
        run = built.pipeline(MIDNIGHT + place * DAY, "failed")
        job = built.job(run, "vet", "failed", MIDNIGHT + place * DAY)
        built.failure(
            job, "missing_tool: make: command not found", category="missing_tool", reason=f"{text}: command not found"
        )
    run = built.pipeline(MIDNIGHT + 2 * DAY, "failed")
    job = built.job(run, "unit", "failed", MIDNIGHT + 2 * DAY)
    signature = "test_failure: test_half | E assert <n> == <n>"
    built.failure(job, signature, category="test_failure", reason="tests/half.py:12:4: E assert 1 == 0")
    found = grid(built, rows="reason", order="name")
    assert [(name, slot.date()) for name, slot in found[["name", "slot"]].to_numpy()] == [
        ("make: command not found", MIDNIGHT.date()),
        ("make: command not found", MIDNIGHT.date() + DAY),
        ("test_half: tests/half.py: E assert 1 == 0", MIDNIGHT.date() + 2 * DAY),
    ]


def test_every_failure_without_an_issue_leads_to_a_form_for_one(company: Builder) -> None:
    data = grid_data(grid(company, order="name"), framed=NIGHT)
    before, last = data["rows"][0]["cells"][-2:]
    assert before["failure"] != last["failure"] and before["form"] == last["form"], "one form, sent once"
    form = data["forms"][last["form"]]
    assert form.startswith("https://gitlab.example/p/1/-/issues/new?issue%5Btitle%5D=lint%3A+connection+refused")
    found = grid(company, order="name").assign(issue_url="https://gitlab.example/p/1/-/issues/7")
    linked = grid_data(found, framed=NIGHT)
    [only] = linked["forms"]
    missing = linked["rows"][0]["cells"][-3]
    assert (missing["state"], missing["form"]) == ("missing", 0)
    assert "Nightly%3A+has+not+run+since+2026-03-12" in only
    last = linked["rows"][0]["cells"][-1]
    assert last["issue"] and "form" not in last, "what has an issue needs no other"


def test_a_cell_tells_the_repository_of_the_job_that_it_tells(company: Builder) -> None:
    """Rows of reasons hold several repositories: an issue for the one's job in the other would be the wrong one."""
    found = grid(company, rows="reason")
    with company.store.reader() as reader:
        of = dict(reader.execute("select id::varchar, path_with_namespace from projects").fetchall())
    assert list(found["path"]) == [of[failure.partition("-")[0]] for failure in found["failure"]]


def test_what_the_browser_is_told(company: Builder) -> None:
    data = grid_data(grid(company, order="name"), framed=NIGHT, opened=("acme/core/engine",), times=True)
    assert [slot["iso"] for slot in data["slots"]] == [f"{MIDNIGHT + place * DAY:%Y-%m-%d}" for place in range(5)]
    assert [slot["framed"] for slot in data["slots"]] == [False] * 4 + [True]
    row = data["rows"][0]
    assert (row["front"], row["label"], row["open"], row["aside"]) == ("acme/core/", "engine", True, "red 2")
    last = row["cells"][-1]
    assert last["href"] == f"/failure?failure={last['failure']}"
    assert last["job"].startswith("https://gitlab.example/p/1/-/jobs/")
    assert ["First error", "connection refused"] in last["tip"] and ["Who has it", "nobody"] in last["tip"]
    missing = next(cell for cell in row["cells"] if cell["at"] == 2)
    assert missing["state"] == "missing" and missing["tip"][1][0] == "Why"
    quiet = next(row for row in data["rows"] if row["label"] == "quiet")
    assert quiet["cells"] == [] and [at for at, _, _ in quiet["passed"]] == list(range(5)), "as short as can be"
    assert [mark["about"] for mark in data["marks"]] == ["3 × in 2 repositories"]


SECOND = hashlib.md5(b"null pointer").hexdigest()[:12]


@pytest.fixture(scope="module")
def two_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """One nightly of which two jobs fail, each for its own reason; only one of them last night, and with an issue."""
    with open_store(tmp_path_factory.mktemp("jobs") / "d.duckdb") as store:
        built = Builder(store)
        built.project(1)
        built.schedule(7)
        for at in (LAST - DAY, LAST):
            run = built.pipeline(at, "failed")
            for name, reason in (("compile", "disk full"), ("test:unit", "null pointer")):
                red = name == "test:unit" or at != LAST
                job = built.job(run, name, "failed" if red else "success", at)
                if red:
                    built.failure(job, reason, category="disk" if name == "compile" else "test")
        yield built


@pytest.mark.parametrize(
    ("narrowed", "jobs", "reasons"),
    [
        ({}, {"compile", "test:unit"}, {SIGNATURES[1], SECOND}),
        ({"search": "NULL"}, {"test:unit"}, {SECOND}),
        ({"search": "no such"}, set(), set()),
        ({"jobs": ("test:unit",)}, {"test:unit"}, {SECOND}),
        ({"categories": ("disk",)}, {"compile"}, {SIGNATURES[1]}),
        ({"states": ("failed",)}, {"test:unit"}, {SECOND}),
        ({"states": ("passed",)}, {"compile"}, set()),
        ({"states": ("missing",)}, set(), set()),
        ({"without_issue": True}, {"test:unit"}, {SECOND}),
        ({"schedules": ("Nightly",)}, {"compile", "test:unit"}, {SIGNATURES[1], SECOND}),
        ({"whose": ("nobody here",)}, set(), set()),
    ],
)
def test_rows_of_jobs_and_reasons_match_themselves(
    two_jobs: Builder, narrowed: dict[str, Any], jobs: set[str], reasons: set[str]
) -> None:
    assert set(tops(two_jobs, rows="job", narrowed=narrowed)) == jobs
    assert set(tops(two_jobs, rows="reason", narrowed=narrowed)) == reasons


def test_a_cell_tells_the_times_that_its_last_run_hides(tmp_path: Path) -> None:
    with open_store(tmp_path / "d.duckdb") as store:
        built = Builder(store)
        built.project(1)
        built.schedule(7)
        expect(built, *(MIDNIGHT + place * timedelta(hours=1) for place in range(6)))
        built.night(MIDNIGHT, failed=["lint"])
        built.night(MIDNIGHT + timedelta(hours=3))
        [row] = grid_data(grid(built), framed=NIGHT)["rows"]
    [cell] = row["cells"]
    assert cell["state"] == "passed" and cell["partly"]
    assert ["Times", "4 of 6 never ran"] in cell["tip"]
    assert ["Runs", "2, 1 of them failed, passed since"] in cell["tip"]


def test_marks_of_one_text_are_told_apart(two_jobs: Builder) -> None:
    frame = grid(two_jobs, rows="job")
    alike = frame.assign(
        reason="/scripts-1-2/step_script: line 157: killed", mark=frame.groupby("top", sort=False).ngroup() + 1
    )
    texts = [mark["text"] for mark in grid_data(alike, framed=NIGHT)["marks"]]
    assert sorted(texts) == ["engine: killed", "test:unit of engine: killed"]


def test_a_failure_keeps_its_mark_however_the_grid_is_narrowed_and_arranged(two_jobs: Builder) -> None:
    """Letters are what colleagues tell each other: they must not depend on what one of them looks for."""
    marked = {"null pointer": 1}
    for more in ({}, {"rows": "job"}, {"rows": "reason"}, {"rows": "schedule", "opened": OPENED}, {"group": "owner"},
                 {"narrowed": {"search": "null"}}, {"order": "name"}):  # fmt: skip
        found = grid(two_jobs, **more)
        assert dict(found[found["mark"].notna()][["reason", "mark"]].drop_duplicates().to_numpy()) == marked, more


def test_columns_begin_at_the_same_night_whatever_rows_are(company: Builder) -> None:
    whole = night_grid.span(company.nights(), WINDOW).iloc[0]
    span = whole["first"].date(), whole["last"].date()
    for rows, grain, count in (("repository", "night", 5), ("job", "night", 5), ("reason", "night", 5),
                               ("reason", "week", 1), ("reason", "month", 1)):  # fmt: skip
        cells = grid(company, rows=rows, grain=grain, narrowed={"search": "connection"})
        assert len(grid_data(cells, framed=NIGHT, rows=rows, grain=grain, span=span)["slots"]) == count
    later = grid_data(grid(company, rows="reason", narrowed={"search": "connection"}), framed=NIGHT, rows="reason")
    assert len(later["slots"]) == 2, "without it, from the first night on which one of them struck"


def test_rows_of_reasons_that_are_called_the_same_are_told_apart(two_jobs: Builder) -> None:
    alike = grid(two_jobs, rows="reason").assign(label="killed", name="killed")
    rows = grid_data(alike, framed=NIGHT, rows="reason")["rows"]
    assert sorted(row["label"] for row in rows) == ["compile of engine: killed", "test:unit of engine: killed"]
    assert sorted(row["title"] for row in rows) == ["compile of engine · killed", "test:unit of engine · killed"]
