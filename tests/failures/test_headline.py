"""The one line that a table shows: what tells most stands first in it."""

from __future__ import annotations

import pytest

from dashlib.failures.explain import explain_text

JULIA = """output: Test Failed at /builds/ocean/Tides.jl/test/grid.jl:41
  Expression: total(cart) == 119
   Evaluated: 138 == 119
"""
TESTTHAT = """══ Failed tests ════════════════
── Failure ('test-rates.R:14:3'): rounds half even ─────────────────────────
round_rate(0.125) not equal to 0.12.
"""
BUILDKIT = "#7 0.213 /bin/sh: 1: ./fetch-certs.sh: not found\n"
PHPUNIT = """There was 1 failure:

1) Shop\\CartTest::testTotal
Failed asserting that 138.61 matches expected 119.
"""
EXUNIT = """  1) test totals (Shop.CartTest)
     test/cart_test.exs:7
     Assertion with == failed
     code:  assert total(cart) == 119
"""


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (JULIA, "output: grid.jl:41: Expression: total(cart) == 119"),
        (TESTTHAT, "── Failure ('test-rates.R:14:3'): rounds half even"),
        (BUILDKIT, "/bin/sh: 1: ./fetch-certs.sh: not found"),
        (PHPUNIT, "Shop\\CartTest::testTotal: Failed asserting that 138.61 matches expected 119."),
        (EXUNIT, "test totals (Shop.CartTest): Assertion with == failed"),
    ],
    ids=["Julia", "testthat", "BuildKit", "PHPUnit", "ExUnit"],
)
def test_what_tells_most_stands_first(log: str, reason: str) -> None:
    found = explain_text(f"$ ./run\n{log}ERROR: Job failed: exit code 1\n")
    assert found.reason == reason
    assert found.lines[0].text in log
