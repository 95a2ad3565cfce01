"""Put missing rows in, stretch by stretch: read, ask which are not there, load those. All of it can be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import attrgetter
from types import TracebackType
from typing import Self

import msgspec

from elreconcile.errors import ElreconcileError
from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event, decode_plain, event_of, examine
from elreconcile.kinds.backfill_window.rows import UNDECODABLE, Row, UnknownFields, row_of
from elreconcile.kinds.backfill_window.scan import PLACES_KEPT
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.backfill_window.there import There
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Part, Reader, Slice
from elreconcile.systems.event_loading import Loaded, Loader
from elreconcile.systems.event_tables import EventTable

COMMIT = 1000
"""Rows a transaction. With 20,000 a live writer's inserts took ten times longer, and some ended in a deadlock."""

SORTED = 10_000
"""Rows that wait to be sorted by uuid: each commit then touches one corner of the index on it."""

DOUBTFUL = 20_000
"""Events that wait to be looked up together."""

STRETCH = 64_000
"""Records read between two entries in the ledger."""

SAMPLE_EVERY = 200
"""Of so many rows put in, one is read back and compared value by value."""

SAMPLES = 500
"""Rows compared at most, over the whole window."""


class NoColumn(ElreconcileError):
    """An event has fields that its table has no columns for: nothing of it is cut off, and filling stops."""


@dataclass(slots=True)
class Filled:
    """What was put in, by table. `changed`: values the server says it altered, by table and column.

    `undecodable`: the ids of events that cannot be read in full; `places`: where the first of them are.
    """

    inserted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    undecodable: dict[str, set[bytes]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    samples: list[tuple[str, Row]] = field(default_factory=list)


Missing = tuple[Event, bytes, Part, int]
"""An event that may have no row, the whole of it, and where it is."""


class Filler:
    """Rows are made ready while the server takes the ones before them. What was done is told in `filled`.

    `empty`: holes of which not one event has its row; nothing is asked about those, IGNORE passes over what a live
    writer puts in meanwhile.
    """

    def __init__(
        self,
        reader: Reader,
        wanted: Wanted,
        holes: frozenset[CellKey],
        empty: frozenset[CellKey],
        tables: Mapping[str, EventTable],
        there: There,
        loader: Loader,
        filled: Filled,
    ) -> None:
        self._reader = reader
        self._filled = filled
        self._wanted = wanted
        self._holes = holes
        self._empty = empty
        self._tables = tables
        self._there = there
        self._loader = loader
        self._beside = ThreadPoolExecutor(1)
        self._under_way: tuple[str, Future[Loaded]] | None = None
        self._seen = 0
        self._doubtful: dict[str, list[Missing]] = {name: [] for name in tables}
        self._ready: dict[str, list[Row]] = {name: [] for name in tables}
        self._hours = beginnings(hour for _, hour in holes)

    def fill(
        self,
        slices: Sequence[Slice],
        before_read: Callable[[int], None],
        before_load: Callable[[int], None],
    ) -> Iterator[int]:
        """Yields how many records a stretch had, once its rows are in. Both calls are told their number each time.

        Raises NoColumn; what was put in before stays.
        """
        read = 0
        for batch in self._reader.read(slices):
            before_read(len(batch.values))
            for missing in self._of_holes(batch):
                event = missing[0]
                if (event.table, event.time[:10]) in self._empty:
                    self._add_row(missing)
                else:
                    self._doubtful[event.table].append(missing)
            self._put_in(DOUBTFUL, SORTED, before_load)
            read += len(batch.values)
            if read >= STRETCH:
                self._put_in(1, 1, before_load)
                self.finish()
                yield read
                read = 0
        self._put_in(1, 1, before_load)
        self.finish()
        yield read

    def finish(self) -> None:
        """Waits for the rows under way, and raises what became of them."""
        if self._under_way is not None:
            name, loading = self._under_way
            self._under_way = None
            done = loading.result()
            self._filled.inserted[name] += done.inserted
            self._filled.changed.update({f"{name}.{column}": number for column, number in done.changed.items()})

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
            event = event_within(value, self._hours)
            if event is not None and self._belongs(event):
                yield event, value, batch.part, position

    def _belongs(self, event: Event) -> bool:
        return (
            (event.table, event.time[:10]) in self._holes
            and self._wanted.covers(event.time)
            and not self._wanted.leaves_out_as_bot(event)
            and event.schema not in self._wanted.blacklisted
            and event.table in self._tables
        )

    def _put_in(self, doubtful: int, least: int, before_load: Callable[[int], None]) -> None:
        """What has come together, where it is at least so many events to look up, and so many rows."""
        if sum(map(len, self._doubtful.values())) >= doubtful:
            self._look_up()
        if sum(map(len, self._ready.values())) < least:
            return
        for name, ready in self._ready.items():
            ready.sort(key=attrgetter("id"))
            for start in range(0, len(ready), COMMIT):
                rows = ready[start : start + COMMIT]
                before_load(len(rows))
                self._load(name, rows)
            ready.clear()

    def _look_up(self) -> None:
        for name, doubtful in self._doubtful.items():
            absent = self._there.absent(self._tables[name], (event for event, *_ in doubtful))
            for missing in doubtful:
                if missing[0].id in absent:
                    self._add_row(missing)
            doubtful.clear()

    def _add_row(self, missing: Missing) -> None:
        event, value, part, position = missing
        try:
            self._ready[event.table].append(row_of(value, event, self._tables[event.table]))
        except UnknownFields as error:
            self.finish()
            names, uuid = ", ".join(error.columns), event.id.hex()
            raise NoColumn(f"the table {event.table} has no column for {names} (uuid {uuid})") from error
        except UNDECODABLE:
            self._filled.undecodable.setdefault(event.table, set()).add(event.id)
            if len(self._filled.places) < PLACES_KEPT:
                self._filled.places.append(self._reader.place(part, position))

    def _load(self, name: str, rows: Sequence[Row]) -> None:
        ready = self._loader.ready(self._tables[name], [row.values for row in rows])
        try:
            self.finish()
        except BaseException:
            ready.drop()
            raise
        self._under_way = (name, self._beside.submit(self._loader.load, ready))
        first = -self._seen % SAMPLE_EVERY
        self._seen += len(rows)
        room = SAMPLES - len(self._filled.samples)
        self._filled.samples += [(name, row) for row in rows[first::SAMPLE_EVERY][:room]]


def beginnings(hours: Iterable[str]) -> frozenset[str]:
    """What the times of these hours begin with in an event: `2015-10-14T06`, or with a space in the middle."""
    texts = [clock.iso(hour)[:13] for hour in hours]
    return frozenset([*texts, *(text.replace("T", " ") for text in texts)])


def event_within(value: bytes, hours: frozenset[str]) -> Event | None:
    """None for what is of another hour, as nearly all is, or no event. `hours`: their beginnings."""
    try:
        plain = decode_plain(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = examine(value)
        return event if isinstance(event, Event) else None
    return event_of(plain) if plain.dt[:13] in hours else None
