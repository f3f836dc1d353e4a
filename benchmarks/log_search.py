"""What a search in the text of all stored logs costs, beside ``grep -r`` and a plain scan in Python of the same logs.

The logs are made here: 2,000 of 200 KB, lines of many tools, one log in two hundred with a rare line, the oldest log
with a line of its own. Each search is what the page asks (`queries/log_search.py`: the newest thirty logs with a match,
three lines of each, and what stands around them). ``grep`` says which files match and no more: it sorts nothing and
shows no line; Python reads the files into memory before and looks through all. The best of three each; the files are in
memory.

    python -m benchmarks.log_search [--logs 2000] [--kilobytes 200]
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.explain import ORDINARY
from benchmarks.machine import described
from dashlib.model import Filters, Table, Upsert
from dashlib.queries.log_search import search
from dashlib.sources.tables import JOBS, PROJECTS, TRACES
from dashlib.store import Store, open_store

_TIMES = 3
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
_RARE, _ONCE = "E_PLAN widget {n} has no parent", "the quick brown fox of job one"
_SEARCHES = (
    # what it is, what is typed, whether it is a pattern
    ("a word of every log", "deprecated", False),
    ("a line of one log in 200", "has no parent", False),
    ("a line of the oldest log alone", "quick brown fox", False),
    ("nothing", "nowhere to be found", False),
    ("a pattern, of every log", r"handled request \d+ in \d+ ms", True),
    ("a pattern, of one log in 200", r"E_[A-Z]+ widget \d+", True),
    ("a pattern without a fixed word, of one log", r"qu[a-z]+ br[a-z]+ f.x", True),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=2_000)
    parser.add_argument("--kilobytes", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "logs"
        folder.mkdir()
        with open_store(Path(scratch) / "logs.duckdb") as store:
            _fill(store, folder, given.logs, given.kilobytes * 1_000)
            texts = [path.read_text() for path in sorted(folder.iterdir())]
            _say(f"{described()}; {len(texts):,} logs, {sum(map(len, texts)) / 1e6:,.0f} MB\n")
            _say("| search | as | logs found | first log, ms | the page's answer, ms | `grep -rl`, ms | Python, ms |")
            _say("|---|---|---|---|---|---|---|")
            for what, typed, regex in _SEARCHES:
                _measured(store, folder, texts, what, typed, regex)


def _measured(store: Store, folder: Path, texts: list[str], what: str, typed: str, regex: bool) -> None:
    def asked(logs: int) -> int:
        with store.reader() as reader:
            return int(search(reader, Filters(), text=typed, regex=regex, logs=logs)["job_id"].nunique())

    def grep() -> int:
        flags = "-rliP" if regex else "-rliF"
        done = subprocess.run(["grep", flags, typed, str(folder)], capture_output=True, text=True, check=False)
        return len(done.stdout.splitlines())

    def scanned() -> int:
        pattern = re.compile(typed if regex else re.escape(typed), re.IGNORECASE)
        return sum(pattern.search(text) is not None for text in texts)

    (one, _), (page, found), (beside, in_all), (python, again) = map(
        _best, (lambda: asked(1), lambda: asked(30), grep, scanned)
    )
    if in_all != again or found != min(30, in_all):
        raise RuntimeError(f"{what}: {found}, {in_all} and {again} logs do not agree")
    _say(
        f"| {what} | `{typed}` | {in_all:,} | {one * 1e3:,.0f} | {page * 1e3:,.0f} | {beside * 1e3:,.0f} "
        f"| {python * 1e3:,.0f} |"
    )


def _best(ask: Callable[[], int]) -> tuple[float, int]:
    """Seconds, the best of a few, and what was found."""
    took = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        found = ask()
        took.append(time.perf_counter() - begun)
    return min(took), found


def _fill(store: Store, folder: Path, logs: int, size: int) -> None:
    chance = random.Random(1)
    store.write(Upsert(PROJECTS, [_row(PROJECTS, ["path", "name"], id=1, path_with_namespace="company/app")]))
    for first in range(0, logs, 100):
        jobs, traces = [], []
        for number in range(first, min(logs, first + 100)):
            text = _log(number, size, chance)
            (folder / f"{number:06}.log").write_text(text)
            at = _BEGIN + number * timedelta(minutes=1)
            told = {"name": f"job {number % 40}", "status": "failed", "created_at": at, "finished_at": at}
            jobs.append(_row(JOBS, ["state", "ref", "detail"], project_id=1, id=number + 1, changed_at=at, **told))
            kept = {"bytes": len(text), "complete": True, "omitted_bytes": 0, "omitted_lines": 0, "text": text}
            traces.append(_row(TRACES, ["trace"], project_id=1, job_id=number + 1, **kept))
        store.write(Upsert(JOBS, jobs), Upsert(TRACES, traces))


def _log(number: int, size: int, chance: random.Random) -> str:
    lines, length = [], 0
    while length < size:
        line = chance.choice(ORDINARY).format(n=chance.randint(1, 9999), p=chance.randint(10, 99))
        lines.append(line)
        length += len(line) + 1
    if number % 200 == 100:
        lines[len(lines) // 2] = _RARE.format(n=number)
    if number == 0:
        lines[len(lines) // 3] = _ONCE
    return "\n".join([*lines, "ERROR: Job failed: exit code 1", ""])


def _row(table: Table, groups: list[str], **values: Any) -> dict[str, Any]:
    columns = [*table.key, *(column for group in groups for column in table.groups[group].columns)]
    return {column: values.pop(column, None) for column in columns} | values


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
