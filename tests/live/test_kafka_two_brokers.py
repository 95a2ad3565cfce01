"""Every group and partition is asked for where it is, also after it moved."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaProducer, TopicPartition

from elreconcile.desired.config import KafkaConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.kafka_values import Bounds, Commit, Partition
from elreconcile.systems.kafka_writer import KafkaWriter
from sandbox.kafka import Kafka
from sandbox.owned import own_folder
from sandbox.ports import Ports
from sandbox.waiting import until

Unique = Callable[[str], str]


class SecondBroker(Kafka):
    """Of the cluster that `first` founded, which stays its only controller."""

    port_names = ("second-kafka", "kafka-controller")

    def __init__(self, folder: Path, ports: Ports, first: Kafka) -> None:
        super().__init__(folder, ports)
        self.first = first
        self.settings = {
            "process.roles": "broker",
            "node.id": "2",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
        }

    def _format(self) -> None:
        """With the id of the cluster it joins."""
        data = self.folder / "data"
        data.mkdir(parents=True)
        founded = (self.first.folder / "data" / "meta.properties").read_text()
        (data / "meta.properties").write_text(
            "".join(f"{line}\n" for line in founded.splitlines() if line.startswith(("version", "cluster.id")))
            + "node.id=2\n"
        )


class Cluster:
    def __init__(self, first: Path, second: Path) -> None:
        for folder in (first, second):
            folder.mkdir(parents=True)
        ports = Ports(first / "ports.json")
        ports.choose("kafka", "kafka-controller", "second-kafka")
        self.first = Kafka(first, ports)
        self.second = SecondBroker(second, ports, self.first)

    @property
    def settings(self) -> KafkaConfig:
        return KafkaConfig(bootstrap_servers=(self.first.bootstrap,))

    def brokers(self) -> int:
        with KafkaWriter("two", self.settings, 20.0) as writer:
            return writer.cluster().brokers


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """The second broker starts with the first test that wants it."""
    folders = own_folder("first-of-two"), own_folder("second-of-two")
    cluster = Cluster(*folders)
    try:
        cluster.first.start()
        yield cluster
    finally:
        cluster.second.stop()
        cluster.first.stop()
        for folder in folders:
            shutil.rmtree(folder)


@pytest.fixture
def writer(cluster: Cluster) -> Iterator[KafkaWriter]:
    with KafkaWriter("two", cluster.settings, 20.0) as writer:
        yield writer


def spread_topic(cluster: Cluster, name: str) -> list[Partition]:
    """Of four partitions with one record each, two on either broker."""
    with closing(cluster.first.admin()) as admin:
        assignments = {partition: [1 + partition % 2] for partition in range(4)}
        admin.create_topics({name: {"assignments": assignments}}, wait_for_metadata=True)
    places = [(name, partition) for partition in range(4)]
    with closing(KafkaProducer(bootstrap_servers=cluster.first.bootstrap)) as producer:
        for _, partition in places:
            producer.send(name, b"%d" % partition, partition=partition).get(10)
    return places


def test_a_broker_that_joins_while_we_are_there(cluster: Cluster, unique: Unique) -> None:
    cluster.second.stop()
    until("there is one broker", lambda: cluster.brokers() == 1)
    with KafkaWriter("two", cluster.settings, 20.0) as writer:
        writer.groups()
        assert writer.cluster().brokers == 1
        cluster.second.start()
        _meets_the_second_broker(writer, spread_topic(cluster, unique("topic")))


def _meets_the_second_broker(writer: KafkaWriter, places: list[Partition]) -> None:
    assert writer.bounds(places) == {place: Bounds(0, 1) for place in places}
    found = writer.records([(*place, 0) for place in places])
    assert {position: record.value for position, record in found.items()} == {
        (topic, partition, 0): b"%d" % partition for topic, partition in places
    }
    assert set(writer.topic_settings([places[0][0]])) == {places[0][0]}
    assert len(writer.newest_timestamps(places)) == 4
    assert writer.cluster().brokers == 2


def move_coordinators(cluster: Cluster, turn: int = 0) -> None:
    """Half of the partitions of `__consumer_offsets` to either broker; with another turn, the other half."""
    with closing(cluster.first.admin()) as admin:
        wanted = {TopicPartition("__consumer_offsets", number): [1 + (number + turn) % 2] for number in range(4)}
        admin.alter_partition_reassignments(wanted)
        until("they have moved", lambda: not admin.list_partition_reassignments())


def test_no_group_is_missed_while_coordinators_move(cluster: Cluster, writer: KafkaWriter, unique: Unique) -> None:
    """A broker lists the groups it coordinates, and says nothing of one that is just being handed over."""
    cluster.second.start()
    places, name = spread_topic(cluster, unique("topic")), unique("group")
    wanted = {f"{name}-{number}": {places[0]: Commit(1)} for number in range(20)}
    assert writer.alter(wanted) == {group: {places[0]: None} for group in wanted}

    def move_often() -> None:
        for turn in range(5):
            move_coordinators(cluster, turn)

    moving = threading.Thread(target=move_often)
    moving.start()
    asked = 0
    try:
        while moving.is_alive():
            assert set(wanted) <= set(writer.groups())
            asked += 1
    finally:
        moving.join()
    assert asked > 5


def test_groups_whose_coordinators_move_while_we_are_there(
    cluster: Cluster, writer: KafkaWriter, unique: Unique
) -> None:
    cluster.second.start()
    places, name = spread_topic(cluster, unique("topic")), unique("group")
    wanted = {f"{name}-{number}": {place: Commit(1) for place in places} for number in range(20)}
    assert writer.alter(wanted) == {group: dict.fromkeys(places) for group in wanted}
    move_coordinators(cluster)
    assert writer.commits(list(wanted)) == wanted
    back = {group: {place: Commit(0) for place in places} for group in wanted}
    assert writer.alter(back) == {group: dict.fromkeys(places) for group in wanted}
    assert writer.commits(list(wanted)) == back
    assert set(wanted) <= set(writer.groups())
    assert writer.members(list(wanted)) == dict.fromkeys(wanted, ())
    writer.rights_to_commit(list(wanted), [], [])


def test_a_broker_that_goes_and_comes_back(cluster: Cluster, writer: KafkaWriter, unique: Unique) -> None:
    cluster.second.start()
    places = spread_topic(cluster, unique("topic"))
    assert writer.bounds(places) == {place: Bounds(0, 1) for place in places}
    cluster.second.kill()
    with KafkaWriter("two", cluster.settings, 2.0) as impatient, pytest.raises(Unreachable) as error:
        impatient.bounds(places)
    assert "connection refused" in str(error.value) or "has no leader" in str(error.value)
    with KafkaWriter("two", cluster.settings, 60.0) as patient:
        back = threading.Timer(1.0, cluster.second.start)
        back.start()
        began = time.monotonic()
        assert patient.bounds(places) == {place: Bounds(0, 1) for place in places}
        assert time.monotonic() - began > 0.9
        back.join()
