"""The benchmark of commits goes through all its questions: small here, so that it is there when somebody measures."""

from __future__ import annotations

import pytest

from benchmarks import commits


def test_it_asks_everything(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "_TIMES", 1)
    monkeypatch.setattr("sys.argv", ["commits", "--commits", "3000", "--identities", "40"])
    commits.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(rows) == 20
    assert all("nan" not in row for row in rows)
