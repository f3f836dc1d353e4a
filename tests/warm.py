"""What a forked command finds imported and read (``tests/forked.py``)."""

from __future__ import annotations

from dashlib import __main__ as _main
from dashlib.failures.rulebook import rulebook

_main.parser()
rulebook()
