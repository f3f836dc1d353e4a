"""`python -m dashlib.demo` prints its URL as one line and answers there."""

from __future__ import annotations

import subprocess
import sys

from .conftest import Client


def test_the_command_serves() -> None:
    args = [sys.executable, "-m", "dashlib.demo", "--port", "0", "--repos", "8", "--days", "14", "--live", "0.2",
            "--end", "2026-11-21T09:00:00+00:00", "--seed", "3"]  # fmt: skip
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            projects = Client(url).all("/projects")
            assert len(projects) == 8
            assert all(row["web_url"].startswith(url) for row in projects)
        finally:
            process.terminate()
            process.wait(10)
