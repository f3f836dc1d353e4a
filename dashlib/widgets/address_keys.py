"""The keys that some page knows in an address: what else stands there is told, and not ignored silently."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

KEYS = frozenset({
    "action", "activity_view", "allowed", "analysis", "bots", "branches", "by", "calendar", "case", "category",
    "cells", "column", "event_sort", "event_source", "failure", "find", "find_event", "find_person", "find_signal",
    "flaky_by", "flaky_search", "flaky_view", "forks", "fresh", "from", "group", "grouped", "hook_groups", "hook_of",
    "hook_projects", "job", "jobs_first", "lanes", "log", "merges", "namespace", "new", "new_days", "night",
    "nightly", "node", "noissue", "now", "of", "opened", "people_kind", "people_team", "people_view", "per", "period",
    "person", "pipeline_id", "pipelines_first", "pipelines_view", "regex", "relation", "repo", "robots", "role",
    "rows", "runner", "runners_by", "schedule", "search", "sender", "severity", "show", "signal_kind",
    "signal_sender", "signal_source", "signal_status", "signature", "sort", "split", "sql", "sql_as", "sql_colour",
    "sql_type", "sql_x", "sql_y", "state", "stream_page", "target", "term", "times", "times_by", "times_ended",
    "times_of", "times_per", "times_source", "times_tell", "to", "top", "view", "who", "whose", "zoom",
})  # fmt: skip
"""The keys of all choices: those of the filter bar, and those of every page."""
_OTHERS = ("utm", "embed", "fbclid", "gclid")
"""What mail programs, chats and Streamlit itself put into addresses begins so."""
_LONGEST = 60


def strange(found: Iterable[str]) -> dict[str, str]:
    """What to say of each of those keys in an address that no page knows; of a slip, what it was meant to be."""
    said = {}
    for key in found:
        if key in KEYS or key.startswith(_OTHERS):
            continue
        near = get_close_matches(key, KEYS, 1, 0.75)
        meant = f", there is “{near[0]}”" if near else ""
        said[key] = f"no page has a filter “{key[:_LONGEST]}”{meant}"
    return said
