"""Put missing rows in, slice by slice: read, ask which are not there, load those. A slice can be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec

from elreconcile.kinds.backfill_window.envelope import Event, examine
from elreconcile.kinds.backfill_window.rows import Row, UnknownFields, row_of
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Reader, Slice
from elreconcile.systems.event_loading import Loaded, Loader
from elreconcile.systems.event_tables import LOOKUPS, EventTable, times_of
from elreconcile.systems.mysql import MySqlConnection

COMMIT = 1000
"""Rows a transaction. With 20,000 a live writer's inserts took ten times longer, and some ended in a deadlock."""

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

    def fill(self, reader: Reader, each: Slice) -> Iterator[int]:
        """Numbers of rows about to be put in; at its end they have been."""
        doubtful: dict[str, dict[bytes, Missing]] = {}
        rows: dict[str, list[Row]] = {name: [] for name in self._tables}
        for batch in reader.read([each]):
            for event, value in self._of_holes(batch):
                if (event.table, event.time[:10]) in self._empty:
                    self._add_row(value, event, rows[event.table])
                else:
                    doubtful.setdefault(event.table, {})[event.id] = (event, value)
            for table, own in doubtful.items():
                if len(own) >= LOOKUPS:
                    self._ask(table, own, rows[table])
            for table, ready in rows.items():
                yield from self._load(table, ready, COMMIT)
        for table, own in doubtful.items():
            self._ask(table, own, rows[table])
        for table, ready in rows.items():
            yield from self._load(table, ready, 1)
        self._finish()

    def close(self) -> None:
        """Waits for the rows under way."""
        self._beside.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _of_holes(self, batch: Batch) -> Iterator[tuple[Event, bytes]]:
        commit = self._wanted.commit(batch.part)
        for position, value in zip(batch.positions, batch.values, strict=True):
            if value is None or (commit is not None and position >= commit):
                continue
            event = examine(value)
            if isinstance(event, Event) and self._belongs(event):
                yield event, value

    def _belongs(self, event: Event) -> bool:
        return (
            (event.table, event.time[:10]) in self._holes
            and self._wanted.covers(event.time)
            and not self._wanted.leaves_out_as_bot(event)
            and event.schema not in self._wanted.blacklisted
            and event.table in self._tables
        )

    def _ask(self, name: str, doubtful: dict[bytes, Missing], ready: list[Row]) -> None:
        """Those that have no row become one."""
        there = times_of(self._mysql, self._tables[name], list(doubtful))
        for key, (event, value) in doubtful.items():
            if key not in there:
                self._add_row(value, event, ready)
        doubtful.clear()

    def _add_row(self, value: bytes, event: Event, ready: list[Row]) -> None:
        try:
            ready.append(row_of(value, event, self._tables[event.table]))
        except UnknownFields as error:
            self.filled.unknown.update({f"{event.table}.{column}": 1 for column in error.columns})
        except msgspec.DecodeError:
            self.filled.unreadable += 1

    def _load(self, name: str, ready: list[Row], least: int) -> Iterator[int]:
        while len(ready) >= least:
            rows, ready[:] = ready[:COMMIT], ready[COMMIT:]
            yield len(rows)
            self._finish()
            values = [row.values for row in rows]
            self._under_way = (name, self._beside.submit(self._loader.load, self._tables[name], values))
            self._note_samples(name, rows)

    def _finish(self) -> None:
        """Waits for the rows under way, and raises what became of them."""
        if self._under_way is not None:
            name, loading = self._under_way
            self._under_way = None
            done = loading.result()
            self.filled.inserted[name] += done.inserted
            self.filled.changed.update({f"{name}.{column}": number for column, number in done.changed.items()})

    def _note_samples(self, name: str, rows: Sequence[Row]) -> None:
        first = -self._seen % SAMPLE_EVERY
        self._seen += len(rows)
        room = SAMPLES - len(self.filled.samples)
        self.filled.samples += [(name, row) for row in rows[first::SAMPLE_EVERY][:room]]
