"""The world: everything the simulated GitLab knows, made from a seed, an end and a size, the same every time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from dashlib.demo.company import EMPTY, FOREIGN, READER, found_projects, people
from dashlib.demo.days import live_through
from dashlib.demo.issues import Talk, gather_team, odd_events
from dashlib.demo.model import Event, Job, Pipeline, Project, Schedule, User
from dashlib.demo.nights import Nights, fill, schedules
from dashlib.demo.oddities import plant
from dashlib.demo.runs import cut
from dashlib.demo.stories import CALM, story
from dashlib.demo.webhooks import WebHooks

_KEPT = timedelta(days=3 * 365)


class World:
    """A company on a GitLab instance between `end - days` and `end` (an aware datetime, kept as UTC).

    `story_commits` names the planted commits: `{"ostrelune/libs/tide-units": {"regression": sha, "fix": sha}, …}`.
    The REST handlers and Live share it under `lock`.
    """

    def __init__(self, seed: int, end: datetime, repos: int = 40, days: int = 60) -> None:
        if end.tzinfo is None:
            raise ValueError("the end of a world needs a time zone")
        self.seed, self.repos, self.days = seed, repos, days
        self.end = self.now = end.astimezone(UTC)
        self.lock = threading.RLock()
        self.nights = Nights(self.end, days)
        self.users_by_name = people(seed, story("owner_left").first_night)
        self.users = {user.id: user for user in self.users_by_name.values()}
        self.projects = found_projects(seed, repos, CALM, self.nights.start)
        self.project_by_id = {project.id: project for project in self.projects}
        self.project_by_path = {project.path: project for project in self.projects}
        self.project_by_old_path = {project.old_path: project for project in self.projects if project.old_path}
        self.story_commits: dict[str, dict[str, str]] = {}
        self.events: list[Event] = []
        self._pipeline_ids = count(100_001)
        self._job_ids = count(1_000_001)
        self._event_ids = count(20_001)
        self.note_ids = count(90_000_001)
        self.web_hooks = WebHooks()
        for place, project in enumerate(self.projects):
            self._fill(place, project)
        plant(self.projects, self.end)
        self._number()
        self.token_user = self.users_by_name[READER]

    def _fill(self, place: int, project: Project) -> None:
        gather_team(self.seed, place, project, self.users_by_name)
        historian = live_through(self.seed, project, self.nights, self.users_by_name)
        if historian.story_commits:
            self.story_commits[project.path] = historian.story_commits
        project.schedules = schedules(self.seed, place, project, self.nights, self.users_by_name)
        fill(self.seed, project, self.nights)
        if project.path != EMPTY:
            talk = Talk(self.seed, project, self.nights, historian)
            talk.ordinary()
            talk.told()
        odd_events(project, self.nights, historian, self.users_by_name)

    def _number(self) -> None:
        """Gives ids in the order things were made, and fills the indexes."""
        pipelines = [each for project in self.projects for each in self._settled(project)]
        for project in self.projects:
            project.pipelines.clear()
        for pipeline in sorted(pipelines, key=lambda each: (each.created_at, each.project.id)):
            self.add_pipeline(pipeline)
        jobs = [(job, place) for each in pipelines for place, job in enumerate((*each.jobs, *each.bridges))]
        for job, _ in sorted(jobs, key=lambda pair: (pair[0].created_at, pair[0].pipeline.id, pair[1])):
            self.add_job(job)
        events = [event for project in self.projects for event in project.events]
        for project in self.projects:
            project.events.clear()
            project.updated_at = project.last_activity_at = project.created_at
        for event in sorted(events, key=lambda each: (each.created_at, each.project_id)):
            if self.end - _KEPT < event.created_at <= self.end:
                self.add_event(event)

    def _settled(self, project: Project) -> Iterator[Pipeline]:
        for pipeline in project.pipelines:
            if pipeline.created_at > self.end:
                continue
            cut(pipeline, self.end)
            yield pipeline
            for bridge in pipeline.bridges:
                if bridge.downstream is not None:
                    cut(bridge.downstream, self.end)
                    yield bridge.downstream

    def add_pipeline(self, pipeline: Pipeline) -> None:
        """Numbers a pipeline and puts it into the indexes; its jobs are added one by one."""
        project = pipeline.project
        pipeline.id = next(self._pipeline_ids)
        pipeline.iid = len(project.pipelines) + 1
        project.pipelines.append(pipeline)
        project.pipeline_by_id[pipeline.id] = pipeline
        if pipeline.schedule is not None:
            pipeline.schedule.pipelines.append(pipeline)

    def add_job(self, job: Job) -> None:
        """Numbers a job or bridge that already stands in its pipeline, and puts it into the indexes."""
        job.id = next(self._job_ids)
        if job.bridge:
            job.project.bridges.append(job)
        else:
            job.project.jobs.append(job)
            job.project.job_by_id[job.id] = job

    def add_event(self, event: Event) -> None:
        """Numbers an event; a visible one counts as activity, which GitLab notes at most once an hour."""
        event.id = next(self._event_ids)
        self.events.append(event)
        project = self.project_by_id[event.project_id]
        if not project.events or project.events[-1] is not event:
            project.events.append(event)
        if event.created_at - project.last_activity_at >= timedelta(hours=1):
            project.last_activity_at = project.updated_at = event.created_at

    def project(self, path: str) -> Project:
        """The repository at that path."""
        return self.project_by_path[path]

    def user(self, username: str) -> User:
        """The account with that name."""
        return self.users_by_name[username]

    def member_projects(self) -> list[Project]:
        """The repositories the token's user is a member of: all but the community one."""
        return [project for project in self.projects if project.path != FOREIGN]

    def pipelines(self) -> Iterator[Pipeline]:
        """Every pipeline there is, children too."""
        return (pipeline for project in self.projects for pipeline in project.pipelines)

    def jobs(self) -> Iterator[Job]:
        """Every job there is, retried attempts too, bridges not."""
        return (job for project in self.projects for job in project.jobs)

    def schedules(self) -> Iterator[Schedule]:
        """Every schedule there is."""
        return (schedule for project in self.projects for schedule in project.schedules)
