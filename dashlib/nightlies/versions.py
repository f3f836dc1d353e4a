"""Tool and dependency versions that a job log names, and what changed between two logs.

What is read: pip and uv, npm, yarn and pnpm, Maven and Gradle downloads, Go modules, Cargo, Julia's Pkg, the image's
digest, the runner, and what tools say of themselves (``go version go1.25.3``). Only whole words that such a tool prints
in that form count; a log that names none tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dashlib.failures.clean import lines

_VERSION = r"v?\d[\w.+\-~!]*"
_NAME = r"[A-Za-z0-9@][\w.\-/@]*"
_LONGEST_LINE = 4000
_PIP = re.compile(r"Successfully installed ((?:\S+-\d\S*\s*)+)$")
_PIP_ONE = re.compile(rf"({_NAME}?)-({_VERSION})$")
_ONE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("runner", re.compile(rf"Running with (gitlab-runner) ({_VERSION})")),
    ("image", re.compile(r"Using docker image \S+ for (\S+) with digest \S+?@(sha256:[0-9a-f]{64})")),
    ("pip", re.compile(rf"\s*Requirement already satisfied: ([A-Za-z0-9][\w.\-]*)\S*.* \(({_VERSION})\)")),
    ("pip", re.compile(rf"\s*\+ ([A-Za-z0-9][\w.\-]*)==({_VERSION})\s*$")),
    ("npm", re.compile(rf"[\s│├└─┬+`|\-]*((?:@[\w.\-]+/)?[a-zA-Z0-9][\w.\-]*)@({_VERSION})(?: deduped)?\s*$")),
    ("npm", re.compile(rf"\s*\+ ((?:@[\w.\-]+/)?[a-z0-9][\w.\-]*) ({_VERSION})\s*$")),
    ("go", re.compile(rf"go: (?:downloading|upgraded|added) (\S+?) (?:{_VERSION} => )?({_VERSION})\s*$")),
    ("cargo", re.compile(r"\s*(?:Compiling|Downloaded|Checking|Adding) ([a-zA-Z][\w\-]*) (v\d[\w.+\-]*)(?: |$)")),
    ("julia", re.compile(r"\s*\[[0-9a-f]{8}\] (?:[+↑~^⌃⌅] )*([A-Z]\w*) (?:v?[\w.+\-]+ ⇒ )?(v\d[\w.+\-]*)")),
    ("julia", re.compile(r"\s*Installed ([A-Z]\w*) [─.]* ?(v\d[\w.+\-]*)\s*$")),
    ("tool", re.compile(r"(go) version go(\d[\w.]*)")),
    ("tool", re.compile(r"(rustc|cargo|ruff|mypy|cmake|helm|terraform) (?:version )?v?(\d[\w.\-]*)(?: |,|$)", re.I)),
    ("tool", re.compile(r"platform \w+ -- (Python) (\d[\w.]*)")),
    ("tool", re.compile(r"(Python|Node\.js|Julia Version|Apache Maven|Gradle) v?(\d[\w.]*)(?: \(|\s*$)")),
)
_MAVEN = re.compile(r"Download(?:ed|ing)(?: from \S+:)? https?://\S+?/([\w.\-]+)/([\w.\-]+)/(\d[\w.\-]*)/\2-\3[\w.\-]*")

Versions = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Change:
    """One thing whose version differs: ``kind`` (pip, npm, image …), its name, what it was and what it is.

    ``before`` or ``after`` is null where only the other log names it.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


def versions(log: str) -> dict[tuple[str, str], str]:
    """The versions that a log names, by kind and name; of one named twice the last. Linear in the length of ``log``."""
    found: dict[tuple[str, str], str] = {}
    for line in lines(log):
        text = line.text.rpartition("\r")[2]
        if text and len(text) <= _LONGEST_LINE:
            found.update(_named(text))
    return found


def changed(before: Versions, after: Versions) -> list[Change]:
    """What differs between two logs' versions, runner, image and tools first, then by kind and name.

    Dependencies that only one of the logs names count only where the other names some of that kind: a step that did not
    get as far as installing says nothing.
    """
    known = {kind for kind, _ in before} & {kind for kind, _ in after}
    order = {"runner": 0, "image": 1, "tool": 2}
    differing = [
        Change(kind, name, before.get((kind, name)), after.get((kind, name)))
        for kind, name in {*before, *after}
        if kind in known and before.get((kind, name)) != after.get((kind, name))
    ]
    return sorted(differing, key=lambda one: (order.get(one.kind, 3), one.kind, one.name))


def _named(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    if installed := _PIP.match(text):
        yield from _pip(installed.group(1).split())
        return
    if artifact := _MAVEN.search(text):
        yield ("maven", f"{artifact.group(1)}:{artifact.group(2)}"), artifact.group(3)
        return
    for kind, pattern in _ONE:
        if match := pattern.match(text):
            yield (kind, match.group(1)), match.group(2)
            return


def _pip(words: Iterable[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for word in words:
        if match := _PIP_ONE.match(word):
            yield ("pip", match.group(1).lower().replace("_", "-")), match.group(2)
