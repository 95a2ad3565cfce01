"""What became of a group's commits between a plan that was shown and now. Pure.

The targets shown stay where they are. What is carried out with them may be larger or smaller than what was shown,
where the consumer went on, but no other thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import msgspec

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.pin import gather, name_partitions, no_commit
from elreconcile.kinds.consumer_group.shape import Image, read_image
from elreconcile.kinds.consumer_group.spec import Measured, Reset
from elreconcile.model.change import Change, Refusal

MOVES = ("rewound", "skipped")
"""Told apart: their sum would hide one behind the other."""

NAMED = 3
"""Partitions whose offsets are told one by one."""


class Move(msgspec.Struct, frozen=True):
    """One partition: where its commit stood when the plan was shown, where it stands now, and where it is to go."""

    partition: int
    then: int | None
    now: int | None
    target: int

    @property
    def shown(self) -> int:
        return _direction(self.then, self.target)

    def turned(self, shown: Set[int]) -> bool:
        """By now it would go another way than it was shown to; one that was to go nowhere may go as others were.

        `shown`: the directions of all partitions of the reset.
        """
        by_now = _direction(self.now, self.target)
        return by_now not in (0, self.shown) and (self.shown != 0 or by_now not in shown)


def _direction(start: int | None, end: int) -> int:
    """1: a skip; -1: a rewind; 0: it stays, or gets a first commit."""
    return 0 if start is None else (end > start) - (end < start)


def another_thing(reset: Reset, shown: Change, live: LiveGroup) -> Iterator[Refusal]:
    """A shift that would no longer be the one asked for; any other target that would rewind or skip unlike shown."""
    was = read_image(shown.before)
    by_topic = {topic: _moves(topic, was, live) for topic in live.logs}
    directions = {move.shown for moves in by_topic.values() for move in moves}
    for topic, moves in by_topic.items():
        target = reset.target(topic)
        if isinstance(target, Measured) and target.shift is not None:
            yield from _shift(topic, target.shift, moves, reset.on_out_of_range == "clamp")
        else:
            yield from _passed(topic, [move for move in moves if move.turned(directions)])


def went_on(shown: Mapping[str, int], now: Mapping[str, int]) -> str:
    """How many offsets are rewound and skipped, by two changes' sizes, where that is not what was shown; else empty."""
    told = [f"{what} {now[what]:,} instead of {shown[what]:,}" for what in MOVES if now[what] != shown[what]]
    return f"the offsets had moved on since the plan: {' and '.join(told)}" if told else ""


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
            "by now they would be moved the other way, or where none was shown to go: a rewind or a skip",
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
