"""Sentences about one failed job and about those without a reason; plain text, not markup."""

from __future__ import annotations

import pandas as pd

from dashlib.charts.wording import BY_HAND, holder_told

_LOGS = {
    "missing": "GitLab has no log of this job.",
    "erased": "The log was erased on GitLab.",
    "not_read": "The log is not stored here: DASH_LOGS leaves it out, or it is yet to be asked for.",
    "none": "A trigger job has no log.",
}


def attempt_told(row: pd.Series) -> str:
    """Where, when and in which attempt it failed."""
    parts = [str(row["path_with_namespace"]), f"{row['failed']:%a %d %b %Y, %H:%M}"]
    if row["is_nightly"]:
        nightly = row["schedule_description"] if isinstance(row["schedule_description"], str) else "nightly"
        parts.append(f"{nightly}, night of {pd.Timestamp(row['night']):%d %b}")
        if row["by_hand"]:
            parts.append("started by hand beside the nightly: it changes nothing" if row["is_beside"] else BY_HAND)
    elif isinstance(row["ref"], str):
        parts.append(f"on {row['ref']}")
    if isinstance(row["sha"], str):
        parts.append(f"commit {row['sha'][:8]}")
    if int(row["attempts"]) > 1:
        parts.append(f"attempt {int(row['attempt'])} of {int(row['attempts'])}")
    if isinstance(row["runner_description"], str):
        parts.append(f"runner {row['runner_description']}")
    return " · ".join(parts)


def first_seen_told(days: int) -> str:
    """How new a signature is; ``days`` counts from the day it was first seen on until today."""
    when = "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"
    return f"new: first seen {when}"


def state_told(row: pd.Series) -> str:
    """What its analysis came to, in two or three words."""
    if row["state"] == "explained" and pd.isna(row["rule_line"]):
        return "explained by GitLab"
    return str(row["state"]).replace("_", " ")


def provenance(row: pd.Series) -> str:
    """Who says so: the rule, its line and how sure it is; GitLab; nobody."""
    gitlab = f"GitLab's own reason: {row['failure_reason']}." if isinstance(row["failure_reason"], str) else ""
    line = f", line {int(row['rule_line']):,}" if pd.notna(row["rule_line"]) else ""
    if row["state"] == "explained" and pd.isna(row["rule_line"]):
        told = "Told by GitLab itself; there is no log to read more from."
    elif row["state"] == "explained":
        told = f"Told by the rule {row['rule']}{line}; {_sure(row['confidence'])}."
    elif row["state"] == "unsure":
        told = f"No rule spoke: the likeliest line of the log{line}; {_sure(row['confidence'])}."
    elif row["state"] == "no_rule":
        told = "No rule spoke, and nothing in the log stands out."
    elif row["state"] == "no_log":
        told = "There is no log to read a reason from."
    else:
        told = "Not analysed yet: that comes with the next sync."
    told += green_told(row)
    if isinstance(row["first_seen"], pd.Timestamp) and pd.notna(row["first_seen"]):
        told += f" Its signature was first seen on {row['first_seen']:%a %d %b %Y}."
    return f"{told} {gitlab}".strip()


def green_told(row: pd.Series) -> str:
    """Whether the last green log held the telling line, too; empty where there was none to compare with, and of what
    GitLab or the runner says of a job that failed: no green log can hold that.
    """
    if pd.isna(row["in_green_log"]) or (not row["in_green_log"] and str(row["rule"]).startswith("runner.")):
        return ""
    log = f"the last green log of this job, that of #{int(row['green_job_id'])}"
    return f" The line stands in {log}, too." if row["in_green_log"] else f" The line is not in {log}."


def log_told(row: pd.Series) -> str:
    """What is stored of the log."""
    known = _LOGS.get(str(row["log"]))
    if known:
        return known
    parts = [f"{_size(float(row['log_bytes']))}, secrets masked."]
    if row["log"] == "incomplete":
        parts.append("The runner's last line is missing: the log may go on.")
    if pd.notna(row["omitted_bytes"]) and row["omitted_bytes"] > 0:
        parts.append(
            f"{_size(float(row['omitted_bytes']))} are left out of its middle; line numbers are those of the whole log."
        )
    return " ".join(parts)


def issue_told(row: pd.Series) -> str:
    """The issue and the person of a failure, in words."""
    who = holder_told(row["assignee"])
    if pd.isna(row["issue_iid"]):
        return f"No issue is linked to this failure; {who}."
    title = row["issue_title"] if isinstance(row["issue_title"], str) else ""
    state = f" ({row['issue_state']})" if isinstance(row["issue_state"], str) else ""
    return f"#{int(row['issue_iid'])} {title}{state}; {who}."


def returned_told(row: pd.Series, failed: str) -> str:
    """That it failed after its issue was closed; empty where it did not. ``failed`` names the column of when."""
    if not row["issue_returned"]:
        return ""
    closed = pd.Timestamp(row["issue_closed"])
    return f"Its issue was closed on {closed:%a %d %b %Y}; it failed again on {row[failed]:%a %d %b %Y}."


def signature_told(row: pd.Series) -> str:
    """How often and how wide a signature struck, lately and ever."""
    parts = [
        f"{'New signature: first' if row['is_new'] else 'First'} seen on {row['first_seen']:%a %d %b %Y} in "
        f"{row['first_job_name']} of {row['first_path_with_namespace']}, last on {row['last_seen']:%a %d %b %Y, %H:%M}",
        f"{_many(row['failures'], 'failed job')} in {_many(row['repositories'], 'repository')} and "
        f"{_many(row['nights'], 'night')}",
        f"of these {int(row['failures_1d']):,} in the last day, {int(row['failures_7d']):,} in 7 days, "
        f"{int(row['failures_30d']):,} in 30 days",
    ]
    if row["passed_on_retry"]:
        parts.append(f"{int(row['passed_on_retry']):,} of them passed on a retry")
    return "; ".join(parts) + "."


def alone_told(elsewhere: int, here: pd.Series) -> str:
    """In how many other jobs a failure struck, and how often in this one; ``here`` is ``failure.in_this_job``'s row."""
    others = f"In {_many(elsewhere, 'other job')} as well" if elsewhere else "In no other job or repository"
    if int(here["failures"]) <= 1:
        return f"{others}; in this job only this once."
    nights = f" in {_many(here['nights'], 'night')}" if here["nights"] else ""
    since = pd.Timestamp(here["since"])
    return f"{others}; in this job {int(here['failures']):,} times{nights}, since {since:%a %d %b %Y}."


def spread_told(row: pd.Series, most: int = 8) -> str:
    """The repositories in the order in which it reached them."""
    reached = list(row["spread"])
    rest = f" and {len(reached) - most} more" if len(reached) > most else ""
    return "Reached, in this order: " + " → ".join(reached[:most]) + rest + "."


def missing_told(sums: pd.Series) -> str:
    """The failed jobs without a reason, by kind, and those with GitLab's word for one; empty where there are none."""
    gitlab = f"{_many(sums['gitlabs_word'], 'job')} without a log: GitLab's own failure_reason says why. "
    before = gitlab if sums["gitlabs_word"] else ""
    parts = []
    if sums["unsure"]:
        parts.append(f"{int(sums['unsure']):,} with a guess only")
    if sums["no_rule"]:
        parts.append(f"{int(sums['no_rule']):,} whose log says nothing to any rule")
    if sums["no_log"]:
        kinds = [
            (int(sums["log_not_read"]), "not read, see DASH_LOGS"),
            (int(sums["log_missing"]), "GitLab has none"),
            (int(sums["log_erased"]), "erased"),
            (int(sums["trigger_jobs"]), "trigger jobs"),
        ]
        inside = ", ".join(f"{count:,} {word}" for count, word in kinds if count)
        parts.append(f"{int(sums['no_log']):,} without a log" + (f" ({inside})" if inside else ""))
    if sums["not_analysed"]:
        parts.append(f"{int(sums['not_analysed']):,} not analysed yet")
    if not parts:
        return before.strip()
    share = (
        f"{100 * float(sums['explained_share_of_logs']):.0f} % of the {int(sums['with_log']):,} logs are explained. "
    )
    return (share if sums["with_log"] else "") + before + "Without a reason: " + "; ".join(parts) + "."


def hits_told(logs: int, most: int) -> str:
    """How many logs matched a search that shows ``most`` at most."""
    if logs < most:
        return "1 log has such a line." if logs == 1 else f"{logs} logs have such a line, the newest first."
    return f"The newest {logs} logs with such a line; older ones may have it, too."


def quoted(hits: pd.DataFrame) -> str:
    """The matching lines of one log (rows of ``queries.log_search``) and those around them, numbered, each once.

    Matching lines are marked; a line of dots stands where lines are left out.
    """
    lines: dict[int, str] = {}
    for _, hit in hits.iterrows():
        around = [*hit["before"], hit["line"], *hit["after"]]
        lines |= dict(enumerate(around, start=int(hit["number"]) - len(hit["before"])))
    marked = {int(number) for number in hits["number"]}
    width = len(str(max(lines)))
    shown: list[str] = []
    for number in sorted(lines):
        if shown and number - 1 not in lines:
            shown.append(f"  {'⋮':>{width}}")
        shown.append(f"{'▶' if number in marked else ' '} {number:>{width}}  {lines[number]}")
    return "\n".join(shown)


def _many(count: float, word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{int(count):,} {word if int(count) == 1 else plural}"


def _sure(confidence: float) -> str:
    return "how sure is not known" if pd.isna(confidence) else f"{100 * confidence:.0f} % sure"


def _size(count: float) -> str:
    for size, unit in ((1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:.0f} bytes"
