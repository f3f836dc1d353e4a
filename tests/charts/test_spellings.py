"""Spellings that look alike are told apart, others are shown as they are."""

from __future__ import annotations

from dashlib.charts.spellings import unlike


def test_alike_ones_say_how_their_letters_are_made() -> None:
    composed, parted, spaced = "J\u00f6rg <j@x.example>", "Jo\u0308rg <j@x.example>", "J\u00f6rg\u00a0 <j@x.example>"
    told = unlike([composed, "Kim <kim@x.example>", parted, "Kim <>", spaced, composed])
    assert told == {
        composed: f"{composed} (usual letters)",
        parted: f"{parted} (accents as letters of their own: Jo\\u0308rg)",
        spaced: f"{spaced} (unusual letters or blanks: J\\xf6rg\\xa0)",
        "Kim <kim@x.example>": "Kim <kim@x.example>",
        "Kim <>": "Kim (no address)",
    }
    assert len(set(told.values())) == 5
