"""What the cases share."""

from __future__ import annotations

from collections.abc import Callable
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
