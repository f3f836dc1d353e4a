"""What happened at Ostrelune, told once: tests and pages ask for a story by its name.

Nights are counted back from the world's last night, which is night 0; `first_night` is the older, larger number. The
night of a pipeline is the UTC day it was created on (every nightly cron falls between 00:00 and 08:00 UTC). All stories
but the slow ones fit into 14 days, so they exist in every window of 14 days or more. Story repositories fail on no
other night than told here; `quiet` ones never fail at all except in the runner outage.
"""

from __future__ import annotations

from dataclasses import dataclass

OUTAGE_NIGHT = 8


@dataclass(frozen=True, slots=True)
class Story:
    """One planted story. `projects` empty means every repository; `nights` says exactly which nights show it."""

    name: str
    title: str
    tells: str
    projects: tuple[str, ...]
    job: str | None
    first_night: int
    last_night: int
    nights: tuple[int, ...]
    cause: str | None = None
    failure_reason: str | None = None
    nights_by_project: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def nights_of(self, path: str) -> tuple[int, ...]:
        """The nights this story shows in that repository, () if it is not in the story."""
        for known, nights in self.nights_by_project:
            if known == path:
                return nights
        return self.nights if not self.projects or path in self.projects else ()


def _nights(first: int, last: int) -> tuple[int, ...]:
    return tuple(night for night in range(first, last - 1, -1) if night != OUTAGE_NIGHT)


_UNITS = "ostrelune/libs/tide-units"
_STATION = "ostrelune/platform/station-api"
_GAUGE = "ostrelune/data/gauge-pipeline"
_RELAY = "ostrelune/platform/alert-relay"
_BOARD = "ostrelune/web/harbour-board"
_WAVE = "ostrelune/forecast/wave-model"
_INGEST = "ostrelune/platform/ingest-gateway"
_TIDE = "ostrelune/platform/tide-store"

STORIES: tuple[Story, ...] = (
    Story(
        name="flaky_job",
        title="A browser test that fails every third night for no reason",
        tells="e2e:browser of harbour-board fails, the retry fails too, and on the night after the same code passes; on"
        " every third night (0, 3, 6 …) the retry passes, so the pipeline is green and only the retried job shows it.",
        projects=(_BOARD,),
        job="e2e:browser",
        first_night=11,
        last_night=2,
        nights=(11, 5, 2),
        cause="flaky_browser",
        failure_reason="script_failure",
    ),
    Story(
        name="regression_spreads",
        title="One commit in tide-units breaks four repositories",
        tells="'Round half away from zero' reaches tide-units before night 6 and breaks test:unit. The dependency bot"
        " bumps it into station-api (red from night 5), gauge-pipeline and alert-relay (from night 4). Fixed in"
        " tide-units before night 2, in station-api before night 1, in gauge-pipeline before night 0; alert-relay is"
        " still red on the last night. Signals: the release of tide-units and the deployments of who took it over,"
        " as CloudEvents twenty minutes after each push.",
        projects=(_UNITS, _STATION, _GAUGE, _RELAY),
        job="test:unit",
        first_night=6,
        last_night=0,
        nights=(6, 5, 4, 3, 2, 1, 0),
        cause="rounding_regression",
        failure_reason="script_failure",
        nights_by_project=(
            (_UNITS, (6, 5, 4, 3)),
            (_STATION, (5, 4, 3, 2)),
            (_GAUGE, (4, 3, 2, 1)),
            (_RELAY, (4, 3, 2, 1, 0)),
        ),
    ),
    Story(
        name="runner_outage",
        title="The night the runners were gone",
        tells="On night 8 every scheduled pipeline of every repository fails in its first stage with a runner system"
        " failure; nothing is wrong with the code. Signals: the three runner hosts ran out of memory, evicted the pods"
        " of the runners and were not ready; RunnerHostDown fired for each until the night was over.",
        projects=(),
        job=None,
        first_night=OUTAGE_NIGHT,
        last_night=OUTAGE_NIGHT,
        nights=(OUTAGE_NIGHT,),
        cause="runner_gone",
        failure_reason="runner_system_failure",
    ),
    Story(
        name="creeping_timeout",
        title="The ensemble test takes longer every night",
        tells="test:ensemble of wave-model grows from about 35 minutes at the start of the window towards its limit of"
        " one hour and is killed there on nights 3 to 0. Signals: CPUThrottlingHigh fires on its runner host.",
        projects=(_WAVE,),
        job="test:ensemble",
        first_night=3,
        last_night=0,
        nights=(3, 2, 1, 0),
        cause="job_timeout",
        failure_reason="job_execution_timeout",
    ),
    Story(
        name="owner_left",
        title="Nights that never ran",
        tells="Torvik Aldane owned the nightly of ingest-gateway. His account was blocked in the afternoon before night"
        " 5: the schedule is still active, and nights 5 to 0 have no pipeline at all.",
        projects=(_INGEST,),
        job=None,
        first_night=5,
        last_night=0,
        nights=(5, 4, 3, 2, 1, 0),
    ),
    Story(
        name="ignored_allow_failure",
        title="A warning nobody reads",
        tells="dependency-scan of tide-store may fail and has failed on every night since night 12 (but the"
        " outage); where nothing else fails, the pipeline is green with a warning.",
        projects=(_TIDE,),
        job="dependency-scan",
        first_night=12,
        last_night=0,
        nights=_nights(12, 0),
        cause="maven_vulnerable",
        failure_reason="script_failure",
    ),
    Story(
        name="fix_came_back",
        title="The bug that was fixed came back",
        tells="test:integration of tide-store fails on nights 12 to 10 with a NullPointerException, is fixed before"
        " night 9, and fails in the same way again on nights 2 to 0 after an old branch was merged; its issue was"
        " closed and reopened.",
        projects=(_TIDE,),
        job="test:integration",
        first_night=12,
        last_night=0,
        nights=(12, 11, 10, 2, 1, 0),
        cause="null_pointer",
        failure_reason="script_failure",
    ),
)

FLAKY_RECOVERED = (12, 9, 6, 3, 0)
CALM = frozenset({"ostrelune/docs/public-site", "ostrelune/data/sensor-schema", "ostrelune/web/design-tokens"})
_BY_NAME = {each.name: each for each in STORIES}


def story(name: str) -> Story:
    """The story of that name; KeyError names the ones there are."""
    if name not in _BY_NAME:
        raise KeyError(f"no story {name!r}, only {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
