"""What is a repetition and what only looks like one: against a model that remembers everything, and by example."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.store.repeats import Repeats, content_key, push_key

A, B, NONE = "a" * 40, "b" * 40, "0" * 40


@dataclass(frozen=True)
class Sent:
    """A delivery: a push of ``ref``, or something else (``before`` is then empty); ``key`` as its sender gave it."""

    ref: str
    before: str
    after: str
    key: str = ""

    def stored_as(self) -> str:
        content = content_key(self.key, f"{self.ref} {self.before} {self.after}")
        return push_key(content, self.ref, self.before, self.after) if self.before else content


@dataclass
class Model:
    """What the words say, the slow way."""

    stored: list[tuple[Sent, int]] = field(default_factory=list)

    def send(self, sent: Sent, ident: int) -> int | None:
        of_ref = [(one, turn) for one, turn in self.stored if one.before and one.ref == sent.ref]
        same = [turn for one, turn in of_ref if (one.before, one.after) == (sent.before, sent.after)]
        last = of_ref[-1][0] if of_ref else None
        fits = last is not None and last.after == sent.before and (last.before, last.after) != (sent.before, sent.after)
        returned = bool(sent.before and same and fits)
        if any(one == sent for one, _ in self.stored) and (sent.key or not returned):
            return None
        turn = ident if returned else same[-1] if sent.before and same else 0
        self.stored.append((sent, turn))
        return turn


SENT = st.builds(
    Sent,
    st.sampled_from(["refs/heads/main", "refs/tags/v1"]),
    st.sampled_from(["", A, B, NONE]),
    st.sampled_from([A, B, NONE]),
    st.sampled_from(["", "", "one", "two"]),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(batches=st.lists(st.lists(SENT, max_size=5), max_size=8), again=st.integers(0, 7))
def test_it_agrees_with_the_model(batches: list[list[Sent]], again: int) -> None:
    """However deliveries fall into writes. A write that failed leaves nothing, a start in between changes nothing."""
    held, model, ident, kept = Repeats(1000), Model(), 0, list[tuple[str, int]]()
    for place, batch in enumerate(batches):
        lost = held.trial()
        for sent in batch:
            lost.look(sent.stored_as(), keyed=bool(sent.key), ident=999)
        trial = held.trial()
        for sent in batch:
            ident += 1
            turn = trial.look(sent.stored_as(), keyed=bool(sent.key), ident=ident)
            assert turn == model.send(sent, ident)
            if turn is not None:
                assert trial.has(sent.stored_as())
                kept.append((sent.stored_as(), turn))
        held.keep(trial)
        if place == again:
            held = Repeats(1000)
            for key, turn in kept:
                held.remember(key, turn)


def turns(*sent: Sent) -> list[int | None]:
    held, found = Repeats(100), []
    for ident, one in enumerate(sent, start=1):
        trial = held.trial()
        found.append(trial.look(one.stored_as(), keyed=bool(one.key), ident=ident))
        held.keep(trial)
    return found


def test_forced_back_and_forth() -> None:
    there, back = Sent("main", A, B), Sent("main", B, A)
    assert turns(there, back, there, back, there) == [0, 0, 3, 4, 5]
    assert turns(there, there, back, there, there) == [0, None, 0, 4, None], "a repetition comes right behind"


def test_a_branch_that_is_made_and_deleted_again_and_again() -> None:
    made, gone = Sent("x", NONE, A), Sent("x", A, NONE)
    assert turns(made, gone, made, gone) == [0, 0, 3, 4]


def test_what_is_sent_again_late_does_not_fit_and_is_a_repetition() -> None:
    assert turns(Sent("main", A, B), Sent("main", B, NONE), Sent("main", A, B)) == [0, 0, None]


def test_another_ref_is_another_story() -> None:
    assert turns(Sent("x", A, B), Sent("y", B, A), Sent("x", A, B)) == [0, 0, None]


def test_a_key_says_what_a_repetition_is() -> None:
    """And a group's webhook tells of the same push as the repository's, under another key."""
    one, two, back = Sent("x", A, B, "one"), Sent("x", A, B, "two"), Sent("x", B, A, "three")
    assert turns(one, two, back, one) == [0, 0, 0, None]
    again, twice = Sent("x", A, B, "four"), Sent("x", A, B, "five")
    assert turns(one, two, back, again, twice) == [0, 0, 0, 4, 4]


def test_the_oldest_are_forgotten() -> None:
    held = Repeats(2)
    for name in ("a", "b", "c"):
        held.remember(content_key(name), 0)
    assert [held.trial().look(content_key(name), keyed=False, ident=1) for name in ("a", "b", "c")] == [0, None, None]
