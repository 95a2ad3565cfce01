"""What the cases share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses, MySqlAddress
from tests.operator import TIMING, Operator
from tests.window import LIMITS, Field


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
