"""The rule files: they can be meant, and what cannot is refused with its place."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from dashlib.failures import rulebook as module
from dashlib.failures.reason import CATEGORIES
from dashlib.failures.rulebook import RULES, RuleError, load, rulebook, version

GOOD = '[[rule]]\nid = "a.b"\ncategory = "lint"\nmatch = "problem found: .+"\n'


def test_what_ships_can_be_meant() -> None:
    rules = rulebook()
    assert len(rules) > 400
    for rule in rules:
        assert rule.regexp.search(b"") is None
        assert rule.followers is not None
        assert rule.veto is None or rule.veto.search(b"") is None, rule.id
        assert 0 < rule.rank <= 100
        assert rule.id.count(".") == 1
        assert rule.pick == "first" or not rule.needs_follow or rule.follow
    assert Counter(rule.category for rule in rules).keys() == set(CATEGORIES)


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_says_what_its_family_is(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# ")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("not toml", "rules.toml"),
        (GOOD + GOOD, "two rules are called a.b"),
        (GOOD.replace('"lint"', '"linty"'), "a.b: no such category: linty"),
        (GOOD + 'elsewhere = "linty"\n', "a.b: no such category: linty"),
        (GOOD + 'lead = "above"\n', "a.b: lead is match or follow or under"),
        (GOOD + "colour = 1\n", "no such field: colour"),
        (GOOD.replace("problem found: .+", ".+"), "no word of 3 letters"),
        (GOOD.replace('id = "a.b"\n', ""), "rules"),
        (GOOD + 'pick = "middle"\n', "a.b: pick is first or last"),
        (GOOD.replace("problem found: .+", "(?<=x)problem found"), "a.b"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, said: str, wrong: str) -> None:
    (tmp_path / "rules.toml").write_text(said)
    with pytest.raises(RuleError, match=wrong):
        load(tmp_path)


def test_a_list_of_patterns_is_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(GOOD.replace('"problem found: .+"', '["first kind", "other kind"]'))
    (rule,) = load(tmp_path)
    assert [bool(rule.regexp.search(text)) for text in (b"a first kind", b"other kind", b"third")] == [
        True,
        True,
        False,
    ]


def test_the_version_follows_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = module.version(RULES)
    assert before == module.RULES_VERSION
    copied = tmp_path / "rules"
    shutil.copytree(RULES, copied)
    assert module.version(copied) == before
    (copied / "python.toml").write_text((copied / "python.toml").read_text() + "\n# another word\n")
    assert module.version(copied) != before
    monkeypatch.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION + 1)
    assert module.version(RULES) != before


@pytest.mark.parametrize("content", [b"[[rule", b"\xff\xfe", None], ids=["no TOML", "no UTF-8", "a folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "zz.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(RuleError, match=r"zz\.toml"):
        load(tmp_path)
    assert version(tmp_path), "and the program starts all the same"


def test_an_alternative_that_ignores_case_is_alone_with_it(tmp_path: Path) -> None:
    """``(?i)`` holds to the end of its group, which is not the end of the list."""
    (tmp_path / "a.toml").write_text(
        "[[rule]]\nid = 'a.b'\ncategory = 'lint'\nmatch = ['(?i)problem found: .+', 'Missing [A-Z]{3,}']\n"
    )
    [rule] = load(tmp_path)
    assert [bool(rule.regexp.search(line)) for line in (b"PROBLEM FOUND: 1", b"Missing HOME", b"missing home")] == [
        True, True, False,
    ]  # fmt: skip
