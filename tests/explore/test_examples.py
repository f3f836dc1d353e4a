"""Every question to begin with is answered over the demo's company, and what the answers say is drawn."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dashlib.explore.examples import examples
from dashlib.explore.picture import drawn, frame_of, suggested
from dashlib.explore.running import begin
from tests.explore.conftest import Ask


def test_there_are_questions_and_each_is_one() -> None:
    assert len(examples()) >= 10
    assert len({example.question for example in examples()}) == len(examples())
    for example in examples():
        assert example.question.endswith("?") and example.query.startswith(f"-- {example.question}\n")


def test_each_has_rows_and_a_chart(demo: Path) -> None:
    for example in examples():
        answer = begin(demo, example.query).answer()
        if example.name == "01_last_night" and not answer.rows:
            continue  # Before 08:00 UTC a night of the company may be under way in which nothing has failed yet.
        assert answer.rows, example.name
        table = pa.Table.from_batches(answer.batches, answer.schema)
        frame = frame_of(table)
        assert len(frame) == table.num_rows
        picture = suggested(frame)
        if picture is None:
            assert example.name in ("04_never_ran", "10_before_it_broke"), example.name
        else:
            assert drawn(frame, picture).to_dict()["mark"]["type"] in ("line", "bar", "point")


def test_what_failed_when_it_ran_last(demo: Path, ask: Ask) -> None:
    """The same nightlies as their histories tell, whatever the hour."""
    failed = ask(next(example.query for example in examples() if example.name == "01_last_night"), demo)
    histories = ask("select * from nightly_history where last_state = 'failed'", demo)
    told = [(row["repository"], row["nightly"], row["night"], row["red_since"]) for row in failed]
    assert sorted(told) == sorted(
        (row["path_with_namespace"], row["schedule_description"], row["last_night"], row["red_since"])
        for row in histories
    )


def test_the_stories_are_found(demo: Path, ask: Ask) -> None:
    """Three of the company's stories (dashlib/demo/stories.py), as the examples tell them."""
    by_name = {example.name: example.query for example in examples()}
    never = ask(by_name["04_never_ran"], demo)
    assert {row["repository"] for row in never} == {"ostrelune/platform/ingest-gateway"}
    assert {row["cause"] for row in never if row["state"] == "missing"} == {"owner_blocked"}
    slowest = ask(by_name["07_slowest_jobs"], demo)[0]
    assert (slowest["repository"], slowest["job_name"]) == ("ostrelune/forecast/wave-model", "test:ensemble")
    flaky = ask(by_name["05_flaky_jobs"], demo)[0]
    assert (flaky["repository"], flaky["job_name"]) == ("ostrelune/web/harbour-board", "e2e:browser")
