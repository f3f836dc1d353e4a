"""The grid of nights as the browser is told of it: marks, boxes, forms and figures; every state has its own shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dashlib.charts import palette
from dashlib.charts.night_grid import grid_data
from dashlib.charts.night_marks import letter
from dashlib.model import Filters
from dashlib.queries import night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.store import open_store
from tests.nightlies.rows import expect
from tests.queries.build import MIDNIGHT, Builder
from tests.queries.nights_company import DAY, LAST, NIGHT, OPENED, grid


def test_the_same_failure_has_the_same_mark_in_every_row(company: Builder) -> None:
    found = grid(company)
    marked = found[found["mark"].notna()]
    assert set(marked["mark"]) == {1} and set(marked["reason"]) == {"connection refused"}
    assert sorted(marked["path"]) == ["acme/core/engine", "acme/core/engine", "acme/web/site"]


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


def test_what_the_browser_is_told(company: Builder) -> None:
    data = grid_data(grid(company, order="name"), framed=NIGHT, opened=("acme/core/engine",), times=True)
    assert [slot["iso"] for slot in data["slots"]] == [f"{MIDNIGHT + place * DAY:%Y-%m-%d}" for place in range(5)]
    assert [slot["framed"] for slot in data["slots"]] == [False] * 4 + [True]
    row = data["rows"][0]
    assert (row["front"], row["label"], row["open"], row["aside"]) == ("acme/core/", "engine", True, "red 2")
    last = row["cells"][-1]
    assert last["href"] == f"/failure?failure={last['failure']}"
    assert last["job"].startswith("https://gitlab.example/p/1/-/jobs/")
    assert ["First error (A)", "connection refused"] in last["tip"] and ["Who has it", "nobody"] in last["tip"]
    missing = next(cell for cell in row["cells"] if cell["at"] == 2)
    assert missing["state"] == "missing" and missing["tip"][1][0] == "Why"
    quiet = next(row for row in data["rows"] if row["label"] == "quiet")
    assert quiet["cells"] == [] and [at for at, _, _ in quiet["passed"]] == list(range(5)), "as short as can be"
    assert [mark["about"] for mark in data["marks"]] == ["3 failures in 2 repositories"]


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
    assert sorted(texts) == ["compile of engine: killed", "test:unit of engine: killed"]


def test_a_failure_keeps_its_mark_however_the_grid_is_narrowed_and_arranged(two_jobs: Builder) -> None:
    """Letters are what colleagues tell each other: they must not depend on what one of them looks for."""
    marked = {"null pointer": 1}
    for more in ({}, {"rows": "job"}, {"rows": "reason"}, {"rows": "schedule", "opened": OPENED}, {"group": "owner"},
                 {"narrowed": {"search": "null"}}, {"order": "name"}):  # fmt: skip
        found = grid(two_jobs, **more)
        assert dict(found[found["mark"].notna()][["reason", "mark"]].drop_duplicates().to_numpy()) == marked, more


@pytest.fixture(scope="session")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """One failure on a night: of two jobs of one nightly, and of one of another, of which a job may fail of it, too."""
    with open_store(tmp_path_factory.mktemp("outage") / "d.duckdb") as store:
        built = Builder(store)
        for id, path in ((1, "acme/core/engine"), (2, "acme/web/site")):
            built.project(id, path)
            built.schedule(id, project_id=id)
            run = built.pipeline(LAST - DAY, "failed", project_id=id, schedule_id=id)
            for name in ("lint", "unit")[:id]:
                built.failure(
                    built.job(run, name, "failed", LAST - DAY, id), "no route to host", id, category="network"
                )
        for at in (LAST - 2 * DAY, LAST):
            run = built.pipeline(at)
            built.job(run, "lint", "success", at)
            audit = built.job(run, "audit", "failed", at, allow_failure=True)
            built.failure(audit, "no route to host", category="network")
        yield built


@pytest.mark.parametrize("grain", ["night", "week", "month"])
def test_rows_and_columns_change_no_count_of_a_mark(outage: Builder, grain: str) -> None:
    for rows in night_grid.ROWS:
        data = grid_data(grid(outage, rows=rows, grain=grain), framed=NIGHT, rows=rows, grain=grain)
        assert [mark["about"] for mark in data["marks"]] == ["5 failures in 2 repositories"], rows


def test_what_is_only_warned_names_its_job_and_since_when(outage: Builder) -> None:
    data = grid_data(grid(outage, order="name", opened=("acme/core/engine",)), framed=NIGHT)
    cells = [row["cells"][-1] for row in data["rows"] if row["cells"][-1]["at"] == 2]
    assert [(cell["state"], cell["tip"][1:4]) for cell in cells] == 3 * [
        ("warned", [
            ["Allowed to fail", "audit"], ["First error (A)", "no route to host"], ["Failing since", "Thu 12 Mar 2026"]
        ])
    ]  # fmt: skip


def test_rows_of_reasons_that_are_called_the_same_are_told_apart(two_jobs: Builder) -> None:
    alike = grid(two_jobs, rows="reason").assign(label="killed", name="killed")
    rows = grid_data(alike, framed=NIGHT, rows="reason")["rows"]
    assert sorted(row["label"] for row in rows) == ["compile of engine: killed", "test:unit of engine: killed"]
    assert sorted(row["title"] for row in rows) == ["compile of engine · killed", "test:unit of engine · killed"]


def test_a_cell_wears_every_failure_that_struck_in_it(two_jobs: Builder) -> None:
    """At every level: the worst's letter first, then the others'; one that struck but once is counted."""
    data = grid_data(grid(two_jobs, group="group"), framed=NIGHT)
    heading, row = data["rows"]
    before, last = row["cells"]
    assert {name: before.get(name) for name in ("count", "mark", "also", "more")} == {
        "count": 2, "mark": None, "also": [1], "more": None
    }  # fmt: skip
    assert before["tip"][2:4] == [["First error", "disk full"], ["Also A", "test:unit: null pointer"]]
    assert last["mark"] == 1 and "also" not in last
    assert heading["cells"] == [
        {"at": 0, "count": 1, "also": [1], "more": 1, "tip": [
            ["Failed", "1 row"], ["A", "in 1: null pointer"], ["Others", "1 that struck once only"]]},
        {"at": 1, "count": 1, "also": [1], "tip": [["Failed", "1 row"], ["A", "in 1: null pointer"]]},
    ]  # fmt: skip
    [mark] = data["marks"]
    assert (mark["letter"], mark["about"]) == ("A", "2 failures in 1 repository"), "not the worst's only"
    week = grid_data(grid(two_jobs, grain="week"), framed=NIGHT, grain="week")["rows"][0]["cells"][0]
    assert (week.get("mark"), week["also"]) == (None, [1])


def test_letters_in_a_row_can_be_told_apart() -> None:
    assert [letter(mark) for mark in (1, 26, 27, 52, 53, 702, 703)] == ["A", "Z", "Aa", "Az", "Ba", "Zz", "Aaa"]


def test_a_first_error_is_told_whole(two_jobs: Builder) -> None:
    reason = "lazy dog " * 200
    [row] = grid_data(grid(two_jobs).assign(reason=reason, failures=None), framed=NIGHT)["rows"]
    assert ["First error (A)", reason.strip()] in row["cells"][-1]["tip"]


def test_a_row_tells_its_figures(built: Builder) -> None:
    """Two failures that ended, after one day and after two, and one that has not."""
    built.project()
    built.schedule()
    for place, red in enumerate((1, 0, 1, 1, 0, 1)):
        built.night(MIDNIGHT + place * DAY, failed=["x"] * red, passed=["x"] * (1 - red))
    found = night_grid.grid(built.nights(), Filters(), narrowed=Narrowed((MIDNIGHT + 5 * DAY).date()))
    [row] = grid_data(found, framed=NIGHT, with_figures=True)["rows"]
    assert row["figures"] == ["1", "10 Mar 2026", "4", "1.5 days", "4"]
    assert row["about"] == (
        "red for 1 night; first red night 10 Mar 2026; red 4 of the last 30 days; green again after 1.5 days on "
        "average; 4 changes between green and red in 30 days"
    )
    with built.store.reader() as reader:
        [told] = nightlies.history(reader, Filters())[["nights_red", "reds_30", "flips_30", "days_to_green"]].to_numpy()
    assert list(told) == [1, 4, 4, 1.5], "as the history of every nightly says"


WIDGETS = Path(__file__).parents[2] / "dashlib" / "widgets"
COLOUR = re.compile(r"color-mix\((?:[^()]|\([^()]*\))*\)|#[0-9A-Fa-f]{3,6}|var\([^()]*\)")


def shape(rules: str) -> list[str]:
    """What a rule says but for colours and weights."""
    parts = (COLOUR.sub("colour", part.strip()) for part in rules.split(";"))
    return sorted(part for part in parts if part and not part.startswith(("color:", "opacity", "font")))


def test_every_state_has_its_own_sign_and_its_own_shape() -> None:
    """Whoever sees no colours tells states apart by the sign, and where run times stand instead, by the shape."""
    [told] = re.findall(r"const SIGNS = \{ (.*) \}", (WIDGETS / "night_grid_words.js").read_text("utf-8"))
    signs = dict(re.findall(r'(\w+): "(.*?)"', told))
    assert sorted(signs) == sorted(night_grid.STATES)
    assert {state: palette.STATES[state].sign for state in signs if state != "off"} | {"off": "·"} == signs
    css = (WIDGETS / "night_grid.css").read_text("utf-8")
    shapes: dict[str, list[str]] = {state: [] for state in signs}
    for state, part, rules in re.findall(r"^\.(\w+)(::before)? \{(.*?)\}", css, re.MULTILINE | re.DOTALL):
        if state in shapes:
            shapes[state] += [part + rule for rule in shape(rules)]
    assert len(set(signs.values())) == len(signs)
    of_runs = [" ".join(shapes[state]) for state in ("failed", "warned", "passed", "running", "canceled")]
    assert len(set(of_runs)) == len(of_runs), of_runs


def test_a_box_tells_what_somebody_started(built: Builder) -> None:
    """Beside the nightly (it changes nothing of the cell), and in place of one that did not come."""
    nights = [MIDNIGHT, MIDNIGHT + DAY]
    expect(built, *nights)
    built.night(nights[0], passed=["lint"])
    built.night(nights[0] + timedelta(hours=9), failed=["lint"])
    built.night(nights[1] + timedelta(hours=9), passed=["lint"])
    [row] = grid_data(grid(built), framed=nights[1].date())["rows"]
    beside, instead = row["cells"]
    assert (beside["state"], beside["byHand"], instead["state"], instead["byHand"]) == ("passed", True, "passed", True)
    assert ["By hand", "failed at 10:00"] in beside["tip"] and ["Started", "by hand, or late"] in instead["tip"]
