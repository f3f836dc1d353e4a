"""How fast GitLab may be asked, on a clock that only moves when somebody waits."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from typing import Any

import pytest

from dashlib.sync.budget import LONGEST_PAUSE, Budget, PauseTooLong, Stopped, server_time
from tests.sync.unit.clock import Clock, budget


@pytest.fixture
def clock() -> Clock:
    return Clock()


def waited_for(clock: Clock, one: Budget, resource: str) -> float:
    """Seconds until the next call of a resource is allowed."""
    before = clock.now
    one.acquire(resource)
    return clock.now - before


def rack(**other: Any) -> dict[str, str]:
    """The headers of Rack::Attack."""
    return {"RateLimit-Limit": "600", "RateLimit-Remaining": "0"} | {
        name.replace("_", "-"): str(v) for name, v in other.items()
    }


def test_without_a_word_from_the_server_nothing_waits(clock: Clock) -> None:
    one = budget(clock)
    assert [waited_for(clock, one, "jobs") for _ in range(50)] == [0.0] * 50
    one.learn({}, 8)
    one.learn({"RateLimit-Remaining": "soon", "RateLimit-Limit": "60"}, 8)
    assert waited_for(clock, one, "jobs") == 0.0


def test_calls_per_minute(clock: Clock) -> None:
    one = budget(clock, calls_per_minute=30)
    start = clock.now
    for _ in range(31):
        one.acquire("jobs")
    assert clock.now - start == pytest.approx(60.0)
    assert one.waited == pytest.approx(60.0)


# 429 of the first kind: Rack::Attack pauses everything for as long as it says


def test_the_instances_limit_pauses_everything_for_retry_after(clock: Clock) -> None:
    one = budget(clock)
    asked = one.acquire("jobs")
    one.refused("jobs", asked, rack(Retry_After=37))
    assert waited_for(clock, one, "commits") == pytest.approx(37, abs=0.2)
    assert waited_for(clock, one, "jobs") == 0.0


def test_retry_after_as_a_date(clock: Clock) -> None:
    one = budget(clock)
    asked = one.acquire("jobs")
    one.refused("jobs", asked, rack(Retry_After=formatdate(time.time() + 120, usegmt=True)))
    assert waited_for(clock, one, "jobs") == pytest.approx(120, abs=3)


def test_reset_by_the_servers_own_clock(clock: Clock) -> None:
    """Its clock is an hour ahead of ours: the pause is not."""
    server = time.time() + 3600
    one = budget(clock)
    asked = one.acquire("jobs")
    one.refused("jobs", asked, rack(RateLimit_Reset=int(server) + 45, Date=formatdate(server, usegmt=True)))
    assert waited_for(clock, one, "events") == pytest.approx(45, abs=2)


def test_many_refusals_in_flight_are_one_pause(clock: Clock) -> None:
    one = budget(clock)
    asked = [one.acquire("jobs") for _ in range(8)]
    for moment in asked:
        one.refused("jobs", moment, rack(Retry_After=10))
    assert waited_for(clock, one, "jobs") == pytest.approx(10, abs=0.2)


def test_a_pause_that_no_person_would_wait_for(clock: Clock) -> None:
    one = budget(clock)
    with pytest.raises(PauseTooLong, match="pause of 60 minutes; sync again after it") as told:
        one.refused("jobs", one.acquire("jobs"), rack(Retry_After=3600))
    assert told.value.seconds == 3600


# 429 of the second kind: an application limit pauses its endpoint, and is probed


def test_an_endpoints_limit_pauses_its_endpoint_and_is_probed(clock: Clock) -> None:
    """Since 18.5 Retry-After is the whole interval (600 s), though the window may end in a second."""
    one = budget(clock)
    one.refused("projects", one.acquire("projects"), {"Retry-After": "600"})
    assert waited_for(clock, one, "jobs") == 0.0
    probes = [waited_for(clock, one, "projects")]
    for _ in range(3):
        one.refused("projects", clock.now, {"Retry-After": "600"})
        probes.append(waited_for(clock, one, "projects"))
    assert probes == pytest.approx([2, 4, 8, 16], abs=0.2)


def test_patience_starts_anew_after_an_answer(clock: Clock) -> None:
    one = budget(clock)
    for _ in range(3):
        one.refused("projects", one.acquire("projects"), {})
    one.acquire("projects")
    one.accepted("projects")
    one.refused("projects", clock.now, {})
    assert waited_for(clock, one, "projects") == pytest.approx(2, abs=0.2)


def test_never_longer_than_the_server_says(clock: Clock) -> None:
    one = budget(clock)
    for _ in range(4):
        one.refused("jobs", one.acquire("jobs"), {"Retry-After": "5"})
    assert waited_for(clock, one, "jobs") == pytest.approx(5, abs=0.2)


def test_a_limit_that_never_ends_is_told(clock: Clock) -> None:
    """429s without any header, as a proxy sends them: minutes of patience, not hours, and not for ever."""
    one = budget(clock)
    with pytest.raises(PauseTooLong):
        for _ in range(100):
            one.refused("jobs", one.acquire("jobs"), {})
    assert 60 < clock.now - 1000 < LONGEST_PAUSE


@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, rack(Retry_After=0)], ids=["an endpoint", "the instance"])
def test_zero_seconds_is_no_invitation_to_hammer(clock: Clock, headers: dict[str, str]) -> None:
    """GitLab rounds down: "0" is said in the last second of a window. Whoever asks at once meets it again."""
    one = budget(clock)
    for _ in range(8):
        one.refused("jobs", one.acquire("jobs"), headers)
    one.acquire("jobs")
    assert clock.now - 1000 > 4


def test_the_instance_says_no_for_ever(clock: Clock) -> None:
    """A second at a time, without end (a proxy that counts wrong): that is told, too."""
    one = budget(clock)
    with pytest.raises(PauseTooLong):
        for _ in range(5000):
            one.refused("jobs", one.acquire("jobs"), rack(Retry_After=1))


@pytest.mark.parametrize("nonsense", ["soon", "", "-5", "1e400", "nan", "Thu, 99 Foo 2026"])
def test_a_retry_after_that_is_nonsense(clock: Clock, nonsense: str) -> None:
    one = budget(clock)
    one.refused("jobs", one.acquire("jobs"), {"Retry-After": nonsense})
    assert 0 <= waited_for(clock, one, "jobs") <= 3


# Slowing down before the limit is met


def _announced(remaining: int, reset_in: int, limit: int = 600) -> dict[str, str]:
    now = int(time.time())
    return {
        "RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(now + reset_in),
        "Date": formatdate(now, usegmt=True),
    }  # fmt: skip


def test_plenty_left_is_no_reason_to_wait(clock: Clock) -> None:
    one = budget(clock)
    one.learn(_announced(300, 30), 8)
    assert [waited_for(clock, one, "jobs") for _ in range(5)] == [0.0] * 5
    assert one.remaining == 300


def test_what_is_left_is_spread_over_the_rest_of_the_window(clock: Clock) -> None:
    one = budget(clock)
    one.learn(_announced(40, 33), 8)
    for _ in range(33):
        one.acquire("jobs")
    assert clock.now - 1000 == pytest.approx(32, abs=1)
    one.learn(_announced(599, 60), 8)
    one.acquire("jobs")
    assert waited_for(clock, one, "jobs") == 0.0


def test_pacing_ends_with_the_window(clock: Clock) -> None:
    one = budget(clock)
    one.learn(_announced(12, 10), 8)
    for _ in range(6):
        one.acquire("jobs")
    assert clock.now - 1000 >= 10
    one.acquire("jobs")
    assert waited_for(clock, one, "jobs") == 0.0


def test_nothing_left_waits_for_the_window(clock: Clock) -> None:
    one = budget(clock)
    one.learn(_announced(3, 20), 8)
    assert waited_for(clock, one, "jobs") == pytest.approx(20, abs=1)


def test_the_slower_of_two_paces(clock: Clock) -> None:
    one = budget(clock, calls_per_minute=6)
    one.learn(_announced(40, 33), 8)
    one.acquire("jobs")
    assert waited_for(clock, one, "jobs") == pytest.approx(10)


# Stopping


def test_stop_ends_a_wait(clock: Clock) -> None:
    one = budget(clock, stop_after=5)
    one.refused("jobs", one.acquire("jobs"), rack(Retry_After=600))
    with pytest.raises(Stopped):
        one.acquire("jobs")
    assert one.waited > 0


def test_stop_wakes_a_real_wait() -> None:
    one = Budget()
    one.refused("jobs", one.acquire("jobs"), rack(Retry_After=600))
    threading.Timer(0.1, one.stop.set).start()
    with pytest.raises(Stopped):
        one.acquire("jobs")


def test_the_servers_clock() -> None:
    assert server_time({"Date": "Wed, 11 Mar 2026 02:00:00 GMT"}) == 1773194400
    for headers in ({}, {"Date": "yesterday"}):
        assert server_time(headers) == pytest.approx(time.time(), abs=5)
