"""The one filter bar of the frame: group, repository, person and period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import streamlit as st

from dashlib.charts.wording import described, plain
from dashlib.model import Filters
from dashlib.queries import choices, nightlies, people
from dashlib.runtime import runtime
from dashlib.widgets.address import arriving, carry, knows, put, unknown
from dashlib.widgets.answers import asked
from dashlib.widgets.choose import day, one_from, some_of
from dashlib.widgets.kept import of_copy
from dashlib.widgets.live import copy_of_nights

PERIODS = {"7 days": 7, "14 days": 14, "30 days": 30, "90 days": 90, "365 days": 365}
USUAL, CUSTOM = "30 days", "custom"
FILTER_KEYS = ("period", "from", "to", "group", "repo", "person")
"""The keys of the filter bar in every address: the whole company's last thirty days, where none is named."""


def filter_bar(shown: bool) -> None:
    """Draw the filter bar where it is ``shown`` and there is something to filter; ``filters`` answers what it holds.

    What was chosen is kept for the other pages where it is not shown.
    """
    if not shown or not asked(choices.held).iloc[0]["projects"]:
        carry(FILTER_KEYS)
        st.session_state["filters"] = Filters()
        return
    _reach_the_night()
    _own_days()
    since, until = _period()
    groups = some_of("Group", asked(choices.groups)["path"], key="group", placeholder="All groups")
    known = asked(choices.projects)
    gone = set(known.loc[known["is_gone"], "path"])
    projects = some_of(
        "Repository", known["path"], key="repo", placeholder="All repositories",
        format_func=lambda path: f"{path} (gone)" if path in gone else path,
    )  # fmt: skip
    labels = _labels()
    about = "Commits: whoever they are counted for. Activity: who did it. Nightlies: whose account ran it."
    # Ids stand in the address: two people may have one name, and the label of one may change.
    persons = some_of(
        "Person", labels, key="person", placeholder="Everybody", help=about, means=_person,
        format_func=lambda person: labels.get(person, person),
    )  # fmt: skip
    st.session_state["filters"] = Filters(groups, projects, persons, since, until)


def _labels() -> dict[str, str]:
    """What persons are called, by id, in the order of the filter bar."""
    persons = asked(choices.persons)
    return dict(zip(persons["id"], persons["label"], strict=True))


def _person(word: str) -> str | None:
    """Whom an id or an address of before, or a name that one alone has, leads to: a link outlives a merge."""
    known = asked(people.known_as, word=word)
    return str(known["id"].iloc[0]) if len(known) == 1 else None


def chosen_persons() -> list[str]:
    """What the persons of the filter bar are called."""
    labels = _labels() if filters().persons else {}
    return [labels.get(person, person) for person in filters().persons]


def filters() -> Filters:
    """What the filter bar holds now."""
    held: Filters = st.session_state["filters"]
    return held


def header(title: str, about: str) -> None:
    """A page's title, and what the filters leave of the world."""
    st.title(title, anchor=False)
    st.caption(f"{about} {plain(described(filters(), runtime().settings.timezone))}")


def tell_unknown() -> None:
    """Say what the address asks for in vain."""
    words = unknown()
    if words:
        asked_for = plain(", ".join(words))
        st.warning(
            f"The link asks for what is not here, or not in this period: {asked_for}.", icon=":material/link_off:"
        )


def _period() -> tuple[date, date]:
    """The chosen days: the last so many, or from one to another."""
    period = one_from("Period", [*PERIODS, CUSTOM], key="period", default=USUAL, width="stretch")
    since, until = _last(PERIODS.get(period, PERIODS[USUAL]))
    if period == CUSTOM:
        since = day("From", key="from", start=since)
        until = day("To", key="to", start=until)
        if until < since:
            st.caption(":material/swap_horiz: The last day comes before the first: read the other way round.")
    return min(since, until), max(since, until)


def _own_days() -> None:
    """Days that an address names without a period are a period of one's own: nobody means them to be passed over."""
    if arriving("period") == [] and {"from", "to"} & set(st.query_params):
        put({"period": [CUSTOM]})


def _reach_the_night() -> None:
    """A link to a night shows it however old the link is: the last so many days that do not reach it end with it."""
    words = arriving("period")
    if words is None or not knows("night"):
        return
    try:
        night = date.fromisoformat(st.query_params.get("night", ""))
    except ValueError:
        return
    days = PERIODS.get(words[-1] if words else USUAL)
    if days is None or night >= _last(days)[0]:
        return
    told = of_copy(copy_of_nights(), nightlies.nights, Filters(), {})
    if (told["night"] == pd.Timestamp(night)).any():
        put({"period": [CUSTOM], "from": [f"{night - timedelta(days=days - 1)}"], "to": [f"{night}"]})


def _last(days: int) -> tuple[date, date]:
    """The first and the last of so many days up to today, in the team's zone."""
    today = datetime.now(UTC).astimezone(runtime().settings.zone).date()
    return today - timedelta(days=days - 1), today
