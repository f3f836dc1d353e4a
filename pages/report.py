"""The morning note of a night, to read, copy, save or send."""

from dashlib import widgets
from dashlib.queries import choices, nightlies
from dashlib.widgets import nights as shared
from dashlib.widgets.morning_note import morning_note, tell_other_night
from dashlib.widgets.nights import of_nights

widgets.header("Morning note", "What the person on nightly duty tells the others.")
filters = widgets.filters()
nights = of_nights(nightlies.nights, filters)
if nights.empty:
    widgets.nothing("nightlies", widgets.asked(choices.newest_night).iloc[0]["last_night"])
    widgets.end_here()
index = shared.chosen_night(nights)
tell_other_night(nights, index, filters)
morning_note(nights["night"].iloc[index].date(), filters)
