"""The tables, top-line numbers and sentences of the page Runners."""

from __future__ import annotations

import pandas as pd

from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("jobs", "Jobs", "Attempts that ended with a verdict: passed or failed."),
    Tile("runners", "Runners"),
    Tile("failed_share", "Failed", "Of these jobs, for whatever reason.", "less", "share"),
    Tile("infrastructure_failures", "Infrastructure", "Failed by the runner, the network, the registry, the disk"
         " or fetching the repository.", "less"),
    Tile("queued_p50", "Waited, half", "Half of the jobs waited no longer for a runner.", "less", "span"),
    Tile("queued_p95", "Waited, 95 %", "95 of 100 jobs waited no longer for a runner.", "less", "span"),
    Tile("at_once", "Jobs at once", "The most that ran at one moment."),
)  # fmt: skip


def columns(by: str) -> tuple[Column, ...]:
    """The table by runner, or by what else it is told by."""
    return (
        Column("key", by.capitalize(), width=140),
        *((Column("runner_type", "Type", width=68, help="instance, group or project; GitHub's runner group."),)
          if by == "runner" else ()),
        Column("jobs", "Jobs", "number", 56),
        Column("failed_share", "Failed", "share", 95),
        Column("infrastructure_share", "Infrastructure", "share", 100, help="Failed by the infrastructure."),
        Column("infrastructure_failures", "… jobs", "number", 55),
        Column("failure_url", "Newest", "link", 60, text="open", help="Its newest failure by the infrastructure."),
        Column("queued_p50", "Waited, half", "seconds", 86, help="Half of the jobs waited no longer."),
        Column("queued_p95", "Waited, 95 %", "seconds", 92, help="95 of 100 jobs waited no longer."),
        Column("at_once", "At once", "number", 62, help="The most jobs that ran at one moment."),
        Column("minutes", "Minutes", "number", 66, help="That these jobs ran, together."),
        Column("spread", "Jobs by day", "bars", 78),
        Column("repositories", "Repos", "number", 50, help="Repositories whose jobs they were."),
    )  # fmt: skip


def outage_told(row: pd.Series) -> str:
    """One outage in one sentence; plain text."""
    began, ended = pd.Timestamp(row["began"]), pd.Timestamp(row["ended"])
    until = f"{ended:%H:%M}" if ended.date() == began.date() else f"{ended:%a %d %b, %H:%M}"
    who = f"runner {row['runner']}" if isinstance(row["runner"], str) else _many(row["runners"], "runner")
    why = str(row["category"]).replace("_", " ")
    return (
        f"{began:%a %d %b %Y, %H:%M} – {until}: the infrastructure failed {_many(row['failures'], 'job')} of "
        f"{int(row['jobs']):,}, on {who}, in {_many(row['repositories'], 'repository')}; mostly {why}."
    )


def _many(count: int, thing: str) -> str:
    things = thing[:-1] + "ies" if thing.endswith("y") else f"{thing}s"
    return f"{int(count):,} {thing if count == 1 else things}"
