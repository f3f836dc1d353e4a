"""pip, ruff and pytest."""

from __future__ import annotations

import re

from dashlib.demo.dice import dice
from dashlib.demo.logs.scene import BOLD, CYAN, GREEN, OFF, RED, Scene, Script, bar, command

_LIBRARY, _FIRST = "tide-units", "4.2.1"
_BUMP = re.compile(rf"Bump {_LIBRARY} from \S+ to (\S+)")
_SUBJECTS = ("reader", "limits", "calendar", "export", "merge", "gaps", "stations", "rates", "archive", "datum")


def _pinned(scene: Scene) -> str | None:
    """The version of the shared library that the default branch asked for when the pipeline was made."""
    project, at = scene.job.project, scene.job.pipeline.created_at
    if project.slug == _LIBRARY:
        return None
    bumps = (_BUMP.match(project.commits[sha].title) for moved, sha in project.heads if moved <= at)
    return next((bump.group(1) for bump in reversed(list(bumps)) if bump), _FIRST)


def _install(scene: Scene) -> list[str]:
    pinned = _pinned(scene)
    library = f" {_LIBRARY}-{pinned}" if pinned else ""
    # The repository's own version does not hang on how its job ended.
    own = f"{scene.module}-1.{dice('version', scene.job.project.path).randint(2, 30)}.0"
    return [
        command("python -m venv .venv && . .venv/bin/activate"),
        command("pip install --quiet --upgrade pip"),
        command("pip install -e .[test]"),
        f"Obtaining file://{scene.root}",
        "  Installing build dependencies: started",
        "  Installing build dependencies: finished with status 'done'",
        f"Collecting numpy>=2.1 (from {f'{_LIBRARY}=={pinned}' if pinned else scene.job.project.slug})",
        bar("  Downloading numpy-2.3.4-cp312-cp312-manylinux_2_27_x86_64.whl (16.6 MB)", "16.6/16.6 MB"),
        "Collecting pydantic>=2.9",
        bar("  Downloading pydantic-2.12.3-py3-none-any.whl (462 kB)", "462/462 kB"),
        f"Successfully installed {own} numpy-2.3.4 pydantic-2.12.3 pytest-8.4.2{library}",
    ]


def _session(scene: Scene, tests: int) -> list[str]:
    return [
        command("pytest --color=yes --junitxml=reports/junit.xml --cov"),
        f"{BOLD}============================= test session starts =============================={OFF}",
        "platform linux -- Python 3.12.12, pytest-8.4.2, pluggy-1.6.0",
        f"rootdir: {scene.root}",
        "configfile: pyproject.toml",
        "plugins: cov-7.0.0, xdist-3.8.0, timeout-2.4.0",
        f"collected {tests} items",
        "",
    ]


def _dots(scene: Scene, broken: str | None) -> list[str]:
    lines = []
    for place, subject in enumerate(_SUBJECTS):
        dots = f"{GREEN}.{OFF}" * (6 + place % 5)
        red = f"{RED}F{OFF}" if subject == broken else ""
        lines.append(f"tests/test_{scene.word}_{subject}.py {dots}{red} {GREEN}[{(place + 1) * 10:3d}%]{OFF}")
    return lines


def _coverage(scene: Scene) -> list[str]:
    return [
        "---------- coverage: platform linux, python 3.12.12-final-0 -----------",
        f"TOTAL                             {scene.same.randint(900, 4000)}    214   "
        f" {scene.job.coverage or 71.0:.0f}%",
        "Coverage XML written to file coverage.xml",
    ]


def pip(scene: Scene) -> list[str]:
    """A wheel is built."""
    return [
        *_install(scene),
        command("python -m build --wheel"),
        "* Building wheel...",
        f"Successfully built {scene.module}-1.4.0-py3-none-any.whl",
    ]


def pytest(scene: Scene) -> list[str]:
    """All tests pass."""
    tests = scene.same.randint(80, 900)
    took = scene.seconds(4, 300)
    return [
        *_install(scene),
        *_session(scene, tests),
        *_dots(scene, None),
        *_coverage(scene),
        f"{GREEN}======================= {BOLD}{tests} passed{OFF}{GREEN}, 3 warnings in {took}s"
        f" ======================={OFF}",
    ]


def ruff(scene: Scene) -> list[str]:
    """Nothing to complain about."""
    return [
        command("ruff check ."),
        "All checks passed!",
        command("ruff format --check ."),
        "148 files already formatted",
    ]


def _failed(scene: Scene, subject: str, test: str, body: list[str], summary: str) -> list[str]:
    tests = scene.same.randint(80, 900)
    file = f"tests/test_{scene.word}_{subject}.py"
    return [
        *_install(scene),
        *_session(scene, tests),
        *_dots(scene, subject),
        "",
        "=================================== FAILURES ===================================",
        f"{RED}{BOLD}{f' {test} ':_^80}{OFF}",
        "",
        *body,
        f"- generated xml file: {scene.root}/reports/junit.xml -",
        *_coverage(scene),
        f"{CYAN}{BOLD}=========================== short test summary info ============================{OFF}",
        f"{RED}FAILED{OFF} {file}::{BOLD}{test}{OFF} - {summary}",
        f"{RED}================== {BOLD}1 failed{OFF}, {GREEN}{tests - 1} passed{OFF}, {RED}3 warnings in"
        f" {scene.seconds(4, 300)}s{OFF}{RED} ==================={OFF}",
    ]


def _assertion(scene: Scene) -> list[str]:
    subject, line = scene.same.choice(_SUBJECTS), scene.same.randint(20, 240)
    good, bad = scene.same.randint(2, 90), scene.same.randint(91, 180)
    file = f"tests/test_{scene.word}_{subject}.py"
    body = [
        f"    def test_{subject}_counts_every_reading():",
        f"        found = {subject}.count(sample())",
        f">       assert found == {good}",
        f"{BOLD}{RED}E       assert {bad} == {good}{OFF}",
        "",
        f"{BOLD}{RED}{file}{OFF}:{line}: AssertionError",
    ]
    return _failed(scene, subject, f"test_{subject}_counts_every_reading", body, f"assert {bad} == {good}")


def _error(scene: Scene) -> list[str]:
    subject, line = scene.same.choice(_SUBJECTS), scene.same.randint(20, 240)
    file = f"src/{scene.module}/{subject}.py"
    error = f"KeyError: '{scene.word}_id'"
    body = [
        f"    def test_{subject}_after_restart(client):",
        f">       answer = client.get('/{scene.word}/{subject}')",
        "",
        f"tests/test_{scene.word}_{subject}.py:{line}:",
        "_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _",
        f">       return row['{scene.word}_id']",
        f"{BOLD}{RED}E       {error}{OFF}",
        "",
        f"{BOLD}{RED}{file}{OFF}:{line + 7}: KeyError",
    ]
    return _failed(scene, subject, f"test_{subject}_after_restart", body, error)


def _rounding(scene: Scene) -> list[str]:
    body = [
        "    def test_half_is_rounded_to_even():",
        "        level = to_decimetres(0.05)",
        ">       assert level == 0",
        f"{BOLD}{RED}E       assert 1 == 0{OFF}",
        f"{BOLD}{RED}E        +  where 1 = tide_units.rounding.to_decimetres(0.05){OFF}",
        "",
        f"{BOLD}{RED}tests/test_{scene.word}_rates.py{OFF}:41: AssertionError",
    ]
    return _failed(scene, "rates", "test_half_is_rounded_to_even", body, "assert 1 == 0")


def _import(scene: Scene) -> list[str]:
    subject = scene.same.choice(_SUBJECTS)
    file = f"tests/test_{scene.word}_{subject}.py"
    where = f"{scene.root}/src/{scene.module}/__init__.py"
    error = f"ImportError: cannot import name 'load_{subject}' from '{scene.module}' ({where})"
    return [
        *_install(scene),
        *_session(scene, 0),
        "",
        "==================================== ERRORS ====================================",
        f"{RED}{BOLD}{f' ERROR collecting {file} ':_^80}{OFF}",
        f"ImportError while importing test module '{scene.root}/{file}'.",
        "Hint: make sure your test modules/packages have valid Python names.",
        "Traceback:",
        f"{file}:4: in <module>",
        f"    from {scene.module} import load_{subject}",
        f"{RED}E   {error}{OFF}",
        f"{RED}ERROR{OFF} {file}",
        "!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!",
        f"{RED}=============================== {BOLD}1 error{OFF}{RED} in {scene.seconds(0.4, 3)}s"
        f" ================{OFF}",
    ]


def _conflict(scene: Scene) -> list[str]:
    return [
        *_install(scene)[:4],
        "Collecting tide-units>=4.3 (from station-client==2.1.0)",
        f"{RED}ERROR: Cannot install {scene.module}, station-client==2.1.0 and tide-units==4.2.1 because these package"
        f" versions have conflicting dependencies.{OFF}",
        "",
        "The conflict is caused by:",
        f"    {scene.module} 1.4.0 depends on tide-units==4.2.1",
        "    station-client 2.1.0 depends on tide-units>=4.3",
        "",
        "To fix this you could try to:",
        "1. loosen the range of package versions you've specified",
        "2. remove package versions to allow pip to attempt to solve the dependency conflict",
        "",
        f"{RED}ERROR: ResolutionImpossible: for help visit"
        f" https://help.ostrelune.example/pip/dependency-resolution/{OFF}",
    ]


def _lint(scene: Scene) -> list[str]:
    subject, line = scene.same.choice(_SUBJECTS), scene.same.randint(3, 200)
    return [
        command("ruff check ."),
        f"{BOLD}src/{scene.module}/{subject}.py{OFF}:{line}:8: {RED}{BOLD}F401{OFF} [*]"
        " `datetime.timedelta` imported but unused",
        "   |",
        f"{line} | from datetime import datetime, timedelta",
        "   |                                ^^^^^^^^^ F401",
        "   = help: Remove unused import: `datetime.timedelta`",
        "",
        "Found 1 error.",
        "[*] 1 fixable with the `--fix` option.",
    ]


PASSED: dict[str, Script] = {"pip": pip, "pytest": pytest, "ruff": ruff}
FAILED: dict[str, Script] = {
    "pytest_assert": _assertion,
    "pytest_error": _error,
    "rounding_regression": _rounding,
    "import_error": _import,
    "pip_conflict": _conflict,
    "ruff_lint": _lint,
}
