"""How fresh the data is, the sync under way, and the button that starts one."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashlib.charts.delivery_wording import late_line
from dashlib.charts.wording import ago, exact, plain
from dashlib.queries import deliveries, freshness
from dashlib.runtime import Runtime, runtime
from dashlib.widgets.answers import asked_now

_WHY_LATE = "They are on disk, and come into the tables in their order. So late is what webhooks tell on all pages."


@st.fragment(run_every="30s")
def freshness_line(version_shown: int) -> None:
    """How fresh the data is. Where an open page is not renewed by itself (no socket comes through to it), a button."""
    with st.container(key="freshness", gap=None):
        _freshness(version_shown)


def _freshness(version_shown: int) -> None:
    opened = runtime()
    state, zone = opened.sync.state(), opened.settings.timezone
    if state.running:
        st.caption(f":material/sync: Sync under way: {plain(state.stage or 'starting')}, {state.calls:,} calls")
    else:
        synced = asked_now(freshness.sources)["last_success_at"].dropna()
        if synced.empty:
            st.caption(":material/schedule: Not synced yet")
        else:
            st.caption(f":material/schedule: Synced {ago(synced.max())}", help=exact(synced.max(), zone))
    _late()
    if _left_behind(version_shown, opened.store.data_version) and st.button(
        "Show newer data", icon=":material/refresh:", key="newer", width="stretch"
    ):
        st.rerun()


def _late() -> None:
    """What came by webhook and is on no page yet; nothing as long as rows follow at once."""
    late = asked_now(deliveries.late).iloc[0]
    if late["deliveries"]:
        st.caption(f":material/hourglass_top: {late_line(int(late['deliveries']), late['seconds'])}", help=_WHY_LATE)


def _left_behind(shown: int, now: int) -> bool:
    """Whether the page has shown this state for two looks in a row while there was a newer one."""
    before = st.session_state.get("left_behind")
    st.session_state["left_behind"] = shown if shown != now else None
    return shown != now and before == shown


def local_only(what: str = "start a sync") -> str | None:
    """Why this browser may not write, or None when it may: until there is sign-in, only the same machine may."""
    forwarded = any(st.context.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    # A proxy on this machine may say nothing of whom it speaks for; the name that was called gives it away.
    called = urlsplit(f"//{st.context.headers.get('Host') or 'localhost'}").hostname
    if st.context.ip_address is None and not forwarded and called in ("localhost", "127.0.0.1", "::1"):
        return None
    return f"Only a browser on the machine that runs the dashboard may {what}, until there is sign-in."


@st.fragment(run_every="2s")
def sync_card() -> None:
    """Whether a sync runs, how far it is, and the button that starts one: for browsers on this machine only."""
    opened = runtime()
    state, refusal = opened.sync.state(), local_only()
    if not opened.settings.sources:
        refusal = "Set GITLAB_ACCESS_TOKEN first, then start this server again."
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="sync_card"):
        if state.running:
            took = ago(state.started_at)
            st.markdown(
                f":material/sync: **Sync under way** – {plain(state.stage or 'starting')}: {state.calls:,} calls, "
                f"{state.rows:,} rows, {state.errors:,} problems; started {took}"
            )
        else:
            st.markdown(_due(opened))
        if st.button(
            "Sync now",
            icon=":material/sync:",
            disabled=state.running or refusal is not None,
            help=refusal,
            key="sync_now",
        ):
            opened.sync.now()
            st.rerun(scope="fragment")
    if refusal and not state.running:
        st.caption(f"Sync now is off: {refusal}")


def _due(opened: Runtime) -> str:
    """When the next sync comes, or why none will, and what to do then; as Markdown."""
    settings, next_at = opened.settings, opened.sync.state().next_at
    if not settings.sources:
        return ":material/link_off: **No GitLab is connected**, so nothing is synced: this shows what was read before."
    if not settings.sync_minutes:
        return (
            ":material/timer_off: **The timer is off** (`DASH_SYNC_MINUTES=0`): sync from here, or with "
            "`python -m dashlib sync`."
        )
    if next_at is None:
        return ":material/schedule: **The first sync is about to start.**"
    return f":material/schedule: **No sync is running.** {plain(f'Next one: {exact(next_at, settings.timezone)}.')}"
