"""Laws of the mask on any text: masking twice is masking once, in time linear in its length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.mask import MASKED, mask
from tests.failures.secrets import BODY, SECRETS

ROOT = Path(__file__).resolve().parents[2]

PIECES = st.sampled_from(
    [
        *SECRETS.values(),
        "TOKEN=",
        "A_TOKEN=",
        "token: ",
        "--password ",
        "login -p ",
        "curl -u a:",
        "\\",
        "none",
        "'",
        "PRIVATE-TOKEN: ",
        "Authorization: Bearer ",
        *("mysql -p", "mongo -p", "htpasswd -b ", "\x1b[1mtoken\x1b[0m="),
        "https://u:",
        "https://gitlab-ci-token:",
        *("jdbc:oracle:thin:a/", "sqlplus a/", "<password>", "</password>", 'secret: ["', '", "', "password was '"),
        "@h",
        "\n",
        " ",
        '"',
        MASKED,
        "-----BEGIN PRIVATE " + "KEY-----",
        BODY,
        "$X",
        "x" * 600,
    ]
)


@settings(derandomize=True, max_examples=200)
@given(st.lists(PIECES | st.text(max_size=6), max_size=15).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


HOSTILE = [
    *("token=", "token: x ", "login -p", "curl -u a", "--token", "password", "https://a:b/", "token=$(", "api-"),
    "eyJ-",
    "glpat-",
    "://a:",
    f"://a-token:{MASKED}@",
    *("jdbc:oracle:thin:a/", "sqlplus -a ", "<password>", "<a.", 'secret: ["', '"secret": ["a",', "secret:[a,"),
    *("password was '", "password Aa1", "token s.", "s.a1"),
    "Authorization: Bearer ",
    *("mysql -p", "mongo -p", "htpasswd -b ", "\x1b[1mtoken\x1b[0m="),
    "AB_",
    "A",
    " ",
    "-----BEGIN PRIVATE " + "KEY-----",
    "eyJaaaaaaaaaaa.",
]


def test_a_hostile_log_costs_no_more_than_its_length() -> None:
    """100 kB of beginnings each: a shape that read it again for each of them would take minutes for one of them alone.

    The last one that is printed is the one that took too long.
    """
    code = (
        "from dashlib.failures.mask import mask\n"
        f"for unit in {HOSTILE!r}:\n"
        "    print(unit, flush=True)\n"
        "    mask(unit * (100_000 // len(unit)))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
