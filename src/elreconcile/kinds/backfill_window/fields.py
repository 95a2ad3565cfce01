"""Whether the tables have a column for every field of the events they may lack, as far as a first look shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from elreconcile.kinds.backfill_window.envelope import Event, examine
from elreconcile.kinds.backfill_window.rows import UNDECODABLE, flat_of
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.systems.event_batch import Reader, Slice

EVENTS = 10_000
"""Events of each table whose fields are looked at while planning; filling looks at all of them, and stops."""

TOGETHER = 16
"""Slices read at once: one by one takes a round trip and more for each, all at once reads more than is looked at."""


class Looked(msgspec.Struct, frozen=True):
    """`events`: how many were looked at; `unknown`: their fields without a column."""

    events: int = 0
    unknown: tuple[str, ...] = ()


def unknown_fields(
    reader: Reader,
    slices: Mapping[Slice, set[CellKey]],
    holes: frozenset[CellKey],
    columns: Mapping[str, frozenset[str]],
    before: Callable[[int], None],
) -> Mapping[str, Looked]:
    """By table, of the events of hours with holes. `before` is told how many records come each time."""
    look = _Look(holes, columns)
    having = [(each, {table for table, _ in cells & holes}) for each, cells in sorted(slices.items())]
    for start in range(0, len(having), TOGETHER):
        group = [(each, tables) for each, tables in having[start : start + TOGETHER] if look.wants(tables)]
        tables = {table for _, several in group for table in several}
        for batch in reader.read([each for each, _ in group]):
            before(len(batch.values))
            if not look.wants(tables):
                break
            for value in batch.values:
                look.at(value)
    return {table: look.told(table) for table in columns}


class _Look:
    def __init__(self, holes: frozenset[CellKey], columns: Mapping[str, frozenset[str]]) -> None:
        self.unknown: dict[str, set[str]] = {}
        self._holes = holes
        self._columns = columns
        self._left = {table: EVENTS for table, known in columns.items() if known}

    def wants(self, tables: set[str]) -> bool:
        return any(self._left.get(table, 0) > 0 for table in tables)

    def told(self, table: str) -> Looked:
        looked = EVENTS - self._left[table] if table in self._left else 0
        return Looked(looked, tuple(sorted(self.unknown.get(table, ()))))

    def at(self, value: bytes | None) -> None:
        event = examine(value)
        if value is None or not isinstance(event, Event) or self._left.get(event.table, 0) <= 0:
            return
        if (event.table, event.time[:10]) not in self._holes:
            return
        self._left[event.table] -= 1
        try:
            names = flat_of(value, event).keys() - self._columns[event.table]
        except UNDECODABLE:
            return
        if names:
            self.unknown.setdefault(event.table, set()).update(names)
