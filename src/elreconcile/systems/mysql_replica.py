"""How far a copy of a server is behind it: by positions it has reached, or by its newest rows where it has none.

A replica says itself that it is 0 s behind while it hears nothing of a frozen primary, or fetches its log again. So
what counts is when it has reached a position (GTID) that was read from the primary. EventLogging's copies were fed
by a script: there is no status of replication there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from elreconcile.systems.event_tables import EventTable, quote
from elreconcile.systems.mysql import MySqlConnection, NoSuchTable, StatementRefused

COLUMNS = (
    ("Slave_IO_Running", "Replica_IO_Running"),
    ("Slave_SQL_Running", "Replica_SQL_Running"),
    ("Seconds_Behind_Master", "Seconds_Behind_Source"),
)
"""MariaDB's names, and those of MySQL 8.0.22 and newer."""

Position: TypeAlias = Mapping[str, int]
"""The last sequence number of each replication domain."""


class Unknown(Exception):
    """How far the copy is behind cannot be told; the text says why. Never to be taken for 0."""


class Replica:
    """A copy of a primary, looked at again and again."""

    def __init__(self, primary: MySqlConnection, copy: MySqlConnection, tables: Iterable[EventTable]) -> None:
        self._primary = primary
        self._copy = copy
        self._tables = tuple(tables)
        self._waiting: list[tuple[float, Position]] = []  # when they were the primary's, oldest first
        self._proven = False

    def lag(self) -> float:
        """Seconds. Raises Unknown."""
        status = _status(self._copy)
        if not status:
            return max((_difference(self._primary, self._copy, table) for table in self._tables), default=0.0)
        said = max(seconds_behind(channel) for channel in status)
        position = _position(self._primary, "gtid_binlog_pos")
        return max(said, self._since_reached(position)) if position else said

    def _since_reached(self, newest: Position) -> float:
        """How old the oldest position is that the copy has not reached yet; 0 where it has reached them all."""
        now = time.monotonic()
        if not self._waiting or self._waiting[-1][1] != newest:
            self._waiting.append((now, newest))
        reached = _position(self._copy, "gtid_slave_pos")
        left = [(at, position) for at, position in self._waiting if not _covers(reached, position)]
        self._proven = self._proven or len(left) < len(self._waiting)
        self._waiting = left
        if not self._proven:
            raise Unknown(f"it has not reached {_told(left[0][1])}, where the primary was {now - left[0][0]:.0f} s ago")
        return now - left[0][0] if left else 0.0


def _status(mysql: MySqlConnection) -> Sequence[Mapping[str, Any]]:
    """A row for each channel; none where nothing is replicated."""
    try:
        return mysql.named("SHOW REPLICA STATUS")
    except StatementRefused:  # a MariaDB before 10.5, or a MySQL before 8.0.22
        return mysql.named("SHOW SLAVE STATUS")


def seconds_behind(status: Mapping[str, Any]) -> float:
    """As the copy says it of one channel. Raises Unknown."""
    io, sql, seconds = (next((status[name] for name in names if name in status), None) for names in COLUMNS)
    if seconds is None or (io, sql) != ("Yes", "Yes"):
        cause = status.get("Last_SQL_Error") or status.get("Last_IO_Error")
        raise Unknown(f"replication does not run: IO {io}, SQL {sql}{f': {cause}' if cause else ''}")
    return float(seconds)


def _position(mysql: MySqlConnection, variable: str) -> Position:
    """Empty where the server knows none: MySQL, or a primary without a binary log."""
    rows = mysql.execute("SHOW GLOBAL VARIABLES LIKE %s", (variable,))
    gtids = [gtid.split("-") for _, value in rows for gtid in str(value).split(",") if gtid]
    return {domain: int(sequence) for domain, _, sequence in gtids}


def _covers(reached: Position, wanted: Position) -> bool:
    return all(reached.get(domain, -1) >= sequence for domain, sequence in wanted.items())


def _told(position: Position) -> str:
    return ", ".join(f"{sequence:,} of domain {domain}" for domain, sequence in sorted(position.items()))


def _difference(primary: MySqlConnection, copy: MySqlConnection, table: EventTable) -> float:
    """Between the newest row here and there, in event time. A table the copy does not have yet says nothing."""
    try:
        there = _newest(copy, table)
    except NoSuchTable:
        return 0.0
    here = _newest(primary, table)
    if here is None:
        return 0.0
    return max(0.0, (here - there).total_seconds()) if there is not None else float("inf")


def _newest(mysql: MySqlConnection, table: EventTable) -> datetime | None:
    rows = mysql.execute(f"SELECT max({quote(table.time)}) FROM {table.quoted}")  # noqa: S608  quoted
    value = rows[0][0]
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    try:
        digits = value.decode() if isinstance(value, bytes) else str(value)
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Unknown(f"the newest {table.time} of {table.name} is no time: {value!r}") from None
