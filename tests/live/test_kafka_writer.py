"""Committing and forgetting on a real Kafka: every answer beside what stands there afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaAdminClient

from elreconcile.desired.config import KafkaConfig
from elreconcile.systems.kafka_values import IN_USE, NO_ANSWER, NOT_SENT, Commit, Partition
from elreconcile.systems.kafka_writer import AT_ONCE, KafkaWriter
from sandbox.addresses import Addresses
from sandbox.kafka import Kafka
from sandbox.stack import Sandbox
from tests.live.other_clients import consuming
from tests.relay import Fault, listen_behind_relay, relay_to

Make = Callable[..., str]
Unique = Callable[[str], str]


def committed(admin: KafkaAdminClient, group: str) -> dict[Partition, Commit]:
    """By another client."""
    found = admin.list_group_offsets({group: None})[group]
    return {(place.topic, place.partition): Commit(at.offset, at.metadata) for place, at in found.items()}


class TestAlter:
    def test_a_new_group_and_one_that_stands_elsewhere(
        self, writer: KafkaWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        topic, group = make_topic(partitions=3), unique("group")
        for offset in (5, 2):
            wanted = {(topic, partition): Commit(offset + partition, f"reset {offset}") for partition in range(3)}
            assert writer.alter({group: wanted}) == {group: dict.fromkeys(wanted)}
            assert committed(admin, group) == wanted

    def test_more_groups_than_go_at_once(
        self, writer: KafkaWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        topic, name = make_topic(partitions=2), unique("group")
        wanted = {
            f"{name}-{number}": {(topic, partition): Commit(number, "x") for partition in range(2)}
            for number in range(2 * AT_ONCE + 1)
        }
        answers = writer.alter(wanted)
        assert answers == {group: dict.fromkeys(commits) for group, commits in wanted.items()}
        assert writer.commits(list(wanted)) == wanted
        assert committed(admin, f"{name}-{AT_ONCE}") == wanted[f"{name}-{AT_ONCE}"]

    def test_a_group_with_a_member_is_refused(
        self, writer: KafkaWriter, admin: KafkaAdminClient, stack: Addresses, make_topic: Make, unique: Unique
    ) -> None:
        topic, group, other = make_topic(partitions=2), unique("group"), unique("other")
        place = topic, 0
        with consuming(stack.kafka, group, topic):
            answers = writer.alter({group: {place: Commit(7)}, other: {place: Commit(7)}})
            assert answers == {group: {place: "UNKNOWN_MEMBER_ID"}, other: {place: None}}
            assert set(answers[group].values()) <= IN_USE
        assert committed(admin, group).get(place) != Commit(7)
        assert committed(admin, other) == {place: Commit(7)}

    def test_what_is_acknowledged_stands_beside_what_is_refused(
        self, writer: KafkaWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        topic, group, missing = make_topic(), unique("group"), unique("missing")
        answers = writer.alter({group: {(topic, 0): Commit(3), (missing, 0): Commit(3), (topic, 9): Commit(3)}})
        refused = "UNKNOWN_TOPIC_OR_PARTITION"
        assert answers == {group: {(topic, 0): None, (missing, 0): refused, (topic, 9): refused}}
        assert committed(admin, group) == {(topic, 0): Commit(3)}
        assert missing not in admin.list_topics()

    def test_nothing(self, writer: KafkaWriter, unique: Unique) -> None:
        group = unique("group")
        assert writer.alter({}) == {}
        assert writer.alter({group: {}}) == {group: {}}
        assert group not in writer.groups()

    def test_what_cannot_be_sent_hides_nothing_of_the_rest(
        self, writer: KafkaWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        topic, group, bad = make_topic(), unique("group"), unique("bad")
        place = topic, 0
        answers = writer.alter({bad: {place: Commit(1 << 70)}, group: {place: Commit(1)}})
        assert answers == {bad: {place: NO_ANSWER}, group: {place: None}}
        assert committed(admin, group) == {place: Commit(1)}


class TestForget:
    def test_only_what_is_named(
        self, writer: KafkaWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        kept, gone, group = make_topic(), make_topic(partitions=2), unique("group")
        writer.alter({group: {(kept, 0): Commit(1), (gone, 0): Commit(2), (gone, 1): Commit(3)}})
        assert writer.forget(group, [(gone, 0), (gone, 1)]) == {(gone, 0): None, (gone, 1): None}
        assert committed(admin, group) == {(kept, 0): Commit(1)}

    def test_of_nobody(self, writer: KafkaWriter, make_topic: Make, unique: Unique) -> None:
        topic = make_topic()
        assert writer.forget(unique("group"), [(topic, 0)]) == {(topic, 0): "GROUP_ID_NOT_FOUND"}

    def test_of_a_topic_that_is_read(
        self, writer: KafkaWriter, admin: KafkaAdminClient, stack: Addresses, make_topic: Make, unique: Unique
    ) -> None:
        topic, group = make_topic(), unique("group")
        writer.alter({group: {(topic, 0): Commit(0)}})
        with consuming(stack.kafka, group, topic):
            assert writer.forget(group, [(topic, 0)]) == {(topic, 0): "GROUP_SUBSCRIBED_TO_TOPIC"}
        assert committed(admin, group) == {(topic, 0): Commit(0)}


@pytest.fixture(scope="module")
def far(module_sandbox: Sandbox) -> tuple[int, int]:
    """A listener for those who come through a relay of ours, and that relay's port."""
    return listen_behind_relay(module_sandbox.kafka)


@pytest.fixture(scope="module")
def own(module_sandbox: Sandbox, far: tuple[int, int]) -> Kafka:
    module_sandbox.kafka.start()
    return module_sandbox.kafka


@pytest.fixture
def own_topic(own: Kafka, own_sandbox: Sandbox, unique: Unique) -> str:
    topic = unique("topic")
    admin = own.admin()
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    return topic


@pytest.fixture
def impatient(own: Kafka) -> Iterator[KafkaWriter]:
    with KafkaWriter("own", KafkaConfig(bootstrap_servers=(own.bootstrap,)), 2.0) as writer:
        yield writer


class TestTrouble:
    """On a Kafka of this module alone."""

    def test_a_lost_answer_is_not_a_no(self, own: Kafka, far: tuple[int, int], own_topic: str, unique: Unique) -> None:
        """The broker gets the commit and carries it out, and we are never told."""
        place, group = (own_topic, 0), unique("group")
        settings = KafkaConfig(bootstrap_servers=(f"127.0.0.1:{far[1]}",))
        with relay_to(*far) as relay, KafkaWriter("far", settings, 2.0) as writer:
            assert writer.alter({group: {place: Commit(1)}}) == {group: {place: None}}
            relay.fail(Fault.HALF_CLOSED)
            assert writer.alter({group: {place: Commit(5)}}) == {group: {place: NO_ANSWER}}
        with KafkaWriter("own", KafkaConfig(bootstrap_servers=(own.bootstrap,)), 20.0) as writer:
            assert writer.commits([group]) == {group: {place: Commit(5)}}

    def test_what_waits_behind_a_broker_that_hangs_is_not_sent(
        self, own: Kafka, impatient: KafkaWriter, own_topic: str, unique: Unique
    ) -> None:
        place, name = (own_topic, 0), unique("group")
        asked = {f"{name}-{number}": {place: Commit(5)} for number in range(AT_ONCE + 2)}
        impatient.commits(list(asked))  # so that it knows whom to ask
        own.pause()
        before = time.monotonic()
        answers = impatient.alter(asked)
        assert 2 <= time.monotonic() - before < 10
        sent, rest = list(asked)[:AT_ONCE], list(asked)[AT_ONCE:]
        assert answers == {
            **{group: {place: NO_ANSWER} for group in sent},
            **{group: {place: NOT_SENT} for group in rest},
        }
        own.resume()
        with KafkaWriter("own", KafkaConfig(bootstrap_servers=(own.bootstrap,)), 60.0) as patient:
            stands = patient.commits(list(asked))
        assert all(stands[group] == {} for group in rest)

    def test_a_broker_that_dies_before_it_answers(self, own: Kafka, own_topic: str, unique: Unique) -> None:
        place, group = (own_topic, 0), unique("group")
        with KafkaWriter("own", KafkaConfig(bootstrap_servers=(own.bootstrap,)), 20.0) as writer:
            writer.commits([group])
            own.pause()
            death = threading.Timer(0.5, own.kill)
            death.start()
            before = time.monotonic()
            assert writer.alter({group: {place: Commit(5)}}) == {group: {place: NO_ANSWER}}
            assert time.monotonic() - before < 15
            death.join()
        own.start()

    def test_a_broker_that_comes_back_in_time(self, own: Kafka, own_topic: str, unique: Unique) -> None:
        """Its coordinators load first; asking goes on until they answer."""
        place, group = (own_topic, 0), unique("group")
        with KafkaWriter("own", KafkaConfig(bootstrap_servers=(own.bootstrap,)), 60.0) as writer:
            assert writer.alter({group: {place: Commit(1)}}) == {group: {place: None}}
            own.kill()
            back = threading.Timer(1.0, own.start)
            back.start()
            try:
                assert writer.commits([group]) == {group: {place: Commit(1)}}
                assert writer.alter({group: {place: Commit(2)}}) == {group: {place: None}}
                assert writer.commits([group]) == {group: {place: Commit(2)}}
            finally:
                back.join()
