"""Tables as EventLogging's `jrm` makes them, from an event's JSON schema (draft 3) and its capsule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.eventlogging.mapper import NOT_STORED

SCHEMAS = Path(__file__).resolve().parent / "schemas"
UUID1 = "^[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$"
CAPSULE: Mapping[str, Any] = {
    "dt": {"type": "string", "format": "date-time"},
    "timestamp": {"type": "number"},
    "userAgent": {"type": "any"},
    "uuid": {"type": "string", "format": "uuid5-hex"},
    "webHost": {"type": "string"},
    "wiki": {"type": "string"},
}
TYPES = {"integer": "BIGINT", "number": "FLOAT"}


@dataclass(frozen=True, slots=True)
class Column:
    """Every column may be NULL: personal data is purged from rows after 90 days."""

    name: str
    type: str
    key: str = ""  # KEY, UNIQUE KEY, or none


def table_name(schema: str, revision: int) -> str:
    return f"{re.sub('[^A-Za-z0-9]+', '_', schema)}_{revision}"


def create_table(schema: str, revision: int, folder: Path = SCHEMAS) -> str:
    """The CREATE TABLE statement. Raises FileNotFoundError for a schema that `folder` does not hold."""
    table = table_name(schema, revision)
    described = json.loads((folder / f"{schema}_{revision}.json").read_text())
    properties = {**CAPSULE, "event": {"type": "object", "properties": described["properties"]}}
    columns = sorted(_columns(properties), key=_rank)
    lines = ["`id` INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY"]
    lines += [f"`{column.name}` {column.type}" for column in columns]
    lines += [f"{column.key} `ix_{table}_{column.name}` (`{column.name}`)" for column in columns if column.key]
    # EventLogging's engine was TokuDB, which MariaDB no longer has.
    body = ",\n  ".join(lines)
    return f"CREATE TABLE IF NOT EXISTS `{table}` (\n  {body}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8"


def _columns(properties: Mapping[str, Any], prefix: str = "") -> Iterator[Column]:
    for name, described in properties.items():
        if described.get("type") == "object" and "properties" in described:
            yield from _columns(described["properties"], f"{prefix}{name}_")
        elif prefix or name not in NOT_STORED:
            yield _column(prefix + name, name, described)


def _column(column: str, name: str, described: Mapping[str, Any]) -> Column:
    if name == "timestamp":
        return Column(column, "VARCHAR(14)", "KEY")
    if described.get("format") == "uuid5-hex":
        return Column(column, "CHAR(32)", "UNIQUE KEY")
    if described.get("format") == "date-time":
        return Column(column, "DATETIME", "KEY")
    if described.get("pattern") == UUID1:
        return Column(column, "CHAR(38)", "UNIQUE KEY" if name == "id" else "KEY")
    if described.get("type") == "boolean":
        return Column(column, f"BOOL CHECK (`{column}` IN (0, 1))")
    return Column(column, TYPES.get(str(described.get("type")), "VARCHAR(1024)"))


def _rank(column: Column) -> tuple[bool, int, str]:
    """uuid, then the capsule's fields, then the event's."""
    return column.name != "uuid", column.name.count("_"), column.name
