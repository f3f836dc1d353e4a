"""What can be done on the pages Failure and Failures (AppTest): issue, person, rule, undo; who may, and who did it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from dashlib.demo.gitlab import READ_TOKEN, WRITE_TOKEN
from dashlib.failures import decisions
from dashlib.failures.act_tables import GREEN_LOGS, RULES
from dashlib.failures.decisions import Failure, Issue, Rule
from dashlib.failures.issue_draft import mark_of
from dashlib.failures.settle import settle
from dashlib.failures.tables import SIGNATURES, SIMILAR
from dashlib.model import Put, Upsert
from dashlib.runtime import runtime
from dashlib.sources.gitlab.traces import Trace
from dashlib.sources.tables import ISSUES
from dashlib.store import open_store
from dashlib.sync.steps.green_logs import green_row
from dashlib.widgets import act
from tests.act.failures import failed
from tests.pages.conftest import YESTERDAY, Open
from tests.queries.build import Builder, row
from tests.sync.world import GitLab, running_gitlab

SIGNATURE, ALIKE = "crash: boom in engine line <n>", "crash: boom in engines line <n>"
Visit = tuple[Open, dict[str, Failure]]


def fill(built: Builder, project: int = 1) -> dict[str, Failure]:
    built.project(project, "acme/core/engine")
    built.schedule(6 + project, project_id=project)
    built.user(1, "ada", "Ada Lovelace")
    before = YESTERDAY - timedelta(days=1)
    values: dict[str, Any] = {"category": "crash", "reason": "boom in engine line 3"}
    made = {
        "old": failed(built, SIGNATURE, project, at=before, **values),
        "new": failed(built, SIGNATURE, project, at=YESTERDAY, **values),
        "alike": failed(built, ALIKE, project, name="other", at=before, **values),
        "silent": failed(built, None, project, name="silent", at=before),
    }
    pair = {"signature": SIGNATURE, "other": ALIKE, "category": "crash", "similarity": 0.97}
    settle(built.store)
    built.store.write(Put(SIMILAR, [pair]))
    return made


def add_issue(built: Builder, iid: int, title: str, state: str = "opened", closed: datetime | None = None) -> None:
    known = row(ISSUES, ["issue"], project_id=1, iid=iid, title=title, state=state, updated_at=YESTERDAY,
                closed_at=closed, web_url=f"https://gitlab.example/acme/core/engine/-/issues/{iid}")  # fmt: skip
    built.store.write(Upsert(ISSUES, [known]))


@pytest.fixture
def visited(opener: Callable[[Path], Open], tmp_path: Path) -> Visit:
    path = tmp_path / "act.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        made = fill(built)
        add_issue(built, 12, "boom in the engine room")
        add_issue(built, 13, "docs are old")
        add_issue(built, 14, "boom in engine", "closed", YESTERDAY - timedelta(hours=5))
    return opener(path), made


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    with running_gitlab(repos=2, days=3) as running:
        monkeypatch.setenv("GITLAB_URL", running.url)
        yield running


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest has no connection to look at; the browser's test has (tests/browser/test_act.py)."""
    monkeypatch.setattr("dashlib.widgets.act.local_only", lambda _="": None)


def open_failure(visit: Open, which: Failure, name: str | None = "Grace") -> AppTest:
    app = visit("failure", failure=f"{which.project_id}-{which.job_id}")
    if name is not None:
        app.session_state["acting_name"] = name
        app.run()
    return app


def choose(app: AppTest, form: str | None) -> AppTest:
    app.session_state["act"] = form
    return app.run()


def asked(sql: str) -> list[tuple[Any, ...]]:
    with runtime().store.reader() as reader:
        return reader.execute(sql).fetchall()


def button(app: AppTest, begins: str) -> Any:
    return next(one for one in app.button if str(one.key).startswith(begins))


def words(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.warning, *app.success, *app.error, *app.info]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def test_the_name_is_asked_once_and_stands_beside_each_change(visited: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, made = visited
    app = choose(visit("failure", failure=f"1-{made['new'].job_id}"), "Assign")
    assert "Who are you?" not in words(app), "what can be done is seen first"
    app.selectbox(key="who_act").set_value("Ada Lovelace (ada)").run()
    app.button(key="assign_act").click().run()
    assert "Who are you?" in words(app) and asked("select * from assignments") == []
    order = [getattr(one, "key", None) for one in app.main]
    assert order.index("assign_act") < order.index("name_asked"), "asked below the button that asks"
    field = app.text_input(key="name_asked")
    assert "user name on GitLab" in field.placeholder and "one click" in field.help, "which name makes it one click"
    field.set_value("  Grace  Hopper ")
    app.button(key="name_saved").click().run()
    assert not [field for field in app.text_input if field.key == "name_asked"]
    assert not app.exception and "ada has it now." in words(app)
    # The change itself draws the page anew: what came of it is still there, and goes after a while.
    assert "ada has it now." in words(app.run())
    monkeypatch.setattr(act, "_SECONDS", 0)
    assert "ada has it now." not in words(app.run())
    assert asked("select scope, subject, assignee, created_by from assignments") == [
        ("signature", SIGNATURE, "ada", "Grace Hopper")
    ]
    choose(app, "Changes")
    assert "Grace Hopper gave it to ada" in words(app)
    button(app, "undo_").click().run()
    assert asked("select * from assignments") == []
    assert "(undone)" in words(app) and "Grace Hopper undid: gave it to ada" in words(app)


def test_linking_a_signature_and_one_job(visited: Visit) -> None:
    visit, made = visited
    app = choose(open_failure(visit, made["new"]), "Link to an issue")
    opened, closed = (app.radio(key=key).options for key in ("issue_picked", "closed_picked"))
    assert ["#12" in one for one in opened] == [True] and ["#14" in one for one in closed] == [True]
    app.radio(key="closed_picked").set_value(Issue(1, 14)).run()
    app.radio(key="issue_picked").set_value(Issue(1, 12)).run()
    assert app.radio(key="closed_picked").value is None, "only one is chosen"
    app.radio(key="closed_picked").set_value(Issue(1, 14)).run()
    assert app.radio(key="issue_picked").value is None
    app.radio(key="closed_picked").set_value(None).run()
    assert app.radio(key="issue_picked").value is None and app.button(key="link_all").disabled, "nobody chose one"
    app.radio(key="issue_picked").set_value(Issue(1, 12)).run()
    app.button(key="link_all").click().run()
    assert "linked to #12" in words(app)
    assert asked("select job_id, issue_iid, linked_by from job_failures where issue_iid is not null order by 1") == [
        (made["old"].job_id, 12, "rule"),
        (made["new"].job_id, 12, "rule"),
    ]
    choose(app, "Link to an issue")
    app.text_input(key="issue_search").set_value("docs").run()
    assert "% alike" not in str(app.radio(key="issue_picked").proto.captions), "what was searched for is hardly alike"
    app.radio(key="issue_picked").set_value(Issue(1, 13)).run()
    app.button(key="link_one").click().run()
    assert asked(f"select issue_iid, linked_by from job_failures where job_id = {made['new'].job_id}") == [(13, "hand")]
    assert "docs are old" in words(app)


def test_an_address_of_an_issue(visited: Visit) -> None:
    visit, made = visited
    app = choose(open_failure(visit, made["new"]), "Link to an issue")
    for wrong in ("https://elsewhere.example/acme/core/engine/-/issues/12", "https://gitlab.com/no/such/-/issues/1"):
        app.text_input(key="issue_search").set_value(wrong).run()
        assert app.warning and app.button(key="link_all").disabled
    app.text_input(key="issue_search").set_value("https://gitlab.com/acme/core/engine/-/issues/13").run()
    app.button(key="link_all").click().run()
    assert asked("select distinct issue_iid from job_failures where signature is not null order by 1") == [
        (13,),
        (None,),
    ]


def test_a_failure_after_its_issue_was_closed_is_flagged(visited: Visit) -> None:
    visit, made = visited
    app = choose(open_failure(visit, made["new"]), "Link to an issue")
    app.radio(key="closed_picked").set_value(Issue(1, 14)).run()
    app.button(key="link_all").click().run()
    said = words(app)
    closed_on = YESTERDAY - timedelta(hours=5)
    assert f"Its issue was closed on {closed_on:%a %d %b %Y}; it failed again on {YESTERDAY:%a %d %b %Y}." in said
    app = visit("failures")
    table = next(frame.value for frame in app.dataframe if "issue_returned" in frame.value)
    flagged = table[table["issue_state"] == "closed"]
    assert flagged["issue_returned"].tolist() == [True]


def test_a_rule_that_matches_green_logs_asks_twice(visited: Visit) -> None:
    visit, made = visited
    text = b"boom in engine line 9\nJob succeeded\n"
    app = open_failure(visit, made["new"])
    stored = green_row(1, "unit", 5, Trace(text, b"", len(text), 0))
    assert stored is not None
    runtime().store.write(Put(GREEN_LOGS, [stored]))
    choose(app, "Rule")
    assert "Links 3 failed jobs" in words(app), "the meter needs a pattern and no more"
    assert "0 of the newest 0 logs of failed jobs, and in 1 of 1 logs of jobs that passed" in words(app)
    app.checkbox(key="rule_sure").check().run()
    assert "Choose an issue or a person" in words(app) and app.button(key="save_rule").disabled
    app.selectbox(key="rule_person").set_value("Ada Lovelace (ada)").run()
    assert not app.button(key="save_rule").disabled
    app.selectbox(key="rule_person").set_value(None).run()
    app.radio(key="issue_picked_rule").set_value(Issue(1, 12)).run()
    app.checkbox(key="rule_sure").uncheck().run()
    assert app.button(key="save_rule").disabled
    app.checkbox(key="rule_sure").check().run()
    app.button(key="save_rule").click().run()
    assert asked("select pattern, issue_iid, created_by from link_rules") == [("%boom in engine line %", 12, "Grace")]
    choose(app, "Rule")
    button(app, "remove_").click().run()
    assert asked("select * from link_rules") == [] and asked("select * from rule_matches") == []


def test_a_pair_that_is_judged(visited: Visit) -> None:
    visit, _ = visited
    app = visit("failures", view="nearly the same")
    assert any("similarity" in frame.value for frame in app.dataframe)
    app.session_state["acting_name"] = "Grace"
    pick(app, "alike", [0])
    app.button(key="judge_different").click().run()
    assert "They stay two failures" in words(app) and "No two signatures are nearly the same." in words(app)
    first = asked("select * from signature_merges")
    pick(app, "judged", [0])
    button(app, "undo_").click().run()
    assert not app.exception and "Undone: it is as it was before." in words(app)
    assert asked("select * from signature_merges") == [] and "No two signatures" not in words(app), "proposed again"
    pick(app, "alike", [0])
    app.button(key="judge_same").click().run()
    assert "They are one failure from now on" in words(app) and first
    assert asked("select failures from failure_signatures where signature is not null") == [(3,)]
    assert asked("select verdict, created_by from signature_merges") == [("same", "Grace")]
    decisions.judge(runtime().store, "Ada", SIGNATURE, ALIKE, "different")
    app.run()
    for left in ("same", None):
        pick(app, "judged", [0])
        button(app, "undo_").click().run()
        assert asked("select any_value(verdict) from signature_merges") == [(left,)], "one step back each time"


@pytest.mark.parametrize("head", ["new", "alike"])
def test_a_merge_is_taken_back_on_the_page_of_whichever_was_seen_first(visited: Visit, head: str) -> None:
    visit, made = visited
    app = open_failure(visit, made[head])
    store = runtime().store
    decisions.assign(store, "Ada", [made["alike"]], "ada")
    held = asked("select * from assignments")
    two = (SIGNATURE, ALIKE)
    seen = {"first_project_id": 1, "first_job_name": "unit"}
    first = two[head == "alike"]
    store.write(
        *(Put(SIGNATURES, [{"signature": one, "first_seen_at": YESTERDAY - timedelta(days=9 if one == first else 1),
                            "first_job_id": made["old"].job_id, **seen}]) for one in two)
    )  # fmt: skip
    decisions.judge(store, "Ada", *two, "different")
    before = asked("select * from signature_merges")
    decisions.judge(store, "Ada", *two, "same")
    assert asked("select distinct head from merged_signatures") == [(first,)]
    choose(app, "Changes")
    assert "said that two signatures are the same" in words(app)
    assert "gave it to ada" in words(app), "what was decided about the other half is listed as well"
    button(app, "undo_").click().run()
    assert asked("select * from signature_merges") == before and asked("select * from assignments") == held
    assert asked("select count(*) from merged_signatures") == [(0,)]


def pick(app: AppTest, table: str, rows: list[int]) -> AppTest:
    """As a hand picks rows of a table; AppTest has no click for that (the browser's test does it)."""
    app.session_state[f"table_{table}"] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return app.run()


def test_one_existing_issue_for_several_failures_at_once(visited: Visit) -> None:
    visit, made = visited
    app = visit("failures", view="jobs")
    app.session_state["acting_name"] = "Grace"
    app.session_state["act_many"] = "Link to an issue"
    listed = app.run().dataframe[0].value["job_id"].tolist()
    wanted = [made[name].job_id for name in ("new", "alike", "silent")]
    pick(app, "failed_jobs", [listed.index(job) for job in wanted])
    assert "3 picked" in words(app) and app.button(key="attach_many").label == "Attach 3 to this issue"
    app.text_input(key="issue_search_many").set_value("docs").run()
    assert app.button(key="attach_many").disabled, "nobody chose an issue"
    app.radio(key="issue_picked_many").set_value(Issue(1, 13)).run()
    app.button(key="attach_many").click().run()
    assert not app.exception and "3 failed jobs attached to #13." in words(app)
    linked = "select job_id, linked_by from job_failures where issue_iid = 13 order by job_id"
    assert asked(linked) == [(job, "hand") for job in sorted(wanted)], "their like stay as they were"
    changes = asked("select count(distinct action), count(*), any_value(done_by) from link_changes")
    assert changes == [(1, 3, "Grace")], "one change, with one way back"
    app = choose(open_failure(visit, made["silent"]), "Changes")
    assert "Grace attached 3 failed jobs to #13" in words(app)
    button(app, "undo_").click().run()
    assert asked(linked) == [], "the way back is one, too"


@pytest.mark.parametrize("token, creates", [(WRITE_TOKEN, True), (READ_TOKEN, False)])
def test_new_issue_by_the_api_or_by_the_form(
    gitlab: GitLab, opener: Callable[[Path], Open], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str,
    creates: bool,
) -> None:  # fmt: skip
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", token)
    project = gitlab.world.projects[0]
    path = tmp_path / "new.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        made = fill(built, project.id)
        built.project(77, "elsewhere/hub", source="github")
        built.user(gitlab.world.token_user.id, gitlab.world.token_user.username, gitlab.world.token_user.name)
        built.write()
    app = choose(open_failure(opener(path), made["new"]), "New issue")
    assert not app.exception
    assert "elsewhere/hub" not in app.selectbox(key="issue_project").options
    held = len(project.issues)
    me = gitlab.world.token_user
    if not creates:
        assert not [button for button in app.button if button.key == "create_issue"]
        assert "The token may only read" in words(app)
        app = choose(app, None)
        app.button(key="take_issue").click().run()
        assert "use GitLab's form" in words(app) and app.session_state["act"] == "New issue"
        app = opener(path)("failures", view="jobs")
        app.session_state["act_many"] = "New issue"
        listed = app.run().dataframe[0].value["job_id"].tolist()
        pick(app, "failed_jobs", [listed.index(made[name].job_id) for name in ("new", "silent")])
        [form] = [one.proto for one in app.get("link_button") if "for these 2" in one.proto.label]
        described = parse_qs(urlsplit(form.url).query)["issue[description]"][0]
        assert all(f"/-/jobs/{made[name].job_id}" in described for name in ("new", "silent"))
        assert mark_of(None, project.id, made["silent"].job_id) in described
        assert len(project.issues) == held
        return
    app.text_input(key="issue_title").set_value("The engine explodes").run()
    app.button(key="create_issue").click().run()
    assert len(project.issues) == held + 1 and project.issues[-1].title == "The engine explodes"
    assert "linked to every failure like this" in words(app) and "Nobody has it yet." in words(app)
    assert asked("select count(*) from job_failures where issue_iid is not null") == [(2,)]
    assert not [one for one in app.button if one.key == "take_issue"], "it has one"
    choose(app, "New issue")
    assert "This failure has an issue already" in words(app) and "The engine explodes (opened)" in words(app)
    assert not [one for one in app.button if one.key == "create_issue"], "and no second one"
    choose(app, "Changes")
    again = button(app, "undo_")
    again.click().run()
    assert asked("select count(*) from job_failures where issue_iid is not null") == [(0,)]
    left = f"#{project.issues[-1].iid} stays open on GitLab."
    assert "Undone: it is as it was before." in words(app) and left in words(app)
    choose(app, "New issue")
    assert not [one for one in app.button if one.key == "take_issue"], "one blue button at a time"
    app.button(key="link_known").click().run()
    assert asked("select count(*) from job_failures where issue_iid is not null") == [(2,)]
    app = open_failure(opener(path), made["alike"], me.name)
    app.button(key="take_issue").click().run()
    assert not app.exception and f"{me.username} has it." in words(app)
    assert len(project.issues) == held + 2 and project.issues[-1].assignees == (me,)
    assert project.issues[-1].title == "other: boom in engine line 3" and project.issues[-1].labels == ("failed-job",)
    found = asked(f"select issue_iid, assignee from job_failures where job_id = {made['alike'].job_id}")
    assert found == [(project.issues[-1].iid, me.username)]
    app = open_failure(opener(path), made["silent"], None)
    app.button(key="take_issue").click().run()
    assert "Who are you?" in words(app) and len(project.issues) == held + 2
    app.text_input(key="name_asked").set_value("Nobody Known")
    app.button(key="name_saved").click().run()
    assert len(project.issues) == held + 3 and app.session_state["act"] == "Assign"
    assert "No GitLab account is known by the name Nobody Known: choose who has it." in words(app)
    assert "by your name, Nobody Known" in words(app), "in the form, too: the words above go after some seconds"


def test_from_another_machine_nothing_can_be_changed(visited: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, made = visited
    app = choose(open_failure(visit, made["new"]), "Assign")
    app.selectbox(key="who_act").set_value("Ada Lovelace (ada)").run()
    refusal = "Only a browser on the machine that runs the dashboard may change issues and persons."
    monkeypatch.setattr("dashlib.widgets.act.local_only", lambda _="": refusal)
    app.button(key="assign_act").click().run()
    assert asked("select * from assignments") == []
    assert refusal in words(app) and not [button for button in app.button if button.key == "assign_act"]


def test_no_act_is_done_for_a_browser_elsewhere_whatever_it_presses(
    visited: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, made = visited
    app = open_failure(visit, made["new"])
    store = runtime().store
    decisions.link_by_rule(store, "Ada", Rule(pattern="boom in %", assignee="ada"), made["new"])
    held = asked("select * from link_changes order by all")

    def refused(_: str = "") -> str | None:
        """The buttons are drawn, as where somebody presses them without the page."""
        return "no" if sys._getframe(1).f_code.co_name == "do" else None

    monkeypatch.setattr("dashlib.widgets.act.local_only", refused)
    pressed = []
    for form, fields in (
        ("Link to an issue", {"issue_picked": Issue(1, 12)}),
        ("Assign", {"who_act": "Ada Lovelace (ada)"}),
        ("Rule", {"issue_picked_rule": Issue(1, 12), "rule_sure": True}),
        ("Changes", {}),
    ):
        for key, value in fields.items():
            app.session_state[key] = value
        choose(app, form)
        for each in [one.key for one in app.button if one.key and not one.disabled]:
            pressed.append(each.partition("_")[0])
            app.button(key=each).click().run()
            assert asked("select * from link_changes order by all") == held, each
    assert {"link", "assign", "nobody", "save", "remove", "undo"} <= set(pressed)


def test_who_is_signed_in_did_it_whatever_name_was_given_before(
    visited: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, made = visited
    app = open_failure(visit, made["new"], "Grace")
    assert "Similar failures" in [one.value for one in app.header]
    similar = next(one.value for one in app.dataframe if "similarity" in one.value)
    assert similar[["failures", "differ_told"]].to_numpy().tolist() == [[1, "engine → engines"]]
    signed_in = {"name": "Ada Lovelace", "email": "ada@example.com"}
    monkeypatch.setattr("streamlit.user", SimpleNamespace(is_logged_in=True, to_dict=lambda: signed_in))
    decisions.judge(runtime().store, "Ada", SIGNATURE, ALIKE, "different")
    choose(app, "Assign")
    assert "Similar failures" not in [one.value for one in app.header], "somebody said that they are not"
    app.selectbox(key="who_act").set_value("Ada Lovelace (ada)").run()
    app.button(key="assign_act").click().run()
    assert asked("select created_by from assignments") == [("Ada Lovelace",)]


def test_everything_there_was_stands_after_a_restart(visited: Visit) -> None:
    visit, made = visited
    app = choose(open_failure(visit, made["new"]), "Link to an issue")
    app.radio(key="issue_picked").set_value(Issue(1, 12)).run()
    app.button(key="link_all").click().run()
    from dashlib import runtime as module

    module.close()
    app = open_failure(visit, made["old"])
    assert "#12 boom in the engine room (opened)" in words(app)
    choose(app, "Changes")
    button(app, "undo_").click().run()
    assert asked(f"select * from {RULES.name}") == []


def test_a_failure_by_the_number_of_its_job(visited: Visit) -> None:
    visit, made = visited
    app = visit("failure", job=str(made["new"].job_id))
    assert not app.exception and app.title[0].value == "unit"
    assert "No failed job with the number 999999 is stored here." in words(visit("failure", job="999999"))
