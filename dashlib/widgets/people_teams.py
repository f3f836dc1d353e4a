"""Teams on the page people: who is in which, and a CSV to import."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashlib.charts import people_tables
from dashlib.charts.wording import plain
from dashlib.people import decisions
from dashlib.people.teams import names_of, whom
from dashlib.people.teams_csv import TeamLine, decoded, read
from dashlib.people.teams_file import MOST_BYTES, look
from dashlib.queries import people
from dashlib.runtime import runtime
from dashlib.widgets.act import may_act, told
from dashlib.widgets.answers import asked, table
from dashlib.widgets.people_acts import decide

_MOST_SHOWN = 12


def teams() -> None:
    """The teams with their members, and the import."""
    told()
    found = asked(people.teams)
    if found.empty:
        st.info("There are no teams yet: import a CSV, or put somebody into one in the list.", icon=":material/groups:")
    else:
        table(found, people_tables.TEAMS, "Teams and their members", "teams")
    _of_setting()
    if may_act():
        _import()


def _of_setting() -> None:
    """What the file of DASH_TEAMS comes to: it is read at the start and after each sync, out of sight."""
    file = runtime().settings.teams
    if file is None:
        return
    found = look(file, asked(people.callable_by).itertuples(index=False, name=None))
    if found.trouble is not None:
        st.warning(plain(f"{found.trouble}."), icon=":material/warning:")
        return
    st.markdown(f"DASH\\_TEAMS is {plain(found.file)}, read at the start and after each sync.")
    _says(found.lines, found.unknown or (), found.bad)


def _import() -> None:
    with st.expander("Import a CSV", icon=":material/upload_file:"):
        st.caption(
            "Lines of person and team: `ada@example.com, Tides`; under a header, columns are taken by their names. A "
            "person is an e-mail address, a user name, or a full name that only one person has. The file takes the "
            "place of the one imported before."
        )
        file = st.file_uploader("CSV", type=["csv", "txt"], key="teams_csv")
        if file is None:
            return
        if file.size > MOST_BYTES:
            st.warning("The file is larger than 2 MB: that is no list of teams.", icon=":material/warning:")
            return
        told_by = read(decoded(file.getvalue()))
        known = names_of(asked(people.callable_by).itertuples(index=False, name=None))
        persons = [whom(line.member, known) for line in told_by.lines]
        unknown = [line.member for line, person in zip(told_by.lines, persons, strict=True) if person is None]
        _says(len(told_by.lines), unknown, told_by.bad)
        _preview(told_by.lines, persons)
        st.button(
            "Import", type="primary", key="teams_import", disabled=not told_by.lines, on_click=_imported,
            args=(told_by.lines,),
        )  # fmt: skip


def _says(lines: int, unknown: Sequence[str], bad: Sequence[tuple[int, str]]) -> None:
    st.markdown(f"{lines - len(unknown):,} of {lines:,} lines name somebody who is known here.")
    if unknown:
        names = f"{', '.join(unknown[:_MOST_SHOWN])}{_more(len(unknown))}"
        st.caption(plain(f"Not known here, or more than one person: {names}. They count once they are known."))
    for number, why in bad[:_MOST_SHOWN]:
        st.caption(plain(f"Line {number}: {why}."))
    if len(bad) > _MOST_SHOWN:
        st.caption(f"{len(bad) - _MOST_SHOWN:,} more lines cannot be read.")


def _preview(lines: Sequence[TeamLine], persons: Sequence[str | None]) -> None:
    """The teams as they would be, before anybody imports them: also those of a file whose columns are mistaken."""
    made: dict[str, set[str]] = {}
    for line, person in zip(lines, persons, strict=True):
        made.setdefault(line.team, set()).update([person] if person else [])
    if made:
        teams = [f"{team} ({len(of):,})" for team, of in sorted(made.items(), key=lambda one: (-len(one[1]), one[0]))]
        told = f"Its teams, and how many persons who are known each has: {', '.join(teams[:_MOST_SHOWN])}"
        st.caption(plain(f"{told}{_more(len(teams))}."))


def _more(many: int) -> str:
    return f" and {many - _MOST_SHOWN:,} more" if many > _MOST_SHOWN else ""


def _imported(lines: tuple[TeamLine, ...]) -> None:
    waits = f"Import {len(lines):,} line{'' if len(lines) == 1 else 's'} of persons and teams."
    decide("The teams are imported.", waits, lambda who: decisions.import_teams(runtime().store, who, lines), None)
