"""A cluster with 1,000 groups over 100 topics, and a document for each group: `python -m bench.world`."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import Producer
from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition

GROUPS = [f"bench.group-{number:04}" for number in range(1000)]
TOPICS = [f"bench.topic-{number:03}" for number in range(100)]
PARTITIONS = 12
RECORDS = 100
RECORD_BYTES = 600
FIRST = datetime(2018, 3, 13, 6, tzinfo=UTC)
EVERY = timedelta(minutes=1)
"""Between two records of a partition."""


def topic_of(group: int) -> str:
    return TOPICS[group % len(TOPICS)]


def asked(group: int) -> datetime:
    """The time a group is to be rewound to: another for each, and never after the last record."""
    return FIRST + timedelta(seconds=5 * group + 1)


def places(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]


def make(bootstrap: str) -> None:
    """Topics, records and commits; returns when Kafka has acknowledged everything."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=60_000)) as admin:
        admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1} for topic in TOPICS})
        _produce(bootstrap)
        commit_ends(admin)


def commit_ends(admin: KafkaAdminClient) -> None:
    """Every group at the end of its topic, one call after another."""
    for number, group in enumerate(GROUPS):
        ends = {place: OffsetAndMetadata(RECORDS, "", -1) for place in places(topic_of(number))}
        answers = admin.alter_group_offsets(group, ends)
        refused = {error.__name__ for error in answers.values() if error.errno}
        if refused:
            raise RuntimeError(f"{group}: Kafka answered {refused}")


def _produce(bootstrap: str) -> None:
    failed: list[object] = []
    # Batches as large as Kafka's own producer makes them; librdkafka would put all of a partition into one.
    settings = {"bootstrap.servers": bootstrap, "batch.size": 16_384, "queue.buffering.max.messages": 200_000}
    producer = Producer(settings)
    for number in range(RECORDS):
        at = FIRST + EVERY * number
        value = _event(number, at)
        for topic in TOPICS:
            for partition in range(PARTITIONS):
                producer.produce(
                    topic,
                    value,
                    partition=partition,
                    timestamp=int(at.timestamp() * 1000),
                    on_delivery=lambda error, _: failed.append(error) if error else None,
                )
        producer.poll(0)
    if producer.flush(60) or failed:
        raise RuntimeError(f"not all records were taken: {failed[:1]}")


def _event(number: int, at: datetime) -> bytes:
    """As EventLogging's, padded to the usual length."""
    event = {"dt": f"{at:%Y-%m-%dT%H:%M:%SZ}", "schema": "NavigationTiming", "seqId": number, "event": {"filler": ""}}
    event["event"] = {"filler": "x" * (RECORD_BYTES - len(json.dumps(event)))}
    return json.dumps(event).encode()


def write_documents(folder: Path, run: str) -> None:
    """A file for each group; `run` makes the ids of its resets."""
    folder.mkdir(exist_ok=True)
    for number, group in enumerate(GROUPS):
        (folder / f"{group}.yaml").write_text(
            f"""\
kind: ConsumerGroup
name: {group}
cluster: bench
reset:
  id: bench-{run}
  expires: 2100-01-01T00:00:00Z
  reason: measured
  to: {{timestamp: {asked(number):%Y-%m-%dT%H:%M:%SZ}}}
  topics:
    {topic_of(number)}:
"""
        )


if __name__ == "__main__":
    make(sys.argv[1])
