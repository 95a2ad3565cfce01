"""One MySQL or MariaDB server, for who may only look and for who may change: which tables it has, and statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from elreconcile.desired.config import MySqlConfig
from elreconcile.systems.mysql import MySqlConnection, Row, connect

T = TypeVar("T")


class MySqlReader:
    """Its session is read only: the server itself refuses every write. Methods raise Unreachable, StatementRefused."""

    read_only = True

    def __init__(self, name: str, settings: MySqlConfig, deadline: float) -> None:
        self.name = name
        self.database = settings.database
        self._settings = settings
        self._connection: MySqlConnection = connect(name, settings, deadline, read_only=self.read_only)

    def query(self, sql: str, values: Row = ()) -> Sequence[Row]:
        return self._connection.execute(sql, values)

    def version(self) -> str:
        """As the server tells it, e.g. 10.11.11-MariaDB."""
        return str(self.query("SELECT VERSION()")[0][0])

    def identity(self) -> str:
        """The id the server gave itself, where it has one; else where it answers."""
        rows = self.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uid', 'server_uuid')")
        return str(rows[0][1]) if rows else f"{self._settings.host}:{self._settings.port}"

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """Every table of the database that we may see: its columns, and their types such as `varchar(14)`."""
        rows = self.query(
            "SELECT table_name, column_name, column_type FROM information_schema.columns "
            "WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
        )
        tables: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            tables.setdefault(str(table), {})[str(column)] = str(kind)
        return tables

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class MySqlWriter(MySqlReader):
    """Each statement is a transaction of its own, unless inside `in_transaction`."""

    read_only = False

    def execute(self, sql: str, values: Row = ()) -> None:
        self._connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        self._connection.execute_many(sql, rows)

    def in_transaction(self, work: Callable[[], T]) -> T:
        """All that `work` writes or nothing; after a deadlock it is called again."""
        return self._connection.in_transaction(work)
