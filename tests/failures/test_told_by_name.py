"""Equal words of different tests, commands and scripts; and what chance puts into the words of equal failures."""

from __future__ import annotations

import codecs

import pytest

from dashlib.failures.explain import explain, explain_text
from dashlib.failures.mask import mask
from dashlib.failures.reason import Reason
from dashlib.failures.rule_pattern import expression, of_signature
from dashlib.failures.signature import template

XUNIT = """  Failed {test} [12 ms]
  Error Message:
   Assert.Equal() Failure: Values differ
Expected: 1.91
Actual:   1.90
  Stack Trace:
     at Shop.Tests.Run() in /builds/a/Tests.cs:line 18
"""
RSPEC = """Failures:

  1) {test} applies
     Failure/Error: expect(cart.total).to eq(90)

       expected: 90
            got: 100

1 example, 1 failure
"""
SHELL = "/bin/bash: line 153:  1042 Segmentation fault      (core dumped) ./build/{test} --all\n"
SCRIPT = "./{test}.sh: line 9: TARGET: unbound variable\n"


def told(said: str) -> Reason:
    return explain_text(f"$ ./run\nok\n{said}ERROR: Job failed: exit code 1\n")


@pytest.mark.parametrize("log", [XUNIT, RSPEC, SHELL, SCRIPT], ids=["xunit", "rspec", "crash", "script"])
def test_the_name_of_what_failed_is_in_its_signature(log: str) -> None:
    one, other, again = (told(log.format(test=name)) for name in ("first", "second", "first"))
    assert one.signature != other.signature and one.signature == again.signature
    assert "first" in str(one.signature) and "first" in str(one.reason)


def test_a_test_is_quoted_with_its_name_and_without_filler() -> None:
    for log in (XUNIT, RSPEC):
        lines = [line.text for line in told(log.format(test="Cart#total")).lines]
        assert "Cart#total" in lines[1] and "Error Message:" not in lines and lines.index(lines[1]) == 1


def test_the_signature_of_a_script_is_a_pattern_for_its_line() -> None:
    found = told(SCRIPT.format(test="deploy"))
    pattern = of_signature(str(found.signature), found.category)
    assert pattern == "%deploy.sh: line %: TARGET: unbound variable%" and expression("like", pattern)


@pytest.mark.parametrize(
    "one, other",
    [
        (
            'pod "ci/runner-t3xyzabc-project-4711-concurrent-0-q8w2e4rt" is disrupted',
            'pod "ci/runner-kk9xpq2z-project-81-concurrent-13-bv5hnnlm" is disrupted',
        ),
        (
            "StatusCode: 503, RequestID: 8X2K4Q0ZP1VYB3NM, HostID: q3lT7v+K1hJ0xYz9Wm2=, api error SlowDown",
            "StatusCode: 503, RequestID: TTA0WC9XKQZRJV2P, HostID: Zk8Lm/aaQ1pOeRtYuIo=, api error SlowDown",
        ),
    ],
)
def test_what_chance_names_is_no_part_of_it(one: str, other: str) -> None:
    assert template(one) == template(other)


def test_credentials_that_ran_out_and_what_was_never_downloaded() -> None:
    expired = "│ Error: creating S3 Bucket: operation error S3: CreateBucket, api error ExpiredToken: It has expired.\n"
    assert told(expired).category == "auth"
    assert told("ERROR ledger: checksum mismatch in batch 12\n").category == "script_error"
    assert told("error: checksum mismatch for https://files.example/tool.tar.gz\n").category == "network"


@pytest.mark.parametrize("mark, words", [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")])
def test_a_log_in_utf_16_is_read_when_it_says_so(mark: bytes, words: str) -> None:
    said = mark + SCRIPT.format(test="deploy").encode(words)
    found = explain([said[:1], said[1:8], said[8:31], said[31:]])
    assert [line.text for line in found.lines] == ["./deploy.sh: line 9: TARGET: unbound variable"]


def test_no_line_of_a_private_key_is_quoted_whatever_it_begins_with() -> None:
    body = "error: " + "QUJDREVG" * 8
    for kind in ("OPENSSH ", "RSA "):
        log = f"error: bad key -----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n"
        assert "QUJD" not in str(told(log)) and "bad key" in str(told(log).reason)


HEX = "864de39c166c7f0393aab5016f18f617aa7be013"


@pytest.mark.parametrize(
    "said",
    [
        f"sqp_{HEX}",
        f"squ_{HEX}",
        f"sqa_{HEX}",
        f"mvn -Dsonar.login={HEX}",
        f"mvn -Dsonar.token={HEX}",
        f"dotnet nuget push a.nupkg -k {HEX} -s https://nuget.example",
        f"dotnet nuget push a.nupkg --api-key {HEX}",
        f"machine git.example login ci password {HEX}",
        f"    client-key-data: {HEX * 20}",
        f"    token: {HEX}",
        f"https://api.telegram.org/bot123456789:{HEX[:35]}/getMe",
        f'  "private_key_id": "{HEX}",',
    ],
)
def test_more_secrets_are_masked(said: str) -> None:
    assert HEX[:30] not in mask(said) and "[MASKED]" in mask(said)


def test_a_certificate_is_no_secret() -> None:
    assert mask(f"client-certificate-data: {HEX}") == f"client-certificate-data: {HEX}"
