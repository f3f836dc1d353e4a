"""Tokens, keys and credentials out of a log: each shape is masked, what stands around it stays."""

from __future__ import annotations

import pytest

from dashlib.failures.mask import MASKED, mask
from tests.failures.secrets import AT, BODY, CANARY, SECRETS


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


@pytest.mark.parametrize("secret", [CANARY, MASKED, "with/" + CANARY, f"with@{CANARY}"])
@pytest.mark.parametrize(
    "user", ["oauth2", "gitlab-ci-token", "x-token-auth", "deploy_token", "api-key", "password", ""]
)
@pytest.mark.parametrize(
    "around", ["{}", "fatal: unable to access '{}': The requested URL returned error: 403", '"{}"']
)
def test_host_and_path_stay_whoever_the_user_is(around: str, user: str, secret: str) -> None:
    url = "https://{}:{}@gitlab.fjordlys.example/a/b.git/"
    assert mask(around.format(url.format(user, secret))) == around.format(url.format(user, MASKED))


def test_a_token_behind_a_masked_password_of_a_url() -> None:
    said = mask(f"https://gitlab-ci-token:{MASKED}@gitlab.fjordlys.example/x?private_token={CANARY}&page=2")
    assert said.startswith(f"https://gitlab-ci-token:{MASKED}@gitlab.fjordlys.example/x?private_token={MASKED}")
    assert mask(f"token:{MASKED}@{CANARY}") == f"token:{MASKED}", "no URL: a password may hold an @"


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


SHAPES = {
    "Anthropic": "sk-ant" + f"-api03-{CANARY}",
    "OpenAI project": "sk-proj" + f"-{CANARY}",
    "OpenAI": "sk" + f"-{CANARY[:36]}",
    "Stripe": "sk_live" + f"_{CANARY}",
    "Stripe restricted": "rk_test" + f"_{CANARY}",
    "DigitalOcean": "dop_v1" + "_" + b"canary".hex() * 6,
    "Google": "AIza" + CANARY[:35],
    "Google OAuth": "GOCSPX" + f"-{CANARY}",
    "SendGrid": "SG" + f".{CANARY}.{CANARY}",
    "Docker Hub": "dckr_pat" + f"_{CANARY}",
    "Atlassian": "ATATT3" + CANARY,
    "Vault": "hvs" + f".{CANARY}",
    "Grafana": "glsa" + f"_{CANARY}_0a1b2c3d",
    "Shopify": "shpat" + "_" + b"canary".hex() * 3,
    "Slack app": "xapp" + f"-1-{CANARY}",
    "Sentry": "sntrys" + f"_{CANARY}",
    "Slack hook": "https://hooks.slack.com" + f"/services/T0123456/B0123456/{CANARY}",
    "Groq": "gsk" + f"_{CANARY}{CANARY}",
    "Azure": "abc7Q~" + CANARY,
    "RubyGems": "rubygems" + "_" + b"canary".hex() * 5,
    "age": "AGE-SECRET" + "-KEY-1" + "CANARY" * 9,
    "Telegram": "123456789" + f":AA{CANARY[:33]}",
    "Bearer": f"Bearer {CANARY}",
    "Artifactory": "AKCp" + CANARY + CANARY,
}


@pytest.mark.parametrize("secret", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("around", ["{}", "it is {}, keep it", '"{}"', "\x1b[31m{}\x1b[0m", "a\n{}\nb"])
def test_a_token_of_other_services(secret: str, around: str) -> None:
    masked = mask(around.format(secret))
    assert CANARY[:20] not in masked and b"canary".hex() not in masked and "CANARYCANARY" not in masked
    assert MASKED in masked


def test_a_pgp_key() -> None:
    begin, end = (f"-----{word} PGP PRIVATE " + "KEY BLOCK-----" for word in ("BEGIN", "END"))
    assert "canary" not in mask(f"{begin}\n\n{BODY}\n{BODY}\n{end}\n")
