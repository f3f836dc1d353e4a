"""The graph of commits: reachable and brought are git's own answers, on any history."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashlib.lineage.graph import Push, between, brought, generations, reachable
from tests.commits.git_server import DEFAULT, Made, made

START = datetime(2026, 3, 1)


def parents_of(history: list[tuple[int, ...]]) -> dict[str, list[str]]:
    return {str(place): [str(parent) for parent in parents] for place, parents in enumerate(history)}


@st.composite
def shapes(draw: st.DrawFn) -> list[tuple[int, ...]]:
    count = draw(st.integers(1, 16))
    return [
        tuple(draw(st.lists(st.integers(0, place - 1), max_size=3, unique=True))) if place else ()
        for place in range(count)
    ]


def ancestors(parents: dict[str, list[str]], tip: str) -> set[str]:
    return {tip}.union(*(ancestors(parents, one) for one in parents[tip]))


@given(shapes(), st.data())
def test_between_is_one_set_of_ancestors_without_the_other(shape: list[tuple[int, ...]], data: st.DataObject) -> None:
    parents = parents_of(shape)
    tip, without = (data.draw(st.sampled_from(sorted(parents))) for _ in range(2))
    assert reachable(parents, [tip]) == ancestors(parents, tip)
    found = between(parents, generations(parents), [without], tip, most=99)
    assert set(found) == ancestors(parents, tip) - ancestors(parents, without)
    assert len(found) == len(set(found))
    place = {sha: number for number, sha in enumerate(found)}
    assert all(place[one] > place[sha] for sha in found for one in parents[sha] if one in place)


@settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(shapes(), st.data())
def test_it_is_what_git_says(
    tmp_path_factory: pytest.TempPathFactory, shape: list[tuple[int, ...]], data: st.DataObject
) -> None:
    folder: Path = tmp_path_factory.mktemp("graph")
    # Dates run backwards: neither git's answer nor ours may rest on them.
    history = [
        Made(parents=parents, committed=(1_700_000_000 - 9000 * n, 0), message=f"{n}\n".encode())
        for n, parents in enumerate(shape)
    ]
    last = len(history) - 1
    repository = made(folder / "graph.git", history, {DEFAULT: last, "other": data.draw(st.integers(0, last))})
    parents = {sha: repository.commit(sha)["parent_ids"] for sha in repository.shas("--branches")}
    tip, without = repository.shas("-1", DEFAULT)[0], repository.shas("-1", "other")[0]
    ours = between(parents, generations(parents), [without], tip, most=99)
    assert sorted(ours) == sorted(repository.shas(tip, f"^{without}"))
    assert sorted(reachable(parents, [tip])) == sorted(repository.shas(tip))


def push(event: int, ref: str, before: str | None, after: str, count: int, *listed: str) -> Push:
    return Push("gitlab", event, ref, before, after, count, START + timedelta(hours=event), listed)


LINE: dict[str, list[str]] = {"a": [], "b": ["a"], "c": ["b"], "x": ["b"], "y": ["x"], "m": ["c", "y"]}


def test_a_merge_brings_what_its_branch_brought_before() -> None:
    pushes = [
        push(1, "main", None, "b", 2),
        push(2, "topic", None, "y", 2),
        push(3, "main", "b", "c", 1),
        push(4, "main", "c", "m", 3),
    ]
    assert brought(LINE, pushes, "main") == {
        ("gitlab", 1): ["b", "a"],
        ("gitlab", 2): ["y", "x"],
        ("gitlab", 3): ["c"],
        ("gitlab", 4): ["m", "y", "x"],
    }


def test_a_new_branch_is_counted_against_the_default_branch_before_the_first_known_push() -> None:
    pushes = [push(2, "topic", None, "y", 2), push(3, "main", "b", "c", 1)]
    assert brought(LINE, pushes, "main")["gitlab", 2] == ["y", "x"]


@pytest.mark.parametrize(
    ("parents", "count", "listed", "known"),
    [
        ({"c": [], "b": [], "a": []}, 3, "cba", "cba"),
        ({"c": [], "a": []}, 3, "cba", "ca"),
        ({"c": [], "b": [], "a": []}, 40, "cb", "cb"),
        ({"c": ["b"], "b": ["a"], "a": ["z"], "z": []}, 3, "cb", "cba"),
        ({"c": ["b"], "b": ["a"], "a": []}, 2, "ca", "ca"),
        ({"c": ["b"], "b": ["a"], "a": []}, 1, "cba", "c"),
    ],
    ids=["no parents", "one not stored", "cut", "cut, and the graph", "a list against the graph", "too long"],
)
def test_what_a_webhook_listed_counts_once_beside_the_graph(
    parents: dict[str, list[str]], count: int, listed: str, known: str
) -> None:
    found = brought(parents, [push(1, "main", "gone", "c", count, *listed)], "main")
    assert found["gitlab", 1] == list(known)


def test_never_more_than_the_forge_counts() -> None:
    assert brought(LINE, [push(1, "topic", "gone", "y", 1)], "main") == {("gitlab", 1): ["y"]}
    assert brought(LINE, [push(1, "topic", "a", "unknown", 5)], "main") == {("gitlab", 1): []}
