"""From a whole event to a row, as EventLogging's mapper and its flattening do. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event, digits_of
from elreconcile.systems.event_tables import EventTable

NOT_STORED = frozenset({"recvFrom", "revision", "schema", "seqId", "topic", "ip"})

ALIKE_MEANS_SAME = frozenset({str, bool, type(None)})

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """`values` by column; columns left out are NULL."""

    id: bytes
    values: Mapping[str, Value]


class UnknownFields(Exception):
    """Fields of an event that its table has no columns for."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = tuple(columns)


def row_of(value: bytes, event: Event, table: EventTable) -> Row:
    """Raises UnknownFields, and msgspec.DecodeError where what lies deeper in the event cannot be read."""
    flat = flat_of(value, event)
    if not flat.keys() <= table.columns.keys():
        raise UnknownFields(sorted(flat.keys() - table.columns.keys()))
    if table.datetimes.isdisjoint(flat):
        return Row(event.id, flat)
    return Row(event.id, {name: _fitted(value, name in table.datetimes) for name, value in flat.items()})


def flat_of(value: bytes, event: Event) -> Mapping[str, Value]:
    """Every value of the event by the name of its column. Raises msgspec.DecodeError."""
    document: dict[str, Any] = msgspec.json.decode(value)
    return _flatten(_mapped(document, event), "", {})


def _mapped(document: dict[str, Any], event: Event) -> dict[str, Any]:
    """EventLogging's mapper: the user agent as JSON, `dt` as `timestamp`. EventBus's events stay as they are."""
    if isinstance(document.get("meta"), dict):
        return {name: value for name, value in document.items() if name not in NOT_STORED}
    mapped = {name: value for name, value in document.items() if name not in NOT_STORED and name != "dt"}
    agent = document.get("userAgent")
    if isinstance(agent, dict):
        mapped["userAgent"] = _agent_text(agent)
    mapped["timestamp"] = event.time
    return mapped


def _agent_text(agent: Mapping[str, Any]) -> str:
    """Some thousand agents send all events there are. Numbers are left to json: 1 and true would pass for the same."""
    if all(value.__class__ in ALIKE_MEANS_SAME for value in agent.values()):
        return _known_agent(tuple(agent.items()))
    return json.dumps(agent)


@lru_cache(maxsize=10_000)
def _known_agent(items: tuple[tuple[str, Any], ...]) -> str:
    return json.dumps(dict(items))


def _flatten(nested: Mapping[str, Any], prefix: str, into: dict[str, Value]) -> dict[str, Value]:
    """Nested keys joined with `_`, dots within a key stay, arrays become JSON text."""
    for key, value in nested.items():
        if value.__class__ is dict:
            _flatten(value, f"{prefix}{key}_", into)
        else:
            into[prefix + key] = json.dumps(value) if value.__class__ is list else value
    return into


def _fitted(value: Value, is_datetime: bool) -> Value:
    """Times of datetime columns as MySQL writes them; the rest as it is."""
    digits = digits_of(value) if is_datetime and isinstance(value, str) else None
    return value if digits is None else clock.moment_of(digits).strftime("%Y-%m-%d %H:%M:%S")
