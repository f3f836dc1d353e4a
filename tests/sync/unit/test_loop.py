"""The one loop: what is urgent first, failures alone, an end in every case."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future

import pytest

from dashlib.sync.loop import Loop, Task, Urgency


def _never(task: Task, error: Exception) -> None:
    raise AssertionError(f"{task.resource} failed: {error}")


def noting(done: list[str], name: str, *following: Task) -> Callable[[], Iterable[Task]]:
    def run() -> Iterable[Task]:
        done.append(name)
        return following

    return run


def task(urgency: Urgency, run: Callable[[], Iterable[Task]], name: str = "") -> Task:
    return Task(urgency, name, run)


def test_urgent_first_and_else_in_the_order_of_arrival() -> None:
    done: list[str] = []
    loop = Loop(1, _never)
    soon = task((1.0, 0), noting(done, "soon"))
    loop.add(
        [
            task((2.0,), noting(done, "c")),
            task((1.0, 5), noting(done, "a", soon)),
            task((1.0, 9), noting(done, "b")),
            task((2.0,), noting(done, "d")),
        ]
    )
    assert (loop.stage(), loop.waiting()) == (1.0, 4)
    loop.run()
    assert done == ["a", "soon", "b", "c", "d"]
    assert (loop.stage(), loop.waiting()) == (None, 0)


@pytest.mark.parametrize("workers", [1, 4])
def test_tasks_name_tasks_until_none_is_left(workers: int) -> None:
    done: list[str] = []

    def spread(depth: int) -> Callable[[], Iterable[Task]]:
        def run() -> Iterable[Task]:
            done.append("x")
            return [task((float(depth),), spread(depth + 1)) for _ in range(3)] if depth < 5 else []

        return run

    loop = Loop(workers, _never)
    loop.add([task((0.0,), spread(1))])
    loop.run()
    assert len(done) == 1 + 3 + 9 + 27 + 81


def test_a_failure_is_told_and_ends_its_task_alone() -> None:
    done: list[str] = []
    told: list[tuple[str, str]] = []

    def broken() -> Iterable[Task]:
        raise ValueError("no")

    def half() -> Iterable[Task]:
        yield task((1.0,), noting(done, "first half"))
        raise KeyError("second half")

    loop = Loop(2, lambda failed, error: told.append((failed.resource, repr(error))))
    loop.add([task((0.0,), broken, "broken"), task((0.5,), half, "half"), task((2.0,), noting(done, "other"))])
    loop.run()
    assert sorted(told) == [("broken", "ValueError('no')"), ("half", "KeyError('second half')")]
    assert done == ["first half", "other"]
    assert loop.waiting() == 0


def test_fatal_ends_the_run() -> None:
    done: list[str] = []

    def fatal() -> Iterable[Task]:
        raise TimeoutError("enough")

    loop = Loop(1, _never, (TimeoutError,))
    loop.add([task((0.0,), fatal), task((1.0,), noting(done, "never"))])
    with pytest.raises(TimeoutError, match="enough"):
        loop.run()
    assert done == []


def test_stop_leaves_the_rest() -> None:
    done: list[str] = []
    loop = Loop(3, _never)

    def stop() -> Iterable[Task]:
        loop.stop.set()
        return [task((0.0,), noting(done, "after"))]

    loop.add([task((0.0,), stop), *[task((1.0,), noting(done, "never")) for _ in range(20)]])
    loop.run()
    assert len(done) < 20


def test_a_worker_waits_for_what_another_may_still_name() -> None:
    """The queue is empty while the first task runs: its follower is done all the same."""
    done: list[str] = []
    go = threading.Event()

    def slow() -> Iterable[Task]:
        go.wait(10)
        return [task((1.0,), noting(done, f"{n}")) for n in range(5)]

    loop = Loop(4, _never)
    loop.add([task((0.0,), slow)])
    running = threading.Thread(target=loop.run)
    running.start()
    go.set()
    running.join(20)
    assert sorted(done) == ["0", "1", "2", "3", "4"]


def test_so_many_at_once_and_no_more() -> None:
    lock, now, most = threading.Lock(), [0], [0]
    meet = threading.Barrier(3)

    def count() -> Iterable[Task]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        meet.wait(10)
        with lock:
            now[0] -= 1
        return []

    loop = Loop(3, _never)
    loop.add([task((0.0,), count) for _ in range(12)])
    loop.run()
    assert most[0] == 3


def test_nothing_to_do() -> None:
    Loop(4, _never).run()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failure_that_cannot_be_told_is_not_lost() -> None:
    """The database is gone while a problem is recorded: the run ends with that error, not as if all were done."""
    done: list[str] = []

    def broken() -> Iterable[Task]:
        raise ValueError("no")

    def untold(_: Task, __: Exception) -> None:
        raise RuntimeError("the database is closed")

    loop = Loop(1, untold)
    loop.add([task((0.0,), broken), task((1.0,), noting(done, "other"))])
    with pytest.raises(RuntimeError, match="closed"):
        loop.run()


def test_a_task_that_waits_for_the_disk_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between "stored" and "in the queue" the workers see an empty queue: they must not go home."""
    done: list[str] = []
    loop = Loop(2, _never)
    stored: Future[int] = Future()
    add = loop.add

    def slow(tasks: Iterable[Task]) -> None:
        if threading.current_thread().name == "the store":
            time.sleep(1.2)
        add(tasks)

    monkeypatch.setattr(loop, "add", slow)

    def page() -> Iterable[Task]:
        loop.add_after(stored, task((1.0,), noting(done, "the next page")))
        threading.Thread(target=stored.set_result, args=(1,), name="the store").start()
        return []

    loop.add([task((0.0,), page)])
    loop.run()
    assert done == ["the next page"]


def test_what_cannot_be_stored_fails_its_task() -> None:
    done: list[str] = []
    told: list[str] = []
    loop = Loop(2, lambda failed, error: told.append(f"{failed.resource}: {error}"))
    stored: Future[int] = Future()
    loop.add_after(stored, task((1.0,), noting(done, "never"), "jobs"))
    stored.set_exception(ValueError("too large"))
    loop.run()
    assert (done, told) == ([], ["jobs: too large"])


def test_it_hurries_when_nothing_is_left_but_to_wait_for_the_disk() -> None:
    """Rows that wait for company are asked for as soon as a worker has nothing to do."""
    done: list[str] = []
    stored: Future[int] = Future()
    hurried: list[list[str]] = []
    loop = Loop(1, _never)

    def hurry() -> None:
        hurried.append(list(done))
        threading.Thread(target=stored.set_result, args=(1,)).start()

    def first() -> Iterable[Task]:
        loop.add_after(stored, task((0.0,), noting(done, "follows")))
        return [task((1.0,), noting(done, "meanwhile"))]

    loop.hurry = hurry
    loop.add([task((0.0,), first)])
    loop.run()
    assert hurried == [["meanwhile"]], "once, and not while there is something to do"
    assert done == ["meanwhile", "follows"]
