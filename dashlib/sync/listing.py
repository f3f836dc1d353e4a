"""A list endpoint read page by page: each page is stored together with the checkpoint that stands behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from dashlib.model import Change
from dashlib.sources.gitlab import stamps
from dashlib.sync.client import Page, Refused
from dashlib.sync.context import Context
from dashlib.sync.loop import Task
from dashlib.sync.passes import Pass

Items: TypeAlias = Sequence[Mapping[str, Any]]
PER_PAGE = 100
_PAGES_AHEAD = 4
"""Pages of one list that may be read before the first of them is on disk."""


def _never(_: Items) -> bool:
    return False


def _nothing() -> Iterable[Task]:
    return []


def _no_version(_: Mapping[str, Any]) -> datetime | None:
    return None


@dataclass
class Listing:
    """One pass over one list.

    ``changes`` turns the items of a page (and the time of the answer) into rows. ``newest`` gives an item's version:
    the greatest one becomes the watermark, capped by the server's clock at the first page, since what moves while a
    list is paged may be missed. ``reaches_end`` ends the pass early. ``then`` names what follows the last page.
    ``optional`` are the statuses that mean "there is none" rather than an error. ``extra`` is kept in the checkpoint.
    Without ``keeps_position`` the pass leaves no checkpoint (one pipeline's jobs: a page or two, read again from the
    start). ``instead`` is done where the server refuses this list as such (a group that is none). A
    ``recounted`` list is read once more when the server counts more things, or fewer than when it began.
    """

    context: Context
    stage: float
    resource: str
    path: str
    params: Mapping[str, Any]
    changes: Callable[[Items, datetime], Sequence[Change]]
    since: datetime
    project_id: int = 0
    order: int = 0
    variant: str = ""
    newest: Callable[[Mapping[str, Any]], datetime | None] = _no_version
    reaches_end: Callable[[Items], bool] = _never
    then: Callable[[], Iterable[Task]] = _nothing
    on_failure: Callable[[], Iterable[Task]] | None = None
    optional: frozenset[int] = frozenset()
    activity: datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    keeps_position: bool = True
    instead: Callable[[], Iterable[Task]] | None = None
    recounted: bool = False

    def __post_init__(self) -> None:
        self._state = self.context.passes.get(self.project_id, self.resource, self.variant)
        self._page = 1
        self._query: dict[str, Any] = {**self.params, "per_page": PER_PAGE}
        self._started: datetime | None = None
        self._seen: datetime | None = None
        self._stored: deque[Future[int]] = deque()
        self._ids: set[str] = set()
        self._total: int | None = None

    @property
    def started(self) -> datetime | None:
        """When the server answered the first page."""
        return self._started

    def task(self) -> Task:
        """The task that reads the next page."""
        urgency = (self.stage, self._page, self.order)
        return Task(urgency, self.resource, self._read, self.project_id, self.on_failure)

    def resume(self) -> Listing:
        """Go on where an earlier sync was cut off.

        Offset pages are read again from one before: what was deleted meanwhile has moved the rest forward.
        """
        position = self._state.position or {}
        query = dict(position.get("query") or self._query)
        page = query.get("page")
        if page is not None and "cursor" not in query and "id_before" not in query and "id_after" not in query:
            query["page"] = str(max(1, int(page) - 1))
        self._query = query
        self._started, self._seen = stamps.utc(position.get("started")), stamps.utc(position.get("seen"))
        self.since = stamps.utc(position.get("since")) or self.since
        self.extra = dict(position.get("extra") or {})
        return self

    def _read(self) -> Iterable[Task]:
        try:
            page = self.context.client.page(self.resource, self.path, self._query)
        except Refused as refused:
            if refused.status == 405 and self._query.pop("pagination", None):
                # Older versions know no keyset for this list: the same order by offset.
                return [self.task()]
            if self.instead is not None and refused.status != 401:
                return self.instead()
            if refused.status not in self.optional:
                raise
            page = Page([], None, self.context.now, None)
        items = [item for item in page.items if isinstance(item, dict)]
        self._ids.update(str(item.get("id")) for item in items)
        self._total = page.total if self._total is None else self._total
        self._started = self._started or page.answered_at
        self._seen = stamps.newest(self._seen, *(self.newest(item) for item in items))
        done = page.next is None or self.reaches_end(items)
        changes = list(self.changes(items, page.answered_at))
        if done:
            changes += self.context.succeeded(self.project_id, self.resource)
        lost_some = done and self._lost_some(page)
        state = self._finished() if done else self._under_way(page)
        if self.keeps_position and not lost_some:
            changes.append(state.put())
        # A checkpoint never comes before what it stands for.
        self._stored.append(self.context.submit(changes, after=self._stored[-1] if self._stored else None))
        if not done:
            self._query, self._page = page.next or {}, self._page + 1
            return self._next()
        if lost_some:
            return [self._from_the_start().task()]
        if self.keeps_position:
            self.context.passes.set(state)
        self.context.loop.add_after(self._stored[-1], self._follow())
        return []

    def _next(self) -> Iterable[Task]:
        """The next page, once no more than a few wait for the disk."""
        if len(self._stored) <= _PAGES_AHEAD:
            return [self.task()]
        self.context.loop.add_after(self._stored.popleft(), self.task())
        return []

    def _lost_some(self, page: Page) -> bool:
        """What is deleted between two pages moves the rest forward: one thing slips to a page that was read before."""
        if not self.recounted or page.next is not None or page.total is None or self._page == 1:
            return False
        return len(self._ids) < page.total or page.total < (self._total or 0)

    def _from_the_start(self) -> Listing:
        """The list as it stands now, once more and only once."""
        return replace(self, recounted=False)

    def _follow(self) -> Task:
        """What comes after the pass reads the database: it waits until the last page is in it."""
        return Task((self.stage, 0, self.order), self.resource, self.then, self.project_id, self.on_failure)

    def _under_way(self, page: Page) -> Pass:
        """The checkpoint behind a page that is not the last; what was complete before stays so."""
        position = {"query": page.next, "since": self.since, "started": self._started, "seen": self._seen}
        return replace(self._state, position=position | {"extra": self.extra})

    def _finished(self) -> Pass:
        seen = self._seen
        if seen is not None and self._started is not None:
            seen = min(seen, self._started)
        return replace(
            self._state,
            since=min(self.since, self._state.since) if self._state.since else self.since,
            watermark=stamps.newest(seen, self._state.watermark),
            activity=self.activity if self.activity is not None else self._state.activity,
            position=None,
            completed_at=self._started,
        )


@dataclass
class Whole:
    """A short list whose absence of a thing means that it is gone: stored at once, after its last page.

    ``instead`` is done where there is no such list.
    """

    context: Context
    stage: float
    resource: str
    path: str
    params: Mapping[str, Any]
    changes: Callable[[Items, datetime], Sequence[Change]]
    project_id: int
    order: int = 0
    then: Callable[[], Iterable[Task]] = _nothing
    on_failure: Callable[[], Iterable[Task]] | None = None
    instead: Callable[[], Iterable[Task]] | None = None

    def __post_init__(self) -> None:
        self._query: dict[str, Any] = {**self.params, "per_page": PER_PAGE}
        self._items: list[Mapping[str, Any]] = []

    def task(self) -> Task:
        """The task that reads the next page."""
        return Task((self.stage, 1, self.order), self.resource, self._read, self.project_id, self.on_failure)

    def _read(self) -> Iterable[Task]:
        try:
            page = self.context.client.page(self.resource, self.path, self._query)
        except Refused as refused:
            if refused.status == 404 and self.instead is not None:
                return self.instead()
            raise
        self._items += [item for item in page.items if isinstance(item, dict)]
        if page.next is not None:
            self._query = page.next
            return [self.task()]
        state = replace(
            self.context.passes.get(self.project_id, self.resource),
            since=self.context.since,
            completed_at=page.answered_at,
        )
        cleared = self.context.succeeded(self.project_id, self.resource)
        stored = self.context.submit([*self.changes(self._items, page.answered_at), state.put(), *cleared])
        self.context.passes.set(state)
        follow = Task((self.stage, 0, self.order), self.resource, self.then, self.project_id, self.on_failure)
        self.context.loop.add_after(stored, follow)
        return []
