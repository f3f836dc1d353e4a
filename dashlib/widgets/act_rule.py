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
from dashlib.runtime import runtime
from dashlib.widgets.act import do, matching_rules
from dashlib.widgets.act_issue import choose_issue


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
        issue = choose_issue(which.project_id, f"{row['reason']} {which.signature or ''}", "_rule")
    else:
        st.caption(plain(f"It links to {issue}, the issue of this failure."))
    rule = Rule(pattern, str(kind), None, category, projects, jobs, issue)
    try:
        with runtime().store.reader() as reader:
            meter = measured(reader, rule)
    except PatternError as error:
        st.caption(f":material/info: {plain(str(error))}")
        return
    _meter(meter)
    sure = not meter.is_doubtful or st.checkbox("Save it although it matches logs of jobs that passed", key="rule_sure")
    st.button("Save the rule", type="primary", icon=":material/rule:", disabled=not sure,
              key="save_rule",
              on_click=_saved, args=(which, rule))  # fmt: skip


def _meter(meter: Meter) -> None:
    last = f", the last {ago(meter.last_at)}" if meter.last_at else ""
    parts = [
        f"Matches {meter.red:,} failed job{'' if meter.red == 1 else 's'} in {meter.repositories:,} "
        f"repositor{'y' if meter.repositories == 1 else 'ies'}{last}"
    ]
    parts += [
        f"{one.failures:,} of them are matched by another rule, too ({one.words[:80]}"
        f"{f' → #{one.issue_iid}' if one.issue_iid else ''})"
        for one in meter.others[:3]
    ]
    st.caption(plain("; ".join(parts) + "."))
    if meter.green:
        path, job, line = meter.green[0]
        st.warning(
            plain(
                f"It matches {len(meter.green):,} of {meter.green_logs:,} logs of jobs that passed, such as {job} of "
                f"{path}: “{mask(line.strip())[:160]}”. Such a line does not say why a job failed."
            ),
            icon=":material/warning:",
        )
    else:
        st.caption(f"Matches none of the {meter.green_logs:,} logs of jobs that passed which are kept to compare.")


def _saved(which: Failure, rule: Rule) -> None:
    def save(who: str) -> str:
        with runtime().store.reader() as reader:
            if measured(reader, rule).is_doubtful and not st.session_state.get("rule_sure"):
                raise PatternError("The rule matches logs of jobs that passed: say that you want it all the same.")
        return decisions.link_by_rule(runtime().store, who, rule, which)

    do(save, "The rule is saved: it links what matches it, tonight's failures as well.", "act")
