"""Why a night never ran, and which schedules will stop next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from dashlib.model import Replace
from dashlib.nightlies import ledger
from dashlib.settings import Settings
from dashlib.sources.tables import SCHEDULES
from tests.nightlies.rows import DAY, MINUTE, NIGHTS, causes, expect, member, now, schedule
from tests.queries.build import MIDNIGHT, Builder


def owner(built: Builder, state: str | None = None, role: dict[str, Any] | None = None, **told: Any) -> None:
    """The schedule's owner: the account's state, and the membership (None: somebody else is the only member)."""
    schedule(built, **told)
    if state is not None:
        built.user(5, "ada", "Ada Lovelace", state=state)
    if role is None:
        member(built, 6, username="grace")
    else:
        member(built, **role)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"state": "active", "role": {}}, "unknown"),
        ({"state": "blocked", "role": {}}, "owner_blocked"),
        ({"state": "ldap_blocked", "role": {}}, "owner_blocked"),
        ({"state": "banned", "role": {}}, "owner_blocked"),
        ({"state": "deactivated", "role": {}}, "owner_blocked"),
        ({"state": None, "role": {}, "owner_state": "blocked"}, "owner_blocked"),
        ({"state": "active", "role": {}, "owner_state": "blocked"}, "unknown"),
        ({"state": "active", "role": {"state": "blocked"}}, "owner_blocked"),
        ({"state": "active", "role": None}, "owner_gone"),
        ({"state": None, "role": {}, "owner_id": None, "owner_username": None}, "owner_gone"),
        ({"state": "active", "role": {"access_level": 20}}, "owner_not_allowed"),
        ({"state": "active", "role": {"access_level": 30}}, "unknown"),
        ({"state": "active", "role": {}, "next_run_at": None}, "no_next_run"),
    ],
)
def test_what_is_against_the_owner_now(built: Builder, told: dict[str, Any], cause: str) -> None:
    owner(built, **told)
    expect(built, MIDNIGHT)
    assert causes(built) == [cause]


def test_whose_members_are_not_known_is_not_gone(built: Builder) -> None:
    schedule(built)
    expect(built, MIDNIGHT)
    assert causes(built) == ["unknown"]


def test_the_owner_is_no_reason_for_nights_before_the_schedule_ran_by_itself(built: Builder) -> None:
    owner(built, "blocked", {})
    expect(built, *NIGHTS[:4])
    built.pipeline(NIGHTS[1] + 3 * MINUTE)
    built.pipeline(NIGHTS[3] + timedelta(hours=9))
    assert causes(built) == ["unknown", None, "owner_blocked", None]


def risks(built: Builder, *columns: str) -> list[tuple[Any, ...]]:
    found = built.rows(f"select {', '.join(columns)} from schedules_at_risk order by schedule_id, risk")
    return [tuple(one.values()) for one in found]


def test_a_whole_risk(built: Builder) -> None:
    owner(built, "blocked", {})
    expect(built, *NIGHTS[:4])
    built.pipeline(NIGHTS[1] + 3 * MINUTE)
    (found,) = built.rows("select * from schedules_at_risk")
    assert found == {
        "project_id": 1,
        "path_with_namespace": "acme/core/engine",
        "namespace": "acme/core",
        "schedule_id": 7,
        "schedule_description": "Nightly",
        "risk": "owner_blocked",
        "detail": None,
        "owner_username": "ada",
        "person": "gitlab:5",
        "expires_at": None,
        "off_cause": None,
        "stopped": True,
        "missing_since": date(2026, 3, 12),
        "last_run_at": NIGHTS[1] + 3 * MINUTE,
        "next_expected_at": None,
        "url": "https://gitlab.example/acme/core/engine/-/pipeline_schedules",
    }


def test_before_it_stops(built: Builder) -> None:
    owner(built, "blocked", {})
    expect(built, MIDNIGHT, now() + DAY)
    built.pipeline(MIDNIGHT)
    assert risks(built, "risk", "stopped", "missing_since", "next_expected_at") == [
        ("owner_blocked", False, None, now() + DAY)
    ]


@pytest.mark.parametrize(("days", "risk"), [(-1, True), (0, True), (30, True), (31, False)])
def test_a_membership_that_ends_soon(built: Builder, days: int, risk: bool) -> None:
    ends = now().date() + timedelta(days=days)
    owner(built, "active", {"expires_at": ends})
    assert risks(built, "risk", "expires_at") == ([("membership_ends", ends)] if risk else [])


def test_a_sound_schedule_is_at_no_risk(built: Builder) -> None:
    owner(built, "active", {})
    expect(built, *NIGHTS)
    assert risks(built, "risk") == []


def test_one_that_cannot_be_read_and_one_that_gitlab_does_not_plan(built: Builder) -> None:
    owner(built, "active", {}, cron_timezone="Atlantis")
    ledger.refresh(built.store, Settings())
    assert risks(built, "risk", "detail") == [("unreadable", "the time zone 'Atlantis' is not known")]
    owner(built, "active", {}, next_run_at=None)
    ledger.refresh(built.store, Settings())
    assert risks(built, "risk") == [("no_next_run",)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("switched off", [("owner_blocked", "schedule_off")]),
        ("archived", []),
        ("deleted", []),
    ],
)
def test_what_is_off(built: Builder, change: str, expected: list[tuple[str, str]]) -> None:
    """GitLab may have switched it off because of its owner; an archived project's schedules are nobody's worry."""
    owner(built, "blocked", {}, active=change != "switched off")
    assert risks(built, "risk") == [("owner_blocked",)]
    if change == "archived":
        built.project(archived=True, last_activity_at=MIDNIGHT)
    if change == "deleted":
        built.store.write(Replace(SCHEDULES, {"project_id": 1}, []))
    assert risks(built, "risk", "off_cause") == expected


def test_one_that_somebody_switched_off_is_no_risk(built: Builder) -> None:
    owner(built, "active", {"expires_at": now().date()}, active=False)
    assert risks(built, "risk") == []
