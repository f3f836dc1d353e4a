"""Secrets under colours, and those that a client takes by its own letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.blocks import blocks
from dashlib.failures.codes import apart, replaced, together
from dashlib.failures.mask import MASKED, mask

SECRET = "Hunter2Canary99xyz"
LINES = [
    f"password={SECRET}",
    f"DB_PASSWORD={SECRET}",
    f'api_key: "{SECRET}"',
    f"export PGPASSWORD={SECRET}; psql",
    f"postgresql://app:{SECRET}@db:5432/app",
    f"curl -u ida:{SECRET} https://registry.example",
    f"Authorization: Bearer {SECRET}",
    f"helm login --password {SECRET}",
    "glpat" + f"-{SECRET}abc",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
]
CODES = ["\x1b[36m", "\x1b[0m", "\x1b[0;m", "\x1b[1;38;5;208m", "\x1b[K", "\x1b]8;;https://x.example\x1b\\", "\x1b(B"]


def cleaned(text: str) -> str:
    return "".join(block.text[block.start : block.stop].decode("utf-8", "replace") for block in blocks([text.encode()]))


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[36mpassword\x1b[0m=\x1b[33mhunter2secret",
        "DB_PASSWORD\x1b[0m=hunter2Hunter99",
        "api_key\x1b[0m=hunter2abcdef0123456789ab",
        "Uploading artifacts... responseStatus=201 Created \x1b[0;mtoken\x1b[0;m=hunter2_69020f72",
        "\x1b[1mpass\x1b[0mword: \x1b[32mhunter2\x1b[0mX9",
        "see \x1b]8;;https://ida:hunter2x@host.example/\x1b\\here\x1b]8;;\x1b\\",
    ],
)
def test_colours_hide_no_secret(line: str) -> None:
    masked = mask(f"before\n{line}\nafter")
    assert "hunter2" not in cleaned(masked)
    assert "hunter2" not in masked
    assert MASKED in masked
    assert masked.startswith("before\n")
    assert masked.endswith("\nafter")


@settings(max_examples=400)
@given(st.sampled_from(LINES), st.lists(st.tuples(st.integers(0, 90), st.sampled_from(CODES)), max_size=12))
def test_wherever_codes_stand_the_secret_does_not_survive(line: str, codes: list[tuple[int, str]]) -> None:
    under = together(line, sorted((min(place, len(line)), code) for place, code in codes))
    for text in (mask(under), cleaned(mask(under)), apart(mask(under))[0]):
        assert SECRET not in text
        assert not any(SECRET[at : at + 8] in text for at in range(len(SECRET) - 7))
    assert mask(mask(under)) == mask(under)


@given(st.lists(st.sampled_from([*CODES, "word", "\n", "\x1b", "[", "x=1", "\r"])).map("".join))
def test_codes_come_apart_and_together(text: str) -> None:
    assert together(*apart(text)) == text


def test_a_code_inside_what_is_replaced_stands_behind_it() -> None:
    said, codes = apart("\x1b[1ma\x1b[2mbc\x1b[3md\x1b[4me")
    assert together(*replaced(said, codes, [(1, 4, "…")])) == "\x1b[1ma\x1b[2m…\x1b[3m\x1b[4me"


@pytest.mark.parametrize(
    "line", ["\x1b[32mTests passed\x1b[0m", "\x1b[1mtoken\x1b[0m: \x1b[31mexpired\x1b[0m", "\x1b]"]
)
def test_colours_alone_change_nothing(line: str) -> None:
    assert mask(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "mysql -uroot -phunter2",
        "mysql -h db -u root -p'hunter2 x' shop",
        "mysqldump -uroot -phunter2 shop > shop.sql",
        "mysqladmin -u root -phunter2 ping",
        "+ mariadb -h127.0.0.1 -uroot -phunter2 -e 'select 1'",
        "mariadb-dump -phunter2 shop",
        "docker exec -i db mysql -uroot -phunter2",
        "mongodump -u app -p hunter2 --db shop",
        "redis-cli -h cache -a hunter22 ping",
        "redis-cli --pass hunter22",
        "redis-server --requirepass hunter2",
        "CONFIG SET requirepass hunter2x",
        "masterauth hunter2x",
        "PGPASSWORD=hunter2 psql -h db",
        "curl -u ida:hunter2 https://x.example",
        "curl -sSfu ida:hunter2 https://x.example",
        "http -a ida:hunter2 https://x.example",
        "sshpass -p hunter2 ssh ida@host",
        "sshpass -phunter2 ssh ida@host",
        "docker login -u ida -p hunter2 registry.example",
        "podman login -p 'hunter2' registry.example",
        "htpasswd -bc users ida hunter2",
        "htpasswd -nbB ida hunter2 > users",
        "htpasswd -b -C 10 users ida 'hunter2'",
        "sqlcmd -S db -U sa -P hunter2",
        "ldapsearch -D cn=admin -w hunter2 -b dc=x",
        "openssl pkcs12 -export -passout pass:hunter2 -in a",
        "keytool -list -storepass hunter2 -keystore x.jks",
    ],
)
def test_a_client_s_own_letter(line: str) -> None:
    assert "hunter2" not in mask(line)
    assert "hunter2" not in mask(f"\x1b[32;1m$ {line}\x1b[0;m")


@pytest.mark.parametrize(
    "line",
    [
        "mysql -u root -p shop",
        "mysql -h db -P 3306 -u root",
        "docker run --name mysql -p3306:3306 mysql:8",
        "docker run -p 6379:6379 redis",
        "mkdir -p mysql/data",
        "htpasswd -B users ida",
        "redis-cli -h cache ping",
        "requirepass is not set",
        "ldapsearch -x -b dc=example",
        "http -v https://x.example",
    ],
)
def test_what_only_looks_like_one_stays(line: str) -> None:
    assert mask(line) == line


def test_colours_cost_no_more_than_their_length() -> None:
    """A line of nothing but codes and names of secrets: every pass over it is linear."""
    line = "\x1b[36mpassword\x1b[0m=\x1b[33mhunter2secret\x1b[0m " * 4_000
    assert not re.search("hunter2", mask(line))
