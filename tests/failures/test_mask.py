"""Secrets out of a log: each shape is masked, nothing else is touched, masking twice is masking once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.mask import MASKED, mask

ROOT = Path(__file__).resolve().parents[2]
AT = "2024-05-14T11:19:20.000000Z 00O "
CANARY = "CanaryDoNotShow0123456789abcdefCANARY"
BODY = "MIIEpAIBAAKCAQEAcanary0123456789ABCDEFabcdef+/=="

# Put together here, so that no scanner of repositories takes them for real ones.
SECRETS = {
    "personal access token": "glpat" + f"-{CANARY[:20]}",
    "routable token": "glpat" + f"-{CANARY[:27]}.01.120abcdef",
    "deploy token": "gldt" + f"-{CANARY[:20]}",
    "runner token": "glrt" + f"-{CANARY[:20]}",
    "job token": "glcbt" + f"-64_{CANARY[:20]}",
    "trigger token": "glptt" + f"-{CANARY}",
    "feed token": "glft" + f"-{CANARY[:20]}",
    "GitHub token": "ghp" + f"_{CANARY[:36]}",
    "GitHub server token": "ghs" + f"_{CANARY[:36]}",
    "GitHub fine-grained token": "github_pat" + f"_{CANARY}",
    "AWS key": "AKIA" + "CANARY0123456789",
    "Slack token": "xoxb" + f"-12345-{CANARY}",
    "npm token": "npm" + f"_{CANARY[:36]}",
    "PyPI token": "pypi" + f"-{CANARY}{CANARY}",
    "Hugging Face token": "hf" + f"_{CANARY[:34]}",
    "signing token": "whsec" + f"_{CANARY}",
    "JSON web token": "eyJ" + f"hbGciOiJIUzI1.eyJ{CANARY}.{CANARY}",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "token is {}, keep it", '"{}"', "--token={}", "({})", "\x1b[31m{}\x1b[0m", "a\n{}\nb"]
)
def test_a_token(secret: str, around: str) -> None:
    masked = mask(around.format(secret))
    assert secret not in masked
    assert "anary" not in masked.lower()
    assert MASKED in masked


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (f"git clone https://ida:{CANARY}@gitlab.fjordlys.example/x.git", "@gitlab.fjordlys.example/x.git"),
        (f"postgresql://app:{CANARY}@db:5432/app", "@db:5432/app"),
        (f'curl -H "PRIVATE-TOKEN: {CANARY}" https://x', "https://x"),
        (f"curl --header 'JOB-TOKEN: {CANARY}' https://x", "https://x"),
        (f'{{"PRIVATE-TOKEN": "{CANARY}"}}', '"}'),
        (f"> Authorization: Bearer {CANARY}", "Authorization: Bearer"),
        (f"authorization: basic {CANARY}==", "authorization: basic"),
        (f"DEPLOY_TOKEN={CANARY} make", "make"),
        (f"+ export DB_PASSWORD={CANARY}", "DB_PASSWORD="),
        (f'export DB_PASSWORD="{CANARY}"', "DB_PASSWORD="),
        (f"export DB_PASSWORD='{CANARY}'", "DB_PASSWORD="),
        (f"PASSWORD={CANARY}", "PASSWORD="),
        (f"TOKEN={CANARY}", "TOKEN="),
        (f"CLIENT_SECRET={CANARY}", "CLIENT_SECRET="),
        (f"STRIPE_API_KEY={CANARY}", "STRIPE_API_KEY="),
        (f"\x1b[31mTOKEN={CANARY}\x1b[0m", "TOKEN="),
        (f"\x1b[0KDEPLOY_TOKEN={CANARY}", "DEPLOY_TOKEN="),
        (f"\x1b[31mPRIVATE-TOKEN: {CANARY}", "PRIVATE-TOKEN:"),
        (f"postgresql://app:with@{CANARY}@db:5432/app", "@db:5432/app"),
    ],
)
def test_a_credential_and_what_stays_around_it(line: str, kept: str) -> None:
    masked = mask(line)
    assert CANARY not in masked
    assert kept in masked


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""])
@pytest.mark.parametrize(
    "written",
    [
        "{begin}\n{body}\n{body}\n{end}",
        "{begin}\\n{body}\\n{end}",
        AT + "{begin}\n" + AT + "{body}\n" + AT + "{body}\n" + AT + "{end}",
    ],
    ids=["as a file", "in one line", "with the runner's time stamps"],
)
def test_a_private_key(kind: str, written: str) -> None:
    begin, end = (f"-----{word} {kind}PRIVATE KEY-----" for word in ("BEGIN", "END"))
    masked = mask("before\n" + written.format(begin=begin, body=BODY, end=end) + "\nafter")
    assert "canary" not in masked
    assert masked.startswith("before\n")
    assert masked.endswith("\nafter")


def test_a_private_key_with_headers() -> None:
    begin, end = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
    masked = mask(f"{begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n{BODY}\n{end}\n")
    assert "canary" not in masked


@pytest.mark.parametrize("length", [20, 400, 900])
def test_a_long_secret_is_masked_whole(length: int) -> None:
    masked = mask(f"DEPLOY_TOKEN={'s' * length}\nAuthorization: Bearer {'t' * length}\n")
    assert "sss" not in masked
    assert "ttt" not in masked


ORDINARY = """\
Running with gitlab-runner 18.7.0 (a1b2c3d4)
  on runner-a.fjordlys.example xS8s, system ID: r_hGMjbMKzVpZ6
Getting source from Git repository
Checking out 9f3c1d0e as detached HEAD (ref is main)...
$ pytest -q --token-file=/run/token tests/
FAILED tests/test_login.py::test_password - AssertionError: assert 'token' in ''
E   KeyError: 'SECRET_KEY'
pip install -i https://pypi.fjordlys.example:8443/simple beacon==1.2.3
fatal: unable to access 'https://gitlab.fjordlys.example/x.git/': Could not resolve host
http://localhost:3000/path?user=a@b.example
ssh://git@gitlab.fjordlys.example:2222/x.git
ERROR: could not read PASSWORD from environment
MAX_TOKENS=4096
export DB_PASSWORD=$CI_DB_PASSWORD
Authorization failed for user ida
npm ERR! code E401 npm_config_registry unset
sha256:9f3c1d0e5b7a4c2d8e6f9f3c1d0e5b7a4c2d8e6f9f3c1d0e5b7a4c2d8e6f0000
java.lang.NullPointerException: Cannot invoke "Token.value()" because "token" is null
-----BEGIN CERTIFICATE-----
Uploading artifacts... ok  id=70012 responseStatus=201 Created token=64_CanAry
ERROR: Job failed: exit code 1
"""


@pytest.mark.parametrize("line", ORDINARY.splitlines())
def test_an_ordinary_line_is_untouched(line: str) -> None:
    assert mask(line) == line


PIECES = st.sampled_from(
    [
        *SECRETS.values(), "TOKEN=", "A_TOKEN=", "PRIVATE-TOKEN: ", "Authorization: Bearer ", "https://u:",
        "@h", "\n", " ", '"', MASKED, "-----BEGIN PRIVATE " + "KEY-----", BODY, "$X", "x" * 600,
    ]
)  # fmt: skip


@settings(derandomize=True, max_examples=200)
@given(st.lists(PIECES | st.text(max_size=6), max_size=15).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ-",
        "glpat-",
        "://a:",
        "Authorization: Bearer ",
        "AB_",
        "A",
        " ",
        "-----BEGIN PRIVATE " + "KEY-----",
        "eyJaaaaaaaaaaa.",
    ],
)
def test_a_hostile_log_costs_no_more_than_its_length(unit: str) -> None:
    """A megabyte of beginnings: no shape reads it again for each of them."""
    code = f"from dashlib.failures.mask import mask; mask({unit!r} * (1_000_000 // {len(unit)}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=10)
