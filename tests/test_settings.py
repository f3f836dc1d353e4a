"""Settings: which place wins, what they mean, and sentences that name the setting and never quote a secret."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from dashlib import settings
from dashlib.settings import KNOWN, SECRETS, EventQuery, Settings, SettingsError, Unheard, load, nearest, unheard

CANARY = "canary-do-not-show-0123456789"
SIGNING = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def written(root: Path, *, env: str = "", secrets: str = "") -> Path:
    if env:
        (root / ".env").write_text(env)
    if secrets:
        (root / ".streamlit").mkdir()
        (root / ".streamlit" / "secrets.toml").write_text(secrets)
    return root


def test_defaults(tmp_path: Path) -> None:
    found = load({}, tmp_path)
    assert found == Settings()
    assert (found.gitlab_url, found.gitlab_token, found.timezone, found.logs) == (
        "https://gitlab.com",
        None,
        "UTC",
        "mainline",
    )
    assert (found.database, found.sync_minutes, found.window_days) == (Path("data/dashboard.duckdb"), 10.0, 30)
    assert (found.requests, found.calls_per_minute, found.events) == (8, None, (EventQuery("project"),))


def test_the_environment_wins_over_env_file_wins_over_secrets(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        env="DASH_LOGS=all\nDASH_TIMEZONE='Europe/Oslo'\nDASH_REQUESTS=3\nOTHER=x\n# DASH_GROUPS=no\n",
        secrets='DASH_LOGS = "none"\nDASH_TIMEZONE = "Asia/Tokyo"\nDASH_REQUESTS = 2\n'
        'DASH_WINDOW_DAYS = 5\n[connections.db]\nurl = "x"\n',
    )
    found = load({"DASH_REQUESTS": "4", "PATH": "/bin"}, root)
    assert (found.requests, found.timezone, found.logs, found.window_days) == (4, "Europe/Oslo", "all", 5)


def test_an_empty_word_in_the_environment_means_the_default(tmp_path: Path) -> None:
    """As docker compose passes on what is not set."""
    names = [
        "GITLAB_URL",
        "GITLAB_ACCESS_TOKEN",
        "DASH_DATABASE",
        "DASH_TIMEZONE",
        "DASH_GROUPS",
        "DASH_PROJECTS",
        "DASH_NIGHTLY",
    ]
    names += [
        "DASH_EVENTS",
        "DASH_LOGS",
        "DASH_SYNC_MINUTES",
        "DASH_WINDOW_DAYS",
        "DASH_REQUESTS",
        "DASH_CALLS_PER_MINUTE",
    ]
    assert load(dict.fromkeys(names, " "), tmp_path) == Settings()


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://gitlab.fjordlys.example/", "https://gitlab.fjordlys.example"),
        ("https://gitlab.fjordlys.example/api/v4/", "https://gitlab.fjordlys.example"),
        ("http://fjordlys.example:8080/git", "http://fjordlys.example:8080/git"),
        (" https://gitlab.fjordlys.example ", "https://gitlab.fjordlys.example"),
    ],
)
def test_url(tmp_path: Path, said: str, url: str) -> None:
    assert load({"GITLAB_URL": said}, tmp_path).gitlab_url == url


def test_lists(tmp_path: Path) -> None:
    found = load(
        {
            "DASH_GROUPS": "fjordlys, lysnett  team-*",
            "DASH_PROJECTS": "fjordlys/*\nlysnett/a",
            "DASH_NIGHTLY": "description:Nightly build*, ref:main,\nusername:*bot",
            "DASH_EVENTS": "project?target_type=issue&action=closed user:ida.lund own?sort=asc",
        },
        tmp_path,
    )
    assert found.groups == ("fjordlys", "lysnett", "team-*")
    assert found.projects == ("fjordlys/*", "lysnett/a")
    assert found.nightly == (("description", "Nightly build*"), ("ref", "main"), ("username", "*bot"))
    assert [query.variant for query in found.events] == [
        "project?action=closed&target_type=issue",
        "user:ida.lund",
        "own?sort=asc",
    ]


@pytest.mark.parametrize(
    ("said", "addresses"),
    [
        ("Ops Team <ops@example.com>", ("Ops Team <ops@example.com>",)),
        ("a@example.com b@example.com,c@example.com", ("a@example.com", "b@example.com", "c@example.com")),
        ('"Ops, Team" <a@example.com>,\n b@example.com,', ('"Ops, Team" <a@example.com>', "b@example.com")),
        ("Grüße <a@example.com>, a@example.com, a@example.com", ("Grüße <a@example.com>", "a@example.com")),
    ],
)
def test_mail_addresses(tmp_path: Path, said: str, addresses: tuple[str, ...]) -> None:
    assert load({"DASH_REPORT_MAIL_TO": said}, tmp_path).report_mail_to == addresses
    assert load({"DASH_REPORT_MAIL_FROM": addresses[0]}, tmp_path).report_mail_from == addresses[0]


@pytest.mark.parametrize("name", ["DASH_REPORT_MAIL_TO", "DASH_REPORT_MAIL_FROM"])
def test_a_wrong_mail_address_says_what_to_write(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} 'Nightly Dashboard': write .*@example\.com"):
        load({name: "Nightly Dashboard"}, tmp_path)


BAD = [
    ("GITLAB_URL", "gitlab.fjordlys.example"),
    ("GITLAB_URL", "ftp://gitlab.fjordlys.example"),
    ("GITLAB_URL", f"https://ida:{CANARY}@gitlab.fjordlys.example"),
    ("GITLAB_URL", f"https://gitlab.fjordlys.example?private_token={CANARY}"),
    ("GITLAB_URL", "http://[gitlab"),
    ("GITLAB_URL", "http://gitlab.fjordlys.example:port"),
    ("DASH_TIMEZONE", "Mars/Olympus"),
    ("DASH_TIMEZONE", "../../etc/passwd"),
    ("DASH_TIMEZONE", "Europe"),
    ("DASH_NIGHTLY", "nightly"),
    ("DASH_NIGHTLY", "ref:"),
    ("DASH_NIGHTLY", "branch:main"),
    ("DASH_EVENTS", "everything"),
    ("DASH_EVENTS", "user"),
    ("DASH_EVENTS", "own:ida"),
    ("DASH_EVENTS", "project?colour=red"),
    ("DASH_EVENTS", "project?action="),
    ("DASH_EVENTS", "project?action=flown"),
    ("DASH_EVENTS", "project?target_type=boat"),
    ("DASH_EVENTS", "own?after=yesterday"),
    ("DASH_EVENTS", "own?sort=up"),
    ("DASH_LOGS", "some"),
    ("DASH_SYNC_MINUTES", "often"),
    ("DASH_SYNC_MINUTES", "-1"),
    ("DASH_SYNC_MINUTES", "nan"),
    ("DASH_SYNC_MINUTES", "inf"),
    ("DASH_WINDOW_DAYS", "0"),
    ("DASH_WINDOW_DAYS", "inf"),
    ("DASH_WINDOW_DAYS", "1e9"),
    ("DASH_REQUESTS", "0"),
    ("DASH_REQUESTS", "1000"),
    ("DASH_CALLS_PER_MINUTE", "0"),
    ("DASH_CALLS_PER_MINUTE", "inf"),
    ("DASH_TIMEOUT_SECONDS", "0"),
    ("DASH_TIMEOUT_SECONDS", "inf"),
    *(
        ("DASH_REPORT_MAIL_TO", value)
        for value in ("team@", "@x", "Ops Team ops@x", "a@x b", "a@x;b@x", "Ops <a@x", "<>")
    ),
    *(("DASH_REPORT_MAIL_TO", value) for value in (",", "Ops: a@x;", "A <a@x> B <b@x>", "Ops, Team <a@x>", "ü@x")),
    ("DASH_REPORT_MAIL_FROM", "a@x, b@x"),
    ("DASH_REPORT_MAIL_FROM", "a@x b@x"),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=[f"{name}={value[:24]}" for name, value in BAD])
def test_a_bad_value_is_told_by_name_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    secrets = dict.fromkeys(SECRETS, CANARY)
    with pytest.raises(SettingsError) as told:
        load(secrets | {name: value}, tmp_path)
    assert name in str(told.value)
    assert "\n" not in str(told.value)
    assert CANARY not in str(told.value)


def test_all_bad_values_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load({"DASH_LOGS": "some", "DASH_TIMEZONE": "Mars", "DASH_REQUESTS": "many"}, tmp_path)
    assert [sentence.split()[0] for sentence in told.value.sentences] == ["DASH_TIMEZONE", "DASH_LOGS", "DASH_REQUESTS"]


@pytest.mark.parametrize(
    "content",
    [
        f'GITLAB_ACCESS_TOKEN = "{CANARY}',
        f"GITLAB_ACCESS_TOKEN = {CANARY}",
        f'{CANARY} = {CANARY} = "x"',
        f'"{CANARY}"',
    ],
)
def test_a_broken_secrets_file_is_told_without_its_content(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match=r"secrets\.toml is not valid TOML") as told:
        load({}, written(tmp_path, secrets=content))
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("file", [".env", ".streamlit/secrets.toml"])
def test_a_file_that_is_no_text_is_told_by_name(tmp_path: Path, file: str) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / file).write_bytes(b"DASH_LOGS = '\xff\xfe'\n")
    with pytest.raises(SettingsError, match=file.rpartition("/")[2]):
        load({}, tmp_path)


def test_no_secret_in_the_words_of_settings(tmp_path: Path) -> None:
    shaped = {"DASH_REPORT_WEBHOOK": f"https://chat.example/{CANARY}", "DASH_GITLAB_SIGNING_TOKEN": SIGNING}
    found = load(dict.fromkeys(SECRETS, CANARY) | shaped, tmp_path)
    assert found.gitlab_token == CANARY
    assert CANARY not in f"{found!r} {found}"
    assert SIGNING not in f"{found!r} {found}"


def test_the_example_file_is_valid(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[1] / ".streamlit" / "secrets.toml.example"
    found = load({}, written(tmp_path, secrets=example.read_text("utf-8")))
    assert (found.timezone, found.projects) == ("Europe/Berlin", ("my-group/*",))


def test_known_names_are_those_that_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known and not read yet are the secrets of webhooks."""
    asked: list[str] = []

    class Recording(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.append(name)
            return default

    monkeypatch.setattr(settings, "collected", lambda *_: Recording())
    load({}, tmp_path)
    assert set(asked) <= set(KNOWN)
    assert set(KNOWN) - set(asked) <= set(SECRETS)
    assert len(KNOWN) == len(set(KNOWN))


def slips(name: str) -> set[str]:
    """The name as it is after one slip of the finger behind its prefix: a letter lost, doubled or swapped."""
    prefix, _, rest = name.partition("_")
    places = range(len(rest))
    lost = {rest[:n] + rest[n + 1 :] for n in places}
    doubled = {rest[:n] + rest[n] + rest[n:] for n in places}
    swapped = {rest[:n] + rest[n + 1] + rest[n] + rest[n + 2 :] for n in places[:-1]}
    return {f"{prefix}_{slip}" for slip in lost | doubled | swapped} - {name}


@pytest.mark.parametrize("name", KNOWN)
def test_one_slip_of_the_finger_is_understood(name: str) -> None:
    assert {slip: nearest(slip) for slip in slips(name)} == dict.fromkeys(slips(name), name)
    assert nearest(name.lower()) == name


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"),
        ("DASH_GITLAB_URL", "GITLAB_URL"),
        ("DASH_GITLAB_ACCESS_TOKEN", "GITLAB_ACCESS_TOKEN"),
        ("DASH_TIME_ZONE", "DASH_TIMEZONE"),
        ("DASH_COLOUR", None),
    ],
)
def test_the_setting_that_was_probably_meant(said: str, meant: str | None) -> None:
    assert nearest(said) == meant


def test_names_that_nothing_reads(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        env=f"DASH_TIMEZOEN=Europe/Oslo\nexport DASH_HOOK_TOKN={CANARY}\ndash_logs=all\nOTHER=x\nDASH_LOGS=all\n",
        secrets=f'GITLAB_TOKEN = "{CANARY}"\nDASH_REQUESTS = 2\n[connections.db]\nurl = "x"\nDASH_GROUPS = "a"\n',
    )
    found = unheard({"DASH_COLOUR": "red", "GITLAB_USER_ID": "7", "GITLAB_ACCES_TOKEN": CANARY, "PATH": "/bin"}, root)
    assert found == [
        Unheard("DASH_COLOUR", "the environment", None),
        Unheard("GITLAB_ACCES_TOKEN", "the environment", "GITLAB_ACCESS_TOKEN"),
        Unheard("DASH_TIMEZOEN", ".env", "DASH_TIMEZONE"),
        Unheard("DASH_HOOK_TOKN", ".env", "DASH_HOOK_TOKEN"),
        Unheard("dash_logs", ".env", "DASH_LOGS"),
        Unheard("GITLAB_TOKEN", ".streamlit/secrets.toml", "GITLAB_ACCESS_TOKEN"),
        Unheard("DASH_GROUPS", ".streamlit/secrets.toml below [connections.db]", "DASH_GROUPS"),
    ]
    assert CANARY not in repr(found)


def test_other_programs_names_are_theirs(tmp_path: Path) -> None:
    """GitLab's runners set these; GITLAB_TOKEN is glab's own where ours is set."""
    runner = ["GITLAB_CI", "GITLAB_FEATURES", "GITLAB_USER_EMAIL", "GITLAB_USER_ID", "GITLAB_USER_LOGIN"]
    runner += ["GITLAB_USER_NAME", "GITLAB_ENV_FILE"]
    assert unheard(dict.fromkeys(runner, "x"), tmp_path) == []
    assert unheard({"GITLAB_TOKEN": "x", "GITLAB_ACCESS_TOKEN": "y"}, tmp_path) == []
    assert unheard(dict.fromkeys(KNOWN, "x"), tmp_path) == []
