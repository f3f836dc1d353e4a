"""What looks like a secret never reaches the disk; what does not is left as it came. And who may post."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashlib.failures.mask import MASKED, mask
from dashlib.receive import verify
from dashlib.receive.body import Refused, parsed
from dashlib.receive.secrets import cleaned, cleaned_headers
from dashlib.settings import SettingsError, load

SECRETS = (
    "glpat-A1b2C3d4E5f6G7h8I9j0", "ghp_" + "a1B2" * 9, "github_pat_" + "a1B2" * 9, "AKIA" + "ABCD" * 4,
    "xoxb-0123456789-abc", "npm_" + "a1B2" * 9, "pypi-" + "a1B2" * 13, "hf_" + "a1B2" * 8, "whsec_" + "a1B2" * 8,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "https://bot:hunter2hunter2@host.example/x", "PRIVATE-TOKEN: hunter2hunter2",
    "authorization: Bearer hunter2hunter2",
    "DB_PASSWORD=hunter2hunter2", 'API_KEY="hunter2hunter2"',
    "jdbc:oracle:thin:scott/hunter2hunter2@db:1521/x", "sqlplus scott/hunter2hunter2@db",
    "<password>hunter2hunter2</password>", "<db_pass>hunter2hunter2</db_pass>", '"secret": ["hunter2hunter2"]',
    "VAULT_TOKEN s." + "a1B2" * 6, "my password was: 'hunter2hunter2 x'", "password Hunter2Hunter2",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
)  # fmt: skip


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:14])
@settings(max_examples=12, deadline=None, derandomize=True)
@given(around=st.tuples(st.text(max_size=8), st.text(max_size=8)), depth=st.integers(0, 4))
@example(around=("\x1b[31m", "\u2028"), depth=2)
def test_what_a_log_masks_a_delivery_masks(secret: str, ascii_only: bool, around: tuple[str, str], depth: int) -> None:
    """Wherever it stands in the JSON, and however that spells its characters."""
    said: Any = f"{around[0]} {secret} {around[1]}"
    wanted: Any = mask(said)
    for _ in range(depth):
        said, wanted = [{"message": said}], [{"message": wanted}]
    raw = json.dumps({"object_kind": "x", "y": said}, ensure_ascii=ascii_only).encode("utf-8", "replace")
    text, clean = cleaned(raw, parsed(raw))
    again = json.loads(raw)["y"]
    assert clean["y"] == json.loads(json.dumps(wanted)) or again != said, "half a surrogate pair is not what it was"
    assert "hunter2hunter2" not in text


def test_nothing_else_is_touched() -> None:
    raw = json.dumps(
        {"object_kind": "push", "message": "glance at <b>&</b> ä 😀", "n": 12345678901234567890123}
    ).encode()
    text, clean = cleaned(raw, {"the": "same"})
    assert (text.encode(), clean) == (raw, {"the": "same"})


@pytest.mark.parametrize("key", ["variables", "build_variables", "yaml_variables", "Variables", "variable"])
@pytest.mark.parametrize(
    "value",
    [
        [{"key": "A", "value": "v4lue"}],
        [{"name": "A", "raw_value": "v4lue"}],
        {"A": "v4lue"},
        {"A=v4lue": 1},  # push_options of git push -o ci.variable="A=v4lue"
        ["v4lue"],
        ["A=v4lue"],
        "A=v4lue",
        "v4lue",
        {"A": {"value": "v4lue"}},
    ],
)
def test_values_of_variables(key: str, value: Any) -> None:
    raw = json.dumps({"x": [{key: value}], "number": 12345678901234567890123}).encode()
    text, clean = cleaned(raw, parsed(raw))
    assert "v4lue" not in text + str(clean)
    assert MASKED in text
    assert clean["number"] == 12345678901234567890123, "numbers stay what they are"


SECRET_KEYS = (
    "password", "Password", "DB_PASSWORD", "dbPassword", "passphrase", "secret", "clientSecret", "client-secret",
    "token", "access_token", "accessToken", "private_token", "api_key", "apiKey", "private_key", "secretKey",
    "x-api-key", "auth_key", "authKey", "encrypted-key", "api key", "access\u00a0key", "shared\tKey",
    "credentials", "Authorization", "Set-Cookie",
)  # fmt: skip
PLAIN_KEYS = ("tokens", "token_type", "secretName", "key", "groupKey", "public_key", "idempotency_key", "monkey", "id")


@pytest.mark.parametrize("key", SECRET_KEYS)
@pytest.mark.parametrize("value", ["v4lue", "ja", 73313, 7331.3, ["v4lue", "ja"]])
def test_what_a_key_calls_a_secret(key: str, value: Any) -> None:
    """However short or harmless it looks, and wherever it stands; what is beside it stays."""
    raw = json.dumps({"object_kind": "x", "a": [{"b": {key: value, "id": 5, "ok": "v"}}]}, ensure_ascii=True).encode()
    text, clean = cleaned(raw, parsed(raw))
    [kept] = [inner["b"] for inner in clean["a"]]
    assert kept[key] in (MASKED, [MASKED, MASKED])
    assert (kept["id"], kept["ok"]) == (5, "v")
    assert "v4lue" not in text and "7331" not in text


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_what_is_no_secret_though_its_key_could_be_one(key: str) -> None:
    """Nothing, a yes or no, or an object: that has keys of its own."""
    said = {key: None, "x": {key: True}, "y": {key: ""}, "z": {key: {"id": 5, "name": "deploy"}}}
    raw = json.dumps(said).encode()
    assert cleaned(raw, parsed(raw))[1] == json.loads(raw)


@pytest.mark.parametrize("key", PLAIN_KEYS)
def test_keys_that_only_sound_so(key: str) -> None:
    raw = json.dumps({"object_kind": "token", key: "plain", "n": {key: 4096}}).encode()
    text, clean = cleaned(raw, parsed(raw))
    assert (text.encode(), clean[key], clean["n"][key]) == (raw, "plain", 4096)


_HARMLESS = '"x": [{"ok": 1}], '


@pytest.mark.parametrize(
    "hidden",
    [
        '"variables": [{"key": "A", "value": "v4lue"}], "variables": []',
        '"vari\\u0061bles": [{"key": "A", "value": "v4lue"}], "variables": []',
        '"variables": {"A": "v4lue"}, "vari\\u0061bles": null',
        '"variables": [{"key": "A", "value": "v4lue", "value": "[MASKED]"}]',
        '"build_variables": {"A": "v4lue", "A": "[MASKED]"}',
        '"password": "v4lue", "password": null',
        '"p\\u0061ssword": "v4lue", "password": ""',
        '"api_key": ["v4lue"], "api_key": []',
        '"message": "DB_PASSWORD=v4lue", "message": ""',
        '"message": "glpat-A1b2C3d4E5f6G7v4lue", "message": 1',
        '"message": "\\u0067lpat-A1b2C3d4E5f6G7v4lue", "messag\\u0065": 1',
        '"message": "https://bot:hunter2v4lue@host.example/x", "message": ""',
        '"message": "https:\\/\\/bot:hunter2v4lue@host.example\\/x", "message": ""',
        '"glpat-A1b2C3d4E5f6G7v4lue": {"a": 1}, "n": {"token": "v4lue"}, "n": {}',
    ],
)
@pytest.mark.parametrize("depth", [0, 3])
def test_nothing_hides_behind_a_repeated_key(hidden: str, depth: int) -> None:
    """Of a repeated key the last value counts; what the others held is not in the stored text either."""
    said = f'{{{_HARMLESS}{hidden}, "number": 12345678901234567890123}}'
    for _ in range(depth):
        said = f'[{{"object_attributes": {said}}}]'
    text, clean = cleaned(said.encode(), parsed(said.encode()))
    assert "v4lue" not in text + str(clean)
    assert json.loads(text) == clean
    for _ in range(depth):
        clean = clean[0]["object_attributes"]
    assert (clean["x"], clean["number"]) == ([{"ok": 1}], 12345678901234567890123)


def test_a_key_that_stands_in_two_objects_is_not_repeated() -> None:
    raw = b'{"variables" : [], "a": [{"variables": []}, {"variables" : []}]}'
    assert cleaned(raw, parsed(raw))[0].encode() == raw


def test_slashes_may_be_escaped() -> None:
    spelled = rb'{"clone": "https:\/\/bot:hunter2hunter2@host.example\/x"}'
    assert "hunter2" not in cleaned(spelled, parsed(spelled))[0]


def test_a_key_may_be_spelled_by_numbers() -> None:
    spelled = '{"\\u0076ariables": [{"key": "A", "value": "v4lue"}]}'
    assert "v4lue" not in cleaned(spelled.encode(), {})[0]
    assert "v4lue" not in cleaned(b'{"p\\u0061ssword": "v4lue"}', {})[0]


def test_headers() -> None:
    assert cleaned_headers({"user-agent": "GitLab/18"}) == '{"user-agent":"GitLab/18"}'
    assert "hunter2" not in cleaned_headers({"user-agent": "x https://a:hunter2hunter2@b"})


VECTORS = [
    ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}',
     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ("whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", 1767225600,
     b'{"object_kind":"push"}', "v1,Z+TZ/7ZajOTsy7bHM+h4i59G6v4kjL/E1dgnWOBRNfw="),
]  # fmt: skip


@pytest.mark.parametrize(("token", "ident", "stamp", "body", "signature"), VECTORS)
def test_known_signatures(token: str, ident: str, stamp: int, body: bytes, signature: str) -> None:
    """Standard Webhooks' own example, and GitLab's key."""
    told = {"webhook-id": ident, "webhook-timestamp": str(stamp), "webhook-signature": signature}
    assert verify.standard_webhook(told, body, token, stamp)
    assert verify.standard_webhook(told, body, token, stamp + verify.TOLERANCE_SECONDS)
    assert not verify.standard_webhook(told, body, token, stamp + verify.TOLERANCE_SECONDS + 1)
    assert not verify.standard_webhook(told, body, token, stamp - verify.TOLERANCE_SECONDS - 1)
    assert not verify.standard_webhook(told, body[:-1], token, stamp)


def test_github_s_own_example() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify.github(signature, b"Hello, World!", "It's a Secret to Everybody")
    assert not verify.github(signature.upper(), b"Hello, World!", "It's a Secret to Everybody")
    assert not verify.github(signature, b"Hello, World!", "")


def test_a_secret_of_any_letters() -> None:
    assert verify.same("pässwörd☃".encode().decode("latin-1"), "pässwörd☃")
    assert not verify.same("passwort", "pässwörd☃")
    assert verify.bearer("bEaReR  token", "token")
    assert not verify.bearer("Basic token", "token")
    assert not verify.bearer(None, "token")


def test_a_signing_token_that_is_none(tmp_path: Any) -> None:
    for wrong in ("secret", "whsec_", "whsec_not base64!"):
        with pytest.raises(SettingsError, match="DASH_GITLAB_SIGNING_TOKEN") as refused:
            load({"DASH_GITLAB_SIGNING_TOKEN": wrong}, tmp_path)
        assert "not base64" not in str(refused.value)
    assert "whsec_dGVz" not in repr(
        load({"DASH_GITLAB_SIGNING_TOKEN": VECTORS[1][0], "DASH_HOOK_TOKEN": "x"}, tmp_path)
    )


def test_json_by_the_book() -> None:
    assert parsed(b'\xef\xbb\xbf{"a": 1e400}')["a"] == float("inf")
    assert parsed(b'{"a": "\\ud83d"}')["a"] == "\ud83d"
    with pytest.raises(Refused):
        parsed("{}".encode("utf-16"))
