"""What somebody decided stands although the process was killed right after it said so."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from dashlib.store import open_store
from tests.act.failures import failed, links
from tests.queries.build import Builder

ROOT = Path(__file__).resolve().parents[2]
ACTS = """
import os, signal, sys
from pathlib import Path
from dashlib.failures.decisions import Failure, Issue, assign, link_signature
from dashlib.failures.match import match
from dashlib.store import open_store
store = open_store(Path(sys.argv[1]))
which = Failure(1, int(sys.argv[2]), "crash: boom", "crash")
assert link_signature(store, "Ada", which, Issue(1, 9))
assert assign(store, "Ada", [which], "grace")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_links_and_persons_stand_after_a_kill(two_repositories: Path, tmp_path: Path) -> None:
    path = tmp_path / "killed.duckdb"
    path.write_bytes(two_repositories.read_bytes())
    with open_store(path) as store:
        job = failed(Builder(store), "crash: boom", category="crash").job_id
    done = subprocess.run([sys.executable, "-c", ACTS, str(path), str(job)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(path) as store:
        built = Builder(store)
        assert links(built)[job][:3] == (1, 9, "grace")
        history = built.rows("select done_by from link_changes")
        assert {row["done_by"] for row in history} == {"Ada"}
