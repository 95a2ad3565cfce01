"""Records as they lie in a source, many at a time, and the pieces a source is read in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

import msgspec

from elreconcile.errors import ElreconcileError

Part: TypeAlias = tuple[str, int]
"""A topic and a partition of it, or a file and 0."""


class Slice(msgspec.Struct, frozen=True, order=True):
    """`start` <= position < `end`: offsets of a partition, or lines of a file counted from 1."""

    part: Part
    start: int
    end: int


class Batch(msgspec.Struct, frozen=True):
    """Records of one part, in its order. `positions` has one for each value, ascending, maybe with gaps.

    `last_ms` is the source's own time of the last record, `times` tells that of each, for who needs it; a file keeps
    none.
    """

    part: Part
    positions: Sequence[int]
    values: Sequence[bytes | None]
    last_ms: int = 0
    times: Callable[[], Sequence[int]] = tuple


class SourceBroken(ElreconcileError):
    """A source cannot be read on from this place; what was read before it stands."""

    def __init__(self, place: str, cause: str) -> None:
        super().__init__(f"{place}: {cause}")
        self.place = place
        self.cause = cause


class Reader(Protocol):
    """A source of records. `chunk`: so many positions of a part are read again together, where some have no row."""

    chunk: int

    def read(self, slices: Sequence[Slice]) -> Iterator[Batch]:
        """Every record of these slices, each part in its order; raises Unreachable, SourceBroken."""

    def place(self, part: Part, position: int) -> str:
        """How an operator finds one record again."""


def joined(slices: Sequence[Slice]) -> Sequence[Slice]:
    """The same records in as few slices as will do, in order; slices that touch become one."""
    runs: list[Slice] = []
    for each in sorted(slices):
        if runs and runs[-1].part == each.part and runs[-1].end >= each.start:
            runs[-1] = Slice(each.part, runs[-1].start, max(runs[-1].end, each.end))
        elif each.start < each.end:
            runs.append(each)
    return runs


def cut(batch: Batch, at: int) -> tuple[Batch, Batch]:
    """The records before position `at`, and the others."""
    index = bisect_left(batch.positions, at)
    return _some(batch, slice(None, index)), _some(batch, slice(index, None))


def _some(batch: Batch, which: slice) -> Batch:
    return Batch(batch.part, batch.positions[which], batch.values[which], batch.last_ms, lambda: batch.times()[which])
