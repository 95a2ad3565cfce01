"""EventLogging events as they lie in Kafka, and a producer that puts each where it is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from kafka import KafkaProducer

TOPIC = "eventlogging-valid-mixed"

# Schemas and the revisions that stood at the incident of 2015-10-14.
REVISIONS = {"NavigationTiming": 10374055, "Edit": 13457736, "ServerSideAccountCreation": 5487345}

Capsule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A message before Kafka has given it an offset."""

    value: bytes
    timestamp_ms: int  # CreateTime


def capsule(
    schema: str,
    event: Mapping[str, Any],
    *,
    seq_id: int,
    dt: datetime,
    bot: bool = False,
    revision: int | None = None,
    recv_from: str = "cp1054.eqiad.wmnet",
) -> Capsule:
    """A valid event in EventLogging's capsule; `dt` must carry a zone and is cut to the second."""
    iso = dt.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "dt": iso,
        "event": dict(event),
        "ip": "192.0.2.34",
        "recvFrom": recv_from,
        "revision": REVISIONS[schema] if revision is None else revision,
        "schema": schema,
        "seqId": seq_id,
        "userAgent": user_agent(bot),
        "uuid": uuid5(NAMESPACE_URL, f"event://{recv_from}/?seqId={seq_id}&dt={iso}").hex,
        "webHost": "en.wikipedia.org",
        "wiki": "enwiki",
    }


def user_agent(bot: bool) -> dict[str, Any]:
    """A parsed user agent; of a bot that MySQL does not want, or of a person."""
    return {
        "browser_family": "Chrome",
        "browser_major": "72",
        "browser_minor": "0",
        "device_family": "Spider" if bot else "Other",
        "is_bot": bot,
        "is_mediawiki": False,
        "os_family": "Linux",
        "os_major": None,
        "os_minor": None,
        "wmf_app_version": "-",
    }


def navigation_timing(seq_id: int, dt: datetime, *, bot: bool = False) -> Capsule:
    event = {
        "action": "load",
        "isHttp2": True,
        "loadEventEnd": 800 + seq_id % 400,
        "pageTitle": "Foo",
        "rtt": 1.5,
    }
    return capsule("NavigationTiming", event, seq_id=seq_id, dt=dt, bot=bot)


def edit(seq_id: int, dt: datetime) -> Capsule:
    event = {
        "action": "saveSuccess",
        "editingSessionId": f"{seq_id:08x}",
        "page.id": seq_id % 50,
        "user.id": 7,
    }
    return capsule("Edit", event, seq_id=seq_id, dt=dt)


def account_creation(seq_id: int, dt: datetime) -> Capsule:
    event = {"isSelfMade": True, "userId": seq_id, "userName": f"User {seq_id}"}
    return capsule("ServerSideAccountCreation", event, seq_id=seq_id, dt=dt)


def record(event: Capsule) -> Record:
    """As EventLogging's own writer: sorted JSON, the message's timestamp is the event's time."""
    when = datetime.fromisoformat(event["dt"])
    return Record(json.dumps(event, sort_keys=True).encode(), int(when.timestamp() * 1000))


def produce(
    bootstrap: str,
    topic: str,
    records: Mapping[int, Iterable[Record]],
    **settings: Any,
) -> None:
    """Append to each partition its records, in order; returns when the broker has acknowledged every one.

    `settings` are KafkaProducer's, such as compression_type.
    """
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, batch_size=131_072, **settings)
    try:
        sent = [
            producer.send(topic, one.value, partition=partition, timestamp_ms=one.timestamp_ms)
            for partition, several in records.items()
            for one in several
        ]
        for future in sent:
            future.get(timeout=30)
    finally:
        producer.close(timeout=10)
