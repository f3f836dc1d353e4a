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


SECRET = "hunter2Canary9"


@pytest.mark.parametrize(
    "line",
    [
        "password={}",
        "password = {}",
        "Password: {}",
        "passwd={}",
        "pwd={};",
        "secret: {}",
        "token={}",
        "api_key={}",
        "apikey={}",
        "apiKey: '{}'",
        "api-key: {}",
        '"password": "{}"',
        '{{"db": {{"password":"{}"}}}}',
        "'secret': '{}'",
        '{{\\"password\\": \\"{}\\"}}',
        '{{\\\\\\"token\\\\\\":\\\\\\"{}\\\\\\"}}',
        "  db_password: {}",
        '- token: "{}"',
        "X-Api-Key: {}",
        "< x-auth-token: {}",
        "x-vault-token={}",
        "$ deploy --password {}",
        "deploy --password={}",
        "deploy --token={}",
        "deploy --api-key {} --force",
        "deploy --client-secret '{}'",
        'deploy --password "{}"',
        "npm login --auth-token {}",
        "docker login -u ci -p {} registry.example",
        "docker login -u ci -p{} registry.example",
        "helm registry login -p '{}' h",
        "sshpass -p {} ssh host",
        "curl -u ida:{} https://x.example",
        "curl -sS --user 'ida:{}' https://x.example",
        "DB_PASS={}",
        "export SSHPASS={}",
        "MYSQL_PASS='{}'",
        "AWS_SECRET_ACCESS_KEY={}",
        "AZURE_CLIENT_SECRET={}",
        "aws_secret_access_key = {}",
        '"SecretAccessKey": "{}",',
        '"SessionToken": "{}"',
        "client_secret={}",
        "clientSecret: {}",
        "PASSWORD_PROD={}",
        "TOKEN_1={}",
        "Server=db;User Id=sa;Password={};",
        "AccountKey={};EndpointSuffix=x",
        "SharedAccessKey={}",
        "//registry.example/:_authToken={}",
        "//registry.example/:_password={}",
        '"auth": "{}"',
        "https://x.example/a?private_token={}",
        "https://x.example/a?access_token={}&b=1",
        "https://x.example/f?sig={}",
        "X-Amz-Signature={}",
        "redis://:{}@cache:6379/0",
        "postgres://u:p/{}@db/app",
        "postgres://u:{}/p@db/app",
        "mongodb+srv://app:{}@db.example/app",
        "https://{}canary0123456789@gitlab.example/x.git",
        "Authorization: Bearer {}",
        "proxy-authorization: Basic {}",
        "Set-Cookie: _session={}; path=/",
        "credential: {}",
        "passphrase={}",
        "SECRET_KEY_BASE={}",
        "  password: {}  # the database",
        "the password is ok, password={}",
        "token=None, password={}",
        "--token '' --password {}",
        "password: wrong; token: {}",
        "connect(user='ida', password='{}')",
        "{{user: ida, password: {}}}",
        "spring.datasource.password={}",
        "-Dsonar.token={}",
        "-Psigning.password={}",
        "SONAR_TOKEN => {}",
        ":password => '{}'",
        "[password] => {}",
        "export password:={}",
    ],
)
def test_what_stands_after_a_name_is_masked(line: str) -> None:
    said = line.format(SECRET)
    assert SECRET in said
    for framed in (said, f"\x1b[31m{said}\x1b[0m", f"before\n{said}\r\nafter", AT + said):
        masked = mask(framed)
        assert SECRET not in masked
        assert MASKED in masked
        assert mask(masked) == masked
        assert masked.count("\n") == framed.count("\n")


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


ORDINARY = """\
password: wrong
Password: authentication failed for user "ida"
tokens: 12
max_token: 4096
secret = None
token=None
password=None)
SyntaxError: Unexpected token: punc (})
error: unexpected token: identifier
Invalid token: foo
FATAL: password authentication failed for user "app"
error: option --token requires a value
error: the following arguments are required: --password
usage: deploy [--token TOKEN] [--password PASSWORD]
deploy --token <token> --password-stdin
docker login -u "$CI_REGISTRY_USER" -p "$CI_REGISTRY_PASSWORD" "$CI_REGISTRY"
docker login -u ci --password-stdin registry.example
export TOKEN=${CI_JOB_TOKEN}
TOKEN_FILE=/run/secrets/token
SECRET_NAME=app-secrets
token: string;
password: str = None
client = Client(token=token, password=self.password)
assert_called_with(token=settings.TOKEN)
pass=12 fail=0
PASS: tests/test_cart.sh
XPASS: tests/test_old.sh
# pass 12
PASSED tests/test_token.py::test_secret
password: must be at least 8 characters
BYPASS=true
id-token: write
secrets: inherit
mkdir -p /var/lib/app
docker run -u 1000:1000 -p 8080:80 app
curl -u "$USER:$PASSWORD" https://x.example
Error: Input required and not supplied: token
TypeError: Cannot read property 'token' of undefined
expected token: ')'
warning: unused variable: `token`
error[E0425]: cannot find value `api_key` in this scope
secretKeyRef: name
https://registry.example:8443/@scope/package
see http://localhost:3000/path?user=a@b.example
npm ERR! code E403 - token: expired
401 Unauthorized: invalid_token
error: secret "db-credentials" not found
Bearer token is missing
Authorization header missing
Login failed -please try again
compass=north
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
Uploading artifacts... ok  id=70012 responseStatus=201 Created
ERROR: Job failed: exit code 1
"""


@pytest.mark.parametrize("line", ORDINARY.splitlines())
def test_an_ordinary_line_is_untouched(line: str) -> None:
    assert mask(line) == line


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


@pytest.mark.parametrize(
    "unit",
    [
        *("token=", "token: x ", "login -p", "curl -u a", "--token", "password", "https://a:b/", "token=$(", "api-"),
        "eyJ-",
        "glpat-",
        "://a:",
        "Authorization: Bearer ",
        *("mysql -p", "mongo -p", "htpasswd -b ", "\x1b[1mtoken\x1b[0m="),
        "AB_",
        "A",
        " ",
        "-----BEGIN PRIVATE " + "KEY-----",
        "eyJaaaaaaaaaaa.",
    ],
)
def test_a_hostile_log_costs_no_more_than_its_length(unit: str) -> None:
    """300 kB of beginnings: a shape that read it again for each of them would take a quarter of an hour."""
    code = f"from dashlib.failures.mask import mask; mask({unit!r} * (300_000 // {len(unit)}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=200)
