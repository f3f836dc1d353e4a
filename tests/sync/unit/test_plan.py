"""What to ask for: pure decisions, tried with any numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashlib.sync import plan
from dashlib.sync.plan import (
    EVERYTHING,
    DuePipeline,
    ProjectQuery,
    Schedule,
    chosen,
    jobs_plan,
    project_queries,
    quoted,
    ran_on_time,
)

NOW = datetime(2026, 3, 11, 2)
HOURS = st.integers(0, 2000).map(lambda hours: NOW - timedelta(hours=hours))


@st.composite
def due_pipelines(draw: st.DrawFn) -> list[DuePipeline]:
    """Newest first, each with its place among all pipelines of the project."""
    ranks = sorted(draw(st.sets(st.integers(1, 3000), max_size=60)))
    times = sorted(draw(st.lists(HOURS, min_size=len(ranks), max_size=len(ranks))), reverse=True)
    return [DuePipeline(9000 - rank, at, at, rank) for rank, at in zip(ranks, times, strict=True)]


def cost(due: list[DuePipeline], covered: int, jobs_per_pipeline: float) -> float:
    """Calls: pages of the list down to the last covered pipeline, and one for each other."""
    pages = max(1, math.ceil(due[covered - 1].rank * jobs_per_pipeline / 100)) if covered else 0
    return pages + len(due) - covered


@settings(derandomize=True, max_examples=300)
@given(due=due_pipelines(), jobs_per_pipeline=st.floats(0.1, 500))
@example(due=[], jobs_per_pipeline=8.0)
def test_jobs_plan(due: list[DuePipeline], jobs_per_pipeline: float) -> None:
    chosen_plan = jobs_plan(due, jobs_per_pipeline)
    covered = len(due) - len(chosen_plan.singles)
    assert list(chosen_plan.singles) == due[covered:], (
        "the list covers the newest, the rest is asked one by one, each once"
    )
    assert (chosen_plan.until is None) == (covered == 0)
    if chosen_plan.until is not None:
        assert all(pipeline.created_at > chosen_plan.until for pipeline in due[:covered])
    mine = cost(due, covered, jobs_per_pipeline)
    assert mine <= len(due), "never dearer than one call per pipeline"
    assert mine <= min(cost(due, count, jobs_per_pipeline) for count in range(len(due) + 1)) + 1e-9, (
        "the cheapest there is"
    )


def test_jobs_plan_by_example() -> None:
    nights = [DuePipeline(n, NOW - timedelta(days=n), NOW, n) for n in range(1, 31)]
    assert jobs_plan(nights, 8.0) == plan.JobsPlan(nights[-1].created_at - timedelta(minutes=1), ())
    assert jobs_plan(nights[-1:], 8.0) == plan.JobsPlan(None, (nights[-1],))
    assert jobs_plan([], 8.0) == plan.JobsPlan(None, ())


@settings(derandomize=True)
@given(completed=st.none() | HOURS, activity=st.none() | HOURS, last=st.none() | HOURS)
def test_wants_history(completed: datetime | None, activity: datetime | None, last: datetime | None) -> None:
    answer = plan.wants_history(completed, activity, last)
    if completed is None or activity is None or last is None or last > activity:
        assert answer == "yes"
    else:
        assert answer == ("no" if completed - last >= plan.ACTIVITY_LAG else "perhaps")


def test_daily() -> None:
    assert plan.is_due_daily(None, NOW)
    assert plan.is_due_daily(NOW - timedelta(hours=24), NOW)
    assert not plan.is_due_daily(NOW - timedelta(hours=12), NOW)
    assert not plan.is_due_daily(NOW + timedelta(hours=1), NOW)


@pytest.mark.parametrize(
    ("path", "groups", "projects", "wanted"),
    [
        ("a/b", (), (), True),
        ("a/b", (), ("a/b",), True),
        ("A/B", (), ("a/b",), True),
        ("a/b", (), ("A/*",), True),
        ("a/b/c", (), ("a/*",), True),
        ("ab/c", (), ("a/*",), False),
        ("a/b", (), ("*",), True),
        ("a/b", ("a",), (), True),
        ("a/b", ("a/",), (), True),
        ("a/b/c", ("a",), (), True),
        ("a/b/c", ("a/b",), (), True),
        ("a/b", ("a/b",), (), False),
        ("ab/c", ("a",), (), False),
        ("team-1/x/y", ("team-*",), (), True),
        ("a/b", ("x",), ("a/b",), True),
        ("a/b", ("x",), ("y",), False),
        ("a/b", (), ("?/[bc]",), True),
        ("a/b", (), ("/a/b/",), True),
    ],
)
def test_chosen(path: str, groups: tuple[str, ...], projects: tuple[str, ...], wanted: bool) -> None:
    assert chosen(path, groups, projects) is wanted


def test_project_queries_by_example() -> None:
    assert project_queries((), ()) == [ProjectQuery("/projects", (("membership", "true"),), keyset=True)]
    assert project_queries((), ("*",)) == [EVERYTHING]
    assert project_queries(("team-*",), ()) == [EVERYTHING]
    assert project_queries((), ("fjordlys/beacon", "fjordlys/sub/x y")) == [
        ProjectQuery("/projects/fjordlys%2Fbeacon", (), "fjordlys/beacon", single=True),
        ProjectQuery("/projects/fjordlys%2Fsub%2Fx%20y", (), "fjordlys/sub/x y", single=True),
    ]
    (group,) = project_queries(("fjordlys/platform/",), ("fjordlys/platform/a*", "fjordlys/platform/[bc]"))
    assert (group.path, group.name, group.fallback) == (
        "/groups/fjordlys%2Fplatform/projects",
        "fjordlys/platform",
        True,
    )
    assert dict(group.params)["include_subgroups"] == "true"


NAMES = st.sampled_from(["a", "b", "ab", "A", "a-b", "x.y"])
PATHS = st.lists(NAMES, min_size=2, max_size=4).map("/".join)
PATTERNS = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "?b", "[ab]", "x.y", "A"]), min_size=1, max_size=3).map(
    "/".join
)


@settings(derandomize=True, max_examples=500)
@given(path=PATHS, groups=st.lists(PATTERNS, max_size=2), projects=st.lists(PATTERNS, max_size=2))
def test_every_chosen_project_is_in_one_of_the_lists(path: str, groups: list[str], projects: list[str]) -> None:
    if not (groups or projects) or not chosen(path, groups, projects):
        return
    assert any(_holds(query, path) for query in project_queries(groups, projects))


def _holds(query: ProjectQuery, path: str) -> bool:
    """Whether GitLab would list the project there; it does not care about case."""
    if query == EVERYTHING:
        return True
    if query.single:
        return query.path.lower() == f"/projects/{quoted(path)}".lower()
    group = query.path.removeprefix("/groups/").removesuffix("/projects").replace("%2F", "/")
    return fnmatchcase(path.lower(), f"{group.lower()}/*")


@pytest.mark.parametrize(
    ("path", "segment"),
    [("a/b", "a%2Fb"), ("/a/b/", "a%2Fb"), ("a/b c", "a%2Fb%20c"), ("a/50%?#", "a%2F50%25%3F%23"), ("a/é", "a%2Fé")],
)
def test_quoted(path: str, segment: str) -> None:
    assert quoted(path) == segment


NIGHTLY = Schedule(1, "main", "30 2 * * *", "Europe/Berlin", datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("schedule", "ref", "created_at", "surely"),
    [
        (NIGHTLY, "main", datetime(2026, 11, 20, 1, 30, 4), True),
        (NIGHTLY, "main", datetime(2026, 11, 20, 1, 44), True),
        (NIGHTLY, "main", datetime(2026, 7, 20, 0, 30, 4), True),  # summer time
        (NIGHTLY, "main", datetime(2026, 11, 20, 1, 29, 30), True),  # two clocks
        (NIGHTLY, "main", datetime(2026, 11, 20, 2, 30, 4), False),  # an hour late
        (NIGHTLY, "main", datetime(2026, 11, 20, 14, 0), False),  # by hand
        (NIGHTLY, "develop", datetime(2026, 11, 20, 1, 30, 4), False),
        (NIGHTLY, None, datetime(2026, 11, 20, 1, 30, 4), False),
        (NIGHTLY, "main", datetime(2025, 11, 20, 1, 30, 4), False),  # before it was made
        (replace(NIGHTLY, cron_timezone="Pacific Time (US & Canada)"), "main", datetime(2026, 11, 20, 10, 30), True),
        (replace(NIGHTLY, cron_timezone="Pacific Time (US & Canada)"), "main", datetime(2026, 11, 20, 9, 30), False),
        (replace(NIGHTLY, cron_timezone="Atlantis"), "main", datetime(2026, 11, 20, 2, 30), False),
        (replace(NIGHTLY, cron="every night"), "main", datetime(2026, 11, 20, 1, 30, 4), False),
        (replace(NIGHTLY, cron=None), "main", datetime(2026, 11, 20, 1, 30, 4), False),
        (replace(NIGHTLY, created_at=None), "main", datetime(2026, 11, 20, 1, 30, 4), False),
    ],
)
def test_a_run_on_time(schedule: Schedule, ref: str | None, created_at: datetime, surely: bool) -> None:
    assert ran_on_time(schedule, ref, created_at) is surely
