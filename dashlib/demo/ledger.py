"""What every step of a history is made of: commits, rows of the events table, pushes and their pipelines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from dashlib.demo import wording
from dashlib.demo.dice import dice, hexes
from dashlib.demo.model import ZERO_SHA, Branch, Commit, Event, Issue, MergeRequest, Project, User
from dashlib.demo.runs import CANCELED, Fate, Order, play
from dashlib.demo.toolchains import ANYWHERE, PUSH, Spec


class Ledger:
    """Writes into one repository; its dice depend on the seed and the repository only."""

    def __init__(self, seed: int, project: Project, end: datetime) -> None:
        self.seed, self.project, self.end = seed, project, end
        self.rng = dice(seed, "history", project.path)
        self.notes = 0

    def commit(self, author: User, subject: str, at: datetime, parents: tuple[str, ...], *, merge: str = "") -> Commit:
        """A new commit by one of the author's git identities; now and then with a co-author or written days before."""
        rng = self.rng
        mail = author.emails[0] if rng.random() < 0.7 else rng.choice(author.emails)
        name = author.git_names[0] if rng.random() < 0.85 else rng.choice(author.git_names)
        zone = timezone(timedelta(minutes=author.offset)) if author.offset else UTC
        committed = at.astimezone(zone).replace(microsecond=0)
        authored = committed - timedelta(hours=rng.randint(1, 70)) if rng.random() < 0.08 else committed
        trailers: list[tuple[str, str]] = []
        if not merge and rng.random() < 0.07:
            other = rng.choice(self.project.team)
            if other is not author:
                trailers.append(("Co-authored-by", f"{other.git_names[0]} <{rng.choice(other.emails)}>"))
        body = f"\n\n{merge}" if merge else ""
        if trailers:
            body += "\n\n" + "\n".join(f"{key}: {value}" for key, value in trailers)
        additions = 0 if merge else int(rng.lognormvariate(2.6, 1.2))
        fresh = Commit(
            id=hexes(40, self.seed, self.project.path, len(self.project.commits)),
            title=subject,
            message=f"{subject}{body}\n" if body or rng.random() < 0.5 else subject,
            author_name=name,
            author_email=mail,
            authored=authored,
            committer_name=name,
            committer_email=mail,
            committed=committed,
            parents=parents,
            additions=additions,
            deletions=int(additions * rng.random()),
            trailers=tuple(trailers),
            files=(f"src/{self.project.word}_{rng.randint(1, 24)}.txt",),
            pushed_at=at,
        )
        self.project.commits[fresh.id] = fresh
        return fresh

    def chain(self, author: User, pushed: datetime, parent: str, count: int) -> list[Commit]:
        """`count` commits on top of each other, made in the hours (a few times: the days) before the push."""
        rng = self.rng
        late = timedelta(days=rng.randint(2, 6)) if rng.random() < 0.025 else timedelta()
        made: list[Commit] = []
        for left in range(count, 0, -1):
            moment = pushed - late - timedelta(minutes=rng.uniform(1, 25) * left)
            tip = (made[-1].id,) if made else ((parent,) if parent else ())
            fresh = self.commit(author, wording.title(rng, self.project.word), moment, tip)
            fresh.pushed_at = pushed
            made.append(fresh)
        return made

    def event(self, author: User, at: datetime, action: str, shown: str, **more: object) -> Event:
        """A new row of the events table; `shown` is the action_name, which is not always the action (GITLAB.md 1)."""
        fresh = Event(self.project.id, action, shown, at, author)
        for key, value in more.items():
            setattr(fresh, key, value)
        self.project.events.append(fresh)
        return fresh

    def event_on(
        self, target: Issue | MergeRequest, author: User, at: datetime, action: str, shown: str, *, hidden: bool = False
    ) -> Event:
        """A row about an issue or a merge request."""
        return self.event(
            author, at, action, shown, target_type=type(target).__name__, target_id=target.id, target_iid=target.iid,
            target_title=target.title, hidden=hidden,
        )  # fmt: skip

    def push_event(
        self,
        author: User,
        at: datetime,
        ref: str,
        *,
        before: str | None,
        after: str | None,
        made: list[Commit],
        kind: str = "branch",
    ) -> None:
        """The event of a push: created without `before`, removed without `after`."""
        action = "created" if before is None else "removed" if after is None else "pushed"
        shown = {"created": "pushed new", "removed": "deleted", "pushed": "pushed to"}[action]
        push = {
            "commit_count": len(made),
            "action": action,
            "ref_type": kind,
            "commit_from": before,
            "commit_to": after,
            "ref": ref,
            "commit_title": made[-1].title[:70] if made else None,
            "ref_count": None,
        }
        self.event(author, at, "pushed", shown, push=push)

    def move(self, at: datetime, sha: str) -> None:
        """Moves the default branch."""
        name = self.project.default_branch or "main"
        self.project.branches.setdefault(name, Branch(name, sha, protected=True)).head = sha
        self.project.heads.append((at, sha))

    def head(self) -> str:
        """The tip of the default branch, "" before the first commit."""
        return self.project.heads[-1][1] if self.project.heads else ""

    def pipeline(
        self,
        user: User,
        at: datetime,
        ref: str,
        sha: str,
        *,
        before: str = ZERO_SHA,
        source: str = "push",
        tag: bool = False,
    ) -> None:
        """The pipeline of a push, failing now and then; a second push soon after cancels some."""
        if not self.project.ci:
            return
        rng = self.rng
        specs = PUSH[self.project.toolchain]
        created = at + timedelta(milliseconds=int(700 + rng.random() * 4000))
        chance = rng.random()
        if chance < 0.02 and source == "push":
            source = "web" if chance < 0.012 else "trigger"
        order = Order(self.project, created, source, ref, sha, user, before, tag=tag)
        self.project.pipelines.append(play(rng, order, specs, self._fates(specs)))

    def _fates(self, specs: tuple[Spec, ...]) -> dict[str, Fate]:
        rng, chance = self.rng, self.rng.random()
        if chance > 0.2:
            return {}
        spec = rng.choice([spec for spec in specs if not spec.manual])
        if chance > 0.17:
            return {spec.name: Fate((CANCELED,))}
        own = [*spec.causes] * 3
        cause = rng.choice([*own, *ANYWHERE])
        if chance > 0.12:
            return {spec.name: Fate((cause, None))}
        return {spec.name: Fate((cause,) if chance < 0.1 else (cause, cause))}
