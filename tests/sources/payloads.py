"""The recorded JSON of ``tests/payloads``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "payloads"


def gitlab(name: str) -> Any:
    """One recorded answer of GitLab."""
    return json.loads((FOLDER / "gitlab" / f"{name}.json").read_text("utf-8"))


def recorded(forge: str, name: str) -> Any:
    """One recorded answer of another forge."""
    return json.loads((FOLDER / forge / f"{name}.json").read_text("utf-8"))
