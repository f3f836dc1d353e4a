"""Who acts: whoever is signed in, else a name that is asked for once per browser and kept in a cookie there.

Streamlit reads cookies when a page is opened and writes none: a component does that in the browser. The name proves
nothing, it tells colleagues whom to ask; what may be written is decided by ``local_only``.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import streamlit as st

_COOKIE, _MISSING = "dash_name", "name_missing"
_LONGEST = 60
_KEEP = st.components.v2.component(
    "keep_name",
    html="<span></span>",
    js="""
export default function (component) {
  const name = encodeURIComponent(component.data.name)
  document.cookie = `${component.data.cookie}=${name}; path=/; max-age=31536000; SameSite=Strict`
}
""",
)


def my_name() -> str | None:
    """The name of whoever acts here; None where nobody is signed in and no name was given yet."""
    if getattr(st.user, "is_logged_in", False):
        claims = st.user.to_dict()
        return _clean(str(claims.get("name") or claims.get("email") or claims.get("sub") or "")) or None
    said = st.session_state.get("acting_name")
    if said:
        return str(said)
    kept = dict(st.context.cookies).get(_COOKIE, "")
    return _clean(unquote(kept)) or None


def my_email() -> str:
    """The address that whoever is signed in has proved; empty where nobody is signed in."""
    if getattr(st.user, "is_logged_in", False):
        return str(st.user.to_dict().get("email") or "")
    return ""


def ask_anew() -> None:
    """Whoever is asked next has answered nothing yet (in a callback)."""
    st.session_state.pop(_MISSING, None)


def ask_name(then: Callable[[], None], not_now: Callable[[], None], place: str = "", *, framed: bool = True) -> None:
    """The question for the name, kept for this browser; ``then`` is called once there is one (in a callback).

    A form: Enter saves, and leaving the field does nothing yet. ``framed``: it stands alone on the page.
    """
    with st.form(f"who_are_you{place}", width=560 if framed else "stretch", border=framed):
        st.text_input(
            "Your name",
            key=f"name_asked{place}",
            max_chars=_LONGEST,
            placeholder="your user name on GitLab, or how your team knows you",
            help="Stands beside what you change, so that others know whom to ask. With your GitLab user name a failure "
            "is yours with one click; by another name you choose the account. Kept in a cookie of this browser.",
        )
        if st.session_state.get(_MISSING):
            st.error("A name is needed: it stands beside the change.", icon=":material/error:")
        st.caption("Who are you? Asked once in this browser, before the first change, which is made then.")
        with st.container(horizontal=True):
            st.form_submit_button("Save", key=f"name_saved{place}", type="primary", on_click=_told, args=(then, place))
            st.form_submit_button("Do nothing", key=f"not_now{place}", type="tertiary", on_click=not_now)


def keep_name(place: str = "") -> None:
    """Write a name given in this session into the browser's cookie."""
    said = st.session_state.get("acting_name")
    if said:
        _KEEP(data={"cookie": _COOKIE, "name": said}, key=f"keep_name{place}", height=1)


def _told(then: Callable[[], None], place: str) -> None:
    name = _clean(st.session_state.get(f"name_asked{place}") or "")
    st.session_state[_MISSING] = not name
    if name and my_name() is None:
        st.session_state["acting_name"] = name
        then()


def _clean(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]
