"""Real repositories: after mapping, figures are git's own, whatever the ``.mailmap`` says, and persons follow them."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashlib.model import Put
from dashlib.people.addresses import says_who
from dashlib.people.mailmap import parsed
from dashlib.people.tables import MAILMAPS
from dashlib.store import open_store
from tests.people.test_mailmap import line
from tests.queries.build import MIDNIGHT, Builder

NAMES = ["Jane Doe", "jane", "J", "Jörg Müller", "O'Neil"]
ADDRESSES = [
    "jane@example.com", "JANE@Example.com", "j@x.example", "Jörg@x.example", "JÖRG@x.example", "root@localhost",
    "root@corp.example", " j@x.example ",
]  # fmt: skip
AUTHORS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ADDRESSES)), min_size=1, max_size=10)
MOVES = st.builds(
    lambda proper, target, name, found: f"{proper} <{target}> {name} <{found}>",
    st.sampled_from(["", "", *NAMES]),
    st.sampled_from(ADDRESSES),
    st.sampled_from(["", "", *NAMES]),
    st.sampled_from(ADDRESSES),
)
"""Lines between addresses that there are: chains, swaps, and what later lines take back."""
HIDDEN = "noreply@x.example"
SWAP = ["<j@x.example> <jane@example.com>", "<jane@example.com> <j@x.example>"]
CHAIN = ["<j@x.example> <root@corp.example>", "<jane@example.com> <j@x.example>"]
SPELLED = [
    ("Jane Doe", "jane@example.com"),
    ("J", "j@x.example"),
    ("jane", "JANE@Example.com"),
    ("J", "root@corp.example"),
]
BLANKS = [("J", "j@x.example"), ("J", " j@x.example "), ("Jane Doe", " j@x.example ")]
"""As other programs than git write them."""
MAPPED = """
select coalesce(h.mapped_name, c.author_name) as name, coalesce(h.mapped_email, c.author_email) as email, k.author
from commit_people k
join commits c on c.project_id = k.project_id and c.id = k.commit_id
left join identities_here h
    on h.project_id = c.project_id and h.name is not distinct from c.author_name
    and h.email is not distinct from c.author_email
"""


def git(folder: Path, *words: str, asked: str = "") -> str:
    done = subprocess.run(["git", *words], cwd=folder, input=asked.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def committed(folder: Path, authors: Sequence[tuple[str, str]], mailmap: str) -> None:
    """A repository with one commit each, and this .mailmap in the last."""
    stream = []
    for number, (name, email) in enumerate(authors):
        when = f"{1_770_000_000 + number} +0000"
        stream.append(f"commit refs/heads/main\nauthor {name} <{email}> {when}\ncommitter C <c@c.example> {when}\n")
        stream.append("data 1\nx\n")
    raw = mailmap.encode()
    stream.append(f"M 644 inline .mailmap\ndata {len(raw)}\n{mailmap}\n")
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "fast-import", "--quiet", asked="".join(stream))
    git(folder, "reset", "-q", "--hard", "main")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(AUTHORS, st.lists(line() | MOVES, max_size=8))
@example(SPELLED, SWAP)
@example(SPELLED, CHAIN)
@example(BLANKS, ["Jane <jane@example.com> <j@x.example>"])
@example(BLANKS, ["Jane <jane@example.com> < j@x.example >", "<root@corp.example> J < j@x.example >"])
@example([("J", "j@x.example"), ("jane", "j@x.example"), ("J", "root@localhost")], ["<root@localhost> <j@x.example>"])
@example([("Jane Doe", "jane@example.com"), ("Jane Doe", "Jörg@x.example")], ["<jane@example.com> <JÖRG@x.example>"])
@example(SPELLED, ["\ufeff<jane@example.com> <j@x.example>", "# no <root@corp.example>"])
@example(SPELLED, ["Jane <jane@example.com> J <j@x.example>", "# no <j@x.example>", "Jay <j@x.example>"])
def test_figures_and_persons_are_what_git_counts_after_mapping(
    tmp_path_factory: pytest.TempPathFactory, authors: list[tuple[str, str]], lines: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("repository")
    mailmap = "\n".join(lines) + "\n"
    committed(folder, authors, mailmap)
    told = [one.split("\0") for one in git(folder, "log", "--no-mailmap", "--format=%H%x00%an%x00%ae").splitlines()]
    with open_store(folder / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        for place, (sha, name, email) in enumerate(told):
            built.commit(sha, (name, email), MIDNIGHT + timedelta(minutes=place))
        said = {"origin": "project", "project_id": 1, "name": "", "text": mailmap, "commit_id": told[0][0]}
        store.write(Put(MAILMAPS, [said]))
        found = [(one["name"], one["email"], one["author"]) for one in built.rows(MAPPED)]
    shortlog = Counter[str]()
    for one in git(folder, "shortlog", "-sne", "main").splitlines():
        count, _, who = one.strip().partition("\t")
        shortlog[who] += int(count)
    assert Counter(f"{name} <{email}>" for name, email, _ in found) == shortlog
    # A person is a mapped address, no less and no more; of one that says nobody, the name belongs to it.
    persons: dict[object, set[str]] = defaultdict(set)
    mapped: dict[str, set[object]] = defaultdict(set)
    for name, email, person in found:
        address = email.strip().lower()
        key = address if says_who(address) else (name, address)
        persons[key].add(person)
        mapped[person].add(key)
    assert {key: some for key, some in persons.items() if len(some) > 1} == {}
    assert {person: keys for person, keys in mapped.items() if len({address_of(key) for key in keys}) > 1} == {}
    # A line that takes all of an address to one that says nobody leaves those who were one person one.
    onto = {one.email.lower() for one in parsed(mailmap).entries if one.email and one.found_name is None}
    assert {address_of(key) for keys in mapped.values() if len(keys) > 1 for key in keys} <= onto


def address_of(key: object) -> object:
    return key[1] if isinstance(key, tuple) else key


def test_who_is_one_person_stays_it_where_the_mailmap_hides_the_address(built: Builder) -> None:
    """Both names at the one address go to one that says nobody, and who has it by himself stays apart."""
    built.project()
    for number, author in enumerate([("Ada", "ada@x.example"), ("A. Lovelace", "ada@x.example"), ("Bob", HIDDEN)]):
        built.commit(f"c{number}", author)
    said = {"origin": "project", "project_id": 1, "name": "", "text": f"<{HIDDEN}> <ada@x.example>", "commit_id": "c1"}
    built.store.write(Put(MAILMAPS, [said]))
    found = {one["name"]: one["author"] for one in built.rows(MAPPED)}
    assert found["Ada"] == found["A. Lovelace"] != found["Bob"]
