"""Who looks after a nightly that does not run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashlib.failures import decisions
from dashlib.failures.decisions import Missing
from dashlib.queries import acts
from dashlib.runtime import runtime
from dashlib.widgets.act import do, listed, may_act, told
from dashlib.widgets.act_held import one_of_these
from dashlib.widgets.answers import asked


def claims(note: pd.DataFrame) -> None:
    """The form by which one of a night's missing nightlies (rows of ``queries.nightlies.note``) gets a person, and what
    was done by it before, each with the way back."""
    told("_gone")
    gone = note[note["change"] == "missing"]
    with st.expander("Who looks after it", icon=":material/person_add:"):
        if not may_act():
            return
        rows = {f"{row['path_with_namespace']} · {row['schedule']}": row for row in gone.to_dict("records")}
        one_of_these("gone", list(rows))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            row = rows[st.selectbox("Nightly", list(rows), key="gone", width=420)]
            which = Missing(int(row["project_id"]), int(row["schedule_id"]), row["missing_since"].date())
            people = asked(acts.people, project=which.project_id)
            names = {f"{one.name} ({one.username})": str(one.username) for one in people.itertuples()}
            one_of_these("gone_who", [None, *names])
            picked = st.selectbox(
                "Who has it", list(names), index=None, placeholder="name or user name", key="gone_who", width=320
            )
            st.button(
                "Assign", type="primary", icon=":material/person_add:", disabled=picked is None, key="gone_assign",
                on_click=_claimed, args=(which, names.get(str(picked)), str(row["schedule"])),
            )  # fmt: skip
            st.button(
                "Nobody",
                type="tertiary",
                key="gone_nobody",
                on_click=_claimed,
                args=(which, None, str(row["schedule"])),
            )
        st.caption("A person has it until it runs again. Once it does not run another time, somebody has to take it.")
        listed(asked(acts.claims, project=which.project_id, schedule=which.schedule_id))


def _claimed(which: Missing, username: str | None, schedule: str) -> None:
    says = f"{username} has it now." if username else "Nobody has it now."
    waits = f"{username or 'Nobody'} has {schedule}."
    do(lambda who: decisions.claim(runtime().store, who, which, username), says, waits=waits)
