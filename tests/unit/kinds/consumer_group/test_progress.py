"""How far an earlier run came: the ledger's word, and between two words the marks in Kafka."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.progress import Progress, progress
from elreconcile.ledger.entry import State
from elreconcile.systems.kafka_values import Commit, Partition

PLACE = ("topic", 0)
WAS, MARKED, DONE = Commit(1000, "own words"), Commit(1000, marks.before("r1")), Commit(831, marks.done("r1"))

COMMIT = st.none() | st.builds(
    Commit, st.integers(0, 5), st.sampled_from(["", marks.before("r1"), marks.done("r1"), marks.before("r2")])
)
PLACES = st.dictionaries(st.tuples(st.sampled_from(["t", "u"]), st.integers(0, 3)), COMMIT)
TARGETS = st.dictionaries(st.tuples(st.sampled_from(["t", "u"]), st.integers(0, 3)), st.none() | st.integers(0, 5))


def existing(image: dict[Partition, Commit | None]) -> dict[Partition, Commit]:
    return {place: commit for place, commit in image.items() if commit is not None}


@given(TARGETS, PLACES, PLACES, st.sampled_from([None, State.STARTED]))
def test_before_sending_everything_is_to_do(
    targets: dict[Partition, int | None],
    before: dict[Partition, Commit | None],
    live: dict[Partition, Commit | None],
    state: State | None,
) -> None:
    assert progress(state, "r1", targets, before, existing(live)) == dict.fromkeys(targets, Progress.TO_DO)


@given(TARGETS, PLACES, PLACES, st.sampled_from([State.ACKNOWLEDGED, State.SETTLED, State.OVERWRITTEN]))
def test_once_acknowledged_nothing_is_sent_again(
    targets: dict[Partition, int | None],
    before: dict[Partition, Commit | None],
    live: dict[Partition, Commit | None],
    state: State,
) -> None:
    assert progress(state, "r1", targets, before, existing(live)) == dict.fromkeys(targets, Progress.DONE)


@given(TARGETS, PLACES, PLACES)
def test_while_sending_each_partition_is_told_by_itself(
    targets: dict[Partition, int | None], before: dict[Partition, Commit | None], live: dict[Partition, Commit | None]
) -> None:
    told = progress(State.SENDING, "r1", targets, before, existing(live))
    assert told.keys() == targets.keys()
    for place, target in targets.items():
        alone = progress(State.SENDING, "r1", {place: target}, before, existing(live))
        assert alone == {place: told[place]}
        if told[place] is Progress.DONE:
            assert live.get(place) == (None if target is None else Commit(target, marks.done("r1")))
        if told[place] is Progress.TO_DO and live.get(place) is not None:
            assert live[place] in (before[place], Commit(before[place].offset, marks.before("r1")))  # type: ignore[union-attr]


@given(TARGETS, PLACES)
def test_nothing_sent_is_told_as_to_do(
    targets: dict[Partition, int | None], before: dict[Partition, Commit | None]
) -> None:
    """Killed after the marks and before the targets; what has no commit can bear no mark."""
    marked = {
        place: commit if targets.get(place) is None else Commit(commit.offset, marks.before("r1"))
        for place, commit in existing(before).items()
    }
    told = progress(State.SENDING, "r1", targets, before, marked)
    for place, target in targets.items():
        nothing_to_forget = target is None and before.get(place) is None
        assert told[place] is (Progress.DONE if nothing_to_forget else Progress.TO_DO)


@given(TARGETS, PLACES)
def test_everything_sent_is_told_as_done(
    targets: dict[Partition, int | None], before: dict[Partition, Commit | None]
) -> None:
    live = {place: Commit(target, marks.done("r1")) for place, target in targets.items() if target is not None}
    assert set(progress(State.SENDING, "r1", targets, before, live).values()) <= {Progress.DONE}


@pytest.mark.parametrize(
    ("target", "before", "live", "told"),
    [
        (831, WAS, MARKED, Progress.TO_DO),
        (831, WAS, DONE, Progress.DONE),
        (831, WAS, WAS, Progress.UNCERTAIN),
        (831, WAS, Commit(900), Progress.UNCERTAIN),
        (831, WAS, Commit(831), Progress.UNCERTAIN),
        (831, WAS, Commit(831, marks.done("r2")), Progress.UNCERTAIN),
        (831, WAS, Commit(1000, marks.before("r2")), Progress.UNCERTAIN),
        (831, WAS, None, Progress.UNCERTAIN),
        (831, None, None, Progress.TO_DO),
        (831, None, DONE, Progress.DONE),
        (831, None, Commit(5), Progress.UNCERTAIN),
        (1000, WAS, Commit(1000, marks.done("r1")), Progress.DONE),
        (1000, WAS, MARKED, Progress.TO_DO),
        (None, WAS, None, Progress.DONE),
        (None, None, None, Progress.DONE),
        (None, WAS, WAS, Progress.TO_DO),
        (None, WAS, Commit(1001), Progress.UNCERTAIN),
        (None, None, Commit(5), Progress.UNCERTAIN),
    ],
)
def test_while_sending(target: int | None, before: Commit | None, live: Commit | None, told: Progress) -> None:
    standing = {PLACE: live} if live else {}
    assert progress(State.SENDING, "r1", {PLACE: target}, {PLACE: before}, standing) == {PLACE: told}
