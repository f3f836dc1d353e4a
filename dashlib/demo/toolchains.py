"""What runs where: the jobs of each toolchain, by push and by night, and the ways in which they fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spec:
    """A job of a pipeline definition. `tool` names the log's style, `seconds` its usual length."""

    name: str
    stage: str
    tool: str
    seconds: float
    causes: tuple[str, ...] = ()
    allow_failure: bool = False
    manual: bool = False
    bridge: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a job failed: GitLab's failure_reason and the category a careful reader would name (shared log labels)."""

    failure_reason: str
    category: str


CAUSES: dict[str, Cause] = {
    "pytest_assert": Cause("script_failure", "test_failure"),
    "pytest_error": Cause("script_failure", "test_failure"),
    "import_error": Cause("script_failure", "compile_error"),
    "pip_conflict": Cause("script_failure", "dependency"),
    "ruff_lint": Cause("script_failure", "lint"),
    "rounding_regression": Cause("script_failure", "test_failure"),
    "maven_test": Cause("script_failure", "test_failure"),
    "maven_compile": Cause("script_failure", "compile_error"),
    "maven_dependency": Cause("script_failure", "dependency"),
    "maven_vulnerable": Cause("script_failure", "lint"),
    "null_pointer": Cause("script_failure", "test_failure"),
    "jest_assert": Cause("script_failure", "test_failure"),
    "tsc_error": Cause("script_failure", "compile_error"),
    "eslint_error": Cause("script_failure", "lint"),
    "npm_eresolve": Cause("script_failure", "dependency"),
    "npm_heap": Cause("script_failure", "oom"),
    "flaky_browser": Cause("script_failure", "test_failure"),
    "go_test": Cause("script_failure", "test_failure"),
    "go_build": Cause("script_failure", "compile_error"),
    "go_panic": Cause("script_failure", "crash"),
    "go_vet": Cause("script_failure", "lint"),
    "julia_test": Cause("script_failure", "test_failure"),
    "julia_method": Cause("script_failure", "test_failure"),
    "julia_resolve": Cause("script_failure", "dependency"),
    "docker_step": Cause("script_failure", "script_error"),
    "docker_pull": Cause("runner_external_dependency_failure", "docker_registry"),
    "registry_denied": Cause("script_failure", "auth"),
    "link_check": Cause("script_failure", "lint"),
    "dns": Cause("script_failure", "network"),
    "http_503": Cause("script_failure", "network"),
    "out_of_memory": Cause("script_failure", "oom"),
    "disk_full": Cause("script_failure", "disk_full"),
    "job_timeout": Cause("job_execution_timeout", "timeout"),
    "git_fetch": Cause("script_failure", "git_checkout"),
    "command_missing": Cause("script_failure", "script_error"),
    "runner_gone": Cause("runner_system_failure", "runner_system"),
    "stuck": Cause("stuck_or_timeout_failure", "runner_system"),
    "quantum": Cause("quantum_decoherence_failure", "runner_system"),
}
ANYWHERE = ("dns", "http_503", "out_of_memory", "disk_full", "job_timeout", "git_fetch", "command_missing")

_PY = ("pytest_assert", "pytest_assert", "pytest_error", "import_error")
_JV = ("maven_test", "maven_test", "maven_test")
_JS = ("jest_assert", "jest_assert", "npm_heap")
_GO = ("go_test", "go_test", "go_panic")
_JL = ("julia_test", "julia_test", "julia_method")

PUSH: dict[str, tuple[Spec, ...]] = {
    "python": (
        Spec("build:wheel", "build", "pip", 48, ("pip_conflict", "http_503")),
        Spec("lint", "test", "ruff", 22, ("ruff_lint",)),
        Spec("test:unit", "test", "pytest", 150, _PY),
        Spec("test:integration", "test", "pytest", 340, ("pytest_error", "pytest_assert")),
        Spec("deploy:staging", "deploy", "script", 40, ("command_missing",), manual=True),
    ),
    "maven": (
        Spec("compile", "build", "maven", 130, ("maven_compile", "maven_dependency")),
        Spec("checkstyle", "test", "maven", 45, ("maven_compile",), allow_failure=True),
        Spec("test:unit", "test", "maven", 260, _JV),
        Spec("package", "package", "maven", 95, ("maven_dependency", "disk_full")),
        Spec("deploy:staging", "deploy", "script", 60, ("command_missing",), manual=True),
    ),
    "npm": (
        Spec("install", "build", "npm", 75, ("npm_eresolve", "http_503")),
        Spec("eslint", "test", "eslint", 35, ("eslint_error",)),
        Spec("typecheck", "test", "tsc", 40, ("tsc_error",)),
        Spec("test:unit", "test", "jest", 120, _JS),
        Spec("deploy:preview", "deploy", "script", 50, ("command_missing",), manual=True),
    ),
    "go": (
        Spec("vet", "build", "go", 30, ("go_vet",)),
        Spec("build", "build", "go", 60, ("go_build",)),
        Spec("test:unit", "test", "go", 110, _GO),
        Spec("image", "package", "docker", 120, ("docker_step", "registry_denied")),
    ),
    "julia": (
        Spec("instantiate", "build", "julia", 240, ("julia_resolve",)),
        Spec("format", "test", "julia", 30, ("julia_method",), allow_failure=True),
        Spec("test:unit", "test", "julia", 420, _JL),
        Spec("docs", "docs", "julia", 180, ("julia_method",)),
    ),
    "docker": (
        Spec("hadolint", "lint", "script", 15, ("command_missing",)),
        Spec("build:runtime", "build", "docker", 210, ("docker_step", "docker_pull")),
        Spec("build:slim", "build", "docker", 160, ("docker_step", "docker_pull")),
        Spec("scan", "test", "script", 80, ("command_missing",), allow_failure=True),
        Spec("push", "deploy", "docker", 60, ("registry_denied",), manual=True),
    ),
    "docs": (Spec("pages", "deploy", "npm", 60, ("link_check",)),),
}

NIGHT: dict[str, tuple[Spec, ...]] = {
    "python": (
        *PUSH["python"][:-1],
        Spec("test:slow", "test", "pytest", 1100, _PY),
        Spec("licence-check", "audit", "script", 30, ("command_missing",), allow_failure=True),
        Spec("publish:nightly", "deploy", "pip", 45, ("http_503",)),
    ),
    "maven": (
        *PUSH["maven"][:-1],
        Spec("test:integration", "test", "maven", 900, _JV),
        Spec("dependency-scan", "test", "maven", 140, ("maven_vulnerable",), allow_failure=True),
        Spec("publish:nightly", "deploy", "maven", 70, ("http_503",)),
    ),
    "npm": (
        *PUSH["npm"][:-1],
        Spec("e2e:browser", "e2e", "jest", 780, _JS),
        Spec("bundle-size", "e2e", "npm", 50, ("eslint_error",), allow_failure=True),
        Spec("publish:nightly", "deploy", "npm", 45, ("http_503",)),
    ),
    "go": (
        *PUSH["go"],
        Spec("test:race", "test", "go", 480, _GO),
        Spec("fuzz", "test", "go", 900, ("go_panic",), allow_failure=True),
        Spec("contracts", "verify", "go", 5, bridge=True),
        Spec("deploy:nightly", "deploy", "script", 60, ("command_missing",)),
    ),
    "julia": (
        *PUSH["julia"],
        Spec("test:ensemble", "test", "julia", 1900, _JL),
        Spec("benchmark", "bench", "julia", 1500, ("julia_method",), allow_failure=True),
    ),
    "docker": (
        *PUSH["docker"][:-1],
        Spec("build:cuda", "build", "docker", 600, ("docker_step", "docker_pull", "disk_full")),
        Spec("push:nightly", "deploy", "docker", 80, ("registry_denied",)),
    ),
    "docs": PUSH["docs"],
}

CHILD: tuple[Spec, ...] = (
    Spec("contract:consumer", "verify", "go", 70, ("go_test",)),
    Spec("contract:provider", "verify", "go", 85, ("go_test",)),
)
