"""Failures that say the same in every repository are told apart by where they happened; equal ones stay together."""

from __future__ import annotations

import pytest

from dashlib.failures.explain import explain_text
from dashlib.failures.reason import Reason

GO = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x{a} pc=0x4a{a}]

goroutine {n} [running]:
panic({{0x52{a}, 0x61}})
\t/usr/local/go/src/runtime/panic.go:{n} +0x13
shop.example/web/internal/{package}.(*{type}).{function}(0x0, 0xc000{a})
\t/builds/{n}/internal/{package}/{package}.go:{n} +0x1d
main.main()
\t/builds/{n}/main.go:{n} +0x20
exit status 2
"""
PYTHON = """Traceback (most recent call last):
  File "/builds/{n}/tools/run.py", line {n}, in <module>
    main()
  File "/builds/{n}/tools/{package}.py", line {n}, in {function}
    return json.loads(text)
  File "/usr/lib/python3.11/json/__init__.py", line {n}, in loads
    return _default_decoder.decode(s)
KeyError: 'a'
"""
JAVA = """Exception in thread "main" java.lang.NullPointerException
\tat java.base/java.util.Objects.requireNonNull(Objects.java:{n})
\tat example.shop.{package}.{type}.{function}({type}.java:{n})
\tat example.shop.Main.main(Main.java:{n})
"""
NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at {type}.{function} (/builds/{n}/src/{package}.js:{n}:7)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)
Node.js v18.12.1
"""
DOTNET = """Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.
   at System.Linq.Enumerable.First()
   at Shop.{type}.{function}(String id) in /builds/{n}/{type}.cs:line {n}
"""
RUBY = "/builds/{n}/lib/{package}.rb:{n}:in `{function}': undefined method `id' for nil:NilClass (NoMethodError)\n"
RUST = """thread 'main' panicked at src/{package}.rs:{n}:5:
called `Option::unwrap()` on a `None` value
"""
CPP = """==4{n}==ERROR: AddressSanitizer: heap-use-after-free on address 0x6020{a} at pc 0x49{a} bp 0x7ffd sp 0x7ffd
READ of size 4 at 0x6020{a} thread T0
    #0 0x7f{a} in __interceptor_memcpy (/lib/libasan.so.6+0x3a)
    #1 0x49{a} in {type}::{function}() /builds/{n}/src/{package}.cpp:{n}:3
"""
BLACK = "would reformat /builds/{n}/{package}.py\nOh no! 1 file would be reformatted.\n"
ESLINT = (
    "/builds/{n}/src/{package}.js\n  {n}:5  error  Unexpected console statement  no-console\n\n✖ 1 problem (1 error)\n"
)
MYPY = "src/{package}.py:{n}: error: Incompatible return value type  [return-value]\nFound 1 error in 1 file\n"
ALL = {
    "Go": GO, "Python": PYTHON, "Java": JAVA, "Node": NODE, ".NET": DOTNET, "Ruby": RUBY, "Rust": RUST, "C++": CPP,
    "black": BLACK, "eslint": ESLINT, "mypy": MYPY,
}  # fmt: skip
HERE = {"package": "cart", "type": "Cart", "function": "total"}
THERE = {"package": "stock", "type": "Shelf", "function": "count"}


def told(log: str, **words: str) -> Reason:
    return explain_text(f"$ ./run\n{log.format(**words)}ERROR: Job failed: exit code 1\n")


@pytest.mark.parametrize("log", ALL.values(), ids=ALL)
def test_the_same_words_at_another_place_are_another_failure(log: str) -> None:
    here, there = told(log, n="17", a="a1", **HERE), told(log, n="17", a="a1", **THERE)
    assert here.signature != there.signature
    assert here.category == there.category
    assert any(word in str(here.signature) for word in ("cart", "Cart"))


@pytest.mark.parametrize("log", ALL.values(), ids=ALL)
def test_the_same_place_in_another_checkout_is_the_same_failure(log: str) -> None:
    assert told(log, n="17", a="a1", **HERE).signature == told(log, n="923", a="b7c", **HERE).signature


@pytest.mark.parametrize(
    ("log", "signature"),
    [
        (GO, "runtime error: invalid memory address or nil pointer dereference | cart.(*Cart).total"),
        (PYTHON, "KeyError: 'a' | …/cart.py total"),
        (JAVA, "java.lang.NullPointerException | example.shop.cart.Cart.total"),
        (BLACK, "would reformat …/cart.py"),
        (ESLINT, "…/cart.js: Unexpected console statement no-console"),
        (MYPY, "…/cart.py:<n>: error: Incompatible return value type [return-value]"),
    ],
)
def test_it_stays_readable(log: str, signature: str) -> None:
    assert str(told(log, n="17", a="a1", **HERE).signature).partition(": ")[2] == signature


GRADLE = """FAILURE: Build failed with an exception.

* Where:
Build file '/builds/shop/build.gradle' line: 12

* What went wrong:
A problem occurred evaluating root project 'shop'.
> No such property: taxRate for class: org.gradle.api.Project

* Try:
> Run with --stacktrace option to get the stack trace.
> Run with --info or --debug option to get more log output.

BUILD FAILED in 3s
"""


def test_gradle_s_cause_stands_before_its_place() -> None:
    reason = explain_text(f"$ ./gradlew build\n{GRADLE}ERROR: Job failed: exit code 1\n")
    assert reason.lines[0].text == "> No such property: taxRate for class: org.gradle.api.Project"
    assert reason.signature == "script_error: > No such property: taxRate for class: org.gradle.api.Project"
    assert not any("Run with" in line.text for line in reason.lines)


def test_a_box_before_a_line_is_taken_off_whole() -> None:
    """A third of a character would stand in the signature else."""
    log = "➤ YN0035: │ zod@npm:^9.9.9: Package not found\n➤ YN0000: └ Completed in 0s 40ms\n"
    assert "dependency: zod@npm:^<n>: Package not found" in str(explain_text(log).signature)
