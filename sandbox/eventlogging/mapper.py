"""From an event in its capsule to a row: EventLogging's `mysql_mapper`, `flatten` and `prepare`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.events import Capsule

NOT_STORED = frozenset({"recvFrom", "revision", "schema", "seqId", "topic", "ip"})
MEDIAWIKI_TIMESTAMP = "%Y%m%d%H%M%S"

Row = dict[str, Any]


def is_unwanted_bot(event: Capsule) -> bool:
    """Bots other than MediaWiki's own are not stored in MySQL."""
    agent = event.get("userAgent")
    return isinstance(agent, dict) and bool(agent.get("is_bot")) and not agent.get("is_mediawiki")


def row_of(event: Capsule) -> Row:
    """The column values of an event. `dt` becomes `timestamp`; without `dt` that is the present time."""
    mapped = {key: value for key, value in event.items() if key not in NOT_STORED and key != "dt"}
    agent = event.get("userAgent")
    if isinstance(agent, dict):
        mapped["userAgent"] = json.dumps(agent)
    when = datetime.fromisoformat(event["dt"]) if "dt" in event else datetime.now(UTC)
    mapped["timestamp"] = when.astimezone(UTC).strftime(MEDIAWIKI_TIMESTAMP)
    return dict(_flatten(mapped))


def _flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested keys joined with `_`; dots within a key stay; arrays become JSON text."""
    for key, value in nested.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}_")
        else:
            yield prefix + key, json.dumps(value) if isinstance(value, list) else value
