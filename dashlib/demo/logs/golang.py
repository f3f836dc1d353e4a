"""Go."""

from __future__ import annotations

from dashlib.demo.logs.scene import Scene, Script, command

_PACKAGES = ("api", "buffer", "config", "queue", "store", "wire")


def _fetch(scene: Scene) -> list[str]:
    return [
        command("go version"),
        "go version go1.25.3 linux/amd64",
        command("go mod download"),
        "go: downloading ostrelune.example/geo-kit v0.17.0",
        "go: downloading ostrelune.example/wire-format v1.36.10",
    ]


def _ok(scene: Scene, but: str = "") -> list[str]:
    base = f"ostrelune.example/{scene.job.project.slug}/internal"
    return [f"ok  \t{base}/{name}\t{scene.seconds(0.02, 9)}s" for name in _PACKAGES if name != but]


def go(scene: Scene) -> list[str]:
    """All packages pass."""
    return [*_fetch(scene), command("go vet ./..."), command("go test ./..."), *_ok(scene)]


def _test(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_PACKAGES), scene.same.randint(20, 200)
    good, bad = scene.same.randint(1, 50), scene.same.randint(51, 99)
    test = f"Test{scene.word.title()}{name.title()}"
    base = f"ostrelune.example/{scene.job.project.slug}/internal"
    return [
        *_fetch(scene),
        command("go test -race ./..."),
        f"=== RUN   {test}",
        f"    {name}_test.go:{line}: got {bad} readings, want {good}",
        f"--- FAIL: {test} ({scene.seconds(0.01, 3)}s)",
        "FAIL",
        f"FAIL\t{base}/{name}\t{scene.seconds(0.1, 9)}s",
        *_ok(scene, name),
        "FAIL",
    ]


def _build(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_PACKAGES), scene.same.randint(20, 200)
    return [
        *_fetch(scene),
        command("go build ./..."),
        f"# ostrelune.example/{scene.job.project.slug}/internal/{name}",
        f"internal/{name}/{name}.go:{line}:14: cannot use station (variable of type *Station) as"
        " Source value in argument to"
        " open: *Station does not implement Source (missing method Close)",
    ]


def _panic(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_PACKAGES), scene.same.randint(20, 200)
    base = f"ostrelune.example/{scene.job.project.slug}/internal/{name}"
    return [
        *_fetch(scene),
        command("go test ./..."),
        "panic: runtime error: invalid memory address or nil pointer dereference [recovered]",
        "\tpanic: runtime error: invalid memory address or nil pointer dereference",
        f"[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x{scene.noise.getrandbits(24):x}]",
        "",
        f"goroutine {scene.noise.randint(7, 90)} [running]:",
        f"{base}.(*Reader).Next(0x0)",
        f"\t{scene.root}/internal/{name}/reader.go:{line} +0x{scene.noise.getrandbits(8):x}",
        f"FAIL\t{base}\t{scene.seconds(0.1, 3)}s",
        "FAIL",
    ]


def _vet(scene: Scene) -> list[str]:
    name, line = scene.same.choice(_PACKAGES), scene.same.randint(20, 200)
    return [
        *_fetch(scene),
        command("go vet ./..."),
        f"# ostrelune.example/{scene.job.project.slug}/internal/{name}",
        f"internal/{name}/{name}.go:{line}:2: fmt.Printf format %d has arg station.Name of wrong type string",
    ]


PASSED: dict[str, Script] = {"go": go}
FAILED: dict[str, Script] = {"go_test": _test, "go_build": _build, "go_panic": _panic, "go_vet": _vet}
