"""What the page of commits is made of: its choices, its questions answered from memory, what a click narrows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from dashlib.charts import commit_tables as shown
from dashlib.charts.commit_hours import heat
from dashlib.charts.over_time import PICK, shares, stacked
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import builds, commit_listing, commits, committed, differences, reconciliation
from dashlib.queries.commit_credits import OVERLAPPING
from dashlib.runtime import runtime
from dashlib.widgets.address import Words, put, settle, told
from dashlib.widgets.answers import asked, chart, metrics, table
from dashlib.widgets.choose import one_from, one_of
from dashlib.widgets.filters import CUSTOM
from dashlib.widgets.kept import of_copy
from dashlib.widgets.live import shows

VIEWS = {
    "overview": "Overview",
    "hours": "Hours of the week",
    "list": "The commits",
    "pushed": "Authored, pushed, committed",
    "builds": "Builds by author",
}
_FILTER_OF = {"person": "person", "repository": "repo", "group": "group"}
_ROWS = 2000
_NEXT = {"day": 1, "week": 7, "month": 31, "quarter": 92}


def of_commits(question: Callable[..., pd.DataFrame], chosen: Filters, **arguments: Any) -> pd.DataFrame:
    """The answer to a question of commits, from their copy in memory; kept until data moved."""
    copy = runtime().commits.newest()
    shows(copy.version)
    return of_copy(copy, question, chosen, arguments)


def tell_awaited() -> None:
    """That a decision about persons is not in the figures yet; the page follows by itself."""
    if runtime().commits.is_awaited:
        st.info(
            "The last decisions about persons are being worked into these figures; the page follows by itself.",
            icon=":material/hourglass_top:",
        )


ALL_BRANCHES = (
    "All: every commit that was seen on any branch, also those of branches that are gone and those that a force-push "
    "replaced. Default: what the default branch holds now."
)


def which_view() -> str:
    """The part of the page that is looked at."""
    return one_of("Show", list(VIEWS), key="view", titles=VIEWS)


def which_commits() -> commits.Narrowed:
    """Which commits count, and for whom: the choices that every question takes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        branches = one_of("Branches", list(commits.BRANCHES), key="branches", about=ALL_BRANCHES)
        merges = one_from("Merge commits", list(commits.CHOICES), key="merges", width=130)
        bots = which_robots()
        role = one_from(
            "Counted for",
            list(commits.ROLES),
            key="role",
            width=150,
            about="Pusher: whoever made the first push that brought a commit, where one is known.",
        )
        forks = one_from(
            "Forks", list(commits.FORKS), key="forks", width=150, about="A commit that stands in several repositories."
        )
    return commits.Narrowed(role, merges, bots, branches, forks)


def which_robots() -> str:
    """Whether what robots did counts."""
    return one_from("Robots", list(commits.CHOICES), key="bots", width=120)


def overview(filters: Filters, which: commits.Narrowed) -> None:
    """Commits over time, everybody's numbers, and why they are not those of the pushes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = one_of("By", list(commits.BY), key="by")
        grain = one_of("Per", list(commits.GRAINS), key="per", default=commits.usual_grain(filters))
        measure = one_from("Measure", list(commits.MEASURES), key="measure", width=140, titles=shown.MEASURES)
        top = one_from("Shown", [5, 8, 15], key="top", default=8, width=90, about="The rest is summed as others.")
    title = shown.MEASURES[measure]
    series = of_commits(commits.over_time, filters, by=by, grain=grain, top=top, measure=measure, which=which)
    ranking = of_commits(commits.ranking, filters, by=by, which=which)
    _tell_overlap(filters, by, which)
    st.header(f"{title} per {grain}, by {by}", anchor=False)
    says = f"{title} per {grain} by {by}: {ranking['label'][0]} leads with {ranking['commits'][0]:,} commits"
    figure = stacked(series, "period", measure, title.lower(), grain, picks=True)
    narrow = partial(_bar_clicked, by, grain, series, filters)
    chart(figure, series, says, "commits_over_time", on_select=narrow, selection_mode=PICK)
    other = "repository" if by == "person" else "person"
    st.header(f"Every {by}", anchor=False)
    says = f"Commits of every {by}, the most first"
    picked = partial(_row_clicked, by, ranking) if by in _FILTER_OF else None
    table(ranking, shown.RANKING[by], says, "ranking", on_select=picked, headings=shown.CSV_HEADINGS[by])
    st.header(f"{title} by {other}", anchor=False)
    _tell_overlap(filters, other, which)
    split = of_commits(commits.over_time, filters, by=other, grain="quarter", top=12, measure=measure, which=which)
    chart(shares(split, measure, title.lower()), split, f"{title} by {other}", "commits_by_other")
    line = of_commits(reconciliation.line, filters, which=which)
    authored = int(line.loc[line["term"] == reconciliation.AUTHORED, "amount"].iloc[0])
    terms = " ".join(shown.terms(line, which.merges, which.bots).values())
    whoever = "" if which.role == "author" else "whoever they are counted for above, "
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f":material/balance: {whoever}{authored:,} authored = {plain(terms)}.", width="content")
        st.button(
            "The commits of each", key="to_reconciliation", type="tertiary", icon=":material/arrow_forward:",
            on_click=put, args=({"view": ["pushed"]},), help="Opens *Authored, pushed, committed*.",
        )  # fmt: skip


def hours(filters: Filters, which: commits.Narrowed) -> None:
    """The week on the authors' own clocks."""
    answer = of_commits(commits.hours, filters, which=which)
    known = int(answer["commits"].sum())
    st.header("Hours of the week, on the authors' own clocks", anchor=False)
    chart(heat(answer), answer, "Commits by weekday and hour", "commit_hours")
    total = int(of_commits(commits.totals, filters, which=which)["commits"].iloc[0])
    if known < total:
        st.caption(f"Of {total - known:,} commits only a hook has told so far, without the author's clock.")


def listed(filters: Filters, which: commits.Narrowed, credits: int) -> None:
    """The commits themselves, newest first."""
    answer = of_commits(_listed, filters, rows=_ROWS, which=which)
    table(answer, shown.COMMITS, "Commits, newest first", "commits", credits)


def _listed(copy: duckdb.DuckDBPyConnection, filters: Filters, **arguments: Any) -> pd.DataFrame:
    with runtime().store.reader() as database:
        return commit_listing.listed(copy, database, filters, **arguments)


def authored_and_pushed(filters: Filters, which: commits.Narrowed) -> None:
    """The two lines that add up, and the commits (or pushes) of each of their terms."""
    line = of_commits(reconciliation.line, filters, which=which)
    authored = int(line.loc[line["term"] == reconciliation.AUTHORED, "amount"].iloc[0])
    titles = shown.terms(line, which.merges, which.bots)
    st.header(f"{authored:,} authored =", anchor=False)
    term = _term("term", "Difference from pushed", titles)
    st.caption(
        "What was pushed is what events of pushes count; which commits that were, the graph of commits tells. "
        "Robots push, too. Choose a difference to see its commits."
    )
    if term in reconciliation.OF_PUSHES:
        answer = of_commits(_differing_pushes, filters, term=term, which=which)
        table(answer, shown.PUSHES, f"Pushes: {titles[term]}", "differing_pushes")
    elif term in differences.PUSHED_TERMS:
        # What was pushed again counts each time, and stands in the list once.
        _differing("pushed", term, titles[term], filters, which, None if term == "again" else _amount(line, term))
    second = of_commits(committed.line, filters, which=which)
    titles = shown.committed_terms(second)
    st.header(f"{_amount(second, committed.AUTHORED):,} authored =", anchor=False)
    term = _term("committed", "Difference from committed", titles)
    st.caption("Git names an author and a committer of each commit, and when it was written and committed.")
    if term in differences.COMMITTED_TERMS:
        _differing("committed", term, titles[term], filters, which, _amount(second, term))


def _amount(line: pd.DataFrame, term: str) -> int:
    return int(line.loc[line["term"] == term, "amount"].abs().sum())


def _differing(line: str, term: str, title: str, filters: Filters, which: commits.Narrowed, amount: int | None) -> None:
    answer = of_commits(_differing_commits, filters, line=line, term=term, which=which)
    table(answer, shown.DIFFERING[line], f"Commits: {title}", f"differing_{line}", amount)


def _differing_commits(copy: duckdb.DuckDBPyConnection, filters: Filters, **arguments: Any) -> pd.DataFrame:
    with runtime().store.reader() as database:
        return differences.listed(copy, database, filters, **arguments)


def _differing_pushes(copy: duckdb.DuckDBPyConnection, filters: Filters, **arguments: Any) -> pd.DataFrame:
    with runtime().store.reader() as database:
        return differences.listed_pushes(copy, database, filters, **arguments)


def built(filters: Filters) -> None:
    """Pipelines that people set off, how they ended, how long they waited."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bots = which_robots()
        grain = one_of("Per", list(commits.GRAINS), key="per", default=commits.usual_grain(filters))
    sums = asked(builds.totals, filters, bots=bots).iloc[0]
    if not sums["builds"]:
        st.info("Nobody set off a pipeline in this period, as far as is known.", icon=":material/filter_alt_off:")
        return
    metrics(shown.BUILD_SUMS, sums)
    series = asked(builds.over_time, filters, grain=grain, bots=bots)
    st.header(f"Builds per {grain}", anchor=False)
    figure = stacked(series, "period", "builds", "builds", grain, colours=shown.ENDS)
    chart(figure, series, f"Builds per {grain}", "builds_over_time")
    st.header("Everybody", anchor=False)
    answer = asked(builds.ranking, filters, bots=bots)
    table(answer, shown.BUILDS, "Builds of everybody, the most first", "builds")


def _tell_overlap(filters: Filters, by: str, which: commits.Narrowed) -> None:
    co_authors = which.role in OVERLAPPING
    if by != "team" and not co_authors:
        return
    sums = of_commits(commits.overlap, filters, by=by, which=which).iloc[0]
    if sums["counted"] > sums["commits"]:
        st.caption(shown.overlap_told(by, int(sums["commits"]), int(sums["counted"]), co_authors=co_authors))


def _term(key: str, label: str, titles: Mapping[str, str]) -> str:
    """The term whose commits are shown; none until one is chosen."""

    def read(words: Words) -> str | None:
        return words[-1] if words[-1] in titles else None

    def said(value: str | None) -> Words:
        return [value] if value else []

    settle(key, None, read, said, label)
    found = st.pills(label, list(titles), key=key, format_func=lambda term: titles[term], label_visibility="collapsed")
    return told(key, found, said) or ""


def _row_clicked(by: str, ranking: pd.DataFrame) -> None:
    """A row of the table narrows the page to its person, repository or group."""
    rows = st.session_state["table_ranking"]["selection"]["rows"]
    if rows and rows[0] < len(ranking):
        put({_FILTER_OF[by]: [str(ranking["key"].iloc[rows[0]])]})


def _bar_clicked(by: str, grain: str, series: pd.DataFrame, filters: Filters) -> None:
    """A bar narrows the page to its days, and to whom it shows."""
    picked = st.session_state["chart_commits_over_time"]["selection"].get(PICK) or []
    if not picked:
        return
    first = date.fromisoformat(str(picked[0]["slot"]))
    last = _last_of(first, grain)
    narrowed = {
        "period": [CUSTOM],
        "from": [max(first, filters.since or first).isoformat()],
        "to": [min(last, filters.until or last).isoformat()],
    }
    known = series.loc[series["key"].notna() & (series["series"] == picked[0]["series"]), "key"]
    if by in _FILTER_OF and len(known):
        narrowed[_FILTER_OF[by]] = [str(known.iloc[0])]
    put(narrowed)


def _last_of(first: date, grain: str) -> date:
    """The last day of a day, week, month or quarter that begins on ``first``."""
    if grain in ("day", "week"):
        return first + timedelta(days=_NEXT[grain] - 1)
    later = first + timedelta(days=_NEXT[grain])
    return later.replace(day=1) - timedelta(days=1)
