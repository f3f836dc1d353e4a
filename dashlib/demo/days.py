"""Plans the working days of a repository: who pushes when, and the commits the stories need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from dashlib.demo.company import ARCHIVED, DEPENDENCY_BOT, EMPTY, OWNER_WHO_LEFT
from dashlib.demo.dice import dice
from dashlib.demo.history import Historian, Planned
from dashlib.demo.model import Project, User
from dashlib.demo.nights import Nights, left_at

_UNITS = "ostrelune/libs/tide-units"
_STATION = "ostrelune/platform/station-api"
_GAUGE = "ostrelune/data/gauge-pipeline"
_RELAY = "ostrelune/platform/alert-relay"
_TIDE = "ostrelune/platform/tide-store"
_UP, _DOWN = "Bump tide-units from 4.2.1 to 4.3.0", "Bump tide-units from 4.3.0 to 4.3.1"

# (repository, the night that first shows it, author, title, name of the commit)
_STORY_COMMITS: tuple[tuple[str, int, str, str, str], ...] = (
    (_UNITS, 6, "pchandrelle", "Round half away from zero", "regression"),
    (_UNITS, 2, "ivarnsdot", "Round half to even again", "fix"),
    (_STATION, 5, DEPENDENCY_BOT, _UP, "bump"),
    (_STATION, 1, DEPENDENCY_BOT, _DOWN, "fix"),
    (_GAUGE, 4, DEPENDENCY_BOT, _UP, "bump"),
    (_GAUGE, 0, DEPENDENCY_BOT, _DOWN, "fix"),
    (_RELAY, 4, DEPENDENCY_BOT, _UP, "bump"),
    (_TIDE, 12, "rquellhaven", "Load stations lazily", "bug"),
    (_TIDE, 9, "hbrastow", "Fix NullPointerException when a station has no datum", "fix"),
    (_TIDE, 2, "rquellhaven", "Merge long-running branch 'lazy-stations' again", "back"),
)


def story_commits(project: Project, nights: Nights, users: Mapping[str, User]) -> list[Planned]:
    """The commits the stories need in a repository; those before the window are left out."""
    planned = []
    for place, (path, night, username, title, name) in enumerate(_STORY_COMMITS):
        at = nights.midnight(night) - timedelta(hours=9, minutes=-7 * place)
        if path == project.path and at > nights.start:
            planned.append(Planned(at, users[username], title, name, path))
    return planned


def live_through(seed: int, project: Project, nights: Nights, users: Mapping[str, User]) -> Historian:
    """Writes the git history of one repository; its pipelines and events come with it."""
    historian = Historian(seed, project, nights.end)
    if project.path == EMPTY:
        return historian
    rng = dice(seed, "days", project.path)
    crowd = [user for user in project.team if user.state == "active" and not user.bot]
    historian.found(crowd[0], project.created_at + timedelta(hours=2))
    for story in story_commits(project, nights, users):
        historian.at(story.at, partial(historian.planned, story))
    pace = rng.uniform(0.35, 2.3)
    day = nights.start
    last = nights.start + timedelta(days=nights.days // 3) if project.path == ARCHIVED else nights.end
    while day <= last:
        weekend = day.weekday() > 4
        for _ in range(_pushes(rng.random(), pace * (0.06 if weekend else 1.0))):
            _plan_push(historian, day, nights, users)
        if day.weekday() == 1 and not project.archived and rng.random() < 0.4:
            bot = users[DEPENDENCY_BOT]
            historian.at(day + timedelta(hours=4, minutes=rng.randint(0, 59)), partial(historian.feature, bot))
        if day.weekday() == 3 and "service" in project.topics and rng.random() < 0.4:
            historian.at(day + timedelta(hours=15), partial(historian.release, rng.choice(crowd)))
        day += timedelta(days=1)
    historian.run()
    return historian


def _pushes(chance: float, pace: float) -> int:
    """A number of pushes with that mean, at most five."""
    count, below = 0, chance
    while count < 5 and below < pace / (pace + 1):
        below = below * (pace + 1) / pace
        count += 1
    return count


def _plan_push(historian: Historian, day: datetime, nights: Nights, users: Mapping[str, User]) -> None:
    rng = historian.rng
    team = [user for user in historian.project.team if user.state == "active" or user.username == OWNER_WHO_LEFT]
    author = rng.choices(team, [user.busy for user in team])[0]
    local = timedelta(hours=rng.triangular(7.5, 20, 11.5))
    at = day + local - timedelta(minutes=author.offset)
    if author.username == OWNER_WHO_LEFT and at > left_at(nights):
        author = users["tmordaunce"]
    step = historian.direct if rng.random() < 0.45 or author.bot else historian.feature
    historian.at(at, partial(step, author))
