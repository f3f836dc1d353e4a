"""Teams on the page people: who is in which, and a CSV to import."""

from __future__ import annotations

import streamlit as st

from dashlib.charts import people_tables
from dashlib.charts.wording import plain
from dashlib.people import decisions
from dashlib.people.teams import names_of, whom
from dashlib.people.teams_csv import TeamLine, decoded, read
from dashlib.queries import people
from dashlib.runtime import runtime
from dashlib.widgets.act import may_act, told
from dashlib.widgets.answers import asked, table
from dashlib.widgets.people_acts import decide

_MOST_BYTES = 2 * 1024 * 1024


def teams() -> None:
    """The teams with their members, and the import."""
    told()
    found = asked(people.teams)
    if found.empty:
        st.info("There are no teams yet: import a CSV, or put somebody into one in the list.", icon=":material/groups:")
    else:
        table(found, people_tables.TEAMS, "Teams and their members", "teams")
    if may_act():
        _import()


def _import() -> None:
    with st.expander("Import a CSV", icon=":material/upload_file:"):
        st.caption(
            "Lines of person and team: `ada@example.com, Tides`. A person is an e-mail address, a user name, or a full "
            "name that only one person has. The file takes the place of the one imported before."
        )
        file = st.file_uploader("CSV", type=["csv", "txt"], key="teams_csv")
        if file is None:
            return
        if file.size > _MOST_BYTES:
            st.warning("The file is larger than 2 MB: that is no list of teams.", icon=":material/warning:")
            return
        told_by = read(decoded(file.getvalue()))
        known = names_of(asked(people.callable_by).itertuples(index=False, name=None))
        unknown = [line for line in told_by.lines if whom(line.member, known) is None]
        _says(told_by.lines, unknown, told_by.bad)
        st.button(
            "Import", type="primary", key="teams_import", disabled=not told_by.lines, on_click=_imported,
            args=(told_by.lines,),
        )  # fmt: skip


def _says(lines: tuple[TeamLine, ...], unknown: list[TeamLine], bad: tuple[tuple[int, str], ...]) -> None:
    st.markdown(f"{len(lines) - len(unknown):,} of {len(lines):,} lines name somebody who is known here.")
    if unknown:
        names = ", ".join(line.member for line in unknown[:12])
        more = f" and {len(unknown) - 12:,} more" if len(unknown) > 12 else ""
        st.caption(plain(f"Not known here, or more than one person: {names}{more}. They count once they are known."))
    for number, why in bad[:12]:
        st.caption(plain(f"Line {number}: {why}."))


def _imported(lines: tuple[TeamLine, ...]) -> None:
    decide("The teams are imported.", lambda who: decisions.import_teams(runtime().store, who, lines), None)
