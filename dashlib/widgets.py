"""What all pages share: cached answers, charts and tables with their SQL, choices in the URL, empty states.

The only file of dashlib that imports Streamlit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import altair as alt
import pandas as pd
import streamlit as st

from dashlib.charts import palette
from dashlib.charts.tables import Column, Tile
from dashlib.charts.wording import ago, described, exact, plain
from dashlib.model import Filters
from dashlib.queries import choices
from dashlib.queries.export import to_csv
from dashlib.runtime import runtime

Question = Callable[..., pd.DataFrame]
Option = TypeVar("Option", str, int)

NO_FILTERS = Filters()
FILTER_DEFAULTS: dict[str, Any] = {"period": "30 days", "group": [], "repo": [], "person": []}
"""The keys of the filter bar, in session state and in every URL, and what they start with."""


def filters() -> Filters:
    """What the filter bar holds now."""
    held: Filters = st.session_state["filters"]
    return held


def header(title: str, about: str) -> None:
    """A page's title, and what the filters leave of the world."""
    st.title(title, anchor=False)
    st.caption(f"{about} {plain(described(filters(), runtime().settings.timezone))}")


def asked(question: Question, chosen: Filters = NO_FILTERS, **arguments: Any) -> pd.DataFrame:
    """The answer to a question of ``dashlib.queries``; kept until data moved, whoever asks."""
    store = runtime().store
    name = f"{question.__module__}.{question.__qualname__}"
    key = tuple(sorted(arguments.items()))
    return _kept(f"{store.path}:{id(store)}", store.data_version, name, question, chosen, key)


@st.cache_data(max_entries=400, show_spinner=False)
def _kept(
    database: str, version: int, name: str, _question: Question, chosen: Filters, arguments: tuple[tuple[str, Any], ...]
) -> pd.DataFrame:
    with runtime().store.reader() as connection:
        return _question(connection, chosen, **dict(arguments))


def asked_now(question: Question) -> pd.DataFrame:
    """An answer that is never kept: bookkeeping moves without the data moving."""
    with runtime().store.reader() as connection:
        return question(connection, NO_FILTERS)


def one_of(label: str, options: Sequence[str], key: str, default: str | None = None) -> str:
    """One of a few, all in sight; in the URL under ``key``."""
    start = default or options[0]
    return str(st.segmented_control(label, options, default=start, key=key, bind="query-params", required=True))


def one_from(
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    default: Option | None = None,
    width: int | Literal["stretch"] = 180,
    about: str | None = None,
    announced: bool = False,
) -> Option:
    """One of many; in the URL under ``key``. Where ``announced``, a link that asks for another one is told so."""
    start = options[0] if default is None else default
    asked_for = st.query_params.get(key)
    if announced and asked_for is not None and asked_for not in options:
        word = plain(asked_for[:40])
        st.warning(
            f"The link asks for {label.lower()} “{word}”, which is not here: this is {start}.",
            icon=":material/link_off:",
        )
    if st.session_state.get(key, start) not in options:
        del st.session_state[key]
    index = list(options).index(start)
    found: Option = st.selectbox(label, options, index, key=key, bind="query-params", width=width, help=about)
    return found


def some_of(label: str, options: Iterable[str], key: str, placeholder: str = "All", **more: Any) -> tuple[str, ...]:
    """Any of many, none is all; in the URL under ``key``."""
    offered = list(options)
    if key in st.session_state:
        st.session_state[key] = [choice for choice in st.session_state[key] if choice in offered]
    return tuple(
        st.multiselect(
            label, offered, key=key, bind="query-params", placeholder=placeholder, filter_mode="contains", **more
        )
    )


def search_for(placeholder: str, key: str) -> str:
    """A search field; in the URL under ``key``."""
    found = st.text_input(
        "Search", key=key, bind="query-params", type="search", placeholder=placeholder, width=380, live="400ms"
    )
    return (found or "").strip()


def metrics(tiles: Sequence[Tile], now: pd.Series, before: pd.Series | None = None, versus: str = "") -> None:
    """The top line: one number each, with its change where there is something to compare with."""
    colours: dict[str, Any] = {"more": "normal", "less": "inverse", "neither": "off"}
    zone = runtime().settings.timezone
    with st.grid(len(tiles), min_column_width=130):
        for tile in tiles:
            value = now[tile.name]
            if tile.kind == "age":
                st.metric(tile.title, ago(value), help=exact(value, zone), border=True, height="stretch")
                continue
            st.metric(
                tile.title,
                0 if pd.isna(value) else int(value),
                None if before is None else int(value - before[tile.name]),
                delta_color=colours[tile.good],
                delta_description=versus or None,
                format="localized",
                help=tile.help,
                border=True,
                height="stretch",
            )


def chart(figure: alt.Chart | alt.LayerChart, answer: pd.DataFrame, says: str, name: str, **options: Any) -> Any:
    """A chart with its name for screen readers, its SQL and its numbers as a file."""
    event = st.altair_chart(figure, alt=says, key=f"chart_{name}", **options)
    below(answer, name)
    return event


def below(answer: pd.DataFrame, name: str) -> None:
    """Under a chart or table: how it is computed, and its rows as CSV."""
    with st.container(horizontal=True, gap="small"):
        how_computed(answer, name)
        st.download_button(
            "CSV",
            data=lambda: to_csv(answer),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv_{name}",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def legend() -> None:
    """What the cells of the grid of nights mean."""
    colours = {"failed": "red", "warned": "orange", "running": "blue", "canceled": "gray", "passed": "green"}
    signs = {"failed": "3", "passed": " "}
    badges = [
        f":{colour}-badge[{plain(signs.get(state, palette.STATES[state].sign))} {palette.STATES[state].label}]"
        for state, colour in colours.items()
    ]
    st.caption(
        " ".join(badges)
        + " Numbers count failed jobs, underlined: some are new. No cell: no run. Click a cell for its jobs."
    )


def table(answer: pd.DataFrame, columns: Sequence[Column], says: str, name: str, whole: int | None = None) -> None:
    """A table of the declared columns, with its SQL and its rows as a file; says when it is cut off."""
    seconds = [column.name for column in columns if column.kind == "seconds"]
    st.dataframe(
        answer.assign(**{name: pd.to_timedelta(answer[name].round(), unit="s") for name in seconds}),
        hide_index=True,
        placeholder="",
        key=f"table_{name}",
        alt=says,
        column_order=[column.name for column in columns],
        column_config={column.name: _configured(column) for column in columns},
    )
    if whole is not None and whole > len(answer):
        st.caption(f"The newest {len(answer):,} of {whole:,}; narrow the filters, or ask in SQL for the rest.")
    below(answer, name)


def _configured(column: Column) -> Any:
    kinds = st.column_config
    as_what: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "text": (kinds.TextColumn, {}),
        "number": (kinds.NumberColumn, {"format": "localized"}),
        "change": (kinds.NumberColumn, {"format": "%+d"}),
        "share": (kinds.ProgressColumn, {"format": "percent", "min_value": 0, "max_value": 1}),
        "seconds": (kinds.NumberColumn, {"format": "compact"}),
        "link": (kinds.LinkColumn, {"display_text": column.text}),
        "date": (kinds.DateColumn, {"format": "ddd DD MMM"}),
        "moment": (kinds.DatetimeColumn, {"format": "YYYY-MM-DD HH:mm"}),
        "clock": (kinds.DatetimeColumn, {"format": "HH:mm"}),
        "flag": (kinds.CheckboxColumn, {}),
    }
    make, options = as_what[column.kind]
    return make(column.title, width=column.width, help=column.help, **options)


def how_computed(answer: pd.DataFrame, name: str) -> None:
    """The SQL of an answer, the filters filled in, and what the views in it mean."""
    sql = str(answer.attrs.get("sql", ""))
    with st.popover("How this is computed", icon=":material/code:", type="tertiary", key=f"how_{name}"):
        st.caption("Run it with `python -m dashlib sql` to get the same numbers.")
        st.code(sql, language="sql", wrap_lines=True)
        words = tuple(sorted(set(re.findall(r"\b(?:from|join) (\w+)", sql))))
        for view in asked(choices.meanings, names=words).itertuples():
            st.caption(f"**{plain(str(view.name))}** – {plain(str(view.comment))}")


def local_only() -> str | None:
    """Why this browser may not write, or None when it may: until there is sign-in, only the same machine may."""
    forwarded = any(st.context.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    # A proxy on this machine may say nothing of whom it speaks for; the name that was called gives it away.
    called = urlsplit(f"//{st.context.headers.get('Host') or 'localhost'}").hostname
    if st.context.ip_address is None and not forwarded and called in ("localhost", "127.0.0.1", "::1"):
        return None
    return "Only a browser on the machine that runs the dashboard may start a sync, until there is sign-in."


def nothing(kind: str, last_day: date | None = None) -> None:
    """Instead of an empty chart: why there is nothing, and what to do next."""
    held = asked(choices.held).iloc[0]
    if not held["projects"]:
        two_ways_in()
    elif not held[kind]:
        state = runtime().sync.state()
        if state.running:
            st.info(f"No {kind} yet: the sync is under way. This page fills as it goes.", icon=":material/sync:")
        else:
            st.info(f"No {kind} are loaded yet. The Sources page says what was read.", icon=":material/inbox:")
    else:
        until = f" The newest are of {last_day:%d %b %Y}." if last_day is not None and not pd.isna(last_day) else ""
        st.info(f"No {kind} for these filters.{until}", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/restart_alt:", on_click=_clear, key="clear_filters")


def two_ways_in() -> None:
    """The empty database: connect a GitLab, or load the demo."""
    if runtime().sync.state().running:
        st.info(
            "The first sync is under way; nightlies come first. This page fills as it goes.", icon=":material/sync:"
        )
        return
    st.subheader("Nothing is loaded yet", anchor=False)
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container(border=True, height="stretch"):
            st.markdown("**:material/hub: Connect your GitLab**")
            st.markdown(
                "A token with scope `read_api` is enough; one glob says which repositories. Write into `.env`, in the "
                "folder where you started this:"
            )
            st.code(
                "GITLAB_URL=https://gitlab.example.com\nGITLAB_ACCESS_TOKEN=glpat-…\nDASH_PROJECTS=my-group/*",
                language="bash",
            )
            st.markdown("Then stop this server and start it again; it syncs by itself:")
            st.code("python -m dashlib serve", language="bash")
            st.caption("The nightlies of the last 30 days come first, usually within a minute.")
        with st.container(border=True, height="stretch"):
            st.markdown("**:material/science: Look at the demo**")
            st.markdown("A simulated GitLab with an invented company behind it: 40 repositories, 60 nights.")
            st.code("make demo", language="bash")
            st.caption("It runs on this machine alone and uses a database of its own.")


def _clear() -> None:
    """Set every filter of the bar back to its default."""
    st.session_state.update(FILTER_DEFAULTS)


@st.fragment(run_every="2s")
def sync_card() -> None:
    """Whether a sync runs, how far it is, and the button that starts one: for browsers on this machine only."""
    opened = runtime()
    state, refusal = opened.sync.state(), local_only()
    if opened.settings.gitlab_token is None:
        refusal = "Set GITLAB_ACCESS_TOKEN first, then restart."
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if state.running:
            took = ago(state.started_at)
            st.markdown(
                f":material/sync: **Sync under way** – {plain(state.stage or 'starting')}: {state.calls:,} calls, "
                f"{state.rows:,} rows, {state.errors:,} problems; started {took}"
            )
        else:
            due = (
                f"The next one is due at {exact(state.next_at, opened.settings.timezone)}."
                if state.next_at
                else "No timer is set."
            )
            st.markdown(f":material/schedule: **No sync is running.** {plain(due)}")
        if st.button(
            "Sync now",
            icon=":material/sync:",
            disabled=state.running or refusal is not None,
            help=refusal,
            key="sync_now",
        ):
            opened.sync.now()
            st.rerun(scope="fragment")
    if refusal and not state.running:
        st.caption(f"Sync now is off: {refusal}")
