"""One pipeline in words: what it is, where its time went, and what of it did not run; plain text."""

from __future__ import annotations

import pandas as pd

from dashlib.charts.delivery_wording import span_told


def pipeline_told(row: pd.Series) -> str:
    """Which pipeline, from ``queries.time_line.one``: repository, ref, source, commit, when and by whom."""
    who = f" by {row['person_name']}" if isinstance(row["person_name"], str) else ""
    name = f" “{row['name']}”" if isinstance(row["name"], str) and row["name"] else ""
    created = pd.Timestamp(row["created"])
    return (
        f"Pipeline {row['pipeline_id']}{name} of {row['path_with_namespace']}, {row['ref']} at {row['sha']}:"
        f" {row['status']}. Created {created:%a %d %b %Y, %H:%M}{who} ({str(row['source']).replace('_', ' ')})."
    )


def time_told(jobs: pd.DataFrame) -> str:
    """Where the time from its creation to its end went, from ``queries.time_line.jobs``."""
    began = jobs[jobs["ended_after"].notna()]
    if began.empty:
        return "None of its jobs has begun."
    whole = float(began["ended_after"].max())
    chain = began[began["is_decisive"]].sort_values("ended_after")
    ran, waited = float(chain["run_time"].sum()), float(chain["queue_time"].fillna(0).sum())
    rest = max(0.0, whole - ran - waited)
    slowest = chain.sort_values("run_time").iloc[-1]
    usual = ""
    if slowest["usual_n"]:
        usual = f", usually {span_told(float(slowest['usual_p50']))} (n {int(slowest['usual_n']):,})"
    names = " → ".join(
        f"{name} ({attempt})" if attempts > 1 else str(name)
        for name, attempt, attempts in zip(chain["job_name"], chain["attempt"], chain["attempts"], strict=True)
    )
    return (
        f"{span_told(whole)} from its creation to the end of its last job. What decided that: {names}."
        f" They ran {span_told(ran)} and waited {span_told(waited)} for runners;"
        f" the other {span_told(rest)} they waited for GitLab, other jobs or somebody. The longest of them:"
        f" {slowest['job_name']}, {span_told(float(slowest['run_time']))}{usual}."
    )


def not_run_told(jobs: pd.DataFrame) -> str:
    """Which jobs never began, by status; empty where all did."""
    idle = jobs[jobs["began_after"].isna()]
    parts = []
    for status, some in idle.groupby("status", sort=True):
        names = list(dict.fromkeys(some["job_name"]))
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        parts.append(f"{status}: {shown}")
    return f"Never began: {'; '.join(parts)}." if parts else ""
