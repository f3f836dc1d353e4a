"""One sync of every forge that is set up, one after the other, from the settings to the report."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashlib.model import Put
from dashlib.settings import Settings, SettingsError
from dashlib.store import Store
from dashlib.store.bookkeeping import LOADS
from dashlib.store.remember import remember
from dashlib.sync.budget import PauseTooLong, Stopped
from dashlib.sync.context import Context, Problem
from dashlib.sync.forge import GITLAB, SOURCES, Source
from dashlib.sync.loop import Loop
from dashlib.sync.passes import Passes
from dashlib.sync.steps import stages


@dataclass(frozen=True)
class Request:
    """What a sync was asked for; ``since`` is an inclusive day in the team's zone, ``only`` a glob of project paths,
    ``sources`` the forges to read (none: all that are set up).
    """

    since: date | None = None
    only: tuple[str, ...] = ()
    full: bool = False
    trigger: str = "command"
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a sync is; ``stage`` names the most urgent kind of work left in ``source``, which is read at the moment;
    ``budget_left`` the calls that it still allows in its present window (None where it does not say).
    """

    stage: str
    waiting: int
    calls: int
    rows: int
    problems: int
    projects: int
    paused_seconds: float
    budget_left: int | None = None
    source: str = GITLAB.name


@dataclass(frozen=True)
class Report:
    """What a sync did: the object that ``sync --json`` prints."""

    calls: int
    seconds: float
    rows: dict[str, int]
    errors: list[Problem]

    def as_json(self) -> str:
        """The contract's object."""
        errors = [{"source": one.source, "project": one.project, "message": one.message} for one in self.errors]
        return json.dumps({"calls": self.calls, "seconds": self.seconds, "rows": self.rows, "errors": errors})


def sync(
    settings: Settings,
    store: Store,
    request: Request | None = None,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Read everything that can have changed since the last sync, and what the window asks for.

    Safe to cut off at any moment and to repeat. Problems are listed in the report, not raised, and what goes wrong with
    one forge keeps none of the others from being read; SettingsError is raised when none is set up, or not one that was
    asked for.
    """
    request = request or Request()
    stop = stop or threading.Event()
    sources = asked(settings, request)
    remember(store, settings)
    reports = []
    for source in sources:
        if not stop.is_set():
            reports.append(_read(settings, store, request, source, stop, on_progress, alone=len(sources) == 1))
    return _together(request, reports)


def asked(settings: Settings, request: Request) -> list[Source]:
    """The forges that a sync is to read. Raises SettingsError, which says what to set."""
    if request.sources:
        unready = [name for name in request.sources if name not in settings.sources]
        if unready:
            raise SettingsError(*(SOURCES[name].missing for name in unready))
        return [SOURCES[name] for name in request.sources]
    if not settings.sources:
        raise SettingsError(GITLAB.missing)
    return [SOURCES[name] for name in settings.sources]


def _together(request: Request, reports: Sequence[tuple[Report, bool]]) -> Report:
    """One report; a glob of projects that some forge knows is no error of the others."""
    rows: Counter[str] = Counter()
    for report, _ in reports:
        rows.update(report.rows)
    errors = [error for report, _ in reports for error in report.errors]
    if len(reports) > 1 and not any(found for _, found in reports) and not errors:
        errors = [Problem(None, f"no project matches {', '.join(request.only)}")]
    calls, seconds = sum(report.calls for report, _ in reports), sum(report.seconds for report, _ in reports)
    return Report(calls, round(seconds, 3), dict(sorted(rows.items())), errors)


def _read(
    settings: Settings,
    store: Store,
    request: Request,
    source: Source,
    stop: threading.Event,
    on_progress: Callable[[Progress], None] | None,
    *,
    alone: bool,
) -> tuple[Report, bool]:
    """One forge's load, and whether it has projects that were asked for."""
    began, started = time.monotonic(), datetime.now(UTC).replace(tzinfo=None)
    try:
        context = _context(settings, store, source, request, started, stop)
    except OSError as error:
        # Certificates that the environment names and that are not there.
        return Report(0, 0.0, {}, [Problem(None, f"cannot be asked: {error}", source.name)]), False
    load = {
        "source": source.name, "started_at": started, "trigger": request.trigger, "calls": 0, "rows": 0, "errors": 0,
    }  # fmt: skip
    store.write(Put(LOADS, [load]))
    try:
        with _Reporting(context, on_progress):
            fatal = _work(context, source)
            store.write()
    finally:
        context.client.close()
    if fatal is None and not context.projects and not context.problems and (alone or not request.only):
        fatal = _nothing(settings, request, source)
    report = _report(context, fatal, time.monotonic() - began)
    store.write(
        Put(LOADS, [load | _summary(context, report) | {"complete": fatal is None and not _source_failed(report)}])
    )
    return report, bool(context.projects)


def window_start(settings: Settings, passes: Passes, since: date | None, now: datetime) -> datetime:
    """The start of the window in UTC: it opens with the first sync and grows backwards only."""
    zone = settings.zone
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    stored = passes.get(0, "window").since
    if since is None:
        if stored is not None:
            return stored
        since = today - timedelta(days=settings.window_days)
    asked = _midnight(since, zone)
    return min(asked, stored) if stored is not None else asked


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _context(
    settings: Settings, store: Store, source: Source, request: Request, now: datetime, stop: threading.Event
) -> Context:
    reader = store.reader()
    passes, client = Passes(reader, source.name), source.open(settings, stop, reader)
    reader.close()
    since = window_start(settings, passes, request.since, now)
    # More workers than lanes: some are always waiting for the database instead of the network.
    loop = Loop(2 * settings.requests, _unset, (Stopped, PauseTooLong), stop)
    context = Context(
        settings, store, client, loop, passes, since, now, request.full, request.only,
        source=source.name, explain=source.explained(settings),
    )  # fmt: skip
    loop.failed, loop.hurry = context.failed, context.hurry
    window = replace(passes.get(0, "window"), since=since)
    passes.set(window)
    store.write(window.put())
    return context


def _unset(*_: Any) -> None:
    raise RuntimeError("the loop has no owner yet")


def _work(context: Context, source: Source) -> str | None:
    """Run the loop to its end; the reason where it ended early."""
    context.loop.add(source.first(context))
    try:
        context.loop.run()
        context.store.write()
        if not context.loop.stop.is_set():
            context.loop.add(source.last(context))
            context.loop.run()
    except PauseTooLong as error:
        return str(error)
    except Stopped:
        return "stopped before the end; the next sync goes on from there"
    if context.loop.stop.is_set():
        return "stopped before the end; the next sync goes on from there"
    _forget_gone(context)
    return None


def _nothing(settings: Settings, request: Request, source: Source) -> str:
    """Why no project was found."""
    asked, chosen = ", ".join(request.only), ", ".join(source.chosen(settings))
    if asked:
        return f"no project matches {asked}" + (f" among those of {chosen}" if chosen else "")
    return f"no project matches {chosen}" if chosen else source.none


def _forget_gone(context: Context) -> None:
    """A project that went while it was read may have looked empty: should it come back, it is read anew."""
    passes = context.passes
    for project_id in context.projects:
        if context.found(project_id).gone:
            context.submit([passes.forget(passes.finished_now(project_id))])


def _report(context: Context, fatal: str | None, seconds: float) -> Report:
    problems = sorted(set(context.problems), key=lambda problem: (problem.project or "", problem.message))
    if fatal is not None:
        problems.insert(0, Problem(None, fatal, context.source))
    rows = {table: count for table, count in sorted(context.rows.items()) if count and table != LOADS.name}
    return Report(sum(context.client.calls.values()), round(seconds, 3), rows, problems)


def _summary(context: Context, report: Report) -> dict[str, Any]:
    return {
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
        "calls": report.calls,
        "rows": sum(report.rows.values()),
        "rows_by_table": json.dumps(report.rows),
        "calls_by_resource": json.dumps(dict(context.client.calls)),
        "waited_seconds": context.client.budget.waited,
        "errors": len(report.errors),
        "error": "; ".join(_line(problem) for problem in report.errors[:20]) or None,
    }


def _source_failed(report: Report) -> bool:
    """Whether something is wrong that concerns no single project: the token, the list of projects."""
    return any(problem.project is None for problem in report.errors)


def _line(problem: Problem) -> str:
    return f"{problem.project}: {problem.message}" if problem.project else problem.message


class _Reporting:
    """Tells the progress twice a second while the sync runs."""

    def __init__(self, context: Context, tell: Callable[[Progress], None] | None) -> None:
        self._context, self._tell = context, tell
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync-progress", daemon=True)

    def __enter__(self) -> None:
        if self._tell is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._tell is not None:
            self._done.set()
            self._thread.join()

    def _run(self) -> None:
        assert self._tell is not None
        while not self._done.wait(0.25):
            self._tell(self._progress())
        self._tell(self._progress())

    def _progress(self) -> Progress:
        context = self._context
        stage = context.loop.stage()
        calls: Counter[str] = Counter(dict(context.client.calls))
        return Progress(
            stage=stages.NAMES.get(stage, "") if stage is not None else "writing",
            waiting=context.loop.waiting(),
            calls=sum(calls.values()),
            rows=sum(dict(context.rows).values()),
            problems=len(context.problems),
            projects=len(context.projects),
            paused_seconds=context.client.budget.waited,
            budget_left=context.client.budget.remaining,
            source=context.source,
        )
