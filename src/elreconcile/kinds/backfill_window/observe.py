"""Read a window: what its source holds, what its tables hold, and what lies between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from functools import partial

from elreconcile.kinds.backfill_window import clock, coverage, limits, scan, sink, source
from elreconcile.kinds.backfill_window.compare import Result, checksums, compare
from elreconcile.kinds.backfill_window.fields import Looked, unknown_fields
from elreconcile.kinds.backfill_window.live import LiveWindow, Odd, TableSeen
from elreconcile.kinds.backfill_window.pace import Pacer, Tell, paced
from elreconcile.kinds.backfill_window.scan import Tally
from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.kinds.backfill_window.spill import CellKey, Spill
from elreconcile.kinds.backfill_window.wanted import wanted
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.model.change import Refusal
from elreconcile.systems import ReadingSystems
from elreconcile.systems.event_batch import Slice, SourceBroken
from elreconcile.systems.event_tables import EventTable
from elreconcile.systems.mysql import MySqlConnection, connect
from elreconcile.systems.mysql_blacklist import blacklisted, read_entries

PATIENCE = 30
"""How many times longer than one question a sum over an hour of rows may take."""


def observe(ask: Ask[BackfillWindow], systems: ReadingSystems, moment: Moment) -> LiveWindow | None:
    """None for a window that nothing may be done for any more: it is not read again."""
    if not ask.open:
        return None
    spec = ask.resource.spec.anchored(ask.resource.folder)
    given = None if ask.pins is None else source.read_ranges(ask.pins)
    try:
        found = source.find(spec, given, systems, moment)
    except SourceBroken as error:
        return LiveWindow(given or {}, {}, refusals=(_broken(error),), pins=given or {})
    look = Look(spec, found, systems, moment, partial(systems.waits, ask.address))
    if found.refusals or any(limits.refusals(spec, moment)):
        return look.refused(found.refusals)
    try:
        return look.whole()
    except SourceBroken as error:
        return look.refused((_broken(error),))


class Look:
    """One look at a window, or at the parts of it that had holes. `tell` hears why it stands still."""

    def __init__(
        self, spec: BackfillWindow, found: source.Found, systems: ReadingSystems, moment: Moment, tell: Tell
    ) -> None:
        self.spec = spec
        self.found = found
        self._systems = systems
        self._moment = moment
        self._tell = tell
        self.mysql = systems.mysql(spec.sink.mysql)
        entries = read_entries(self.mysql)
        self.blacklisted = blacklisted(entries or (), moment.now)
        self.wanted = wanted(spec, self.blacklisted, found.commits)

    def connect(self, name: str | None = None) -> MySqlConnection:
        """A connection for questions over many rows."""
        named = name or self.spec.sink.mysql
        deadline = self._systems.deadline
        settings = self._systems.config.mysql[named]
        return connect(named, settings, deadline, read_only=True, patience=PATIENCE * deadline)

    def paced(self) -> AbstractContextManager[Pacer]:
        """What all reading and writing has to wait for."""
        return paced(self.spec, self.connect, lambda mysql: _tables(sink.of_schemas(mysql, self.spec)), self._tell)

    def refused(self, refusals: tuple[Refusal, ...]) -> LiveWindow:
        found = self.found
        return LiveWindow(
            found.ranges, self._guards(), refusals=refusals, blacklisted=self.blacklisted, pins=found.pins
        )

    def whole(self) -> LiveWindow:
        with Spill() as spill, self.paced() as pacer:
            tally = Tally(spill, now_ms=int(self._moment.now.timestamp() * 1000))
            described, result = self.compared(pacer, tally, source.slices(self.found.ranges))
            tables = {name: self._planned(tally, each) for name, each in described.items()}
            holes = frozenset((hour.table, hour.hour) for hour in result.hours if hour.missing)
            ranges = source.as_read(self.found.ranges, tally.ends)
            return LiveWindow(
                ranges=ranges,
                guards=self._guards(),
                pins=self.found.pins or ranges,
                hours=result.hours,
                gaps=result.gaps,
                tables=tuple(self._seen(tally, tables, self._unknown(pacer, tally, holes, tables))),
                odd=tuple(_odd(tally)),
                blacklisted=self.blacklisted,
                first=tally.first,
                last=tally.last,
                open_end=self._open_end(tally),
                refusals=tuple(coverage.refusals(self.spec, self.found.pins, ranges, tally, self._moment.now)),
                slices=tuple(sorted(each for each, cells in tally.slices.items() if not holes.isdisjoint(cells))),
                read=tally.read,
            )

    def compared(
        self,
        pacer: Pacer,
        tally: Tally,
        slices: Sequence[Slice],
        only: frozenset[CellKey] | None = None,
        server: str | None = None,
    ) -> tuple[Mapping[str, sink.Described], Result]:
        """Scan the slices while the server sums up its hours; compare what differs. `server`: the replica, say."""

        def connect() -> MySqlConnection:
            return self.connect(server)

        with ThreadPoolExecutor(1) as beside, closing(connect()) as mysql, pacer.others():
            known = sink.of_schemas(mysql, self.spec)
            tables = _tables(known)
            cells = self._cells(tables) if only is None else only
            sums = beside.submit(checksums, connect, tables, cells, self.wanted, pacer.beside)
            with source.opened(self.spec, self._systems) as reader:
                scan.scan(reader, slices, self.wanted, tally, pacer.before_reading)
            names = {table for table, _ in tally.spill.cells} | set(tally.bots) | set(tally.blacklisted)
            described = {name: known.get(name) or sink.look(mysql, name) for name in names}
            tables_seen = {name: each.table for name, each in described.items()}
            summed = pacer.result(sums)
            return described, compare(
                tally.spill, tables_seen, summed, self.wanted, connect, pacer.before_reading, only
            )

    def _cells(self, tables: Iterable[str]) -> Sequence[CellKey]:
        hours = list(clock.hours(self.spec.since, self.spec.until))
        return [(table, hour) for table in sorted(tables) for hour in hours]

    def _guards(self) -> Mapping[str, str]:
        return {**self.found.guards, f"MySQL {self.spec.sink.mysql}": self.mysql.identity()}

    def _planned(self, tally: Tally, described: sink.Described) -> sink.Described:
        return sink.to_be_made(described, min(tally.schemas[described.name]), self.spec)

    def _unknown(
        self, pacer: Pacer, tally: Tally, holes: frozenset[CellKey], tables: Mapping[str, sink.Described]
    ) -> Mapping[str, Looked]:
        clipped = {source.clipped([each], self.found.ranges)[0]: cells for each, cells in tally.slices.items()}
        columns = {name: each.columns for name, each in tables.items()}
        with source.opened(self.spec, self._systems) as reader:
            return unknown_fields(reader, clipped, holes, columns, pacer.before_reading)

    def _seen(
        self, tally: Tally, tables: Mapping[str, sink.Described], looked: Mapping[str, Looked]
    ) -> Iterable[TableSeen]:
        for name, each in sorted(tables.items()):
            yield TableSeen(
                name,
                schemas=tuple(sorted(schema for schema, _ in tally.schemas[name])),
                revision=min(tally.schemas[name])[1],
                exists=each.table is not None,
                bots=tally.bots[name],
                blacklisted=tally.blacklisted[name],
                problem=each.problem,
                ddl=each.new.statement if each.new else None,
                unknown=looked[name].unknown,
                looked=looked[name].events,
            )

    def _open_end(self, tally: Tally) -> str | None:
        """Why the source may hold events of the window that were not read."""
        end = self.spec.until + self.spec.late
        if self._moment.now < end:
            return f"its events may arrive until {end:%Y-%m-%dT%H:%M:%SZ}"
        read_to = self.found.read_to or end
        if tally.latest_ms / 1000 > max(read_to - self.spec.late / 10, self.spec.until).timestamp():
            return f"one of its events came less than a tenth of `late` before {read_to:%Y-%m-%dT%H:%M:%SZ}"
        return None


def _tables(described: Mapping[str, sink.Described]) -> Mapping[str, EventTable]:
    return {name: each.table for name, each in described.items() if each.table is not None}


def _odd(tally: Tally) -> Iterable[Odd]:
    for table, odd in sorted(tally.without_time.items()):
        yield Odd(f"without time, of {table}", odd.count, tuple(odd.places))
    for reason, odd in sorted(tally.unreadable.items()):
        yield Odd(reason, odd.count, tuple(odd.places))
    if tally.raw.count:
        yield Odd("raw lines", tally.raw.count, tuple(tally.raw.places))


def _broken(error: SourceBroken) -> Refusal:
    return Refusal("unreadable-source", error.place, error.cause, "all of a window must be read", "mend or replace it")
