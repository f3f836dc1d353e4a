"""The frame of every page: the table of contents and the one filter bar, drawn before the page runs."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from dashlib import widgets
from dashlib.charts.wording import plain
from dashlib.runtime import runtime
from dashlib.settings import SettingsError
from dashlib.store import StoreError
from dashlib.widgets import overview

ICON = str(Path(__file__).parent / "icon.svg")
# Without help texts: their boxes would cover the links beside them.
PAGES = (
    ("overview", "Overview", "home"),
    ("nightlies", "Nightlies", "nights_stay"),
    ("report", "Morning note", "wb_twilight"),
    ("failures", "Failures", "bug_report"),
    ("flaky", "Flaky jobs", "casino"),
    ("pipelines", "Pipelines", "speed"),
    ("runners", "Runners", "dns"),
    ("commits", "Commits", "commit"),
    ("people", "People", "group"),
    ("activity", "Activity", "timeline"),
    ("signals", "Signals", "sensors"),
    ("sql", "SQL", "terminal"),
    ("sources", "Sources", "database"),
)
FIRST = PAGES[0][0]
# Pages on which the filter bar would change nothing. (A string here would be drawn: Streamlit shows bare expressions.)
UNFILTERED = ("sources", "people", "failure", "sql")

st.set_page_config(page_title="Nightly dashboard", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
pages = {
    name: st.Page(f"{name}.py", title=title, icon=f":material/{icon}:", url_path=name) for name, title, icon in PAGES
}
# Streamlit serves its default page at the root only; links to /nightlies shall work as well.
root = st.Page(f"{FIRST}.py", title=pages[FIRST].title, icon=pages[FIRST].icon, default=True, url_path="root")
# One failed job is reached by links: it has no place in the table of contents.
failure = st.Page("failure.py", title="Failure", icon=":material/bug_report:", url_path="failure")
page = st.navigation([root, *pages.values(), failure], position="hidden")
name = page.url_path or FIRST
try:
    runtime()
except (SettingsError, StoreError) as error:
    st.title("The dashboard cannot start yet")
    st.error(plain(str(error)), icon=":material/error:")
    st.markdown("`python -m dashlib doctor` says what is wrong and how to mend it.")
    st.stop()

asked_for = None if page.url_path else overview.old_link()
if asked_for:
    st.switch_page(pages["nightlies"], query_params=asked_for)
widgets.as_tall()
widgets.begin_run()
widgets.arrive(name, page.url_path)
fill_contents = widgets.contents()
top = st.container()
with st.sidebar:
    widgets.filter_bar(shown=name not in UNFILTERED)
    widgets.freshness_line(runtime().store.data_version)
fill_contents(pages, page, name, UNFILTERED)
body = st.container()
try:
    with suppress(widgets.PageEnds), widgets.more_to_come(), body:
        page.run()
except Exception as error:  # noqa: BLE001 - whatever it is, the reader is told what to do
    with body:
        widgets.broke_off(name, error)
finally:
    widgets.write()
    with top:
        widgets.tell_unknown()
    with st.sidebar:
        widgets.end_run()
