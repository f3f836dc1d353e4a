"""npm, ESLint, TypeScript, Jest and the browser tests."""

from __future__ import annotations

from dashlib.demo.logs.scene import BOLD, GREEN, OFF, RED, YELLOW, Scene, Script, command

_PARTS = ("Header", "TideTable", "MapPanel", "Legend", "Login", "Chart", "Filter", "Export")


def _install(scene: Scene) -> list[str]:
    return [
        command("npm ci --no-audit"),
        "\x1b[1G\x1b[0K⠙\x1b[1G\x1b[0K⠹\x1b[1G\x1b[0K⠸\x1b[1G\x1b[0K",
        f"npm {YELLOW}warn{OFF} deprecated inflight@1.0.6: This module is not supported, and leaks memory.",
        f"added {scene.same.randint(600, 1900)} packages in {scene.noise.randint(9, 40)}s",
    ]


def npm(scene: Scene) -> list[str]:
    """An npm script runs."""
    name = scene.job.project.slug
    return [
        *_install(scene),
        command("npm run build"),
        "",
        f"> {name}@2.{scene.same.randint(1, 40)}.0 build",
        "> vite build",
        "",
        "vite v7.1.12 building for production...",
        "transforming...\rtransforming (214) src/index.ts\r✓ 1482 modules transformed.",
        f"✓ built in {scene.seconds(4, 20)}s",
    ]


def eslint(scene: Scene) -> list[str]:
    """Nothing to complain about."""
    return [*_install(scene), command("npx eslint src"), ""]


def tsc(scene: Scene) -> list[str]:
    """All types fit."""
    return [*_install(scene), command("npx tsc --noEmit"), ""]


def jest(scene: Scene) -> list[str]:
    """All suites pass."""
    tests = scene.same.randint(40, 400)
    return [
        *_install(scene),
        command("npx jest --ci --colors"),
        *(f"{GREEN}{BOLD}PASS{OFF} src/{scene.word}/{part}.test.tsx" for part in _PARTS),
        f"{BOLD}Tests:       {OFF}{BOLD}{GREEN}{tests} passed{OFF}, {tests} total",
        f"{BOLD}Time:{OFF}        {scene.seconds(8, 60)} s",
    ]


def _assertion(scene: Scene) -> list[str]:
    part, line = scene.same.choice(_PARTS), scene.same.randint(10, 120)
    good, bad, tests = scene.same.randint(2, 9), scene.same.randint(10, 19), scene.same.randint(40, 400)
    file = f"src/{scene.word}/{part}.test.tsx"
    return [
        *jest(scene)[:5],
        *(f"{GREEN}{BOLD}PASS{OFF} src/{scene.word}/{other}.test.tsx" for other in _PARTS if other != part),
        f"{RED}{BOLD}FAIL{OFF} {file}",
        f"  {RED}{BOLD}● {part} › shows every row{OFF}",
        "",
        "    expect(received).toHaveLength(expected)",
        "",
        f"    Expected length: {GREEN}{good}{OFF}",
        f"    Received length: {RED}{bad}{OFF}",
        "",
        f"    > {line} |     expect(screen.getAllByRole('row')).toHaveLength({good});",
        f"      at Object.<anonymous> ({file}:{line}:42)",
        "",
        f"{BOLD}Test Suites: {OFF}{BOLD}{RED}1 failed{OFF}, {GREEN}7 passed{OFF}, 8 total",
        f"{BOLD}Tests:       {OFF}{BOLD}{RED}1 failed{OFF}, {GREEN}{tests - 1} passed{OFF}, {tests} total",
        f"npm {RED}error{OFF} Lifecycle script `test` failed with error:",
        f"npm {RED}error{OFF} code 1",
    ]


def _flaky(scene: Scene) -> list[str]:
    return [
        *_install(scene),
        command("npx playwright test --project=chromium"),
        "",
        "Running 64 tests using 2 workers",
        "",
        f"  {RED}✘{OFF}  41 [chromium] › e2e/board.spec.ts:88:3 › board › opens the harbour of the"
        f" day (30.{scene.noise.randint(0, 9)}s)",
        "",
        "  1) [chromium] › e2e/board.spec.ts:88:3 › board › opens the harbour of the day ─────────",
        "",
        f"    {RED}Test timeout of 30000ms exceeded.{OFF}",
        "",
        f"    Error: {RED}locator.click: Test timeout of 30000ms exceeded.{OFF}",
        "    Call log:",
        "      - waiting for getByRole('button', { name: 'Harbour' })",
        "",
        "      at e2e/board.spec.ts:91:52",
        "",
        "  1 failed",
        "    [chromium] › e2e/board.spec.ts:88:3 › board › opens the harbour of the day",
        f"  63 passed ({scene.noise.uniform(2, 6):.1f}m)",
    ]


def _types(scene: Scene) -> list[str]:
    part, line = scene.same.choice(_PARTS), scene.same.randint(10, 120)
    return [
        *_install(scene),
        command("npx tsc --noEmit"),
        f"src/{scene.word}/{part}.tsx({line},17): error TS2345: Argument of type 'string | undefined'"
        " is not assignable to"
        " parameter of type 'string'.",
        "  Type 'undefined' is not assignable to type 'string'.",
    ]


def _eslint(scene: Scene) -> list[str]:
    part, line = scene.same.choice(_PARTS), scene.same.randint(10, 120)
    return [
        *_install(scene),
        command("npx eslint src"),
        "",
        f"{scene.root}/src/{scene.word}/{part}.tsx",
        f"  {line}:9  {RED}error{OFF}  'station' is assigned a value but never used  @typescript-eslint/no-unused-vars",
        "",
        f"{RED}{BOLD}✖ 1 problem (1 error, 0 warnings){OFF}",
    ]


def _resolve(scene: Scene) -> list[str]:
    name = scene.job.project.slug
    head = f"npm {RED}error{OFF}"
    return [
        command("npm ci --no-audit"),
        f"{head} code ERESOLVE",
        f"{head} ERESOLVE could not resolve",
        f"{head}",
        f"{head} While resolving: {name}@2.4.0",
        f"{head} Found: react@19.2.0",
        f'{head} Could not resolve dependency: peer react@"^18.0.0" from'
        f" harbour-widgets@5.{scene.same.randint(0, 9)}.1",
        f"{head} Fix the upstream dependency conflict, or retry this command with --force or --legacy-peer-deps",
        f"{head} A complete log of this run can be found in:"
        f" /home/node/.npm/_logs/{scene.noise.randint(10**6, 10**7)}-debug-0.log",
    ]


def _heap(scene: Scene) -> list[str]:
    pid = scene.noise.randint(40, 900)
    return [
        *jest(scene)[:8],
        "",
        f"<--- Last few GCs --->\n[{pid}:0x{scene.noise.getrandbits(28):x}]   81342 ms: Mark-Compact"
        " 2037.2 (2084.1) -> 2036.9"
        " (2084.4) MB, 1180.33 / 0.00 ms  (average mu = 0.081)",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "----- Native stack trace -----",
        "Aborted (core dumped)",
    ]


def _links(scene: Scene) -> list[str]:
    return [
        command("npx markdown-link-check docs/**/*.md"),
        "FILE: docs/on-call.md",
        f"  [{GREEN}✓{OFF}] ./alarms.md",
        f"  [{RED}✖{OFF}] ./stations/old-pier.md → Status: 400",
        "",
        f"  {RED}ERROR: 1 dead link found!{OFF}",
    ]


PASSED: dict[str, Script] = {"npm": npm, "eslint": eslint, "tsc": tsc, "jest": jest}
FAILED: dict[str, Script] = {
    "jest_assert": _assertion,
    "flaky_browser": _flaky,
    "tsc_error": _types,
    "eslint_error": _eslint,
    "npm_eresolve": _resolve,
    "npm_heap": _heap,
    "link_check": _links,
}
