"""EventLogging's `sql_writer`: rows wait in memory, a batch for each schema and revision."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pymysql

from sandbox.addresses import MySqlAddress
from sandbox.eventlogging.blacklist import is_blacklisted
from sandbox.eventlogging.mapper import Row, is_unwanted_bot, row_of
from sandbox.eventlogging.tables import SCHEMAS, create_table, table_name
from sandbox.events import Capsule


@dataclass(slots=True)
class Counters:
    """What this process did. For what is there, ask MySQL."""

    messages: int = 0
    bots: int = 0  # left out
    blacklisted: int = 0  # left out
    inserted: int = 0  # rows the server says it added
    ignored: int = 0  # rows that were there already

    def as_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(slots=True)
class Batch:
    began: float = field(default_factory=time.monotonic)
    events: list[Capsule] = field(default_factory=list)


BatchKey = tuple[str, int, str | None]  # schema, revision and the event's own topic


class SqlWriter:
    """Not flushed by time alone: age is looked at only when another event of the same key arrives."""

    def __init__(
        self,
        mysql: MySqlAddress,
        batch_size: int,
        batch_time: float,
        schemas: Path = SCHEMAS,
        topics: Sequence[str] = (),
    ) -> None:
        self.mysql = mysql
        self.topics = topics
        self.batch_size = batch_size
        self.batch_time = batch_time  # seconds
        self.schemas = schemas
        self.counters = Counters()
        self._batches: dict[BatchKey, Batch] = {}

    @property
    def buffered(self) -> int:
        """Events that exist in this process's memory only."""
        return sum(len(batch.events) for batch in self._batches.values())

    def send(self, event: Capsule) -> None:
        self.counters.messages += 1
        if is_unwanted_bot(event):
            self.counters.bots += 1
            return
        key = (event["schema"], event["revision"], event.get("topic"))
        batch = self._batches.setdefault(key, Batch())
        batch.events.append(event)
        if len(batch.events) >= self.batch_size or time.monotonic() - batch.began >= self.batch_time:
            self._store(key)

    def flush(self) -> None:
        for key in list(self._batches):
            self._store(key)

    def _store(self, key: BatchKey) -> None:
        schema, revision, _ = key
        if is_blacklisted(self.mysql, schema, self.topics):
            self.counters.blacklisted += len(self._batches.pop(key).events)
            return
        rows = [row_of(event) for event in self._batches[key].events]
        for fields, same in _by_fields(rows):
            try:
                added = self._insert(table_name(schema, revision), fields, same)
            except pymysql.Error:  # as the original: make the table and try once more, then die
                self._execute(create_table(schema, revision, self.schemas))
                added = self._insert(table_name(schema, revision), fields, same)
            self.counters.inserted += added
            self.counters.ignored += len(same) - added
        del self._batches[key]

    def _insert(self, table: str, fields: Sequence[str], rows: Sequence[Row]) -> int:
        columns = ", ".join(f"`{name}`" for name in fields)
        marks = ", ".join(["%s"] * len(fields))
        with self.mysql.connect(autocommit=False) as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT IGNORE INTO `{table}` ({columns}) VALUES ({marks})",
                [[row[name] for name in fields] for row in rows],
            )
            connection.commit()
            return int(cursor.rowcount)

    def _execute(self, statement: str) -> None:
        with self.mysql.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)


def _by_fields(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """One INSERT for each set of fields: optional ones may be absent."""

    def fields(row: dict[str, Any]) -> tuple[str, ...]:
        return tuple(sorted(row))

    for names, same in groupby(sorted(rows, key=fields), key=fields):
        yield names, list(same)
