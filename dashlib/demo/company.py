"""The invented company: Ostrelune measures tides and harbour weather. Nobody and nothing here is real.

The first eight repositories carry the stories (stories.py), the next six are the odd ones (empty, CI switched off,
archived …), so a world of 8 still tells every story and one of 14 has every oddity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashlib.demo.dice import dice
from dashlib.demo.model import Project, User

COMPANY = "Ostrelune"
ROOT = "ostrelune"
MAIL = "ostrelune.example"
NOREPLY = "users.noreply.gitlab.ostrelune.example"
HOST = "127.0.0.1"
"""Where the simulated GitLab answers: its addresses for accounts without a mailbox are made of it, as GitLab's are."""

# username, name, offset from UTC in minutes, how busy, further e-mails, further git names
_PEOPLE: tuple[tuple[str, str, int, float, tuple[str, ...], tuple[str, ...]], ...] = (
    ("ivarnsdot", "Ilka Varnsdot", 60, 1.6, ("ilka@varnsdot.example",), ("ilka",)),
    ("tmordaunce", "Tobin Mordaunce", 0, 1.2, (), ()),
    ("rquellhaven", "Ruya Quellhaven", 180, 1.4, ("rquellhaven@fastmailbox.example",), ("R. Quellhaven",)),
    ("hbrastow", "Henk Brastow", 60, 0.8, (), ()),
    ("zmroczwind", "Żaneta Mroczwind", 60, 1.0, (), ("Zaneta Mroczwind",)),
    ("otrasselby", "Øyvar Trasselby", 60, 1.1, ("oyvar@fjordpost.example",), ()),
    ("pchandrelle", "Priyam Chandrelle", 330, 1.5, (), ()),
    ("lweatherlace", "Lum Weatherlace", -480, 0.9, ("lum@weatherlace.example",), ("lum",)),
    ("dkestravon", "Dario Kestravon", -300, 1.0, (), ()),
    ("sfennimore", "Sunniva Fennimor", 60, 1.3, (), ()),
    ("aosei-lund", "Adwoa Osei-Lundgrave", 0, 1.1, (), ()),
    ("mtidewell", "Marl Tidewellow", 0, 0.6, ("marl@tidewellow.example",), ("Marl T.",)),
    ("ybarranqui", "Ysolde Barranqui", 60, 1.0, (), ()),
    ("khollowmere", "Kester Hollowmere", -480, 0.7, (), ()),
    ("nsakuraide", "Nao Sakuraide", 540, 1.2, (), ("櫻出 直",)),
    ("vdruzhnik", "Vesna Druzhnikova", 120, 0.9, (), ()),
    ("gplumtoft", "Gerda Plumtoft", 60, 0.5, (), ()),
    ("eashgrove", "Emrys Ashgrovel", 0, 0.8, ("emrys@ashgrovel.example",), ()),
    ("cvantriest", "Coen Vantriest", 60, 1.0, (), ()),
    ("ftelmarine", "Fadwa Telmarine", 180, 1.2, (), ()),
    ("jrookhurst", "Jory Rookhurst", -300, 0.7, (), ()),
    ("wsteenbrug", "Wieke Steenbrugh", 60, 0.9, (), ()),
    ("bolafsund", "Birta Olafsund", 0, 0.6, (), ("birta",)),
    ("xmontequin", "Xeno Montequin", 60, 0.4, (), ()),
)
OWNER_WHO_LEFT = "taldane"
STEWARD = "tmordaunce"
READER = "dash-reader"
DEPENDENCY_BOT = "dependency-bot"


@dataclass(frozen=True, slots=True)
class Seat:
    """A repository to be: path below the root group, toolchain, default branch, domain word, topics."""

    path: str
    toolchain: str
    branch: str | None
    word: str
    topics: tuple[str, ...] = ()


NAMED: tuple[Seat, ...] = (
    Seat("libs/tide-units", "python", "main", "units", ("library",)),
    Seat("platform/station-api", "python", "main", "station", ("service",)),
    Seat("data/gauge-pipeline", "python", "develop", "gauge", ("data",)),
    Seat("platform/alert-relay", "python", "main", "relay", ("service",)),
    Seat("web/harbour-board", "npm", "main", "board", ("frontend",)),
    Seat("forecast/wave-model", "julia", "master", "wave", ("model",)),
    Seat("platform/ingest-gateway", "go", "main", "ingest", ("service",)),
    Seat("platform/tide-store", "maven", "develop", "tide", ("service", "storage")),
    Seat("sandbox/first-steps", "python", None, "steps"),
    Seat("docs/handbook", "docs", "main", "handbook", ("docs",)),
    Seat("legacy/depth-sounder", "maven", "master", "sounder", ("retired",)),
    Seat("infra/base-images", "docker", "main", "base", ("infra",)),
    Seat("docs/public-site", "npm", "main", "site", ("docs", "calm")),
    Seat("community/tide-tables", "python", "main", "tables", ("open-data",)),
    Seat("forecast/drift-solver", "julia", "main", "drift", ("model",)),
    Seat("forecast/surge-watch", "python", "main", "surge", ("model",)),
    Seat("forecast/model-runner", "go", "main", "runner", ("service",)),
    Seat("forecast/skill-scores", "julia", "main", "scores", ("model",)),
    Seat("web/buoy-map", "npm", "main", "buoy", ("frontend",)),
    Seat("web/design-tokens", "npm", "master", "tokens", ("library", "calm")),
    Seat("web/pilot-console", "npm", "develop", "pilot", ("frontend",)),
    Seat("web/report-builder", "npm", "main", "report", ("frontend",)),
    Seat("platform/identity", "maven", "main", "identity", ("service",)),
    Seat("platform/billing", "maven", "develop", "billing", ("service",)),
    Seat("platform/notifier", "go", "main", "notifier", ("service",)),
    Seat("platform/edge-agent", "go", "master", "edge", ("device",)),
    Seat("platform/tile-server", "go", "main", "tile", ("service",)),
    Seat("platform/device-registry", "maven", "main", "device", ("service",)),
    Seat("data/sensor-schema", "python", "main", "schema", ("library", "calm")),
    Seat("data/quality-rules", "python", "main", "rules", ("data",)),
    Seat("data/backfill", "python", "develop", "backfill", ("data",)),
    Seat("data/catalogue", "python", "main", "catalogue", ("data",)),
    Seat("data/lake-loader", "maven", "main", "lake", ("data",)),
    Seat("devices/buoy-firmware-sim", "go", "main", "firmware", ("device",)),
    Seat("devices/radar/echo-filter", "julia", "main", "echo", ("device",)),
    Seat("devices/radar/calibration", "python", "main", "calibration", ("device",)),
    Seat("infra/cluster-config", "docker", "main", "cluster", ("infra",)),
    Seat("infra/ci-templates", "docker", "main", "templates", ("infra", "calm")),
    Seat("infra/log-shipper", "go", "main", "shipper", ("infra",)),
    Seat("libs/geo-kit", "go", "main", "geo", ("library",)),
)
STORY_SEATS = 8
EMPTY = "ostrelune/sandbox/first-steps"
CI_OFF = "ostrelune/docs/handbook"
ARCHIVED = "ostrelune/legacy/depth-sounder"
FOREIGN = "ostrelune/community/tide-tables"
MOVED = {"ostrelune/infra/base-images": "ostrelune/infra/docker-base", "ostrelune/web/harbour-board": "ostrelune/board"}

WITH_MAILMAP = ("ostrelune/libs/tide-units", "ostrelune/platform/station-api")
WITHOUT_A_LINE = ("lweatherlace", "eashgrove", "nsakuraide")

_MORE_GROUPS = ("platform", "data", "web", "forecast", "devices", "libs", "infra", "devices/radar")
_MORE_WORDS = ("ebb", "neap", "fathom", "lagoon", "mooring", "keel", "beacon", "estuary", "sluice", "current", "swell")
_MORE_KINDS = ("service", "client", "tools", "worker", "exporter", "bridge", "simulator", "importer", "console", "kit")
_MORE_CHAINS = ("python", "go", "maven", "npm", "julia", "docker", "python", "maven", "go")


def seats(count: int) -> list[Seat]:
    """The first `count` repositories; beyond the named ones they are put together from the company's vocabulary."""
    chosen = list(NAMED[:count])
    for number in range(len(NAMED), count):
        extra = number - len(NAMED)
        word = _MORE_WORDS[extra % len(_MORE_WORDS)]
        lap, kind = divmod(extra // len(_MORE_WORDS), len(_MORE_KINDS))
        group = _MORE_GROUPS[extra % len(_MORE_GROUPS)]
        tail = f"-{lap + 2}" if lap else ""
        branch = ("main", "main", "master", "develop")[extra % 4]
        chain = _MORE_CHAINS[extra % len(_MORE_CHAINS)]
        chosen.append(Seat(f"{group}/{word}-{_MORE_KINDS[kind]}{tail}", chain, branch, word))
    return chosen


def people(seed: int, left_night: int) -> dict[str, User]:
    """Everybody with an account, by username: 25 people, the reader of this dashboard and the bots."""
    everyone: dict[str, User] = {}

    def add(user: User) -> None:
        everyone[user.username] = user

    for place, (username, name, offset, busy, mails, names) in enumerate(_PEOPLE):
        address = f"{username}@{MAIL}"
        public = address if place % 5 == 0 else None
        add(
            User(
                id=11 + place * 3,
                username=username,
                name=name,
                emails=(address, *mails, f"{11 + place * 3}-{username}@{NOREPLY}"),
                git_names=(name, *names),
                offset=offset,
                public_email=public,
                busy=busy * dice(seed, "busy", username).uniform(0.8, 1.25),
            )
        )
    left = (f"{OWNER_WHO_LEFT}@{MAIL}", "torvik.aldane@elsewhere.example")
    add(
        User(
            101,
            OWNER_WHO_LEFT,
            "Torvik Aldane",
            left,
            ("Torvik Aldane", "torvik"),
            60,
            "blocked",
            left_night=left_night,
        )
    )
    for number, username, name in (
        (2, DEPENDENCY_BOT, "Dependency Bot"),
        (3, READER, "Dashboard Reader"),
        (140, "project_12_bot_ab12cd", "release-token"),
        (141, "group_7_bot_9f3e21", "nightly-token"),
        (142, "project_40_bot_c0ffee", "mirror-token"),
    ):
        add(User(number, username, name, (f"{username}@noreply.{HOST}",), (name,), bot=True, busy=0.3))
    add(User(150, "ghostwriter", "Ghost Writer", (f"ghostwriter@{MAIL}",), ("Ghost Writer",), deleted=True))
    return everyone


def mailmap(path: str, users: Iterable[User]) -> str | None:
    """The `.mailmap` of a repository: who wrote their private addresses down there, with their noreply ones.

    Three people never did: which addresses are theirs is only likely.
    """
    if path not in WITH_MAILMAP:
        return None
    lines = ["# name and company address <- whatever a laptop was set up with"]
    for user in users:
        if not user.bot and not user.deleted and user.username not in WITHOUT_A_LINE:
            mails = {*user.emails[1:], f"{user.id}-{user.username}@{NOREPLY}"}
            lines += [f"{user.name} <{user.emails[0]}> <{mail}>" for mail in sorted(mails)]
    return "\n".join(lines) + "\n"


def found_projects(seed: int, count: int, calm: frozenset[str], start: datetime) -> list[Project]:
    """`count` repositories without any history yet; ids are not contiguous, as on a real instance."""
    found = []
    for place, seat in enumerate(seats(count)):
        path = f"{ROOT}/{seat.path}"
        age = dice(seed, "age", path).randint(90, 1500)
        slug = seat.path.rpartition("/")[2]
        found.append(
            Project(
                id=12 + place * 7,
                path=path,
                name=slug.replace("-", " ").title(),
                toolchain=seat.toolchain,
                default_branch=seat.branch,
                created_at=start - timedelta(days=age, minutes=place * 13, milliseconds=place * 37),
                description=f"{COMPANY}: {slug.replace('-', ' ')} ({seat.toolchain})",
                word=seat.word,
                archived=path == ARCHIVED,
                ci=path != CI_OFF,
                visibility="public" if path == FOREIGN else "internal" if place % 3 else "private",
                topics=seat.topics,
                old_path=MOVED.get(path),
                token_member=path != FOREIGN,
                story=place < STORY_SEATS,
                calm=path in calm or "calm" in seat.topics,
            )
        )
    return found
