"""What a loader ought to find: the rows of a world by the rules of the API and of the nights, without calling it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashlib.demo.cron import fires
from dashlib.demo.model import Commit, Event, Job, Pipeline, Project, Schedule
from dashlib.demo.stories import OUTAGE_NIGHT, story
from dashlib.demo.world import World

_DELAY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """One night of a schedule: when the cron fired, and the pipeline that came of it, if any."""

    schedule: Schedule
    night: int
    day: date
    expected_at: datetime
    pipeline: Pipeline | None


def slots(world: World) -> list[Slot]:
    """Every firing of every active schedule in the window, run or missing. A paused schedule owes only what it ran."""
    found = []
    for schedule in world.schedules():
        ran = {pipeline.slot: pipeline for pipeline in schedule.pipelines if pipeline.slot}
        after = max(world.nights.start, schedule.created_at) - timedelta(seconds=1)
        for fire in fires(schedule.cron, schedule.cron_timezone, after, world.end - _DELAY):
            if schedule.active or fire in ran:
                found.append(Slot(schedule, world.nights.number(fire), fire.date(), fire, ran.get(fire)))
    return found


def nights_missing(world: World) -> list[Slot]:
    """The nights that never ran although their schedule is active: the story `owner_left`, and nothing else."""
    return [slot for slot in slots(world) if slot.pipeline is None]


def nightly(world: World, path: str, night: int) -> Pipeline | None:
    """The pipeline of a repository's daily nightly on that night."""
    for schedule in world.project(path).schedules[:1]:
        for pipeline in schedule.pipelines:
            if pipeline.slot and world.nights.number(pipeline.slot) == night:
                return pipeline
    return None


def nightlies_failed(world: World) -> list[Pipeline]:
    """Every scheduled pipeline that failed, oldest first."""
    return [each for each in scheduled(world) if each.status == "failed"]


def scheduled(world: World) -> list[Pipeline]:
    """Every pipeline a schedule made, by cron or by hand, oldest first."""
    return sorted((each for each in world.pipelines() if each.source == "schedule"), key=lambda each: each.id)


def listed_pipelines(project: Project) -> list[Pipeline]:
    """What `GET …/pipelines` shows: no children."""
    return [each for each in project.pipelines if not each.is_child] if project.ci else []


def child_pipelines(project: Project) -> list[Pipeline]:
    """What only `source=parent_pipeline` shows."""
    return [each for each in project.pipelines if each.is_child]


def failed_jobs(world: World, *, since: datetime | None = None) -> list[Job]:
    """Every failed attempt, retried ones and ones that may fail included."""
    return [job for job in world.jobs() if job.status == "failed" and (since is None or job.created_at >= since)]


def visible_events(project: Project) -> list[Event]:
    """The events the API shows."""
    return [event for event in project.events if not event.hidden]


def commits_between(project: Project, since: datetime, until: datetime) -> list[Commit]:
    """The commits whose committer date lies in the window, both ends included."""
    return [commit for commit in project.commits.values() if since <= commit.committed <= until]


def counts(world: World) -> dict[str, int]:
    """How many rows of each kind a loader that sees everything ends up with."""
    return {
        "projects": len(world.projects),
        "schedules": sum(len(project.schedules) for project in world.projects),
        "pipelines": sum(len(project.pipelines) for project in world.projects),
        "jobs": sum(len(project.jobs) for project in world.projects),
        "bridges": sum(len(project.bridges) for project in world.projects),
        "commits": sum(len(project.commits) for project in world.projects),
        "events": sum(len(visible_events(project)) for project in world.projects),
        "issues": sum(len(project.issues) for project in world.projects),
        "members": sum(len(project.members) for project in world.projects),
    }


def story_pipelines(world: World, name: str) -> list[Pipeline]:
    """The scheduled pipelines that show a story, by its own list of nights."""
    told = story(name)
    found = []
    for project in world.projects:
        nights = told.nights_of(project.path)
        for schedule in project.schedules if told.nights == (OUTAGE_NIGHT,) else project.schedules[:1]:
            found += [each for each in schedule.pipelines if each.slot and world.nights.number(each.slot) in nights]
    return found
