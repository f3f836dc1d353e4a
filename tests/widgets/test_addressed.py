"""Names and addresses from outside on the page people: neither markup, nor a link, nor an icon."""

from __future__ import annotations

import pytest

from dashlib.widgets.people_acts import addressed

JOINER = "\N{WORD JOINER}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada <ada@one.example>", r"Ada \<`ada@one.example`\>"),
        ("http://evil.example", rf"http\:{JOINER}//evil\.example"),
        ("www.evil.example", rf"www{JOINER}\.evil\.example"),
        (":material/bug_report:", rf"\:{JOINER}material/bug\_report\:"),
        (":smile: **b**", rf"\:{JOINER}smile\: \*\*b\*\*"),
        ("at 12:30:05", rf"at 12\:{JOINER}30\:05"),
    ],
)
def test_it_is_text(text: str, shown: str) -> None:
    assert addressed(text) == shown
