"""What the page Activity is made of: its filters, the calendar that narrows it, tables that lead to streams."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts import activity_tables as shown
from dashlib.charts.activity_stream import Day
from dashlib.charts.activity_stream import stream as sentences
from dashlib.charts.calendar import PICK, calendar, day_picked, read_told
from dashlib.charts.over_time import stacked
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import activity
from dashlib.queries.activity import Narrowed
from dashlib.runtime import runtime
from dashlib.widgets.address import forget, put
from dashlib.widgets.answers import asked, chart, how_computed, table
from dashlib.widgets.choose import one_from, one_of, page_of, search_for, some_of
from dashlib.widgets.filters import CUSTOM, chosen_persons

VIEWS = {"overview": "Overview", "stream": "Stream", "list": "The events"}
_SPANS = {"year": "the year", "period": "the chosen period"}
_A_PAGE, _ROWS = 100, 5000
_YEAR = timedelta(days=52 * 7)
_FILTER_OF = {"person": "person", "repository": "repo"}
_HERE = Path(__file__).parent
_STREAM = st.components.v2.component(
    "activity_stream",
    html='<div class="stream" role="region" aria-label="What happened, by day"></div>',
    css=(_HERE / "stream.css").read_text("utf-8"),
    js=(_HERE / "stream.js").read_text("utf-8"),
)


def narrowed(words: pd.DataFrame) -> Narrowed:
    """The page's own filters, of the ``words`` that occur."""
    offered = {str(kind): list(some["word"]) for kind, some in words.groupby("kind")}
    search = search_for("title, branch, repository", key="find_event")
    with st.grid(4, min_column_width=150):
        actions = some_of("Actions", offered["action"], key="action")
        targets = some_of("Targets", offered["target"], key="target")
        sources = some_of("Sources", offered["source"], key="event_source")
        bots = one_from("Robots", list(activity.CHOICES), key="robots", width="stretch")
    return Narrowed(actions, targets, sources, search, bots)


def none_of_this_kind() -> None:
    """There are events in this period, and none that the page's own filters leave."""
    st.info("There are events in this period, but none of this kind.", icon=":material/filter_alt_off:")
    st.button("Clear the filters", icon=":material/restart_alt:", on_click=forget, key="clear_filters")


def which_view() -> str:
    """The part of the page that is looked at."""
    return one_of("Show", list(VIEWS), key="activity_view", titles=VIEWS)


def days(filters: Filters, which: Narrowed) -> None:
    """The calendar; a click on a day narrows the page to it."""
    span = one_of("Calendar of", list(_SPANS), key="calendar", titles=_SPANS)
    today = datetime.now(UTC).astimezone(runtime().settings.zone).date()
    within = _year(filters, today) if span == "year" else filters
    one_day = filters.since if filters.since == filters.until else None
    answer = asked(activity.calendar, within, which=which)
    figure = calendar(answer, "events", chosen=one_day)
    busiest = answer.iloc[int(answer["events"].to_numpy().argmax())]
    says = f"Events by day as a calendar of weeks; most, {busiest['events']:,}, on {busiest['day']:%d %B %Y}"
    # Another name when the day is another: what was clicked shall not be picked in what it led to.
    name = f"calendar_{one_day}" if one_day else "calendar"
    chart(figure, answer, says, name, on_select=partial(_day_clicked, name), selection_mode=PICK)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if one_day is None:
            about = "Click a day to see that day alone; the darker, the more events. Days without any are pale."
            st.caption(plain(f"{about} {read_told(answer)}".strip()))
        else:
            st.caption(f"Narrowed to {one_day:%A, %d %B %Y}.", width="content")
            label = "Show the last 30 days again"
            st.button(label, icon=":material/filter_alt_off:", type="tertiary", on_click=_all_days, key="all_days")


def overview(filters: Filters, which: Narrowed) -> None:
    """Events over time, and everybody's and every repository's numbers; a picked row leads to its stream."""
    by = one_of("By", list(activity.BY), key="of")
    series = asked(activity.over_time, filters, by=by, which=which)
    st.header(f"Events a day, by {by}", anchor=False)
    chart(stacked(series, "day", "events", "events"), series, f"Events a day by {by}", "events_over_time")
    left, right = st.columns(2, gap="large")
    for place, split in ((left, "person"), (right, "repository")):
        with place:
            st.header(f"By {split}", anchor=False)
            answer = asked(activity.ranking, filters, by=split, which=which)
            name = f"events_by_{split}"
            says = f"Events by {split}, the most first; pick one for its stream"
            table(answer, shown.RANKING[split], says, name, on_select=partial(_row_clicked, split, answer))
            st.caption(f"Pick a {split} for its events, one by one, in sentences.")


def stream(filters: Filters, which: Narrowed, events: int) -> None:
    """What happened in sentences, by day: of the persons and repositories that the filter bar leaves."""
    whose = " and ".join([*chosen_persons(), *filters.projects, *filters.groups]) or "everybody, everywhere"
    st.header(f"Stream of {plain(whose[:200])}", anchor=False)
    sort = _sort()
    pages = -(-events // _A_PAGE)
    page = page_of(pages, key="stream_page")
    skip = (page - 1) * _A_PAGE
    answer = asked(activity.listing, filters, which=which, sort=sort, rows=_A_PAGE, skip=skip)
    if pages > 1:
        st.caption(
            f"Events {skip + 1:,} to {skip + len(answer):,} of {events:,}, {sort}. "
            "Person and Repository in the filter bar choose whose they are."
        )
    _draw(sentences(answer, runtime().settings.timezone))
    how_computed(answer, "stream")


def listed(filters: Filters, which: Narrowed, events: int) -> None:
    """The events as a table."""
    sort = _sort()
    answer = asked(activity.listing, filters, which=which, sort=sort, rows=_ROWS)
    table(answer, shown.EVENTS, f"Events, {sort}", "events")
    if events > len(answer):
        st.caption(f"{len(answer):,} of {events:,}, {sort}; narrow the filters, or ask in SQL for the rest.")


def _draw(found: list[Day]) -> None:
    _STREAM(data={"days": found}, key="activity_stream")


def _sort() -> str:
    return one_of("Sort", list(activity.SORTS), key="event_sort")


def _year(filters: Filters, today: date) -> Filters:
    """The 53 weeks up to today; where the chosen period ended earlier, up to its last day."""
    until = filters.until or today
    last = max(today, until) if until > today - _YEAR else until
    first = last - _YEAR
    return replace(filters, since=first - timedelta(days=first.weekday()), until=last)


def _day_clicked(name: str) -> None:
    """Narrow the page to the clicked day (a callback)."""
    event: Any = st.session_state[f"chart_{name}"]
    found = day_picked(event["selection"].get(PICK))
    if found:
        put({"period": [CUSTOM], "from": [found.isoformat()], "to": [found.isoformat()], "stream_page": []})


def _all_days() -> None:
    """Let the narrowed day go (a callback)."""
    put({"period": [], "from": [], "to": []})


def _row_clicked(by: str, ranking: pd.DataFrame) -> None:
    """The stream of the person or repository of a row (a callback)."""
    rows = st.session_state[f"table_events_by_{by}"]["selection"]["rows"]
    if rows and rows[0] < len(ranking):
        chosen = [str(ranking["key"].iloc[rows[0]])]
        put({_FILTER_OF[by]: chosen, "activity_view": ["stream"], "stream_page": []})
