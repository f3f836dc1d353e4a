"""A secret that the runner cut in two, by its own lines or with those of the other stream between: masked whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.mask import MASKED, mask
from tests.failures.secrets import AT, CANARY, SECRETS


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_token_in_two_pieces(secret: str) -> None:
    """The runner cuts a line where it flushes, and marks the rest with "+" behind its time stamp."""
    first, rest = AT.replace("00O ", "01O "), AT.replace("00O ", "01O+")
    for cut in (1, len(secret) // 2, len(secret) - 1):
        masked = mask(f"{first}it is {secret[:cut]}\n{rest}{secret[cut:]} there\n{first}{secret}\n")
        assert masked == f"{first}it is {MASKED}\n{rest} there\n{first}{MASKED}\n"
        assert mask(masked) == masked


def test_a_password_in_three_pieces() -> None:
    stamps = [AT, AT.replace("00O ", "00O+"), AT.replace("00O ", "00E+")]
    said = "\n".join(
        stamp + part for stamp, part in zip(stamps, ("login --pass", "word Canary", "Canary1 ok"), strict=True)
    )
    assert mask(said) == f"{AT}login --pass\n{stamps[1]}word {MASKED}\n{stamps[2]} ok"


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_token_in_two_pieces_with_the_other_stream_between(secret: str) -> None:
    out, rest, err = (AT.replace("00O ", stream) for stream in ("01O ", "01O+", "01E "))
    for cut in (4, len(secret) // 2, len(secret) - 1):
        between = f"{err}warning: slow\n{err}warning: slower\n"
        masked = mask(f"{out}it is {secret[:cut]}\n{between}{rest}{secret[cut:]} there\n{out}done\n")
        assert masked == f"{out}it is {MASKED}\n{between}{rest} there\n{out}done\n"
        assert mask(masked) == masked


def test_secrets_of_two_streams_in_turn() -> None:
    out, err = AT.replace("00O ", "01O "), AT.replace("00O ", "01E ")
    more_out, more_err = out[:-1] + "+", err[:-1] + "+"
    said = f"{out}TOKEN={CANARY[:9]}\n{err}password: {CANARY[:9]}\n{more_out}{CANARY[9:]}\n{more_err}{CANARY[9:]}\n"
    masked = mask(said)
    assert [line[:32] for line in masked.splitlines()] == [out, err, more_out, more_err]
    assert masked.count(MASKED) == 2 and CANARY[12:30] not in masked and CANARY[:9] not in masked


def test_a_secret_whose_rest_has_another_streams_mark() -> None:
    """GitLab itself shows what is marked with "+" behind the line before, of whichever stream."""
    first, rest = AT.replace("00O ", "01O "), AT.replace("00O ", "01E+")
    masked = mask(f"{AT.replace('00O ', '01E ')}slow\n{first}password={CANARY[:9]}\n{rest}{CANARY[9:]}\n")
    assert CANARY[12:30] not in masked and CANARY[:9] not in masked


PIECES = ["a", "TOKEN=", CANARY, "\x1b[31m", "it is", *list(SECRETS.values())[:2], "-----BEGIN PRIVATE " + "KEY-----"]


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["01O ", "01O+", "01E ", "01E+", ""]), st.sampled_from(PIECES)), max_size=9))
def test_every_line_keeps_its_stamp_and_its_place(said: list[tuple[str, str]]) -> None:
    text = "\n".join((AT.replace("00O ", stream) if stream else "") + piece for stream, piece in said)
    masked = mask(text)
    if "KEY" not in text:
        stamps = [re.findall(r"(?m)^\d{4}-.{27}", log) for log in (text, masked)]
        assert stamps[0] == stamps[1]
    assert masked.count("\n") == text.count("\n")
    assert mask(masked) == masked
