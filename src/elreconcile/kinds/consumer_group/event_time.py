"""When an event happened, by its own word: EventLogging's `dt`, EventBus's `meta.dt`, the legacy `timestamp`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from elreconcile.kinds.consumer_group.live import Event
from elreconcile.kinds.span import at
from elreconcile.systems.kafka_values import Record


class _Document(msgspec.Struct, frozen=True, gc=False):
    """Whatever stands in these fields; nothing else of the event is decoded."""

    dt: Any = None
    meta: Any = None
    timestamp: Any = None


_decode = msgspec.json.Decoder(_Document).decode


def event_time(record: Record) -> Event:
    """The record's event time, from the first of its fields that holds one, else Kafka's own time of the record."""
    for source, value in _candidates(record.value or b""):
        moment = _instant(value)
        if moment is not None:
            return Event(moment, source)
    return Event(at(record.timestamp_ms), "record")


def _candidates(value: bytes) -> Iterator[tuple[str, object]]:
    try:
        document = _decode(value)
    except (ValueError, RecursionError):
        return
    yield "dt", document.dt
    yield "meta.dt", document.meta.get("dt") if isinstance(document.meta, dict) else None
    yield "timestamp", document.timestamp


def _instant(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
