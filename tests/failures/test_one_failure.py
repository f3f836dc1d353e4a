"""One failure in two wordings has one signature; two failures in like words have two."""

from __future__ import annotations

import pytest

from dashlib.failures.explain import explain_text

MODULE = """node:internal/modules/cjs/loader:1148
Error: Cannot find module '{name}'
Require stack:
- /builds/a/deploy.js
"""
PACKAGE = """CMake Error at CMakeLists.txt:14 (find_package):
  By not providing "Find{name}.cmake" in CMAKE_MODULE_PATH this project has
  asked CMake to find a package configuration file provided by "{name}", but
  CMake did not find one.
"""
PIP = """ERROR: Could not find a version that satisfies the requirement till==3.0 (from versions: {versions})
ERROR: No matching distribution found for till==3.0
"""
POD = 'ERROR: Job failed (system failure): pods "runner-{name}" not found\n'
TSC = "src/a.ts{place} error TS2322: Type 'string' is not assignable to type 'number'.\n"
IMPORT = """ERROR: test_cart (unittest.loader._FailedTest.test_cart)
----------------------------------------------------------------------
ImportError: Failed to import test module: test_cart
Traceback (most recent call last):
  File "/builds/a/tests/test_cart.py", line 3, in <module>
    from tills.cart import {name}
ImportError: cannot import name '{name}' from 'tills.cart'
"""


def told(log: str) -> str:
    return str(explain_text(f"$ ./run\n{log}ERROR: Job failed: exit code 1\n").signature)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PIP.format(versions="1.0, 1.1"), PIP.format(versions="1.0, 1.1, 1.2, 2.0rc1")),
        ("[gw1] node down: Not properly terminated\n", "[gw13] node down: Not properly terminated\n"),
        (POD.format(name="t3ab9xyz-project-4-concurrent-0abc12"), POD.format(name="k9pq2z-project-8-concurrent-13bv5")),
        (TSC.format(place=":1:7 -"), TSC.format(place="(9,12):")),
        (" [ERROR] Found 1 error\n", " [ERROR] Found 14 errors\n"),
    ],
    ids=["pip", "xdist", "pod", "tsc", "phpstan"],
)
def test_one_failure_in_two_wordings(one: str, other: str) -> None:
    assert told(one) == told(other)


@pytest.mark.parametrize(
    ("log", "here", "there"),
    [
        ("{name}.sh: line 4: TARGET: unbound variable\n", "deploy", "backup"),
        (MODULE, "./config", "../lib/stock"),
        (PACKAGE, "Fmt", "Boost"),
        (IMPORT, "Basket", "Shelf"),
        ("ERROR: cannot read artifact\n" + "RuleID:      gitlab-pat\nFile:        {name}.yml\n", "config", "deploy"),
    ],
    ids=["script", "module", "cmake", "unittest", "gitleaks"],
)
def test_two_failures_in_like_words(log: str, here: str, there: str) -> None:
    one, other = told(log.format(name=here)), told(log.format(name=there))
    assert one != other and here.rpartition("/")[2] in one and there.rpartition("/")[2] in other


def test_a_package_that_is_missing_is_a_dependency_and_a_file_of_ones_own_is_not() -> None:
    said = {
        name: explain_text(f"$ node a.js\n{MODULE.format(name=name)}").category
        for name in ("acme-lib", "@acme/lib", "./lib", "/builds/a/dist/x.js", "/builds/a/node_modules/b/c.js")
    }
    assert list(said.values()) == ["dependency", "dependency", "script_error", "script_error", "dependency"]


def test_what_a_silent_command_leaves_is_itself_and_hardly_sure() -> None:
    reason = explain_text("$ make\nbuilt 14 parts\n$ ./ci/compare a b\nERROR: Job failed: exit code 1\n")
    assert reason.lines[0].text == "$ ./ci/compare a b"
    assert reason.confidence <= 0.1
