"""A missing table, made as EventLogging would have: from the event's JSON schema, never from events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from elreconcile.kinds.backfill_window.rows import NOT_STORED

CAPSULE: Mapping[str, Mapping[str, Any]] = {
    "dt": {"type": "string", "format": "date-time"},
    "timestamp": {"type": "number"},
    "userAgent": {"type": "any"},
    "uuid": {"type": "string", "format": "uuid5-hex"},
    "webHost": {"type": "string"},
    "wiki": {"type": "string"},
}
"""What EventLogging stores of the capsule around an event."""

UUID1 = "^[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$"
TEXT = "VARCHAR(1024)"
BY_TYPE = {"integer": "BIGINT", "number": "FLOAT"}


class NoSchema(Exception):
    """Why a table cannot be made."""


class NewTable(msgspec.Struct, frozen=True):
    """A table to be made: the statement, and the columns it will have."""

    statement: str
    columns: frozenset[str]


class _Column(msgspec.Struct, frozen=True):
    """Every column may be NULL: personal data is purged from rows."""

    name: str
    type: str
    key: str = ""


def create_table(table: str, schema: str, revision: int, folder: Path) -> NewTable:
    """Raises NoSchema."""
    described = _read(folder, schema, revision)
    columns = sorted(_columns(_properties(described)), key=_rank)
    lines = ["`id` INTEGER NOT NULL AUTO_INCREMENT"]
    lines += [f"{_quoted(column.name)} {column.type}" for column in columns]
    lines += ["PRIMARY KEY (`id`)"]
    lines += [
        f"{column.key} {_quoted(f'ix_{table}_{column.name}'[:64])} ({_quoted(column.name)})"
        for column in columns
        if column.key
    ]
    body = ",\n  ".join(lines)
    # A writer that comes first makes the same table; it is then taken as found.
    statement = f"CREATE TABLE IF NOT EXISTS {_quoted(table)} (\n  {body}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8"
    return NewTable(statement, frozenset({"id", *(column.name for column in columns)}))


def _read(folder: Path, schema: str, revision: int) -> Mapping[str, Any]:
    file = folder / f"{schema.replace('/', '_')}_{revision}.json"
    try:
        described = json.loads(file.read_text())
    except OSError as error:
        raise NoSchema(f"{file}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise NoSchema(f"{file}: not JSON: {error}") from error
    if not isinstance(described, dict) or not isinstance(described.get("properties"), dict):
        raise NoSchema(f"{file}: a JSON schema with `properties` is wanted")
    return described


def _properties(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """An EventBus schema stands for itself; one of EventLogging's lies in the capsule's `event`."""
    if "meta" in described["properties"]:
        return dict(described["properties"])
    return {**CAPSULE, "event": {"type": "object", "properties": described["properties"]}}


def _columns(properties: Mapping[str, Any], prefix: str = "") -> Iterator[_Column]:
    for name, described in properties.items():
        if "properties" in described and described.get("type", "object") == "object":
            yield from _columns(described["properties"], f"{prefix}{name}_")
        elif prefix or name not in NOT_STORED:
            yield _column(prefix + name, name, described)


def _column(column: str, name: str, described: Mapping[str, Any]) -> _Column:
    """In EventLogging's order of increasing weight: type, format, pattern, then the name itself."""
    kind, key = BY_TYPE.get(str(described.get("type")), TEXT), ""
    if described.get("type") == "boolean":
        kind = f"BOOL CHECK ({_quoted(column)} IN (0, 1))"
    if described.get("format") == "uuid5-hex":
        kind, key = "CHAR(32)", "UNIQUE KEY"
    if described.get("format") == "date-time":
        kind, key = "DATETIME", "KEY"
    if described.get("pattern") == UUID1:
        kind, key = "CHAR(38)", "KEY"
    if column == "meta_id":  # any other id may stand in many events
        key = "UNIQUE KEY"
    if name == "timestamp":
        kind, key = "VARCHAR(14)", "KEY"
    return _Column(column, kind, key)


def _rank(column: _Column) -> tuple[bool, int, str]:
    """uuid, then what lies at the top, then what is nested."""
    return column.name != "uuid", column.name.count("_"), column.name


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
