"""Who has a nightly: given on the page and taken back there, found by name, and what its cells' boxes compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashlib.failures.act_tables import GREEN_LOGS
from dashlib.failures.decisions import Failure, assign
from dashlib.model import Filters, Put
from dashlib.queries import night_grid
from dashlib.queries.night_grid import Narrowed
from dashlib.sources.gitlab.traces import Trace
from dashlib.store import open_store
from dashlib.sync.steps.green_logs import green_row
from dashlib.widgets.night_versions import changes
from dashlib.widgets.nights import of_nights
from tests.pages.conftest import CRON, YESTERDAY, Open
from tests.queries.build import Builder

NIGHT, DAY = YESTERDAY.date(), timedelta(days=1)
BEFORE, AFTER = "Successfully installed tide-units-4.2.1 {}\n", "Successfully installed tide-units-4.3.0 {}\n"
MORE = " ".join(f"{name}-{{0}}.0" for name in "abc")
ROWS = {
    "repository": ["acme/core/engine", "acme/core/pump"],
    "schedule": ["acme/core/engine · Nightly", "acme/core/pump · Nightly"],
    "job": ["unit"],
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of which two jobs failed in one repository, the second of them bob's; in another it never ran."""
    path = tmp_path_factory.mktemp("claims") / "claims.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.project(2, "acme/core/pump")
        built.schedule(7, project_id=1, cron=CRON)
        built.schedule(8, project_id=2, cron=CRON, owner_username="bob")
        built.user(1, "bob", "Bob Brown")
        for back in (4, 3, 2, 1):
            at = YESTERDAY - back * DAY
            built.night(at, project_id=2, schedule_id=8)
            run = built.pipeline(at, "success")
            green = [built.job(run, name, "success", at) for name in ("lint", "unit")]
        run = built.pipeline(YESTERDAY, "failed")
        lint, unit = (built.job(run, name, "failed", YESTERDAY) for name in ("lint", "unit"))
        text = BEFORE.format(MORE.format(1)).encode()
        kept = green_row(1, "lint", green[0], Trace(text, b"", len(text), 0))
        assert kept is not None
        built.store.write(Put(GREEN_LOGS, [kept]))
        built.trace(lint, AFTER.format(MORE.format(2)))
        assign(store, "Ada", [Failure(1, unit)], "bob")
    return path


@pytest.fixture
def visit(opener: Callable[[Path], Open], database: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr("dashlib.widgets.act.local_only", lambda _="": None)
    return opener(database)


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*app.markdown, *app.success)).replace("\\", "")


def test_a_nightly_that_does_not_run_is_given_to_somebody_and_taken_back(visit: Open) -> None:
    app = visit("nightlies")
    app.session_state["acting_name"] = "Grace"
    app.selectbox(key="gone_who").set_value("Bob Brown (bob)").run()
    app.button(key="gone_assign").click().run()
    assert "bob has it now." in words(app) and "Grace gave a nightly that does not run to bob" in words(app)
    undo = next(one for one in app.button if str(one.key).startswith("undo_"))
    undo.click().run()
    assert "; nobody has it" in words(app) and "(undone)" in words(app)
    assert "Grace undid: gave a nightly that does not run to bob" in words(app)


@pytest.mark.parametrize("rows", ROWS)
def test_what_somebody_has_is_found_whatever_failed_first(visit: Open, rows: str) -> None:
    app = visit("nightlies", rows=rows, whose="bob")
    found = of_nights(night_grid.grid, Filters(), narrowed=Narrowed(NIGHT, whose=("bob",)), rows=rows)
    assert sorted(found["top"].unique()) == ROWS[rows]
    jobless = [button for button in app.button if button.key == "show_jobless"]
    if rows != "job":
        assert not jobless
        return
    label = "1 nightly that did not run has no job: show acme/core/pump by repository"
    assert [button.label.replace("\\", "") for button in jobless] == [label]
    jobless[0].click().run()
    assert app.session_state["rows"] == "repository" and app.query_params["whose"] == "bob"


def test_a_box_tells_three_versions_that_changed_since_the_job_passed(visit: Open) -> None:
    visit("nightlies")
    cells = of_nights(night_grid.grid, Filters(), narrowed=Narrowed(NIGHT))
    told = changes(cells, NIGHT)
    assert [text for _, text in told] == ["a 1.0 → 2.0 (pip), b 1.0 → 2.0 (pip), c 1.0 → 2.0 (pip), 1 more"]
    assert changes(cells, NIGHT - DAY) == (), "only of the framed night"


def test_rows_of_jobs_tell_of_what_never_ran(visit: Open) -> None:
    """A job's row has an empty cell there, whatever is asked for."""
    label = "1 nightly that did not run has no job: show acme/core/pump by repository"
    told = {
        rows: [button.label.replace("\\", "") for button in visit("nightlies", rows=rows).button
               if button.key == "show_jobless"]
        for rows in ("repository", "job", "reason")
    }  # fmt: skip
    assert told == {"repository": [], "job": [label], "reason": []}
