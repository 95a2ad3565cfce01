"""When an event happened, by its own word: EventLogging's `dt`, EventBus's `meta.dt`, the legacy `timestamp`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from elreconcile.kinds.consumer_group.live import Event
from elreconcile.kinds.span import at
from elreconcile.systems.kafka_values import Record


def event_time(record: Record) -> Event:
    """The record's event time, from the first of its fields that holds one, else Kafka's own time of the record."""
    document = _document(record.value)
    for source, value in _candidates(document):
        moment = _instant(value)
        if moment is not None:
            return Event(moment, source)
    return Event(at(record.timestamp_ms), "record")


def _document(value: bytes | None) -> dict[str, Any]:
    try:
        document = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _candidates(document: dict[str, Any]) -> list[tuple[str, object]]:
    meta = document.get("meta")
    return [
        ("dt", document.get("dt")),
        ("meta.dt", meta.get("dt") if isinstance(meta, dict) else None),
        ("timestamp", document.get("timestamp")),
    ]


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
