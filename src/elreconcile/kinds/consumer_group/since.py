"""What became of a group's commits between a plan that was shown and now. Pure.

The targets shown stay where they are. What is carried out with them may be larger or smaller than what was shown,
where the consumer went on, but no other thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.pin import gather, name_partitions, no_commit
from elreconcile.kinds.consumer_group.shape import Image, Targets, read_image
from elreconcile.kinds.consumer_group.spec import Measured, Reset
from elreconcile.model.change import Change, Refusal

NAMED = 3
"""Partitions whose offsets are told one by one."""


@dataclass(frozen=True, slots=True)
class Move:
    """One partition: where its commit stood when the plan was shown, where it stands now, and where it is to go."""

    partition: int
    then: int | None
    now: int | None
    target: int

    @property
    def turned(self) -> bool:
        """A rewind was shown, and by now it would be a skip; or the other way round."""
        if self.then is None or self.now is None:
            return False
        return (self.target - self.then) * (self.target - self.now) < 0


def another_thing(reset: Reset, shown: Change, live: LiveGroup) -> Iterator[Refusal]:
    """A shift that would no longer be the one asked for, and any other target that the commits have passed."""
    was = read_image(shown.before)
    for topic in live.logs:
        target, moves = reset.target(topic), _moves(topic, was, live)
        if isinstance(target, Measured) and target.shift is not None:
            yield from _shift(topic, target.shift, moves, reset.on_out_of_range == "clamp")
        else:
            yield from _passed(topic, [move for move in moves if move.turned])


def went_on(shown: Change, placed: Targets, live: LiveGroup) -> str:
    """How much is moved in all, where it is not what was shown; else empty."""
    then, now = (_moved(image, placed) for image in (read_image(shown.before), live.commits))
    return "" if then == now else f"the offsets had moved on since the plan: {now:+,} in all instead of {then:+,}"


def _moved(image: Image, placed: Targets) -> int:
    return sum(
        target - commit.offset
        for place, target in placed.items()
        if target is not None and (commit := image.get(place)) is not None
    )


def _moves(topic: str, was: Image, live: LiveGroup) -> Sequence[Move]:
    pinned = live.pinned.pins.get(topic, {})
    return [
        Move(number, _offset(was, (topic, number)), _offset(live.commits, (topic, number)), target)
        for number, target in sorted(pinned.items())
        if target is not None
    ]


def _offset(image: Image, place: tuple[str, int]) -> int | None:
    commit = image.get(place)
    return None if commit is None else commit.offset


def _shift(topic: str, shift: int, moves: Sequence[Move], clamped: bool) -> Iterator[Refusal]:
    """Exactly as far as was asked for, or, where it may end at the log's end, from where it was shown."""
    yield from gather(no_commit(topic, move.partition) for move in moves if move.now is None)
    moved = [
        move
        for move in moves
        if move.now is not None and move.target - move.now != shift and not (clamped and move.now == move.then)
    ]
    if moved:
        yield Refusal(
            "moved",
            f"{topic}, {name_partitions(move.partition for move in moved)}",
            _told(moved),
            f"a shift of {shift:+,} counts from where the commits stood when it was planned",
            "plan again once the consumer has stopped: a new plan counts from where they stand then",
        )


def _passed(topic: str, turned: Sequence[Move]) -> Iterator[Refusal]:
    if turned:
        yield Refusal(
            "passed",
            f"{topic}, {name_partitions(move.partition for move in turned)}",
            _told(turned),
            "the commits have passed the targets: what was shown as a rewind would skip, or the other way round",
            "plan again",
        )


def _told(moves: Sequence[Move]) -> str:
    told = [
        f"{each.partition}: target {each.target:,}, committed {_number(each.then)} then, {_number(each.now)} now"
        for each in moves
    ]
    more = [f"{len(told) - NAMED} more"] if len(told) > NAMED else []
    return "; ".join([*told[:NAMED], *more])


def _number(offset: int | None) -> str:
    return "none" if offset is None else f"{offset:,}"
