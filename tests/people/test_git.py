"""Real repositories: after mapping, persons are what git counts, and nobody with one mapped address is split."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Put
from dashlib.people.addresses import says_who
from dashlib.people.tables import MAILMAPS
from dashlib.store import open_store
from tests.people.test_mailmap import line
from tests.queries.build import MIDNIGHT, Builder

AUTHORS = st.lists(
    st.tuples(
        st.sampled_from(["Jane Doe", "jane", "J", "Jörg Müller", "O'Neil"]),
        st.sampled_from(["jane@example.com", "JANE@Example.com", "j@x.example", "Jörg@x.example", "root@localhost"]),
    ),
    min_size=1,
    max_size=10,
)


def git(folder: Path, *words: str, asked: str = "") -> str:
    done = subprocess.run(["git", *words], cwd=folder, input=asked.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def committed(folder: Path, authors: list[tuple[str, str]], mailmap: str) -> None:
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


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(AUTHORS, st.lists(line(), max_size=6))
def test_persons_are_what_git_counts_after_mapping(
    tmp_path_factory: pytest.TempPathFactory, authors: list[tuple[str, str]], lines: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("repository")
    mailmap = "\n".join(lines) + "\n"
    committed(folder, authors, mailmap)
    told = [one.split("\0") for one in git(folder, "log", "--format=%H%x00%an%x00%ae%x00%aN%x00%aE").splitlines()]
    with open_store(folder / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        for place, (sha, name, email, _, _) in enumerate(told):
            built.commit(sha, (name, email), MIDNIGHT + timedelta(minutes=place))
        said = {"origin": "project", "project_id": 1, "name": "", "text": mailmap, "commit_id": told[0][0]}
        store.write(Put(MAILMAPS, [said]))
        found = {
            one["commit_id"]: one["person"] for one in built.rows("select commit_id, person from commits_by_author")
        }
    assert len(found) == int(git(folder, "rev-list", "--count", "main"))
    git_says: dict[object, set[str]] = defaultdict(set)
    for sha, _, _, name, email in told:
        mapped = email.strip().lower()
        git_says[mapped if says_who(mapped) else (name, mapped)].add(found[sha])
    assert {key: persons for key, persons in git_says.items() if len(persons) > 1} == {}
    # The sums per mapped identity are git's own.
    shortlog = Counter[str]()
    for one in git(folder, "shortlog", "-se", "main").splitlines():
        count, _, who = one.strip().partition("\t")
        shortlog[who] += int(count)
    assert shortlog == Counter(f"{name} <{email}>" for _, _, _, name, email in told)
