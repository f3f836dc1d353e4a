"""Instead of charts of nothing: why there is nothing, and what to do next."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import NoReturn

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.errors import Explained
from dashlib.queries import choices, freshness
from dashlib.runtime import runtime
from dashlib.widgets.address import forget
from dashlib.widgets.answers import asked, asked_now


def nothing(kind: str, last_day: date | None = None) -> None:
    """Why there are no ``kind`` (a column of ``choices.held``), of which the newest are of ``last_day``."""
    held = asked(choices.held).iloc[0]
    if not held["projects"]:
        two_ways_in()
    elif not held[kind]:
        state = runtime().sync.state()
        if state.running:
            st.info(f"No {kind} yet: the sync is under way. This page fills as it goes.", icon=":material/sync:")
        else:
            st.info(f"No {kind} are loaded yet. The Sources page says what was read.", icon=":material/inbox:")
    else:
        until = f" The newest are of {last_day:%d %b %Y}." if last_day is not None and not pd.isna(last_day) else ""
        st.info(f"No {kind} for these filters.{until}", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/restart_alt:", on_click=forget, key="clear_filters")


class PageEnds(BaseException):
    """A page has said all that it has to say."""


def end_here() -> NoReturn:
    """End the page, as ``st.stop`` does, and not its frame.

    After ``st.stop`` Streamlit takes nothing more: what the address asks for in vain would not be told.
    """
    raise PageEnds


def broke_off(page: str, error: Exception) -> None:
    """Instead of the rest of a page that an error ended: what happened, what to do, where its log is.

    The trace is in the log alone: what Streamlit shows of one would go to a standard output that nobody reads.
    """
    logging.getLogger("dashlib.pages").error("the page %s broke off", page, exc_info=error)
    settings = runtime().settings
    at = f"{datetime.now(UTC).astimezone(settings.zone):%H:%M:%S} ({settings.timezone})"
    why = f" {plain(str(error))}" if isinstance(error, Explained) else ""
    st.error(
        f"**This page broke off.**{why} What stands above may be incomplete; no data are lost. Try again, or clear the "
        f"filters. If it stays so, tell whoever runs the dashboard: what `python -m dashlib serve` wrote at {at} says "
        "why (with systemd in `journalctl -u nightly-dashboard`, in a container in `docker logs dashboard`).",
        icon=":material/report:",
    )
    with st.container(horizontal=True, key="broke_off"):
        st.button("Try again", icon=":material/refresh:", key="try_again")
        st.button("Clear the filters", icon=":material/filter_alt_off:", on_click=forget, key="clear_broken")


def two_ways_in() -> None:
    """The empty database: connect a GitLab, or load the demo. Where one is connected: what became of it."""
    opened = runtime()
    if opened.sync.state().running:
        st.info(
            "The first sync is under way; nightlies come first. This page fills as it goes.", icon=":material/sync:"
        )
        return
    st.header("Nothing is loaded yet", anchor=False)
    if opened.settings.sources:
        tell_connected()
        return
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container(border=True, height="stretch"):
            connect_steps()
        with st.container(border=True, height="stretch"):
            st.markdown("**:material/science: Look at the demo**")
            st.markdown("A simulated GitLab with an invented company behind it: 40 repositories, 60 nights.")
            st.code("make demo", language="bash")
            st.caption("It runs on this machine alone and uses a database of its own.")


def connect_steps() -> None:
    """How to connect a GitLab, in three steps."""
    st.markdown("**:material/hub: Connect your GitLab**")
    st.markdown("1. Make an access token with scope `read_api` (in GitLab: *User settings → Access tokens*).")
    st.markdown("2. Write into `.env`, in the folder where you started this; one glob says which repositories:")
    st.code(
        "GITLAB_URL=https://gitlab.example.com\nGITLAB_ACCESS_TOKEN=glpat-…\nDASH_PROJECTS=my-group/*",
        language="bash",
    )
    st.markdown("3. Stop this server and start it again; it syncs by itself:")
    st.code("python -m dashlib serve", language="bash")
    st.caption("The nightlies of the last 30 days come first, usually within a minute.")


def tell_connected() -> None:
    """A GitLab is connected and nothing came of it yet: how the last sync ended, and what to do."""
    loads = asked_now(freshness.sources)
    errors = [error for error in loads["last_error"] if isinstance(error, str)]
    for error in errors:
        st.error(f"The last sync found nothing: {plain(error)}", icon=":material/error:")
    opened = runtime().settings
    step = "Mend that" if errors else f"{plain(opened.gitlab_url)} is connected"
    st.info(
        f"{step}, then press *Sync now* on the Sources page or run `python -m dashlib sync`. "
        "`python -m dashlib doctor` says whether the token and `DASH_PROJECTS` are right.",
        icon=":material/sync:",
    )
