"""Who is who: names and addresses as persons, the evidence for it, and what people decide about it."""

import streamlit as st

from dashlib.widgets import people, people_proposals, people_teams

st.title("People", anchor=False)
st.caption("One person is one person: the names and addresses that belong together, why, and what your team decided.")
view = people.which_view()
if view == "list":
    people.listed()
elif view == "proposals":
    people_proposals.proposed()
elif view == "teams":
    people_teams.teams()
else:
    people.decided()
