"""The search in all logs: literal and by pattern, through colours and time stamps, the newest first, with context."""

from __future__ import annotations

import re
from datetime import timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Filters
from dashlib.queries import log_search as module
from dashlib.queries.log_search import SearchError, search
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)


def log(built: Builder, text: str, days: int = 0, project_id: int = 1, name: str = "test") -> int:
    at = MIDNIGHT - days * DAY
    pipeline = built.pipeline(at, "failed", project_id)
    job = built.job(pipeline, name, "failed", at, project_id, finished_at=at)
    built.trace(job, text, project_id)
    return job


def found(built: Builder, text: str, chosen: Filters | None = None, **how: bool | int) -> list[tuple[int, int, str]]:
    with built.store.reader() as reader:
        frame = search(reader, chosen or Filters(), text=text, **how)  # type: ignore[arg-type]
    return list(zip(frame["job_id"].tolist(), frame["number"].tolist(), frame["line"].tolist(), strict=True))


def test_a_whole_row(built: Builder) -> None:
    job = log(built, "one\ntwo\nthree tide\nfour\nfive\nsix")
    with built.store.reader() as reader:
        frame = search(reader, Filters(), text="TIDE")
    [row] = frame.to_dict("records")
    assert list(row.pop("before")) == ["one", "two"] and list(row.pop("after")) == ["four", "five"]
    assert row.pop("ended").to_pydatetime() == MIDNIGHT
    assert row == {
        "project_id": 1,
        "job_id": job,
        "path_with_namespace": "acme/core/engine",
        "job_name": "test",
        "status": "failed",
        "number": 3,
        "matches": 1,
        "line": "three tide",
        "job_web_url": f"https://gitlab.example/p/1/-/jobs/{job}",
    }
    assert "job_ids" not in frame.attrs["sql"] and "three" not in frame.attrs["sql"]
    with built.store.reader() as reader:
        assert reader.execute(frame.attrs["sql"]).df()["line"].tolist() == ["three tide"]


def test_case(built: Builder) -> None:
    job = log(built, "Error: x\nerror: y")
    assert [number for _, number, _ in found(built, "error")] == [1, 2]
    assert found(built, "Error", case=True) == [(job, 1, "Error: x")]
    assert found(built, "^ERROR", case=True, regex=True) == []


COLOURED = "\x1b[1m\x1b[31merror[E0308]\x1b[0m\x1b[1m: mism\x1b[4matched types\x1b[0m"
STAMPED = "2026-03-10T01:00:00.123456Z 01O "


@pytest.mark.parametrize(
    ("line", "text", "regex"),
    [
        (COLOURED, "error[E0308]: mismatched types", False),
        (COLOURED, r"^error\[E\d+\]: mismatched types$", True),
        (STAMPED + "fatal: no tide", "fatal: no", False),
        (STAMPED + "fatal: no tide", r"^fatal: no \w+$", True),
        ("section_start:1700000000:build\r\x1b[0Kfatal: no tide", r"^fatal", True),
        ("fatal: no tide\r", r"tide$", True),
    ],
)
def test_colours_and_time_stamps_are_not_there(built: Builder, line: str, text: str, regex: bool) -> None:
    job = log(built, f"before\n{line}\nafter")
    assert [job_id for job_id, _, _ in found(built, text, regex=regex)] == [job]


@pytest.mark.parametrize("text", ["a.c", "100%", "(x", "[x", "\\d", "$1", "it's", "a|b", "**", "a  b"])
def test_a_literal_means_itself(built: Builder, text: str) -> None:
    job = log(built, f"abc 100 ( x d 1 a b\nhere {text}!\n")
    log(built, "nothing")
    assert found(built, text) == [(job, 2, f"here {text}!")]


def test_numbers_are_those_of_physical_lines(built: Builder) -> None:
    log(built, "one\r\ntwo\rthree\nfour tide")
    assert [number for _, number, _ in found(built, "tide")] == [4]


@pytest.mark.parametrize("text", ["(", "[a", "a{2,1}", "(?=x)", "\\"])
def test_a_pattern_that_is_none_is_told_in_a_sentence(built: Builder, text: str) -> None:
    log(built, "x")
    padded = text if len(text) > 1 else f"x{text}"
    with pytest.raises(SearchError, match=r"^This is no regular expression: .+\.$") as told:
        found(built, padded, regex=True)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["", "x", "y" * 501])
def test_too_short_and_too_long(built: Builder, text: str) -> None:
    with pytest.raises(SearchError, match="Type 2 to 500 characters"):
        found(built, text)


def test_the_newest_logs_first_up_to_the_limit(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [log(built, "a tide", days) for days in (5, 1, 3, 2, 4)]
    newest_first = [jobs[1], jobs[3], jobs[2], jobs[4], jobs[0]]
    assert [job for job, _, _ in found(built, "tide")] == newest_first
    assert [job for job, _, _ in found(built, "tide", logs=3)] == newest_first[:3]
    monkeypatch.setattr(module, "SLICES", (0, 2, None))
    assert [job for job, _, _ in found(built, "tide")] == newest_first
    assert [job for job, _, _ in found(built, "tide", logs=3)] == newest_first[:3]


def test_the_first_lines_of_each_log_and_how_many_there_are(built: Builder) -> None:
    log(built, "tide\n" * 10)
    with built.store.reader() as reader:
        frame = search(reader, Filters(), text="tide", per_log=2)
    assert frame["number"].tolist() == [1, 2] and frame["matches"].tolist() == [10, 10]


def test_by_age_and_repository(built: Builder) -> None:
    built.project(2, "acme/web/site")
    here, there = log(built, "tide", 1), log(built, "tide", 8, project_id=2)
    day = MIDNIGHT.date()

    def jobs(chosen: Filters) -> list[int]:
        return [job for job, _, _ in found(built, "tide", chosen)]

    assert jobs(Filters()) == [here, there]
    assert jobs(Filters(since=day - 2 * DAY)) == [here]
    assert jobs(Filters(until=day - 2 * DAY)) == [there]
    assert jobs(Filters(projects=("acme/web/site",))) == [there]
    assert jobs(Filters(groups=("acme/core",))) == [here]
    assert jobs(Filters(groups=("nobody",))) == []


_PATTERNS = st.lists(
    st.sampled_from(
        ["ab", "b", "a", "c", ".", "a?", "b*", "(ab)?", "a|b", "[ab]", "[^a]", r"\w", r"\.", "b{2}", "c{0,2}", "^", "$"]
        + ["b+", r"[\]a]", r"\x61", "[[:alpha:]]", "ba?c"]
    ),
    min_size=1,
    max_size=4,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(pattern=_PATTERNS, line=st.text("abc.]x", max_size=8))
def test_what_every_match_needs_is_in_every_match(pattern: str, line: str) -> None:
    """The quick look before the pattern never loses a line."""
    try:
        [(matches,)] = duckdb.execute("select regexp_matches($1, $2)", [line, pattern]).fetchall()
    except duckdb.Error:
        return
    if matches:
        assert module._needed(pattern) in line


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"flux \w+ \d+7", "flux "),
        ("^error.*timeout", "timeout"),
        ("ab?cd", "cd"),
        ("a|bcd", ""),
        ("(abc)?d", ""),
        (r"\x41bc", ""),
        ("[]abc]d", ""),
        (r"[\]abc]d", "d"),
    ],
)
def test_what_every_match_needs(pattern: str, needed: str) -> None:
    assert module._needed(pattern) == needed
    assert re.compile(pattern)
