"""A company of two nights, and the morning note written of it: shared by the tests of the note."""

from __future__ import annotations

from datetime import date

from dashlib.nightlies.report import Note, note
from tests.nightlies.rows import NIGHTS, expect, now
from tests.queries.build import Builder

HOSTILE = "<img src=x onerror=alert(1)>[x](javascript:alert(1)) **b** `c`"
NIGHT = NIGHTS[1].date()
EARLY = f"Etc/GMT{(now().hour - 4 + 12) % 24 - 12:+d}"
"""A zone in which it is four something now (the sign of these names is the other way round)."""


def company(built: Builder) -> None:
    """Two nights: one nightly stays red, one is new, one recovers, one never runs."""
    for id, path in ((2, "acme/web/site"), (3, "acme/web/shop"), (4, f"evil/{HOSTILE}")):
        built.project(id, path)
        built.schedule(id, project_id=id)
    expect(built, *NIGHTS[:2])
    built.night(NIGHTS[0], failed=["lint"])
    built.night(NIGHTS[0], project_id=2, schedule_id=2)
    built.night(NIGHTS[0], failed=["e2e"], project_id=3, schedule_id=3)
    built.night(NIGHTS[0], project_id=4, schedule_id=4)
    built.night(NIGHTS[1], project_id=3, schedule_id=3)
    built.night(NIGHTS[1], failed=["unit", "e2e"], project_id=2, schedule_id=2)
    built.night(NIGHTS[1], failed=[HOSTILE], project_id=4, schedule_id=4)


def written(built: Builder, night: date | None = None, dashboard: str = "") -> Note:
    """The note as the page and ``dashlib report`` have it: of the copy of the nights, asked here more than once."""
    return note(built.nights(), night, dashboard=dashboard)
