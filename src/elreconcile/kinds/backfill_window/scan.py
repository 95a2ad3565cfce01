"""Go over a source once: sort the ids of eligible events by table and minute, count everything else.

Most batches hold nothing but events in plain capsules, and are taken quickly: an id, a minute and a table each. A
batch with anything else in it is looked at event by event, so that whatever is odd is counted with its position.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from elreconcile.kinds.backfill_window.bulk import in_bulk
from elreconcile.kinds.backfill_window.clock import moment_of
from elreconcile.kinds.backfill_window.envelope import (
    TABLE_NAME,
    Agent,
    Event,
    Unreadable,
    WithoutTime,
    decode_plain,
    digits_of,
    examine,
    table_name,
)
from elreconcile.kinds.backfill_window.spill import ID, CellKey, Spill
from elreconcile.kinds.backfill_window.wanted import Wanted
from elreconcile.systems.event_batch import Batch, Part, Reader, Slice, cut

SECONDS = frozenset(f":{second:02}Z" for second in range(60))
PLACES_KEPT = 5
"""Positions kept of each sort of odd record; all are counted."""


class Blacklisted(msgspec.Struct, frozen=True):
    """Events of this table are left out."""

    table: str


Place = tuple[str, str] | Blacklisted | None
"""Table and minute; None: of no concern to the window."""


class _Odd(Exception):
    """A batch has to be looked at event by event."""


@dataclass(slots=True)
class Odd:
    """Records of one sort: how many, and where the first ones are."""

    count: int = 0
    places: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What a scan found. `first` and `last` are the event times seen, of any schema, to the minute.

    `marks`: the ten minutes of the window, of 11 digits, with an event of any schema. `ends`: behind the last record
    of each part. `latest_ms`: when an event of the window still arrived; what is past `now_ms` is no such time.
    """

    spill: Spill
    read: int = 0
    blacklisted: Counter[str] = field(default_factory=Counter)
    bots: Counter[str] = field(default_factory=Counter)
    without_time: dict[str, Odd] = field(default_factory=dict)
    unreadable: dict[str, Odd] = field(default_factory=dict)
    raw: Odd = field(default_factory=Odd)
    schemas: defaultdict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    first: str | None = None
    last: str | None = None
    marks: set[str] = field(default_factory=set)
    ends: dict[Part, int] = field(default_factory=dict)
    latest_ms: int = 0
    now_ms: int = 1 << 62
    slices: dict[Slice, set[CellKey]] = field(default_factory=dict)


def scan(reader: Reader, slices: Iterable[Slice], wanted: Wanted, tally: Tally, before: Callable[[int], None]) -> None:
    """Fill the tally. Memory does not grow with what is read, but with the hours and tables it touches.

    `before` is told how many records come each time, and returns when they may.
    """
    scanner = _Scanner(reader, wanted, tally)
    with in_bulk():
        for batch in reader.read(list(slices)):
            before(len(batch.values))
            scanner.take(batch)
    tally.spill.flush()


class _Scanner:
    def __init__(self, reader: Reader, wanted: Wanted, tally: Tally) -> None:
        self._reader = reader
        self._wanted = wanted
        self._tally = tally
        self._tables: dict[tuple[str, int], str | Blacklisted | None] = {}
        self._minutes: dict[str, str] = {}
        self._clock: dict[Part, int] = {}
        self._mixed = False
        """The batch holds events of other times, too: its last record need not be the latest."""
        self._until_ms = int(moment_of(wanted.until).timestamp() * 1000)

    def take(self, batch: Batch) -> None:
        commit = self._wanted.commit(batch.part)
        before, after = (batch, None) if commit is None else cut(batch, commit)
        for part, pending in ((before, False), (after, True)):
            if part is not None and part.values:
                self._take(part, pending)

    def _take(self, batch: Batch, pending: bool) -> None:
        self._tally.read += len(batch.values)
        self._tally.ends[batch.part] = batch.positions[-1] + 1
        self._mixed = False
        try:
            touched = self._quickly(batch, pending)
        except (_Odd, msgspec.DecodeError, UnicodeDecodeError, TypeError, RecursionError):
            touched = self._carefully(batch, pending)
        self._note_slices(batch, touched)
        self._note_clock(batch, bool(touched))

    def _quickly(self, batch: Batch, pending: bool) -> set[CellKey]:
        """All of it, or nothing and `_Odd`."""
        ids: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
        bots: Counter[tuple[str, int, str]] = Counter()
        bots_too, tails = self._wanted.bots_too, set()
        for event in map(decode_plain, batch.values):  # type: ignore[arg-type]  # None raises TypeError
            said, agent = event.dt, event.userAgent
            tails.add(said[16:])
            if agent.__class__ is Agent and agent.is_bot and not agent.is_mediawiki and not bots_too:
                bots[event.schema, event.revision, said[:16]] += 1
            else:
                ids[event.schema, event.revision, said[:16]].append(event.uuid)
        if not tails <= SECONDS:
            raise _Odd
        return self._keep(
            [(self._place(key), several) for key, several in ids.items()],
            [(self._place(key), number) for key, number in bots.items()],
            pending,
        )

    def _keep(self, found: list[tuple[Place, list[str]]], bots: list[tuple[Place, int]], pending: bool) -> set[CellKey]:
        packed = [(place, _packed(ids)) for place, ids in found if isinstance(place, tuple)]
        for (table, minute), ids in packed:
            self._tally.spill.add(table, minute, pending, ids)
        for place, number in [*bots, *((place, len(ids)) for place, ids in found)]:
            if isinstance(place, Blacklisted):
                self._tally.blacklisted[place.table] += number
        for place, number in bots:
            if isinstance(place, tuple):
                self._tally.bots[place[0]] += number
        return {(table, minute[:10]) for (table, minute), _ in packed}

    def _place(self, key: tuple[str, int, str]) -> Place:
        schema, revision, text = key
        minute = self._minute(text)
        inside = self._wanted.covers_minute(minute)
        if inside is None:
            raise _Odd
        if not inside:
            self._mixed = True
            return None
        table = self._table(schema, revision)
        return (table, minute) if isinstance(table, str) else table

    def _minute(self, text: str) -> str:
        """12 digits of `2015-10-14T06:00`; told to the tally as seen."""
        digits = self._minutes.get(text)
        if digits is None:
            whole = digits_of(f"{text}:00Z")
            if whole is None or len(text) != 16:
                raise _Odd
            if len(self._minutes) > 10_000:
                self._minutes.clear()
            digits = self._minutes[text] = whole[:12]
            self._saw(digits, bool(self._wanted.covers_minute(digits)))
        return digits

    def _saw(self, minute: str, inside: bool) -> None:
        tally = self._tally
        if inside:
            tally.marks.add(minute[:11])
        tally.first = minute if tally.first is None else min(tally.first, minute)
        tally.last = minute if tally.last is None else max(tally.last, minute)

    def _table(self, schema: str, revision: int) -> str | Blacklisted | None:
        if (schema, revision) not in self._tables:
            table = table_name(schema, revision)
            if len(table) > TABLE_NAME:
                raise _Odd
            self._tables[schema, revision] = self._judge(table, schema, revision)
        return self._tables[schema, revision]

    def _judge(self, table: str, schema: str, revision: int) -> str | Blacklisted | None:
        """None: the document does not name it."""
        if not self._wanted.names_it(schema, revision, table):
            return None
        self._tally.schemas[table].add((schema, revision))
        return Blacklisted(table) if schema in self._wanted.blacklisted else table

    def _carefully(self, batch: Batch, pending: bool) -> set[CellKey]:
        touched: set[CellKey] = set()
        for position, value in zip(batch.positions, batch.values, strict=True):
            event = examine(value)
            if isinstance(event, Event):
                touched |= self._one(event, pending)
            else:
                self._count_odd(event, self._reader.place(batch.part, position))
        return touched

    def _one(self, event: Event, pending: bool) -> set[CellKey]:
        inside = self._wanted.covers(event.time)
        self._saw(event.time[:12], inside)
        self._mixed |= not inside
        table = self._judge(event.table, event.schema, event.revision)
        if not inside or table is None:
            pass
        elif isinstance(table, Blacklisted):
            self._tally.blacklisted[table.table] += 1
        elif self._wanted.leaves_out_as_bot(event):
            self._tally.bots[table] += 1
        else:
            self._tally.spill.add(table, event.time[:12], pending, event.id)
            return {(table, event.time[:10])}
        return set()

    def _count_odd(self, what: Unreadable | WithoutTime, place: str) -> None:
        if isinstance(what, WithoutTime):
            odd = self._tally.without_time.setdefault(what.table, Odd())
        elif what.raw:
            odd = self._tally.raw
        else:
            odd = self._tally.unreadable.setdefault(what.reason, Odd())
        odd.count += 1
        if len(odd.places) < PLACES_KEPT:
            odd.places.append(place)

    def _note_slices(self, batch: Batch, touched: set[CellKey]) -> None:
        if touched:
            size = self._reader.chunk
            first, last = batch.positions[0] // size, batch.positions[-1] // size
            for number in range(first, last + 1):
                which = Slice(batch.part, number * size, (number + 1) * size)
                self._tally.slices.setdefault(which, set()).update(touched)

    def _note_clock(self, batch: Batch, touched: bool) -> None:
        """How late, by the source's own clock, an event of the window was still arriving."""
        clock, last = self._clock.get(batch.part, 0), self._arrival(batch.last_ms)
        if touched and (self._mixed or max(clock, last) >= self._until_ms):
            for time, value in zip(batch.times(), batch.values, strict=False):
                clock = max(clock, self._arrival(time))
                if clock >= self._until_ms and self._concerns(value):
                    self._tally.latest_ms = max(self._tally.latest_ms, clock)
        self._clock[batch.part] = max(clock, last)

    def _arrival(self, time: int) -> int:
        """A producer may have written any time beside a record."""
        return time if time <= self._tally.now_ms else 0

    def _concerns(self, value: bytes | None) -> bool:
        event = examine(value)
        return isinstance(event, Event) and self._wanted.covers(event.time) and self._is_wanted(event)

    def _is_wanted(self, event: Event) -> bool:
        return self._wanted.names_it(event.schema, event.revision, event.table)


def _packed(ids: list[str]) -> bytes:
    """16 bytes for each."""
    try:
        packed = bytes.fromhex("".join(ids))
    except ValueError:
        raise _Odd from None
    if len(packed) != ID * len(ids):  # fromhex passes over spaces
        raise _Odd
    return packed
