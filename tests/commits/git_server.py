"""Repositories that git itself made, and a GitLab whose commits API is ``git rev-list`` and ``git cat-file``.

It answers as GitLab does: pages by offset without a total, ``all``, ``ref_name``, ``since`` by committer date,
``with_stats`` against the first parent. Names and messages are raw bytes in git; GitLab guesses their encoding, and
where it is not sure enough (of a short name it never is) it drops what is no UTF-8
(``lib/gitlab/encoding_helper.rb``, ``clean``); the commit's own ``encoding`` header is not asked.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.sync.unit.small_server import Answer, Asked

DEFAULT = "main"
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nowhere", "LC_ALL": "C.UTF-8"}
_PERSON = re.compile(rb"(.*?) ?<(.*)> (-?\d+) ([+-]\d{4})")


@dataclass(frozen=True)
class Made:
    """A commit to make: ``parents`` are places of earlier ones; times are seconds and minutes east of UTC."""

    author: tuple[bytes, bytes] = (b"Ada Lovelace", b"ada@example.com")
    committer: tuple[bytes, bytes] = (b"Ada Lovelace", b"ada@example.com")
    authored: tuple[int, int] = (1_750_000_000, 0)
    committed: tuple[int, int] = (1_750_000_000, 0)
    parents: tuple[int, ...] = ()
    message: bytes = b"A change\n"
    files: tuple[tuple[str, int], ...] = ()
    encoding: str | None = None
    texts: tuple[tuple[str, str | bytes], ...] = ()


@dataclass
class Repository:
    """A bare repository in a folder; git answers every question about it."""

    folder: Path
    path: str = "acme/engine"
    ident: int = 1

    def git(self, *words: str, given: bytes | None = None) -> bytes:
        ran = subprocess.run(
            ["git", "--git-dir", str(self.folder), *words],
            input=given, capture_output=True, check=False, env=_ENVIRONMENT | {"PATH": "/usr/bin:/bin:/usr/local/bin"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr.decode(errors="replace")
        return ran.stdout

    def shas(self, *words: str) -> list[str]:
        return self.git("rev-list", *words).decode().split()

    def shortlog(self, *words: str) -> Counter[tuple[str, str]]:
        """``git shortlog -sne`` of the default branch: by name and address."""
        found: Counter[tuple[str, str]] = Counter()
        for line in self.git("shortlog", "-sne", *words, DEFAULT).splitlines():
            count, who = line.split(b"\t", 1)
            name, _, email = who[:-1].rpartition(b"<")
            found[clean(name.removesuffix(b" ")), clean(email)] += int(count)
        return found

    @cached_property
    def is_plain(self) -> bool:
        """Whether everything is UTF-8: where it is not, git trusts the commit's header and GitLab does not."""
        raw = [self.git("cat-file", "commit", sha) for sha in self.shas("--branches")]
        return not any(b"\nencoding " in one or one.decode("utf-8", "ignore").encode() != one for one in raw)

    def lines(self, *words: str) -> tuple[int, int]:
        """Added and deleted lines as ``git log --numstat`` sums them."""
        rows = [
            row.split("\t") for row in self.git("log", "--format=", "--numstat", *words).decode().splitlines() if row
        ]
        return sum(int(row[0]) for row in rows if row[0] != "-"), sum(int(row[1]) for row in rows if row[1] != "-")

    def trailers(self) -> dict[str, set[str]]:
        """The co-authors' addresses of each commit, as git reads its trailers."""
        form = "%H%x00%(trailers:key=Co-authored-by,valueonly,unfold)%x01"
        said = self.git("log", "--branches", f"--format={form}").decode("utf-8", "ignore")
        found = {}
        for one in said.split("\x01"):
            sha, _, values = one.strip("\n").partition("\x00")
            found[sha] = {email.strip().lower() for email in re.findall(r"<([^<>]*)>\s*$", values, re.MULTILINE)}
        return found

    @cached_property
    def stats(self) -> dict[str, tuple[int, int]]:
        said = self.git("log", "--branches", "--format=%H", "--numstat", "--diff-merges=first-parent").decode()
        found: dict[str, tuple[int, int]] = {}
        sha = ""
        for line in said.splitlines():
            if re.fullmatch("[0-9a-f]{40}", line):
                sha = line
                found[sha] = (0, 0)
            elif line:
                added, deleted, _ = line.split("\t")
                found[sha] = found[sha][0] + int(added), found[sha][1] + int(deleted)
        return found

    def commit(self, sha: str) -> dict[str, Any]:
        """One commit as the API shows it."""
        head, _, message = self.git("cat-file", "commit", sha).partition(b"\n\n")
        fields = [line.split(b" ", 1) for line in head.split(b"\n") if b" " in line]
        one = {name: value for name, value in fields if name != b"parent"}
        author, committer = _who(one[b"author"]), _who(one[b"committer"])
        text = clean(message)
        return {
            "id": sha,
            "short_id": sha[:8],
            "title": text.strip().split("\n")[0],
            "message": text,
            "author_name": author[0],
            "author_email": author[1],
            "authored_date": author[2],
            "committer_name": committer[0],
            "committer_email": committer[1],
            "committed_date": committer[2],
            "created_at": committer[2],
            "parent_ids": [value.decode() for name, value in fields if name == b"parent"],
            "web_url": f"https://gitlab.example/{self.path}/-/commit/{sha}",
        }


def _who(line: bytes) -> tuple[str, str, str]:
    found = _PERSON.fullmatch(line)
    assert found, line
    name, email, seconds, offset = found.groups()
    minutes = (1 if offset[:1] == b"+" else -1) * (60 * int(offset[1:3]) + int(offset[3:]))
    at = datetime.fromtimestamp(int(seconds), UTC).astimezone(timezone(timedelta(minutes=minutes)))
    return clean(name), clean(email), at.isoformat(timespec="milliseconds")


def clean(raw: bytes) -> str:
    """What GitLab makes of bytes whose encoding it cannot be sure of."""
    return raw.decode("utf-8", "ignore").replace("\x00", "")


def made(folder: Path, commits: Sequence[Made], branches: dict[str, int]) -> Repository:
    """A repository of these commits; ``branches`` maps names to places, ``main`` is the default branch."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", DEFAULT, str(folder)], check=True)
    stream = b"".join(_imported(place, commit) for place, commit in enumerate(commits))
    for name, place in branches.items():
        stream += f"reset refs/heads/{name}\nfrom :{place + 1}\n\n".encode()
    repository = Repository(folder)
    repository.git("fast-import", "--quiet", "--date-format=raw-permissive", given=stream)
    return repository


def _imported(place: int, commit: Made) -> bytes:
    def person(word: bytes, who: tuple[bytes, bytes], at: tuple[int, int]) -> bytes:
        name = who[0] + b" " if who[0] else b""
        sign, minutes = "-" if at[1] < 0 else "+", abs(at[1])
        return (
            word + b" " + name + b"<" + who[1] + b"> " + f"{at[0]} {sign}{minutes // 60:02}{minutes % 60:02}\n".encode()
        )

    stream = f"commit refs/scratch/{place}\nmark :{place + 1}\n".encode()
    stream += person(b"author", commit.author, commit.authored)
    stream += person(b"committer", commit.committer, commit.committed)
    if commit.encoding:
        stream += f"encoding {commit.encoding}\n".encode()
    stream += b"data %d\n" % len(commit.message) + commit.message + b"\n"
    for number, parent in enumerate(dict.fromkeys(commit.parents)):
        stream += f"{'merge' if number else 'from'} :{parent + 1}\n".encode()
    for name, lines in commit.files:
        body = f"{place}\n".encode() * lines
        stream += f"M 100644 inline {name}\ndata {len(body)}\n".encode() + body + b"\n"
    for name, text in commit.texts:
        raw = text.encode() if isinstance(text, str) else text
        stream += f"M 100644 inline {name}\ndata {len(raw)}\n".encode() + raw + b"\n"
    return stream + b"\n"


@dataclass
class GitLab:
    """What a small server answers: ``respond`` is handed to it. Everything but commits is empty."""

    repositories: list[Repository]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    active_at: str = "2026-01-01T00:00:00.000Z"
    """When something happened last, as the list of projects says."""

    def respond(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        path = asked.path.removeprefix("/api/v4")
        if path == "/projects":
            return Answer([self._project(one) for one in self.repositories])
        for one in self.repositories:
            if path == f"/projects/{one.ident}/repository/commits":
                return self._commits(one, asked)
            if path.startswith(f"/projects/{one.ident}/repository/files/"):
                return self._file(one, path)
        return Answer([])

    def _project(self, one: Repository) -> dict[str, Any]:
        namespace, _, name = one.path.rpartition("/")
        return {
            "id": one.ident, "name": name, "path": name, "path_with_namespace": one.path, "default_branch": DEFAULT,
            "web_url": f"https://gitlab.example/{one.path}", "last_activity_at": self.active_at,
            "namespace": {"full_path": namespace}, "archived": False, "jobs_enabled": True, "issues_enabled": True,
            "builds_access_level": "enabled", "issues_access_level": "enabled",
        }  # fmt: skip

    def _commits(self, one: Repository, asked: Asked) -> Answer:
        query = {name: values[-1] for name, values in asked.query.items()}
        page, size = int(query.get("page", 1)), int(query.get("per_page", 20))
        tips = ["--branches"] if query.get("all") == "true" else [query.get("ref_name", DEFAULT)]
        since = [f"--since={query['since']}"] if "since" in query else []
        shas = one.shas(*since, f"--skip={(page - 1) * size}", f"--max-count={size + 1}", *tips)
        rows = [one.commit(sha) for sha in shas[:size]]
        if query.get("with_stats") == "true":
            for row in rows:
                added, deleted = one.stats[row["id"]]
                row["stats"] = {"additions": added, "deletions": deleted, "total": added + deleted}
        more = len(shas) > size
        words = "&".join(f"{name}={value}" for name, value in (query | {"page": str(page + 1)}).items())
        link = {"Link": f'<{self.url}{asked.path}?{words}>; rel="next"'} if more else {}
        return Answer(rows, headers={"X-Next-Page": str(page + 1) if more else "", **link})

    def _file(self, one: Repository, path: str) -> Answer:
        name = path.partition("/repository/files/")[2].removesuffix("/raw").replace("%2E", ".")
        try:
            return Answer(one.git("show", f"{DEFAULT}:{name}"))
        except AssertionError:
            return Answer({"message": "404 File Not Found"}, 404)
