"""What is worked out from the rows when they have moved: the nights that were due, what the commits' graph tells, and
who is who, and why jobs failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashlib.failures.analyse import Ahead, Progress, analyse
from dashlib.failures.rulebook import RuleError
from dashlib.lineage import draw as lineage
from dashlib.nightlies import ledger
from dashlib.people.refresh import refresh as refresh_people
from dashlib.people.refresh import remember_bots, remember_teams
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.Lock()
_AHEAD_SECONDS = 0.1


def draw(
    store: Store,
    settings: Settings,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """After each sync and at the app's start; cheap where nothing is new, safe to cut off and to repeat.

    ``on_progress`` hears of the reasons, which are read from logs; they do not wait for the rest, nor it for them. A
    defect here is logged and takes nothing from the sync before it: the next one tries again.
    """

    def reasons() -> None:
        analyse(store, stop=stop, on_progress=on_progress)

    with _ONE_AT_A_TIME:
        beside = threading.Thread(target=_tried, args=("reasons of failures", reasons), name="reasons", daemon=True)
        beside.start()
        try:
            _tried("expected nights", lambda: ledger.refresh(store, settings))
            _tried("branches and pushes", lambda: lineage.refresh(store, stop))
            _tried("teams", lambda: remember_teams(store, settings.teams))
            _tried("robots", lambda: remember_bots(store, settings.bots))
            _tried("persons", lambda: refresh_people(store))
        finally:
            beside.join()


def _tried(what: str, bring: Callable[[], object]) -> None:
    try:
        bring()
    except RuleError as error:
        _LOG.error("%s: the rules cannot be read: %s", what, error)
    except Exception:  # noqa: BLE001 - logged, as ``draw`` says
        _LOG.exception("%s could not be brought up to date", what)


@contextmanager
def meanwhile(store: Store) -> Iterator[None]:
    """While a sync goes on: last night's failures have their reasons before the rest of the window is read.

    A sync waits for the network most of the time, so this costs it little. What is left over is ``draw``'s.
    """
    done = threading.Event()

    def ahead() -> None:
        reasons = Ahead(store)
        try:
            while not done.wait(_AHEAD_SECONDS):
                with _ONE_AT_A_TIME:
                    reasons.look(done)
            reasons.finish()
        except RuleError as error:
            _LOG.error("the rules cannot be read: %s", error)
        except Exception:  # noqa: BLE001 - logged; draw tries again
            _LOG.exception("the reasons of failures could not be read ahead")

    thread = threading.Thread(target=ahead, name="reasons-ahead", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
