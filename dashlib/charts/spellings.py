"""Spellings that eyes cannot tell apart, told apart in words."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable


def unlike(spellings: Iterable[str]) -> dict[str, str]:
    """What is shown of each identity: itself, and behind it, where another looks alike, how its letters are made."""
    alike: dict[str, list[str]] = defaultdict(list)
    for one in dict.fromkeys(spellings):
        alike[" ".join(unicodedata.normalize("NFKC", one).split())].append(one)
    return {
        one: f"{_shown(one)} ({_made(one)})" if len(same) > 1 else _shown(one)
        for same in alike.values()
        for one in same
    }


def _shown(spelling: str) -> str:
    """An identity without an address says so."""
    return f"{spelling.removesuffix('<>')}(no address)" if spelling.endswith(" <>") else spelling


def _made(spelling: str) -> str:
    if any(unicodedata.combining(letter) for letter in spelling):
        return f"accents as letters of their own: {_escaped(spelling)}"
    if unicodedata.is_normalized("NFKC", spelling):
        return "usual letters"
    return f"unusual letters or blanks: {_escaped(spelling)}"


def _escaped(spelling: str) -> str:
    """The spelling with every letter outside ASCII by its number."""
    return spelling.partition(" <")[0].encode("unicode_escape").decode()
