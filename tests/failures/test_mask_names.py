"""What stands after a name of a secret is masked; what only looks like one stays."""

from __future__ import annotations

import pytest

from dashlib.failures.mask import MASKED, mask
from tests.failures.secrets import AT

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
        "jdbc:oracle:thin:scott/{}@db:1521/x",
        "jdbc:oracle:thin:scott/{}@//db:1521/x",
        'url=jdbc:oracle:oci:scott/"{} x"@db',
        "sqlplus scott/{}@db",
        "sqlplus -S -L scott/{}@//db:1521/x @run.sql",
        "sqlplus -s 'scott/{}@db'",
        "sqlldr userid=scott/{} control=x.ctl",
        "<password>{}</password>",
        "<username>ci</username><password>{}</password>",
        "<db:privateKey>{}</db:privateKey>",
        "<api-key scope='x'><![CDATA[{}]]></api-key>",
        "<db_pass>{}</db_pass>",
        '"secret": ["none", "{0}", "x{0}"], "id": 5',
        "secret: ['{}']",
        'secret: ["{}',
        '{{\\"secret\\": [\\"{0}\\", \\"{0}\\"]}}',
        "secrets.token: [first, {}]",
        "my password was: '{} and more'",
        "the password is '{}'",
        "my password was: {}",
        "password {} is wrong",
        "password {}",
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


def test_what_stands_around_it_stays() -> None:
    assert mask(f"sqlplus scott/{SECRET}@db @run.sql") == f"sqlplus scott/{MASKED}@db @run.sql"
    assert mask(f"jdbc:oracle:thin:scott/{SECRET}@db:1521/x") == f"jdbc:oracle:thin:scott/{MASKED}@db:1521/x"
    assert mask(f"<id>a</id><password>{SECRET}</password>") == f"<id>a</id><password>{MASKED}</password>"
    assert mask(f'"secret": ["{SECRET}", "yes"], "b": "c"') == f'"secret": ["{MASKED}", "yes"], "b": "c"'
    assert mask("my password was: 'three words here', sorry") == f"my password was: '{MASKED}', sorry"


@pytest.mark.parametrize(
    "line",
    [
        "VAULT_TOKEN s." + "abcdefghijklmnopqrstuvwx",
        "vault login s." + "abcdefghijklmnopqrstuvwx",
        "s." + "abcdefghijkl0123456789ab",
        "VAULT_TOKEN hvb." + "abcdefghijkl0123456789ab",
    ],
)
def test_vault_s_tokens_whatever_stands_before_them(line: str) -> None:
    assert mask(line).endswith(MASKED)
    assert mask(f'"{line}"').endswith(f'{MASKED}"')


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
password required
password authentication failed
password Policies2Check.java
token is 'identifier'
the password is 'required'
<password>${env.CI_PASSWORD}</password>
<password></password>
<tokenType>Bearer</tokenType>
<tokens>12</tokens>
deploy <user> <password> <token>
"required": ["password", "token"], "token": ["string", "null"]
./main.go:12:4: s.someFieldNameTwentyFourC undefined (type *server has no field)
s.getTwentyFourLetters24xx(a)
jdbc:oracle:thin:@db:1521/x
sqlplus / as sysdba
sqlplus -S scott/$DB_PASS@db
sqlplus /nolog < scripts/run.sql
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
