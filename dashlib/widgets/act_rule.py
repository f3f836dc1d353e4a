"""The form by which a rule links failures: its pattern and scope, and what it would match, before it is saved."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashlib.charts.wording import ago, plain
from dashlib.failures import decisions
from dashlib.failures.decisions import Failure, Issue, Rule
from dashlib.failures.mask import mask
from dashlib.failures.meter import Meter, measured
from dashlib.failures.rule_pattern import PatternError, of_signature
from dashlib.queries import acts
from dashlib.runtime import runtime
from dashlib.widgets.act import do, matching_rules
from dashlib.widgets.act_held import one_of_these
from dashlib.widgets.act_issue import choose_issue
from dashlib.widgets.answers import asked


def rule_form(which: Failure, row: pd.Series) -> None:
    """The rules that match a failure (a row of job_failures), and a new one with its meter."""
    matching_rules(which)
    st.markdown("**A new rule**")
    start = of_signature(which.signature, which.category) if which.signature else "%"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Lines", ["like", "regex"], key="rule_kind", width=110, help="% is any text, _ any letter.")
        st.session_state.setdefault("rule_pattern", start)
        pattern = st.text_input("Pattern", key="rule_pattern")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        category = st.selectbox("Category", [None, which.category], key="rule_category", width=200,
                                format_func=lambda name: "any" if name is None else str(name))  # fmt: skip
        projects = st.text_input("Repositories", key="rule_projects", placeholder="all, or a glob such as acme/*")
        jobs = st.text_input("Jobs", key="rule_jobs", placeholder="all, or a glob such as test*")
    issue = None if pd.isna(row["issue_iid"]) else Issue(int(row["issue_project_id"]), int(row["issue_iid"]))
    if issue is None:
        st.markdown("It links to an issue, to a person, or to both:")
        person = _person(which)
        issue = choose_issue(which.project_id, f"{row['reason']} {which.signature or ''}", "_rule")
    else:
        st.caption(plain(f"It links to {issue}, the issue of this failure; and to a person, if you choose one."))
        person = _person(which)
    rule = Rule(pattern, str(kind), None, category, projects, jobs, issue, person)
    try:
        with runtime().store.reader() as reader:
            meter = measured(reader, rule)
    except PatternError as error:
        st.caption(f":material/info: {plain(str(error))}")
        return
    _meter(meter)
    if not rule.aims:
        st.caption(":material/info: Choose an issue or a person above, then it can be saved.")
    sure = not meter.is_doubtful or st.checkbox("Save it although it matches logs of jobs that passed", key="rule_sure")
    st.button("Save the rule", type="primary", icon=":material/rule:", disabled=not (sure and rule.aims),
              key="save_rule",
              on_click=_saved, args=(which, rule))  # fmt: skip


def _person(which: Failure) -> str | None:
    people = asked(acts.people, project=which.project_id)
    names = {f"{one.name} ({one.username})": str(one.username) for one in people.itertuples()}
    one_of_these("rule_person", [None, *names])
    picked = st.selectbox(
        "Person", list(names), index=None, placeholder="nobody, or a name or user name", key="rule_person", width=380
    )
    return names.get(str(picked))


def _meter(meter: Meter) -> None:
    last = f", the last {ago(meter.last_at)}" if meter.last_at else ""
    parts = [
        f"Links {meter.red:,} failed job{'' if meter.red == 1 else 's'} in {meter.repositories:,} "
        f"repositor{'y' if meter.repositories == 1 else 'ies'}{last}: by reason, signature or a telling line"
    ]
    parts += [
        f"{one.failures:,} of them are matched by another rule, too ({one.words[:80]}"
        f"{f' → #{one.issue_iid}' if one.issue_iid else ''})"
        for one in meter.others[:3]
    ]
    st.caption(plain("; ".join(parts) + "."))
    such = "such a line is" if meter.lines < 2 else "such lines, all of the pattern's, are"
    whole = (
        f"Whole logs: {such} in {meter.red_lines:,} of the newest {meter.red_logs:,} logs of failed jobs, and "
        f"in {len(meter.green):,} of {meter.green_logs:,} logs of jobs that passed"
    )
    if not meter.green:
        st.caption(f"{whole}, kept to compare.")
        return
    path, job, line = meter.green[0]
    example = f"such as {job} of {path}: “{mask(line.strip())[:160]}”. Such a line does not say why a job failed."
    st.warning(plain(f"{whole}, {example}"), icon=":material/warning:")


def _saved(which: Failure, rule: Rule) -> None:
    def save(who: str) -> str:
        with runtime().store.reader() as reader:
            if measured(reader, rule).is_doubtful and not st.session_state.get("rule_sure"):
                raise PatternError("The rule matches logs of jobs that passed: say that you want it all the same.")
        return decisions.link_by_rule(runtime().store, who, rule, which)

    do(save, "The rule is saved: it links what matches it, tonight's failures as well.", "act")
