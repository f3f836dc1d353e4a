"""What people decide, over a real database: figures move with it, and are what they were when it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Filters, Put
from dashlib.people import decisions
from dashlib.people.decisions import CannotDecide
from dashlib.people.files import Outcome, take
from dashlib.people.refresh import refresh, remember_bots, remember_teams
from dashlib.people.teams import names_of, whom
from dashlib.people.teams_csv import read
from dashlib.queries.people import callable_by
from dashlib.sources.tables import MEMBERS
from dashlib.store import open_store
from tests.people.world import company, figures, mailmap
from tests.queries.build import MIDNIGHT, Builder, row

ADA, TWO, BOB = "ada.lovelace@one.example", "ada.lovelace@two.example", "bob@one.example"


def persons(built: Builder) -> dict[str, str]:
    return {one["handle"]: one["person"] for one in built.rows("select handle, person from identities")}


def proposals(built: Builder) -> list[tuple[str, str]]:
    return [tuple(one.values()) for one in built.rows("select person, other from person_proposals order by all")]


def test_certain_and_likely_and_neither(built: Builder) -> None:
    found = persons(company(built))
    assert found == {
        "Ada <ada.lovelace@one.example>": ADA,
        "Ada Lovelace <ada.lovelace@one.example>": ADA,
        "Ada Lovelace <ada.lovelace@two.example>": TWO,
        "Ada Lovelace <noreply@localhost>": "Ada Lovelace <noreply@localhost>",
        "Bob <bob@one.example>": BOB,
        "Bob <bobby@elsewhere.example>": "bobby@elsewhere.example",
        "Bob <noreply@localhost>": "Bob <noreply@localhost>",
        "Pair <bob@one.example>": BOB,
    }
    assert (ADA, TWO) in proposals(built)
    assert built.rows("select evidence from person_proposals where person = $$ada.lovelace@one.example$$ limit 1") == [
        {"evidence": "the same name, Ada Lovelace; the addresses ada.lovelace@one.example and ada.lovelace@two.example "
                     "differ in the domain alone"}
    ]  # fmt: skip


def test_merge_moves_the_figures_and_undo_restores_them(built: Builder) -> None:
    before = figures(company(built))
    number = decisions.merge(built.store, "Kim", [TWO, ADA])
    assert built.rows("select person, count(*) as n from commits_by_author where role = 'author' group by 1")
    assert persons(built)["Ada Lovelace <ada.lovelace@two.example>"] == ADA
    assert (ADA, TWO) not in proposals(built)
    # The id of before still leads to the person.
    assert built.rows(f"select person from person_ids where id = '{TWO}'") == [{"person": ADA}]
    assert number is not None
    undone = decisions.undo(built.store, "Kim", number)
    assert figures(built) == before
    assert undone is not None
    decisions.undo(built.store, "Kim", undone)
    assert persons(built)["Ada Lovelace <ada.lovelace@two.example>"] == ADA


def test_several_pairs_are_answered_in_one_go_and_undone_as_one_or_one_by_one(built: Builder) -> None:
    before = figures(company(built))
    pairs = [(ADA, TWO), (BOB, "bobby@elsewhere.example")]
    first = decisions.answer_all(built.store, "Kim", pairs, same=True)
    assert first is not None
    assert len(set(persons(built).values())) == len({*persons(built).values()} - {TWO, "bobby@elsewhere.example"}) == 4
    merged = figures(built)
    decisions.undo(built.store, "Kim", first + 1)
    assert persons(built)["Bob <bobby@elsewhere.example>"] == "bobby@elsewhere.example"
    assert persons(built)["Ada Lovelace <ada.lovelace@two.example>"] == ADA
    decisions.undo_all(built.store, "Kim", first + 1)
    assert figures(built) == before
    with pytest.raises(CannotDecide, match="undone already"):
        decisions.undo_all(built.store, "Kim", first)
    assert decisions.answer_all(built.store, "Kim", pairs, same=True)
    assert figures(built)["credited"] == merged["credited"]
    with pytest.raises(CannotDecide, match="not there any more"):
        decisions.answer_all(built.store, "Kim", [(ADA, BOB), (ADA, "nobody")], same=False)
    assert {one["kind"] for one in built.rows("select kind from person_decisions")} == {"merge", "undo"}


def test_split_goes_against_the_same_address(built: Builder) -> None:
    before = figures(company(built))
    number = decisions.split(built.store, "Kim", BOB, ["Pair <bob@one.example>"])
    assert persons(built)["Pair <bob@one.example>"] == "Pair <bob@one.example>"
    assert persons(built)["Bob <bob@one.example>"] == BOB
    assert number is not None
    decisions.undo(built.store, "Kim", number)
    assert figures(built) == before
    with pytest.raises(CannotDecide, match="all of this person"):
        decisions.split(built.store, "Kim", BOB, ["Pair <bob@one.example>", "Bob <bob@one.example>"])


def test_rejected_stays_rejected_when_new_commits_come(built: Builder) -> None:
    company(built)
    decisions.reject(built.store, "Kim", ADA, TWO)
    built.commit("later", ("ada lovelace", "Ada.Lovelace@two.example"))
    assert (ADA, TWO) not in proposals(built)


def test_a_robot_is_marked_and_unmarked(built: Builder) -> None:
    built.commit("b1", ("renovate[bot]", "renovate@one.example"))
    company(built)
    told = (
        "select id, is_bot, bot_because from persons where id in ('renovate@one.example', 'bob@one.example') order by 1"
    )
    assert [one["is_bot"] for one in built.rows(told)] == [False, True]
    decisions.mark(built.store, "Kim", BOB, bot=True)
    decisions.mark(built.store, "Kim", "renovate@one.example", bot=False)
    assert [one["is_bot"] for one in built.rows(told)] == [True, False]
    assert built.rows(told)[0]["bot_because"].startswith("Kim said so, ")


def test_teams_from_a_file_a_csv_and_by_hand(built: Builder, tmp_path: Path) -> None:
    company(built)
    built.store.write()
    teams = "select person, team, origin from person_teams order by all"
    (tmp_path / "teams.csv").write_text(
        "e-mail;team\nADA.lovelace@one.example;Tides\n@ada;Waves\nnobody@x.example;Tides\n"
    )
    remember_teams(built.store, tmp_path / "teams.csv")
    assert [tuple(one.values()) for one in built.rows(teams)] == [(ADA, "Tides", "file"), ("gitlab:1", "Waves", "file")]
    number = decisions.import_teams(built.store, "Kim", read(f"{BOB},Tides\n{ADA},Tides\n").lines)
    decisions.put_into_team(built.store, "Kim", BOB, "Waves")
    decisions.put_into_team(built.store, "Kim", ADA, "Tides", member=False)
    assert [tuple(one.values()) for one in built.rows(teams)] == [
        (BOB, "Tides", "csv"), (BOB, "Waves", "hand"), ("gitlab:1", "Waves", "file"),
    ]  # fmt: skip
    assert number is not None
    decisions.undo(built.store, "Kim", number)
    assert [tuple(one.values()) for one in built.rows(teams)] == [(BOB, "Waves", "hand"), ("gitlab:1", "Waves", "file")]


@pytest.mark.parametrize(
    ("member", "person"),
    [
        ("Zoe\u0308 Ho", "zoe@one.example"),
        ("ZOE\u0308  HO (someone)", None),
        ("Ada Lovelace (@ada)", "gitlab:1"),
        (f"Ada Lovelace ({TWO})", TWO),
        ("Ada Lovelace <Ada.Lovelace@one.example>", ADA),
        (f"Countess Lovelace <{ADA}>", ADA),
        ("Ada Lovelace (noreply@localhost)", "Ada Lovelace <noreply@localhost>"),
        ("Bob <noreply@localhost>", "Bob <noreply@localhost>"),
        ("Ada Lovelace", None),
        ("Kim <noreply@localhost>", None),
    ],
)
def test_a_line_may_call_somebody_as_the_page_does(built: Builder, member: str, person: str | None) -> None:
    company(built)
    built.commit("z", ("Zo\u00eb Ho", "zoe@one.example"))
    decisions.import_teams(built.store, "Kim", read(f"{member};Tides\n").lines)
    assert built.rows("select person from person_teams") == ([{"person": person}] if person else [])
    with built.store.reader() as reader:
        known = names_of(callable_by(reader, Filters()).itertuples(index=False, name=None))
    assert whom(member, known) == person, "the page says the same"


def test_a_repository_whose_members_were_not_read_breaks_no_team(built: Builder) -> None:
    """Ada is in every repository of the group that tells its members, Bob in one of two."""
    for id in (1, 2, 3):
        built.project(id, f"acme/core/p{id}")
    for id, name in ((5, "ada"), (6, "bob")):
        built.user(id, name, name.title(), public_email=f"{name}@example.com")
    known = {"state": "active", "membership_state": "active", "access_level": 30}
    told = [(1, 5, "ada"), (2, 5, "ada"), (1, 6, "bob")]
    rows = [row(MEMBERS, ["row"], project_id=p, user_id=u, username=name, **known) for p, u, name in told]
    built.store.write(Put(MEMBERS, rows))
    assert built.rows("select person, team, origin from person_teams") == [
        {"person": "gitlab:5", "team": "acme", "origin": "gitlab"}
    ]


def test_a_mailmap_read_in_joins_and_an_empty_one_lets_go(built: Builder) -> None:
    before = figures(company(built))
    outcome = take(built.store, "team", f"Ada King <{ADA}> <{TWO}>\nrubbish\n")
    assert (outcome.entries, outcome.bad) == (1, ((2, "it has no address in <…>"),))
    assert [(one.label, one.before) for one in outcome.joined] == [
        ("Ada King", ("Ada Lovelace (ada.lovelace@one.example)", "Ada Lovelace (ada.lovelace@two.example)")),
    ]  # fmt: skip
    take(built.store, "team", "")
    assert figures(built) == before


def moved(built: Builder, text: str) -> tuple[list[tuple[str, tuple[str, ...]]], list[tuple[str, tuple[str, ...]]]]:
    """Whom a file joins and parts, by what the command says; and that it counts the persons that pages list."""
    [before] = built.rows("select count(*) as n from persons")
    outcome = take(built.store, "team", text)
    [now] = built.rows("select count(*) as n from persons")
    assert (outcome.persons_before, outcome.persons) == (before["n"], now["n"])
    joined = [(one.label, one.before) for one in outcome.joined]
    return joined, [(one.label, one.now) for one in outcome.parted]


def people_of(built: Builder) -> None:
    """Three persons with an address each, in two repositories."""
    built.project(2, "acme/web/site")
    for name in "abc":
        for project in (1, 2):
            built.commit(f"{name}{project}", (name.upper(), f"{name}@x.example"), project_id=project, at=MIDNIGHT)
    refresh(built.store)


def test_a_chain_is_told_as_pages_count_it(built: Builder) -> None:
    """Of A to B and B to C the commits of B are C's, and those of A are nobody's but A's, under another address."""
    people_of(built)
    assert moved(built, "<b@x.example> <a@x.example>\n<c@x.example> <b@x.example>\n") == ([("C", ("B", "C"))], [])
    credited = "select person_label as label, count(*) as n from commits_by_author group by all order by all"
    assert [tuple(one.values()) for one in built.rows(credited)] == [("A", 2), ("C", 4)]
    assert moved(built, "") == ([], [("C", ("B", "C"))])


def test_a_swap_joins_and_parts_nobody(built: Builder) -> None:
    people_of(built)
    assert moved(built, "<b@x.example> <a@x.example>\n<a@x.example> <b@x.example>\n") == ([], [])


def test_a_line_by_name_is_told_as_pages_count_it(built: Builder) -> None:
    people_of(built)
    for name, project in (("Bob", 1), ("Old", 2)):
        built.commit(name, (name, "a@x.example"), project_id=project, at=MIDNIGHT)
    refresh(built.store)
    # Others go to the address of the name that leaves it: it keeps its own there, and its commits are elsewhere.
    text = "<b@x.example> Bob <a@x.example>\n<a@x.example> <c@x.example>\n"
    joined, parted = moved(built, text)
    assert joined == [("B", ("A", "B")), ("C", ("A", "C"))] and parted == [("A", ("B", "C"))]
    whose = "select person from commits_by_author where commit_id = 'Bob'"
    assert built.rows(whose) == built.rows("select person from commits_by_author where commit_id = 'b1'")


def test_who_was_told_apart_stays_so_whatever_the_file_says(built: Builder) -> None:
    """Ada Lovelace of one.example and of two.example were said to be two persons before the file was read."""
    company(built)
    number = decisions.reject(built.store, "Kim", ADA, TWO)
    before = built.rows("select author_email, person from commits_by_author order by all")
    assert number is not None
    outcome = take(built.store, "team", f"Ada King <{ADA}> <{TWO}>\n")
    [line] = outcome.overruled
    assert line.says == f"line 1 says that {TWO} is {ADA}"
    assert line.decided.startswith(f"Kim said that Ada Lovelace ({ADA}) and Ada Lovelace ({TWO}) are two persons, ")
    assert Outcome.of(json.loads(json.dumps(outcome.as_json()))) == outcome
    assert outcome.joined == () and persons(built)["Ada Lovelace <ada.lovelace@two.example>"] == TWO
    assert built.rows("select author_email, person from commits_by_author order by all") == before
    assert (ADA, TWO) not in proposals(built)
    decisions.undo(built.store, "Kim", number)
    assert persons(built)["Ada Lovelace <ada.lovelace@two.example>"] == ADA
    assert take(built.store, "team", f"Ada King <{ADA}> <{TWO}>\n").overruled == ()


def test_a_line_about_somebody_who_was_taken_out_is_told_as_overruled(built: Builder) -> None:
    """By the address, by the name, and of whom it means; what others at the address have of it is followed."""
    company(built)
    decisions.split(built.store, "Kim", BOB, ["Pair <bob@one.example>"])

    def overruled(text: str) -> list[str]:
        told = take(built.store, "/of/kim/team.mailmap", text).overruled
        assert all(one.decided.startswith("Kim took Pair <bob@one.example> out of Bob (") for one in told)
        return [one.says for one in told]

    assert overruled(f"Robert <{BOB}>\n<{ADA}> <{BOB}>\n") == [f"line 2 says that {BOB} is {ADA}"]
    assert persons(built)["Bob <bob@one.example>"] == ADA != persons(built)["Pair <bob@one.example>"]
    assert overruled(f"# here\n<{ADA}> Pair <{BOB}>\n") == [f"line 2 says that Pair, {BOB} is {ADA}"]
    assert overruled(f"<{ADA}> Bob <{BOB}>\n<{ADA}> <{TWO}>\n") == []


def test_what_a_line_says_in_vain_is_told_once_whatever_repositories_it_speaks_in(built: Builder) -> None:
    """In the file's order, not in that of its words; of another file nothing."""
    people_of(built)
    refresh(built.store)
    for one, other in ("ab", "bc", "ac"):
        decisions.reject(built.store, "Kim", f"{one}@x.example", f"{other}@x.example")
    lines = [f"# {number}" for number in range(8)]
    text = "\n".join(
        ["<b@x.example> <a@x.example>", *lines, "<c@x.example> <b@x.example>", "<a@x.example> C <c@x.example>"]
    )
    told = take(built.store, "team.mailmap", text).overruled
    assert [one.says.partition(" says")[0] for one in told] == ["line 1", "line 10", "line 11"]
    assert take(built.store, "other.mailmap", "A <a@x.example>").overruled == ()


def test_what_a_repository_says_of_a_shared_address_counts_in_its_figures(built: Builder) -> None:
    company(built)
    built.project(2, "acme/web/site")
    built.commit("other", ("Bob", "noreply@localhost"), project_id=2)
    mailmap(built, f"<{BOB}> Bob <noreply@localhost>")
    found = built.rows(
        "select project_id, person from commits_by_author where author_email = 'noreply@localhost' order by all"
    )
    assert [tuple(one.values()) for one in found] == [
        (1, "Ada Lovelace <noreply@localhost>"), (1, BOB), (2, "Bob <noreply@localhost>"),
    ]  # fmt: skip
    assert built.rows(f"select commits from persons where id = '{BOB}'") == [{"commits": 4}]


def test_a_line_of_the_file_that_makes_a_chain_parts_and_the_emptied_file_takes_it_back(built: Builder) -> None:
    """What a repository's line says of an address holds elsewhere no more once another address goes to that one."""
    for number, address in enumerate((BOB, "bobby@two.example", "lum@three.example")):
        built.commit(f"c{number}", ("Bob", address))
    built.project(2, "acme/web/site")
    built.commit("c3", ("Bob", "bobby@two.example"), project_id=2)
    mailmap(built, f"<{BOB}> <bobby@two.example>")
    persons = "select handle, person from identities order by all"
    before = built.rows(persons)
    assert len({one["person"] for one in before}) == 2
    outcome = take(built.store, "team.mailmap", "<bobby@two.example> <lum@three.example>\n")
    assert len(outcome.joined) == len(outcome.parted) == 1 and built.rows(persons) != before
    take(built.store, "team.mailmap", "")
    assert built.rows(persons) == before


def test_a_mailmap_of_a_stranger_moves_nobody_s_figures(built: Builder) -> None:
    """Bob has no commit in t/evil: its line about him is a proposal that names file, line and repository."""
    built.project(2, "t/evil")
    built.commit("m", ("Mallory", "mal@evil.example"), project_id=2)
    before = built.rows("select commit_id, person from commits_by_author order by all") if company(built) else []
    mailmap(built, f"# ours\nMallory <mal@evil.example> <{BOB}>\nBoss <{BOB}>", project=2)
    assert built.rows("select commit_id, person from commits_by_author order by all") == before
    assert built.rows(f"select name, label from persons where id = '{BOB}'") == [
        {"name": "Bob", "label": f"Bob ({BOB})"}
    ]
    assert built.rows("select evidence from person_proposals where other = 'mal@evil.example'") == [
        {"evidence": f"the .mailmap of t/evil, line 2, says that {BOB} is mal@evil.example"}
    ]


def test_what_a_mailmap_did_names_file_line_and_repository(built: Builder) -> None:
    company(built)
    mailmap(built, f"<{BOB}> <bobby@elsewhere.example>\nRobert <{BOB}>")
    line = f"the .mailmap of acme/core/engine, line 1, says that bobby@elsewhere.example is {BOB}"
    named = f"the .mailmap of acme/core/engine, line 2, says that {BOB} is Robert"
    found = built.rows(f"select handle, because from identities where person = '{BOB}' order by handle")
    assert [one["handle"] for one in found] == [
        "Bob <bob@one.example>", "Bob <bobby@elsewhere.example>", "Pair <bob@one.example>",
    ]  # fmt: skip
    assert all(line in one["because"] for one in found) and named in found[0]["because"]
    assert built.rows(f"select label, email from persons where id = '{BOB}'") == [{"label": "Robert", "email": BOB}]
    take(built.store, "/home/kim/team.mailmap", "Bobby <bob@one.example>\n")
    assert built.rows(f"select label from persons where id = '{BOB}'") == [{"label": "Bobby"}]
    assert "the file team.mailmap, line 1, says that bob@one.example is Bobby" in str(
        built.rows(f"select because from identities where person = '{BOB}'")
    )


def test_robots_of_the_setting(built: Builder) -> None:
    company(built)
    built.commit("r", ("tool[x]", "tool@one.example"))
    told = "select id, bot_because from persons where is_bot order by id"
    assert built.rows(told) == []
    remember_bots(built.store, ["bob@ONE.*", "tool[x]", "lovelace"])
    refresh(built.store)
    assert built.rows(told) == [
        {"id": BOB, "bot_because": "DASH_BOTS names “bob@ONE.*”"},
        {"id": "tool@one.example", "bot_because": "DASH_BOTS names “tool[x]”"},
    ]
    decisions.mark(built.store, "Kim", BOB, bot=False)
    assert [one["id"] for one in built.rows(told)] == ["tool@one.example"]
    remember_bots(built.store, [])
    refresh(built.store)
    assert built.rows(told) == []


def labels(built: Builder) -> dict[str, str]:
    return {one["id"]: one["label"] for one in built.rows("select id, label from persons")}


def test_two_persons_of_one_name_keep_their_labels_whoever_commits_more(built: Builder) -> None:
    built.commit("c1", ("Tobin Mordaunce", "tobin@one.example"))
    assert labels(built) == {"tobin@one.example": "Tobin Mordaunce"}
    built.commit("c2", ("Tobin  mordaunce", "tobin@two.example"))
    before = labels(built)
    assert before == {
        "tobin@one.example": "Tobin Mordaunce (tobin@one.example)",
        "tobin@two.example": "Tobin  mordaunce (tobin@two.example)",
    }
    built.commit("c3", ("Tobin  mordaunce", "tobin@two.example"))
    assert labels(built) == before
    # Composed or not, it is the same to the eye.
    built.commit("c4", ("Zo\u00eb", "zoe@one.example"))
    built.commit("c5", ("Zoe\u0308", "zoe@two.example"))
    assert labels(built)["zoe@one.example"] == "Zo\u00eb (zoe@one.example)"
    assert labels(built)["zoe@two.example"] == "Zoe\u0308 (zoe@two.example)"


def test_labels_are_short_and_unlike_each_other(built: Builder) -> None:
    endless = "N" * 10_000
    for number, name in enumerate((endless + "a", endless + "b", "Kim", "Kim (kim@x.example)")):
        built.commit(f"c{number}", (name, f"{'e' * 300}{number}@x.example" if number < 2 else f"k{number}@x.example"))
    built.commit("c9", ("Kim", "kim@x.example"))
    found = labels(built)
    assert len(set(found.values())) == len(found) == 5
    assert max(map(len, found.values())) <= 200


def test_of_equals_the_longest_name_is_the_person_s(built: Builder) -> None:
    for number, name in enumerate(("J", "Jürgen Müller", "jm")):
        built.commit(f"c{number}", (name, "jm@x.example"))
    assert labels(built) == {"jm@x.example": "Jürgen Müller"}


def test_who_has_no_name_or_the_same_address_is_not_likely_anybody(built: Builder) -> None:
    built.commit("c1", ("", "noname@corp.example"))
    built.commit("c2", ("", ""))
    assert proposals(built) == []
    built.commit("c4", ("Jane Doe", "jane.doe@corp.example"))
    built.commit("c5", ("J. Doe", "jane.doe@corp.example"))
    decisions.split(built.store, "Kim", "jane.doe@corp.example", ["J. Doe <jane.doe@corp.example>"])
    assert proposals(built) == []


def test_a_name_is_enough_only_beside_what_says_who_where_nothing_can_speak_against_it(built: Builder) -> None:
    built.commit("c0", ("Ada", "noreply@github.com"))
    built.commit("c1", ("Ada", "noreply@gitlab.example"))
    built.commit("c2", ("Ada", ""))
    assert proposals(built) == []
    built.commit("c3", ("Ada", "123+ada@users.noreply.github.com"))
    assert len(proposals(built)) == 3 and {min(pair) for pair in proposals(built)} == {"123@users.noreply.github.com"}
    assert all(
        one["evidence"] == "the same name, Ada; one of them shows no address that says who"
        for one in built.rows("select evidence from person_proposals")
    )


def test_who_shares_the_address_of_a_machine_is_one_until_somebody_splits(built: Builder) -> None:
    """One address is one person by certainty, whatever machine made it up; who knows better says so."""
    for number, name in enumerate(("root", "Jane Doe", "root", "Max")):
        built.commit(f"c{number}", (name, "root@localhost"))
    assert labels(built) == {"root@localhost": "root"}
    decisions.split(built.store, "Kim", "root@localhost", ["Max <root@localhost>"])
    assert set(labels(built).values()) == {"root", "Max"}
    assert proposals(built) == []


@pytest.mark.parametrize("address", ["github@lovelace.example", "gitlab@hopper.example"])
def test_an_address_of_ones_own_for_a_forge_is_no_robots(built: Builder, address: str) -> None:
    built.commit("c1", ("Ada Lovelace", address))
    built.commit("c2", ("GitHub", "noreply@github.com"))
    assert built.rows("select name from persons where is_bot order by all") == [{"name": "GitHub"}]


def test_a_trailer_in_a_robots_name_makes_no_robot_of_a_person(built: Builder) -> None:
    for number in range(3):
        built.commit(f"c{number}", ("Jane", "jane@example.com"))
    built.commit("c3", ("Bob", BOB), message="x\n\nCo-authored-by: renovate[bot] <jane@example.com>\n")
    built.commit("c4", ("renovate[bot]", "jane@example.com"))
    built.commit("c5", ("renovate[bot]", "tool@example.com"))
    built.commit("c6", ("Renovate", "tool@example.com"))
    assert built.rows("select id from persons where is_bot order by all") == [{"id": "tool@example.com"}]


CHOICES = st.lists(
    st.tuples(st.sampled_from(["merge", "split", "reject", "mark", "undo"]), st.integers(0, 9), st.integers(0, 9)),
    max_size=6,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHOICES)
def test_any_sequence_undone_restores_the_exact_figures(template: Path, tmp_path_factory: pytest.TempPathFactory,
                                                        choices: list[tuple[str, int, int]]) -> None:  # fmt: skip
    with open_store(tmp_path_factory.mktemp("people") / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        decisions.import_teams(store, "Kim", read(f"{BOB},Tides\n{TWO},Waves\n").lines)
        mailmap(built, f"<{BOB}> <bobby@elsewhere.example>\n<{BOB}> Bob <noreply@localhost>\nB. <{BOB}> Pair <{BOB}>")
        before = figures(company(built))
        numbers = []
        for kind, one, other in choices:
            ids = sorted({row["person"] for row in built.rows("select person from identities")})
            first, second = ids[one % len(ids)], ids[other % len(ids)]
            try:
                if kind == "merge":
                    numbers.append(decisions.merge(store, "Kim", [first, second]))
                elif kind == "split":
                    held = [
                        row["handle"] for row in built.rows(f"select handle from identities where person = '{first}'")
                    ]
                    numbers.append(decisions.split(store, "Kim", first, held[:1]))
                elif kind == "reject":
                    numbers.append(decisions.reject(store, "Kim", first, second))
                elif kind == "mark":
                    numbers.append(decisions.mark(store, "Kim", first, bot=bool(other % 2)))
                elif numbers and (number := numbers[one % len(numbers)]) is not None:
                    decisions.undo(store, "Kim", number)
                    numbers.remove(number)
            except CannotDecide:
                continue
        for number in numbers:
            if number is not None:
                decisions.undo(store, "Kim", number)
        assert figures(built) == before
