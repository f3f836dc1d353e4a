"""What all pages share; with ``pages/`` and ``app.py`` the only part of the project that imports Streamlit.

``address`` keeps what is chosen in the URL, ``choose`` are the widgets for it, ``filters`` is the bar of the frame,
``contents`` leads from page to page, ``answers`` asks questions and shows charts and tables, ``empty`` says why there
is nothing, ``freshness`` how old it is, ``live`` keeps an open page up to date.
"""

from dashlib.widgets.address import arrive, write
from dashlib.widgets.answers import NO_FILTERS, asked, asked_now, below, chart, how_computed, metrics, table, unchecked
from dashlib.widgets.choose import as_tall, day, one_from, one_of, search_for, some_of, switch
from dashlib.widgets.contents import contents
from dashlib.widgets.empty import PageEnds, broke_off, connect_steps, end_here, nothing, two_ways_in
from dashlib.widgets.filters import FILTER_KEYS, filter_bar, filters, header, tell_unknown
from dashlib.widgets.freshness import freshness_line, local_only, sync_card
from dashlib.widgets.live import begin_run, end_run, more_to_come

__all__ = [
    "FILTER_KEYS",
    "NO_FILTERS",
    "PageEnds",
    "arrive",
    "as_tall",
    "asked",
    "asked_now",
    "begin_run",
    "below",
    "broke_off",
    "chart",
    "connect_steps",
    "contents",
    "day",
    "end_here",
    "end_run",
    "filter_bar",
    "filters",
    "freshness_line",
    "header",
    "how_computed",
    "local_only",
    "metrics",
    "more_to_come",
    "nothing",
    "one_from",
    "one_of",
    "search_for",
    "some_of",
    "switch",
    "sync_card",
    "table",
    "tell_unknown",
    "two_ways_in",
    "unchecked",
    "write",
]
