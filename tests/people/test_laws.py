"""Laws of ``resolve``: any order ends in one result, a name joins nobody, mailmaps as git has them, undo is whole."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import combinations
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashlib.people.addresses import says_who
from dashlib.people.journal import Decision, standing
from dashlib.people.mailmap import Mailmap, parsed
from dashlib.people.mapped import Found
from dashlib.people.owners import Account
from dashlib.people.resolve import resolve
from dashlib.people.who import Identity, People

NOW = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
HOSTS = {"gitlab.example": "gitlab"}
NAMES = ["Ada", "Bob", "Kim", ""]
ADDRESSES = [
    "ada@one.example", "ada@two.example", "kim@one.example", "noreply@localhost", "", "none",
    "7-ada@users.noreply.gitlab.example", "7-renamed@users.noreply.gitlab.example",
    "7+ada@users.noreply.github.com", "ada@users.noreply.github.com", "8+ada@users.noreply.github.com",
    "kim@noreply.gitlab.example", "kim@noreply.other.example",
]  # fmt: skip
PROJECTS = (1, 2)


def handle_of(one: object) -> str:
    return one.handle if isinstance(one, Identity) else ""


def identity(name: str, address: str, at: datetime = NOW, projects: Iterable[int] = ()) -> Identity:
    """An identity that is spelled alike in all these repositories."""
    return Identity(name, address, at, frozenset(Found(one, name, address) for one in projects))


identities = st.lists(
    st.builds(
        identity,
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


Key = str | tuple[str, str]


def mapped_to(one: Identity, mailmap: Mailmap) -> Key:
    """Who a commit of this identity is for git: the mapped address, where it says who."""
    name, email = mailmap.mapped(one.name, one.address)
    address = email.strip().lower()
    return address if says_who(address) else (name, address)


def persons_there(world: dict[str, Any], project: int) -> dict[str, set[Key]]:
    """The mapped addresses of each person in one repository."""
    found = worked_out(world)
    here = {(one.mapped.found.project_id, one.mapped.found.handle): one.person for one in found.here}
    mailmap = world["mailmaps"].get(project, Mailmap()) | world["mailmaps"].get(0, Mailmap())
    persons: dict[str, set[Key]] = defaultdict(set)
    for one in world["identities"]:
        if any(each.project_id == project for each in one.found):
            person = here.get((project, one.handle), found.person_of[one.handle])
            persons[person].add(mapped_to(one, mailmap))
    return persons


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_nobody_with_one_mapped_address_is_split(world: dict[str, Any]) -> None:
    """In no repository, and in all of them together."""
    persons: dict[Key, set[str]] = defaultdict(set)
    for project in PROJECTS:
        for person, keys in persons_there(world | {"decisions": []}, project).items():
            for key in keys:
                persons[key].add(person)
    assert {key: some for key, some in persons.items() if len(some) > 1} == {}


PLAIN = [
    "ada@one.example",
    "Ada@two.example",
    "kim@one.example",
    "noreply@localhost",
    "noreply@one.example",
    "b@x.local",
]
plain_lines = st.builds(
    lambda proper, email, name, found: f"{proper} <{email}>" + (f" {name} <{found}>" if found is not None else ""),
    st.sampled_from(["", "Ada Lovelace", "Kim"]),
    st.sampled_from(PLAIN),
    st.sampled_from(["", "Ada", "Kim"]),
    st.none() | st.sampled_from(PLAIN),
)
plain_worlds = st.fixed_dictionaries(
    {
        "identities": st.lists(
            st.builds(
                identity,
                st.sampled_from(NAMES),
                st.sampled_from([one.lower() for one in PLAIN]),
                st.just(NOW),
                st.frozensets(st.sampled_from(PROJECTS)),
            ),
            unique_by=handle_of,
            max_size=12,
        ),
        "accounts": st.just([]),
        "mailmaps": st.fixed_dictionaries(
            {1: st.lists(plain_lines, max_size=6).map("\n".join).map(parsed), 2: st.just(Mailmap())}
        ),
        "decisions": st.just([]),
    }
)


@settings(max_examples=300, deadline=None)
@given(plain_worlds)
def test_nobody_is_joined_too_much(world: dict[str, Any]) -> None:
    """In the repository whose mailmap it is, a person is one mapped address, as ``git shortlog -se`` has it: swaps and
    chains, too. In another one they are at most those whom that repository vouches for, each a line about both.
    Those of one address stay one person where a line takes all of it to one that says nobody.
    """
    lines = world["mailmaps"][1].all_of()
    onto = {(said.email or "").lower() for said in world["mailmaps"][1].all_of(but_named=True).values()}
    for keys in persons_there(world, 1).values():
        targets = {key if isinstance(key, str) else key[1] for key in keys}
        assert len(keys) == 1 or (len(targets) == 1 and targets <= onto)
    vouched = {(address.lower(), (said.email or "").lower()) for address, said in lines.items()}
    theirs = {each.address for each in world["identities"] if any(one.project_id == 1 for one in each.found)}
    for keys in persons_there(world, 2).values():
        for one, other in combinations(sorted(keys, key=str), 2):
            assert {one, other} <= theirs
            reached = [{proper for address, proper in vouched if address == key} | {key} for key in (one, other)]
            assert reached[0] & reached[1]


_KNOWN = [
    "john",
    "root",
    "git",
    "test",
    "admin",
    "ubuntu",
    "ec2-user",
    "vagrant",
    "nobody",
    "user",
    "you",
    "jörg",
    "a+b",
    "7-x",
]
LOCALS = st.sampled_from(_KNOWN) | st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=8)
DOMAINS = st.sampled_from(
    ["acme.local", "box.lan", "corp.internal", "corp.example", "ip-10-0-0-1.ec2.internal", "localhost.corp", "a.b.c"]
    + ["example.com", "test.com", "sub.localdomain.example", "mail.invalid", "noreply.example"]
    + ["localhost", "localhost.localdomain", "box.(none)", "127.0.0.1"]
)


@settings(max_examples=150, deadline=None)
@given(
    LOCALS, DOMAINS, st.lists(st.sampled_from(["John Doe", "jdoe", "", "root"]), min_size=2, max_size=3, unique=True)
)
def test_nobody_with_one_address_is_split(local: str, domain: str, names: list[str]) -> None:
    """Any address but GitHub's and GitLab's noreply@: a machine's user and git's own hint, too."""
    address = f"{local}@{domain}"
    some = [identity(name, address) for name in names]
    assert len(set(resolve(some, [], {}, [], HOSTS).person_of.values())) == 1


def test_addresses_that_say_nobody_are_few() -> None:
    """Everything that ``shared_addresses.toml`` holds."""
    shared = ["", "noreply@github.com", "none", "unknown", "no-email", "(no email)", "null", "undefined", "-"]
    assert [address for address in shared if says_who(address)] == []
    listed = tomllib.loads((resources.files("dashlib.people") / "shared_addresses.toml").read_text("utf-8"))
    assert listed.keys() == {"addresses"} and len(listed["addresses"]) == len(shared) - 1


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
    root = identity("root", "noreply@localhost", NOW, PROJECTS)
    ada = identity("Ada", "ada@one.example", NOW, PROJECTS)
    found = resolve([root, ada], [], {1: parsed("Ada <ada@one.example> <noreply@localhost>")}, [], HOSTS)
    assert found.person_of[root.handle] == "root <noreply@localhost>"
    assert [(one.mapped.found.project_id, one.mapped.found.handle, one.person) for one in found.here] == [
        (1, root.handle, "ada@one.example")
    ]


def test_repositories_that_differ_join_nobody_elsewhere() -> None:
    ci = identity("CI", "ci@x.example", NOW, PROJECTS)
    said = {1: parsed("<ada@one.example> <ci@x.example>"), 2: parsed("<kim@one.example> <ci@x.example>")}
    found = resolve([ci], [], said, [], HOSTS)
    assert {one.mapped.found.project_id: one.person for one in found.here} == {
        1: "ada@one.example",
        2: "kim@one.example",
    }
    assert len(set(found.person_of.values())) == 3


def whose(found: People) -> dict[tuple[int, str], str]:
    return {(one.mapped.found.project_id, one.mapped.found.name or ""): one.person for one in found.here}


def test_a_line_is_known_everywhere_where_its_repository_has_both_addresses() -> None:
    ada, old, elsewhere = (
        identity("Ada", "ada@x.example", NOW, {1}),
        identity("A", "old@x.example", NOW, {1}),
        identity("Ada L.", "old@x.example", NOW, {2}),
    )
    file = "the .mailmap of acme/core/engine"
    said = parsed("Ada Lovelace <ada@x.example> <old@x.example>", file)
    account = Account("gitlab", 7, "ada", NOW, (("old@x.example", "it makes public the address"),))
    found = resolve([ada, old, elsewhere], [account], {1: said}, [], HOSTS)
    assert set(found.person_of.values()) == {"old@x.example"}
    line = "the .mailmap of acme/core/engine, line 1, says that old@x.example is ada@x.example"
    assert {handle: line in because for handle, because in found.because.items()} == dict.fromkeys(found.because, True)
    # It never had ada@x.example in its commits: elsewhere that is likely; in the repository itself it is git's word.
    found = resolve([old, elsewhere, identity("Ada", "ada@x.example", NOW, {3})], [], {1: said}, [], HOSTS)
    assert found.person_of[elsewhere.handle] == "old@x.example"
    assert found.person_of[old.handle] == whose(found)[1, "A"] == "ada@x.example"
    assert found.likely == {("ada@x.example", "old@x.example"): (line, file)}


def test_a_mailmap_of_addresses_that_its_repository_never_had_moves_nobody() -> None:
    """Anybody can put a line about the boss into a repository of his own."""
    jane, mal = identity("Jane", "jane@corp.example", NOW, {1}), identity("Mallory", "mal@evil.example", NOW, {2})
    account = Account("gitlab", 7, "jane", NOW, (("jane@corp.example", "it makes public the address"),))
    for line in ("Mallory <mal@evil.example> <jane@corp.example>", "Jane <jane@corp.example> <mal@elsewhere.example>"):
        found = resolve([jane, mal], [account], {2: parsed(line, "the .mailmap of t/evil")}, [], HOSTS)
        assert found.person_of == {
            jane.handle: "jane@corp.example", mal.handle: "mal@evil.example", "gitlab:7": "jane@corp.example",
        }  # fmt: skip
        assert (found.here, found.proper) == ([], {})
    found = resolve([jane, mal], [], {2: parsed("<mal@evil.example> <jane@corp.example>", "X")}, [], HOSTS)
    assert found.likely == {
        ("jane@corp.example", "mal@evil.example"): ("X, line 1, says that jane@corp.example is mal@evil.example", "X")
    }


def test_a_line_about_an_account_s_private_address_is_sure_where_the_forge_says_the_same() -> None:
    """Number and user name are the account's, and the other address is in the repository, or called like it."""
    engine, elsewhere = {1}, {3}
    kim, ada = Account("gitlab", 7, "kim", NOW), Account("gitlab", 8, "ada", NOW, (("ada@x.example", "it shows"),))

    def joined(line: str, *known: Identity, decisions: Sequence[Decision] = (), accounts: Any = (kim, ada)) -> bool:
        found = resolve(known, accounts, {1: parsed(line)}, decisions, HOSTS)
        return len({found.person_of[one.handle] for one in known} | {found.person_of["gitlab:7"]}) == 1

    private = "7-kim@users.noreply.gitlab.example"
    seen, unseen = identity("Kim", "k@x.example", NOW, engine), identity("Kim", "k@x.example", NOW, elsewhere)
    assert joined(f"<k@x.example> <{private}>", seen) and joined(f"<{private}> <k@x.example>", seen)
    assert not joined(f"<k@x.example> <{private}>", unseen)
    called = identity("Anybody", "kim@x.example", NOW, elsewhere)
    assert joined(f"<kim@x.example> <{private}>", called)
    # Another number, another user name, another GitLab's, no account, somebody else's address.
    for other in ("9-kim@users.noreply.gitlab.example", "7-kay@users.noreply.gitlab.example", "kay@x.example"):
        assert not joined(f"<kim@x.example> <{other}>", called)
    assert not joined(f"<ada@x.example> <{private}>", identity("Ada", "ada@x.example", NOW, elsewhere))
    assert not joined(f"<ada@x.example> <{private}>", identity("Ada", "ada@x.example", NOW, engine))
    # Who was told apart before stays so.
    apart = [Decision(1, "reject", (called.handle, "gitlab:7"))]
    assert not joined(f"<kim@x.example> <{private}>", called, decisions=apart)


def test_swaps_and_chains_are_followed_one_step() -> None:
    swap = parsed("<x2@z.example> <x1@z.example>\n<x1@z.example> <x2@z.example>")
    one, two = identity("One", "x1@z.example", NOW, {1}), identity("Two", "x2@z.example", NOW, {1})
    for mailmaps in ({1: swap}, {0: swap}):
        found = whose(resolve([one, two], [], mailmaps, [], HOSTS))
        assert found == {(1, "One"): "x2@z.example", (1, "Two"): "x1@z.example"}
    chain = parsed("<b@z.example> <c@z.example>\n<a@z.example> <b@z.example>")
    three = [identity(name, f"{name}@z.example", NOW, {1}) for name in "abc"]
    assert whose(resolve(three, [], {1: chain}, [], HOSTS)) == {(1, "b"): "a@z.example", (1, "c"): "b@z.example"}


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_the_file_joins_nobody_whom_somebody_told_apart(world: dict[str, Any]) -> None:
    """Nor does a chain of its lines."""
    apart = [one for one in world["decisions"] if one.kind == "reject" and len(one.members) == 2]
    own = {project: mailmap for project, mailmap in world["mailmaps"].items() if project != 0}
    before = worked_out(world, mailmaps=own, decisions=apart).person_of
    after = worked_out(world, decisions=apart).person_of
    for one, other in (decision.members for decision in apart):
        assert before[one] == before[other] or after[one] != after[other]


def test_what_the_file_says_of_two_who_were_told_apart_is_followed_in_no_repository() -> None:
    """What a repository's own .mailmap says is, there: in its place the file's line is not followed either."""
    ada, other, third = (identity("Ada", f"{name}@x.example", NOW, {1, 2}) for name in ("one", "two", "three"))
    file = parsed(
        "Ada King <one@x.example> <two@x.example>\n<two@x.example> <three@x.example>", "the file team.mailmap"
    )
    apart = [Decision(1, "reject", (ada.handle, other.handle)), Decision(2, "reject", (ada.handle, third.handle))]
    found = resolve([ada, other, third], [], {0: file}, apart, HOSTS)
    assert found.person_of[ada.handle] != found.person_of[other.handle] == found.person_of[third.handle]
    assert not [one for one in found.here if one.person == found.person_of[ada.handle]]
    found = resolve([ada, other], [], {0: file, 1: parsed("<one@x.example> <two@x.example>")}, apart, HOSTS)
    assert found.person_of[ada.handle] != found.person_of[other.handle]
    there = {(one.mapped.found.project_id, one.mapped.found.handle): one.person for one in found.here}
    assert there == {(1, other.handle): "one@x.example"}


def test_the_file_holds_everywhere_and_names() -> None:
    old = identity("A", "old@x.example", NOW, {2})
    account = Account("gitlab", 7, "ada", NOW, (("ada@x.example", "it makes public the address"),))
    file = parsed("Ada Lovelace <ada@x.example> <old@x.example>", "the file team.mailmap")
    found = resolve([old], [account], {0: file}, [], HOSTS)
    assert set(found.person_of.values()) == {"old@x.example"} and found.proper == {"old@x.example": "Ada Lovelace"}
    line = "the file team.mailmap, line 1, says that old@x.example is ada@x.example"
    assert found.because[old.handle] == line and line in found.because["gitlab:7"]


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


def test_an_address_of_a_user_name_is_the_account_s_on_that_gitlab_alone() -> None:
    """USERNAME@noreply.HOST, whatever the user name; a name alone joins nobody."""
    bot = Account("gitlab", 2, "Dependency-Bot", NOW)

    def joined(address: str, *accounts: Account) -> bool:
        found = resolve([Identity("Dependency Bot", address, NOW)], accounts, {}, [], HOSTS)
        return len(set(found.person_of.values())) == 1

    assert joined("dependency-bot@noreply.gitlab.example", bot)
    for other in ("dependency@noreply.gitlab.example", "dependency-bot@noreply.gitlab.com", "dependency-bot@x.example"):
        assert not joined(other, bot)
    assert not joined("dependency-bot@noreply.gitlab.example", Account("github", 2, "dependency-bot", NOW))
    assert not joined("dependency-bot@noreply.github.com", Account("github", 2, "dependency-bot", NOW))
    # An address that says nobody stays so, whatever an account is called.
    assert not joined("noreply@noreply.gitlab.example", Account("gitlab", 3, "noreply", NOW))
    found = resolve([Identity("Dependency Bot", "dependency-bot@noreply.gitlab.example", NOW)], [bot], {}, [], HOSTS)
    assert set(found.person_of.values()) == {"dependency-bot@noreply.gitlab.example"}
    assert found.because["gitlab:2"] == "the account @Dependency-Bot"
    # No account: an address like any other.
    some = [Identity(name, "kim@noreply.gitlab.example", NOW) for name in ("Kim", "K.")]
    assert set(resolve(some, [], {}, [], HOSTS).person_of.values()) == {"kim@noreply.gitlab.example"}


def test_a_line_joins_no_two_accounts_by_the_address_of_a_user_name() -> None:
    kim, bot = Account("gitlab", 7, "kim", NOW), Account("gitlab", 2, "dependency-bot", NOW)
    line = parsed("<7-kim@users.noreply.gitlab.example> <dependency-bot@noreply.gitlab.example>")
    seen = identity("Dependency Bot", "dependency-bot@noreply.gitlab.example", NOW, {1, 2})
    found = resolve([seen], [kim, bot], {1: line}, [], HOSTS)
    assert found.person_of["gitlab:7"] != found.person_of["gitlab:2"]


by_name = st.builds(
    lambda proper, email, name, found: f"{proper} <{email}> {name} <{found}>",
    st.sampled_from(["", "Ada Lovelace", "Kim"]),
    st.sampled_from(["ada@one.example", "new@one.example", "other@one.example"]),
    st.sampled_from(["Ada", "Bob"]),
    st.sampled_from(ADDRESSES),
)
of_addresses = st.builds(
    lambda email, found: f"<{email}> <{found}>",
    st.sampled_from(["ada@one.example", "kim@one.example", "gone@one.example"]),
    st.sampled_from(ADDRESSES),
)


@settings(max_examples=300, deadline=None)
@given(worlds(), st.lists(of_addresses, max_size=2), st.lists(by_name, min_size=1, max_size=2))
def test_a_line_by_name_of_the_file_moves_the_identity_that_it_names_alone(
    world: dict[str, Any], of_all: list[str], named: list[str]
) -> None:
    """As ``git check-mailmap`` has it; accounts and their other addresses stay the person they were."""
    kept = {"identities": [one for one in world["identities"] if one.found], "accounts": world["accounts"]}
    told = world | kept | {"decisions": []}
    before, after = parsed("\n".join(of_all)), parsed("\n".join([*of_all, *named]))
    # Who reaches an address that as a whole goes to another one is, for git, not whom it goes to: they are not joined.
    of_whole = {address.lower() for address in before.all_of()}
    assume(not any((entry.email or "").lower() in of_whole for entry in after.entries))

    def persons(mailmap: Mailmap) -> dict[Any, str]:
        found = worked_out(told, mailmaps={0: mailmap})
        here = {(one.mapped.found.project_id, one.mapped.found.handle): one.person for one in found.here}
        units = [(each.project_id, one.handle) for one in told["identities"] for each in one.found]
        commits = {unit: here.get(unit, found.person_of[unit[1]]) for unit in units}
        return commits | {one.handle: found.person_of[one.handle] for one in told["accounts"]}

    first, then = persons(before), persons(after)
    stays = {one.handle for one in told["identities"] if mapped_to(one, before) == mapped_to(one, after)}
    rest = [unit for unit in first if not isinstance(unit, tuple) or unit[1] in stays]
    for one, other in combinations(rest, 2):
        assert (first[one] == first[other]) == (then[one] == then[other]), (one, other)


def test_a_line_by_name_takes_neither_the_account_nor_its_other_addresses_along() -> None:
    private = "7-ada@users.noreply.gitlab.example"
    ada = Account("gitlab", 7, "ada", NOW, (("ada@one.example", "it makes public the address"),))
    found_so = [("Ada", "ada@one.example"), ("Ada", private), ("A.", "a@x.example")]
    known = [identity(name, address, NOW, {1}) for name, address in found_so]

    def persons(text: str) -> list[set[str]]:
        found = resolve(known, [ada], {0: parsed(text)}, [], HOSTS)
        here = {one.mapped.found.handle: one.person for one in found.here}
        of = {one.handle: here.get(one.handle, found.person_of[one.handle]) for one in known}
        of["gitlab:7"] = found.person_of["gitlab:7"]
        return [{one for one, person in of.items() if person == each} for each in dict.fromkeys(of.values())]

    public, noreply, third = (one.handle for one in known)
    assert persons("") == [{public, noreply, "gitlab:7"}, {third}]
    # The one identity goes; of the account nothing else does.
    assert persons("Pair <pair@x.example> Ada <ada@one.example>") == [{public}, {noreply, "gitlab:7"}, {third}]
    # What a line says of all of an address holds also where another one takes a name of it, or of where it goes.
    joins = "<a@x.example> <ada@one.example>\n"
    assert persons(joins) == [{public, noreply, third, "gitlab:7"}]
    for named in ("Bob <b@x.example> Bob <ada@one.example>", "Bob <b@x.example> Bob <a@x.example>"):
        assert persons(joins + named) == persons(joins)
    assert persons(f"{joins}Pair <p@x.example> A. <a@x.example>") == [{public, noreply, "gitlab:7"}, {third}]


def test_whose_account_an_address_is_stays_known_where_its_identity_goes_elsewhere() -> None:
    """A number of GitHub's and a user name are one account's by an address that has both."""
    some = [
        identity(name, f"{local}@users.noreply.github.com", NOW, {1})
        for name, local in (("Ada", "7+ada"), ("A.", "ada"), ("L.", "7"))
    ]
    both, login, number = (one.handle for one in some)
    for line in ("", "Pair <pair@x.example> Ada <7+ada@users.noreply.github.com>"):
        found = resolve(some, [], {0: parsed(line)}, [], HOSTS).person_of
        assert found[login] == found[number] and (found[both] == found[login]) == (not line)
