"""Which nightlies failed last night, why, since when, and what is new."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import tables
from dashlib.charts.night_grid import SELECTION, night_grid
from dashlib.charts.over_time import stacked
from dashlib.charts.wording import plain
from dashlib.queries import choices, nightlies

widgets.header("Nightlies", "What ran at night, what failed, and since when.")
filters = widgets.filters()
nights = widgets.asked(nightlies.nights, filters)
if nights.empty:
    widgets.nothing("nightlies", widgets.asked(choices.held).iloc[0]["last_night"])
    st.stop()


def pick_cell() -> None:
    """A click on a cell chooses its night and its repository for the table above."""
    for cell in st.session_state["chart_grid"].selection.get(SELECTION, [])[:1]:
        st.session_state.update(night=cell["slot"], search=cell["path"])
        st.toast(f"Above: failed jobs of {plain(cell['path'])}, {cell['slot']}", icon=":material/arrow_upward:")


def show_all_jobs() -> None:
    """Search for nothing: what was looked for on one night is rarely what is looked for on another."""
    st.session_state["search"] = ""


titles = {f"{night:%Y-%m-%d}": f"{night:%a %d %b %Y}" for night in nights["night"][::-1]}
chosen = widgets.one_from("Night", list(titles), key="night", titles=titles, on_change=show_all_jobs)
index = len(titles) - 1 - list(titles).index(chosen)
now, before = nights.iloc[index], nights.iloc[index - 1] if index else None
widgets.metrics(tables.NIGHT, now, before)
if before is not None:
    st.caption(f"Arrows compare with {before['night']:%a %d %b}.")
if now["running"]:
    st.caption(f":material/hourglass_top: {int(now['running'])} of them still running: their verdict is open.")

st.subheader(f"Failed jobs of {now['night']:%A, %d %B}", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    search = widgets.search_for("repository, job, reason, runner", key="search")
    only_new = widgets.switch("only new", key="new")
    allowed = widgets.switch("allowed failures too", key="allowed")
if search:
    label = f"Filtered to “{plain(search)}”: show all"
    st.button(label, icon=":material/filter_alt_off:", type="tertiary", on_click=show_all_jobs, key="show_all_jobs")
failed = widgets.asked(
    nightlies.failed_jobs, filters, night=now["night"].date(), search=search, only_new=only_new, allowed=allowed
)
if failed.empty:
    st.caption("No failed job that matches." if search or only_new else "No failed job that night.")
else:
    widgets.table(failed, tables.FAILED_JOBS, "Failed jobs of the night, new ones first, with links", "failed_jobs")

st.subheader("Repositories × nights", anchor=False)
with st.container(horizontal=True):
    show = widgets.one_of("Show", list(nightlies.SHOWN), key="show")
    rows = widgets.one_of("A row is a", list(nightlies.ROWS), key="rows")
grid = widgets.asked(nightlies.grid, filters, rows=rows, **nightlies.SHOWN[show])
if grid.empty:
    st.success("No nightly was red in this period.", icon=":material/check_circle:")
else:
    widgets.legend()
    says = f"Repositories by nights: {now['failed']} of {now['runs']} nightlies failed on {now['night']:%d %B}"
    widgets.chart(night_grid(grid, chosen), grid, says, "grid", on_select=pick_cell)

st.subheader("Failures over time", anchor=False)
by = widgets.one_of("Split by", list(nightlies.REASONS), key="split")
trend = widgets.asked(nightlies.failures_over_time, filters, by=by, allowed=allowed)
if trend.empty:
    st.caption("No failed jobs in this period.")
else:
    widgets.chart(stacked(trend, "night", "failed_jobs", "failed jobs"), trend, f"Failed jobs a night by {by}", "trend")
