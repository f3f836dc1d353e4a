"""The morning note of a night as a page shows it: its numbers, its text, its files, and where it was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashlib.badge import address, drawn
from dashlib.charts.tables import NIGHT, SENT
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.nightlies.report import note, stored_told
from dashlib.nightlies.report_text import FORMATS, as_markdown, as_page
from dashlib.nightlies.send import channels, mail_lacks
from dashlib.queries import nightlies
from dashlib.runtime import runtime
from dashlib.widgets.answers import asked_now, metrics, table
from dashlib.widgets.live import copy_of_nights
from dashlib.widgets.nights import of_nights
from dashlib.widgets.own_address import own_address

_FILES = (
    ("md", "text/markdown", "description"),
    ("html", "text/html", "mail"),
    ("json", "application/json", "data_object"),
)

_MOST_BADGES = 5


def tell_other_night(nights: pd.DataFrame, index: int, chosen: Filters) -> None:
    """Where the address asks for a night that is not in the period: which nights are stored, and which one is shown."""
    asked = st.query_params.get("night")
    offered = [f"{night:%Y-%m-%d}" for night in nights["night"]]
    if not asked or asked in offered or index != nightlies.last_told(nights):
        return
    every = of_nights(nightlies.nights, replace(chosen, since=None, until=None))
    is_stored = asked in {f"{night:%Y-%m-%d}" for night in every["night"]}
    where = " in the chosen period, but stored" if is_stored else f" stored{stored_told(every)}"
    st.info(
        plain(f"No nightly of {asked[:20]} is{where}. This is the note of {offered[index]}."), icon=":material/info:"
    )


def morning_note(night: date, chosen: Filters) -> None:
    """The note of a night for the bar's repositories and persons, with its text to copy and its files."""
    settings = runtime().settings
    with copy_of_nights().connection.cursor() as connection:
        written = note(connection, night, dashboard=settings.report_url, filters=chosen)
        shown = written if settings.report_url else note(connection, night, dashboard="/", filters=chosen)
    metrics(NIGHT, pd.Series(written.counts))
    with st.container(border=True):
        st.markdown(as_page(shown))
    with st.container(horizontal=True):
        for form, media, icon in _FILES:
            st.download_button(
                f"Save as .{form}",
                data=FORMATS[form](written),
                file_name=f"nightlies-{night}.{form}",
                mime=media,
                icon=f":material/{icon}:",
                key=f"save_{form}",
                on_click="ignore",
            )
    with st.expander("Text to copy", icon=":material/content_copy:"):
        st.code(as_markdown(written), language="markdown", wrap_lines=True)
    ways = [way.name for way in channels(settings)]
    sent = asked_now(nightlies.sent)
    st.caption(
        f"It is sent by {' and '.join(ways)} once a night, by {settings.report_by} at the latest."
        if ways
        else "It is not sent anywhere: DASH_REPORT_WEBHOOK (a chat) or DASH_REPORT_SMTP with DASH_REPORT_MAIL_TO (mail)"
        " say where to."
    )
    if lacks := mail_lacks(settings):
        st.warning(f"It is not sent by mail: {lacks} is not set.", icon=":material/unsubscribe:")
    _badge_for_a_wiki(chosen)
    if not sent.empty:
        table(sent, SENT, "Morning notes sent, newest first", "sent")


def _badge_for_a_wiki(chosen: Filters) -> None:
    """The badges of the bar's repositories, or of everything, and the Markdown that shows them."""
    base = own_address()
    shown = st.expander("Status badge for a wiki", icon=":material/verified:")
    with shown, copy_of_nights().connection.cursor() as connection:
        lines = []
        for project in chosen.projects[:_MOST_BADGES] or ("",):
            st.image(drawn(connection, project))
            leads = f"{base}/nightlies?{urlencode({'repo': project}, safe='/')}" if project else f"{base}/nightlies"
            lines.append(f"[![nightlies]({address(base, project)})]({leads})")
        st.code("\n".join(lines), language=None, wrap_lines=True)
        st.caption(
            "It tells the newest night, whichever is chosen here. "
            + ("" if chosen.projects else "Choose a repository for a badge of its own.")
        )
