"""What a real Kafka tells the reader, beside what kafka-python's own clients see on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import confluent_kafka
import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from elreconcile.errors import Unreachable
from elreconcile.systems import kafka_records
from elreconcile.systems.kafka import KafkaReader
from elreconcile.systems.kafka_values import Bounds, Commit, Found, GroupListing, Position, Record, TopicSettings
from sandbox import events
from sandbox.addresses import Addresses
from sandbox.waiting import until
from tests.live.other_clients import START, consuming, numbered, read_all

Make = Callable[..., str]
Unique = Callable[[str], str]
Produce = Callable[[str, Mapping[int, Any]], None]


def commit(admin: KafkaAdminClient, group: str, offsets: Mapping[tuple[str, int], int], metadata: str = "") -> None:
    wanted = {TopicPartition(*place): OffsetAndMetadata(offset, metadata, None) for place, offset in offsets.items()}
    answers = admin.alter_group_offsets(group, wanted)
    assert {error.__name__ for error in answers.values()} == {"NoError"}


def first_at(records: Mapping[Position, Record], position: Position) -> Record | None:
    topic, partition, offset = position
    later = [at for at in records if at[:2] == (topic, partition) and at[2] >= offset]
    return records[min(later)] if later else None


class TestGroups:
    def test_the_cluster(self, reader: KafkaReader, admin: KafkaAdminClient) -> None:
        described = admin.describe_cluster()
        cluster = reader.cluster()
        assert (cluster.id, cluster.brokers) == (described["cluster_id"], len(described["brokers"]))
        assert cluster.version is not None
        assert cluster.version.startswith("3.")

    def test_a_group_that_only_has_commits(
        self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        group, topic = unique("group"), make_topic(partitions=3)
        commit(admin, group, {(topic, 0): 7, (topic, 2): 0}, metadata="by hand")
        assert reader.groups()[group] == GroupListing("Empty", "classic", "")
        assert reader.members([group]) == {group: ()}
        assert reader.commits([group, "no such group"]) == {
            group: {(topic, 0): Commit(7, "by hand"), (topic, 2): Commit(0, "by hand")},
            "no such group": {},
        }

    def test_a_commit_of_minus_one_is_none(
        self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        group, topic = unique("group"), make_topic()
        commit(admin, group, {(topic, 0): -1})
        assert reader.commits([group]) == {group: {}}

    def test_members_and_what_they_have(
        self, reader: KafkaReader, stack: Addresses, make_topic: Make, unique: Unique
    ) -> None:
        group, topic = unique("group"), make_topic(partitions=2)
        with consuming(stack.kafka, group, topic):
            (member,) = reader.members([group])[group]
            assert (member.client_id, member.host, member.topics) == ("a-consumer", "127.0.0.1", (topic,))
            assert member.member_id.startswith("a-consumer")
            assert reader.groups()[group] == GroupListing("Stable", "classic", "consumer")
        assert reader.members([group]) == {group: ()}
        assert reader.groups()[group].state == "Empty"

    def test_names_of_any_kind(
        self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        group, topic = unique("a group/with ünlikely 'names' %41"), make_topic()
        commit(admin, group, {(topic, 0): 1})
        reader.rights([group])
        assert reader.commits([group]) == {group: {(topic, 0): Commit(1)}}

    def test_nothing_asked_is_nothing_answered(self, reader: KafkaReader) -> None:
        assert reader.commits([]) == {}
        assert reader.members([]) == {}
        assert reader.topics([]) == {}
        assert reader.topic_settings([]) == {}
        assert reader.bounds([]) == {}
        assert reader.offsets_at([]) == {}
        assert reader.records([]) == {}
        reader.rights([])


class TestTopics:
    def test_asking_makes_none(self, reader: KafkaReader, admin: KafkaAdminClient, unique: Unique) -> None:
        missing = unique("missing")
        assert reader.topics([missing, "not/a name"]) == {}
        with pytest.raises(Unreachable, match=f"topic {missing} has no partition 0"):
            reader.bounds([(missing, 0)])
        with pytest.raises(Unreachable, match="has no partition"):
            reader.records([(missing, 0, 0)])
        reader.rights([], [missing])
        assert missing not in admin.list_topics()

    def test_made_again_under_the_same_name(
        self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make
    ) -> None:
        topic = make_topic(partitions=3)
        before = reader.topics([topic])[topic]
        admin.delete_topics([topic])
        until("it is gone", lambda: topic not in admin.list_topics())
        make_topic(topic, partitions=2)
        after = reader.topics([topic])[topic]
        assert (before.partitions, after.partitions) == (3, 2)
        assert before.id != after.id
        assert len(after.id) == 22  # Kafka's own notation

    def test_the_settings_that_decide_how_long_records_are_kept(self, reader: KafkaReader, make_topic: Make) -> None:
        usual = make_topic()
        special = make_topic(
            configs={
                "retention.ms": "86400000",
                "retention.bytes": "1073741824",
                "cleanup.policy": "compact,delete",
                "message.timestamp.type": "LogAppendTime",
            }
        )
        settings = reader.topic_settings([usual, special])
        assert settings[usual] == TopicSettings(None, None, frozenset({"delete"}), "CreateTime")
        assert settings[special] == TopicSettings(
            86_400_000, 1 << 30, frozenset({"compact", "delete"}), "LogAppendTime"
        )

    def test_settings_of_a_missing_topic(self, reader: KafkaReader, unique: Unique) -> None:
        with pytest.raises(Unreachable, match="there is no topic missing"):
            reader.topic_settings([unique("missing")])


class TestOffsets:
    def test_bounds(self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make, produce: Produce) -> None:
        topic = make_topic(partitions=3)
        produce(topic, {0: numbered(10), 1: numbered(10)})
        admin.delete_records({TopicPartition(topic, 1): 4})
        assert reader.bounds([(topic, 0), (topic, 1), (topic, 2)]) == {
            (topic, 0): Bounds(0, 10),
            (topic, 1): Bounds(4, 10),
            (topic, 2): Bounds(0, 0),
        }

    def test_many_times_in_one_partition(self, reader: KafkaReader, make_topic: Make, produce: Produce) -> None:
        topic = make_topic(partitions=2)
        produce(topic, {0: numbered(60), 1: numbered(60)})
        times = [START + number * 1000 for number in range(60)]
        asked = {(topic, partition, time) for partition in (0, 1) for time in times}
        assert reader.offsets_at(asked) == {
            (topic, partition, time): Found((time - START) // 1000, time) for topic, partition, time in asked
        }

    def test_times_between_before_and_after(self, reader: KafkaReader, make_topic: Make, produce: Produce) -> None:
        topic = make_topic()
        produce(topic, {0: numbered(3)})
        assert reader.offsets_at([(topic, 0, -5), (topic, 0, 0), (topic, 0, START + 1), (topic, 0, START + 2001)]) == {
            (topic, 0, -5): Found(0, START),
            (topic, 0, 0): Found(0, START),
            (topic, 0, START + 1): Found(1, START + 1000),
            (topic, 0, START + 2001): None,
        }

    def test_the_newest_time_is_not_always_of_the_last_record(
        self, reader: KafkaReader, make_topic: Make, produce: Produce
    ) -> None:
        topic = make_topic(partitions=2)
        produce(topic, {0: list(reversed(numbered(5)))})
        assert reader.newest_timestamps([(topic, 0), (topic, 1)]) == {(topic, 0): Found(0, START + 4000)}

    def test_a_partition_too_many(self, reader: KafkaReader, make_topic: Make) -> None:
        topic = make_topic(partitions=2)
        with pytest.raises(Unreachable, match=f"topic {topic} has no partition 2"):
            reader.bounds([(topic, 0), (topic, 2)])


class TestRecords:
    @pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
    def test_any_position_under_any_compression(
        self, reader: KafkaReader, stack: Addresses, make_topic: Make, codec: str | None
    ) -> None:
        topic = make_topic(partitions=3)
        records = {partition: numbered(700, start=partition) for partition in range(3)}
        events.produce(stack.kafka, topic, records, compression_type=codec)
        expected = read_all(stack.kafka, topic)
        assert len(expected) == 2100
        asked = random.Random(1).sample(sorted(expected), 300)  # noqa: S311
        assert reader.records(asked) == {position: expected[position] for position in asked}

    @pytest.mark.parametrize("size", [15_000, 100_000, 900_000])
    def test_batches_larger_than_what_is_asked_for_first(
        self, reader: KafkaReader, make_topic: Make, produce: Produce, size: int
    ) -> None:
        assert size * 8 > kafka_records.FIRST_FETCH
        topic = make_topic(partitions=2)
        produce(topic, {0: numbered(8, size), 1: numbered(8, size)})
        asked = [(topic, partition, offset) for partition in (0, 1) for offset in (0, 3, 4, 7)]
        assert {
            position: (found.offset, len(found.value or b"")) for position, found in reader.records(asked).items()
        } == {position: (position[2], size + 8) for position in asked}

    def test_a_batch_larger_than_a_whole_answer(self, reader: KafkaReader, stack: Addresses, make_topic: Make) -> None:
        topic = make_topic(partitions=2, configs={"max.message.bytes": "12000000"})
        size = kafka_records.ANSWER * 2
        events.produce(stack.kafka, topic, {0: numbered(2, size), 1: numbered(2, size)}, max_request_size=12_000_000)
        found = reader.records([(topic, 0, 1), (topic, 1, 0)])
        assert {position: len(record.value or b"") for position, record in found.items()} == {
            (topic, 0, 1): size + 8,
            (topic, 1, 0): size + 8,
        }

    def test_outside_the_log(
        self, reader: KafkaReader, admin: KafkaAdminClient, make_topic: Make, produce: Produce
    ) -> None:
        topic = make_topic(partitions=2)
        produce(topic, {0: numbered(10)})
        admin.delete_records({TopicPartition(topic, 0): 4})
        asked = [(topic, 0, 0), (topic, 0, 3), (topic, 0, 9), (topic, 0, 10), (topic, 0, 5000), (topic, 1, 0)]
        found = reader.records([*asked, (topic, 1, 3)])
        assert {position: record.offset for position, record in found.items()} == {
            (topic, 0, 0): 4,
            (topic, 0, 3): 4,
            (topic, 0, 9): 9,
        }

    def test_transaction_markers_are_no_records(self, reader: KafkaReader, stack: Addresses, make_topic: Make) -> None:
        topic = make_topic()
        producer = confluent_kafka.Producer(
            {"bootstrap.servers": stack.kafka, "transactional.id": f"test-{uuid4().hex}"}
        )
        producer.init_transactions(30)
        for end in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction):
            producer.begin_transaction()
            for number in range(3):
                producer.produce(topic, f"{end.__name__} {number}".encode(), partition=0)
            producer.flush()
            end(30)
        expected = {(topic, 0, offset): record for (_, _, offset), record in read_all(stack.kafka, topic).items()}
        newest = reader.bounds([(topic, 0)])[topic, 0].newest
        asked = [(topic, 0, offset) for offset in range(newest)]
        found = reader.records(asked)
        assert newest == 12
        assert found == {position: first for position in asked if (first := first_at(expected, position))}
        assert (topic, 0, 11) not in found

    def test_an_empty_value_and_a_deletion(self, reader: KafkaReader, stack: Addresses, make_topic: Make) -> None:
        topic = make_topic()
        producer = confluent_kafka.Producer({"bootstrap.servers": stack.kafka})
        producer.produce(topic, b"", key=b"k", partition=0, timestamp=START)
        producer.produce(topic, None, key=b"k", partition=0, timestamp=START)
        producer.flush()
        assert reader.records([(topic, 0, 0), (topic, 0, 1)]) == {
            (topic, 0, 0): Record(0, START, b""),
            (topic, 0, 1): Record(1, START, None),
        }
