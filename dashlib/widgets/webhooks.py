"""Webhooks on the page Sources: what came and what became of it, what was lost, and how a sender is set up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pandas as pd
import streamlit as st

from dashlib.charts import delivery_tables as tables
from dashlib.charts.delivery_wording import late_told, share_told, size_told, span_told
from dashlib.charts.wording import ago, plain
from dashlib.queries import choices, deliveries
from dashlib.receive import gitlab_hook
from dashlib.receive.gitlab_hook import HookError, Kind
from dashlib.receive.refusals import by_sender
from dashlib.receive.setup import BY_TITLE, Guide, is_loopback
from dashlib.runtime import runtime
from dashlib.widgets.answers import asked, asked_now, metrics, table
from dashlib.widgets.choose import one_from, one_of
from dashlib.widgets.freshness import local_only
from dashlib.widgets.own_address import own_address

_SAID = "hook_said"
_KINDS: Mapping[str, Kind] = {"a repository": "projects", "a group": "groups"}


def webhooks(*, first_steps: bool) -> None:
    """All of it, in this order; nothing while the first steps are to be taken, unless a route is open already."""
    closed = not any(guide.source.is_open(runtime().settings) for guide in BY_TITLE.values())
    if first_steps and closed:
        return
    st.header("Webhooks", anchor=False)
    total = asked_now(deliveries.sums).iloc[0]
    if total["deliveries"]:
        _told(total)
        _lost()
    else:
        why = "no secret is set, so every route is closed" if closed else "nothing was posted yet"
        st.info(
            f"No webhook was received: {why}. With webhooks a page shows what happens within seconds; without them "
            "after the next sync. How to set them up stands below.",
            icon=":material/webhook:",
        )
    _refused()
    _set_up(opened=not total["deliveries"])


def _told(total: pd.Series) -> None:
    """What came, what failed, what waits."""
    settings = runtime().settings
    metrics(tables.SUMS, total)
    disk = int(asked(deliveries.on_disk).iloc[0]["bytes"])
    st.caption(
        f"The last one came {ago(total['last_received_at'])}. Kept for {settings.hook_days} days (`DASH_HOOK_DAYS`): "
        f"{size_told(int(total['bytes']))} as they came, "
        + (f"{size_told(disk)} of the database file." if disk else "too few yet to say how much of the database file.")
    )
    failed = asked(deliveries.failed)
    if len(failed):
        st.markdown("**Failed: not all of these became rows**")
        table(failed, tables.FAILED, "Deliveries that failed, the newest first, with their errors", "hooks_failed",
              int(total["failed"]))  # fmt: skip
        st.caption("Nothing is lost: `python -m dashlib replay` takes them through the present version's code again.")
    waiting = asked_now(deliveries.waiting)
    if len(waiting):
        late = asked_now(deliveries.late).iloc[0]
        st.markdown("**Waiting: stored, and not in the tables yet**")
        st.caption(late_told(int(late["deliveries"]), late["seconds"]))
        table(waiting, tables.WAITING, "Deliveries that wait", "hooks_waiting")
    st.markdown("**By sender and kind**")
    table(asked(deliveries.kinds), tables.KINDS, "Deliveries by sender and kind, and their results", "hooks_kinds")


def _refused() -> None:
    """Posts that were answered with an error since the start: of some senders all of them, and nothing else tells."""
    opened, now = runtime(), datetime.now(UTC).replace(tzinfo=None)
    lines = list[str]()
    for source, some in by_sender(opened.receiver.metrics.refusals.told()):
        guide = next(guide for guide in BY_TITLE.values() if guide.source.name == source)
        told = list[str]()
        for one in some:
            why = one.why(guide, is_open=guide.source.is_open(opened.settings))
            when = f"the last {span_told((now - one.last_at).total_seconds())} ago"
            none = "" if one.lasts else " (others were taken after them)"
            told.append(f"{one.count:,} refused with {one.status}, {when}{none}: {plain(why)}")
        lines.append(f"- {guide.title}: {'; '.join(told)}")
    if lines:
        st.markdown("**Refused: not stored, since the dashboard began**")
        st.markdown("\n".join(lines))


def _lost() -> None:
    """The delivery ledger."""
    st.markdown("**Lost webhooks and delay**")
    ledger = asked(deliveries.ledger)
    if ledger.empty:
        st.caption(
            "What webhooks told is compared with what the API tells, ten minutes after it happened: not enough is "
            "known yet."
        )
        return
    total = asked(deliveries.ledger_sums).iloc[0]
    parts = [
        f"{int(total['things']):,} pipelines, jobs and pushes since the first webhook of their kind",
        f"{int(total['lost']):,} without one ({share_told(total['lost_share'])})",
        f"delay {span_told(total['delay_p50'])} in the middle, {span_told(total['delay_p95'])} for 95 of 100",
    ]
    silent = int(total["silent"])
    where = "1 repository" if silent == 1 else f"{silent:,} repositories"
    more = f" From {where} a kind never came that others send: “never” below." if silent else ""
    st.caption(f"{'; '.join(parts)}. What a webhook missed the next sync brings.{more}")
    table(ledger, tables.LEDGER, "Lost webhooks and their delay by repository, the most lost first", "hooks_ledger")


def _set_up(*, opened: bool) -> None:
    chosen = "sender" in st.query_params or _SAID in st.session_state
    with st.expander("Set up webhooks", icon=":material/webhook:", expanded=opened or chosen):
        title = one_of("Sender", list(BY_TITLE), key="sender")
        guide, settings = BY_TITLE[title], runtime().settings
        base = own_address()
        st.markdown(guide.where)
        if is_loopback(base):
            st.caption(
                ":material/warning: This address means this machine only. A sender elsewhere needs the one under which "
                "it reaches the dashboard: set `DASH_REPORT_URL` to it."
            )
        with st.grid(2, min_column_width=320, gap="medium"):
            with st.container():
                st.markdown("URL to post to")
                st.code(guide.url(base), language=None)
                st.markdown(f"Secret (*{plain(guide.secret_goes)}*)")
                for name, is_set in guide.is_set(settings).items():
                    state = ":green-badge[:material/check: set]" if is_set else ":gray-badge[not set]"
                    st.markdown(f"the value of `{name}` {state}")
                if not guide.source.is_open(settings):
                    st.caption(
                        f":material/lock: This route answers 401 until `{guide.settings[0]}` is set (in `.env`, a long "
                        "random word) and the dashboard was started again."
                    )
            with st.container():
                st.markdown("Choose")
                st.markdown("\n".join(f"- {plain(trigger)}" for trigger in guide.triggers))
        if guide.example:
            st.code(guide.filled(base), language=guide.language)
        if guide.source.is_open(settings) and not guide.is_set(settings)[guide.settings[0]]:
            st.caption("With a signing token alone, GitLab's own *Test* button is the way to try it.")
        else:
            st.markdown(f"Try it, with the secret in the shell's variable `{guide.settings[0]}`:")
            st.code(guide.curl(base), language="bash", wrap_lines=True)
            st.caption(
                "It answers `{}`, and the table above counts one more delivery (once: the same again is known as a "
                "repetition). No row is made of it."
            )
        if guide.source.name == "gitlab":
            _on_gitlab(guide, base)


def _on_gitlab(guide: Guide, base: str) -> None:
    """The button that makes the webhook through the API."""
    settings = runtime().settings
    groups, projects = asked(choices.groups)["path"], asked(choices.projects)["path"]
    if projects.empty:
        return
    st.divider()
    st.markdown("**Or let the dashboard make it on GitLab**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = _KINDS[one_of("Of", list(_KINDS), key="hook_of")]
        paths = list(projects if kind == "projects" else groups)
        path = one_from("Which", paths, key=f"hook_{kind}", width=320)
        refusal = _refusal(guide)
        st.button(
            "Make the webhook",
            icon=":material/add_link:",
            key="make_hook",
            disabled=refusal is not None,
            help=refusal,
            on_click=_make,
            args=(guide, kind, path, base),
        )
    if refusal is not None:
        st.caption(f":material/lock: {plain(refusal)}")
    said = st.session_state.get(_SAID)
    # What was said stays while the page renews itself, until something else is chosen.
    if said is not None and said[:2] == (kind, path):
        good, text = said[2:]
        (st.success if good else st.error)(plain(text), icon=":material/check:" if good else ":material/error:")
        if not good:
            st.link_button("GitLab's form", gitlab_hook.form(settings, kind, path), icon=":material/open_in_new:")


def _refusal(guide: Guide) -> str | None:
    """Why this browser or this process may not make a webhook; None when it may."""
    settings = runtime().settings
    if settings.gitlab_token is None:
        return "Set GITLAB_ACCESS_TOKEN first, then start this server again."
    if not guide.source.is_open(settings):
        return f"Set {guide.settings[0]} first: GitLab is to show it with each delivery."
    return local_only("make webhooks")


def _make(guide: Guide, kind: str, path: str, base: str) -> None:
    """Make the webhook (a callback): asks once more whether this browser may."""
    if _refusal(guide) is not None:
        return
    try:
        hook = gitlab_hook.create(runtime().settings, cast(Kind, kind), path, guide.url(base))
    except HookError as error:
        st.session_state[_SAID] = (kind, path, False, str(error))
        return
    text = (
        f"{path} has a webhook that posts here." if hook.new else f"{path} has had a webhook that posts here already."
    )
    if not hook.sends:
        text += " GitLab has switched it off after failures: send a test event from GitLab's form to switch it on."
    st.session_state[_SAID] = (kind, path, hook.sends, text)
