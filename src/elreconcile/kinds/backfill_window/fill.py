"""Put missing rows in, stretch by stretch: read, ask which are not there, load those. All of it can be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import attrgetter
from types import TracebackType
from typing import Self

import msgspec

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event, decode_plain, event_of, examine
from elreconcile.kinds.backfill_window.rows import Row, UnknownFields, row_of
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Reader, Slice
from elreconcile.systems.event_loading import Loaded, Loader
from elreconcile.systems.event_tables import LOOKUPS, EventTable, times_of
from elreconcile.systems.mysql import MySqlConnection

COMMIT = 1000
"""Rows a transaction. With 20,000 a live writer's inserts took ten times longer, and some ended in a deadlock."""

SORTED = 10_000
"""Rows that wait to be sorted by uuid: each commit then touches one corner of the index on it."""

STRETCH = 50_000
"""Records read between two entries in the ledger."""

SAMPLE_EVERY = 200
"""Of so many rows put in, one is read back and compared value by value."""

SAMPLES = 500
"""Rows compared at most, over the whole window."""


@dataclass(slots=True)
class Filled:
    """What was put in, by table.

    By table and column: `changed`, values the server says it altered, and `unknown`, fields without a column.
    """

    inserted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    samples: list[tuple[str, Row]] = field(default_factory=list)


Missing = tuple[Event, bytes]
"""An event that may have no row, and the whole of it."""


class Filler:
    """Rows are made ready while the server takes the ones before them.

    `empty`: holes of which not one event has its row; nothing is asked about those, IGNORE passes over what a live
    writer puts in meanwhile.
    """

    def __init__(
        self,
        wanted: Wanted,
        holes: frozenset[CellKey],
        empty: frozenset[CellKey],
        tables: Mapping[str, EventTable],
        mysql: MySqlConnection,
        loader: Loader,
    ) -> None:
        self.filled = Filled()
        self._wanted = wanted
        self._holes = holes
        self._empty = empty
        self._tables = tables
        self._mysql = mysql
        self._loader = loader
        self._beside = ThreadPoolExecutor(1)
        self._under_way: tuple[str, Future[Loaded]] | None = None
        self._seen = 0
        self._doubtful: dict[str, dict[bytes, Missing]] = {name: {} for name in tables}
        self._ready: dict[str, list[Row]] = {name: [] for name in tables}
        self._hours = frozenset(clock.iso(hour)[:13] for _, hour in holes)

    def fill(self, reader: Reader, slices: Sequence[Slice], before_load: Callable[[int], None]) -> Iterator[int]:
        """Yields how many records a stretch had, once its rows are in. `before_load` is told their number each time."""
        read = 0
        for batch in reader.read(slices):
            for event, value in self._of_holes(batch):
                if (event.table, event.time[:10]) in self._empty:
                    self._add_row(value, event)
                else:
                    self._doubtful[event.table][event.id] = (event, value)
            self._put_in(LOOKUPS, SORTED, before_load)
            read += len(batch.values)
            if read >= STRETCH:
                self._put_in(1, 1, before_load)
                self._finish()
                yield read
                read = 0
        self._put_in(1, 1, before_load)
        self._finish()
        yield read

    def close(self) -> None:
        """Waits for the rows under way."""
        self._beside.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _of_holes(self, batch: Batch) -> Iterator[Missing]:
        commit = self._wanted.commit(batch.part)
        for position, value in zip(batch.positions, batch.values, strict=True):
            if value is None or (commit is not None and position >= commit):
                continue
            event = self._quickly(value)
            if event is not None and self._belongs(event):
                yield event, value

    def _quickly(self, value: bytes) -> Event | None:
        """None for what is of another hour, as nearly all is, or no event."""
        try:
            plain = decode_plain(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            event = examine(value)
            return event if isinstance(event, Event) else None
        return event_of(plain) if plain.dt[:13] in self._hours else None

    def _belongs(self, event: Event) -> bool:
        return (
            (event.table, event.time[:10]) in self._holes
            and self._wanted.covers(event.time)
            and not self._wanted.leaves_out_as_bot(event)
            and event.schema not in self._wanted.blacklisted
            and event.table in self._tables
        )

    def _put_in(self, lookups: int, least: int, before_load: Callable[[int], None]) -> None:
        """What has come together, where it is at least so many to look up, and so many rows."""
        for name, doubtful in self._doubtful.items():
            if len(doubtful) >= lookups:
                there = times_of(self._mysql, self._tables[name], list(doubtful))
                for key, (event, value) in doubtful.items():
                    if key not in there:
                        self._add_row(value, event)
                doubtful.clear()
        if sum(map(len, self._ready.values())) < least:
            return
        for name, ready in self._ready.items():
            ready.sort(key=attrgetter("id"))
            for start in range(0, len(ready), COMMIT):
                rows = ready[start : start + COMMIT]
                before_load(len(rows))
                self._load(name, rows)
            ready.clear()

    def _add_row(self, value: bytes, event: Event) -> None:
        try:
            self._ready[event.table].append(row_of(value, event, self._tables[event.table]))
        except UnknownFields as error:
            self.filled.unknown.update({f"{event.table}.{column}": 1 for column in error.columns})
        except msgspec.DecodeError:
            self.filled.unreadable += 1

    def _load(self, name: str, rows: Sequence[Row]) -> None:
        self._finish()
        values = [row.values for row in rows]
        self._under_way = (name, self._beside.submit(self._loader.load, self._tables[name], values))
        first = -self._seen % SAMPLE_EVERY
        self._seen += len(rows)
        room = SAMPLES - len(self.filled.samples)
        self.filled.samples += [(name, row) for row in rows[first::SAMPLE_EVERY][:room]]

    def _finish(self) -> None:
        """Waits for the rows under way, and raises what became of them."""
        if self._under_way is not None:
            name, loading = self._under_way
            self._under_way = None
            done = loading.result()
            self.filled.inserted[name] += done.inserted
            self.filled.changed.update({f"{name}.{column}": number for column, number in done.changed.items()})
