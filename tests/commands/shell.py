"""``python -m dashlib …`` in a process and a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.forked import Command

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
        ours = {"PYTHONPATH": str(ROOT), "HOME": str(self.folder)}
        command = Command(words, self.folder, kept | ours | self.environment | environment)
        out, err = command.communicate(timeout=60)
        assert command.returncode is not None
        said = Said(command.returncode, out, err)
        assert "Traceback" not in said.err
        assert CANARY not in said.out + said.err
        return said

    def files_with(self, secret: str) -> list[str]:
        """Files of the folder in which a secret stands."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path.name for path in files if secret.encode() in path.read_bytes()]
