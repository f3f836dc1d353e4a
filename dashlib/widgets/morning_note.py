"""The morning note of a night as a page shows it: its numbers, its text, its files, and where it was sent."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashlib.charts.tables import NIGHT, SENT
from dashlib.model import Filters
from dashlib.nightlies.report import note
from dashlib.nightlies.report_text import FORMATS, as_markdown
from dashlib.nightlies.send import channels
from dashlib.queries.nightlies import sent as sent_notes
from dashlib.runtime import runtime
from dashlib.widgets.answers import asked_now, metrics, table
from dashlib.widgets.live import copy_of_nights

_FILES = (
    ("md", "text/markdown", "description"),
    ("html", "text/html", "mail"),
    ("json", "application/json", "data_object"),
)


def morning_note(night: date, chosen: Filters) -> None:
    """The note of a night for the bar's repositories and persons, with its text to copy and its files."""
    settings = runtime().settings
    with copy_of_nights().connection.cursor() as connection:
        written = note(connection, night, dashboard=settings.report_url, filters=chosen)
        shown = written if settings.report_url else note(connection, night, dashboard="/", filters=chosen)
    metrics(NIGHT, pd.Series(written.counts))
    with st.container(border=True):
        st.markdown(as_markdown(shown))
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
    sent = asked_now(sent_notes)
    st.caption(
        f"It is sent by {' and '.join(ways)} once a night, by {settings.report_by} at the latest."
        if ways
        else "It is not sent anywhere: DASH_REPORT_WEBHOOK (a chat) and DASH_REPORT_SMTP (mail) say where to."
    )
    if not sent.empty:
        table(sent, SENT, "Morning notes sent, newest first", "sent")
