"""What the machine was like while something was measured: numbers of two days compare only beside it."""

from __future__ import annotations

import os
import time

_ADDITIONS = 20_000_000


def described() -> str:
    """Its cores, its load, and how long a bare Python loop takes on it: CPU seconds for twenty million additions."""
    begun, total = time.process_time(), 0
    for number in range(_ADDITIONS):
        total += number
    took = time.process_time() - begun
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, twenty million additions in {took:.1f} s of CPU"
