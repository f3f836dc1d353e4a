"""The banner above a night: it did not run, is under way, is not there, or nobody looked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import streamlit as st

from dashlib.charts.wording import ago, exact, plain
from dashlib.queries import freshness
from dashlib.queries.nightlies import last_told
from dashlib.runtime import runtime
from dashlib.widgets.answers import asked_now
from dashlib.widgets.nights import under_way


def tonight_told(nights: pd.DataFrame, place: int) -> str | None:
    """How the newest night goes, where the page shows an earlier one while it is under way."""
    newest = nights.iloc[-1]
    if place == len(nights) - 1 or not under_way(newest):
        return None
    words = (("failed", "failed"), ("missing", "never ran"))
    bad = [f"{int(newest[name])} {word}" for name, word in words if newest[name]]
    return f"{newest['night']:%A, %d %B} is under way: {', '.join([_ended(newest), *bad])}."


def tell_nights(nights: pd.DataFrame, place: int, today: date) -> None:
    """One banner where the newest night is not whole; where another one is shown, with the way there.

    ``today`` is the last day of the period, where that has ended before.
    """
    said, newest = tonight_told(nights, place), nights.iloc[-1]
    if said is None:
        told_of = last_told(nights)
        tell_newest(nights.iloc[told_of], today, framed=place == told_of)
        return
    _tell_unseen()
    banner = st.warning if newest["failed"] or newest["missing"] else st.info
    if newest["missing"] > newest["runs"]:
        banner, said = st.error, f"{said} Is GitLab running its schedules?"
    with st.container(horizontal=True, vertical_alignment="center"):
        banner(said, icon=":material/hourglass_top:", width="stretch")
        st.button("Show it", on_click=_frame, args=(f"{newest['night']:%Y-%m-%d}",), key="show_tonight")


def _frame(night: str) -> None:
    st.session_state["night"] = night


def _ended(now: pd.Series) -> str:
    """How far a night is: what has ended, runs, should have begun, and is to come."""
    words = (("running", "running"), ("late", "late"))
    parts = [f"{int(now[name])} {word}" for name, word in words if now[name]]
    parts += [f"{int(now['to_come'])} to come until {now['to_come_until']:%H:%M}"] if now["to_come"] else []
    return ", ".join([f"{int(now['ended'])} of {int(now['planned'])} ended", *parts])


def tell_newest(now: pd.Series, today: date, *, framed: bool = True) -> None:
    """A banner where the newest night is not whole: it did not run, is under way, is not there, or nobody looked.

    That it is under way is said only where its numbers are shown (``framed``).
    """
    night = now["night"].date()
    missing = int(now["missing"])
    _tell_unseen()
    if night < today and (today - night).days > 1:
        st.warning(
            f"No nightly since {night:%A, %d %B}: nothing ran, and nothing was to run. Is the data fresh?",
            icon=":material/running_with_errors:",
        )
    elif missing and not now["runs"]:
        none = "The one nightly" if missing == 1 else f"None of the {missing} nightlies"
        st.error(
            f"{none} of {night:%A, %d %B} {'did not run' if missing == 1 else 'ran'}: is GitLab running its schedules?",
            icon=":material/event_busy:",
        )
    elif missing > now["runs"]:
        st.error(
            f"Most nightlies of {night:%A, %d %B} never ran: {missing} of {int(now['nightlies'])}. "
            "Is GitLab running its schedules?",
            icon=":material/event_busy:",
        )
    elif framed and under_way(now):
        st.info(
            f"{night:%A, %d %B} is under way: {_ended(now)}. The numbers below will move.",
            icon=":material/hourglass_top:",
        )


def patience() -> timedelta:
    """For how long no sync need have succeeded before somebody should look."""
    settings = runtime().settings
    # With the timer off somebody syncs by hand or by cron: once a day will do.
    return timedelta(hours=max(settings.late_hours, settings.sync_minutes / 20) if settings.sync_minutes else 24.0)


def _tell_unseen() -> None:
    """Where no sync has succeeded for long, what ran since is not here."""
    settings = runtime().settings
    looked = asked_now(freshness.sources)["last_success_at"].dropna()
    if looked.empty or not settings.sources:
        return
    last = pd.Timestamp(looked.max()).to_pydatetime()
    if datetime.now(UTC).replace(tzinfo=None) - last > patience():
        st.error(
            f"Nobody looked since {plain(exact(last, settings.timezone))}, {ago(last)}: no sync has succeeded. "
            "What ran since then is not here.",
            icon=":material/visibility_off:",
        )
