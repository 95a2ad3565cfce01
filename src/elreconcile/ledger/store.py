"""The ledger's entries, their history and the runs, in whichever database holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from elreconcile.errors import LedgerError
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection, Row
from elreconcile.ledger.entry import Entry, PastRun, Run, State
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

    def count(self, state: State) -> int:
        """How many requests stand at this state."""
        return int(self._connection.execute(self._dialect.sql(sql.COUNT), (state.value,))[0][0])

    def history(self, address: str | None = None) -> tuple[Entry, ...]:
        """Every word ever recorded, of all addresses or of one, oldest first."""
        if address is None:
            rows = self._connection.execute(sql.HISTORY)
        else:
            rows = self._connection.execute(self._dialect.sql(sql.HISTORY_OF), (address,))
        return tuple(_entry(row) for row in rows)

    def runs(self) -> tuple[PastRun, ...]:
        """Every run, oldest first."""
        return tuple(map(_past_run, self._connection.execute(sql.RUNS_BY_NUMBER)))

    def runs_of_plan(self, digest: str) -> tuple[PastRun, ...]:
        """Those that set out to do the plan of this digest, oldest first."""
        return tuple(map(_past_run, self._connection.execute(self._dialect.sql(sql.RUNS_OF_PLAN), (digest,))))

    def run(self, run_id: str) -> PastRun | None:
        rows = self._connection.execute(self._dialect.sql(sql.RUN_OF_ID), (run_id,))
        return _past_run(rows[0]) if rows else None

    def run_number(self) -> int:
        """The number of the latest run, 0 before the first. It goes down only with an old copy put back."""
        return int(self._connection.execute(sql.RUN_NUMBER)[0][0])

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
        rows = [_row(entry) for entry in sorted(entries, key=lambda entry: entry.key)]

        def work() -> None:
            self._connection.execute_many(self._dialect.sql(sql.PUT_ENTRY), rows)
            self._connection.execute_many(self._dialect.sql(sql.ADD_HISTORY), rows)

        self._connection.in_transaction(work)

    def start_run(self, run: Run) -> int:
        """Records the run before it acts. Returns its number: one more than that of the run before."""

        def work() -> int:
            self._connection.execute(sql.NEXT_RUN_NUMBER)
            number = self.run_number()
            self._connection.execute(self._dialect.sql(sql.ADD_RUN), (number, *_run_row(run)))
            return number

        return self._connection.in_transaction(work)

    def end_run(self, run_id: str, outcomes: Json) -> None:
        """Records how the run's changes ended."""
        row = (_time(datetime.now(UTC)), canonical(outcomes), run_id)
        self._connection.execute(self._dialect.sql(sql.END_RUN), row)


def _by_key(rows: Sequence[Row]) -> dict[tuple[str, str], Entry]:
    return {entry.key: entry for entry in map(_entry, rows)}


def _row(entry: Entry) -> Row:
    return (
        entry.address,
        entry.request_id,
        entry.fingerprint,
        canonical(entry.meaning),
        entry.state.value,
        canonical(entry.pins),
        canonical(entry.before),
        canonical(entry.evidence),
        entry.run,
        _time(entry.at),
    )


def _run_row(run: Run) -> Row:
    return (
        run.id,
        _time(run.started_at),
        run.author,
        run.host,
        run.git_commit,
        run.digest,
        canonical(run.plan),
    )


def _past_run(row: Row) -> PastRun:
    number, run_id, started_at, author, host, git_commit, digest, plan, ended_at, outcomes = row
    run = Run(run_id, datetime.fromisoformat(started_at), author, host, git_commit, digest, json.loads(plan))
    ended = datetime.fromisoformat(ended_at) if ended_at else None
    return PastRun(int(number), run, ended, json.loads(outcomes) if outcomes else None)


def _entry(row: Row) -> Entry:
    address, request_id, fingerprint, meaning, state, pins, before, evidence, run, at = row
    return Entry(
        address=_text(address),
        request_id=_text(request_id),
        fingerprint=fingerprint,
        meaning=json.loads(meaning),
        state=_state(state),
        pins=json.loads(pins),
        before=json.loads(before),
        evidence=json.loads(evidence),
        run=run,
        at=datetime.fromisoformat(at),
    )


def _text(key: Any) -> str:
    """MySQL gives the columns it compares byte by byte as bytes."""
    return key.decode() if isinstance(key, bytes) else str(key)


def _state(word: str) -> State:
    try:
        return State(word)
    except ValueError:
        raise LedgerError(f"the ledger holds the state {word!r}, which this version does not know") from None


def _time(at: datetime) -> str:
    """UTC and of one length, so that the texts sort as the times do. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
