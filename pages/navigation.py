"""The frame of every page: the table of contents and the one filter bar, drawn before the page runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashlib import widgets
from dashlib.charts.wording import ago, exact, plain
from dashlib.model import Filters
from dashlib.queries import choices, freshness
from dashlib.runtime import runtime
from dashlib.settings import SettingsError
from dashlib.store import StoreError

ICON = str(Path(__file__).parent / "icon.svg")
PERIODS = {"7 days": 7, "14 days": 14, "30 days": 30, "90 days": 90}
CUSTOM = "custom"
PAGES = (
    ("nightlies", "Nightlies", "nights_stay", "Which nightlies failed last night, why, since when, and what is new."),
    ("commits", "Commits", "commit", "Commits per author and repository; merges and robots where you want them."),
    ("activity", "Activity", "timeline", "Pushes, merge requests, issues and comments by person and repository."),
    ("sources", "Sources", "database", "How fresh the data is, what could not be read, how to connect a GitLab."),
)


def filter_bar() -> Filters:
    """Group, repository, person and period; each lives in the URL under its key."""
    groups, projects = list(widgets.asked(choices.groups)["path"]), list(widgets.asked(choices.projects)["path"])
    persons = widgets.asked(choices.persons)
    ids = dict(zip(persons["label"], persons["id"], strict=True))
    note_ignored({"group": groups, "repo": projects, "person": list(ids), "period": [*PERIODS, CUSTOM]})
    start = widgets.FILTER_DEFAULTS["period"]
    period = widgets.one_from("Period", [*PERIODS, CUSTOM], key="period", default=start, width="stretch")
    until = datetime.now(UTC).astimezone(runtime().settings.zone).date()
    since = until - timedelta(days=PERIODS.get(period, PERIODS[start]) - 1)
    if period == CUSTOM:
        days = st.date_input("Days", value=(since, until), key="days", bind="query-params", format="YYYY-MM-DD")
        since, until = (days[0], days[-1]) if isinstance(days, tuple) and days else (since, until)
    chosen_groups = widgets.some_of("Group", groups, key="group", placeholder="All groups")
    chosen_projects = widgets.some_of("Repository", projects, key="repo")
    about = "Commits: author or co-author. Activity: who did it. Nightlies: whose account ran it."
    chosen = widgets.some_of("Person", ids, key="person", placeholder="Everybody", help=about)
    return Filters(chosen_groups, chosen_projects, tuple(ids[label] for label in chosen), since, until)


def note_ignored(known: dict[str, list[str]]) -> None:
    """Remember what the link asks for and nobody knows: Streamlit drops it from the URL without a word."""
    asked = [(key, value) for key in known for value in st.query_params.get_all(key)]
    unknown = [f"{key} “{value}”" for key, value in asked if value not in known[key]]
    if unknown:
        st.session_state["ignored"] = unknown
        st.session_state.pop("ignored_with", None)


def tell_ignored(chosen: Filters) -> None:
    """Say what of the link was ignored, until the filters are changed."""
    ignored = st.session_state.get("ignored")
    if ignored and st.session_state.setdefault("ignored_with", chosen) == chosen:
        st.warning(
            f"The link asks for what is not here, ignored: {plain(', '.join(ignored))}", icon=":material/link_off:"
        )
    else:
        st.session_state.pop("ignored", None)


@st.fragment(run_every="10s")
def freshness_line(version_shown: int) -> None:
    """How fresh the data is; while the page is open it says when there is newer data than it shows."""
    opened = runtime()
    state, zone = opened.sync.state(), opened.settings.timezone
    if state.running:
        st.caption(f":material/sync: Sync under way: {plain(state.stage or 'starting')}, {state.calls:,} calls")
    else:
        sources = widgets.asked_now(freshness.sources)
        last = sources["last_success_at"].max() if len(sources) else None
        st.caption(f":material/schedule: Synced {ago(last)}", help=exact(last, zone) if len(sources) else None)
    newer = version_shown != opened.store.data_version
    if newer and st.button("Show newer data", icon=":material/refresh:", key="newer", width="stretch"):
        st.rerun()


st.set_page_config(page_title="Nightly dashboard", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
visible = [
    st.Page(
        f"{name}.py",
        title=title,
        icon=f":material/{icon}:",
        help=about,
        default=not index,
        url_path=name if index else "start",
    )
    for index, (name, title, icon, about) in enumerate(PAGES)
]
# Streamlit serves its default page at the root only; links to /nightlies shall work as well.
page = st.navigation([*visible, st.Page("nightlies.py", title="Nightlies", url_path="nightlies", visibility="hidden")])
try:
    runtime()
except (SettingsError, StoreError) as error:
    st.title("The dashboard cannot start yet")
    st.error(plain(str(error)), icon=":material/error:")
    st.markdown("`python -m dashlib doctor` says what is wrong and how to mend it.")
    st.stop()
with st.sidebar:
    st.session_state["filters"] = filter_bar()
    freshness_line(runtime().store.data_version)
tell_ignored(widgets.filters())
page.run()
