"""First sightings outlive their jobs, and near-duplicates are proposed: of one category, alike in nine tenths."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from dashlib.failures import settle as module
from dashlib.failures.difference import what_differs, where_apart
from dashlib.failures.settle import near_duplicates, settle
from dashlib.failures.tables import SIGNATURES
from dashlib.model import Delete, Put
from dashlib.sources.tables import JOBS
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
LONG = "test_failure: FAILED tests/test_tide.py::test_depth_of_the_harbour - AssertionError: assert <n> == <n>"


def sighting(built: Builder, signature: str, days: int = 0, **values: Any) -> int:
    at = MIDNIGHT + days * DAY
    job = built.job(built.pipeline(at, "failed"), "test", "failed", at, finished_at=at)
    built.failure(job, signature, **values)
    return job


def first(built: Builder) -> dict[str, int]:
    return {row["signature"]: row["first_job_id"] for row in built.rows("select * from signatures")}


def test_the_earliest_failure_is_the_first_sighting(built: Builder) -> None:
    later = sighting(built, "a", 3)
    settle(built.store)
    assert first(built) == {"a": later}
    earlier = sighting(built, "a", -3)
    sighting(built, "b", 1)
    settle(built.store)
    assert first(built)["a"] == earlier
    found = built.rows("select * from signatures where signature = 'a'")
    assert found == [
        {
            "signature": "a",
            "first_seen_at": MIDNIGHT - 3 * DAY,
            "first_project_id": 1,
            "first_job_id": earlier,
            "first_job_name": "test",
        }
    ]


def test_a_first_sighting_outlives_its_job(built: Builder) -> None:
    gone = sighting(built, "a", -30)
    sighting(built, "a", 2)
    settle(built.store)
    built.store.write(Delete(JOBS, [{"project_id": 1, "id": gone}]))
    settle(built.store)
    assert first(built) == {"a": gone}
    sighting(built, "a", 5)
    settle(built.store)
    assert first(built) == {"a": gone}


def test_a_first_sighting_whose_job_has_another_signature_today_is_none(built: Builder) -> None:
    wrong, right = sighting(built, "a", -9), sighting(built, "a", 0)
    settle(built.store)
    built.failure(wrong, "b")
    settle(built.store)
    assert first(built) == {"a": right, "b": wrong}
    built.failure(right, "b")
    settle(built.store)
    assert first(built) == {"b": wrong}


def test_nothing_new_writes_nothing(built: Builder) -> None:
    sighting(built, LONG)
    settle(built.store)
    version = built.store.data_version
    settle(built.store)
    assert built.store.data_version == version


def test_near_duplicates_are_stored_and_go_with_their_signatures(built: Builder) -> None:
    sighting(built, LONG, category="test_failure")
    other = sighting(built, LONG.replace("harbour", "harbors"), category="test_failure")
    sighting(built, LONG.replace("AssertionError: assert", "TypeError: no"), category="crash")
    settle(built.store)
    [pair] = built.rows("select signature, other, category, similarity from similar_signatures")
    assert pair["signature"] < pair["other"]
    assert pair["category"] == "test_failure" and 0.9 <= pair["similarity"] < 1
    built.failure(other, "something else", category="test_failure")
    settle(built.store)
    assert built.rows("select * from similar_signatures") == []


def test_only_the_signatures_seen_last_are_compared(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 2)
    for days, word in enumerate(["harbour", "harbors", "harboru"]):
        sighting(built, LONG.replace("harbour", word), days, category="test_failure")
    settle(built.store)
    [pair] = built.rows("select signature, other from similar_signatures")
    assert all("harbour" not in text for text in pair.values())


WORDS = st.lists(st.sampled_from(["depth", "of", "the", "harbour", "<n>", "tide"]), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(WORDS.map(" ".join), st.sampled_from(["crash", "lint"])), max_size=8, unique_by=lambda pair: pair[0]
    )
)
def test_pairs_are_those_of_one_category_that_are_alike(drawn: list[tuple[str, str]]) -> None:
    signatures = [(f"{category}: {text}", category) for text, category in drawn]
    found = near_duplicates(signatures)
    expected: dict[tuple[str, str], tuple[str, float]] = {}
    for one, category in signatures:
        for other, its in signatures:
            alike = fuzz.ratio(one.partition(": ")[2], other.partition(": ")[2]) / 100
            if one < other and category == its and alike >= 0.9:
                expected[one, other] = (category, round(alike, 4))
    assert found.items() <= expected.items()
    assert {one for pair in found for one in pair} == {one for pair in expected for one in pair}
    assert near_duplicates(signatures[::-1]) == found


def test_of_many_alike_only_the_nearest_are_kept() -> None:
    words = [f"crash: segmentation fault in the depth sounder of harbour {letter}{letter}" for letter in "abcdefghij"]
    pairs = near_duplicates([(word, "crash") for word in words])
    kept = {word: sum(word in pair for pair in pairs) for word in words}
    assert min(kept.values()) >= module.NEAREST
    assert len(pairs) <= module.NEAREST * len(words)


def test_the_name_of_a_category_makes_nothing_alike() -> None:
    assert (
        near_duplicates([("docker_registry: abc", "docker_registry"), ("docker_registry: abd", "docker_registry")])
        == {}
    )


RAN_OUT = "Job failed: execution took longer than <t> seconds"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (f"{RAN_OUT} | $ make integration-tests-a", f"{RAN_OUT} | $ make integration-tests-b", False),
        (f"{RAN_OUT} | stalled in Harbour", f"{RAN_OUT} | waiting for Tide", False),
        (f"{RAN_OUT} | $ make test", RAN_OUT, False),
        (f"{RAN_OUT} | $ make test", f"{RAN_OUT.replace('took', 'takes')} | $ make test", True),
        (f"{RAN_OUT} | the depth sounder of harbour a", f"{RAN_OUT} | the depth sounder of harbour b", True),
    ],
)
def test_what_the_runner_says_of_all_makes_nothing_alike(one: str, other: str, *, alike: bool) -> None:
    pairs = near_duplicates([(f"timeout: {one}", "timeout"), (f"timeout: {other}", "timeout")])
    assert bool(pairs) is alike


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("abc", "abd", ("abc", "abd")),
        (
            "lint: src/x.py: the depth sounder of harbour Bergen is off",
            "lint: src/x.py: the depth sounder of harbour Oslo is off",
            ("… depth sounder of harbour Bergen is off", "… depth sounder of harbour Oslo is off"),
        ),
        ("x" * 60 + "a", "x" * 60 + "b", ("… " + "x" * 24 + "a", "… " + "x" * 24 + "b")),
        ("y" * 50, "y" * 50 + " more", ("… " + "y" * 24, "… " + "y" * 24 + " more")),
    ],
)
def test_the_place_where_two_differ_is_seen(one: str, other: str, told: tuple[str, str]) -> None:
    assert where_apart(one, other) == told


def test_signatures_known_without_any_failure_stay(built: Builder) -> None:
    row = {
        "signature": "old",
        "first_seen_at": MIDNIGHT,
        "first_project_id": 1,
        "first_job_id": 5,
        "first_job_name": "x",
    }
    built.store.write(Put(SIGNATURES, [row]))
    settle(built.store)
    assert built.rows("select * from signatures") == [row]


def test_the_words_in_which_two_differ() -> None:
    shared = "fmt.Printf format %d has arg"
    assert what_differs(f"lint: …/buffer.go: {shared}", f"lint: …/queue.go: {shared}") == "buffer → queue"
    assert what_differs("a b", "a b c") == "nothing → c" and what_differs("a x b", "a x b") == "nothing → nothing"
