"""Issues, comments, members and the odd rows of the events table (GITLAB.md 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from dashlib.demo import wording
from dashlib.demo.company import EMPTY, OWNER_WHO_LEFT, READER, STEWARD
from dashlib.demo.dice import dice, hexes
from dashlib.demo.history import Historian
from dashlib.demo.model import ZERO_SHA, Issue, Member, Note, Project, User
from dashlib.demo.nights import Nights, left_at

HIDDEN_BURST = 240
_TIDE = "ostrelune/platform/tide-store"
_UNITS = "ostrelune/libs/tide-units"


def gather_team(seed: int, place: int, project: Project, users: Mapping[str, User]) -> None:
    """Chooses who works on a repository and who is a member of it."""
    rng = dice(seed, "team", project.path)
    able = [user for user in users.values() if not user.bot and not user.deleted and user.state == "active"]
    project.team = [users[STEWARD], *rng.sample([user for user in able if user.username != STEWARD], rng.randint(3, 6))]
    if place in {6, 7, 15, 22}:
        project.team.append(users[OWNER_WHO_LEFT])
    if place % 4 == 0:
        project.team.append(
            users[
                f"{('project_12', 'group_7', 'project_40')[place // 4 % 3]}_bot_"
                f"{('ab12cd', '9f3e21', 'c0ffee')[place // 4 % 3]}"
            ]
        )
    joined = project.created_at + timedelta(minutes=3)
    project.members = [
        Member(user, 40 if number < 2 else 30, joined + timedelta(minutes=number), inherited=number == 0)
        for number, user in enumerate(project.team)
    ]
    if project.token_member:
        project.members.append(Member(users[READER], 20, joined, inherited=True))


class Talk:
    """Adds issues and their comments to one repository through its historian, which keeps the events."""

    def __init__(self, seed: int, project: Project, nights: Nights, historian: Historian) -> None:
        self.project, self.nights, self.historian = project, nights, historian
        self.rng = dice(seed, "issues", project.path)
        self.people = [user for user in project.team if not user.bot and user.state == "active"]

    def issue(
        self, title: str, text: str, at: datetime, *, labels: tuple[str, ...] = (), confidential: bool = False
    ) -> Issue:
        """A new issue; nothing happens after the world's end."""
        project, author = self.project, self.rng.choice(self.people)
        iid = len(project.issues) + 1
        fresh = Issue(project.id * 10_000 + 5000 + iid, iid, project.id, title, text, author, at, at, labels=labels)
        fresh.confidential = confidential
        if self.rng.random() < 0.6:
            fresh.assignees = (self.rng.choice(self.people),)
        project.issues.append(fresh)
        self._event(fresh, author, at, "created", "opened")
        return fresh

    def change(self, issue: Issue, at: datetime, *, closes: bool) -> None:
        """Closes or reopens an issue; the events call a reopened one `opened`."""
        if at > self.nights.end:
            return
        who = self.rng.choice(self.people)
        issue.state, issue.updated_at = ("closed" if closes else "opened"), at
        issue.closed_at, issue.closed_by = (at, who) if closes else (None, None)
        self._event(issue, who, at, "closed" if closes else "reopened", "closed" if closes else "opened")

    def note(self, issue: Issue, at: datetime, body: str, who: User | None = None, *, hidden: bool = False) -> None:
        """A comment on an issue."""
        if at > self.nights.end:
            return
        who = who or self.rng.choice(self.people)
        self.historian.notes += 1
        number = self.project.id * 10_000 + 7000 + self.historian.notes
        fresh = Note(number, body, who, at, "Issue", issue.id, issue.iid)
        issue.notes.append(fresh)
        issue.updated_at = max(issue.updated_at, at)
        self.historian.event(
            who,
            at,
            "commented",
            "commented on",
            target_type="Note",
            target_id=number,
            target_iid=number,
            target_title=issue.title,
            note=fresh,
            hidden=hidden,
        )

    def _event(self, issue: Issue, who: User, at: datetime, action: str, shown: str) -> None:
        self.historian.event_on(issue, who, at, action, shown, hidden=issue.confidential)

    def ordinary(self) -> None:
        """A handful of issues with their comments, some closed, one in nine confidential."""
        span = self.nights.days * 24.0
        for _ in range(self.rng.randint(2, 9)):
            at = self.nights.start + timedelta(hours=self.rng.uniform(0, span - 2))
            if at > self.nights.end:
                at -= timedelta(days=1)
            labels = tuple(sorted(self.rng.sample(wording.LABELS, self.rng.randint(0, 3))))
            title = wording.issue(self.rng, self.project.word)
            fresh = self.issue(
                title, f"{title}.\n\nSeen at {at:%H:%M} UTC.", at, labels=labels, confidential=self.rng.random() < 0.11
            )
            for _ in range(self.rng.randint(0, 4)):
                self.note(fresh, at + timedelta(hours=self.rng.uniform(1, 90)), wording.remark(self.rng))
            if self.rng.random() < 0.55:
                self.change(fresh, at + timedelta(hours=self.rng.uniform(91, 300)), closes=True)

    def told(self) -> None:
        """The issues of the stories."""
        if self.project.path == _TIDE:
            at = self.nights.midnight(11) + timedelta(hours=9)
            text = (
                "test:integration fails with a NullPointerException: a station without a datum. Since the night before."
            )
            fresh = self.issue("NullPointerException in StationLoader", text, at, labels=("bug", "nightly"))
            self.change(fresh, self.nights.midnight(9) + timedelta(hours=10), closes=True)
            self.change(fresh, self.nights.midnight(2) + timedelta(hours=10), closes=False)
            self.note(fresh, self.nights.midnight(2) + timedelta(hours=10, minutes=2), "It is back.")
        if self.project.path == _UNITS:
            at = self.nights.midnight(6) + timedelta(hours=9)
            text = "test:unit is red: 0.5 is rounded to 1. Also in station-api since they bumped to 4.3.0."
            fresh = self.issue("Rounding differs since 4.3.0", text, at, labels=("bug", "nightly", "priority::high"))
            self.change(fresh, self.nights.midnight(2) + timedelta(hours=12), closes=True)


def odd_events(project: Project, nights: Nights, historian: Historian, users: Mapping[str, User]) -> None:
    """Joined, left, a bulk push, a deleted account, the old format, and a burst of rows nobody may see."""
    first = project.members[0].user
    historian.event(
        first,
        project.created_at,
        "created",
        "created",
        target_type="Project",
        target_id=project.id,
        target_title=project.name,
    )
    for member in project.members[:3]:
        historian.event(member.user, member.created_at, "joined", "joined")
    if any(member.user.username == OWNER_WHO_LEFT for member in project.members):
        historian.event(users[OWNER_WHO_LEFT], left_at(nights), "left", "left")
    if project.path == EMPTY:
        return
    middle = nights.start + timedelta(days=nights.days / 2, hours=11)
    if project.id % 3 == 0:
        bulk = {
            "commit_count": 0,
            "action": "created",
            "ref_type": "branch",
            "commit_from": None,
            "commit_to": None,
            "ref": None,
            "commit_title": None,
            "ref_count": 5,
        }
        historian.event(first, middle, "pushed", "pushed new", push=bulk)
    if project.id % 4 == 0:
        historian.event(users["ghostwriter"], middle + timedelta(hours=1), "joined", "joined")
    if project.path == _UNITS:
        bot = users["project_12_bot_ab12cd"]
        talk = Talk(historian.seed, project, nights, historian)
        secret = talk.issue("Imported audit trail", "Confidential.", middle, confidential=True)
        for number in range(HIDDEN_BURST):
            talk.note(secret, middle + timedelta(seconds=number + 1), f"Imported line {number}", bot, hidden=True)
        historian.event(first, middle - timedelta(days=1), "pushed", "opened", data=_old_push(project, first, middle))


def _old_push(project: Project, user: User, at: datetime) -> dict[str, object]:
    """The `data` of a push event as GitLab 9 and older gave it: the body of a push hook."""
    sha = hexes(40, "old", project.path)
    return {
        "before": ZERO_SHA,
        "after": sha,
        "ref": f"refs/heads/{project.default_branch}",
        "user_id": user.id,
        "user_name": user.name,
        "repository": {
            "name": project.slug,
            "url": f"git@gitlab:{project.path}.git",
            "description": "",
            "homepage": "",
        },
        "commits": [
            {
                "id": sha,
                "message": "Import from the old server",
                "timestamp": at.isoformat(timespec="seconds"),
                "url": f"/{project.path}/-/commit/{sha}",
                "author": {"name": user.name, "email": user.emails[0]},
            }
        ],
        "total_commits_count": 1,
    }
