"""Workflow files to schedules: GitHub has no list of them, a cron line stands in a file below ``.github/workflows``.

Facts (docs.github.com, workflow syntax, ``on.schedule``): a list of ``cron`` lines, in UTC unless ``timezone`` names an
IANA zone; they run on the default branch. A run says which workflow it is of, but not which line started it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from dashlib.model import Row
from dashlib.sources.github.rows import SOURCE
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import text, thing, things
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import SCHEDULES

FOLDER = ".github/workflows/"


@dataclass(frozen=True)
class Line:
    """One cron line of a workflow file and its zone."""

    cron: str
    timezone: str = "UTC"


def lines(file: str) -> list[Line]:
    """The cron lines of a workflow file, in its order; none of a file that is no valid workflow.

    Every scalar is read as text: YAML 1.1 takes the key ``on`` for a truth value, and dates for dates.
    """
    try:
        document = yaml.load(file, Loader=yaml.CBaseLoader)  # noqa: S506 - it makes lists, maps and text only
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    entries = things(thing(thing(document).get("on")).get("schedule"))
    crons = ((text(entry.get("cron")), text(entry.get("timezone"))) for entry in entries)
    return [Line(" ".join(cron.split()), (zone or "").strip() or "UTC") for cron, zone in crons if cron]


def schedule_id(workflow_id: Any, place: int) -> int:
    """The id of a workflow's cron line: an edited line stays the schedule it was."""
    return foreign_id(SOURCE, f"schedule:{workflow_id}:{place}")


def schedule_rows(
    project_id: int, default_branch: str | None, workflow: Mapping[str, Any], found: Sequence[Line]
) -> list[Row]:
    """One row per cron line of a workflow (an item of ``GET /repos/…/actions/workflows``).

    ``active`` is the workflow's state: GitHub switches off schedules of repositories that rest for sixty days. There is
    no owner, and the next run is planned nowhere.
    """
    name = text(workflow.get("name")) or text(workflow.get("path"))
    base = dict.fromkeys(SCHEDULES.groups["row"].columns)
    return [
        base
        | {
            "project_id": project_id,
            "id": schedule_id(workflow["id"], place),
            "description": name if len(found) == 1 else f"{name} ({line.cron})",
            "ref": default_branch,
            "cron": line.cron,
            "cron_timezone": line.timezone,
            "active": workflow.get("state") == "active",
            "created_at": stamps.utc(workflow.get("created_at")),
            "updated_at": stamps.utc(workflow.get("updated_at")),
        }
        for place, line in enumerate(found)
    ]


@dataclass(frozen=True)
class Candidate:
    """A schedule of a workflow, and its last time before some run (UTC); None where none can be told."""

    id: int
    last_at: datetime | None


def started_by(candidates: Sequence[Candidate]) -> int | None:
    """Which of a workflow's schedules started a run: the only one, else the one whose time came last before it."""
    if len(candidates) == 1:
        return candidates[0].id
    timed = [(one.last_at, -place) for place, one in enumerate(candidates) if one.last_at is not None]
    return candidates[-max(timed)[1]].id if timed else None
