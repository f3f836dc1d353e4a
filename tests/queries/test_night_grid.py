"""The grid of nights: rows, levels, filters; its SQL as shown; the copy in memory."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dashlib.queries import night_failures, night_grid, night_rows, nightlies
from dashlib.queries.nights_renewed import PARTS, WHOLES
from tests.queries.build import MIDNIGHT, Builder
from tests.queries.nights_company import DAY, NIGHT, SECOND, SIGNATURES, WINDOW, grid, tops

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
        *((nightlies.nights, {"part": part}) for part in ("morning", "evening")),
        *((nightlies.note, {"night": NIGHT, "part": part}) for part in ("morning", "evening")),
        *((night_failures.failures_over_time, {"by": by}) for by in ("job", night_failures.STATE)),
        *((question, {"night": NIGHT}) for question in (nightlies.note, night_failures.failed_jobs)),
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


def test_a_cell_tells_the_repository_of_the_job_that_it_tells(company: Builder) -> None:
    """Rows of reasons hold several repositories: an issue for the one's job in the other would be the wrong one."""
    found = grid(company, rows="reason")
    with company.store.reader() as reader:
        of = dict(reader.execute("select id::varchar, path_with_namespace from projects").fetchall())
    assert list(found["path"]) == [of[failure.partition("-")[0]] for failure in found["failure"]]


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
