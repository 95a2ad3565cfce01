"""MariaDB 10.11 from the installed package, with its own data folder and none of the machine's settings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pymysql

from sandbox.install import mariadb_install_db, mariadbd
from sandbox.server import NotReady, Server

EVENTS = "log"  # EventLogging's own name for its database
LEDGER = "ops"

# root may come in as 127.0.0.1 too, for machines that do not resolve it to localhost.
INIT_SQL = f"""\
CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS {EVENTS};
CREATE DATABASE IF NOT EXISTS {LEDGER};
"""


class MariaDb(Server):
    """root without a password, reachable over loopback only."""

    name = "mariadb"
    port_names = ("mariadb",)

    def connect(self, database: str = EVENTS, **settings: Any) -> pymysql.Connection[Any]:
        """A connection as root, autocommitting; the caller closes it."""
        defaults: dict[str, Any] = {
            "autocommit": True,
            "charset": "utf8mb4",
            "connect_timeout": 2,
            "read_timeout": 30,
        }
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, **(defaults | settings)
        )

    def prepare(self) -> None:
        (self.folder / "init.sql").write_text(INIT_SQL)
        if not self._data.exists():
            self._install()

    def command(self) -> list[str]:
        return [
            mariadbd(),
            "--no-defaults",
            *_as_root(),
            f"--datadir={self._data}",
            "--socket=server.sock",  # in the data folder: a full path may be too long for a socket
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--init-file={self.folder / 'init.sql'}",
            "--local-infile=1",
            "--character-set-server=utf8mb4",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M",
            "--innodb-flush-log-at-trx-commit=2",  # survives a killed server, not a power cut
        ]

    def probe(self) -> None:
        try:
            with self.connect(read_timeout=2), self.connect(LEDGER, read_timeout=2):
                pass
        except pymysql.Error as error:
            raise NotReady(str(error)) from error

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _install(self) -> None:
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = [f"--datadir={unfinished}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        self.set_up([mariadb_install_db(), "--no-defaults", *_as_root(), *options])
        unfinished.rename(self._data)


def _as_root() -> list[str]:
    """mariadbd refuses to run as root unless told to."""
    return ["--user=root"] if os.geteuid() == 0 else []
