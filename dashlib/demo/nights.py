"""The nightly schedules, and what every night of every repository was like."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

from dashlib.demo.company import EMPTY, OWNER_WHO_LEFT
from dashlib.demo.cron import fires
from dashlib.demo.dice import dice
from dashlib.demo.model import Pipeline, Project, Schedule, User
from dashlib.demo.runs import Fate, Order, cut, play
from dashlib.demo.stories import FLAKY_RECOVERED, STORIES, story
from dashlib.demo.toolchains import ANYWHERE, NIGHT, Spec

NIGHTLY, WEEKLY, PAUSED = "Nightly", "Weekly audit", "Old nightly (paused)"
AUDIT: tuple[Spec, ...] = (
    Spec("dependency-audit", "audit", "script", 90, ("command_missing",)),
    Spec("licence-report", "audit", "script", 40, ("command_missing",), allow_failure=True),
)
_ZONES = (("1", "UTC"), ("2", "Europe/Berlin"), ("23", "Pacific Time (US & Canada)"), ("4", "Europe/Berlin"))
_BY_HAND = 0.012


class Nights:
    """Numbers the nights of a world: 0 is the last one that is over by the world's end at 08:00 UTC."""

    def __init__(self, end: datetime, days: int) -> None:
        self.end, self.days = end, days
        self.last = (end - timedelta(hours=8)).date()
        self.start = self.midnight(days - 1)

    def number(self, moment: datetime) -> int:
        """The night a moment (UTC) belongs to; -1 is a night that is not over yet."""
        return (self.last - moment.date()).days

    def midnight(self, night: int) -> datetime:
        """00:00 UTC of a night; the working day before it is the day the night judges."""
        day = self.last - timedelta(days=night)
        return self.end.replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)


def schedules(seed: int, place: int, project: Project, nights: Nights, users: Mapping[str, User]) -> list[Schedule]:
    """The schedules of the place-th repository; ids follow the place, so they never depend on the rest."""
    if not project.ci or project.archived or project.path == EMPTY:
        return []
    rng = dice(seed, "schedules", project.path)
    owner = rng.choice([user for user in project.team if user.state == "active" and not user.bot])
    hour, zone = _ZONES[place % len(_ZONES)]
    ref = project.default_branch or "main"
    ref = ref if place % 5 == 3 else f"refs/heads/{ref}"
    born = nights.start - timedelta(days=20 + place % 9, minutes=place)
    made: list[Schedule] = []

    def add(description: str, cron: str, where: str, who: User | None, stops_at: datetime | None = None) -> Schedule:
        number = 500 + place * 5 + len(made)
        fresh = Schedule(number, project.id, description, ref, cron, where, True, who, born, born, stops_at)
        made.append(fresh)
        return fresh

    left = story("owner_left")
    if project.path in left.projects:
        add(NIGHTLY, f"{(place * 7) % 60} {hour} * * *", zone, users[OWNER_WHO_LEFT], stops_at=left_at(nights))
    else:
        add(NIGHTLY, f"{(place * 7) % 60} {hour} * * *", zone, None if place == 20 else owner)
    if place == 17:
        made[0].created_at = made[0].updated_at = nights.start + timedelta(days=nights.days // 2, hours=9)
    if place % 7 == 1:
        add(WEEKLY, "20 3 * * 6", "UTC", owner)
    if place % 6 == 5:
        add(PAUSED, "50 0 * * *", "UTC", owner, stops_at=nights.start + timedelta(days=nights.days // 3)).active = False
    return made


def left_at(nights: Nights) -> datetime:
    """When the account of the owner who left was blocked: the afternoon before the first night that is missing."""
    return nights.midnight(story("owner_left").first_night) - timedelta(hours=10)


def fill(seed: int, project: Project, nights: Nights) -> None:
    """Adds the pipelines of all schedules of a repository to it."""
    for schedule in project.schedules:
        rng = dice(seed, "nights", project.path, schedule.id)
        specs = NIGHT[project.toolchain] if schedule.description == NIGHTLY else AUDIT
        luck = _Luck(rng, project, specs)
        after, until = max(nights.start, schedule.created_at), min(nights.end, schedule.stops_at or nights.end)
        for slot in fires(schedule.cron, schedule.cron_timezone, after - timedelta(seconds=1), until):
            created = slot + timedelta(milliseconds=2000 + int(rng.random() * 9000))
            if created > nights.end:
                break
            # A night that is still going on (a negative number) goes on as the last one was told.
            fates = {**luck.tonight(), **told(project, specs, max(0, nights.number(slot)), nights.days)}
            project.pipelines.append(play(rng, _order(project, schedule, created, slot), specs, fates))
            if not project.story and rng.random() < _BY_HAND:
                later = created + timedelta(hours=9)
                project.pipelines.append(play(rng, _order(project, schedule, later, None), specs, {}))
            schedule.updated_at = created


def due(world_seed: int, project: Project, nights: Nights, after: datetime, now: datetime) -> Iterator[Pipeline]:
    """The pipelines that GitLab starts at ``now`` for schedules that fell due after ``after``: one each, without ids.

    They go on as the stories' last night was told, with ordinary luck beside; their jobs remember how they will turn
    out. A schedule that is off, or whose owner may not run it any more, starts none.
    """
    for schedule in project.schedules:
        until = min(now, schedule.stops_at or now)
        slots = list(fires(schedule.cron, schedule.cron_timezone, max(after, schedule.created_at), until))
        if not schedule.active or not slots:
            continue
        rng = dice(world_seed, "tonight", schedule.id, slots[-1].isoformat())
        specs = NIGHT[project.toolchain] if schedule.description == NIGHTLY else AUDIT
        fates = {**_Luck(rng, project, specs).tonight(), **told(project, specs, 0, nights.days)}
        # A job's plan is of one attempt: the last one decides.
        last = {name: Fate(fate.causes[-1:], fate.seconds) for name, fate in fates.items()}
        pipeline = play(rng, _order(project, schedule, now, slots[-1]), specs, last)
        cut(pipeline, now)
        schedule.updated_at = now
        yield pipeline


def _order(project: Project, schedule: Schedule, created: datetime, slot: datetime | None) -> Order:
    """The order of a night; without a slot somebody pressed play, which GitLab calls `schedule`, too."""
    moments = [moment for moment, _ in project.heads]
    sha = project.heads[max(0, bisect_right(moments, created) - 1)][1]
    ref = project.default_branch or "main"
    return Order(project, created, "schedule", ref, sha, schedule.owner, schedule=schedule, slot=slot)


class _Luck:
    """Ordinary bad nights: about one in ten, with streaks of up to three for one cause; none for calm repositories."""

    def __init__(self, rng: Random, project: Project, specs: tuple[Spec, ...]) -> None:
        self.rng = rng
        self.spared = project.story or project.calm or specs is AUDIT
        self.specs = [spec for spec in specs if spec.causes and not spec.manual]
        self.left = 0
        self.fates: dict[str, Fate] = {}

    def tonight(self) -> dict[str, Fate]:
        """The fates of one more night."""
        if self.spared:
            return {}
        if self.left:
            self.left -= 1
            return self.fates
        chance = self.rng.random()
        spec = self.rng.choice(self.specs)
        if chance < 0.075:
            self.left = int(self.rng.random() ** 2 * 3)
            cause = self.rng.choice(ANYWHERE) if self.rng.random() < 0.25 else self.rng.choice(spec.causes)
            self.fates = {spec.name: Fate((cause,) if chance < 0.05 else (cause, cause))}
            return self.fates
        return {spec.name: Fate((self.rng.choice(ANYWHERE), None))} if chance < 0.11 else {}


def told(project: Project, specs: tuple[Spec, ...], night: int, days: int) -> dict[str, Fate]:
    """The fates the stories demand for a night of a repository."""
    fates: dict[str, Fate] = {}
    names = {spec.name for spec in specs}
    for each in STORIES:
        if each.job in names and night in each.nights_of(project.path):
            fates[each.job or ""] = Fate((each.cause, each.cause) if each.cause == "flaky_browser" else (each.cause,))
    flaky, creeping = story("flaky_job"), story("creeping_timeout")
    if project.path in flaky.projects and flaky.job in names and night in FLAKY_RECOVERED:
        fates[flaky.job or ""] = Fate((flaky.cause, None))
    if project.path in creeping.projects and creeping.job in names and night > creeping.first_night:
        way = 1 - (night - creeping.first_night) / max(days - creeping.first_night, 1)
        fates[creeping.job or ""] = Fate(seconds=2100 + 1420 * max(0.0, way) ** 1.4 + (night * 37 % 50))
    if night in story("runner_outage").nights:
        return {spec.name: Fate(("runner_gone",)) for spec in specs if spec.stage == specs[0].stage}
    return fates
