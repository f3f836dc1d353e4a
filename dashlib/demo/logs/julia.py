"""Julia."""

from __future__ import annotations

from dashlib.demo.logs.scene import BOLD, GREEN, OFF, RED, Scene, Script, command

_SETS = ("grid", "spectrum", "boundary", "forcing", "output", "restart")


def _name(scene: Scene) -> str:
    return "".join(part.title() for part in scene.job.project.slug.split("-"))


def _load(scene: Scene) -> list[str]:
    return [
        command("julia --project -e 'using Pkg; Pkg.instantiate()'"),
        f"  {GREEN}{BOLD}Activating{OFF} project at `{scene.root}`",
        f"{GREEN}{BOLD}    Updating{OFF} registry at `~/.julia/registries/General.toml`",
        f"{GREEN}{BOLD}Precompiling{OFF} project...",
        "".join(f"\r   {done}/48" for done in (3, 17, 33, 48)),
        f"  48 dependencies successfully precompiled in {scene.noise.randint(40, 160)} seconds",
    ]


def julia(scene: Scene) -> list[str]:
    """All test sets pass."""
    rows = [
        f"  {name:<30} | {GREEN}{scene.same.randint(4, 90):>4}{OFF}    "
        f" {scene.same.randint(4, 90):>4}  {scene.seconds(1, 60)}s"
        for name in _SETS
    ]
    return [
        *_load(scene),
        command("julia --project -e 'using Pkg; Pkg.test()'"),
        f"{GREEN}{BOLD}     Testing{OFF} {_name(scene)}",
        f"{BOLD}Test Summary:                    | Pass  Total  Time{OFF}",
        *rows,
        f"{GREEN}{BOLD}     Testing{OFF} {_name(scene)} tests passed ",
    ]


def _broken(scene: Scene, lines: list[str], name: str, errors: bool) -> list[str]:
    kind = "Error" if errors else "Fail"
    return [
        *_load(scene),
        command("julia --project -e 'using Pkg; Pkg.test()'"),
        f"{GREEN}{BOLD}     Testing{OFF} {_name(scene)}",
        *lines,
        f"{BOLD}Test Summary:                    | Pass  {kind}  Total  Time{OFF}",
        f"  {name:<30} | {GREEN}  31{OFF}  {RED}   1{OFF}     32  {scene.seconds(1, 60)}s",
        f"{RED}{BOLD}ERROR: {OFF}LoadError: Some tests did not pass: 31 passed, {int(not errors)}"
        f" failed, {int(errors)} errored, 0 broken.",
        f"in expression starting at {scene.root}/test/runtests.jl:12",
        f"{RED}{BOLD}ERROR: {OFF}Package {_name(scene)} errored during testing",
    ]


def _test(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_SETS), scene.same.randint(8, 140)
    good = scene.same.uniform(0.4, 0.9)
    lines = [
        f"{BOLD}{name}: {OFF}{RED}{BOLD}Test Failed{OFF} at {BOLD}{scene.root}/test/{name}.jl:{line}{OFF}",
        f"  Expression: maximum(abs, {name}(state)) ≈ {good:.3f}",
        f"   Evaluated: {good + 0.117:.6f} ≈ {good:.3f}",
        "",
    ]
    return _broken(scene, lines, name, False)


def _method(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_SETS), scene.same.randint(8, 140)
    lines = [
        f"{BOLD}{name}: {OFF}{RED}{BOLD}Error During Test{OFF} at {BOLD}{scene.root}/test/{name}.jl:{line}{OFF}",
        "  Got exception outside of a @test",
        f"  MethodError: no method matching step!(::{name.title()}State{{Float64}}, ::Int32)",
        "  The function `step!` exists, but no method is defined for this combination of argument types.",
        "  Stacktrace:",
        f"   [1] top-level scope\n     @ {scene.root}/test/{name}.jl:{line}",
        "",
    ]
    return _broken(scene, lines, name, True)


def _resolve(scene: Scene) -> list[str]:
    return [
        *_load(scene)[:3],
        f"{RED}{BOLD}ERROR: {OFF}Unsatisfiable requirements detected for package TideGrids [8f2a1c3e]:",
        " TideGrids [8f2a1c3e] log:",
        " ├─possible versions are: 0.4.0 - 0.9.2 or uninstalled",
        f" ├─restricted to versions 0.9 by {_name(scene)} [31ab77d0], leaving only versions 0.9.0 - 0.9.2",
        " └─restricted by compatibility requirements with WaveKernels [52c9ee10] to versions: 0.4.0"
        " - 0.8.7 — no versions left",
    ]


PASSED: dict[str, Script] = {"julia": julia}
FAILED: dict[str, Script] = {"julia_test": _test, "julia_method": _method, "julia_resolve": _resolve}
