"""How far a copy of a server is behind it: by its replication status, or by its newest rows where it has none.

EventLogging's copies were fed by a script: SHOW SLAVE STATUS says nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from elreconcile.systems.event_tables import EventTable, quote
from elreconcile.systems.mysql import MySqlConnection, NoSuchTable


class Stopped(Exception):
    """Native replication does not run; the text says what stands still."""


def lag(primary: MySqlConnection, replica: MySqlConnection, tables: Iterable[EventTable]) -> float:
    """Seconds. Raises Stopped."""
    status = replica.named("SHOW SLAVE STATUS")
    if status:
        return max(_behind(channel) for channel in status)
    return max((_difference(primary, replica, table) for table in tables), default=0.0)


def _behind(row: Mapping[str, Any]) -> float:
    seconds = row.get("Seconds_Behind_Master")
    if seconds is None:
        threads = f"IO {row.get('Slave_IO_Running')}, SQL {row.get('Slave_SQL_Running')}"
        cause = row.get("Last_SQL_Error") or row.get("Last_IO_Error")
        raise Stopped(f"{threads}{f': {cause}' if cause else ''}")
    return float(seconds)


def _difference(primary: MySqlConnection, replica: MySqlConnection, table: EventTable) -> float:
    """Between the newest row here and there, in event time. A table the copy does not have yet says nothing."""
    try:
        there = _newest(replica, table)
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
    digits = value.decode() if isinstance(value, bytes) else str(value)
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
