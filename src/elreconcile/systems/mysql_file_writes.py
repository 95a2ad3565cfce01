"""Which files this tool wrote a blacklist into, and how often, so that it notices who keeps taking it out again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from elreconcile.systems.mysql import NoSuchTable
from elreconcile.systems.mysql_tables import MySqlReader, MySqlWriter

TABLE = "elreconcile_blacklist_writes"
DDL = f"""\
CREATE TABLE IF NOT EXISTS {TABLE} (
  output VARCHAR(249) NOT NULL,
  place CHAR(64) NOT NULL COMMENT 'SHA-256 of host and path, which are too long for a key',
  host VARCHAR(255) NOT NULL,
  path TEXT NOT NULL,
  part TEXT NOT NULL COMMENT 'our part of the regular expression, as the writer decodes it',
  times INT NOT NULL COMMENT 'written this often in a row, because somebody took it out each time',
  written_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (output, place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""


class FileWrite(msgspec.Struct, frozen=True):
    """`part` is empty where we took our part out."""

    part: str
    times: int
    written_at: datetime


def read_writes(mysql: MySqlReader, output: str, host: str) -> Mapping[str, FileWrite] | None:
    """By path, for the files of one host; None: there is no such table yet."""
    sql = f"SELECT path, part, times, written_at FROM {TABLE} WHERE output = %s AND host = %s"  # noqa: S608
    try:
        rows = mysql.query(sql, (output, host))
    except NoSuchTable:
        return None
    return {path: FileWrite(part, times, written_at.replace(tzinfo=UTC)) for path, part, times, written_at in rows}


def create(mysql: MySqlWriter) -> None:
    mysql.execute(DDL)


def record_write(mysql: MySqlWriter, output: str, host: str, path: str, part: str, times: int) -> None:
    place = sha256(f"{host}\0{path}".encode(errors="surrogateescape")).hexdigest()
    mysql.execute(
        f"REPLACE INTO {TABLE} (output, place, host, path, part, times) VALUES (%s, %s, %s, %s, %s, %s)",  # noqa: S608
        (output, place, host, path, part, times),
    )
