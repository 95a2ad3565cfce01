"""The table of blacklisted schemas: what windows and leak findings go by. No stock EventLogging writer reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from elreconcile.systems.mysql import NoSuchTable, Row
from elreconcile.systems.mysql_tables import MySqlReader, MySqlWriter

TABLE = "elreconcile_schema_blacklist"
DDL = f"""\
CREATE TABLE IF NOT EXISTS {TABLE} (
  output VARCHAR(249) NOT NULL COMMENT 'the topic or table set the schema is kept out of',
  schema_name VARCHAR(63) NOT NULL,
  managed BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'added by elreconcile, which removes no other row',
  reason VARCHAR(1024) NOT NULL,
  added_by VARCHAR(255) NOT NULL,
  added_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  expires DATETIME(6) NULL COMMENT 'UTC; from then on as if the row were not there',
  PRIMARY KEY (output, schema_name, managed)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""

_SELECT = f"SELECT output, schema_name, managed, reason, added_by, added_at, expires FROM {TABLE}"  # noqa: S608
_PUT = f"""\
INSERT INTO {TABLE} (output, schema_name, managed, reason, added_by, expires) VALUES (%s, %s, TRUE, %s, %s, %s)
ON DUPLICATE KEY UPDATE
  added_by = IF(expires <= UTC_TIMESTAMP(6), VALUES(added_by), added_by),
  added_at = IF(expires <= UTC_TIMESTAMP(6), CURRENT_TIMESTAMP(6), added_at),
  reason = VALUES(reason), expires = VALUES(expires)"""  # noqa: S608
_DELETE = f"DELETE FROM {TABLE} WHERE output = %s AND schema_name = %s AND managed"  # noqa: S608


class BlacklistEntry(msgspec.Struct, frozen=True):
    """One row. `managed`: this tool added it. Times are UTC; `expires` None: never."""

    output: str
    schema: str
    managed: bool
    reason: str
    added_by: str
    added_at: datetime
    expires: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.expires is None or now < self.expires


class Listed(msgspec.Struct, frozen=True):
    """A schema as a document lists it."""

    schema: str
    reason: str
    expires: datetime | None


def blacklisted(entries: Iterable[BlacklistEntry], now: datetime) -> frozenset[str]:
    """The schemas blacklisted at `now`, whoever added them: expired rows count as absent. Pure."""
    return frozenset(entry.schema for entry in entries if entry.holds(now))


def read_entries(mysql: MySqlReader) -> tuple[BlacklistEntry, ...] | None:
    """Every row, of all outputs, expired ones too; None: there is no such table yet."""
    try:
        rows = mysql.query(f"{_SELECT} ORDER BY output, schema_name, managed")
    except NoSuchTable:
        return None
    return tuple(_entry(row) for row in rows)


def create(mysql: MySqlWriter) -> None:
    mysql.execute(DDL)


def change_entries(
    mysql: MySqlWriter, output: str, put: Sequence[Listed], remove: Sequence[str], added_by: str
) -> None:
    """All of it or nothing. A row that holds keeps who added it and when; only managed rows are touched."""

    def work() -> None:
        for schema in remove:
            mysql.execute(_DELETE, (output, schema))
        for each in put:
            mysql.execute(_PUT, (output, each.schema, each.reason, added_by, _stored(each.expires)))

    mysql.in_transaction(work)


def _stored(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _entry(row: Row) -> BlacklistEntry:
    output, schema, managed, reason, added_by, added_at, expires = row
    return BlacklistEntry(
        output,
        schema,
        bool(managed),
        reason,
        added_by,
        added_at.replace(tzinfo=UTC),  # sessions of ours are in UTC
        None if expires is None else expires.replace(tzinfo=UTC),
    )
