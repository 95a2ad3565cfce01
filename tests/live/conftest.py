"""Fixtures for the tests of the clients."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from elreconcile.desired.config import KafkaConfig
from elreconcile.systems.kafka import KafkaReader
from elreconcile.systems.kafka_writer import KafkaWriter
from sandbox.addresses import Addresses
from sandbox.owned import own_folder
from sandbox.ports import Ports
from tests.live.secured import SecuredKafka

DEADLINE = 20.0


@pytest.fixture(scope="session")
def secured() -> Iterator[SecuredKafka]:
    """A Kafka with logins, certificates and rights; its user `reader` may do nothing yet."""
    folder = own_folder("secured")
    kafka = SecuredKafka(folder, Ports(folder / "ports.json"))
    try:
        kafka.start()
        kafka.add_user("reader")
        yield kafka
    finally:
        kafka.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def settings(stack: Addresses) -> KafkaConfig:
    return KafkaConfig(bootstrap_servers=(stack.kafka,))


@pytest.fixture(scope="module")
def reader(settings: KafkaConfig) -> Iterator[KafkaReader]:
    with KafkaReader("analytics", settings, DEADLINE) as reader:
        yield reader


@pytest.fixture(scope="module")
def writer(settings: KafkaConfig) -> Iterator[KafkaWriter]:
    with KafkaWriter("analytics", settings, DEADLINE) as writer:
        yield writer
