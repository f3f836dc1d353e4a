"""Files of teams as people and spreadsheets write them: what their lines say, and which say nothing, and why."""

from __future__ import annotations

import codecs

import pytest

from dashlib.people.teams_csv import decoded, read


def pairs(text: str) -> list[tuple[str, str]]:
    return [(line.member, line.team) for line in read(text).lines]


def test_a_csv_tells_its_bad_lines() -> None:
    found = read("\ufeffperson,team\nada, Tides \n\n,x\nbob\n# nobody,x\n")
    assert [(line.member, line.team) for line in found.lines] == [("ada", "Tides")]
    assert [number for number, _ in found.bad] == [4, 5]


@pytest.mark.parametrize(
    ("text", "member", "team"),
    [
        ("team,person\nTides,ada\n", "ada", "Tides"),
        ("Group\tName\nTides\tada, the first\n", "ada, the first", "Tides"),
        ("Lovelace, Ada;Tides\n", "Lovelace, Ada", "Tides"),
    ],
)
def test_a_csv_may_begin_with_the_team_and_names_may_hold_commas(text: str, member: str, team: str) -> None:
    assert [(line.member, line.team) for line in read(text).lines] == [(member, team)]


def test_excels_line_about_the_separator_is_none_of_the_file() -> None:
    found = read('sep=;\nTeam;E-Mail\n"Tides, North";ada@one.example\n')
    assert [(line.member, line.team) for line in found.lines] == [("ada@one.example", "Tides, North")]
    assert found.bad == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_machine(end: str) -> None:
    """Excel writes "CSV (Macintosh)" with CR alone."""
    found = read(end.join(["person,team", "ada,Tides", "bob", "cy,Waves", ""]))
    assert [(line.member, line.team) for line in found.lines] == [("ada", "Tides"), ("cy", "Waves")]
    assert [number for number, _ in found.bad] == [3]


def test_a_value_of_any_length_is_one_bad_line() -> None:
    found = read(f"ada,Tides\nbob,{'x' * 140_000}\ncy,Waves\n")
    assert [line.member for line in found.lines] == ["ada", "cy"]
    assert found.bad == ((2, "one of its values is longer than 131,072 characters"),)


@pytest.mark.parametrize(
    "text",
    [
        "# persons, by team, of spring\n\nada;Tides\nbob;Waves\n",
        "\n# x\nE-mail;Team\nada;Tides\nbob;Waves\n",
        "Name|Team\nada|Tides\nbob|Waves\n",
        ";;\nada;Tides;\nbob;Waves;;\n",
        "user\tteam\nada\tTides\nbob\tWaves\n",
    ],
)
def test_the_separator_is_what_the_lines_that_say_something_have_in_common(text: str) -> None:
    assert pairs(text) == [("ada", "Tides"), ("bob", "Waves")] and not read(text).bad


def test_one_odd_line_does_not_choose_the_separator() -> None:
    found = read("Tides; the old ones; and more\nada,Tides\nbob,Waves\n")
    assert [line.member for line in found.lines] == ["ada", "bob"]
    assert [number for number, _ in found.bad] == [1]


def test_an_open_quote_takes_no_other_line_along() -> None:
    found = read('ada,Tides\n"bob,Tides\ncy,"Waves\ndee,Waves"\neve,Foam\n')
    assert [(line.member, line.team) for line in found.lines] == [("ada", "Tides"), ("dee", 'Waves"'), ("eve", "Foam")]
    assert found.bad == tuple((number, "a quote is opened in it and not closed") for number in (2, 3))


@pytest.mark.parametrize("char", ["\0", "\a", "\x1b", "\x7f", "\x9f"])
def test_a_control_character_is_in_no_name(char: str) -> None:
    found = read(f"person,team,note\nada,Ti{char}des,\nbo{char}b,Tides,\n{char},Tides,\ncy,Tides,x{char}\n")
    assert [(line.member, line.team) for line in found.lines] == [("cy", "Tides")]
    why = f"it holds the control character U+{ord(char):04X}: delete it, or save the file as UTF-8 if every line is so"
    assert found.bad == tuple((number, why) for number in (2, 3, 4))


@pytest.mark.parametrize("mark, name", [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
                                        (codecs.BOM_UTF8, "utf-8"), (b"", "utf-8")])  # fmt: skip
def test_a_byte_order_mark_tells_the_encoding(mark: bytes, name: str) -> None:
    assert pairs(decoded(mark + "person\tteam\r\nJürgen\tGroße\r\n".encode(name))) == [("Jürgen", "Große")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Name,E-mail,Team\nAda,ada@x.org,Tides\nBob,,Waves\n", [("ada@x.org", "Tides"), ("Bob", "Waves")]),
        ("Team;Role;User name;Full name\nTides;dev;@ada;Ada L\n", [("@ada", "Tides")]),
        ("# teams\n\nGroup,Since,Mail\nTides,2024,ada@x.org,,\n", [("ada@x.org", "Tides")]),
        ("E-Mail-Address,Squad\nada@x.org,Tides\n", [("ada@x.org", "Tides")]),
        ('ada@x.org, "Tides, North" \n', [("ada@x.org", "Tides, North")]),
        ("Zoe\u0308 , The \u0308 ones\n", [("Zo\u00eb", "The \u0308 ones")]),
    ],
)
def test_columns_go_by_the_names_of_a_header(text: str, wanted: list[tuple[str, str]]) -> None:
    assert pairs(text) == wanted and not read(text).bad


@pytest.mark.parametrize(
    ("text", "number", "why"),
    [
        (
            "ada,Tides\nbob,bob@x.org,Waves\n",
            2,
            "it has 3 values, and no header says which are the person and the team",
        ),
        ("person,team\nada,Tides,North\n", 2, "it has 3 values under a header of 2"),
        (
            "Name,E-mail\nAda,ada@x.org\n",
            1,
            "none of its columns is called team or group, so nobody's team can be told",
        ),
        (
            "Team,Since,Lead\nx,y,z\n",
            1,
            "none of its columns is called e-mail, username or name, so nobody can be told",
        ),
    ],
)
def test_what_cannot_be_told_makes_no_team(text: str, number: int, why: str) -> None:
    found = read(text)
    assert found.bad == ((number, why),)
    assert {line.team for line in found.lines} <= {"Tides"}
