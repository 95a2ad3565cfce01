"""Where the servers answer: those of a sandbox, or others named by the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pymysql

from sandbox.errors import SandboxError

KAFKA = "ELRECONCILE_TEST_KAFKA"
BURROW = "ELRECONCILE_TEST_BURROW"
MYSQL = "ELRECONCILE_TEST_MYSQL"
FORMATS = {
    KAFKA: "host:port",
    BURROW: "http://host:port,cluster",
    MYSQL: "user:password@host:port/database",
}
MYSQL_PATTERN = r"([^:@]+):(.*)@([^:@/]+):(\d+)/(\w+)"


@dataclass(frozen=True, slots=True)
class BurrowAddress:
    url: str
    cluster: str


@dataclass(frozen=True, slots=True)
class MySqlAddress:
    host: str
    port: int
    user: str
    password: str
    database: str

    def __str__(self) -> str:
        return f"{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"

    def connect(self, **settings: Any) -> pymysql.Connection[Any]:
        """A connection, autocommitting unless told otherwise; the caller closes it."""
        defaults: dict[str, Any] = {
            "database": self.database,
            "autocommit": True,
            "charset": "utf8mb4",
            "connect_timeout": 5,
            "read_timeout": 30,
        }
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, **(defaults | settings)
        )


@dataclass(frozen=True, slots=True)
class Addresses:
    kafka: str  # host:port
    burrow: BurrowAddress
    mysql: MySqlAddress

    def elreconcile_yaml(self, environment: str = "sandbox") -> str:
        """The `elreconcile.yaml` that names these servers. JSON strings are YAML strings."""
        mysql = self.mysql
        return f"""\
environment: {environment}
kafka:
  analytics: {{bootstrap_servers: [{json.dumps(self.kafka)}]}}
burrow:
  analytics: {{url: {json.dumps(self.burrow.url)}, cluster: {self.burrow.cluster}, kafka: analytics}}
mysql:
  m4: {{host: {mysql.host}, port: {mysql.port}, user: {mysql.user}, \
password: {json.dumps(mysql.password)}, database: {mysql.database}}}
ledger: {{sqlite: ledger.sqlite, id: null}}     # `id`: what `elreconcile ledger init` prints
"""


def named_by(environ: Mapping[str, str]) -> Addresses | None:
    """The servers the environment names: all three or none, for a Burrow watches one Kafka only."""
    given = {name: environ[name] for name in FORMATS if environ.get(name)}
    if not given:
        return None
    kafka = _parse(KAFKA, r"[^,:]+:\d+", given)
    burrow = _parse(BURROW, r"(https?://[^,]+),([^,]+)", given)
    mysql = _parse(MYSQL, MYSQL_PATTERN, given)
    return Addresses(kafka.group(), BurrowAddress(*burrow.groups()), mysql_address(mysql.group()))


def mysql_address(text: str) -> MySqlAddress:
    """From user:password@host:port/database, as `str` of one writes it. Raises ValueError."""
    match = re.fullmatch(MYSQL_PATTERN, text)
    if match is None:
        raise ValueError(f"not {FORMATS[MYSQL]}")
    user, password, host, port, database = match.groups()
    return MySqlAddress(host, int(port), user, password, database)


def _parse(name: str, pattern: str, given: Mapping[str, str]) -> re.Match[str]:
    match = re.fullmatch(pattern, given.get(name, ""))
    if match is None:
        others = ", ".join(sorted(given))
        raise SandboxError(f"{name} must be {FORMATS[name]} (with {others} set, all of {', '.join(FORMATS)} are)")
    return match
