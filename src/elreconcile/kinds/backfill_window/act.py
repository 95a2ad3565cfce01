"""Carry a window out: make the missing tables, fill stretch by stretch at the window's pace, read everything back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing

from elreconcile.errors import ElreconcileError, Unreachable
from elreconcile.kinds.backfill_window import limits, sample, sink, source
from elreconcile.kinds.backfill_window.bulk import in_bulk
from elreconcile.kinds.backfill_window.diff import Work, work
from elreconcile.kinds.backfill_window.fill import Filler, NoColumn
from elreconcile.kinds.backfill_window.judge import Left, judge
from elreconcile.kinds.backfill_window.left_out import left_out
from elreconcile.kinds.backfill_window.observe import Look
from elreconcile.kinds.backfill_window.pace import Pacer
from elreconcile.kinds.backfill_window.scan import Tally
from elreconcile.kinds.backfill_window.sending import Filled, Sender
from elreconcile.kinds.backfill_window.spill import CellKey, Spill
from elreconcile.kinds.backfill_window.there import There
from elreconcile.kinds.contract import Journal, Moment
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.systems import WritingSystems
from elreconcile.systems.deadline import Deadline
from elreconcile.systems.event_batch import Slice
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.event_tables import EventTable, times_of
from elreconcile.systems.mysql import MySqlConnection, connect

REPLICA_PATIENCE = 15.0
"""Seconds to wait until the last rows are on the replica too."""


def act(change: Change, systems: WritingSystems, moment: Moment, journal: Journal) -> Outcome:
    """What was put in stays when a run is cut short: the next one looks for what is still missing."""
    job = work(change)
    try:
        found = source.find(job.spec, job.ranges, systems, moment)
        refusals = (*found.refusals, *limits.refusals(job.spec, moment))
        if refusals:
            reason = "; ".join(f"{each.what}: {each.value}" for each in refusals)
            return Outcome(change.address, *_refused(job, f"nothing was put in: {reason}"))
        run = _Run(change.address, job, found, systems, moment, journal)
        journal.still_ours(change.address)
    except (ElreconcileError, OSError) as error:
        return _ended_by(error, change, Ending.NOT_REACHED, "not begun")
    try:
        return run.carry_out()
    except (ElreconcileError, OSError) as error:  # a full disk of this machine, say
        return _ended_by(error, change, Ending.FAILED, "cut short; apply again to go on")


def _refused(job: Work, reason: str) -> tuple[Ending, str]:
    """Forgotten, a window that an earlier run half filled would be settled without a look at all of its replica."""
    if job.goes_on:
        return Ending.FAILED, f"{reason}; an earlier run may have put rows in, and the window stays open"
    return Ending.REFUSED, reason


def _ended_by(error: Exception, change: Change, ending: Ending, words: str) -> Outcome:
    return Outcome(change.address, ending, f"{words}: {error}", unreachable=isinstance(error, Unreachable))


class _Run:
    def __init__(
        self,
        address: Address,
        job: Work,
        found: source.Found,
        systems: WritingSystems,
        moment: Moment,
        journal: Journal,
    ) -> None:
        self._address = address
        self._job = job
        self._look = Look(job.spec, found, systems, moment, self._tell)
        self._left_out = left_out(job, self._look.blacklisted)
        self._systems = systems
        self._journal = journal
        self._filled = Filled()

    def carry_out(self) -> Outcome:
        self._journal.sending([self._address])
        with closing(self._connect()) as asking, closing(self._connect(local_infile=True)) as loading:
            self._create(asking)
            tables = self._tables(asking)
            with self._look.paced() as pacer, closing(There(asking)) as there:
                loader = Loader(loading)
                try:
                    self._fill(pacer, tables, there, loader)
                except NoColumn as error:
                    return self._stopped(error)
                altered = sample.altered(asking, tables, self._filled.samples)
                left = self._left(pacer, asking, tables)
        return judge(self._address, self._job, self._filled, left, altered)

    def _connect(self, local_infile: bool = False) -> MySqlConnection:
        name = self._job.spec.sink.mysql
        settings = self._systems.config.mysql[name]
        return connect(name, settings, self._systems.deadline, local_infile=local_infile)

    def _create(self, mysql: MySqlConnection) -> None:
        for name, statement in self._job.create.items():
            if name in self._left_out.since:
                continue
            self._journal.still_ours(self._address)
            mysql.execute(statement.replace("%", "%%"))

    def _tables(self, mysql: MySqlConnection) -> Mapping[str, EventTable]:
        described = [sink.look(mysql, name) for name in sorted({table for table, _ in self._job.holes})]
        return {each.name: each.table for each in described if each.table is not None and each.problem is None}

    def _fill(self, pacer: Pacer, tables: Mapping[str, EventTable], there: There, loader: Loader) -> None:
        job = self._job
        slices = source.clipped(job.slices, job.ranges)

        def before_load(rows: int) -> None:
            pacer.before_writing(rows)
            self._tell(None)

        with (
            in_bulk(),
            source.opened(job.spec, self._systems) as reader,
            closing(Sender(tables, loader, self._filled, before_load)) as sender,
        ):
            filler = Filler(reader, self._look.wanted, job.holes, job.empty, tables, there, sender, self._filled)
            for number, _ in enumerate(filler.fill(slices, pacer.before_reading), 1):
                done: Json = {"stretches": number, "inserted": self._filled.inserted.total()}
                self._journal.progressed(self._address, done)
                self._tell(None)

    def _tell(self, reason: str | None) -> None:
        self._journal.still_ours(self._address)
        self._journal.tell(self._address, self._filled.inserted.total(), sum(self._job.missing.values()), reason)

    def _stopped(self, error: NoColumn) -> Outcome:
        """Before the event: nothing of it is cut off."""
        rows = self._filled.inserted.total()
        reason = f"stopped: {error}; {rows:,} rows were put in before it, and stay; add the column and apply again"
        return Outcome(self._address, Ending.FAILED, reason, {"inserted": dict(self._filled.inserted)})

    def _left(self, pacer: Pacer, mysql: MySqlConnection, tables: Mapping[str, EventTable]) -> Left:
        """The replica is looked at last, once nothing else keeps the window open."""
        slices = source.clipped(self._job.slices, self._job.ranges)
        missing, pending = self._without_row(pacer, slices, self._job.holes, None)
        undecodable = self._undecodable(mysql, tables)
        missing -= undecodable
        stays_open = missing or pending or self._job.stays_open or any(self._left_out.unlike_planned())
        on_replica = None if stays_open else self._missing_on_replica(pacer, slices, undecodable)
        return Left(missing, pending, undecodable, on_replica, self._left_out)

    def _undecodable(self, mysql: MySqlConnection, tables: Mapping[str, EventTable]) -> int:
        """Those that no row can be made of, and that nobody has made one of: they were among the missing."""
        return sum(
            len(ids) - len(times_of(mysql, tables[name], sorted(ids))) for name, ids in self._filled.undecodable.items()
        )

    def _without_row(
        self, pacer: Pacer, slices: Sequence[Slice], only: frozenset[CellKey] | None, server: str | None
    ) -> tuple[int, int]:
        """Missing ones, and pending ones."""
        with Spill() as spill:
            _, result = self._look.compared(pacer, Tally(spill), slices, only, server)
        return sum(hour.missing for hour in result.hours), sum(hour.pending for hour in result.hours)

    def _missing_on_replica(self, pacer: Pacer, slices: Sequence[Slice], undecodable: int) -> int | None:
        """After a while in which a copy that is a little behind gets them. Rows of earlier runs may lie in any hour."""
        job, patience = self._job, Deadline(REPLICA_PATIENCE)
        replica, only = job.spec.sink.replica, None if job.goes_on else job.holes
        if replica is None:
            return None
        if job.goes_on:
            slices = source.slices(job.ranges)
        while (missing := sum(self._without_row(pacer, slices, only, replica)) - undecodable) and patience.left:
            self._tell(f"{missing:,} rows are not on the replica yet")
            time.sleep(1)
        return missing
