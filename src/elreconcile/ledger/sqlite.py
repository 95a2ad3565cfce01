"""A ledger in a SQLite file, on a local disk: many processes of one machine may share it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from elreconcile.errors import LedgerError, Unreachable
from elreconcile.ledger.connection import Row, T
from elreconcile.ledger.way_out import PUT_BACK

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_DAMAGED = f"The file is damaged, or no ledger: apply nothing. Move it and its -journal elsewhere, then {PUT_BACK}"


class SqliteConnection:
    """Opening does not make the file. `deadline`: seconds to wait while another process writes."""

    def __init__(self, path: Path, deadline: float, *, read_only: bool, create: bool = False) -> None:
        self._path = path
        mode = "rwc" if create else "rw"
        with self._told():
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=deadline
            )
        try:
            with self._told():
                self._set_up(read_only)
        except BaseException:
            self.close()
            raise

    def _set_up(self, read_only: bool) -> None:
        # A writer takes the write lock at once: a reader turned writer half way could not wait for another writer.
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        # Not WAL: a reader of another user would leave files behind that the next writer may not write.
        # EXTRA: "started" must outlive a power cut, or a request could be carried out twice.
        self._connection.execute("PRAGMA synchronous = EXTRA")
        # Not mode=ro: whoever comes first after a crash has to be able to recover the journal.
        self._connection.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")

    def execute(self, sql: str, values: Row = ()) -> Sequence[Row]:
        with self._told():
            return self._connection.execute(sql, values).fetchall()

    def stream(self, sql: str) -> Iterator[Row]:
        with self._told():
            yield from self._connection.execute(sql)

    def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        with self._told():
            self._connection.executemany(sql, rows)

    def in_transaction(self, work: Callable[[], T]) -> T:
        with self._told():
            self._connection.execute(self._begin)
            try:
                result = work()
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            return result

    def _roll_back(self) -> None:
        # SQLite itself rolls back after some errors, a full disk for one.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        return bool(self.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        started = time.monotonic()
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith("SQLITE_BUSY"):
                tried = time.monotonic() - started
                raise Unreachable(f"ledger {self._path}", "another process is writing", tried) from error
            way_out = f". {_DAMAGED}" if name.startswith(_DAMAGE) else ""
            raise LedgerError(f"ledger {self._path}: {error}{way_out}") from error
