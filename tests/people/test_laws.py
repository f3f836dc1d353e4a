"""Laws of ``resolve``: any order ends in one result, a name joins nobody, mailmaps as git has them, undo is whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.people.addresses import says_who
from dashlib.people.journal import Decision, standing
from dashlib.people.mailmap import Mailmap, parsed
from dashlib.people.resolve import Account, Identity, People, resolve

NOW = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
HOSTS = {"gitlab.example": "gitlab"}
NAMES = ["Ada", "Bob", "Kim", ""]
ADDRESSES = [
    "ada@one.example", "ada@two.example", "kim@one.example", "root@localhost", "", "none",
    "7-ada@users.noreply.gitlab.example", "7-renamed@users.noreply.gitlab.example",
    "7+ada@users.noreply.github.com", "ada@users.noreply.github.com", "8+ada@users.noreply.github.com",
]  # fmt: skip
PROJECTS = (1, 2)

identities = st.lists(
    st.builds(
        Identity,
        st.sampled_from(NAMES),
        st.sampled_from(ADDRESSES),
        st.integers(0, 3).map(lambda days: NOW + timedelta(days=days)),
        st.frozensets(st.sampled_from(PROJECTS)),
    ),
    unique_by=lambda one: one.handle,
    max_size=12,
)
accounts = st.lists(
    st.builds(
        Account,
        st.sampled_from(["gitlab", "github"]),
        st.integers(6, 8),
        st.sampled_from(["ada", "kim"]),
        st.just(NOW),
        st.lists(st.tuples(st.sampled_from(ADDRESSES), st.just("it makes public the address")), max_size=1).map(tuple),
    ),
    unique_by=lambda one: one.handle,
    max_size=3,
)
lines = st.builds(
    lambda proper, email, name, found: f"{proper} <{email}>" + (f" {name} <{found}>" if found is not None else ""),
    st.sampled_from(["", "Ada Lovelace", "Kim"]),
    st.sampled_from(["ada@one.example", "kim@one.example", "new@one.example"]),
    st.sampled_from(NAMES),
    st.none() | st.sampled_from(ADDRESSES),
)
mailmaps = st.dictionaries(st.sampled_from([0, *PROJECTS]), st.lists(lines, max_size=4).map("\n".join).map(parsed))


@st.composite
def decided(draw: st.DrawFn, handles: list[str]) -> list[Decision]:
    kinds = st.sampled_from(["merge", "split", "reject", "undo"])
    found: list[Decision] = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        kind = draw(kinds)
        if kind == "undo":
            undoes = draw(st.integers(1, number))
            found.append(Decision(number, "undo", undoes=undoes))
        elif handles:
            members = draw(st.lists(st.sampled_from(handles), min_size=1, max_size=3, unique=True))
            found.append(Decision(number, kind, tuple(members)))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    some, held = draw(identities), draw(accounts)
    handles = [one.handle for one in some] + [one.handle for one in held]
    return {
        "identities": some, "accounts": held, "mailmaps": draw(mailmaps), "decisions": draw(decided(handles)),
    }  # fmt: skip


def worked_out(world: dict[str, Any], **other: Any) -> People:
    told = world | other
    return resolve(told["identities"], told["accounts"], told["mailmaps"], standing(told["decisions"]), HOSTS)


@settings(max_examples=100, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order_ends_in_one_result(world: dict[str, Any], dice: Any) -> None:
    shuffled = {name: list(world[name]) for name in ("identities", "accounts")}
    for some in shuffled.values():
        dice.shuffle(some)
    turned = dict(sorted(world["mailmaps"].items(), reverse=True))
    assert worked_out(world) == worked_out(world, **shuffled, mailmaps=turned)


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_everybody_has_a_person_and_who_was_split_off_shares_it_with_nobody_else(world: dict[str, Any]) -> None:
    splits = [one for one in standing(world["decisions"]) if one.kind == "split"]
    found = worked_out(world, decisions=splits)
    handles = {one.handle for one in [*world["identities"], *world["accounts"]]}
    assert handles <= found.person_of.keys()
    apart = {member: one.number for one in splits for member in one.members}
    together: dict[str, set[int | None]] = defaultdict(set)
    for handle, person in found.person_of.items():
        together[person].add(apart.get(handle))
    assert {person: some for person, some in together.items() if len(some) > 1} == {}
    assert all(len({found.person_of[one] for one in apart if apart[one] == n}) == 1 for n in apart.values())


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_within_a_repository_one_mapped_address_is_one_person(world: dict[str, Any]) -> None:
    """As ``git shortlog -se`` has it after mapping; an address that many use tells names apart."""
    found = worked_out(world, decisions=[])
    here = {(one.project_id, one.handle): one.person for one in found.here}
    behind = world["mailmaps"].get(0, Mailmap())
    for project in PROJECTS:
        mailmap = world["mailmaps"].get(project, Mailmap()) | behind
        persons: dict[object, set[str]] = defaultdict(set)
        for one in world["identities"]:
            if project in one.projects:
                name, email = mailmap.mapped(one.name, one.address)
                key = email.strip().lower() if says_who(email.strip().lower()) else (name, email)
                persons[key].add(here.get((project, one.handle), found.person_of[one.handle]))
        assert {key: some for key, some in persons.items() if len(some) > 1} == {}


@settings(max_examples=80, deadline=None)
@given(identities)
def test_nobody_is_joined_by_name(some: list[Identity]) -> None:
    """Without accounts, mailmaps and decisions two addresses are one person by a forge's private form alone."""
    found = resolve(some, [], {}, [], HOSTS)
    for one, other in combinations(some, 2):
        if found.person_of[one.handle] == found.person_of[other.handle]:
            forge = "users.noreply."
            assert one.address == other.address or (forge in one.address and forge in other.address)
            assert says_who(one.address)


@settings(max_examples=100, deadline=None)
@given(worlds(), st.data())
def test_decisions_and_undos_are_the_decisions_left(world: dict[str, Any], data: st.DataObject) -> None:
    """Whatever was decided and taken back in between, in whatever order."""
    found = worked_out(world)
    left = standing(world["decisions"])
    again = [Decision(number, one.kind, one.members) for number, one in enumerate(left, start=1)]
    assert found.person_of == worked_out(world, decisions=again).person_of
    if left:
        gone = data.draw(st.sampled_from(left))
        number = max(one.number for one in world["decisions"]) + 1
        undone = [*world["decisions"], Decision(number, "undo", undoes=gone.number)]
        without = [one for one in left if one is not gone]
        assert worked_out(world, decisions=undone).person_of == worked_out(world, decisions=without).person_of
        redone = [*undone, Decision(number + 1, "undo", undoes=number)]
        assert worked_out(world, decisions=redone).person_of == found.person_of


@settings(max_examples=100, deadline=None)
@given(worlds(), identities)
def test_an_id_stays_when_others_join(world: dict[str, Any], later: list[Identity]) -> None:
    """Whoever comes later changes the id of nobody whom he does not join with somebody known before."""
    before = worked_out(world, mailmaps={}, decisions=[])
    known = {one.handle for one in world["identities"]}
    new = [
        Identity(one.name, one.address, NOW + timedelta(days=9)) for one in later if one.handle not in known
    ]  # fmt: skip
    after = worked_out(world, identities=[*world["identities"], *new], mailmaps={}, decisions=[])
    joined, became = defaultdict(set), defaultdict(set)
    for handle, person in before.person_of.items():
        joined[after.person_of[handle]].add(person)
        became[person].add(after.person_of[handle])
    # Unless news parts a person: a user name on GitHub that somebody else has now told nothing.
    for person, persons in joined.items():
        assert person in persons or any(len(became[one]) > 1 for one in persons)


def test_split_goes_against_certainty_and_a_later_merge_joins_again() -> None:
    ann, bob = Identity("Ann", "pair@x.example", NOW), Identity("Bob", "pair@x.example", NOW)
    world: dict[str, Any] = {"identities": [ann, bob], "accounts": [], "mailmaps": {}, "decisions": []}
    assert set(worked_out(world).person_of.values()) == {"pair@x.example"}
    split = Decision(1, "split", (bob.handle,))
    assert worked_out(world, decisions=[split]).person_of == {
        ann.handle: "pair@x.example", bob.handle: "Bob <pair@x.example>",
    }  # fmt: skip
    merged = [split, Decision(2, "merge", (ann.handle, bob.handle))]
    assert set(worked_out(world, decisions=merged).person_of.values()) == {"pair@x.example"}


def test_a_later_split_parts_what_was_merged() -> None:
    ann, bob = Identity("Ann", "a@x.example", NOW), Identity("Bob", "b@x.example", NOW)
    world: dict[str, Any] = {"identities": [ann, bob], "accounts": [], "mailmaps": {}}
    decisions = [Decision(1, "merge", (ann.handle, bob.handle)), Decision(2, "split", (bob.handle,))]
    assert len(set(worked_out(world, decisions=decisions).person_of.values())) == 2


def test_what_a_mailmap_says_of_a_shared_address_holds_in_its_repository_alone() -> None:
    root = Identity("root", "root@localhost", NOW, frozenset(PROJECTS))
    ada = Identity("Ada", "ada@one.example", NOW, frozenset(PROJECTS))
    found = resolve([root, ada], [], {1: parsed("Ada <ada@one.example> <root@localhost>")}, [], HOSTS)
    assert found.person_of[root.handle] == "root <root@localhost>"
    assert [(one.project_id, one.handle, one.person) for one in found.here] == [(1, root.handle, "ada@one.example")]


def test_repositories_that_differ_join_nobody_elsewhere() -> None:
    ci = Identity("CI", "ci@x.example", NOW, frozenset(PROJECTS))
    said = {1: parsed("<ada@one.example> <ci@x.example>"), 2: parsed("<kim@one.example> <ci@x.example>")}
    found = resolve([ci], [], said, [], HOSTS)
    assert {one.project_id: one.person for one in found.here} == {1: "ada@one.example", 2: "kim@one.example"}
    assert len(set(found.person_of.values())) == 3


def test_a_mailmap_is_known_everywhere_where_all_of_an_address_goes_one_way() -> None:
    old, new = (
        Identity("Ada", "old@x.example", NOW, frozenset({1})),
        Identity("Ada L.", "old@x.example", NOW, frozenset({2})),
    )
    found = resolve([old, new], [], {1: parsed("Ada Lovelace <ada@x.example> <old@x.example>")}, [], HOSTS)
    assert found.here == []
    assert set(found.person_of.values()) == {"old@x.example"}
    assert found.proper == {"old@x.example": "Ada Lovelace"}


def test_the_private_address_of_another_gitlab_is_not_our_account() -> None:
    ours, theirs = Account("gitlab", 7, "ada", NOW), Identity("Zoe", "7-zoe@users.noreply.gitlab.com", NOW)
    found = resolve([theirs], [ours], {}, [], HOSTS)
    assert len(set(found.person_of.values())) == 2


def test_a_user_name_that_changed_hands_joins_nobody() -> None:
    some = [
        Identity(name, f"{local}@users.noreply.github.com", NOW)
        for name, local in (("A", "7+ada"), ("B", "8+ada"), ("C", "ada"))
    ]
    assert len(set(resolve(some, [], {}, [], HOSTS).person_of.values())) == 3
    assert len(set(resolve(some[1:], [], {}, [], HOSTS).person_of.values())) == 1


def test_access_tokens_and_service_accounts_by_their_addresses() -> None:
    token = Identity("release", "project_12_bot_ab12@noreply.gitlab.example", NOW)
    held = Account("gitlab", 40, "project_12_bot_ab12", NOW)
    assert len(set(resolve([token], [held], {}, [], HOSTS).person_of.values())) == 1
