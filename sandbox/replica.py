"""A second MariaDB that copies a first one: natively, or by a loop as EventLogging's own copies were fed."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import pymysql

from sandbox.mariadb import EVENTS, MariaDb

BATCH = 1000


class Primary(MariaDb):
    """A MariaDB that others can replicate from."""

    name = "primary"
    port_names = ("primary",)

    def command(self) -> list[str]:
        return [*super().command(), "--server-id=1", "--log-bin=bin", "--gtid-strict-mode=ON"]


class Replica(MariaDb):
    name = "replica"
    port_names = ("replica",)

    def command(self) -> list[str]:
        return [*super().command(), "--server-id=2"]

    def follow(self, primary: MariaDb) -> None:
        """Replicate everything from now on, natively."""
        self.run(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='root', "
            "MASTER_PASSWORD='', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1"
        )
        self.run("START SLAVE")

    def run(self, statement: str) -> None:
        with closing(self.connect()) as mysql, mysql.cursor() as cursor:
            cursor.execute(statement)


class Copying:
    """eventlogging_sync.sh: rows past the copy's newest, a thousand a table, again and again. As a context manager.

    By `id` where a table has one, else by `timestamp`; there is no replication status at all.
    """

    def __init__(self, source: MariaDb, copy: MariaDb, pause: float = 0.1, database: str = EVENTS) -> None:
        self._source = source
        self._copy = copy
        self._pause = pause
        self._database = database
        self._ended = threading.Event()
        self._held = threading.Event()
        self._round = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Copying:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def hold(self) -> None:
        """Returns when nothing is being copied, and nothing will be until `go_on`."""
        with self._round:
            self._held.set()

    def go_on(self) -> None:
        self._held.clear()

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            with self._round:
                if not self._held.is_set():
                    self.round()

    def round(self) -> None:
        """One look at every table."""
        with closing(self._source.connect()) as source, closing(self._copy.connect()) as copy:
            with source.cursor() as cursor:
                cursor.execute("SHOW TABLES")
                tables = [name for (name,) in cursor.fetchall()]
            for table in tables:
                self._copy_table(table, source, copy)

    def _copy_table(self, table: str, source: pymysql.Connection[Any], copy: pymysql.Connection[Any]) -> None:
        with source.cursor() as reading, copy.cursor() as writing:
            reading.execute(f"SHOW CREATE TABLE `{table}`")
            statement = reading.fetchone()[1]
            writing.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
            column = "id" if "`id`" in statement else "timestamp"
            writing.execute(f"SELECT max({column}) FROM `{table}`")
            (newest,) = writing.fetchone()
            where, values = (f"WHERE {column} >= %s", [newest]) if newest is not None else ("", [])
            reading.execute(f"SELECT * FROM `{table}` {where} ORDER BY {column} LIMIT {BATCH}", values)
            rows = reading.fetchall()
            if rows:
                marks = ", ".join(["%s"] * len(rows[0]))
                writing.executemany(f"INSERT IGNORE INTO `{table}` VALUES ({marks})", rows)
