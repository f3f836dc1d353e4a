"""The same failure told in two ways has one signature; its message is the reason, and noise stands nowhere."""

from __future__ import annotations

import pytest

from dashlib.failures.explain import explain_text
from dashlib.failures.issue_draft import Facts, written

END = "ERROR: Job failed: exit code 1\n"
GO = """$ go test ./...
--- FAIL: TestTotal (0.10s)
    --- FAIL: TestTotal/empty_cart (0.01s)
        cart_test.go:12: got 3, want 4
    --- FAIL: TestTotal/full_cart (0.01s)
        cart_test.go:15: got 5, want 6
FAIL
FAIL\texample.org/cart\t0.412s
FAIL
"""
GO_VERBOSE = """$ go test -v ./...
=== RUN   TestOther
    cart_test.go:3: all is well
--- PASS: TestOther (0.00s)
=== RUN   TestTotal
=== RUN   TestTotal/empty_cart
    cart_test.go:12: got 3, want 4
=== RUN   TestTotal/full_cart
    cart_test.go:15: got 5, want 6
--- FAIL: TestTotal (2.00s)
    --- FAIL: TestTotal/empty_cart (0.03s)
    --- FAIL: TestTotal/full_cart (0.03s)
FAIL
FAIL\texample.org/cart\t9.012s
FAIL
"""


def test_go_with_v_and_without() -> None:
    reasons = [explain_text(log + END) for log in (GO, GO_VERBOSE)]
    assert [one.reason for one in reasons] == ["TestTotal/empty_cart: cart_test.go:12: got 3, want 4"] * 2
    assert [one.signature for one in reasons] == [
        "test_failure: TestTotal/empty_cart | cart_test.go:<n>: got <n>, want <n>"
    ] * 2
    assert "--- FAIL: TestTotal/empty_cart" in reasons[1].lines[1].text


def test_a_failed_go_test_that_says_nothing() -> None:
    for log in ("--- FAIL: TestQuiet (0.00s)\nFAIL\n", "=== RUN   TestQuiet\n--- FAIL: TestQuiet (1.50s)\nFAIL\n"):
        said = explain_text(f"$ go test\n{log}{END}")
        assert said.signature is not None and said.signature.startswith("test_failure: TestQuiet")
        title = written(Facts(str(said.reason), "test", "acme/cart")).title
        assert title == "test: --- FAIL: TestQuiet", "another duration is no other issue"


@pytest.mark.parametrize(
    ("log", "category", "reason"),
    [
        (
            "$ npm test\nFAIL src/cart.test.js\n  ● cart › adds up\n\n    expect(received).toBe(expected)\n",
            "test_failure",
            "cart › adds up: expect(received).toBe(expected)",
        ),
        (
            "Test Failed at /builds/a/test/runtests.jl:12\n  Expression: total(cart) == 4\n   Evaluated: 3 == 4\n",
            "test_failure",
            "runtests.jl:12: Expression: total(cart) == 4",
        ),
        (
            "$ go vet ./...\n"
            "# example.org/cart\n./cart.go:12:2: fmt.Printf format %d has arg name of wrong type string\n"
            "",
            "lint",
            "./cart.go:12:2: fmt.Printf format %d has arg name of wrong type string",
        ),
        (
            "$ uv sync\n  × No solution found when resolving dependencies:\n"
            "  ╰─▶ Because foo==1 depends on bar>=2, no.\n",
            "dependency",
            "╰─▶ Because foo==1 depends on bar>=2, no.",
        ),
        (
            "$ deno test\nadd => ./add_test.ts:3:6\nerror: AssertionError: Values are not equal.\n"
            "\nerror: Test failed\n",
            "test_failure",
            "add: error: AssertionError: Values are not equal.",
        ),
        (
            "$ bazel build //...\nERROR: /builds/a/BUILD:5:11: Compiling cart.cc failed: (Exit 1): gcc failed\n"
            "cart.cc:3:1: error: expected ';' before '}' token\nERROR: Build did NOT complete successfully\n",
            "compile_error",
            "cart.cc:3:1: error: expected ';' before '}' token",
        ),
    ],
    ids=["jest", "julia", "go vet", "uv", "deno", "bazel"],
)
def test_the_message_is_the_reason(log: str, category: str, reason: str) -> None:
    said = explain_text(log + END)
    assert (said.category, said.reason) == (category, reason)


def test_what_a_test_wrote_weighs_less_than_what_it_failed_of() -> None:
    log = """$ pytest
=================================== FAILURES ===================================
__________________________________ test_depth __________________________________
>       assert depth() == 3
E       assert 4 == 3
----------------------------- Captured stderr call -----------------------------
fatal: unable to access 'https://git.example/x.git/': Could not resolve host: git.example
Segmentation fault (core dumped)
=========================== short test summary info ============================
FAILED tests/test_tide.py::test_depth - assert 4 == 3
1 failed, 13 passed in 0.42s
"""
    said = explain_text(log + END)
    assert (said.category, said.lines[0].text) == ("test_failure", "E       assert 4 == 3")


@pytest.mark.parametrize(
    "noise",
    [
        "added 1219 packages in 12s",
        "63 passed",
        "  ✓ renders the cart (3 ms)",
        "FAIL",
        "sed: cannot rename ./sedA: busy",
    ],
)
@pytest.mark.parametrize("cause", ["Error: the cart is empty", "cart: the total is wrong somewhere"])
def test_noise_stands_beside_no_reason(noise: str, cause: str) -> None:
    said = explain_text(f"$ ./check\n{noise}\n{cause}\n{noise}\n{END}")
    assert said.lines[0].text == cause
    assert noise.strip() not in [line.text for line in said.lines] and noise.strip() not in str(said.signature)


def test_bytes_that_are_no_text_are_no_reason() -> None:
    assert explain_text("\ufffd" * 300 + "\n").reason is None
