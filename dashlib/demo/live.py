"""Makes something happen every few seconds: pushes, pipelines that run to their end, retries, issues, comments.

Schedules that fall due meanwhile start their nightlies, so that a demo left open has a night behind it in the morning.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from itertools import groupby

from dashlib.demo import wording
from dashlib.demo.dice import dice, hexes
from dashlib.demo.hook_parts import Body
from dashlib.demo.model import Branch, Commit, Event, Job, Note, Pipeline, Project, User
from dashlib.demo.nights import due
from dashlib.demo.runs import RUNNERS, is_broken, settle
from dashlib.demo.sender import HookSender
from dashlib.demo.signals_sent import LiveSignals
from dashlib.demo.toolchains import CAUSES, PUSH
from dashlib.demo.world import World

_LOG = logging.getLogger(__name__)
_SHORTEST, _LONGEST = 4.0, 25.0
_UNFINISHED = {"created", "pending", "running"}


class Live:
    """Moves a world on. `tick(now)` does one step and may be called without a thread; the same ticks do the same."""

    def __init__(self, world: World, hooks: HookSender | None = None) -> None:
        self.world, self.hooks = world, hooks
        self.signals: LiveSignals | None = None
        self.rng = dice(world.seed, "live")
        self.projects = [each for each in world.projects if each.ci and not each.archived and each.default_branch]
        self._running = [each for each in world.pipelines() if each.status in {"running", "pending"}]
        self._made = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the clock -----------------------------------------------------------------------------------------------

    def start(self, seconds: float) -> None:
        """Ticks every so many seconds until `stop`."""
        self._thread = threading.Thread(target=self._work, args=(seconds,), name="demo-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _work(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            self.tick(datetime.now(UTC))

    def tick(self, now: datetime) -> str:
        """Moves running pipelines on to `now` and starts one thing; says which, e.g. `push` or `comment`."""
        with self.world.lock:
            before = self.world.now
            now = max(now.astimezone(UTC), before + timedelta(milliseconds=1))
            self.world.now = now
            for pipeline in list(self._running):
                self._advance(pipeline, now)
            if self.signals is not None:
                self.signals.tick(now)
            self._nightlies(before, now)
            chance = self.rng.random()
            if chance < 0.5:
                return self._push(now)
            if chance < 0.58:
                return self._retry(now)
            if chance < 0.85:
                return self._comment(now)
            return self._issue(now)

    def _send(self, body: Body) -> None:
        if self.hooks is not None:
            self.hooks.send(body)

    # --- pushes and pipelines ------------------------------------------------------------------------------------

    def _person(self, project: Project) -> User:
        return self.rng.choice([user for user in project.team if user.state == "active" and not user.bot])

    def _push(self, now: datetime) -> str:
        project = self.rng.choice(self.projects)
        author, branch = self._person(project), project.default_branch or "main"
        before = project.heads[-1][1]
        made: list[Commit] = []
        for left in range(self.rng.randint(1, 3), 0, -1):
            made.append(
                self._commit(project, author, made[-1].id if made else before, now - timedelta(minutes=left * 3))
            )
            made[-1].pushed_at = now
        project.heads.append((now, made[-1].id))
        project.branches.setdefault(branch, Branch(branch, before, protected=True)).head = made[-1].id
        push = {
            "commit_count": len(made),
            "action": "pushed",
            "ref_type": "branch",
            "commit_from": before,
            "commit_to": made[-1].id,
            "ref": branch,
            "commit_title": made[-1].title[:70],
            "ref_count": None,
        }
        self.world.add_event(Event(project.id, "pushed", "pushed to", now, author, push=push))
        if self.hooks is not None:
            self._send(
                self.hooks.hooks.push(
                    project, author, f"refs/heads/{branch}", before=before, after=made[-1].id, commits=made
                )
            )
        self._pipeline(project, author, now, before=before, sha=made[-1].id)
        return "push"

    def _commit(self, project: Project, author: User, parent: str, at: datetime) -> Commit:
        self._made += 1
        at, title = at.replace(microsecond=0), wording.title(self.rng, project.word)
        sha = hexes(40, self.world.seed, "live", self._made)
        name, mail = author.git_names[0], author.emails[0]
        fresh = Commit(
            sha,
            title,
            title,
            name,
            mail,
            at,
            name,
            mail,
            at,
            (parent,),
            self.rng.randint(1, 80),
            self.rng.randint(0, 40),
        )
        project.commits[sha] = fresh
        return fresh

    def _pipeline(self, project: Project, user: User, now: datetime, *, before: str, sha: str) -> None:
        ref = project.default_branch or "main"
        pipeline = Pipeline(project, sha, ref, "push", "pending", now, now, None, None, None, None, user, before)
        self.world.add_pipeline(pipeline)
        broken = self.rng.random() < 0.25
        specs = PUSH[project.toolchain]
        victim = self.rng.choice([spec for spec in specs if not spec.manual and spec.causes])
        for spec in specs:
            job = Job(
                pipeline,
                spec.name,
                spec.stage,
                "manual" if spec.manual else "created",
                now,
                None,
                None,
                None,
                spec.allow_failure or spec.manual,
                user=user,
                manual=spec.manual,
            )
            seconds = self.rng.uniform(_SHORTEST, _LONGEST)
            fails = broken and spec is victim
            if not spec.manual:
                job.planned = ("failed", self.rng.choice(spec.causes), seconds) if fails else ("success", None, seconds)
            pipeline.jobs.append(job)
            self.world.add_job(job)
        self._running.append(pipeline)
        self._changed(pipeline, now)

    def _nightlies(self, before: datetime, now: datetime) -> None:
        """Starts the pipelines of schedules that fell due; as GitLab does, one each, however many times were slept."""
        for project in self.projects:
            for pipeline in due(self.world.seed, project, self.world.nights, before, now):
                self.world.add_pipeline(pipeline)
                for job in pipeline.jobs:
                    self.world.add_job(job)
                self._running.append(pipeline)
                self._changed(pipeline, now)

    def _changed(self, pipeline: Pipeline, now: datetime, job: Job | None = None) -> None:
        pipeline.updated_at = now
        if self.hooks is not None:
            if job is not None:
                self._send(self.hooks.hooks.job(job))
            self._send(self.hooks.hooks.pipeline(pipeline))

    def _advance(self, pipeline: Pipeline, now: datetime) -> None:
        """Ends jobs whose time is over, starts those of the next stage, and ends the pipeline when none is left."""
        for _name, group in groupby(pipeline.jobs, key=lambda job: job.stage):
            jobs = list(group)
            for job in jobs:
                if job.status in _UNFINISHED:
                    self._move(job, now)
            if any(job.status in _UNFINISHED for job in jobs):
                return
            if any(is_broken(job) for job in jobs):
                break
        self._finish(pipeline, now)

    def _move(self, job: Job, now: datetime) -> None:
        if job.planned is None:
            job.planned = ("success", None, _SHORTEST)
        status, cause, seconds = job.planned
        if job.started_at is None:
            job.status, job.started_at, job.runner = "running", now, self.rng.randrange(RUNNERS)
            job.queued = max(0.1, (now - job.created_at).total_seconds())
            if job.pipeline.started_at is None:
                job.pipeline.started_at, job.pipeline.status = now, "running"
            self._changed(job.pipeline, now, job)
        elif now >= job.started_at + timedelta(seconds=min(seconds, _LONGEST)):
            job.status, job.cause, job.finished_at, job.planned = status, cause, now, None
            job.failure_reason = CAUSES[cause].failure_reason if cause and status == "failed" else None
            self._changed(job.pipeline, now, job)
            if self.signals is not None and status == "failed":
                self.signals.failed(job, now)

    def _finish(self, pipeline: Pipeline, now: datetime) -> None:
        for job in pipeline.jobs:
            if job.status == "created":
                job.status, job.planned = "skipped", None
        settle(pipeline)
        self._running.remove(pipeline)
        self._changed(pipeline, now)

    def _retry(self, now: datetime) -> str:
        """Somebody presses retry on the newest failed job of a push; it passes this time. Nightlies stay as told."""
        failed = [
            job
            for project in self.projects
            for pipeline in project.pipelines[-3:]
            if pipeline.status == "failed"
            and pipeline.schedule is None
            and not pipeline.is_child
            and pipeline not in self._running
            for job in pipeline.jobs
            if job.status == "failed" and not job.retried and not job.allow_failure
        ]
        if not failed:
            return self._comment(now)
        old = max(failed, key=lambda job: job.id)
        pipeline = old.pipeline
        old.retried = True
        fresh = Job(
            pipeline, old.name, old.stage, "created", now, None, None, None, user=self._person(pipeline.project)
        )
        fresh.planned = ("success", None, self.rng.uniform(_SHORTEST, _LONGEST))
        pipeline.jobs.insert(pipeline.jobs.index(old) + 1, fresh)
        self.world.add_job(fresh)
        for job in pipeline.jobs:
            if job.status == "skipped":
                job.status, job.planned = "created", ("success", None, _SHORTEST)
        pipeline.status, pipeline.finished_at, pipeline.duration = "running", None, None
        self._running.append(pipeline)
        self._changed(pipeline, now)
        return "retry"

    # --- talk ----------------------------------------------------------------------------------------------------

    def _comment(self, now: datetime) -> str:
        project = self.rng.choice([each for each in self.projects if each.issues])
        issue, author = self.rng.choice(project.issues), self._person(project)
        number = next(self.world.note_ids)
        note = Note(number, wording.remark(self.rng), author, now, "Issue", issue.id, issue.iid)
        issue.notes.append(note)
        issue.updated_at = now
        event = Event(
            project.id, "commented", "commented on", now, author, "Note", number, number, issue.title, note=note
        )
        event.hidden = issue.confidential
        self.world.add_event(event)
        if self.hooks is not None:
            self._send(self.hooks.hooks.note(note, project, issue))
        return "comment"

    def _issue(self, now: datetime) -> str:
        """An open issue is closed, or a closed one reopened."""
        project = self.rng.choice([each for each in self.projects if each.issues])
        issue, who = self.rng.choice(project.issues), self._person(project)
        closes = issue.state == "opened"
        issue.state, issue.updated_at = ("closed" if closes else "opened"), now
        issue.closed_at, issue.closed_by = (now, who) if closes else (None, None)
        event = Event(
            project.id,
            "closed" if closes else "reopened",
            "closed" if closes else "opened",
            now,
            who,
            "Issue",
            issue.id,
            issue.iid,
            issue.title,
        )
        event.hidden = issue.confidential
        self.world.add_event(event)
        if self.hooks is not None:
            self._send(self.hooks.hooks.issue(issue, project, who, "close" if closes else "reopen"))
        return "close" if closes else "reopen"
