"""Maven."""

from __future__ import annotations

from dashlib.demo.logs.scene import BOLD, GREEN, OFF, RED, YELLOW, Scene, Script, command

_INFO, _ERROR = f"[{BOLD}\x1b[34mINFO{OFF}] ", f"[{BOLD}{RED}ERROR{OFF}] "
_PACKAGE = "example.ostrelune"


def _info(*lines: str) -> list[str]:
    return [f"{_INFO}{line}" for line in lines]


def _error(*lines: str) -> list[str]:
    return [f"{_ERROR}{line}" for line in lines]


def _start(scene: Scene, goal: str) -> list[str]:
    name = scene.job.project.slug
    return [
        command(f"mvn --batch-mode -Dstyle.color=always {goal}"),
        *_info(
            "Scanning for projects...",
            "",
            f"{BOLD}------------------< \x1b[36m{_PACKAGE}:{name}{OFF}{BOLD} >------------------{OFF}",
            f"{BOLD}Building {name} 3.{scene.same.randint(1, 19)}.0-SNAPSHOT{OFF}",
            "  from pom.xml",
        ),
        "Downloading from central:"
        " https://packages.ostrelune.example/central/org/slf4j/slf4j-api/2.0.17/slf4j-api-2.0.17.pom",
        "Progress (1): 1.4/2.8 kB\rProgress (1): 2.8 kB    \r                    \rDownloaded from central:"
        " https://packages.ostrelune.example/central/org/slf4j/slf4j-api/2.0.17/slf4j-api-2.0.17.pom"
        " (2.8 kB at 41 kB/s)",
        f"[{YELLOW}WARNING{OFF}] Using platform encoding (UTF-8 actually) to copy filtered resources",
        *_info(f"--- compiler:3.14.0:compile (default-compile) @ {name} ---", "Compiling 212 source files with javac"),
    ]


def _end(scene: Scene, good: bool, took: str) -> list[str]:
    rule = f"{BOLD}------------------------------------------------------------------------{OFF}"
    word = f"{BOLD}{GREEN}BUILD SUCCESS{OFF}" if good else f"{BOLD}{RED}BUILD FAILURE{OFF}"
    at = (scene.job.finished_at or scene.job.created_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _info(rule, word, rule, f"Total time:  {took} s", f"Finished at: {at}", rule)


def _reason(scene: Scene, plugin: str, why: str) -> list[str]:
    goal = f"{BOLD}{RED}Failed to execute goal{OFF} {GREEN}{plugin}{OFF} on project {scene.job.project.slug}: {why}"
    return _error(
        goal,
        "",
        "To see the full stack trace of the errors, re-run Maven with the -e switch.",
        "Re-run Maven using the -X switch to enable full debug logging.",
        "For more information about the errors and possible solutions, please read the following articles:",
        f"{BOLD}[Help 1]{OFF} https://help.ostrelune.example/maven/MojoFailureException",
    )


def maven(scene: Scene) -> list[str]:
    """The build succeeds."""
    tests = scene.same.randint(60, 700)
    return [
        *_start(scene, "verify"),
        *_info(
            "-------------------------------------------------------",
            " T E S T S",
            "-------------------------------------------------------",
            f"Running {_PACKAGE}.{scene.word}.LoaderTest",
            f"Tests run: {tests}, Failures: 0, Errors: 0, Skipped: 4, Time elapsed: {scene.seconds(2, 90)} s",
        ),
        *_end(scene, True, scene.seconds(20, 200)),
    ]


def _tests(scene: Scene, name: str, short: str, stack: list[str], errors: int) -> list[str]:
    tests, took = scene.same.randint(60, 700), scene.seconds(1, 40)
    counts = f"Tests run: {tests}, Failures: {1 - errors}, Errors: {errors}, Skipped: 4"
    plugin = "org.apache.maven.plugins:maven-surefire-plugin:3.5.4:test (default-test)"
    word = "ERROR" if errors else "FAILURE"
    return [
        *_start(scene, "verify"),
        *_info(" T E S T S", f"Running {_PACKAGE}.{scene.word}.{name.split('.', maxsplit=1)[0]}"),
        *_error(
            f"Tests run: 31, Failures: {1 - errors}, Errors: {errors}, Skipped: 0, Time elapsed: {took} s <<< {word}!"
            f" -- in {_PACKAGE}.{scene.word}.{name.split('.', maxsplit=1)[0]}",
            f"{_PACKAGE}.{scene.word}.{name} -- Time elapsed: {scene.seconds(0.01, 0.9)} s <<< {word}!",
        ),
        *stack,
        "",
        *_info("", "Results:", ""),
        *_error("Errors: " if errors else "Failures: ", f"  {short}"),
        *_info(""),
        *_error(counts),
        *_end(scene, False, scene.seconds(20, 200)),
        *_reason(scene, plugin, "There are test failures."),
    ]


def _failure(scene: Scene) -> list[str]:
    line, good = scene.same.randint(30, 300), scene.same.randint(2, 90)
    what = scene.same.choice(("keepsOrder", "mergesDuplicates", "skipsGaps", "closesConnection"))
    name = f"{scene.word.title()}StoreTest.{what}"
    error = f"expected: <{good}> but was: <{good + 1}>"
    stack = [
        f"org.opentest4j.AssertionFailedError: {error}",
        "\tat org.junit.jupiter.api.AssertionFailureBuilder.build(AssertionFailureBuilder.java:151)",
        f"\tat {_PACKAGE}.{scene.word}.{name}({name.split('.', maxsplit=1)[0]}.java:{line})",
    ]
    return _tests(scene, name, f"{name}:{line} {error}", stack, 0)


def _null(scene: Scene) -> list[str]:
    name = "StationLoaderIT.loadsStationWithoutDatum"
    error = 'Cannot invoke "Datum.offset()" because the return value of "Station.datum()" is null'
    stack = [
        f"java.lang.NullPointerException: {error}",
        f"\tat {_PACKAGE}.tide.StationLoader.load(StationLoader.java:118)",
        f"\tat {_PACKAGE}.tide.StationLoader.lambda$loadAll$2(StationLoader.java:74)",
        f"\tat {_PACKAGE}.tide.{name}(StationLoaderIT.java:57)",
    ]
    return _tests(scene, name, f"{name}:57 » NullPointer {error}", stack, 1)


def _compile(scene: Scene) -> list[str]:
    name = scene.same.choice(("StoreWriter", "LevelReader", "TariffTable", "DeviceIndex"))
    line, column = scene.same.randint(12, 260), scene.same.randint(5, 60)
    file = f"{scene.root}/src/main/java/example/ostrelune/{scene.word}/{name}.java"
    plugin = "org.apache.maven.plugins:maven-compiler-plugin:3.14.0:compile (default-compile)"
    found = [
        f"{file}:[{line},{column}] cannot find symbol",
        "  symbol:   method withZone(java.time.ZoneId)",
        f"  location: variable reading of type {_PACKAGE}.{scene.word}.Reading",
    ]
    rule = "-------------------------------------------------------------"
    return [
        *_start(scene, "compile"),
        *_info(rule),
        *_error("COMPILATION ERROR : "),
        *_info(rule),
        *_error(*found),
        *_info("1 error", rule),
        *_end(scene, False, scene.seconds(8, 40)),
        *_reason(scene, plugin, "Compilation failure"),
        *_error(*found),
    ]


def _dependency(scene: Scene) -> list[str]:
    wanted = f"{_PACKAGE}:geo-kit:jar:2.{scene.same.randint(1, 9)}.0-SNAPSHOT"
    slug = scene.job.project.slug
    return [
        *_start(scene, "package")[:6],
        f"[{YELLOW}WARNING{OFF}] The POM for {wanted} is missing, no dependency information available",
        *_end(scene, False, scene.seconds(2, 9)),
        *_error(
            f"Failed to execute goal on project {slug}: Could not resolve dependencies for project"
            f" {_PACKAGE}:{slug}:jar",
            f"dependency: {wanted} (compile)",
            f"\tCould not find artifact {wanted} in ostrelune (https://packages.ostrelune.example/maven)",
        ),
    ]


def _vulnerable(scene: Scene) -> list[str]:
    plugin = "org.owasp:dependency-check-maven:12.1.8:check (default-cli)"
    return [
        *_start(scene, "dependency-check:check"),
        *_info("Analysis Complete (11 seconds)", "Writing HTML report to: target/dependency-check-report.html"),
        f"[{YELLOW}WARNING{OFF}] ",
        "",
        "One or more dependencies were identified with known vulnerabilities in tide-store:",
        "",
        "snail-yaml-1.33.jar (pkg:maven/example.snail/snail-yaml@1.33) : DEMO-2026-0417(9.8)",
        "",
        *_end(scene, False, scene.seconds(60, 150)),
        *_reason(
            scene,
            plugin,
            "One or more dependencies were identified with vulnerabilities that have a CVSS score"
            " greater than or equal to '7.0': snail-yaml-1.33.jar: DEMO-2026-0417(9.8)",
        ),
    ]


PASSED: dict[str, Script] = {"maven": maven}
FAILED: dict[str, Script] = {
    "maven_test": _failure,
    "null_pointer": _null,
    "maven_compile": _compile,
    "maven_dependency": _dependency,
    "maven_vulnerable": _vulnerable,
}
