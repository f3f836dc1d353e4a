"""Issue and person of failures: what they have, what can be done, what was done and by whom, and the way back.

Every change runs in a callback, before the page is drawn again; each callback asks once more whether this browser may
write, for a button that is drawn as disabled can be pressed all the same by whoever speaks to the server directly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.errors import Explained
from dashlib.failures import decisions
from dashlib.failures.acts import AlreadyUndone
from dashlib.failures.decisions import Failure
from dashlib.failures.persons import Given, undo
from dashlib.failures.rule_pattern import PatternError
from dashlib.failures.tracker import Tracker
from dashlib.queries import acts
from dashlib.runtime import runtime
from dashlib.settings import Settings
from dashlib.store import Store
from dashlib.widgets.act_held import FIELDS, FIELDS_OF_MANY, let_go
from dashlib.widgets.address import arrivals
from dashlib.widgets.answers import asked
from dashlib.widgets.freshness import local_only
from dashlib.widgets.whoami import ask_anew, ask_name, keep_name, my_name

MAY = "change issues and persons"
_SAID, _SHOWN, _WAITING, _IN_FRONT = "act_said", "act_said_since", "act_waiting", "act_said_in_front"
_SECONDS = 10
"""So long what came of a change stands at least: the change itself draws the page anew at once."""


@dataclass(frozen=True)
class _Waiting:
    """A change that waits for a name: the place that asks for it (None: a dialog in front of the page), what is done
    then, in words and as a call, and on which opening of a page it was asked for.
    """

    at: str | None
    words: str
    then: Callable[[], None]
    arrival: int


def failure_of(row: pd.Series) -> Failure:
    """The Failure of a row of job_failures."""
    signature = row["signature"] if isinstance(row["signature"], str) else None
    return Failure(int(row["project_id"]), int(row["job_id"]), signature, str(row["category"]))


def tracker() -> Tracker:
    """GitLab with this process's token."""
    opened = runtime()
    return _tracker(opened.settings, opened.store)


@lru_cache(maxsize=1)
def _tracker(settings: Settings, store: Store) -> Tracker:
    return Tracker(settings, store)


def may_act() -> bool:
    """Draw what stands in the way of changing anything: where the browser is. True: nothing does.

    The name is asked for with the first change, so that everybody sees before what can be done.
    """
    refusal = local_only(MAY)
    if refusal is not None:
        st.caption(f":material/lock: {plain(refusal)}")
    return refusal is None


def do(
    change: Callable[[str], str | Given],
    says: str,
    close: str | None = None,
    at: str | None = None,
    waits: str = "",
) -> None:
    """Make a change in a callback and say what came of it; ``close`` is the key of the choice to let go.

    ``change`` gives the action's id, empty where nothing changed; as ``Given`` with what else there is to say.

    Where nobody has given a name yet the change waits for it: `who_asked` asks at the place ``at`` (that of ``close``
    where none is given). Where there is neither, or ``at`` is "", it may have been made far below the head of the page:
    `told` asks in front of the page, with ``waits`` for which change it is, and says in front of it what came of it.
    """
    if local_only(MAY) is not None:
        return
    place = close if at is None else at or None
    who = my_name()
    if who is None:
        ask_anew()
        st.session_state[_WAITING] = _Waiting(place, waits, partial(do, change, says, close, at, waits), arrivals())
        return
    st.session_state.pop(_WAITING, None)
    st.session_state[_IN_FRONT] = place is None
    try:
        done = change(who)
    except AlreadyUndone as error:
        # A button that was pressed twice: what came of the first time stands.
        if _SAID not in st.session_state:
            say("info", str(error))
        return
    except (Explained, PatternError) as error:
        say("error", str(error))
        return
    action, more = (done.action, done.told) if isinstance(done, Given) else (done, "")
    kind, words = ("success", says) if action else ("info", "It stands like that already.")
    say(kind, f"{words} {more}".strip())
    if close is not None:
        fields = FIELDS if close in FIELDS else FIELDS_OF_MANY
        let_go(fields)
        st.session_state[close] = None


def say(kind: str, text: str) -> None:
    """What came of a change: ``told`` shows it in the next runs of the page."""
    st.session_state[_SAID] = (kind, text)
    st.session_state.pop(_SHOWN, None)


def told(place: str = "") -> None:
    """What came of the last change, for a while, on the page where it was made; or the question for a name, where
    the change came from no place that asks itself. Of such a change it is said in front of the page, too.

    All of it stands in one container: what follows keeps its place in the page, and with it what is being typed there.
    """
    with st.container(gap="xsmall"):
        who_asked(None, place)
        keep_name(place)
        said = st.session_state.get(_SAID)
        here, since = st.session_state.setdefault(_SHOWN, (arrivals(), time.monotonic()))
        if said is None or here != arrivals() or time.monotonic() - since > _SECONDS:
            st.session_state.pop(_SAID, None)
            st.session_state.pop(_SHOWN, None)
        else:
            kind, text = said
            icons = {"error": ":material/error:", "success": ":material/check_circle:", "info": ":material/info:"}
            {"error": st.error, "success": st.success, "info": st.info}[kind](plain(text), icon=icons[kind])
            if st.session_state.pop(_IN_FRONT, False):
                st.toast(plain(text), icon=icons[kind], duration="long")


def who_asked(at: str | None, place: str = "") -> None:
    """The question for a name, where a change made here waits for it."""
    waiting = _waiting()
    if waiting is None or waiting.at != at:
        return
    if at is None:
        _asked_in_front(place)
    else:
        ask_name(waiting.then, _not_now, place)


def _waiting() -> _Waiting | None:
    """The change that waits for a name. It waits only on the page where it was asked for, until that is left."""
    waiting: _Waiting | None = st.session_state.get(_WAITING)
    if waiting is not None and (waiting.arrival != arrivals() or my_name() is not None):
        _not_now()
        return None
    return waiting


def _not_now() -> None:
    st.session_state.pop(_WAITING, None)


@st.dialog("Who makes this change?", icon=":material/person:", on_dismiss=_not_now)
def _asked_in_front(place: str) -> None:
    waiting = _waiting()
    if waiting is None:
        # Answered, or let go: a dialog is drawn anew alone, and closes with the page.
        st.rerun()
    st.text(waiting.words)
    ask_name(waiting.then, _not_now, place, framed=False)


def history(which: Failure) -> None:
    """What was decided about this failure and its signature, newest first, each with the way back."""
    listed(asked(acts.history, signature=which.signature, project=which.project_id, job=which.job_id))


def listed(done: pd.DataFrame) -> None:
    """The actions of an answer of ``queries.acts.history`` or ``claims``, each with the way back."""
    if done.empty:
        st.caption("Nobody has changed anything here yet.")
        return
    writable = local_only(MAY) is None
    for one in done.itertuples():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            struck = " (undone)" if one.is_undone else ""
            words = f"{one.done:%a %d %b %Y, %H:%M} · {one.done_by} {one.says}{struck}"
            st.markdown(plain(words), width="stretch")
            if not one.is_undone:
                undo_button(str(one.action), disabled=not writable)
        who_asked(f"undo_{one.action}")


def undo_button(action: str, place: str = "", *, disabled: bool = False) -> None:
    """The way back of one action; `who_asked` at ``undo_<action><place>`` asks for a name below it."""
    st.button(
        "Undo",
        key=f"undo_{action}{place}",
        icon=":material/undo:",
        type="tertiary",
        disabled=disabled,
        on_click=_undo,
        args=(action, place),
    )


def matching_rules(which: Failure) -> None:
    """The rules that match this failure, each with who made it and the way to remove it."""
    found = asked(acts.rules, project=which.project_id, job=which.job_id)
    for _, one in found.iterrows():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            many = f"{one['failures']:,} failed job{'' if one['failures'] == 1 else 's'}"
            words = f"{decisions.told(_rule(one))} · {many} · {one['created_by']}, {one['created']:%d %b %Y}"
            st.markdown(plain(words), width="stretch")
            st.button(
                "Remove",
                key=f"remove_{one['id']}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_remove,
                args=(str(one["id"]), which),
            )
        who_asked(f"remove_{one['id']}")


def _rule(row: pd.Series) -> decisions.Rule:
    words = {
        name: row[name] if isinstance(row[name], str) else None
        for name in ("pattern", "signature", "category", "project_glob", "job_glob", "assignee")
    }
    linked = pd.notna(row["issue_iid"])
    issue = decisions.Issue(int(row["issue_project_id"]), int(row["issue_iid"])) if linked else None
    return decisions.Rule(**words, kind=row["kind"] if isinstance(row["kind"], str) else "like", issue=issue)


def attached_told(count: int, issue: decisions.Issue) -> str:
    """That failed jobs were attached to an issue."""
    return f"{count:,} failed job{'' if count == 1 else 's'} attached to {issue}."


def judge(signature: str, other: str, verdict: str) -> None:
    """Say whether two signatures are the same failure (a callback)."""
    same = "They are one failure from now on: counted, linked and assigned together."
    says = same if verdict == "same" else "They stay two failures; the pair is not proposed again."
    waits = f"{signature}\n{other}\nare {'one failure' if verdict == 'same' else 'two failures'}."
    do(lambda who: decisions.judge(runtime().store, who, signature, other, verdict), says, waits=waits)


def _undo(action: str, place: str) -> None:
    at = f"undo_{action}{place}"
    do(lambda who: undo(runtime().store, tracker(), who, action), "Undone: it is as it was before.", at=at)


def _remove(rule_id: str, which: Failure) -> None:
    says = "The rule is gone; what it linked is linked no more. Undo stands in the history."
    do(lambda who: decisions.remove_rule(runtime().store, who, rule_id, which.about), says, at=f"remove_{rule_id}")
