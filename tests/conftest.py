"""Fixtures for tests that need real servers. Nothing starts before a test asks for it."""

from __future__ import annotations

import os
import re
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

with warnings.catch_warnings():  # kafka-python 3.0.12 reads its own files in a deprecated way while it is imported
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from kafka import KafkaAdminClient

from sandbox import addresses, events
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.errors import SandboxError
from sandbox.eventlogging.unit import EventLogging
from sandbox.events import Record
from sandbox.owned import own_folder
from sandbox.stack import Sandbox
from sandbox.waiting import until

MakeTopic = Callable[..., str]
Produce = Callable[[str, Mapping[int, Iterable[Record]]], None]
Unique = Callable[[str], str]


def pytest_configure() -> None:
    """What a shell runs in the background ignores Ctrl-C, and so would the commands that tests interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack() -> Iterator[Addresses]:
    """Running servers, shared by all tests: those the environment names, else a sandbox of this session."""
    try:
        named = addresses.named_by(os.environ)
    except SandboxError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    if named is not None:
        yield named
        return
    sandbox = Sandbox(own_folder("shared"))
    try:
        sandbox.up()
        yield sandbox.addresses
    finally:
        sandbox.delete()


@pytest.fixture(scope="module")
def module_sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(own_folder(f"module-{uuid4().hex[:8]}"))
    sandbox.choose_ports()
    yield sandbox
    sandbox.delete()


@pytest.fixture
def own_sandbox(module_sandbox: Sandbox) -> Iterator[Sandbox]:
    """Servers of this test module alone, to pause, kill and restart. A test start()s what it needs."""
    yield module_sandbox
    for server in module_sandbox.servers:
        server.resume()


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> Unique:
    """Names no other test uses: `unique("group")`."""
    test = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")[:40]
    return lambda name: f"{name}-{test}-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def admin(stack: Addresses) -> Iterator[KafkaAdminClient]:
    """A client on the shared Kafka, to arrange and to look with."""
    with closing(KafkaAdminClient(bootstrap_servers=stack.kafka)) as client:
        yield client


@pytest.fixture
def make_topic(stack: Addresses, admin: KafkaAdminClient, unique: Unique) -> MakeTopic:
    """`make_topic(partitions=12, known_to_burrow=True)` makes a topic of a unique name and returns the name.

    Burrow drops commits on topics it has not met, and meets new ones every few seconds only.
    """

    def make(
        name: str | None = None,
        *,
        partitions: int = 1,
        configs: Mapping[str, str] | None = None,
        known_to_burrow: bool = False,
    ) -> str:
        topic = name or unique("topic")
        wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(configs or {})}
        admin.create_topics({topic: wanted}, wait_for_metadata=True)
        if known_to_burrow:
            until(f"Burrow knows {topic}", lambda: topic in _burrow_topics(stack))
        return topic

    return make


@pytest.fixture
def produce(stack: Addresses) -> Produce:
    """`produce(topic, {partition: [records]})`, acknowledged when it returns."""

    def to(topic: str, records: Mapping[int, Iterable[Record]]) -> None:
        events.produce(stack.kafka, topic, records)

    return to


@pytest.fixture
def database(stack: Addresses, unique: Unique) -> Iterator[MySqlAddress]:
    """An empty database of this test's own."""
    name = unique("db").replace("-", "_")[-60:]
    with stack.mysql.connect(database=None) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}`")
        yield replace(stack.mysql, database=name)
        cursor.execute(f"DROP DATABASE `{name}`")


@pytest.fixture
def eventlogging(
    stack: Addresses, database: MySqlAddress, unique: Unique, tmp_path: Path
) -> Iterator[Callable[..., EventLogging]]:
    """`eventlogging(topic, ...)`: a consumer of the topic into `database`, not started; a group of its own."""
    made: list[EventLogging] = []

    def make(*topics: str, **options: Any) -> EventLogging:
        options = {"group": unique("group"), "auto_offset_reset": "earliest", "name": f"el{len(made)}"} | options
        consumer = EventLogging(stack.kafka, options.pop("mysql", database), tmp_path, topics, **options)
        made.append(consumer)
        return consumer

    yield make
    for consumer in made:
        consumer.kill()


def _burrow_topics(stack: Addresses) -> list[str]:
    answer = requests.get(f"{stack.burrow.url}/v3/kafka/{stack.burrow.cluster}/topic", timeout=5)
    answer.raise_for_status()
    return [str(topic) for topic in answer.json()["topics"]]
