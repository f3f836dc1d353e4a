"""What is chosen stands in the address, so that a view can be sent as a link, and Back and Forward lead to it.

Every choice of the frame and of a page has a key; the address names those that differ from what they start with. A
widget is drawn in three steps: ``settle`` puts into session state what it shall hold, then it is drawn under that key,
then ``told`` takes down what it holds. The frame calls ``arrive`` before anything is drawn and ``write`` afterwards.

Why not Streamlit's own ``bind="query-params"`` (measured in Chromium with Streamlit 1.67): when a page is left, the
values bound in it are stripped from the address by an entry of its own in the browser's history, so that Back opens the
page without them; a bound widget that the next page does not draw leaves such an entry, too. A key must not be bound
and kept here at once: Streamlit refuses to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashlib.widgets.address_keys import KEYS, PAGE_KEYS, strange

Value = TypeVar("Value")
FRONT_DOOR = "overview"
_NOBODYS = ""
Words = list[str]
"""A choice as the address has it: one word, several (``repo=a&repo=b``), or none."""


@dataclass
class _Held:
    """What one browser session has chosen so far.

    ``arrivals`` counts openings of a page; ``read`` says at which of them a key last asked the address. ``kept`` holds
    what differs from its start, on every page; ``starts`` what a key starts with; ``pages`` the keys of each page.
    ``pins`` and ``pinned`` see ``pin``; ``at_arrival`` is what was chosen when the page was opened, None until then.
    """

    page: str
    path: str
    arrivals: int = 1
    address_alone: bool = True
    read: dict[str, int] = field(default_factory=dict)
    kept: dict[str, Words] = field(default_factory=dict)
    starts: dict[str, Words] = field(default_factory=dict)
    pages: dict[str, set[str]] = field(default_factory=dict)
    drawn: dict[str, Words] = field(default_factory=dict)
    pins: dict[str, Words] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    at_arrival: dict[str, Words] | None = None
    unknown: list[tuple[str, str]] = field(default_factory=list)
    unknown_with: dict[str, Words] | None = None


def _held() -> _Held:
    held: _Held = st.session_state["address"]
    return held


def arrive(page: str, path: str) -> None:
    """Begin a run of ``page`` at ``path``: is it opened just now, and does the address alone say what it shows?

    It does when a browser opens it by its address, goes back or forward to it, or follows a link of the front door: its
    numbers are those of the page that the link names, not of what was left there. Coming by another link, what the
    address does not name stays as it was left.
    """
    context = get_script_run_ctx()
    back_or_forward = context is not None and context.is_history_navigation
    if "address" not in st.session_state:
        st.session_state["address"] = _Held(page, path)
    held = _held()
    if back_or_forward or path != held.path:
        held.address_alone = back_or_forward or held.page == FRONT_DOOR
        held.page, held.path = page, path
        held.arrivals += 1
        held.at_arrival = None
    held.drawn, held.pins = {}, {}


def arrivals() -> int:
    """How often a page was come to in this session: the same number while one stays on it."""
    return _held().arrivals


def settle(
    key: str,
    start: Value,
    read: Callable[[Words], Value | None],
    said: Callable[[Value], Words],
    label: str,
) -> None:
    """Put into session state what the widget of ``key`` shall hold when it is drawn.

    ``read`` makes a value of words, None where they mean nothing here; ``said`` makes words of a value.
    """
    held = _held()
    old_start = held.starts.get(key)
    held.starts[key] = said(start)
    arrived = held.read.get(key) != held.arrivals
    if arrived:
        held.read[key] = held.arrivals
        asked = st.query_params.get_all(key)
        words = asked or ([] if held.address_alone else held.kept.get(key, []))
        if asked:
            found = read(asked)
            known = [] if found is None else said(found)
            # A word may stand for another one (a person's id of before), or for what a choice starts with, of which no
            # word tells ("only new" is off): what can be read by itself is known.
            held.unknown += [
                (key, f"{label} “{word[:60]}”") for word in asked if word not in known and read([word]) is None
            ]
    elif key in st.session_state:
        words = said(st.session_state[key])
        if words == old_start:
            words = []
    else:
        words = held.kept.get(key, [])
    found = read(words) if words else None
    value = start if found is None else found
    # On another page a widget of the same key is another widget: it begins empty unless it is told.
    if arrived or key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def knows(key: str) -> bool:
    """Whether the page that is open has a choice of this key."""
    return key in PAGE_KEYS.get(_held().page, frozenset())


def arriving(key: str) -> Words | None:
    """The words that ``key`` will be read from, where its page was opened just now; None from then on."""
    held = _held()
    if held.read.get(key) == held.arrivals:
        return None
    return st.query_params.get_all(key) or ([] if held.address_alone else held.kept.get(key, []))


def told(key: str, value: Value, said: Callable[[Value], Words]) -> Value:
    """Take down what the widget of ``key`` holds; gives it back."""
    held = _held()
    words = said(value)
    held.drawn[key] = [] if words == held.starts[key] else words
    if held.drawn[key]:
        held.kept[key] = held.drawn[key]
    else:
        held.kept.pop(key, None)
    held.pages.setdefault(held.page, set()).add(key)
    return value


def pin(key: str, words: Words) -> None:
    """Name in the address what ``key`` starts with, too, since it starts with something else tomorrow (the last night).

    From when on a person chooses anything else on the page: then one step of Back takes away both. An address that
    names it keeps it; one that does not is not changed by being opened.
    """
    _held().pins[key] = words


def _pinned(now: Mapping[str, Words]) -> dict[str, Words]:
    held = _held()
    chosen = {key: words for key, words in held.drawn.items() if words and key not in held.pins}
    if held.at_arrival is None:
        held.at_arrival, held.pinned = chosen, held.pins.keys() & now.keys()
    elif chosen and chosen != held.at_arrival:
        held.pinned = set(held.pins)
    return {key: words for key, words in held.pins.items() if key in held.pinned and not held.drawn.get(key)}


def write() -> None:
    """Bring the address up to date; one change is one step for Back. What was not drawn stays in it as it is.

    A key that this page does not know leaves it, as a word does that means nothing here; ``unknown`` tells both.
    """
    now = {key: st.query_params.get_all(key) for key in st.query_params}
    held = _held()
    # At the root what Nightlies asks leads there, except on the way back, which shall change nothing.
    page = held.page if held.path else ""
    lost = strange((key for key in now if key not in held.drawn and (key not in held.starts or key in KEYS)), page)
    held.unknown += [(_NOBODYS, text) for text in lost.values()]
    wanted = {key: words for key, words in (now | held.drawn | _pinned(now)).items() if words and key not in lost}
    if wanted != now:
        st.query_params.from_dict(wanted)


def carry(keys: Iterable[str]) -> None:
    """Keep what the address says of choices that this page does not show, for the pages that do."""
    asked = {key: st.query_params.get_all(key) for key in keys}
    _held().kept.update({key: words for key, words in asked.items() if words})


def link_to(page: str, keys: Iterable[str]) -> dict[str, Any]:
    """The query of a link to ``page``: what was chosen there, and of the choices ``keys`` that it shares."""
    held = _held()
    own = held.pages.get(page, set()) | set(keys)
    return {key: words for key, words in held.kept.items() if key in own}


def put(choices: Mapping[str, Words]) -> None:
    """Choose these words (a callback: a click on a chart), as if the address had named them."""
    held = _held()
    for key, words in choices.items():
        held.kept[key] = list(words)
        held.read[key] = held.arrivals
        st.session_state.pop(key, None)


def forget() -> None:
    """Set every choice of this page and its frame back to its start (a button's callback)."""
    held = _held()
    held.pinned, held.at_arrival = set(), {}
    for key in held.pages.get(held.page, set()) | set(held.kept) & set(st.query_params):
        held.kept.pop(key, None)
        held.read[key] = held.arrivals
        st.session_state.pop(key, None)


def unknown() -> list[str]:
    """What the address asked for in vain of what this page shows, until something else is chosen; after ``write``.

    So are keys that this page does not know.
    """
    held = _held()
    if held.unknown and held.unknown_with is None:
        held.unknown_with = dict(held.kept)
    elif held.unknown_with != held.kept:
        held.unknown, held.unknown_with = [], None
    return [text for key, text in held.unknown if key in held.drawn or key == _NOBODYS]
