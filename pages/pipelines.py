"""Pipelines: how long they and their jobs run and wait, how often they pass, where the time of one goes."""

from dashlib import widgets
from dashlib.widgets import pipelines as shared

widgets.header("Pipelines", "How long pipelines and jobs run and wait, how often they pass, and where the time goes.")
filters = widgets.filters()
if shared.none_at_all():
    widgets.end_here()

chosen = shared.asked_for()
view = widgets.one_of("Show", shared.VIEWS, key=shared.VIEW, default=shared.VIEWS[-1] if chosen else shared.VIEWS[0])
if view == "times":
    shared.run_times(filters)
elif view == "jobs":
    shared.slow_jobs(filters)
else:
    shared.one_pipeline(filters, chosen)
