"""When an event happened, by its own word: EventLogging's `dt`, EventBus's `meta.dt`, the legacy `timestamp`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from elreconcile.kinds.consumer_group.live import Event
from elreconcile.systems.kafka_values import Record


def event_time(record: Record) -> Event:
    """The record's event time, from the first of its fields that holds one, else Kafka's own time of the record."""
    document = _document(record.value)
    for source, value in _candidates(document):
        at = _instant(value)
        if at is not None:
            return Event(at, source)
    return Event(datetime.fromtimestamp(record.timestamp_ms / 1000, UTC), "record")


def _document(value: bytes | None) -> dict[str, Any]:
    try:
        document = json.loads(value or b"")
    except ValueError:
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
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
