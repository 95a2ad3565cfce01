"""From a whole event to a row, as EventLogging's mapper and its flattening do. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from elreconcile.kinds.backfill_window.envelope import Event, digits_of
from elreconcile.systems.event_tables import EventTable

NOT_STORED = frozenset({"recvFrom", "revision", "schema", "seqId", "topic", "ip"})
NOT_MAPPED = NOT_STORED | {"dt", "userAgent"}

CLOCK = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)

decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
decode = msgspec.json.Decoder().decode

Value: TypeAlias = str | int | float | bool | None

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What may come to light where all of an event is read: in its envelope nothing showed it."""


class Row(msgspec.Struct, frozen=True):
    """`values` by column; columns left out are NULL."""

    id: bytes
    values: Mapping[str, Value]


class UnknownFields(Exception):
    """Fields of an event that its table has no columns for."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = tuple(columns)


def row_of(value: bytes, event: Event, table: EventTable) -> Row:
    """Raises UnknownFields, UNDECODABLE."""
    flat = flat_of(value, event)
    if not flat.keys() <= table.columns.keys():
        raise UnknownFields(sorted(flat.keys() - table.columns.keys()))
    if not table.may_have_dashes:  # the server would cut one with dashes short
        flat[table.key] = event.id.hex()
    if table.datetimes.isdisjoint(flat):
        return Row(event.id, flat)
    return Row(event.id, {name: _fitted(value, name in table.datetimes) for name, value in flat.items()})


def flat_of(value: bytes, event: Event) -> dict[str, Value]:
    """Every value of the event by the name of its column, as EventLogging's mapper and its flattening make them.

    Raises UNDECODABLE.
    """
    parts = decode_parts(value)
    has_meta = bytes(parts.get("meta", b"")).startswith(b"{")
    left_out = NOT_STORED if has_meta else NOT_MAPPED
    found: dict[str, Any] = {name: decode(part) for name, part in parts.items() if name not in left_out}
    if not has_meta:
        if "userAgent" in parts:
            found["userAgent"] = _agent(bytes(parts["userAgent"]))
        found["timestamp"] = event.time
    return _flatten(found, "", {})


@lru_cache(maxsize=10_000)
def _agent(part: bytes) -> Any:
    """The user agent as JSON. Some thousand agents send all events there are."""
    agent = decode(part)
    return json.dumps(agent) if isinstance(agent, dict) else agent


def _flatten(nested: Mapping[str, Any], prefix: str, into: dict[str, Value]) -> dict[str, Value]:
    """Nested keys joined with `_`, dots within a key stay, arrays become JSON text."""
    for key, value in nested.items():
        if value.__class__ is dict:
            _flatten(value, f"{prefix}{key}_", into)
        else:
            into[prefix + key] = json.dumps(value) if value.__class__ is list else value
    return into


def _fitted(value: Value, is_datetime: bool) -> Value:
    """Times of datetime columns as MySQL writes them; the rest as it is. What no calendar holds the server judges."""
    if not is_datetime or not isinstance(value, str):
        return value
    digits = value if CLOCK.fullmatch(value) else digits_of(value)
    return value if digits is None else CLOCK.sub(r"\1-\2-\3 \4:\5:\6", digits)
