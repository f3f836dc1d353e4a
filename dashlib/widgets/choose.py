"""The widgets with which something is chosen; each stands in the address under its key (see ``address``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeVar

import streamlit as st

from dashlib.charts.wording import OPTIONS
from dashlib.widgets.address import Words, settle, told

Option = TypeVar("Option", str, int)
_AS_TALL = "<style>[data-testid=stButtonGroup] button {min-height: 2.5rem}</style>"


def as_tall() -> None:
    """Make what is in sight as tall as what is chosen from a list: side by side their labels stand on one line."""
    st.html(_AS_TALL)


def one_of(
    label: str,
    options: Sequence[str],
    key: str,
    default: str | None = None,
    titles: Mapping[str, str] | None = None,
    about: str | None = None,
) -> str:
    """One of a few, all in sight; ``titles`` says how they are shown, ``about`` what the choice is about."""
    shown = titles or {}
    settle(key, default or options[0], _one(options), _said_one, label)
    found = st.segmented_control(
        label,
        options,
        key=key,
        required=True,
        help=about,
        format_func=lambda option: shown.get(option) or _title(option),
    )
    return told(key, str(found), _said_one)


def one_from(
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    default: Option | None = None,
    width: int | Literal["stretch"] = 180,
    about: str | None = None,
    titles: Mapping[Option, str] | None = None,
    on_change: Callable[[], None] | None = None,
) -> Option:
    """One of many; ``titles`` says how they are shown.

    ``on_change`` is called when a person chooses another one, before the page runs.
    """
    shown = titles or {}
    settle(key, options[0] if default is None else default, _one(options), _said_one, label)
    found: Option = st.selectbox(
        label,
        options,
        key=key,
        width=width,
        help=about,
        format_func=lambda option: shown.get(option) or _title(option),
        on_change=on_change,
    )
    return told(key, found, _said_one)


def some_of(
    label: str,
    options: Iterable[str],
    key: str,
    placeholder: str = "All",
    means: Callable[[str], str | None] = lambda _: None,
    **more: Any,
) -> tuple[str, ...]:
    """Any of many, none is all. ``means`` tells the option that another word in the address stands for, if any."""
    offered = list(options)

    def known(words: Words) -> list[str] | None:
        found = [word if word in offered else means(word) for word in words]
        return list(dict.fromkeys(word for word in found if word in offered)) or None

    settle(key, list[str](), known, list, label)
    found = st.multiselect(label, offered, key=key, placeholder=placeholder, filter_mode="contains", **more)
    return tuple(told(key, found, list))


def search_for(placeholder: str, key: str, label: str = "Search") -> str:
    """A search field; ``label`` says what it searches where a page has several."""
    settle(key, "", _text, _said_text, label)
    found = st.text_input(label, key=key, type="search", placeholder=placeholder, width=380, live="400ms")
    return told(key, found or "", _said_text).strip()


def text_of(label: str, key: str) -> str:
    """A word in the address that no widget of its own shows: what was picked in a table, say."""
    settle(key, "", _text, _said_text, label)
    return told(key, str(st.session_state[key] or ""), _said_text)


def switch(label: str, key: str) -> bool:
    """On or off; off unless the address says ``true``."""
    settle(key, False, _flag, _said_flag, label)
    return told(key, st.toggle(label, key=key), _said_flag)


def day(label: str, key: str, start: date) -> date:
    """One day, as ``YYYY-MM-DD`` in the address; ``start`` where the field is emptied."""
    settle(key, start, _day, _said_day, label)
    found: date | None = st.date_input(label, key=key, format="YYYY-MM-DD")
    return told(key, found or start, _said_day)


def page_of(pages: int, key: str) -> int:
    """Which of so many pages is looked at, from 1; nothing is drawn where there is only one."""

    def read(words: Words) -> int | None:
        return int(words[-1]) if words[-1].isdecimal() and 1 <= int(words[-1]) <= pages else None

    def said(value: int) -> Words:
        return [str(value)]

    settle(key, 1, read, said, "Page")
    found = st.pagination(pages, key=key) if pages > 1 else 1
    return told(key, found, said)


def _title(option: object) -> str:
    return OPTIONS.get(str(option), str(option))


def _one(options: Sequence[Option]) -> Callable[[Words], Option | None]:
    by_word = {str(option): option for option in options}
    return lambda words: by_word.get(words[-1])


def _said_one(value: object) -> Words:
    return [] if value is None else [str(value)]


def _text(words: Words) -> str:
    return words[-1]


def _said_text(value: str | None) -> Words:
    return [value] if value else []


def _flag(words: Words) -> bool | None:
    return {"true": True, "false": False}.get(words[-1].lower())


def _said_flag(value: bool) -> Words:
    return ["true"] if value else []


def _day(words: Words) -> date | None:
    try:
        return date.fromisoformat(words[-1])
    except ValueError:
        return None


def _said_day(value: date | None) -> Words:
    return [] if value is None else [value.isoformat()]
