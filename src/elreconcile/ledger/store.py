"""The ledger's entries, their history and the runs, in whichever database holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection, Row
from elreconcile.ledger.entry import Entry, PastRun, Run
from elreconcile.ledger.rows import entry_of, entry_row, past_run_of, run_row, stored_time
from elreconcile.model.json import Json, canonical

Entries = Mapping[tuple[str, str], Entry]
_ADDRESSES_A_QUERY = 1000


class LedgerReader:
    """Reads, on a connection that cannot write. Every method raises Unreachable when the database is gone."""

    def __init__(self, connection: Connection, dialect: sql.Dialect, identity: str) -> None:
        self.identity = identity
        self._connection = connection
        self._dialect = dialect

    def entries(self) -> Entries:
        """The latest word on every request, by (address, request id)."""
        return _by_key(self._connection.execute(sql.ENTRIES))

    def entries_for(self, addresses: Iterable[str]) -> Entries:
        """The same for these addresses only."""
        found: dict[tuple[str, str], Entry] = {}
        wanted = sorted(set(addresses))
        for start in range(0, len(wanted), _ADDRESSES_A_QUERY):
            some = wanted[start : start + _ADDRESSES_A_QUERY]
            found |= _by_key(self._connection.execute(self._dialect.entries_of(len(some)), some))
        return found

    def history(self) -> tuple[Entry, ...]:
        """Every word ever recorded, oldest first."""
        return tuple(map(entry_of, self._connection.execute(sql.HISTORY)))

    def words_of(self, run_id: str) -> tuple[Entry, ...]:
        """Every word that this run recorded, oldest first."""
        return tuple(map(entry_of, self._connection.execute(self._dialect.sql(sql.WORDS_OF_RUN), (run_id,))))

    def runs(self) -> tuple[PastRun, ...]:
        """Every run, oldest first."""
        return tuple(map(past_run_of, self._connection.execute(sql.RUNS_BY_NUMBER)))

    def runs_of_plan(self, digest: str, after: int) -> tuple[PastRun, ...]:
        """Those after the run of this number that set out to do the plan of this digest, oldest first."""
        rows = self._connection.execute(self._dialect.sql(sql.RUNS_OF_PLAN), (digest, after))
        return tuple(map(past_run_of, rows))

    def run(self, run_id: str) -> PastRun | None:
        rows = self._connection.execute(self._dialect.sql(sql.RUN_OF_ID), (run_id,))
        return past_run_of(rows[0]) if rows else None

    def run_number(self) -> int:
        """The number of the latest run, 0 before the first. It goes down only with an old copy put back."""
        return int(self._connection.execute(sql.RUN_NUMBER)[0][0])

    def run_id(self, number: int) -> str | None:
        """The id of the run of this number; None: there is none."""
        rows = self._connection.execute(self._dialect.sql(sql.RUN_ID), (number,))
        return str(rows[0][0]) if rows else None

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LedgerWriter(LedgerReader):
    """Writes too. What a method has written is on the disk when it returns."""

    def record(self, entries: Sequence[Entry]) -> None:
        """All of them or none, each also appended to the history."""
        # One order for all writers: they wait for each other instead of deadlocking.
        rows = [entry_row(entry) for entry in sorted(entries, key=lambda entry: entry.key)]

        def work() -> None:
            self._connection.execute_many(self._dialect.sql(sql.PUT_ENTRY), rows)
            self._connection.execute_many(self._dialect.sql(sql.ADD_HISTORY), rows)

        self._connection.in_transaction(work)

    def start_run(self, run: Run) -> int:
        """Records the run before it acts. Returns its number: one more than that of the run before."""

        def work() -> int:
            self._connection.execute(sql.NEXT_RUN_NUMBER)
            number = self.run_number()
            self._connection.execute(self._dialect.sql(sql.ADD_RUN), (number, *run_row(run)))
            return number

        return self._connection.in_transaction(work)

    def end_run(self, run_id: str, outcomes: Json) -> None:
        """Records how the run's changes ended."""
        row = (stored_time(datetime.now(UTC)), canonical(outcomes), run_id)
        self._connection.execute(self._dialect.sql(sql.END_RUN), row)


def _by_key(rows: Sequence[Row]) -> dict[tuple[str, str], Entry]:
    return {entry.key: entry for entry in map(entry_of, rows)}
