"""Put missing rows in, slice by slice: read, ask which are not there, load those. Each slice can be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from elreconcile.kinds.backfill_window.envelope import Event, examine
from elreconcile.kinds.backfill_window.rows import Row, UnknownFields, row_of
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Reader, Slice
from elreconcile.systems.event_loading import Loader
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
    """`before_load` is called with the number of rows before each transaction: for locks and pace."""

    def __init__(
        self,
        wanted: Wanted,
        holes: frozenset[CellKey],
        tables: Mapping[str, EventTable],
        mysql: MySqlConnection,
        loader: Loader,
    ) -> None:
        self.filled = Filled()
        self._wanted = wanted
        self._holes = holes
        self._tables = tables
        self._mysql = mysql
        self._loader = loader
        self._seen = 0

    def fill(self, reader: Reader, each: Slice) -> Iterator[int]:
        """Numbers of rows about to be put in; whoever asks for the next one has had them put in."""
        candidates: dict[str, dict[bytes, Missing]] = {}
        rows: dict[str, list[Row]] = {}
        for batch in reader.read([each]):
            for event, value in self._of_holes(batch):
                own = candidates.setdefault(event.table, {})
                own[event.id] = (event, value)
                if len(own) >= LOOKUPS:
                    yield from self._sort_out(event.table, candidates, rows)
        for table in list(candidates):
            yield from self._sort_out(table, candidates, rows)
        for table, left in rows.items():
            yield from self._load(table, left)

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

    def _sort_out(
        self, name: str, candidates: dict[str, dict[bytes, Missing]], rows: dict[str, list[Row]]
    ) -> Iterator[int]:
        """Those of the candidates that have no row become one; full commits are loaded."""
        table, own = self._tables[name], candidates.pop(name)
        there = times_of(self._mysql, table, list(own))
        ready = rows.setdefault(name, [])
        for key, (event, value) in own.items():
            if key not in there and (row := self._row(value, event, table)) is not None:
                ready.append(row)
        while len(ready) >= COMMIT:
            full, ready[:] = ready[:COMMIT], ready[COMMIT:]
            yield from self._load(name, full)

    def _row(self, value: bytes, event: Event, table: EventTable) -> Row | None:
        try:
            return row_of(value, event, table)
        except UnknownFields as error:
            self.filled.unknown.update({f"{table.name}.{column}": 1 for column in error.columns})
        except msgspec.DecodeError:
            self.filled.unreadable += 1
        return None

    def _load(self, name: str, rows: Sequence[Row]) -> Iterator[int]:
        if not rows:
            return
        yield len(rows)
        done = self._loader.load(self._tables[name], [row.values for row in rows])
        self.filled.inserted[name] += done.inserted
        self.filled.changed.update({f"{name}.{column}": number for column, number in done.changed.items()})
        for row in rows:
            if self._seen % SAMPLE_EVERY == 0 and len(self.filled.samples) < SAMPLES:
                self.filled.samples.append((name, row))
            self._seen += 1
