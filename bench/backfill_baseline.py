"""The straightforward way: read the window, decode the JSON, match uuids hour by hour in Python."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from confluent_kafka import Consumer, TopicPartition

from sandbox.addresses import MySqlAddress


def holes(bootstrap: str, ends: Mapping[tuple[str, int], int], since: str, until: str, mysql: MySqlAddress) -> int:
    """How many events of the window have no row. `since` and `until` are ISO times."""
    missing = 0
    for table, hours in read_source(bootstrap, ends, since, until).items():
        present = read_table(mysql, table)
        missing += sum(len(uuids - present.get(hour, set())) for hour, uuids in hours.items())
    return missing


def read_source(
    bootstrap: str, ends: Mapping[tuple[str, int], int], since: str, until: str
) -> Mapping[str, Mapping[str, set[str]]]:
    """uuids by table and hour."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "baseline", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, part, 0) for topic, part in ends])
    left = sum(ends.values())
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    while left:
        for message in consumer.consume(10_000, 1.0):
            left -= 1
            event = json.loads(message.value() or b"")
            if since <= event["dt"] < until and not event["userAgent"]["is_bot"]:
                hour = event["dt"][:13].replace("-", "").replace("T", "")
                found[f"{event['schema']}_{event['revision']}"][hour].add(event["uuid"])
    consumer.close()
    return found


def read_table(mysql: MySqlAddress, table: str) -> Mapping[str, set[str]]:
    present: dict[str, set[str]] = defaultdict(set)
    with mysql.connect(read_timeout=600) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT uuid, timestamp FROM `{table}`")
        for uuid, timestamp in cursor.fetchall():
            present[timestamp[:10]].add(uuid)
    return present
