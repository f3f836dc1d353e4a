"""One repository's git history: direct pushes, feature branches, merges and releases, oldest step first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from dashlib.demo import wording
from dashlib.demo.company import MAIL, NOREPLY
from dashlib.demo.graph import log
from dashlib.demo.ledger import Ledger
from dashlib.demo.model import Branch, Commit, MergeRequest, Note, Project, User


@dataclass(frozen=True, slots=True)
class Planned:
    """A commit that has to be there because a story needs it, pushed to the default branch at that time."""

    at: datetime
    author: User
    title: str
    story: str
    path: str


class Historian(Ledger):
    """Plans and does the steps of one repository's history, oldest first, so that every commit has its parents."""

    def __init__(self, seed: int, project: Project, end: datetime) -> None:
        super().__init__(seed, project, end)
        self.merge_pipelines = self.rng.random() < 0.5
        self._queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._steps = 0
        self.releases = 0
        self.story_commits: dict[str, str] = {}

    def at(self, when: datetime, step: Callable[[datetime], None]) -> None:
        """Plans a step; steps after the world's end never happen."""
        if when <= self.end:
            self._steps += 1
            heapq.heappush(self._queue, (when, self._steps, step))

    def run(self) -> None:
        """Does all planned steps, and those they plan, in order of time."""
        while self._queue:
            when, _, step = heapq.heappop(self._queue)
            step(when)

    def found(self, author: User, at: datetime) -> None:
        """The first commits, long before the window."""
        made = self.chain(author, at, "", 3)
        made[0].title = made[0].message = "Initial commit"
        self.move(at, made[-1].id)

    def planned(self, story: Planned, at: datetime) -> None:
        """A commit a story needs."""
        before = self.head()
        fresh = self.commit(story.author, story.title, at, (before,))
        self.move(at, fresh.id)
        self.story_commits[story.story] = fresh.id
        self._announce(story.author, at, before, [fresh])

    def direct(self, author: User, at: datetime) -> None:
        """One to three commits straight to the default branch."""
        before = self.head()
        made = self.chain(author, at, before, 1 + int(self.rng.random() ** 2 * 3))
        self.move(at, made[-1].id)
        self._announce(author, at, before, made)

    def _announce(self, author: User, at: datetime, before: str, made: list[Commit]) -> None:
        name = self.project.default_branch or "main"
        self.push_event(author, at, name, before=before, after=made[-1].id, made=made)
        self.pipeline(author, at, name, made[-1].id, before=before)

    def feature(self, author: User, at: datetime) -> None:
        """A new branch with commits and a merge request; more pushes may follow, and mostly a merge."""
        rng = self.rng
        made = self.chain(author, at, self.head(), 1 + int(rng.random() * 3))
        iid = len(self.project.merge_requests) + 1
        name = wording.branch(rng, made[-1].title, iid)
        self.project.branches[name] = Branch(name, made[-1].id)
        self.push_event(author, at, name, before=None, after=made[-1].id, made=made)
        target = self.project.default_branch or "main"
        opened = at + timedelta(minutes=rng.uniform(1, 30))
        request = MergeRequest(
            self.project.id * 10_000 + iid, iid, self.project.id, made[-1].title, name, target, author, opened, opened
        )
        request.head = made[-1].id
        self.project.merge_requests.append(request)
        self.at(opened, partial(self.open_request, request))
        if not self.merge_pipelines:
            self.pipeline(author, at, name, made[-1].id)
        if rng.random() < 0.45:
            self.at(at + timedelta(hours=rng.uniform(0.6, 20)), partial(self.more, request))
        fate = rng.random()
        later = at + timedelta(hours=rng.uniform(20.5, 60))
        if fate < 0.82:
            self.at(later, partial(self.merge, request))
        elif fate < 0.9:
            self.at(later, partial(self.close, request))

    def open_request(self, request: MergeRequest, at: datetime) -> None:
        """The merge request appears."""
        self.event_on(request, request.author, at, "created", "opened")
        if self.merge_pipelines and request.head:
            ref = f"refs/merge-requests/{request.iid}/head"
            self.pipeline(request.author, at, ref, request.head, source="merge_request_event")

    def more(self, request: MergeRequest, at: datetime) -> None:
        """Further commits on an open branch, and a comment."""
        before = request.head or ""
        made = self.chain(request.author, at, before, 1 + int(self.rng.random() * 2))
        request.head = self.project.branches[request.source_branch].head = made[-1].id
        request.updated_at = at
        self.push_event(request.author, at, request.source_branch, before=before, after=made[-1].id, made=made)
        self.comment(request, self.rng.choice(self.project.team), at + timedelta(minutes=4))
        if self.merge_pipelines:
            ref = f"refs/merge-requests/{request.iid}/head"
            self.pipeline(request.author, at, ref, made[-1].id, before=before, source="merge_request_event")
        else:
            self.pipeline(request.author, at, request.source_branch, made[-1].id, before=before)

    def comment(self, request: MergeRequest, author: User, at: datetime) -> None:
        """A comment on a merge request; review threads have target types of their own."""
        if at > self.end:
            return
        self.notes += 1
        number = self.project.id * 10_000 + 7000 + self.notes
        note = Note(number, wording.remark(self.rng), author, at, "MergeRequest", request.id, request.iid)
        kind = self.rng.choice(("Note", "DiffNote", "DiscussionNote"))
        self.event(
            author,
            at,
            "commented",
            "commented on",
            target_type=kind,
            target_id=number,
            target_iid=number,
            target_title=request.title,
            note=note,
        )

    def merge(self, request: MergeRequest, at: datetime) -> None:
        """The merge: a merge commit by whoever pressed the button, made by GitLab; the branch is mostly removed."""
        rng, project = self.rng, self.project
        merger = rng.choice(project.team)
        target, before, tip = request.target_branch, self.head(), request.head or ""
        into = f"Merge branch '{request.source_branch}' into '{target}'"
        text = f"{request.title}\n\nSee merge request {project.path}!{request.iid}"
        fresh = self.commit(merger, into, at, (before, tip), merge=text)
        if rng.random() < 0.5:
            fresh.author_email = fresh.committer_email = f"{merger.id}-{merger.username}@{NOREPLY}"
            fresh.author_name = fresh.committer_name = merger.name
        if rng.random() < 0.3:
            fresh.committer_name, fresh.committer_email = "GitLab", f"noreply@{MAIL}"
        brought = log(project.commits, [tip], [before])[::-1]
        self.move(at, fresh.id)
        request.state, request.merge_commit, request.updated_at = "merged", fresh.id, at
        if rng.random() < 0.6:
            self.event_on(request, rng.choice(project.team), at - timedelta(minutes=9), "approved", "approved")
        self.event_on(request, merger, at, "merged", "accepted")
        self.push_event(merger, at, target, before=before, after=fresh.id, made=[*brought, fresh])
        if rng.random() < 0.85:
            del project.branches[request.source_branch]
            removed = at + timedelta(seconds=2)
            self.push_event(merger, removed, request.source_branch, before=tip, after=None, made=[])
        else:
            project.branches[request.source_branch].merged = True
        self.pipeline(merger, at, target, fresh.id, before=before)

    def close(self, request: MergeRequest, at: datetime) -> None:
        """Nobody wanted it; sometimes it is reopened, which the events call `opened`."""
        request.state, request.updated_at = "closed", at
        self.event_on(request, request.author, at, "closed", "closed")
        again = at + timedelta(hours=3)
        if self.rng.random() < 0.4 and again <= self.end:
            request.state, request.updated_at = "opened", again
            self.event_on(request, request.author, again, "reopened", "opened")

    def release(self, author: User, at: datetime) -> None:
        """A tag on the default branch, with a pipeline of its own."""
        self.releases += 1
        name, sha = f"v1.{self.releases}.0", self.head()
        self.push_event(author, at, name, before=None, after=sha, made=[], kind="tag")
        self.pipeline(author, at, name, sha, tag=True)
