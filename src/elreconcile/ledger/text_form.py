"""A ledger as text: a JSON object on each line, the first says which ledger it is, the last seals the others.

A row is told with its columns by name, and what it keeps as JSON stands there as JSON: for people to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import asdict

from elreconcile.errors import LedgerError, Refused
from elreconcile.ledger.connection import Row
from elreconcile.ledger.rows import text_of
from elreconcile.model.json import canonical

FORMAT_VERSION = "1.0"
_WORD = ("address", "request_id", "fingerprint", "meaning", "state", "pins", "before_act", "evidence", "run", "at")
_COLUMNS = {
    "run": ("number", "id", "started_at", "author", "host", "git_commit", "digest", "plan", "ended_at", "outcomes"),
    "word": _WORD,
    "entry": _WORD,
}
_JSON = {"plan", "outcomes", "meaning", "pins", "before_act", "evidence"}

Record = tuple[str, Row]
"""What a line tells, and its row: a run, a word of the history, or the entry that is the latest word on a request."""


class Head(msgspec.Struct, frozen=True):
    """The first line. `made_at` is a time as the ledger keeps it."""

    id: str
    environment: str
    made_at: str
    run_number: int


def written(head: Head, records: Iterable[Record]) -> Iterator[str]:
    """The lines, each with its end. Raises LedgerError for a row that is damaged."""
    seal = hashlib.sha256()
    first = {"format_version": FORMAT_VERSION, "type": "ledger", **asdict(head)}
    for document in chain([first], map(_document, records)):
        line = canonical(document) + "\n"
        seal.update(line.encode())
        yield line
    yield _sealing(seal.hexdigest())


def read_head(lines: Iterator[str], name: str) -> Head:
    """Takes the first line only. Raises Refused for what is no ledger of this version."""
    document = _parsed(next(lines, ""), name)
    version = str(document.get("format_version", ""))
    if document.get("type") != "ledger":
        raise Refused(f"{name} is not what `elreconcile ledger export` wrote")
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        raise Refused(f"{name} has format {version or 'unknown'}; this version reads {FORMAT_VERSION}")
    match document:
        case {
            "id": str(identity),
            "environment": str(environment),
            "made_at": str(made_at),
            "run_number": int(run_number),
        }:
            return Head(identity, environment, made_at, run_number)
    raise _altered(name)


def read(lines: Iterable[str], name: str) -> Iterator[Record]:
    """Every row. Raises Refused, at the end at the latest, unless every character is as it was written."""
    unsealed = _unsealed(lines, name)
    next(unsealed, None)
    for line in unsealed:
        for what, fields in _parsed(line, name).items():
            yield what, _row(what, fields, name)


def _unsealed(lines: Iterable[str], name: str) -> Iterator[str]:
    seal, held = hashlib.sha256(), None
    for line in lines:
        if held is not None:
            seal.update(held.encode())
            yield held
        held = line
    if held != _sealing(seal.hexdigest()):
        raise _altered(name)


def _sealing(checksum: str) -> str:
    return canonical({"checksum": checksum}) + "\n"


def _altered(name: str) -> Refused:
    return Refused(f"{name} is not as it was written: it was edited or cut short; nothing was imported")


def _parsed(line: str, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _altered(name)
    return document


def _document(record: Record) -> Mapping[str, Any]:
    what, row = record
    return {what: {column: _told(column, value) for column, value in zip(_COLUMNS[what], row, strict=True)}}


def _told(column: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return text_of(value)
    if column not in _JSON or value is None:
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise LedgerError(
            f"the ledger is damaged: a {column} is no JSON ({error}); see elreconcile ledger check"
        ) from None


def _row(what: str, fields: Any, name: str) -> Row:
    if what not in _COLUMNS or not isinstance(fields, dict) or set(fields) != set(_COLUMNS[what]):
        raise Refused(f"{name} holds what this version does not know: {what}")
    return tuple(_kept(column, fields[column]) for column in _COLUMNS[what])


def _kept(column: str, value: Any) -> Any:
    """The inverse of `_told`. Outcomes are the one JSON that may be missing."""
    return canonical(value) if column in _JSON and (column, value) != ("outcomes", None) else value
