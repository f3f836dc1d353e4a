"""The page over a filled database: what runs when, what is shown of it, what the address holds."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.explore import picture, running
from dashlib.explore.examples import examples
from dashlib.explore.running import begin
from dashlib.widgets import sql, sql_answer
from tests.explore.hostile import ENDLESS
from tests.pages.conftest import HOSTILE, Open, filled, filled_database, opened, opener

__all__ = ["filled", "filled_database", "opened", "opener"]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    for one in list(running._RUNNING):
        one.close()
    running.cool()


def until_answered(app: AppTest) -> AppTest:
    """As the fragment does in a browser: look again until the query has ended."""
    deadline = time.monotonic() + 30
    while [button for button in app.button if button.key == "sql_cancel"] and time.monotonic() < deadline:
        time.sleep(0.05)
        app.run()
    assert not app.exception, app.exception
    return app


def asked(app: AppTest, query: str) -> AppTest:
    app.text_area(key="sql").set_value(query)
    return until_answered(app.button(key="sql_run").click().run())


def rows(app: AppTest) -> list[dict[str, Any]]:
    [table] = [table for table in app.dataframe if "type" not in table.value.columns]
    return [{str(name): value for name, value in row.items()} for row in table.value.to_dict("records")]


def test_a_question_and_its_answer(filled: Open) -> None:
    app = asked(filled("sql"), "select path_with_namespace as repository, 1 as n from projects order by 1")
    assert [row["repository"] for row in rows(app)] == ["acme/core/engine", "acme/web/site", f"evil/{HOSTILE}"]
    assert any(caption.value.startswith("3 rows in ") for caption in app.caption)
    assert app.query_params["sql"] == "select path_with_namespace as repository, 1 as n from projects order by 1"
    assert [button.proto.label for button in app.get("download_button")] == ["CSV", "Parquet", "JSON", "Excel"]


def test_a_link_reproduces_what_it_shows(filled: Open) -> None:
    query = "select committed_at::date as day, count(*) as commits, sum(additions) as added from commits group by all"
    app = until_answered(filled("sql", sql=query, sql_as="chart", sql_type="bar", sql_y="added", relation="jobs"))
    [chart] = app.get("vega_lite_chart")
    drawn = json.loads(chart.proto.spec)
    assert (drawn["mark"]["type"], drawn["encoding"]["x"]["title"]) == ("bar", "day")
    assert drawn["encoding"]["y"]["title"] == "added"
    assert app.selectbox(key="relation").value == "jobs"
    assert app.text_area(key="sql").value == query
    assert dict(app.query_params) == {
        "sql": query, "sql_as": "chart", "sql_type": "bar", "sql_y": "added", "relation": "jobs",
    }  # fmt: skip


def test_nothing_runs_again_by_itself(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def counted(*arguments: Any) -> Any:
        begun.append(arguments[1])
        return begin(*arguments)

    monkeypatch.setattr(sql, "begin", counted)
    app = asked(filled("sql"), "select 1 as a")
    app.run()
    app.switch_page("commits.py").run()
    app.switch_page("sql.py").run()
    assert [row["a"] for row in rows(app)] == [1]
    app.selectbox(key="relation").select("jobs").run()
    assert begun == ["select 1 as a"]
    asked(app, "select 1 as a")
    assert len(begun) == 2


def test_examples_and_history_bring_a_query(filled: Open) -> None:
    app = filled("sql")
    first = next(example for example in examples() if example.name == "09_commits_per_week")
    [button] = [button for button in app.button if button.label == first.question and "begin" in str(button.key)]
    until_answered(button.click().run())
    assert app.text_area(key="sql").value == first.query and rows(app)
    asked(app, "selekt 1")
    asked(app, "select 2 as a")
    history = [button for button in app.button if str(button.key).startswith("sql_history")]
    assert [button.label for button in history][:2] == ["select 2 as a", "selekt 1"]
    assert "answered in" in history[0].help and "syntax error" in history[1].help
    until_answered(history[2].click().run())
    assert app.text_area(key="sql").value == first.query
    assert len([button for button in app.button if str(button.key).startswith("sql_history")]) == 3


def test_a_wrong_query_is_told_with_its_place(filled: Open) -> None:
    app = asked(filled("sql"), "select id,\n  nothing_like_it\nfrom commits")
    assert [error.value for error in app.error] == [
        'Binder Error\\: Referenced column "nothing\\_like\\_it" not found in FROM clause\\!'
    ]
    assert [code.value for code in app.code] == ["Line 2, column 3:\n  nothing_like_it\n  ^"]
    app = asked(app, "drop table commits")
    assert "Only reading is allowed here" in app.error[0].value and "not DROP" in app.error[0].value
    assert [row["n"] for row in rows(asked(app, "select count(*) as n from commits"))] == [12]


def test_markup_in_a_query_or_an_answer_is_text(filled: Open) -> None:
    app = asked(filled("sql"), f"select '{HOSTILE}' as \"{HOSTILE}\" from nowhere_{'x' * 5}")
    assert "<img" not in " ".join([*(one.value for one in app.error), *(one.value for one in app.caption)])
    app = asked(app, f"select 1 as \"{HOSTILE}\", '{HOSTILE}' as text")
    assert rows(app) == [{HOSTILE: 1, "text": HOSTILE}]
    app = until_answered(filled("sql", sql=app.text_area(key="sql").value or "", sql_as="chart"))
    assert app.get("vega_lite_chart")


def test_no_rows_no_numbers_a_plan(filled: Open) -> None:
    app = asked(filled("sql"), "select 1 as a where false")
    assert "No rows" in app.info[0].value
    app = asked(app, "select 'x' as a")
    assert not app.get("button_group") and rows(app) == [{"a": "x"}]
    app = asked(app, "explain select 1")
    assert "PROJECTION" in app.code[0].value or "DUMMY_SCAN" in app.code[0].value


def test_more_rows_than_a_browser_bears(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "ROWS", 3000)
    app = asked(filled("sql"), "select range as n from range(5000)")
    assert "the first 3,000" in app.warning[0].value and "python -m dashlib sql" in app.warning[0].value
    assert len(rows(app)) == sql_answer._SHOWN
    answered = app.session_state["sql_desk"].answered
    written = sql_answer._file("parquet", answered.table)()
    assert pq.ParquetFile(BytesIO(written)).read()["n"].to_pylist() == list(range(3000))


def test_files_hold_what_the_page_shows(filled: Open) -> None:
    app = asked(filled("sql"), "select '=1+1' as text, n from range(2) t(n)")
    table = app.session_state["sql_desk"].answered.table
    assert sql_answer._file("csv", table)() == b"text,n\n'=1+1,0\n'=1+1,1\n"
    assert json.loads(sql_answer._file("json", table)()) == [{"text": "=1+1", "n": 0}, {"text": "=1+1", "n": 1}]
    assert sql_answer._file("xlsx", table)()[:2] == b"PK"


def test_a_slow_query_can_be_cancelled_and_the_page_used(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_AT_ONCE_SECONDS", 0.1)
    app = filled("sql")
    app.text_area(key="sql").set_value(ENDLESS[0])
    app.button(key="sql_run").click().run()
    assert any("Running for" in one.value for one in app.markdown)
    app.selectbox(key="relation").select("jobs").run()
    assert any("Running for" in one.value for one in app.markdown)
    until_answered(app.button(key="sql_cancel").click().run())
    assert "Stopped after" in app.error[0].value
    assert [row["a"] for row in rows(asked(app, "select 1 as a"))] == [1]


def test_another_query_takes_the_place_of_the_running_one(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_AT_ONCE_SECONDS", 0.1)
    app = filled("sql")
    app.text_area(key="sql").set_value(ENDLESS[0])
    app.button(key="sql_run").click().run()
    [slow] = [one for one in running._RUNNING if not one.done()]
    assert [row["a"] for row in rows(asked(app, "select 1 as a"))] == [1]
    assert slow.done()


def test_two_people_have_two_answers(filled: Open) -> None:
    one, other = filled("sql"), filled("sql")
    asked(one, "select 1 as a")
    asked(other, "select 2 as a")
    assert [row["a"] for row in rows(one.run())] == [1]
    assert [row["a"] for row in rows(other.run())] == [2]


def test_what_there_is_to_ask(filled: Open) -> None:
    app = filled("sql")
    offered = app.selectbox(key="relation")
    assert {"nightly_failures (view)", "jobs (table)", "bookkeeping.settings (table)"} <= set(offered.options)
    [columns] = [table.value for table in app.dataframe if "type" in table.value.columns]
    assert "job_name" in set(columns["name"])
    assert any(caption.value.startswith("One row per failed job of a nightly") for caption in app.caption)
    for name in ("bookkeeping.settings", "commits"):
        app.selectbox(key="relation").select(name).run()
        until_answered(app.button(key="sql_look").click().run())
        assert app.text_area(key="sql").value == f"from {name} limit 100"
        assert not app.error and not app.exception


def test_a_machine_without_room_for_a_process_is_told(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    app = filled("sql")
    # The process that was started ahead is gone, too, and no other can take its place.
    running.warm()
    waiting = running._SPARE._child
    assert waiting is not None
    waiting.process.kill()
    waiting.process.wait()
    monkeypatch.setattr(running, "_Child", fails)
    running.warm()
    app = asked(app, "select 7")
    assert [error.value.replace("\\", "") for error in app.error] == [
        "The query could not be started: Resource temporarily unavailable. This machine has no room for it now; try"
        " again when something else has ended."
    ]
    assert app.text_area(key="sql").value == "select 7"
    assert [button for button in app.button if str(button.key).startswith("sql_history_")], "it can be asked again"


def test_an_answer_that_cannot_be_shown_is_told_and_kept(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise TypeError("no such type")

    app = filled("sql")
    monkeypatch.setattr(picture, "_shown", fails)
    app = asked(app, "select 8")
    assert "cannot be shown here: no such type" in app.error[0].value.replace("\\", "")
    assert app.text_area(key="sql").value == "select 8"
    assert len(app.get("download_button")) == 4


def test_a_database_that_cannot_be_copied_is_told(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashlib.store import StoreError

    def fails() -> None:
        raise StoreError("The disk is full.")

    app = filled("sql")
    monkeypatch.setattr(runtime.runtime().store, "snapshot", fails)
    app = asked(app, "select 1")
    assert [error.value for error in app.error] == ["The disk is full\\."]


def test_a_copy_that_breaks_off_is_told(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    app = filled("sql")
    monkeypatch.setattr("dashlib.store.database._copy_file", fails)
    monkeypatch.setattr(runtime.runtime().store, "_snapshot_version", None)
    app = asked(app, "select 2")
    assert "No space left on device" in app.error[0].value
