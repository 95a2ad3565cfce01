"""Hold what a source says against what the tables hold, hour by hour, and uuid by uuid where it differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing

import msgspec

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.live import Gap, Hour
from elreconcile.kinds.backfill_window.spill import ID, Cell, CellKey, Chunk, Spill, each_id
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_tables import (
    Checksum,
    EventTable,
    checksum,
    ids_between,
    prepare_session,
    times_of,
)
from elreconcile.systems.mysql import MySqlConnection

AT_ONCE = 100_000
"""Ids of a table compared in one go; a minute with more is compared as a whole."""

Tables = Mapping[str, EventTable | None]
"""Each table events belong to; None: it does not exist."""

Connect = Callable[[], MySqlConnection]
Checksums = Mapping[CellKey, Checksum]


class Result(msgspec.Struct, frozen=True):
    hours: tuple[Hour, ...]
    gaps: tuple[Gap, ...]


def checksums(
    connect: Connect,
    tables: Mapping[str, EventTable],
    cells: Iterable[CellKey],
    wanted: Wanted,
    before: Callable[[], None],
) -> Checksums:
    """Of these tables and hours, computed by the server; made to run beside a scan. `before` may wait."""
    found = {}
    with closing(connect()) as mysql:
        for name, hour in cells:
            if name in tables:
                before()
                found[name, hour] = checksum(mysql, tables[name], *_bounds(hour, wanted))
    return found


def compare(
    spill: Spill,
    tables: Tables,
    sums: Checksums,
    wanted: Wanted,
    connect: Connect,
    before: Callable[[], None],
    only: frozenset[CellKey] | None = None,
) -> Result:
    """Each hour in which the source holds eligible events, in order, and the gaps; or those of `only`."""
    hours, gaps = [], Gaps()
    with closing(connect()) as mysql, closing(connect()) as second, ThreadPoolExecutor(1) as beside:
        prepare_session(mysql)
        server = _Server(mysql, second, beside)
        for (name, hour), cell in sorted(spill.cells.items()):
            if only is not None and (name, hour) not in only:
                continue
            if sums.get((name, hour)) == Checksum(cell.count, cell.xor):
                gaps.close()
                hours.append(Hour(name, hour, cell.count, 0, 0, 0, proven=True))
            else:
                side = _Side(tables.get(name), hour, wanted, server, before)
                hours.append(_compare_hour(name, cell, spill, side, gaps))
    return Result(tuple(hours), tuple(gaps.found))


def _compare_hour(name: str, cell: Cell, spill: Spill, side: _Side, gaps: Gaps) -> Hour:
    present = missing = pending = 0
    for chunks in _grouped(cell.chunks):
        mine = _Minutes(spill, chunks)
        absent = side.absent(mine)
        waiting = mine.pending(absent)
        lost = absent - waiting
        present += len(mine.ids) - len(absent)
        missing, pending = missing + len(lost), pending + len(waiting)
        gaps.note(name, mine.by_minute(lost))
    return Hour(name, side.hour, present - side.misplaced, missing, pending, side.misplaced, proven=False)


class _Server(msgspec.Struct, frozen=True):
    """Two connections to it: looking an id up takes some µs of one of its cores."""

    mysql: MySqlConnection
    second: MySqlConnection
    beside: Executor

    def times_of(self, table: EventTable, ids: Sequence[bytes]) -> Mapping[bytes, str]:
        half = len(ids) // 2
        others = self.beside.submit(times_of, self.second, table, ids[:half])
        return {**times_of(self.mysql, table, ids[half:]), **others.result()}


class _Side:
    """A table's side of one hour; `table` None: it does not exist."""

    def __init__(
        self, table: EventTable | None, hour: str, wanted: Wanted, server: _Server, before: Callable[[], None]
    ) -> None:
        self.hour = hour
        self.misplaced = 0
        self._table = table
        self._wanted = wanted
        self._server = server
        self._before = before

    def absent(self, mine: _Minutes) -> set[bytes]:
        """The ids that have no row. Those found under another hour are counted as misplaced on the way."""
        if self._table is None:
            return mine.ids
        self._before()
        there = ids_between(self._server.mysql, self._table, *_span(mine.chunks, self._wanted))
        absent = mine.ids.difference(each_id(there))
        elsewhere = self._server.times_of(self._table, sorted(absent))
        self.misplaced += sum(time[:10] != self.hour for time in elsewhere.values())
        return absent - elsewhere.keys()


class _Minutes:
    """The source's ids of some minutes: all of them, and the minute of each that is asked for."""

    def __init__(self, spill: Spill, chunks: Sequence[Chunk]) -> None:
        self.chunks = chunks
        self._spill = spill
        self.ids: set[bytes] = set()
        for chunk in chunks:
            self.ids.update(spill.read(chunk))

    def pending(self, absent: set[bytes]) -> set[bytes]:
        """Those of the absent that stand past the writer's commits only."""
        if not absent:
            return set()
        late = {each for chunk in self.chunks if chunk.pending for each in self._spill.read(chunk)} & absent
        if not late:
            return late
        return late - {each for chunk in self.chunks if not chunk.pending for each in self._spill.read(chunk)}

    def by_minute(self, missing: set[bytes]) -> Mapping[str, int]:
        """How many of the missing ids happened in each minute, in order; minutes with none are told too."""
        found: dict[str, set[bytes]] = {}
        for chunk in sorted(self.chunks, key=lambda chunk: chunk.minute):
            found.setdefault(chunk.minute, set())
            if missing:
                found[chunk.minute].update(missing.intersection(self._spill.read(chunk)))
        return {minute: len(ids) for minute, ids in found.items()}


def _grouped(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """Whole minutes, in order, as many as may be compared at once."""
    group: list[Chunk] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.minute):
        full = sum(each.length for each in group) // ID >= AT_ONCE
        if group and full and chunk.minute != group[-1].minute:
            yield group
            group = []
        group.append(chunk)
    if group:
        yield group


def _span(chunks: Sequence[Chunk], wanted: Wanted) -> tuple[str, str]:
    """From the first of these minutes to the end of the last."""
    since, until = clock.first_second(chunks[0].minute), clock.after(chunks[-1].minute)
    return max(since, wanted.since), min(until, wanted.until)


def _bounds(hour: str, wanted: Wanted) -> tuple[str, str]:
    return max(clock.first_second(hour), wanted.since), min(clock.after(hour), wanted.until)


class Gaps:
    """Minutes with something missing run on into one gap until a minute has everything."""

    def __init__(self) -> None:
        self.found: list[Gap] = []
        self._open = False

    def note(self, table: str, by_minute: Mapping[str, int]) -> None:
        for minute, missing in by_minute.items():
            last = self.found[-1] if self._open else None
            if missing and last is not None and last.table == table:
                self.found[-1] = Gap(table, last.first, minute, last.missing + missing)
            elif missing:
                self.found.append(Gap(table, minute, minute, missing))
            self._open = missing > 0

    def close(self) -> None:
        """What follows has everything."""
        self._open = False
