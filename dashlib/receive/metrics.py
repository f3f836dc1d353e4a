"""What ``GET /metrics`` tells, in Prometheus' own format: deliveries as they come, the rest as it stands when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from dashlib.model import Filters
from dashlib.queries import nightlies
from dashlib.receive.refusals import Refusals

CONTENT_TYPE = CONTENT_TYPE_LATEST
# The age of each counter and bucket: a second series for every one of ours, which nothing here asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
_KINDS = 100
"""A sender chooses the names of kinds: so many of a source are told apart, the rest is ``other``."""
_WAITING = """
select source, count(*) filter (status = 'received'),
       coalesce(epoch(now() at time zone 'UTC' - min(received_at) filter (status = 'received')), 0)
from deliveries group by source
"""
_FRESHNESS = """
select source, epoch(now() at time zone 'UTC' - last_success_at), calls from source_freshness
"""
_NIGHT = "the newest night of which at least half has ended"
_DOUBTS = "select count(*) from bookkeeping.doubts"


class Metrics:
    """One process's counts; ``refusals`` are those of them that people are told.

    ``budget_left``: by source, the API calls that it still allows as last told.
    ``nights`` is asked for the night, where it is not ``reader``: the views of nights are dear. ``unmoved``: by source
    the deliveries that are stored and not in the database yet, and when the oldest of them came (UTC).
    """

    def __init__(
        self,
        reader: Callable[[], duckdb.DuckDBPyConnection],
        budget_left: Callable[[], Mapping[str, int]] = dict,
        nights: Callable[[], duckdb.DuckDBPyConnection] | None = None,
        unmoved: Callable[[], Mapping[str, tuple[int, datetime]]] = dict,
    ) -> None:
        self._registry = CollectorRegistry()
        self.refusals = Refusals()
        self._kinds: dict[str, set[str]] = {}
        self._deliveries = Counter(
            "dashboard_deliveries",
            "Webhook deliveries by what they were answered: accepted, duplicate, or refused by this status.",
            ["source", "kind", "result"],
            registry=self._registry,
        )
        self._shaped = Counter(
            "dashboard_deliveries_shaped",
            "Stored deliveries by what came of them: shaped, kept, ignored, failed.",
            ["source", "result"],
            registry=self._registry,
        )
        self._delay = Histogram(
            "dashboard_delivery_seconds",
            "From the arrival of a delivery to its rows in the tables.",
            ["source"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600),
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, str], Any] = {}
        self._registry.register(_Standing(reader, budget_left, nights or reader, unmoved))

    def answered(self, source: str, kind: str, result: str) -> None:
        """A request was answered; ``result`` is ``accepted``, ``duplicate`` or the status of a refusal."""
        if result.isdecimal():
            self.refusals.refused(source, int(result))
        else:
            self.refusals.taken(source)
        child = self._children.get((source, kind, result))
        if child is None:
            known = self._kinds.setdefault(source, set())
            if kind not in known and len(known) >= _KINDS:
                kind = "other"
            known.add(kind)
            child = self._children[source, kind, result] = self._deliveries.labels(source, kind, result)
        child.inc()

    def shaped(self, source: str, result: str, seconds: float) -> None:
        """Rows were made of a delivery, or not."""
        self._shaped.labels(source, result).inc()
        self._delay.labels(source).observe(max(0.0, seconds))

    def text(self) -> bytes:
        """The exposition. Asks the database: not for the server's own thread."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What is true at the moment of asking."""

    def __init__(
        self,
        reader: Callable[[], duckdb.DuckDBPyConnection],
        budget_left: Callable[[], Mapping[str, int]],
        nights: Callable[[], duckdb.DuckDBPyConnection],
        unmoved: Callable[[], Mapping[str, tuple[int, datetime]]],
    ) -> None:
        self._reader, self._budget_left, self._nights, self._unmoved = reader, budget_left, nights, unmoved

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the database when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Waiting deliveries, how fresh each source is, its API calls, the night that Nightlies opens on."""
        waiting = GaugeMetricFamily("dashboard_deliveries_waiting", "Stored, not in the tables yet.", labels=["source"])
        lag = GaugeMetricFamily("dashboard_delivery_lag_seconds", "Age of the oldest waiting one.", labels=["source"])
        fresh = GaugeMetricFamily(
            "dashboard_sync_age_seconds", "Since the last sync that came to its end.", labels=["source"]
        )
        calls = GaugeMetricFamily("dashboard_api_calls", "API calls since the database was made.", labels=["source"])
        doubts = GaugeMetricFamily("dashboard_doubts", "Left in doubt by webhooks; GitLab was not asked yet.")
        failed = GaugeMetricFamily("dashboard_nightlies_failed", f"Failed nightlies of {_NIGHT}.")
        nights = GaugeMetricFamily("dashboard_nightlies", f"Nightlies of {_NIGHT}, missing ones too.")
        with self._reader() as reader:
            for source, (count, seconds) in sorted(self._waiting(reader).items()):
                waiting.add_metric([source], count)
                lag.add_metric([source], seconds)
            for source, seconds, made in reader.execute(_FRESHNESS).fetchall():
                calls.add_metric([source], float(made or 0))
                if seconds is not None:
                    fresh.add_metric([source], seconds)
            in_doubt = reader.execute(_DOUBTS).fetchone() or (0,)
        budget = GaugeMetricFamily(
            "dashboard_api_calls_left", "API calls that the rate limit leaves, as last told.", labels=["source"]
        )
        for source, left in sorted(self._budget_left().items()):
            budget.add_metric([source], left)
        doubts.add_metric([], in_doubt[0])
        with self._nights() as copy:
            known = nightlies.nights(copy, Filters())
        night = None if known.empty else known.iloc[nightlies.last_told(known)]
        failed.add_metric([], 0 if night is None else int(night["failed"]))
        nights.add_metric([], 0 if night is None else int(night["nightlies"]))
        yield from (waiting, lag, fresh, calls, budget, doubts, failed, nights)

    def _waiting(self, reader: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, float]]:
        """By source how many wait for their rows, and the age of the oldest; zero where none does any more."""
        unmoved = self._unmoved()  # first: what is moved meanwhile counts twice, and not never
        found = {source: (count, max(0.0, age)) for source, count, age in reader.execute(_WAITING).fetchall()}
        now = datetime.now(UTC).replace(tzinfo=None)
        for source, (count, oldest) in unmoved.items():
            known, age = found.get(source, (0, 0.0))
            found[source] = (known + count, max(age, (now - oldest).total_seconds()))
        return found
