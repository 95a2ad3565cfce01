"""What is known of a window: counted events, hour by hour, and what was seen on the way. Frozen."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from elreconcile.model.change import Refusal
from elreconcile.systems.event_batch import Part, Slice


class Hour(msgspec.Struct, frozen=True):
    """Events of one table and hour (10 digits), each uuid counted once.

    present    its row is there, in the same hour
    missing    it has no row
    pending    it has no row, and the writer has not committed it yet
    misplaced  its row is there, under another hour
    `proven`: equal by count and checksum, uuids not compared.
    """

    table: str
    hour: str
    present: int
    missing: int
    pending: int
    misplaced: int
    proven: bool

    @property
    def eligible(self) -> int:
        return self.present + self.missing + self.pending + self.misplaced


class Gap(msgspec.Struct, frozen=True):
    """Missing events of one table with no present one in between; minutes of 12 digits, both included."""

    table: str
    first: str
    last: str
    missing: int


class Odd(msgspec.Struct, frozen=True):
    """Records that cannot be sorted in: how many, and where the first of them are."""

    what: str
    count: int
    places: tuple[str, ...]


class TableSeen(msgspec.Struct, frozen=True):
    """A table events of the window belong to, nearly always of one schema. `bots` and `blacklisted` are left out.

    `problem`: why rows cannot be put there; `ddl`: how it will be made; `unknown`: fields it has no columns for, of
    the `looked` events of its hours with holes that were looked at.
    """

    name: str
    schemas: tuple[str, ...]
    revision: int
    exists: bool
    bots: int = 0
    blacklisted: int = 0
    problem: str | None = None
    ddl: str | None = None
    unknown: tuple[str, ...] = ()
    looked: int = 0


class LiveWindow(msgspec.Struct, frozen=True):
    """What one look found.

    `ranges`: what of each part of the source was read; `pins`: what of it will have to be there. `first` and `last`:
    event times seen, of any schema, minutes of 12 digits. `open_end`: why events of the window may not have been read.
    `slices`: where in the source the events of hours with holes lie. `refusals` are those that looking alone shows.
    """

    ranges: Mapping[Part, tuple[int, int]]
    guards: Mapping[str, str]
    hours: tuple[Hour, ...] = ()
    gaps: tuple[Gap, ...] = ()
    tables: tuple[TableSeen, ...] = ()
    odd: tuple[Odd, ...] = ()
    blacklisted: frozenset[str] = frozenset()
    first: str | None = None
    last: str | None = None
    open_end: str | None = None
    refusals: tuple[Refusal, ...] = ()
    slices: tuple[Slice, ...] = ()
    read: int = 0
    pins: Mapping[Part, tuple[int, int]] = {}
