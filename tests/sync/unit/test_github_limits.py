"""GitHub's two limits: how long everybody waits, and when the sync ends instead."""

from __future__ import annotations

import threading

import pytest

from dashlib.sync.budget import LONGEST_PAUSE, PauseTooLong
from dashlib.sync.github.limits import GitHubBudget

DATE = "Wed, 11 Mar 2026 02:00:00 GMT"
NOW = 1773194400


class Clock:
    """A clock that goes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.stop = threading.Event()
        self.stop.wait = self._wait  # type: ignore[method-assign]

    def _wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False

    def budget(self) -> GitHubBudget:
        return GitHubBudget(stop=self.stop, monotonic=lambda: self.now)


def waited(clock: Clock, budget: GitHubBudget) -> float:
    before = clock.now
    budget.acquire("jobs")
    return clock.now - before


def test_retry_after_is_waited_for_by_everybody() -> None:
    clock = Clock()
    budget = clock.budget()
    budget.refused("commits", clock.now, {"Retry-After": "7"})
    assert 7 <= waited(clock, budget) < 7.2


def test_a_used_up_hour_is_waited_for_by_the_server_s_clock() -> None:
    clock = Clock()
    budget = clock.budget()
    budget.refused("jobs", clock.now, {
        "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 100), "Date": DATE,
    })  # fmt: skip
    assert 101 <= waited(clock, budget) < 101.2


def test_a_secondary_limit_that_says_nothing_is_a_minute_then_two_then_four() -> None:
    clock = Clock()
    budget = clock.budget()
    for minutes in (1, 2, 4):
        budget.refused("jobs", clock.now, {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": str(NOW + 100)})
        assert 60 * minutes <= waited(clock, budget) < 60 * minutes + 0.2
    budget.accepted("jobs")
    budget.refused("jobs", clock.now, {})
    assert 60 <= waited(clock, budget) < 60.2


def test_eight_refusals_of_one_moment_are_one_pause() -> None:
    clock = Clock()
    budget = clock.budget()
    for _ in range(8):
        budget.refused("jobs", clock.now - 0.1, {"Retry-After": "30"})
    assert 30 <= waited(clock, budget) < 30.2


def test_nobody_waits_for_the_rest_of_an_hour() -> None:
    clock = Clock()
    with pytest.raises(PauseTooLong, match="GitHub's rate limit asks for a pause of 40 minutes"):
        clock.budget().refused("jobs", clock.now, {"Retry-After": "2400"})
    patient = clock.budget()
    with pytest.raises(PauseTooLong):
        for _ in range(int(LONGEST_PAUSE)):
            patient.refused("jobs", clock.now, {"Retry-After": "60"})
            waited(clock, patient)


def test_what_is_left_of_the_hour_is_spread() -> None:
    clock = Clock()
    budget = clock.budget()
    told = {"X-RateLimit-Limit": "5000", "X-RateLimit-Reset": str(NOW + 1000), "Date": DATE}
    budget.learn(told | {"X-RateLimit-Remaining": "4000"}, 8)
    assert (budget.remaining, waited(clock, budget), waited(clock, budget)) == (4000, 0, 0)
    budget.learn(told | {"X-RateLimit-Remaining": "107", "X-RateLimit-Resource": "core"}, 8)
    waited(clock, budget)
    assert waited(clock, budget) == pytest.approx(10.0)
    budget.learn(told | {"X-RateLimit-Remaining": "3", "X-RateLimit-Resource": "graphql"}, 8)
    assert budget.remaining == 107, "GraphQL has an hour of its own"
