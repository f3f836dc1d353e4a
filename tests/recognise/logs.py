"""Logs for tests of what is done with reasons: what tools really print, written afresh."""

from __future__ import annotations

PYTEST = """\
Running with gitlab-runner 18.4.0 (abcdef12)
Preparing the "docker" executor
$ python -m pytest -q
.......F......                                                           [100%]
=================================== FAILURES ===================================
________________________________ test_depth_mean ________________________________

    def test_depth_mean():
>       assert depth([3, 5]) == 3
E       AssertionError: assert 4 == 3
E        +  where 4 = depth([3, 5])

tests/test_tide.py:12: AssertionError
=========================== short test summary info ============================
FAILED tests/test_tide.py::test_depth_mean - AssertionError: assert 4 == 3
1 failed, 13 passed in 0.42s
Cleaning up project directory and file based variables
ERROR: Job failed: exit code 1
"""
TELLING = "AssertionError: assert 4 == 3"
"""A part of the line that any engine worth its name finds in ``PYTEST``."""
