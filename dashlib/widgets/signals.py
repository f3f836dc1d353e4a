"""What the page Signals draws, and the signals around a failed job: filters, zoom, time line, how to send some."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashlib.charts import signals as drawn
from dashlib.model import Filters
from dashlib.queries import signals
from dashlib.queries.signals import LEVELS, Narrowed
from dashlib.runtime import runtime
from dashlib.widgets.address import Words, forget, link_to
from dashlib.widgets.answers import asked, chart, table
from dashlib.widgets.choose import one_of, search_for, some_of
from dashlib.widgets.failures import from_address
from dashlib.widgets.filters import filters as bar
from dashlib.widgets.own_address import own_address

_ZOOM = "zoom"
_QUICK = {"last hour": timedelta(hours=1), "last 24 hours": timedelta(hours=24)}


def days_shown() -> tuple[Filters, Filters]:
    """The filter bar with the days that are looked at, and with all days from which words can be chosen.

    A zoom may lie outside of the bar's days: it then stands for them. Without a repository there is no bar, and the
    last 30 days are looked at.
    """
    found, span = bar(), zoom()
    today = datetime.now(UTC).astimezone(runtime().settings.zone).date()
    since, until = found.since or today - timedelta(days=29), found.until or today
    if span is None:
        whole = replace(found, since=since, until=until)
        return whole, whole
    first, last = span[0].date(), span[1].date()
    whole = replace(found, since=min(since, first), until=max(until, last))
    return replace(found, since=first, until=last), whole


def none_at_all(held: pd.Series) -> None:
    """No signal that tells a time was ever received: how one is sent."""
    if held["without_time"]:
        untold = f"{int(held['without_time']):,} signals are stored, but none of them tells a time."
        st.info(f"{untold} They are in the table `signals`.", icon=":material/schedule:")
    st.info(
        "No signals yet. Alertmanager, Kubernetes and anything that speaks CloudEvents can post theirs here; they then "
        "stand beside the nightly failures and on the page of each failed job.",
        icon=":material/sensors:",
    )
    how_to_send()


def none_here(held: pd.Series) -> None:
    """There are signals, and none that these filters leave."""
    newest = f" The newest is of {held['last_day']:%d %b %Y}." if not pd.isna(held["last_day"]) else ""
    st.info(f"No signals for these filters.{newest}", icon=":material/filter_alt_off:")
    st.button("Clear the filters", icon=":material/restart_alt:", on_click=forget, key="clear_filters")


def how_to_send() -> None:
    """Route, setting and a command that makes a first signal, for each sender."""
    settings = runtime().settings
    sender = one_of("Sender of signals", list(drawn.SENDERS), key="signal_sender")
    guide = drawn.first_signal(sender, datetime.now(UTC).replace(tzinfo=None))
    name = guide.settings[0]
    base = own_address()
    st.markdown(guide.where)
    if not guide.source.is_open(settings):
        st.warning(
            f"The route `POST {guide.source.path}` answers 401 until `{name}` is set (in `.env`, a long random word) "
            "and the dashboard was started again.",
            icon=":material/lock:",
        )
    st.markdown(f"Address `{guide.url(base)}`, header `Authorization: Bearer …` with the value of `{name}`.")
    if guide.example:
        st.code(guide.filled(base), language=guide.language)
    st.markdown(f"Try it, with the secret in the shell's variable `{name}`: it makes one signal, which shows here.")
    st.code(guide.curl(base), language="bash", wrap_lines=True)


def narrowed(whole: Filters) -> Narrowed:
    """The page's own filters, of what there is in the days of ``whole``, and its zoom."""
    words = asked(signals.words, whole)
    offered = {str(kind): list(some["word"]) for kind, some in words.groupby("kind")}

    def some(label: str, field: str, key: str) -> tuple[str, ...]:
        return some_of(label, offered.get(field, []), key=key)

    search = search_for("what, node, namespace, label", key="find_signal")
    with st.grid(6, min_column_width=150):
        sources = some("From", "sources", "signal_source")
        kinds = some("Kind", "kinds", "signal_kind")
        here = set(offered.get("levels", []))
        levels = some_of("Severity", [level for level in LEVELS if level in here], key="severity")
        statuses = some("Status", "statuses", "signal_status")
        namespaces = some("Namespace", "namespaces", "namespace")
        nodes = some("Node", "nodes", "node")
    span = zoom()
    since, until = (_utc(moment) for moment in span) if span else (None, None)
    return Narrowed(sources, kinds, levels, statuses, namespaces, nodes, search, since, until)


def zoom() -> tuple[datetime, datetime] | None:
    """The span of the team's wall clock that the address names; None for the whole period."""

    def read(words: Words) -> str | None:
        return words[-1] if drawn.zoomed(words[-1]) else None

    return drawn.zoomed(from_address(_ZOOM, read, "Zoom"))


def zoom_line() -> None:
    """What is zoomed to, with the ways out of it and, for who cannot draw with a mouse, into it."""
    span = drawn.zoomed(str(st.session_state[_ZOOM]))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if span is None:
            st.caption("Draw over the time line to zoom in, or look at the", width="content")
            now = datetime.now(UTC).astimezone(runtime().settings.zone).replace(tzinfo=None)
            for title, length in _QUICK.items():
                word = drawn.zoom_word(now - length, now)
                st.button(title, key=f"zoom_{length.seconds}", type="tertiary", on_click=_zoom_to, args=(word,))
            return
        first, last = span
        st.markdown(f":material/zoom_in: **{first:%a %d %b %Y, %H:%M} – {last:%a %d %b, %H:%M}**")
        wider = drawn.zoom_word(first - (last - first) / 2, last + (last - first) / 2)
        st.button("Zoom out", icon=":material/zoom_out:", key="zoom_out", on_click=_zoom_to, args=(wider,))
        st.button("The whole period", icon=":material/fit_width:", key="zoom_off", on_click=_zoom_to, args=("",))


def failed_jobs(beside: pd.DataFrame) -> int:
    """How many jobs of nightlies failed, of ``queries.signals.beside``, which may be cut off."""
    return int(beside["whole"].iloc[0]) if len(beside) else 0


def time_line(filters: Filters, which: Narrowed, beside: pd.DataFrame, by: str) -> None:
    """Signals in lanes beside the nightly failures; a brush zooms in."""
    shown = _shown(filters, which)
    marks = asked(signals.timeline, filters, by=by, shown=shown, which=which)
    zone = runtime().settings.zone
    walls = tuple(moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for moment in shown)
    figure = drawn.timeline(marks, beside, (walls[0], walls[1]))
    word = str(st.session_state[_ZOOM])
    # Another name when the zoom is another: the brush that led there shall not be drawn on what it led to.
    name = f"time_line_{word}" if word else "time_line"

    def brush() -> None:
        event: Any = st.session_state[f"chart_{name}"]
        chosen = drawn.brushed(dict(event.selection.get(drawn.BRUSH) or {}).get("at"))
        if chosen:
            _zoom_to(chosen)

    says = f"Signals by {by} over time, {failed_jobs(beside):,} failed jobs of nightlies above them"
    layers = {"The failed jobs above the signals": beside}
    chart(figure, marks, says, name, layers, on_select=brush, selection_mode=drawn.BRUSH)


def around_failure(row: pd.Series) -> None:
    """What was firing or evicted around a failed job, as a table; one line where nothing was."""
    found = asked(signals.around, project=int(row["project_id"]), job=int(row["job_id"]))
    if found.empty:
        st.caption("No signal in its window, from 15 minutes before it started to 15 minutes after it finished.")
        return
    near = int((found["closeness"] != "elsewhere").sum())
    whole = int(found["whole"].iloc[0])
    said = f"{near} on its own runner, node, repository or namespace, which come first" if near else "none near it"
    word = "signal" if whole == 1 else "signals"
    st.caption(f"{whole:,} {word} from 15 minutes before it started to 15 minutes after it finished; {said}.")
    if whole > len(found):
        st.caption(f"The nearest and gravest {len(found)} are shown.")
    table(found, drawn.AROUND, "Signals around this failure, those near it first, in the order of time", "around")
    window = [moment for moment in (row["started"], row["failed"]) if not pd.isna(moment)]
    if window:
        quarter = timedelta(minutes=15)
        word = drawn.zoom_word(min(window) - quarter, max(window) + quarter)
        query = link_to("signals", ()) | {_ZOOM: word}
        st.page_link("signals.py", label="This time on the page Signals", icon=":material/sensors:", query_params=query)


def _zoom_to(word: str) -> None:
    """Zoom to a span, or to none (a callback)."""
    st.session_state[_ZOOM] = word


def _utc(wall: datetime) -> datetime:
    zone: ZoneInfo = runtime().settings.zone
    return wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _shown(filters: Filters, which: Narrowed) -> tuple[datetime, datetime]:
    """The time to draw, in naive UTC: the zoom, else the days of ``filters``."""
    if which.since is not None and which.until is not None:
        return which.since, which.until
    assert filters.since is not None and filters.until is not None
    midnight = datetime.min.time()
    first, last = (datetime.combine(day, midnight) for day in (filters.since, filters.until + timedelta(days=1)))
    return _utc(first), _utc(last)
