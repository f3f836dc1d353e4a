"""The keys that some page knows in an address: what else stands there is told, and not ignored silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

PAGE_KEYS: Mapping[str, frozenset[str]] = {
    page: frozenset(keys.split())
    for page, keys in {
        "overview": "",
        "nightlies": "night rows show search new allowed split opened schedule state job category whose sort grouped"
        " column times figures find fresh noissue",
        "report": "night",
        "failures": "view search category new_days new issue nightly allowed signature split analysis log regex case",
        "failure": "failure job",
        "flaky": "flaky_search flaky_view flaky_by now",
        "pipelines": "pipelines_view pipeline_id pipelines_first jobs_first times_of times_by times_tell times_per"
        " times_ended times_source",
        "runners": "runner runners_by cells",
        "commits": "view by per measure top term branches merges role forks bots committed",
        "people": "people_view people_kind people_team find_person who decisions_page",
        "activity": "activity_view calendar of action target event_source robots find_event event_sort stream_page",
        "signals": "lanes zoom find_signal signal_source signal_kind signal_status signal_sender severity namespace"
        " node",
        "sql": "sql relation sql_as sql_type sql_x sql_y sql_colour",
        "sources": "sender hook_of hook_groups hook_projects",
    }.items()
}
"""The keys of the choices of each page."""
BAR_KEYS = frozenset({"period", "from", "to", "group", "repo", "person"})
"""Those of the filter bar, which pages without it keep for the others."""
KEYS = BAR_KEYS.union(*PAGE_KEYS.values())
"""The keys of all choices."""
_OTHERS = ("utm", "embed", "fbclid", "gclid")
"""What mail programs, chats and Streamlit itself put into addresses begins so."""
_LONGEST = 60
_TITLES = {"report": "Morning note", "flaky": "Flaky jobs", "sql": "SQL"}
"""What those pages are called whose name in the address is not what they are called."""


def strange(found: Iterable[str], page: str) -> dict[str, str]:
    """What to say of each of those keys in an address that ``page`` has no choice for: whose it is, or may be meant.

    A ``page`` that is not named here may have the choices of all. The filter bar's keys are never odd.
    """
    here = PAGE_KEYS.get(page, KEYS) | BAR_KEYS
    said = {}
    for key in found:
        if key in here or key.startswith(_OTHERS):
            continue
        owners = [_TITLES.get(other, other.capitalize()) for other, keys in PAGE_KEYS.items() if key in keys]
        if owners:
            has = "has" if len(owners) == 1 else "have"
            said[key] = f"this page has no choice “{key}”, {' and '.join(owners)} {has}"
            continue
        near = get_close_matches(key, here, 1, 0.75) or get_close_matches(key, KEYS, 1, 0.75)
        meant = f", there is “{near[0]}”" if near else ""
        said[key] = f"no page has a filter “{key[:_LONGEST]}”{meant}"
    return said
