"""The figures agree with git: repositories that git made, odd ones too, synced for real, asked as the page asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashlib import conclusions
from dashlib.model import Filters
from dashlib.queries import commits
from dashlib.queries.commits_held import held
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.sync.run import Request, sync
from tests.commits.git_server import DEFAULT, GitLab, Made, Repository, made
from tests.sync.unit.small_server import small_server

EVERYTHING: dict[str, str] = {"bots": "with", "branches": "default"}
HOUR, NOW = 3600, 1_760_000_000


@contextmanager
def synced(folder: Path, *repositories: Repository) -> Iterator[duckdb.DuckDBPyConnection]:
    """A reader of a database into which the real sync read these repositories."""
    gitlab = GitLab(list(repositories))
    with small_server(gitlab.respond) as server, open_store(folder / "dash.duckdb") as store:
        gitlab.url = server.url
        chosen = Settings(
            gitlab_url=server.url, gitlab_token="glpat-x", database=folder / "dash.duckdb", projects=("*",)
        )
        report = sync(chosen, store, Request(since=date(1970, 1, 1)))
        assert report.errors == []
        conclusions.draw(store, chosen)
        with store.reader() as reader:
            yield reader


def rows(reader: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return reader.execute(sql).fetchall()


def agrees(reader: duckdb.DuckDBPyConnection, repository: Repository) -> None:
    """Everything that the issue says must equal git's own figures."""
    copy = held(reader)
    for asked, words in (
        ({"merges": "with"}, []),
        ({"merges": "without"}, ["--no-merges"]),
        ({"merges": "only"}, ["--merges"]),
    ):
        condition = {"with": "true", "without": "not is_merge", "only": "is_merge"}[asked["merges"]]
        found = rows(
            reader,
            "select author_name, author_email, count(*) from commit_people join commits c using (project_id)"
            f" where c.id = commit_id and commit_people.on_default and {condition} group by all",
        )
        ours = Counter({(name, email): count for name, email, count in found})
        theirs = repository.shortlog(*words)
        assert (ours == theirs) if repository.is_plain else (in_ascii(ours) == in_ascii(theirs))
        expected = int(repository.git("rev-list", "--count", *words, DEFAULT))
        total = commits.totals(copy, Filters(), which=commits.Narrowed(**asked, **EVERYTHING)).iloc[0]
        ranked = commits.ranking(copy, Filters(), which=commits.Narrowed(**asked, **EVERYTHING))
        everywhere = commits.totals(copy, Filters(), which=commits.Narrowed(**asked, bots="with")).iloc[0]
        assert total["commits"] == total["credits"] == ranked["commits"].sum() == expected
        assert everywhere["commits"] == int(repository.git("rev-list", "--count", *words, "--branches"))
        lines = (ranked["additions"].fillna(0).sum(), ranked["deletions"].fillna(0).sum())
        assert lines == (repository.lines(*words, DEFAULT) if asked["merges"] != "only" else (0, 0))
    copy.close()
    assert rows(reader, "select count(*), count(distinct commit_id), count(author) from commit_people") == [
        (count := len(repository.shas("--branches")), count, count)
    ]


def in_ascii(counts: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """The same, of names only what git and GitLab read alike whatever the encoding."""
    found: Counter[tuple[str, str]] = Counter()
    for (name, email), count in counts.items():
        found[name.encode("ascii", "ignore").decode(), email] += count
    return found


def nobody_is_joined_by_name(reader: duckdb.DuckDBPyConnection) -> None:
    addresses = rows(
        reader,
        "select author, count(distinct lower(trim(author_email))) from commit_people join commits c using (project_id)"
        " where c.id = commit_id and trim(author_email) <> '' group by author"
        " having count(distinct lower(trim(author_email))) > 1",
    )
    assert addresses == []
    split = rows(
        reader,
        "select lower(trim(author_email)) from commit_people join commits c using (project_id)"
        " where c.id = commit_id and trim(author_email) like '%@%' group by 1 having count(distinct author) > 1",
    )
    assert split == []


def test_an_odd_repository(tmp_path: Path) -> None:
    """Two roots, an octopus, Latin-1 and empty names, two spellings, a clock 30 hours off, titles that lie."""
    bob, latin = (b"Bob", b"bob@example.com"), ("Jürgen Müßig".encode("latin-1"), b"jm@example.com")
    history = [
        Made(files=(("a", 3), ("b", 2))),
        Made(bob, files=(("c", 5),), message=b"Another root\n"),
        Made((b"", b"empty@example.com"), parents=(0,), message=b"Merge branch 'x' is only a title\n"),
        Made((b"Ada Lovelace", b"ADA@Example.com"), parents=(0,), committed=(NOW - 30 * HOUR, 0), files=(("a", 1),)),
        Made(latin, parents=(0,), encoding="ISO-8859-1", message="Umlaute für alle\n".encode("latin-1")),
        Made(latin, parents=(0,), message="ohne Angabe: ü\n".encode("latin-1")),
        Made(bob, parents=(2, 1, 3, 4, 5), message=b"No word of it in the title\n", committed=(NOW, -480)),
        Made(bob, parents=(6,), authored=(0, 840), committed=(4_000_000_000, 0), message=b"From 1970 to 2096\n"),
        Made(
            (b"Ada Lovelace", b"other@example.com"),
            parents=(7,),
            message=b"x\n\nCo-authored-by: Bob <BOB@example.com>\n",
        ),
        Made(bob, parents=(6,), files=(("d", 9),), message=b"Not merged\n"),
        Made((b" Blank  Ada \t ", b"blank@example.com"), parents=(8,)),
    ]
    repository = made(tmp_path / "odd.git", history, {DEFAULT: 10, "feature": 9})
    with synced(tmp_path, repository) as reader:
        agrees(reader, repository)
        nobody_is_joined_by_name(reader)
        assert rows(reader, "select person from co_authored") == [("bob@example.com",)]
        names = {
            name for (name,) in rows(reader, "select distinct author_name from commits where author_email like 'jm%'")
        }
        assert names == {"Jrgen Mig"}
        assert rows(reader, "select commit_id from commit_people where not on_default") == [
            (repository.shas("feature", "^main")[0],)
        ]


people = st.sampled_from(
    [
        (b"Ada Lovelace", b"ada@example.com"),
        (b"Ada Lovelace", b"Ada@Example.COM"),
        (b"Ada Lovelace", b"ada@elsewhere.example"),
        (b"ada", b"ada@example.com"),
        (b"Bob", b"bob@example.com"),
        (b"", b"bob@example.com"),
        (b"Bob", b""),
        ("Zoë Żółw".encode(), b"zoe@example.com"),
        ("Zoë".encode("latin-1"), b"zoe@example.com"),
        (b"renovate[bot]", b"29139614+renovate[bot]@users.noreply.github.com"),
    ]
)
moments = st.tuples(st.integers(NOW - 90 * HOUR, NOW + 30 * HOUR), st.sampled_from([-720, -210, 0, 60, 345, 840]))
messages = st.sampled_from(
    [
        b"Change\n",
        b"Merge branch 'topic' into 'main'\n",
        b"",
        b"Title\n\nBody\n\nCo-authored-by: Bob <bob@example.com>\n",
        b"Title\n\nco-authored-BY:Cyd <CYD@example.com>\nSigned-off-by: Bob <bob@example.com>\n",
        b"Co-authored-by: Only A Title <title@example.com>\n",
        b"Title\n\nCo-authored-by: Ada\n  Lovelace <ada@example.com>\n",
        b"Title\n\nCo-authored-by: Bob <bob@example.com>\n \n",
        b"Title\r\n\r\nCo-authored-by: Bob <bob@example.com>\r\n",
        "Títle\n\nCo-authored-by: Zoë <zoe@example.com>\n".encode(),
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Made], dict[str, int]]:
    count = draw(st.integers(1, 14))
    history = []
    for place in range(count):
        parents = draw(st.lists(st.integers(0, place - 1), max_size=4, unique=True)) if place else []
        history.append(
            Made(
                draw(people),
                draw(people),
                draw(moments),
                draw(moments),
                tuple(parents),
                draw(messages),
                tuple(draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), max_size=2))),
                draw(st.sampled_from([None, None, "ISO-8859-1"])),
            )
        )
    branches = {DEFAULT: draw(st.integers(0, count - 1))}
    return history, branches | {f"b{n}": draw(st.integers(0, count - 1)) for n in range(draw(st.integers(0, 3)))}


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(histories())
def test_any_repository(tmp_path_factory: pytest.TempPathFactory, world: tuple[list[Made], dict[str, int]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    repository = made(folder / "any.git", *world)
    with synced(folder, repository) as reader:
        agrees(reader, repository)
        nobody_is_joined_by_name(reader)
        ours: dict[str, set[str]] = {}
        for sha, email in rows(reader, "select id, lower(unnest(co_authors).email) from commits"):
            ours.setdefault(sha, set()).add(email)
        theirs = repository.trailers()
        assert {
            sha: found - ours.get(sha, set()) for sha, found in theirs.items() if found - ours.get(sha, set())
        } == {}


def test_pages_of_commits_are_all_read(tmp_path: Path) -> None:
    history = [Made(parents=(place - 1,) if place else (), committed=(NOW + place, 0)) for place in range(230)]
    repository = made(tmp_path / "long.git", history, {DEFAULT: 229})
    with synced(tmp_path, repository) as reader:
        agrees(reader, repository)


def test_a_fork_counts_in_each_repository_and_once_overall(tmp_path: Path) -> None:
    shared = [Made(), Made((b"Bob", b"bob@example.com"), parents=(0,))]
    first = made(tmp_path / "first.git", shared, {DEFAULT: 1})
    fork = made(tmp_path / "fork.git", [*shared, Made((b"Cyd", b"cyd@example.com"), parents=(1,))], {DEFAULT: 2})
    fork.path, fork.ident = "cyd/engine", 2
    with synced(tmp_path, first, fork) as reader, held(reader) as copy:
        both = len({*first.shas("--branches"), *fork.shas("--branches")})
        for by in ("person", "repository", "group", "team"):
            each = commits.ranking(copy, Filters(), by=by, which=commits.Narrowed(forks="each"))["commits"].sum()
            once = commits.ranking(copy, Filters(), by=by, which=commits.Narrowed(forks="once"))["commits"].sum()
            assert (each, once) == (5, both) == (5, 3)
        fork_alone = Filters(projects=("cyd/engine",))
        assert commits.totals(copy, fork_alone, which=commits.Narrowed(forks="once"))["commits"].iloc[0] == 3


MAILMAP = """# people
Ada Lovelace <ada@example.com> <ada@old.example>
Ada Lovelace <ada@example.com> ada <ADA@laptop.example>
Bob Builder <bob@example.com>
<cyd@example.com> <cyd@home.example>
"""


def test_a_mailmap_that_is_no_utf_8_speaks_of_whom_it_is_about(tmp_path: Path) -> None:
    """Its bytes are left out as GitLab leaves them out of names and addresses."""
    joerg, home = (b"J\xf6rg", b"dev@corp.example"), (b"Joerg M", b"j\xf6rg@home.example")
    olga = (b"Olga", b"dev@corp.example")
    who = [joerg, olga, home, joerg, olga, joerg]
    history = [Made(one, parents=(place - 1,) if place else ()) for place, one in enumerate(who)]
    said = b"Joerg Maier <joerg@corp.example> J\xf6rg <dev@corp.example>\nJoerg Maier <joerg@corp.example>"
    history.append(Made(olga, parents=(5,), texts=((".mailmap", said + b" <j\xf6rg@home.example>\n"),)))
    repository = made(tmp_path / "latin.git", history, {DEFAULT: 6})
    with synced(tmp_path, repository) as reader, held(reader) as copy:
        ranked = commits.ranking(copy, Filters(), which=commits.Narrowed(**EVERYTHING))
    assert dict(zip(ranked["label"], map(int, ranked["commits"]), strict=True)) == {"Joerg Maier": 4, "Olga": 3}


def test_after_its_mailmap_is_read_one_person_is_one_person(tmp_path: Path) -> None:
    """As many commits per person as ``git shortlog`` counts per mapped address (case aside)."""
    spelled = [
        (b"Ada Lovelace", b"ada@example.com"), (b"A. L.", b"Ada@Old.Example"), (b"ada", b"ada@laptop.example"),
        (b"bob", b"bob@example.com"), (b"Cyd", b"cyd@home.example"), (b"Cyd", b"cyd@example.com"),
        (b"Ada Lovelace", b"namesake@example.com"),
    ]  # fmt: skip
    history = [
        Made(who, parents=(place - 1,) if place else (), message=f"{place}\n".encode())
        for place, who in enumerate([*spelled, *spelled[1:4]])
    ]
    history.append(Made(parents=(len(history) - 1,), texts=((".mailmap", MAILMAP),)))
    repository = made(tmp_path / "mapped.git", history, {DEFAULT: len(history) - 1})
    theirs: Counter[str] = Counter()
    for (_, email), count in repository.shortlog().items():
        theirs[email.lower()] += count
    with synced(tmp_path, repository) as reader, held(reader) as copy:
        ranked = commits.ranking(copy, Filters(), which=commits.Narrowed(**EVERYTHING))
    assert sorted(ranked["commits"]) == sorted(theirs.values())
    assert ranked["label"].iloc[0] == "Ada Lovelace (ada@example.com)"
    assert theirs == {"ada@example.com": 6, "bob@example.com": 2, "cyd@example.com": 2, "namesake@example.com": 1}
