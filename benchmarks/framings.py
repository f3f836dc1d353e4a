"""The same log in another framing: how often its category and its signature stay.

Each labelled log (``labels*.jsonl`` as ``score.py`` reads them) is framed anew: another checkout, host, process, time
(`tests/failures/reframe.py`), the runner's prefix before each line, now and then a line in two pieces, Windows' line
ends, other colours, none, a GitLab job around it, and all of that together.

    python -m benchmarks.framings FOLDER
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

from dashlib.failures.explain import explain_text
from tests.failures import reframe

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE] ")
_CONTINUED = re.compile(r"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE]\+")

_Framing = Callable[[str, random.Random], str]


def _bare(text: str) -> str:
    return _STAMP.sub("", _CONTINUED.sub("", text))


def _stamped(text: str, chance: random.Random) -> str:
    return "\n".join(reframe.stamped(_bare(text).split("\n"), chance))


def _coloured(text: str, chance: random.Random) -> str:
    # A section's mark is no tool's line.
    return "\n".join(
        line if "section_" in line or _STAMP.match(line) else reframe.coloured([line], chance)[0]
        for line in text.split("\n")
    )


def _in_a_job(text: str, chance: random.Random) -> str:
    return text if "gitlab-runner" in text[:400] else "\n".join(reframe.gitlab(text.split("\n"), chance))


def _all(text: str, chance: random.Random) -> str:
    said = _in_a_job(_bare(reframe.elsewhere(text, chance)), chance)
    return _stamped(_coloured(said, chance), chance).replace("\n", "\r\n")


_FRAMINGS: dict[str, _Framing] = {
    "another checkout, host, process, time": reframe.elsewhere,
    "the runner's prefix": _stamped,
    "no prefix": lambda text, _: _bare(text),
    "Windows' line ends": lambda text, _: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "other colours": _coloured,
    "no colours": lambda text, _: _COLOUR.sub("", text),
    "a GitLab job around it": _in_a_job,
    "all of it": _all,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="labelled logs: labels*.jsonl and what they name")
    parser.add_argument("--differ", action="store_true", help="name the logs that do not stay the same")
    given = parser.parse_args()
    rows = [
        json.loads(line)
        for labels in sorted(given.folder.glob("labels*.jsonl"))
        for line in labels.read_text("utf-8").splitlines()
    ]
    texts = {row["file"]: _read(given.folder / row["file"]) for row in rows}
    before = {name: explain_text(text) for name, text in texts.items()}
    _say("| framing | logs | category stays | signature stays |\n|---|---|---|---|")
    for framing, frame in _FRAMINGS.items():
        after = {name: explain_text(frame(text, random.Random(name))) for name, text in texts.items()}
        categories = sum(before[name].category == after[name].category for name in texts)
        differ = [name for name in texts if before[name].signature != after[name].signature]
        _say(f"| {framing} | {len(texts)} | {categories} | {len(texts) - len(differ)} |")
        for name in differ if given.differ else ():
            _say(f"    {name}: {before[name].signature!r} → {after[name].signature!r}")


def _read(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
