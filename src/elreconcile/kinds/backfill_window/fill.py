"""Put missing rows in, stretch by stretch: read, ask which are not there, load those. All of it can be done again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from elreconcile.errors import ElreconcileError
from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event, decode_plain, event_of, examine
from elreconcile.kinds.backfill_window.rows import UNDECODABLE, Row, UnknownFields, row_of
from elreconcile.kinds.backfill_window.scan import PLACES_KEPT
from elreconcile.kinds.backfill_window.sending import Filled, Sender
from elreconcile.kinds.backfill_window.spill import CellKey
from elreconcile.kinds.backfill_window.there import There
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Part, Reader, Slice
from elreconcile.systems.event_tables import EventTable

SORTED = 10_000
"""Rows that wait to be sorted by uuid. They are sent while the next ones are read."""

DOUBTFUL = 20_000
"""Events that wait to be looked up together."""

HELD = 50_000_000
"""Bytes of events that wait, of whichever number."""

STRETCH = 64_000
"""Records read between two entries in the ledger."""


class NoColumn(ElreconcileError):
    """An event has fields that its table has no columns for: nothing of it is cut off, and filling stops."""


Missing = tuple[Event, bytes, Part, int]
"""An event that may have no row, the whole of it, and where it is."""


class Filler:
    """Rows are made ready while the server takes the ones before them.

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
        sender: Sender,
        filled: Filled,
    ) -> None:
        self._reader = reader
        self._filled = filled
        self._wanted = wanted
        self._holes = holes
        self._empty = empty
        self._tables = tables
        self._there = there
        self._sender = sender
        self._doubtful: dict[str, list[Missing]] = {name: [] for name in tables}
        self._ready: dict[str, list[Row]] = {name: [] for name in tables}
        self._hours = beginnings(hour for _, hour in holes)
        self._held = 0

    def fill(self, slices: Sequence[Slice], before_read: Callable[[int], None]) -> Iterator[int]:
        """Yields how many records a stretch had, once its rows are in. `before_read` is told their number each time.

        Raises NoColumn; what was put in before stays.
        """
        read = owed = 0
        for batch in self._reader.read(slices):
            before_read(len(batch.values))
            self._take(batch)
            read += len(batch.values)
            if read >= STRETCH:
                self._hand_over()
                if owed:  # its rows went before these
                    yield owed
                owed, read = read, 0
            self._sender.go_on()
        self._hand_over()
        self._sender.send_all()
        yield from filter(None, (owed, read))

    def _take(self, batch: Batch) -> None:
        for missing in self._of_holes(batch):
            event = missing[0]
            self._held += len(missing[1])
            if (event.table, event.time[:10]) in self._empty:
                self._add_row(missing)
            else:
                self._doubtful[event.table].append(missing)
        if self._held >= HELD:
            self._hand_over()
        if sum(map(len, self._doubtful.values())) >= DOUBTFUL:
            self._look_up()
        if sum(map(len, self._ready.values())) >= SORTED:
            self._send()

    def _hand_over(self) -> None:
        """All there is, once what was sent before is in."""
        self._look_up()
        self._send()
        self._held = 0

    def _send(self) -> None:
        self._sender.send_all()
        for name, ready in self._ready.items():
            self._sender.add(name, ready)
            ready.clear()

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
            self._sender.finish()
            names, uuid = ", ".join(error.columns), event.id.hex()
            raise NoColumn(f"the table {event.table} has no column for {names} (uuid {uuid})") from error
        except UNDECODABLE:
            self._filled.undecodable.setdefault(event.table, set()).add(event.id)
            if len(self._filled.places) < PLACES_KEPT:
                self._filled.places.append(self._reader.place(part, position))


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
