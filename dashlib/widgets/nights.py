"""What the pages of nights share: their questions answered from memory, the chosen night, the grid's own filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts import palette
from dashlib.charts.night_box import nights_told
from dashlib.charts.night_grid import missing_form
from dashlib.charts.wording import (
    CAUSES,
    FAILED_AFTER,
    cause_told,
    holder_told,
    narrowed_told,
    plain,
    reason_told,
)
from dashlib.model import Filters
from dashlib.queries import night_grid, night_rows
from dashlib.queries import nightlies as queries
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nightlies import last_told
from dashlib.runtime import runtime
from dashlib.widgets.address import Words, pin, settle, told
from dashlib.widgets.answers import NO_FILTERS
from dashlib.widgets.choose import one_from, one_of, search_for, some_of, switch
from dashlib.widgets.filters import filters as bar
from dashlib.widgets.kept import of_copy
from dashlib.widgets.live import copy_of_nights

_MOST_OPEN = 40
_TUCKED_AWAY = ("schedule", "state", "job", "category", "whose", "sort", "grouped", "column", "times", "figures")
_NARROWING = ("find", "fresh", "noissue", "schedule", "state", "job", "category", "whose")
KEYS = ("night", "rows", "show", "search", "new", "allowed", "split", "opened", *_TUCKED_AWAY, *_NARROWING)
"""What the page Nightlies keeps in the address, beside the filter bar."""


@dataclass(frozen=True)
class Arranged:
    """How the grid is arranged: its order, its groups, how long a column is, whether run times and figures are told."""

    order: str
    group: str
    grain: str
    times: bool
    figures: bool


def of_nights(question: Callable[..., pd.DataFrame], chosen: Filters = NO_FILTERS, **arguments: Any) -> pd.DataFrame:
    """The answer to a question of nights, from a copy of their views in memory; kept until data moved."""
    return of_copy(copy_of_nights(), question, chosen, arguments)


def narrowed(night: date) -> tuple[Narrowed, Arranged]:
    """The grid's own filters, and how it is arranged."""
    words = of_nights(night_grid.choices, bar())
    offered = {str(kind): list(some["word"]) for kind, some in words.groupby("kind")}

    def some(label: str, kind: str, about: str | None = None) -> tuple[str, ...]:
        return some_of(label, offered.get(kind, []), key=kind, help=about)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_for("repository, schedule, job, error, runner", key="find", label="Search the grid")
        only_new = switch("only new", key="fresh")
        without_issue = switch("only without an issue", key="noissue")
    in_use = any(key in st.query_params for key in _TUCKED_AWAY)
    with st.expander("Filter, sort, group, zoom", icon=":material/tune:", expanded=in_use):
        with st.grid(5, min_column_width=160):
            schedules = some("Schedule", "schedule")
            states = some_of("State", night_grid.STATES, key="state", help="The state of the framed night.")
            jobs = some("Job", "job")
            categories = some("Reason", "category")
            whose = some("Whose", "whose", "Mine: your own user name. The schedule's owner, or who has the failure.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            order = one_from("Sort by", list(night_grid.ORDERS), key="sort")
            group = one_from("Group by", list(night_rows.GROUPS), key="grouped", width=130)
            grain = one_of("A column is a", list(night_grid.GRAINS), key="column")
            times = switch("run times in minutes", key="times")
            figures = switch("figures of each row", key="figures")
    chosen = Narrowed(night, schedules, states, jobs, categories, search, only_new, without_issue, whose)
    return chosen, Arranged(order, group, grain, times, figures)


def opened_rows() -> tuple[str, ...]:
    """The rows of the grid that show what is in them; they stand in the address."""

    def read(words: Words) -> list[str] | None:
        return words[:_MOST_OPEN] or None

    settle("opened", list[str](), read, list, "Row")
    return tuple(told("opened", list(st.session_state["opened"]), list))


def chosen_night(nights: pd.DataFrame, on_change: Callable[[], None] | None = None) -> int:
    """Which of the nights is looked at: its place in the frame; ``last_told`` unless another is chosen."""
    titles = {f"{night:%Y-%m-%d}": f"{night:%a %d %b %Y}" for night in nights["night"][::-1]}
    start = f"{nights['night'].iloc[last_told(nights)]:%Y-%m-%d}"
    chosen = one_from("Night", list(titles), key="night", default=start, titles=titles, on_change=on_change)
    pin("night", [chosen])
    return len(titles) - 1 - list(titles).index(chosen)


def under_way(now: pd.Series) -> bool:
    """Whether the numbers of a night will move: nothing is compared with them."""
    return bool(now["running"] + now["late"] + now["to_come"])


def earlier(nights: pd.DataFrame, place: int, chosen: Filters | None = None) -> pd.Series | None:
    """The night that the arrows compare with; None where there is none, or the night itself has not ended.

    Where something is to run later that day its numbers are those of the other nightlies alone (``chosen`` are the
    filters of ``nights``); without ``chosen`` there is nothing to compare with then.
    """
    now = nights.iloc[place]
    if not place or under_way(now):
        return None
    before = nights.iloc[place - 1]
    if not now["this_evening"]:
        return before
    if chosen is None:
        return None
    alike = of_nights(queries.nights, chosen, alike=now["night"].date())
    found = alike[alike["night"] == before["night"]]
    return None if found.empty else found.iloc[0]


def span(chosen: Filters) -> tuple[date, date]:
    """The first and the last night of the period: the grid's columns, whatever its rows are."""
    row = of_nights(night_grid.span, chosen).iloc[0]
    return row["first"].date(), row["last"].date()


def night_line(now: pd.Series, before: pd.Series | None) -> str:
    """What stands below the numbers of a night: what they compare with, and what the numbers cannot tell."""
    due = ", of the nightlies due so far" if now["this_evening"] else ""
    parts = [] if before is None else [f"Arrows compare with {before['night']:%a %d %b}{due}."]
    jobs, nightlies = ("job" if now["failed_jobs"] == 1 else "jobs"), _nightlies(now["planned"])
    told_of = [f"{now['runs']} of {now['planned']} {nightlies} ran", f"{now['failed_jobs']} {jobs} failed"]
    if now["partly_ran"]:
        who, times = _nightlies(now["partly_ran"]), "time" if now["times_missing"] == 1 else "times"
        told_of.append(f"{now['partly_ran']} {who} did not run every time: {now['times_missing']} {times} missed")
    told_of += [f"{now['passed_since']} failed first and passed since"] if now["passed_since"] else []
    told_of += [f"{now['failed_after']} {FAILED_AFTER}"] if now["failed_after"] else []
    told_of += [f"{now['canceled']} canceled"] if now["canceled"] else []
    told_of += [f"{now['this_evening']} to come later today"] if now["this_evening"] else []
    return " ".join([*parts, f"{'; '.join(told_of)}."])


def tell_other_runs(listed: int, now: pd.Series) -> None:
    """Where the list of failed jobs has others than the numbers of the night count, say why."""
    if listed != now["failed_jobs"]:
        st.caption(
            f"The line of numbers counts {now['failed_jobs']} failed jobs, those of the runs that decide. What failed "
            "in another run of a nightly and did not end again since is listed here, too."
        )


def tell_no_failed_jobs(now: pd.Series, *, filtered: bool) -> None:
    """The list of failed jobs is empty: by its own filters, because what failed has passed since, or nothing failed."""
    if filtered:
        st.caption("No failed job that matches.")
    elif now["passed_since"]:
        st.caption("No job of that night is left failed: what failed first has passed since.")
    else:
        st.caption("No failed job that night.")


def _nightlies(count: int) -> str:
    return "nightly" if count == 1 else "nightlies"


def evening_before(nights: pd.DataFrame, place: int, chosen: Filters) -> tuple[str, pd.DataFrame] | None:
    """What the night's morning note tells of the rest of the day before: its numbers and its rows; None for nothing."""
    if not nights["by_morning"].iloc[place]:
        return None
    day = nights["night"].iloc[place] - pd.Timedelta(days=1)
    that_day = replace(chosen, since=day.date(), until=day.date())
    found = of_nights(queries.nights, that_day, part="evening")
    if found.empty:
        return None
    counts = found.iloc[0]
    line = f"{counts['failed']} failed ({counts['newly_failed']} new), {counts['missing']} never ran"
    begun = runtime().settings.report_by
    said = f"Later on {day:%A, %d %B}, from {begun} on: {line}; {night_line(counts, None)}"
    return said, of_nights(queries.note, that_day, night=day.date(), part="evening")


def tell_empty(chosen: Narrowed) -> None:
    """The grid has no row: because of its own filters, which can be let go, or because nothing was red."""
    if narrowed_told(chosen):
        st.info("No row of the grid is left.", icon=":material/filter_alt_off:")
        return
    st.success("No nightly was red or missing in this period.", icon=":material/check_circle:")


def tell_narrowed(chosen: Narrowed) -> None:
    """What the grid's own filters are, and the way to let them go."""
    told_of = narrowed_told(chosen)
    if not told_of:
        return
    label = f"The grid is filtered to {plain('; '.join(told_of))}: show all"
    st.button(label, icon=":material/filter_alt_off:", type="tertiary", on_click=_widened, key="show_all_rows")


def tell_without_jobs(chosen: Narrowed, rows: str, told_of: pd.DataFrame) -> None:
    """Where rows are jobs: what never ran has no job, so it is told, with the way to its rows (``told_of`` are those of
    ``queries.nightlies.note``). Where rows are reasons, if somebody asks for a person's or for what did not run."""
    lost = set(chosen.states) & {"missing", "late"}
    if rows != "job" and not (rows == "reason" and (chosen.whose or lost)):
        return
    lost = lost or {"missing", "late"}
    gone = told_of[told_of["change"].isin(lost) & told_of["state"].isin(lost)]
    if chosen.whose:
        gone = gone[gone["owner_username"].isin(chosen.whose) | gone["assignee"].isin(chosen.whose)]
    if not gone.empty:
        names = ", ".join(gone["path_with_namespace"].unique()[:3])
        many = f"{len(gone)} {_nightlies(len(gone))} that did not run {'has' if len(gone) == 1 else 'have'} no {rows}"
        label = f"{many}: show {plain(names)} by repository"
        st.button(label, icon=":material/event_busy:", type="tertiary", on_click=_by_repository, key="show_jobless")


def _by_repository() -> None:
    # All of them: what is late only is neither red nor of last night.
    st.session_state["rows"], st.session_state["show"] = "repository", "all"


def _widened() -> None:
    for key in _NARROWING:
        st.session_state[key] = type(st.session_state[key])()


def legend() -> None:
    """What the cells of the grid of nights mean."""
    colours = {"failed": "red", "missing": "violet", "late": "violet", "warned": "orange"}
    colours |= {"running": "blue", "canceled": "gray", "passed": "green"}
    signs = {"failed": "3", "passed": "●"}
    badges = [
        f":{colour}-badge[{plain(signs.get(state, palette.STATES[state].sign))} {palette.STATES[state].label}]"
        for state, colour in colours.items()
    ]
    badges += [":gray-badge[· off: nothing was to run]", ":gray-badge[┄ by hand, or late: a dashed line]"]
    badges += [":violet-badge[▁ ran, but not every time: a line below]"]
    about = (
        "Numbers count failed jobs, letters name the same failure; below them stand the other failures of the night, "
        "+2 for two more. A white corner says new: failed, and not on the "
        "last night before that had a verdict. Click: why it failed. Alt and click: the job on GitLab. Arrow keys "
        "lead from cell to cell and left of the first to the row's arrow, where right opens it and left closes it. "
        "Tab leads to the links in a cell's box, Escape closes it, Alt and Enter open the job. Beside a "
        "letter's failure stand its failed jobs, each night anew, in all nights of the period."
    )
    st.markdown(f"{' '.join(badges)} :small[{about}]")


def risks_told(risks: pd.DataFrame) -> pd.DataFrame:
    """Schedules at risk with their reasons in words: column ``why``."""
    words = ["; ".join(CAUSES.get(one, one) for one in together) for together in risks["risks"]]
    return risks.assign(why=words)


def reasons_told(failed: pd.DataFrame) -> pd.DataFrame:
    """Failed jobs with their reason as rows by reason say it."""
    return failed.assign(reason=[reason_told(one) if isinstance(one, str) else one for one in failed["reason"]])


def missing_told(told_of: pd.DataFrame) -> None:
    """The nightlies that never ran, with the likely cause."""
    gone = told_of[told_of["change"] == "missing"]
    for row in gone.head(12).to_dict("records"):
        at = f", expected at {row['expected_at']:%H:%M}" if not pd.isna(row["expected_at"]) else ""
        why = cause_told(row) or "why is not known"
        name = f"**{plain(str(row['path_with_namespace']))}** · {plain(str(row['schedule']))}"
        since = f"missing for {nights_told(int(row['nights_missing']))}, since {row['missing_since']:%a %d %b}"
        owner = f", owner {row['owner_username']}" if isinstance(row["owner_username"], str) else ""
        link = f" · [schedules]({row['url']})" if isinstance(row["url"], str) else ""
        form = missing_form({str(name): value for name, value in row.items()})
        if isinstance(row["last_pipeline_url"], str):
            link += f" · [newest pipeline]({row['last_pipeline_url']})"
        link += f" · [new issue]({form})" if form else ""
        who = plain(holder_told(row["assignee"]))
        st.markdown(f":material/event_busy: {name}{at}: {why}; {since}{plain(owner)}; {who}{link}")
    if len(gone) > 12:
        st.caption(f"And {len(gone) - 12} more: choose the state “missing” above the grid.")
