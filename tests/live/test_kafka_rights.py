"""A Kafka that grants nothing by itself: what we may not see is never read as nothing there."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.structs import OffsetAndMetadata

from elreconcile.systems.event_batch import Slice
from elreconcile.systems.event_log import EventLog
from elreconcile.systems.kafka import KafkaReader
from elreconcile.systems.kafka_values import Commit
from elreconcile.systems.kafka_writer import KafkaWriter
from elreconcile.systems.not_authorized import NotAuthorized
from sandbox.waiting import until
from tests.live.secured import SecuredKafka, allow

Unique = Callable[[str], str]
OPERATIONS = {
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "Read": ACLOperation.READ,
    "Delete": ACLOperation.DELETE,
}


@pytest.fixture
def root(secured: SecuredKafka) -> Iterator[KafkaAdminClient]:
    with closing(secured.admin()) as admin:
        yield admin


@pytest.fixture
def user(secured: SecuredKafka, unique: Unique) -> str:
    """May log in, and nothing else."""
    name = unique("user")
    secured.add_user(name)
    return name


@pytest.fixture
def topic(secured: SecuredKafka, root: KafkaAdminClient, unique: Unique) -> str:
    """With one record."""
    name = unique("topic")
    root.create_topics({name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    with closing(KafkaProducer(bootstrap_servers=secured.bootstrap)) as producer:
        producer.send(name, b"an event").get(10)
    return name


@pytest.fixture
def group(root: KafkaAdminClient, topic: str, unique: Unique) -> str:
    """It stands at 1."""
    name = unique("group")
    root.alter_group_offsets(name, {TopicPartition(topic, 0): OffsetAndMetadata(1, "", None)})
    return name


@pytest.fixture
def reader(secured: SecuredKafka, user: str) -> Iterator[KafkaReader]:
    with KafkaReader("secured", secured.reached_by("sasl", "127.0.0.1", **secured.login(user)), 5.0) as reader:
        yield reader


@pytest.fixture
def writer(secured: SecuredKafka, user: str) -> Iterator[KafkaWriter]:
    with KafkaWriter("secured", secured.reached_by("sasl", "127.0.0.1", **secured.login(user)), 5.0) as writer:
        yield writer


def grant(root: KafkaAdminClient, user: str, operation: str, resource: str, *names: str) -> None:
    allow(
        root,
        [
            ACL(
                f"User:{user}",
                "*",
                OPERATIONS[operation],
                ACLPermissionType.ALLOW,
                ResourcePattern(ResourceType[resource.upper()], name),
            )
            for name in names
        ],
    )


def take_back(root: KafkaAdminClient, topic: str) -> None:
    """All rights on it, from everybody."""
    where = ResourcePatternFilter(ResourceType.TOPIC, topic, ACLResourcePatternType.LITERAL)
    all_of_them = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, where)
    root.delete_acls([all_of_them])
    until("the broker knows of none", lambda: not root.describe_acls(all_of_them)[0])


def follow(root: KafkaAdminClient, remedy: str) -> str:
    """Carry out the kafka-acls command that we were told; what it grants."""
    command, *arguments = shlex.split(remedy)
    assert command == "kafka-acls"
    parser = argparse.ArgumentParser()
    parser.add_argument("--add", action="store_true", required=True)
    for option in ("--allow-principal", "--operation"):
        parser.add_argument(option, required=True)
    for resource in ("--group", "--topic"):
        parser.add_argument(resource, action="append", default=[])
    told = parser.parse_args(arguments)
    user = told.allow_principal.removeprefix("User:")
    grant(root, user, told.operation, "group", *told.group)
    grant(root, user, told.operation, "topic", *told.topic)
    return f"{told.operation} {'group' if told.group else 'topic'}"


def grant_until(root: KafkaAdminClient, question: Callable[[], None]) -> list[str]:
    """Do as the errors say until there is none; what was granted, in order."""
    granted: list[str] = []
    while len(granted) < 10:
        try:
            question()
        except NotAuthorized as error:
            granted.append(follow(root, error.remedy))
        else:
            return granted
    raise AssertionError(f"never enough: {granted}")


class TestReading:
    def test_what_the_errors_tell_to_grant_is_enough_to_plan(
        self, reader: KafkaReader, root: KafkaAdminClient, group: str, topic: str
    ) -> None:
        granted = grant_until(root, lambda: reader.rights([group], [topic]))
        assert granted == ["Describe group", "Describe topic", "DescribeConfigs topic", "Read topic"]
        assert group in reader.groups()
        assert reader.members([group]) == {group: ()}
        assert reader.commits([group]) == {group: {(topic, 0): Commit(1)}}
        assert reader.topics([topic])[topic].partitions == 1
        assert reader.topic_settings([topic])[topic].cleanup_policy == {"delete"}
        assert reader.bounds([(topic, 0)])[topic, 0].newest == 1
        assert reader.records([(topic, 0, 0)])[topic, 0, 0].value == b"an event"

    def test_a_group_we_may_not_describe(self, reader: KafkaReader, group: str, topic: str) -> None:
        assert group not in reader.groups()  # Kafka leaves it out without a word
        for question in (reader.rights, reader.commits, reader.members):
            with pytest.raises(NotAuthorized, match=f"not authorized to Describe group {group}"):
                question([group])

    def test_a_group_that_does_not_exist_is_not_told_from_it(self, reader: KafkaReader, unique: Unique) -> None:
        with pytest.raises(NotAuthorized):
            reader.rights([unique("nobody")])

    def test_a_topic_we_may_not_describe(
        self, reader: KafkaReader, root: KafkaAdminClient, user: str, group: str, topic: str, unique: Unique
    ) -> None:
        grant(root, user, "Describe", "group", group)
        assert reader.commits([group]) == {group: {}}  # Kafka leaves it out: hence topics are always asked for
        for name in (topic, unique("missing")):
            with pytest.raises(NotAuthorized, match=f"not authorized to Describe topic {name}"):
                reader.topics([name])
            with pytest.raises(NotAuthorized):
                reader.bounds([(name, 0)])
            with pytest.raises(NotAuthorized):
                reader.rights([group], [name])

    def test_settings_and_records_need_rights_of_their_own(
        self, reader: KafkaReader, root: KafkaAdminClient, user: str, topic: str
    ) -> None:
        grant(root, user, "Describe", "topic", topic)
        assert reader.topics([topic])[topic].partitions == 1
        with pytest.raises(NotAuthorized, match="DescribeConfigs topic"):
            reader.topic_settings([topic])
        with pytest.raises(NotAuthorized, match="Read topic"):
            reader.records([(topic, 0, 0)])

    def test_reading_in_bulk_needs_no_right_on_a_group(
        self, secured: SecuredKafka, root: KafkaAdminClient, user: str, topic: str
    ) -> None:
        """Again and again: librdkafka hears only after a while that it may not look for the group it was given."""
        grant(root, user, "Read", "topic", topic)
        settings = secured.reached_by("sasl", "127.0.0.1", **secured.login(user))
        with EventLog("secured", settings, 30.0) as log:
            read = [batch.values for _ in range(30) for batch in log.read([Slice((topic, 0), 0, 1)])]
        assert read == [[b"an event"]] * 30

    def test_a_topic_that_was_taken_from_us_in_between(
        self, reader: KafkaReader, root: KafkaAdminClient, user: str, topic: str
    ) -> None:
        grant(root, user, "Describe", "topic", topic)
        reader.bounds([(topic, 0)])  # from here on its leader is known
        take_back(root, topic)
        with pytest.raises(NotAuthorized, match="Describe topic"):
            reader.bounds([(topic, 0)])

    def test_all_names_are_told_at_once(
        self, reader: KafkaReader, root: KafkaAdminClient, user: str, unique: Unique
    ) -> None:
        groups = [unique("a"), unique("b"), unique("c")]
        grant(root, user, "Describe", "group", groups[1])
        with pytest.raises(NotAuthorized) as error:
            reader.rights(groups)
        assert error.value.missing == f"Describe group {groups[0]}, {groups[2]}"
        assert groups[1] not in error.value.remedy


class TestWriting:
    def test_what_the_errors_tell_to_grant_is_enough_to_reset(
        self, writer: KafkaWriter, root: KafkaAdminClient, group: str, topic: str
    ) -> None:
        granted = grant_until(root, lambda: writer.rights_to_commit([group], [topic], []))
        assert granted == ["Describe group", "Read group", "Describe topic", "DescribeConfigs topic", "Read topic"]
        assert writer.alter({group: {(topic, 0): Commit(0)}}) == {group: {(topic, 0): None}}
        assert writer.commits([group]) == {group: {(topic, 0): Commit(0)}}

    def test_a_group_we_may_not_find(self, writer: KafkaWriter, root: KafkaAdminClient, group: str, topic: str) -> None:
        with pytest.raises(NotAuthorized, match="Describe group"):
            writer.alter({group: {(topic, 0): Commit(0)}})
        with pytest.raises(NotAuthorized, match="Describe group"):
            writer.forget(group, [(topic, 0)])
        assert root.list_group_offsets({group: None})[group][TopicPartition(topic, 0)].offset == 1

    def test_a_group_we_may_only_look_at(
        self, writer: KafkaWriter, root: KafkaAdminClient, user: str, group: str, topic: str
    ) -> None:
        grant(root, user, "Describe", "group", group)
        refused = {(topic, 0): "GROUP_AUTHORIZATION_FAILED"}
        assert writer.alter({group: {(topic, 0): Commit(0)}}) == {group: refused}
        assert writer.forget(group, [(topic, 0)]) == refused
        assert root.list_group_offsets({group: None})[group][TopicPartition(topic, 0)].offset == 1

    def test_a_topic_we_may_not_read(
        self, writer: KafkaWriter, root: KafkaAdminClient, user: str, group: str, topic: str
    ) -> None:
        grant(root, user, "Read", "group", group)
        refused = {(topic, 0): "TOPIC_AUTHORIZATION_FAILED"}
        assert writer.alter({group: {(topic, 0): Commit(0)}}) == {group: refused}
