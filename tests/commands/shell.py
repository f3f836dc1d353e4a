"""``python -m dashlib …`` in a process and a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-token-do-not-show-0123456789"


@dataclass
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """Its one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")


@dataclass
class Shell:
    """A folder to work in and an environment to work with."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, **environment: str) -> Said:
        """Run a command. Whatever it says, it is no traceback and no secret."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
        done = subprocess.run(
            [sys.executable, "-m", "dashlib", *words],
            cwd=self.folder, capture_output=True, timeout=60, check=False,
            env=kept | {"PYTHONPATH": str(ROOT), "HOME": str(self.folder)} | self.environment | environment,
        )  # fmt: skip
        said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in said.err
        assert CANARY not in said.out + said.err
        return said

    def files_with(self, secret: str) -> list[str]:
        """Files of the folder in which a secret stands."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path.name for path in files if secret.encode() in path.read_bytes()]
