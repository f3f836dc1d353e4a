"""Which nightlies failed or never ran, why, since when, what is new, and who has it."""

from datetime import UTC, datetime

import streamlit as st

from dashlib import widgets
from dashlib.charts import tables
from dashlib.charts.night_glance import glance
from dashlib.charts.over_time import stacked
from dashlib.charts.wording import plain
from dashlib.queries import choices, night_failures, night_grid, nightlies
from dashlib.runtime import runtime
from dashlib.widgets import nights as shared
from dashlib.widgets.night_banner import tell_nights
from dashlib.widgets.night_claims import claims
from dashlib.widgets.night_glance import night_glance
from dashlib.widgets.night_grid import night_grid as draw_grid
from dashlib.widgets.night_versions import changes
from dashlib.widgets.nights import of_nights

widgets.header("Nightlies", "What should have run at night, what did, and since when it is red.")
filters = widgets.filters()
nights = of_nights(nightlies.nights, filters)
if nights.empty:
    widgets.nothing("nightlies", widgets.asked(choices.newest_night).iloc[0]["last_night"])
    widgets.end_here()


def show_all_jobs() -> None:
    """Search for nothing: what was looked for on one night is rarely what is looked for on another."""
    st.session_state["search"] = ""


today = datetime.now(UTC).astimezone(runtime().settings.zone).date()
tonight, tiles = st.container(), st.container()
with st.container(horizontal=True, vertical_alignment="bottom"):
    index = shared.chosen_night(nights, show_all_jobs)
    rows = widgets.one_of("A row is a", list(night_grid.ROWS), key="rows")
    show = widgets.one_of("Show", list(nightlies.SHOWN), key="show")
now, before = nights.iloc[index], shared.earlier(nights, index, filters)
night = now["night"].date()
with tonight:
    tell_nights(nights, index, min(today, filters.until or today))
with tiles:
    widgets.metrics(tables.NIGHT, now, before)
    note = of_nights(nightlies.note, filters, night=night)
    night_glance(glance(note))
    st.caption(shared.night_line(now, before))
    if evening := shared.evening_before(nights, index, filters):
        st.caption(evening[0])
        lines = [line for line in glance(evening[1]) if line["count"]]
        night_glance(lines, key="evening_glance", elsewhere=", see that night")
chosen, arranged = shared.narrowed(night)
opened = shared.opened_rows()
grain = arranged.grain
cells = of_nights(
    night_grid.grid, filters, narrowed=chosen, rows=rows, group=arranged.group, order=arranged.order, grain=grain,
    opened=opened, **nightlies.SHOWN[show],
)  # fmt: skip
shared.tell_narrowed(chosen)
shared.tell_without_jobs(chosen, rows, note)
if cells.empty:
    shared.tell_empty(chosen)
else:
    draw_grid(
        cells, framed=night, rows=rows, grain=grain, opened=opened, times=arranged.times, span=shared.span(filters),
        changed=changes(cells, night), figures=arranged.figures,
    )  # fmt: skip
    shared.legend()
    widgets.below(cells, "grid")

st.header(f"Failed jobs of {now['night']:%A, %d %B}", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    search = widgets.search_for("repository, job, reason, runner", key="search", label="Search these jobs")
    only_new = widgets.switch("only new jobs", key="new")
    allowed = widgets.switch("allowed failures too", key="allowed")
if search:
    label = f"Filtered to “{plain(search)}”: show all"
    st.button(label, icon=":material/filter_alt_off:", type="tertiary", on_click=show_all_jobs, key="show_all_jobs")
failed = of_nights(night_failures.failed_jobs, filters, night=night, search=search, only_new=only_new, allowed=allowed)
if failed.empty:
    shared.tell_no_failed_jobs(now, filtered=bool(search or only_new))
else:
    widgets.table(
        shared.reasons_told(failed),
        tables.FAILED_JOBS,
        "Failed jobs of the night, new ones first, with links",
        "failed_jobs",
    )
    if not (search or only_new or allowed):
        shared.tell_other_runs(len(failed), now)

if now["missing"]:
    st.header("Never ran", anchor=False)
    shared.missing_told(note)
    claims(note)
risks = of_nights(nightlies.at_risk, filters)
if not risks.empty:
    st.header("At risk", anchor=False)
    st.caption("Today, whatever night is chosen: schedules that will stop, or have stopped without anybody wanting it.")
    widgets.table(shared.risks_told(risks), tables.AT_RISK, "Schedules at risk, stopped ones first", "at_risk")

st.header("Failures over time", anchor=False)
by = widgets.one_of("Split by", list(night_failures.TREND), key="split")
trend = of_nights(night_failures.failures_over_time, filters, by=by, allowed=allowed)
if trend.empty:
    st.caption("No failed jobs in this period.")
else:
    counted = "nightlies" if by == night_failures.STATE else "failed jobs"
    widgets.chart(stacked(trend, "night", "failed_jobs", counted), trend, f"{counted} a night by {by}", "trend")

st.header("History of every nightly", anchor=False)
history = of_nights(nightlies.history, filters)
widgets.table(history, tables.NIGHTLY_HISTORY, "Every nightly: how its nights went, the longest red first", "history")
st.header("Every night", anchor=False)
every = of_nights(nightlies.every_night, filters)
widgets.table(every, tables.NIGHTS, "Every night of the period and its numbers, newest first", "nights")
