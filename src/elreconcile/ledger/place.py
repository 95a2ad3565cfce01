"""Where a ledger lives: in a SQLite file, or in a database on a MySQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from elreconcile.desired.config import Config, MySqlConfig
from elreconcile.errors import LedgerError
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection
from elreconcile.ledger.lock import Locks


class Place(Protocol):
    """`str()` names it for an operator. Its methods raise Unreachable and LedgerError."""

    dialect: sql.Dialect

    def connect(self, *, read_only: bool) -> Connection | None:
        """None when there is nothing to connect to."""

    def create(self) -> Connection:
        """A connection that can make tables."""

    def locks(self, identity: str) -> Locks: ...


def place_of(config: Config) -> Place:
    """Contacts nothing."""
    deadline = config.timing.deadline.total_seconds()
    if config.ledger.sqlite is not None:
        return SqlitePlace(config.ledger.sqlite, deadline)
    name = str(config.ledger.mysql)
    settings = config.mysql[name]
    database = config.ledger.database or settings.database
    return MySqlPlace(name, settings.model_copy(update={"database": database}), deadline)


class SqlitePlace:
    dialect = sql.SQLITE

    def __init__(self, path: Path, deadline: float) -> None:
        self._path = path.resolve()  # two names of one file must not have two sets of locks
        self._deadline = deadline

    def __str__(self) -> str:
        return f"the SQLite file {self._path}"

    def connect(self, *, read_only: bool) -> Connection | None:
        return self._connection(read_only=read_only) if self._path.exists() else None

    def create(self) -> Connection:
        if not self._path.parent.is_dir():
            raise LedgerError(f"cannot make {self}: there is no folder {self._path.parent}")
        return self._connection(read_only=False, create=True)

    def locks(self, identity: str) -> Locks:
        from elreconcile.ledger.file_lock import FileLocks

        return FileLocks(self._path.with_name(f"{self._path.name}.locks"))

    def _connection(self, *, read_only: bool, create: bool = False) -> Connection:
        from elreconcile.ledger.sqlite import SqliteConnection

        return SqliteConnection(self._path, self._deadline, read_only=read_only, create=create)


class MySqlPlace:
    dialect = sql.MYSQL

    def __init__(self, name: str, settings: MySqlConfig, deadline: float) -> None:
        self._name = name
        self._settings = settings
        self._deadline = deadline

    def __str__(self) -> str:
        return f"the database {self._settings.database} on {self._name}"

    def connect(self, *, read_only: bool) -> Connection:
        from elreconcile.systems.mysql import connect

        return connect(self._name, self._settings, self._deadline, read_only=read_only)

    def create(self) -> Connection:
        return self.connect(read_only=False)

    def locks(self, identity: str) -> Locks:
        from elreconcile.ledger.server_lock import ServerLocks
        from elreconcile.systems.mysql import connect

        return ServerLocks(
            lambda idle_seconds: connect(self._name, self._settings, self._deadline, idle_seconds=idle_seconds),
            identity,
        )
