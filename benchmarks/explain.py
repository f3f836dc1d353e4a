"""What finding the reason in a log costs, beside ``grep -c error``; and how often it is right on labelled logs.

Speed is measured in a process of its own per case (CPU seconds of one core, peak memory), on logs made here: an
ordinary one of many tools, some in which every line is an error or sounds like one, and the hostile ones (one endless
line, binary noise, nested sections). With a folder of labelled logs (``labels*.jsonl`` as ``score.py`` reads them) its
logs are timed, too, joined to one, and scored. The labelled logs are divided once for all by a hash of their failure:
two thirds were looked at when the rules were written, one third was not.

    python -m benchmarks.explain [FOLDER] [--megabytes 100]
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashlib.failures.explain import explain
from dashlib.failures.reason import MOST_LINES, Reason

_PIECE = 1 << 18
_ROOT = Path(__file__).resolve().parents[1]
_TIMED = """
import resource, sys, time
from dashlib.failures.explain import explain
with open(sys.argv[1], "rb") as log:
    begun = time.process_time()
    reason = explain(iter(lambda: log.read(1 << 18), b""))
    spent = time.process_time() - begun
print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, reason.category)
"""
ORDINARY = (
    "[INFO] Downloading from central: https://repo.example/org/acme/part-{n}/{n}.0/part-{n}.pom",
    "[INFO] Downloaded from central: https://repo.example/org/acme/part-{n}.jar ({n} kB at {n} kB/s)",
    "tests/test_part_{n}.py::test_case_{n} PASSED                                    [ {p}%]",
    "  CC      drivers/net/part_{n}.o",
    "[{p}%] Building CXX object src/CMakeFiles/part.dir/part_{n}.cpp.o",
    "Collecting part-{n}==1.{p}.0",
    "ok  \texample.org/acme/part{n}\t0.{p}s",
    "added {n} packages, and audited {n} packages in {p}s",
    "2024-05-14 11:19:{p} INFO  [worker-{p}] org.acme.Part - handled request {n} in {p} ms",
    "npm WARN deprecated part@{n}.0.0: use other-part instead",
    "src/part_{n}.c:{n}:{p}: warning: unused variable 'x{n}' [-Wunused-variable]",
    "    at org.acme.part.Part{n}.handle(Part{n}.java:{p})",
    "Step {p}/99 : RUN make part-{n}",
    "\x1b[32m✓\x1b[0m part {n} renders ({p} ms)",
    "DEBUG part {n}: no error, retry count 0",
)


@dataclass(frozen=True)
class Case:
    """A log and what it is."""

    name: str
    path: Path


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="labelled logs: labels*.jsonl and what they name")
    parser.add_argument("--megabytes", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _speed([*_made(Path(scratch), arguments.megabytes << 20), *_joined(Path(scratch), arguments.folder)])
    if arguments.folder:
        for labels in sorted(arguments.folder.glob("labels*.jsonl")):
            _scores(arguments.folder, labels)


def _speed(cases: list[Case]) -> None:
    print("| log | MB | `grep -c error`, MB/s | explain, MB/s | peak MB | category |\n|---|---|---|---|---|---|")
    for case in cases:
        size = case.path.stat().st_size / 1e6
        grep = _grep(case.path)
        done = subprocess.run(
            [sys.executable, "-c", _TIMED, str(case.path)], cwd=_ROOT, capture_output=True, text=True, check=True
        )
        spent, peak, category = done.stdout.split()
        speed = size / float(spent)
        print(f"| {case.name} | {size:.0f} | {size / grep:,.0f} | {speed:.1f} | {int(peak) // 1024} | {category} |")


def _grep(path: Path) -> float:
    """Seconds that grep takes, the better of two; the file is in memory by then."""
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        subprocess.run(["grep", "-a", "-c", "error", str(path)], stdout=subprocess.PIPE, check=False)
        took.append(time.perf_counter() - begun)
    return min(took)


def _made(folder: Path, size: int) -> Iterator[Case]:
    """Logs made here, one after the other; the first is the one that the aim of 20 MB a second is about."""
    chance = random.Random(1)
    ordinary = "\n".join(
        chance.choice(ORDINARY).format(n=chance.randint(1, 9999), p=chance.randint(10, 99)) for _ in range(20_000)
    )
    stamped = "\n".join(f"2026-04-26T02:18:36.000000Z 01O {line}" for line in ordinary.split("\n"))
    end = b"\nmake: *** [all] Error 2\nERROR: Job failed: exit code 2\n"
    yield _case(folder, "ordinary, many tools", ordinary.encode(), size, end)
    yield _case(folder, "the same with the runner's time stamps", stamped.encode(), size, end)
    errors = b"\n".join(b"src/part_%d.c:%d:1: error: unknown type name 'part_%d'" % (n, n, n) for n in range(20_000))
    yield _case(folder, "every line a compiler's error", errors, size // 4, end)
    pairs = b"\n".join(b"FAIL: test_%d (tests.Case)\nAssertionError: %d != %d" % (n, n, n + 1) for n in range(20_000))
    yield _case(folder, "two kinds of errors by turns (unittest)", pairs, size // 4, end)
    passed = "\n".join(
        f"tests/test_part_{n}.py::test_error_handling PASSED".ljust(73) + f"[ {n % 90 + 10}%]" for n in range(20_000)
    )
    yield _case(folder, "names with words of rules (`pytest -v`)", passed.encode(), size, end)
    yield _case(folder, "one endless line", b"error: " * 10_000, size, b"\n")
    yield _case(folder, "binary noise", chance.randbytes(1 << 20), size, b"\n")
    nested = "\n".join(f"section_start:1700000000:part_{n}\r\x1b[0Kpart {n}" for n in range(10_000))
    yield _case(folder, "ten thousand nested sections", nested.encode(), len(nested), end)


def _case(folder: Path, name: str, unit: bytes, size: int, end: bytes) -> Case:
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:8]}.log"
    with path.open("wb") as file:
        for _ in range(max(1, size // len(unit))):
            file.write(unit if name == "one endless line" else unit + b"\n")
        file.write(end)
    return Case(name, path)


def _joined(folder: Path, labelled: Path | None) -> Iterator[Case]:
    """All labelled logs as one."""
    if labelled is None:
        return
    path = folder / "labelled.log"
    with path.open("wb") as file:
        for labels in sorted(labelled.glob("labels*.jsonl")):
            for row in _rows(labels):
                file.write(_read(labelled / row["file"]) + b"\n")
    yield Case("the labelled logs, joined", path)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _kept_aside(row: dict[str, Any]) -> bool:
    """Whether a log was never looked at: by its failure, so that no failure stands in both parts."""
    failure = row.get("same_failure_as") or row["file"].rpartition("/")[2]
    return int(hashlib.sha256(failure.encode()).hexdigest(), 16) % 3 == 0


def _scores(folder: Path, labels: Path) -> None:
    rows = _rows(labels)
    begun = time.perf_counter()
    reasons = {row["file"]: explain([_read(folder / row["file"])]) for row in rows}
    print(f"\n{labels.name}: {len(rows)} logs in {time.perf_counter() - begun:.1f} s\n")
    print("| part | category | logs | hit@5 | hit@1 | category | with also_ok |\n|---|---|---|---|---|---|---|")
    for part, kept in (("learnt from", False), ("kept aside", True)):
        chosen = [row for row in rows if _kept_aside(row) is kept]
        by_category: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in chosen:
            by_category[row["category"]].append(row)
        for name, some in [("**all**", chosen), *sorted(by_category.items())]:
            shares = (_share(some, reasons, test) for test in _TESTS)
            print(f"| {part} | {name} | {len(some)} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")
        print(f"| {part} | signatures | {len(chosen)} | {_pairs(chosen, reasons)} ||||")
    _framings(folder, rows, reasons)


def _framings(folder: Path, rows: list[dict[str, Any]], reasons: dict[str, Reason]) -> None:
    """Logs that were re-framed, beside what they were made of: how often category and signature agree."""
    twice = [
        (reasons[row["file"]], explain([_read(folder / row["derived_from"])])) for row in rows if "derived_from" in row
    ]
    if twice:
        same = [(one.category == other.category, one.signature == other.signature) for one, other in twice]
        categories, signatures = (sum(told) for told in zip(*same, strict=True))
        print(
            f"\nAnother framing: of {len(twice)} logs {categories} keep their category, {signatures} their signature."
        )


def _share(
    rows: list[dict[str, Any]], reasons: dict[str, Reason], test: Callable[[dict[str, Any], Reason], bool]
) -> float:
    return sum(test(row, reasons[row["file"]]) for row in rows) / max(1, len(rows))


def _hits(row: dict[str, Any], reason: Reason, most: int) -> bool:
    numbers = {number for numbers in row["error_line_numbers"] for number in numbers}
    return any(
        line.number in numbers or any(said in line.text for said in row["error_lines"]) for line in reason.lines[:most]
    )


_TESTS: tuple[Callable[[dict[str, Any], Reason], bool], ...] = (
    lambda row, reason: _hits(row, reason, MOST_LINES),
    lambda row, reason: _hits(row, reason, 1),
    lambda row, reason: bool(reason.category == row["category"]),
    lambda row, reason: reason.category in (row["category"], *(row.get("category_also_ok") or ())),
)


def _pairs(rows: list[dict[str, Any]], reasons: dict[str, Reason]) -> str:
    """Of the pairs that share a signature, how many are the same failure; and the other way round."""
    said = [reasons[row["file"]].signature or row["file"] for row in rows]
    true = [row.get("same_failure_as") or row["file"] for row in rows]
    both, ours, theirs = (
        sum(count * (count - 1) // 2 for count in Counter(keys).values())
        for keys in (zip(said, true, strict=True), said, true)
    )
    return f"pair precision {both / ours if ours else 1:.2f}, recall {both / theirs if theirs else 1:.2f}"


if __name__ == "__main__":
    main()
