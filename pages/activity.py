"""What people did: pushes, merge requests, issues, comments; a calendar, and what each person and repository did."""

from dashlib import widgets
from dashlib.charts import activity_tables as tables
from dashlib.queries import activity, choices
from dashlib.widgets import activity as shared

widgets.header("Activity", "Who did what to what, from the events of every source.")
filters = widgets.filters()
words = widgets.asked(activity.words, filters, bots="with")
if words.empty:
    widgets.nothing("events", widgets.asked(choices.held).iloc[0]["last_event_day"])
    widgets.end_here()

which = shared.narrowed(words)
sums = widgets.asked(activity.totals, filters, which=which).iloc[0]
if not sums["events"]:
    shared.none_of_this_kind()
    widgets.end_here()
widgets.metrics(tables.SUMS, sums)
shared.days(filters, which)
view = shared.which_view()
if view == "overview":
    shared.overview(filters, which)
elif view == "stream":
    shared.stream(filters, which, int(sums["events"]))
else:
    shared.listed(filters, which, int(sums["events"]))
