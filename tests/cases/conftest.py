"""What the cases share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses, MySqlAddress
from tests.cases.group import EVENTS, Group, event
from tests.cases.saved_plan import Case
from tests.laws.worlds import ConsumerGroupWorld, events
from tests.operator import TIMING, Operator
from tests.window import LIMITS, Field


@pytest.fixture
def operator(stack: Addresses, tmp_path: Path) -> Operator:
    """On the shared servers, with a ledger in a file."""
    return Operator.at(tmp_path / "operator", stack)


@pytest.fixture
def absent_world(
    stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any, tmp_path: Path
) -> ConsumerGroupWorld:
    """A group that has never committed, and the events of its topic of 2 partitions."""
    topic = make_topic(partitions=2)
    produce(topic, {0: events(), 1: events()})
    return ConsumerGroupWorld(stack, admin, unique("group"), topic, tmp_path)


@pytest.fixture
def world(absent_world: ConsumerGroupWorld) -> ConsumerGroupWorld:
    """The group is committed at 60 of 100, and its document would shift it by -40."""
    absent_world.diverged()
    return absent_world


@pytest.fixture
def group(stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any) -> Group:
    """Committed at 60 of 100 in both partitions of its topic; the events lie a second apart."""
    topic = make_topic(partitions=2)
    produce(topic, {part: [event(number) for number in range(EVENTS)] for part in range(2)})
    made = Group(stack, admin, unique("group"), topic)
    made.commit(60, 60)
    return made


@pytest.fixture
def case(world: ConsumerGroupWorld, operator: Operator) -> Case:
    """The group of `world`, its document, and a file for a plan of it."""
    operator.write(world.document)
    return Case(world, operator)


@pytest.fixture
def field(
    stack: Addresses,
    database: MySqlAddress,
    make_topic: Callable[..., str],
    unique: Callable[[str], str],
    admin: KafkaAdminClient,
    tmp_path: Path,
) -> Field:
    """An empty topic of 12 partitions that keeps everything, an empty database, and an operator."""
    topic = make_topic(partitions=12, configs={"retention.ms": "-1"})
    operator = Operator.at(tmp_path / "operator", replace(stack, mysql=database), TIMING + LIMITS)
    return Field(operator, database, topic, unique("group"), admin)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
