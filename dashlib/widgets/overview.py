"""The front door: last night, the last seven days' commits, what needs attention, how fresh each source is.

Nothing is counted here: every number is the answer to a question that the page it leads to asks as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashlib.charts import attention, commit_tables, tables
from dashlib.charts.attention import Line, Query
from dashlib.charts.night_glance import glance
from dashlib.charts.two_weeks import two_weeks
from dashlib.charts.wording import ago, exact, plain
from dashlib.model import Filters
from dashlib.queries import choices, commits, deliveries, failures, flaky, freshness, nightlies, runners
from dashlib.runtime import runtime
from dashlib.widgets.address import link_to
from dashlib.widgets.answers import asked, asked_now, chart, metrics
from dashlib.widgets.attempts import of_attempts
from dashlib.widgets.commits import of_commits
from dashlib.widgets.empty import nothing
from dashlib.widgets.filters import CUSTOM, FILTER_KEYS
from dashlib.widgets.night_banner import patience, tell_newest, tonight_told
from dashlib.widgets.night_glance import night_glance
from dashlib.widgets.nights import KEYS as OF_NIGHTLIES
from dashlib.widgets.nights import earlier, night_line, of_nights

_DAY = timedelta(days=1)
_COLOURS: Mapping[str, Literal["normal", "inverse", "off"]] = {"more": "normal", "less": "inverse", "neither": "off"}
_STATES: Mapping[str, Query] = {
    "failed": {"state": "failed"},
    "newly_failed": {"state": "failed", "fresh": "true"},
    "still_red": {"state": "failed", "sort": "longest red"},
    "missing": {"state": "missing"},
    "recovered": {"state": ["passed", "warned"]},
    "warned": {"state": "warned"},
    "passed": {"state": "passed"},
    "other": {"state": ["canceled", "running", "late"]},
}
"""What the page Nightlies shows where a number of the night leads."""
_NEW = failures.Narrowed(only_new=True, new_days=attention.NEW_DAYS, nightly=True)
_NOT_THERE = "No nightly for these filters."
_COMMITS = tuple(tile for tile in commit_tables.SUMS if tile.name in ("commits", "people", "repositories"))


def old_link() -> dict[str, list[str]] | None:
    """What a link to the front door asks of the page Nightlies, which stood there before; None where it asks nothing.

    Going back to such a link stays at the front door: else Back would lead forward again.
    """
    context = get_script_run_ctx()
    if (context is not None and context.is_history_navigation) or not set(OF_NIGHTLIES) & set(st.query_params):
        return None
    return {key: st.query_params.get_all(key) for key in st.query_params}


def anything() -> bool:
    """Whether there is anything to tell of; if there is not, why, and what to do next."""
    held = asked(choices.held).iloc[0]
    if held["projects"]:
        return True
    nothing("nightlies")
    return False


def last_night(filters: Filters) -> None:
    """The newest night in numbers, each with its change and a link, and in four lines with names."""
    nights = of_nights(nightlies.nights, filters)
    if nights.empty:
        st.header("Last night", anchor=False)
        last = asked(choices.newest_night).iloc[0]["last_night"]
        told = "" if pd.isna(last) else f" The newest is of {last:%d %b %Y}."
        st.caption(f"{_NOT_THERE}{told} Nightlies are pipelines of schedules; the page Sources says what was read.")
        return
    shown = _shown(nights)
    now, before = nights.iloc[shown], earlier(nights, shown, filters)
    night = now["night"].date()
    if shown == len(nights) - 1:
        tell_newest(now, _today())
    elif begun := tonight_told(nights, shown):
        st.caption(f":material/hourglass_top: {begun}")
    st.header(f"Last night: {now['night']:%A, %d %B}", anchor=False)
    with st.grid(len(tables.NIGHT), min_column_width=105):
        for tile in tables.NIGHT:
            with st.container(gap=None):
                query = attention.at_night(_named(nights, shown), **_STATES[tile.name])
                _link("nightlies", tile.title, query, icon=":material/chevron_right:", about=tile.help)
                delta = None if before is None else int(now[tile.name] - before[tile.name])
                st.metric(
                    tile.title,
                    int(now[tile.name]),
                    delta,
                    delta_color=_COLOURS[tile.good],
                    format="localized",
                    label_visibility="collapsed",
                )
    st.caption(night_line(now, before))
    note = of_nights(nightlies.note, filters, night=night)
    night_glance(glance(note), key="night_glance_of_overview", elsewhere="")


def needs_attention(filters: Filters) -> None:
    """One line for each thing that somebody should look at, with the link to where one does."""
    st.header("What needs attention", anchor=False)
    lines = _lines(filters)
    if not lines:
        st.success("Nothing that we know of.", icon=":material/check_circle:")
    with st.container(gap=None):
        for line in lines:
            with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
                _link(line.page, plain(line.text), line.query, icon=f":material/{line.icon}:")
                if line.more:
                    st.caption(plain(line.more), width="content")


def week_of_commits(filters: Filters) -> None:
    """The commits of the last seven days by day, beside the seven days before."""
    last = filters.until or _today()
    week = replace(filters, since=last - 6 * _DAY, until=last)
    earlier = replace(filters, since=last - 13 * _DAY, until=last - 7 * _DAY)
    st.header("Commits of the last 7 days", anchor=False)
    now, before = (of_commits(commits.totals, period).iloc[0] for period in (week, earlier))
    if not now["commits"] and not before["commits"]:
        held = asked(choices.held).iloc[0]["last_commit_day"]
        st.caption("None" + ("." if pd.isna(held) else f"; the newest commit stored is of {held:%d %b %Y}."))
        return
    metrics(_COMMITS, now, before)
    if last == _today():
        until = datetime.now(UTC).astimezone(runtime().settings.zone)
        st.caption(f"Today counts until now ({until:%H:%M}); the 7 days before are whole days.")
    both = replace(week, since=earlier.since)
    series = of_commits(commits.over_time, both, by="repository", grain="day")
    says = f"Commits a day: {now['commits']:,} in these 7 days, {before['commits']:,} in the 7 days before"
    chart(two_weeks(series, "commits", last), series, says, "commits_of_the_week")
    period = {"period": [CUSTOM], "from": [f"{week.since}"], "to": [f"{week.until}"]}
    if last == _today():
        period = {"period": ["7 days"], "from": [], "to": []}
    _link("commits", "Who wrote what in these days", period, icon=":material/commit:")


def how_fresh() -> None:
    """Each source: when it was read last, when a webhook of it came last; the exact time on hover."""
    st.header("How fresh", anchor=False)
    zone = runtime().settings.timezone
    read, told = asked_now(freshness.sources), asked_now(deliveries.sources)
    if read.empty and told.empty:
        st.caption("Nothing was read yet.")
    with st.container(gap=None):
        for row in read.to_dict("records"):
            at = row["last_success_at"]
            st.caption(f":material/sync: **{plain(row['source'])}** synced {ago(at)}", help=exact(at, zone))
        for row in told.to_dict("records"):
            at = row["last_received_at"]
            name = plain(row["source"])
            st.caption(f":material/webhook: **{name}** last webhook {ago(at)}", help=exact(at, zone))
        _link("sources", "What was read, and what could not be", {}, icon=":material/database:")


def _shown(nights: pd.DataFrame) -> int:
    """The place of the night that the page Nightlies starts with: one that has just begun would tell of nothing."""
    return nightlies.last_told(nights)


def _named(nights: pd.DataFrame, shown: int) -> date | None:
    """The night to name in a link: None for the one with which the page Nightlies starts."""
    found: date = nights.iloc[shown]["night"].date()
    return None if shown == nightlies.last_told(nights) else found


def _lines(filters: Filters) -> list[Line]:
    sources = asked_now(freshness.sources)
    now = datetime.now(UTC).replace(tzinfo=None)
    lines = attention.of_sources(sources, now, patience()) if runtime().settings.sources else []
    nights = of_nights(nightlies.nights, filters)
    if len(nights):
        shown = _shown(nights)
        night = nights.iloc[shown]["night"].date()
        lines += attention.of_night(of_nights(nightlies.note, filters, night=night), _named(nights, shown))
        lines += attention.of_outages(of_attempts(runners.outages, filters), night)
    lines += attention.of_risks(of_nights(nightlies.at_risk, filters))
    lines += attention.of_longest(of_nights(nightlies.history, filters))
    lines += attention.of_signatures(asked(failures.totals, filters, which=_NEW).iloc[0])
    lines += attention.of_jobs(of_attempts(flaky.totals, filters).iloc[0])
    return lines + attention.of_problems(sources) + attention.of_deliveries(asked_now(deliveries.sources))


def _link(page: str, label: str, query: Query, *, icon: str, about: str | None = None) -> None:
    """A link to a page with these filters and the bar's; a page shows nothing else of what was chosen there before."""
    own = {key: [value] if isinstance(value, str) else list(value) for key, value in query.items()}
    whole = link_to("", FILTER_KEYS) | own
    st.page_link(
        f"{page}.py",
        label=label,
        icon=icon,
        icon_position="left" if about is None else "right",
        help=about,
        query_params={key: words for key, words in whole.items() if words},
    )


def _today() -> date:
    return datetime.now(UTC).astimezone(runtime().settings.zone).date()
