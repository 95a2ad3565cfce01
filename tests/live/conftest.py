"""Fixtures for the tests of the clients and of SchemaBlacklist."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from elreconcile.desired.config import KafkaConfig
from elreconcile.systems.kafka import KafkaReader
from elreconcile.systems.kafka_writer import KafkaWriter
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.owned import own_folder
from sandbox.ports import Ports
from tests.blacklists import MIXED, PER_SCHEMA, processor
from tests.live.secured import SecuredKafka
from tests.operator import Operator

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


@pytest.fixture
def operator(stack: Addresses, database: MySqlAddress, tmp_path: Path) -> Operator:
    """On the shared servers, with a database of this test's own."""
    return Operator.at(tmp_path / "home", replace(stack, mysql=database))


@pytest.fixture
def processors(tmp_path: Path) -> Path:
    """The folder of EventLogging's own configuration, one file for each writer."""
    folder = tmp_path / "eventlogging.d" / "processors"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def file(processors: Path) -> Path:
    """The configuration of a writer with an output for each schema and one for all."""
    path = processors / "client-side-00"
    path.write_text(processor(PER_SCHEMA, MIXED))
    return path
