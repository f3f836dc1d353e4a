"""The page people (AppTest): who is found, the evidence, what is decided and undone, and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
from streamlit.testing.v1 import AppTest

from dashlib.charts.over_time import PICK
from dashlib.model import Filters, Put
from dashlib.people import decisions
from dashlib.people.files import take
from dashlib.people.refresh import refresh
from dashlib.people.tables import ACCOUNT_EMAILS, MAILMAPS
from dashlib.queries import commits
from dashlib.runtime import runtime
from dashlib.store import open_store
from dashlib.widgets import commits as of_commits
from dashlib.widgets import people as of_people
from tests.pages.conftest import HOSTILE, Open
from tests.people.world import company
from tests.queries.build import Builder

ADA, TWO, BOB = "ada.lovelace@one.example", "ada.lovelace@two.example", "bob@one.example"


@pytest.fixture
def visit(opener: Callable[[Path], Open], tmp_path: Path) -> Open:
    path = tmp_path / "people.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.commit("h", (HOSTILE, "evil@example.com"))
        company(built)
        refresh(store)
    return opener(path)


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest has no connection to look at; the browser's test has."""
    monkeypatch.setattr("dashlib.widgets.act.local_only", lambda _="": None)


def choose(app: AppTest, form: str) -> AppTest:
    app.session_state["people_act"] = form
    return app.run()


def asked(sql: str) -> list[tuple[Any, ...]]:
    with runtime().store.reader() as reader:
        return reader.execute(sql).fetchall()


def named(app: AppTest) -> AppTest:
    """This browser has given a name before."""
    app.session_state["acting_name"] = "Kim"
    return app.run()


def words(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.warning, *app.success, *app.error, *app.info]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def evidence(app: AppTest) -> list[str]:
    """The lines that tell who is this person, and why."""
    [listed] = [str(one.value) for one in app.markdown if "\n\n- " in str(one.value)]
    return [line.replace("\\", "").strip() for line in listed.split("\n") if line]


def button(app: AppTest, start: str) -> Any:
    return next(one for one in app.button if one.key and one.key.startswith(start))


def test_everybody_is_listed_and_found(visit: Open) -> None:
    app = visit("people")
    table = app.dataframe[0].value
    # Bob is co-author of one more: not the author, whom the page Commits counts.
    assert list(table["commits"][:2]) == [2, 2] and len(table) == 8
    assert dict(zip(table["id"], table["co_written"], strict=True))[BOB] == table["co_written"].sum() == 1
    app = visit("people", find_person="bobby@ELSE")
    assert list(app.dataframe[0].value["label"]) == ["Bob (bobby@elsewhere.example)"]
    assert "Nobody is called like that." in words(visit("people", find_person="nobody at all"))


def test_one_person_with_the_evidence_under_any_id(visit: Open) -> None:
    app = visit("people", who="Pair <bob@one.example>")
    assert evidence(app) == [
        "**Bob** `bob@one.example` · wrote 1, co-wrote 1, last on 10 Mar 2026",
        "**Pair** `bob@one.example` · wrote 1, last on 10 Mar 2026",
        "- the same address, `bob@one.example`",
    ]
    assert "known by this link" in words(visit("people", who="nobody"))


def test_merge_and_undo_on_the_page(visit: Open) -> None:
    app = named(visit("people", who=ADA))
    before = asked("select person, count(*) from commits_by_author group by 1 order by 1")
    choose(app, "Merge")
    app.selectbox(key="people_other").set_value(TWO).run()
    app.button(key="people_merge").click().run()
    assert not app.exception
    assert "They are one person now" in words(app)
    assert asked(f"select person from person_ids where id = '{TWO}'") == [(ADA,)]
    app.segmented_control(key="people_view").set_value("decisions").run()
    assert f"Kim merged Ada Lovelace (`{ADA}`) and Ada Lovelace (`{TWO}`)" in words(app)
    button(app, "people_undo_").click().run()
    assert asked("select person, count(*) from commits_by_author group by 1 order by 1") == before


def test_proposals_are_confirmed_and_rejected(visit: Open) -> None:
    app = named(visit("people", people_view="proposals"))
    assert "differ in the domain alone" in words(app)
    rule = "an address or account of one of them, where the other shows no address that says who"
    assert rule in words(app) and "The same name alone proposes nobody" not in words(app)
    waiting = len(asked("select * from person_proposals"))
    app.button(key=f"no_{ADA}|{TWO}").click().run()
    assert "They stay two persons." in words(app)
    assert len(asked("select * from person_proposals")) == waiting - 1


def test_what_a_mailmap_says_is_one_card_answered_at_once_and_undone_at_once(visit: Open) -> None:
    app = named(visit("people", people_view="proposals"))
    row = {"origin": "project", "project_id": 2, "name": "", "commit_id": "x", "read_at": datetime(2026, 3, 10)}
    lines = f"<{ADA}> <{TWO}>\n<{BOB}> <bobby@elsewhere.example>"
    runtime().store.write(Put(MAILMAPS, [row | {"text": lines}]))
    refresh(runtime().store)
    file = "the .mailmap of project 2"
    assert asked("select count(*) from person_proposals where said_by is not null") == [(2,)]
    app.run()
    assert "The .mailmap of project 2** says of 2 pairs" in words(app)
    assert f"**Ada Lovelace** · line 1: `{TWO}` is `{ADA}` (2 and 1 commits)" in words(app)
    app.button(key=f"yes_all_{file}").click().run()
    assert "Each of the 2 pairs is one person now. It is being worked into the figures." in words(app)
    assert asked("select count(distinct person) from identities") == [(5,)]
    app.segmented_control(key="people_view").set_value("decisions").run()
    assert [one.label for one in app.button if one.key and "undo" in one.key] == [
        "Undo",
        "Undo all 2 of this go",
        "Undo",
    ]
    # The whole go is offered once, beside the newest of it; once undone, the undoing can be taken back as a whole.
    newer, older = (one for (one,) in asked("select number from person_decisions where kind = 'merge' order by 1 desc"))
    assert [one.key for one in app.button if "undo_all" in str(one.key)] == [f"people_undo_all_{newer}"]
    button(app, "people_undo_all_").click().run()
    assert "Undone, all 2" in words(app)
    number = max(one for (one,) in asked("select number from person_decisions"))
    assert [one.key for one in app.button if "undo_all" in str(one.key)] == [f"people_undo_all_{number}"]
    assert not [one for one in app.button if one.key in (f"people_undo_{newer}", f"people_undo_{older}")]
    app.segmented_control(key="people_view").set_value("proposals").run()
    app.button(key=f"no_all_{file}").click().run()
    assert "2 pairs stay two persons each" in words(app)
    assert asked("select count(*) from person_proposals where said_by is not null") == [(0,)]


def test_a_whole_go_is_undone_beside_what_of_it_still_stands(visit: Open) -> None:
    app = named(visit("people", people_view="decisions"))
    pairs = [(ADA, TWO), (BOB, "bobby@elsewhere.example"), (ADA, "Ada Lovelace <noreply@localhost>")]
    first = decisions.answer_all(runtime().store, "Kim", pairs, same=False)
    assert first is not None
    decisions.undo(runtime().store, "Kim", first + 2)
    app.run()
    offered = [str(one.key) for one in app.button if "undo_all" in str(one.key)]
    assert offered == [f"people_undo_all_{first + 1}"] and "Undo all 2 of this go" in app.button(key=offered[0]).label
    decisions.undo(runtime().store, "Kim", first + 1)
    assert not [one for one in app.run().button if "undo_all" in str(one.key)]


def test_every_decision_can_be_undone_a_page_at_a_time(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_people, "_A_PAGE", 2)
    app = named(visit("people", people_view="decisions"))
    assert "Decisions 1" not in words(app)
    for bot in (True, False, True, False, True):
        decisions.mark(runtime().store, "Kim", BOB, bot=bot)
    seen = []
    for page in ("1", "2", "3"):
        app = named(visit("people", people_view="decisions", decisions_page=page))
        first = 2 * int(page) - 1
        assert f"Decisions {first} to {min(first + 1, 5)} of 5, newest first." in words(app)
        seen += [int(str(one.key).rpartition("_")[2]) for one in app.button if "people_undo_" in str(one.key)]
    assert seen == [5, 4, 3, 2, 1]
    app.button(key="people_undo_1").click().run()
    assert "Undone: it is as it was before." in words(app)
    assert "Decisions 5 to 6 of 6, newest first." in words(app)


def test_take_out_mark_and_team(visit: Open) -> None:
    app = named(visit("people", who=BOB))
    choose(app, "Take out")
    app.multiselect(key="people_split_of").set_value(["Pair <bob@one.example>"]).run()
    app.button(key="people_split").click().run()
    assert asked("select id from persons where name = 'Pair'") == [("Pair <bob@one.example>",)]
    choose(app, "Robot")
    app.button(key="people_bot").click().run()
    assert asked(f"select is_bot from persons where id = '{BOB}'") == [(True,)]
    assert "robot: Kim said so" in words(app).replace("\\", "")


def test_all_of_a_person_cannot_be_taken_out_and_that_is_said_before_a_name_is_asked(visit: Open) -> None:
    app = choose(visit("people", who=BOB), "Take out")
    told = "That is all of this person: leave one identity or account where it is."
    app.multiselect(key="people_split_of").set_value(["Pair <bob@one.example>"]).run()
    assert told not in words(app) and not app.button(key="people_split").disabled
    app.multiselect(key="people_split_of").set_value(["Bob <bob@one.example>", "Pair <bob@one.example>"]).run()
    assert told in words(app) and app.button(key="people_split").disabled
    assert not [one for one in app.text_input if one.key == "name_asked"]


def test_an_account_that_is_taken_out_is_told_in_words(visit: Open) -> None:
    app = visit("people")
    shown = {"source": "gitlab", "id": 1, "email": BOB, "shown_by": "hook"}
    runtime().store.write(Put(ACCOUNT_EMAILS, [shown]))
    refresh(runtime().store)
    app = choose(visit("people", who=BOB), "Take out")
    assert "@ada on gitlab" in app.multiselect(key="people_split_of").options
    app.multiselect(key="people_split_of").set_value(["gitlab:1"]).run()
    app.button(key="people_split").click().run()
    assert [one.value for one in app.text] == ["@ada on gitlab is not Bob (@ada)."]
    app.text_input(key="name_asked").set_value("Kim")
    app.button(key="name_saved").click().run()
    assert asked("select members, says from person_decisions") == [
        (["gitlab:1"], "took @ada on gitlab out of Bob (@ada)")
    ]


def test_from_another_machine_nothing_can_be_changed(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = named(visit("people", people_view="proposals"))
    refusal = "Only a browser on the machine that runs the dashboard may change issues and persons."
    monkeypatch.setattr("dashlib.widgets.act.local_only", lambda _="": refusal)
    app.button(key=f"yes_{ADA}|{TWO}").click().run()
    assert asked("select * from person_decisions") == []
    assert refusal in words(app)
    assert all(one.disabled for one in app.button if one.key and one.key.startswith(("yes_", "no_")))


def test_a_link_to_a_person_outlives_a_merge(visit: Open) -> None:
    """The filter bar of other pages takes ids, addresses and labels of before."""
    app = named(visit("people", who=ADA))
    choose(app, "Merge")
    app.selectbox(key="people_other").set_value(TWO).run()
    app.button(key="people_merge").click().run()
    march = {"period": "custom", "from": "2026-03-01", "to": "2026-03-31"}
    app = visit("commits", person=TWO, **march)
    assert app.session_state["filters"].persons == (ADA,) and not app.warning


def test_ids_stand_in_the_address_and_labels_are_shown(visit: Open) -> None:
    march = {"period": "custom", "from": "2026-03-01", "to": "2026-03-31"}
    app = visit("commits", person=ADA, **march)
    assert app.multiselect(key="person").value == [ADA]
    assert f"Ada Lovelace ({ADA})" in app.multiselect(key="person").options
    # Links of before have labels: followed where they mean one person.
    assert visit("commits", person=f"Ada Lovelace ({TWO})", **march).session_state["filters"].persons == (TWO,)
    assert visit("commits", person="Pair", **march).session_state["filters"].persons == (BOB,)
    app = visit("commits", person="Ada Lovelace", **march)
    assert app.session_state["filters"].persons == ()
    assert "asks for what is not here" in words(app)


def test_a_click_on_a_row_or_a_bar_chooses_the_id(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest clicks on no table and no chart: what Streamlit tells of the click is put in its place."""
    visit("commits")
    chosen: list[dict[str, list[str]]] = []
    monkeypatch.setattr(of_commits, "put", chosen.append)
    march = Filters(since=date(2026, 3, 1), until=date(2026, 3, 31))
    with runtime().commits.newest().connection.cursor() as cursor:
        ranking = commits.ranking(cursor, march)
        series = commits.over_time(cursor, march)
    label = f"Ada Lovelace ({TWO})"
    row = {"selection": {"rows": [list(ranking["label"]).index(label)]}}
    bar = {"selection": {PICK: [{"slot": "2026-03-09", "series": label}]}}
    told = {"table_ranking": row, "chart_commits_over_time": bar}
    monkeypatch.setattr(of_commits, "st", SimpleNamespace(session_state=told))
    of_commits._row_clicked("person", ranking)
    of_commits._bar_clicked("person", "week", series, march)
    assert [one["person"] for one in chosen] == [[TWO], [TWO]]


def test_the_page_of_a_person_links_by_id_and_tells_what_a_mailmap_did(visit: Open) -> None:
    app = visit("people", who=ADA)
    links = [one.proto for one in app.get("page_link")]
    assert [link.query_string for link in links if "person=" in link.query_string] == [
        f"person={quote_plus(ADA)}", f"person={quote_plus(ADA)}",
    ]  # fmt: skip
    row = {"origin": "project", "project_id": 1, "name": "", "text": f"<{BOB}> <{TWO}>", "commit_id": "x"}
    row["read_at"] = datetime(2026, 3, 10)
    runtime().store.write(Put(MAILMAPS, [row]))
    refresh(runtime().store)
    line = f"- the .mailmap of acme/core/engine, line 1, says that `{TWO}` is `{BOB}`"
    assert line in evidence(visit("people", who=BOB))


def test_every_reason_is_read_in_full_and_those_with_the_same_words_once(visit: Open) -> None:
    """Each identity is told by what is about itself; what joins others to the same person stands with those."""
    visit("people")
    built = Builder(runtime().store)
    other, text = "ada@home.example", f"<{BOB}> <{TWO}>\n<{BOB}> <ada@home.example>"
    for project in range(2, 7):
        built.project(project, f"acme/web/site{project}")
        for number, address in enumerate((BOB, TWO, other)):
            built.commit(f"s{project}{number}", ("Ada Lovelace", address), project_id=project)
    built.write()
    row = {"origin": "project", "name": "", "text": text, "commit_id": "x", "read_at": datetime(2026, 3, 10)}
    runtime().store.write(Put(MAILMAPS, [row | {"project_id": project} for project in range(2, 7)]))
    refresh(runtime().store)
    told = evidence(visit("people", who=BOB))
    places = "the .mailmap of acme/web/site{}, line {},"

    def line(number: int, address: str) -> str:
        files = " ".join(places.format(site, number) for site in (2, 3, 4))
        return f"- {files} and 2 more say that `{address}` is `{BOB}`"

    assert [one.partition(" ·")[0] for one in told] == [
        f"**Ada Lovelace** `{TWO}`", line(1, TWO),
        f"**Ada Lovelace** `{other}`", line(2, other),
        f"**Ada Lovelace** `{BOB}`", "**Bob** `bob@one.example`", "**Pair** `bob@one.example`",
        f"- the same address, `{BOB}`", line(1, TWO), line(2, other),
    ]  # fmt: skip


def test_the_evidence_of_who_has_no_address_or_no_name(visit: Open) -> None:
    visit("people")
    built = Builder(runtime().store)
    built.commit("n1", ("Nobody *here*", ""))
    built.commit("n2", ("", "noname@one.example"))
    built.write()
    refresh(runtime().store)
    told = " · wrote 1, last on 10 Mar 2026"
    assert evidence(visit("people", who="name:Nobody *here*")) == [
        f"**Nobody *here*** no address{told}",
        "- known first",
    ]
    assert evidence(visit("people", who="noname@one.example")) == [f"`noname@one.example`{told}", "- known first"]


@pytest.mark.parametrize(("many", "height"), [(2, 0), (40, 800)])
def test_the_evidence_is_as_tall_as_it_is_up_to_a_screen(visit: Open, many: int, height: int) -> None:
    visit("people")
    built = Builder(runtime().store)
    for number in range(many):
        built.commit(f"many{number}", (f"Spelling {number}", "zoe@one.example"))
    built.write()
    refresh(runtime().store)
    app = visit("people", who="zoe@one.example")
    assert len(evidence(app)) == many + 1
    held = app.get_by_key("people_evidence")
    assert held.proto.height_config.pixel_height == height


def test_where_somebody_is_somebody_else_is_told_once_and_as_it_is(visit: Open) -> None:
    """A file holds in every repository; a repository's own .mailmap in that one alone."""
    visit("people")
    built = Builder(runtime().store)
    for project in (2, 3):
        built.project(project, f"acme/web/site{project}")
        built.commit(f"chain{project}", ("Bob", BOB), project_id=project)
    built.write()
    take(runtime().store, "team.mailmap", f"<{BOB}> <{TWO}>\n<{ADA}> <{BOB}>\n")
    line = f"the file team.mailmap, line 2, says that `{BOB}` is `{ADA}`."
    told = words(visit("people", who=ADA))
    assert told.count(f"In every repository that has it, Bob <`{BOB}`> is this person: {line}") == 1
    assert "alone" not in told
    [(there,)] = asked(f"select person from identities where handle = 'Bob <{BOB}>'")
    assert told.count("In every repository") == 2 and there == BOB
    told = words(visit("people", who=there))
    assert told.count(f"In every repository that has it, Bob <`{BOB}`> is Bob (`{ADA}`): {line}") == 1
    take(runtime().store, "team.mailmap", "")
    row = {"origin": "project", "project_id": 1, "name": "", "text": f"<{ADA}> Bob <{BOB}>", "commit_id": "x"}
    runtime().store.write(Put(MAILMAPS, [row | {"read_at": datetime(2026, 3, 10)}]))
    refresh(runtime().store)
    line = f"the .mailmap of acme/core/engine, line 1, says that Bob, `{BOB}` is `{ADA}`."
    assert f"In acme/core/engine alone Bob <`{BOB}`> is this person: {line}" in words(visit("people", who=ADA))
    [(label,)] = asked(f"select label from persons where id = '{ADA}'")
    told = words(visit("people", who=BOB))
    assert f"In acme/core/engine Bob <`{BOB}`> is {label.replace(ADA, f'`{ADA}`')}: {line}" in told


def test_the_lines_of_a_mailmap_that_a_decision_goes_before_are_told(visit: Open) -> None:
    visit("people")
    number = decisions.reject(runtime().store, "Kim", ADA, TWO)
    take(runtime().store, "/of/kim/team.mailmap", f"# ours\n<{ADA}> <{TWO}>\n")
    told = words(visit("people", people_view="decisions"))
    assert "1 line of them is not followed, for what was decided here goes before:" in told
    line = f"the file team.mailmap, line 2, says that `{TWO}` is `{ADA}`: Kim said that Ada Lovelace (`{ADA}`) and"
    assert line in told
    assert number is not None
    decisions.undo(runtime().store, "Kim", number)
    assert "not followed" not in words(visit("people", people_view="decisions"))


def test_an_identity_without_a_name_or_address_can_be_somebody_else(visit: Open) -> None:
    visit("people")
    built = Builder(runtime().store)
    built.project(2, "acme/web/site")
    for number, nobody in enumerate([(None, ""), ("Nul", None)]):
        for project in (1, 2):
            built.commit(f"nobody{number}", nobody, project_id=project)  # type: ignore[arg-type]
    built.write()
    row = {"origin": "project", "project_id": 1, "name": "", "text": f"<{ADA}> <>\n<{ADA}> Nul <>", "commit_id": "x"}
    runtime().store.write(Put(MAILMAPS, [row | {"read_at": datetime(2026, 3, 10)}]))
    refresh(runtime().store)
    app = visit("people", who=ADA)
    assert not app.exception and words(app).count("In acme/core/engine alone") == 2


def test_the_first_change_asks_for_a_name_once_and_has_a_button(visit: Open) -> None:
    app = visit("people", people_view="proposals")
    app.button(key=f"no_{ADA}|{TWO}").click().run()
    app.text_input(key="name_asked").set_value("  Grace  Hopper ")
    app.button(key="name_saved").click().run()
    assert "They stay two persons." in words(app)
    assert asked("select done_by from person_decisions") == [("Grace Hopper",)]


@pytest.mark.parametrize("change", ["One person", "Merge", "Robot"])
def test_every_first_change_asks_for_a_name(visit: Open, change: str) -> None:
    """Also one that lets a choice of the page go when it is done."""
    if change == "One person":
        app = visit("people", people_view="proposals")
        app.button(key=f"yes_{ADA}|{TWO}").click().run()
    else:
        app = visit("people", who=ADA)
        choose(app, change)
        if change == "Merge":
            app.selectbox(key="people_other").set_value(TWO).run()
        app.button(key="people_merge" if change == "Merge" else "people_bot").click().run()
    assert asked("select count(*) from person_decisions") == [(0,)]
    app.text_input(key="name_asked").set_value("Grace Hopper")
    app.button(key="name_saved").click().run()
    assert asked("select done_by from person_decisions") == [("Grace Hopper",)]
    assert not [one for one in app.text_input if one.key == "name_asked"]


def test_the_question_for_a_name_says_which_change_waits_and_can_be_let_go(visit: Open) -> None:
    app = visit("people", people_view="proposals")
    app.button(key=f"no_{ADA}|{TWO}").click().run()
    waits = f"Ada Lovelace ({ADA}) and Ada Lovelace ({TWO}) are two persons."
    assert [one.value for one in app.text] == [waits]
    app.text_input(key="name_asked").set_value("   ")
    app.button(key="name_saved").click().run()
    assert "A name is needed" in words(app) and asked("select * from person_decisions") == []
    app.button(key="not_now").click().run()
    assert not app.text and not [one for one in app.text_input if one.key == "name_asked"]
    app.button(key=f"yes_{ADA}|{TWO}").click().run()
    assert "A name is needed" not in words(app)
    assert [one.value for one in app.text] == [waits.replace("two persons", "one person")]
    # Whoever leaves the page has let it go, too: it does not come back out of nowhere.
    app.switch_page("commits.py").run()
    app.switch_page("people.py").run()
    assert not app.text and asked("select * from person_decisions") == []


@pytest.mark.parametrize("change", ["undo", "Take out", "Robot", "Team", "all"])
def test_every_change_says_what_it_is_while_it_waits(visit: Open, change: str) -> None:
    app = visit("people", people_view="decisions")
    decisions.put_into_team(runtime().store, "Kim", ADA, "Tides")
    if change == "undo":
        button(app.run(), "people_undo_").click().run()
        says = f"Undo: put Ada Lovelace ({ADA}) into the team Tides."
    elif change == "all":
        decisions.answer_all(runtime().store, "Kim", [(ADA, TWO), (BOB, "bobby@elsewhere.example")], same=False)
        button(app.run(), "people_undo_all_").click().run()
        says = "Undo all 2 of one go, such as: said that Bob"
    else:
        app = choose(visit("people", who=BOB), change)
        if change == "Take out":
            app.multiselect(key="people_split_of").set_value(["Pair <bob@one.example>"]).run()
        elif change == "Team":
            app.selectbox(key="people_into").set_value("Tides").run()
        keys = {"Take out": "people_split", "Robot": "people_bot", "Team": "people_team_add"}
        app.button(key=keys[change]).click().run()
        says = {
            "Take out": "Pair <bob@one.example> is not Bob",
            "Robot": "Bob (bob@one.example) is a robot.",
            "Team": "Bob (bob@one.example) is in the team Tides.",
        }[change]
    assert not app.exception and says in app.text[0].value


def test_what_came_of_a_change_is_said_in_front_of_the_page_once(visit: Open) -> None:
    app = named(visit("people", people_view="proposals"))
    app.button(key=f"no_{ADA}|{TWO}").click().run()
    assert [one.value.replace("\\", "") for one in app.toast] == ["They stay two persons."]
    assert not app.run().toast and "They stay two persons." in words(app)


def test_hostile_names_are_text(visit: Open) -> None:
    app = visit("people", who="evil@example.com")
    assert not app.exception
    assert [one.value for one in app.header] and "<img" not in str(app.header[0].value).replace("\\<", "")


def uploaded(app: AppTest, data: bytes) -> AppTest:
    return app.file_uploader(key="teams_csv").set_value(("teams.csv", data, "text/csv")).run()


def test_a_file_tells_its_teams_before_it_is_imported(visit: Open) -> None:
    lines = f'Name,E-mail,Team\rAda,{ADA},Tides\rBob,{BOB},Tides\rX,nobody@x.example,*Waves*\r"Y,y,Waves\r'
    app = uploaded(named(visit("people", people_view="teams")), lines.encode())
    assert "2 of 3 lines name somebody who is known here." in words(app)
    assert "Its teams, and how many persons who are known each has: Tides (2), *Waves* (0)." in words(app)
    assert "Line 5: a quote is opened in it and not closed." in words(app)
    assert asked("select count(*) from person_teams") == [(0,)]
    app.button(key="teams_import").click().run()
    assert asked("select person, team from person_teams order by all") == [(ADA, "Tides"), (BOB, "Tides")]


def test_a_value_of_any_length_breaks_no_page(visit: Open) -> None:
    app = uploaded(visit("people", people_view="teams"), f"{ADA},Tides\nbob,{'x' * 140_000}\n".encode())
    assert not app.exception
    assert "Line 2: one of its values is longer than 131,072 characters." in words(app)


def test_the_file_of_the_setting_is_told_of(visit: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "teams.csv"
    monkeypatch.setenv("DASH_TEAMS", str(file))
    app = visit("people", people_view="teams")
    assert f"{file}, of DASH_TEAMS, cannot be read: No such file or directory" in words(app)
    file.write_text(f"{ADA},Tides\nnobody@x.example,Waves\n{BOB},Tides,Waves\n")
    told = words(app.run())
    assert f"DASH_TEAMS is {file}, read at the start and after each sync." in told
    assert "1 of 2 lines name somebody who is known here." in told and "person: nobody@x.example." in told
    assert "Line 3: it has 3 values, and no header says" in told
