"""Fixtures for tests of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses
from tests.cli.group import Group
from tests.cli.places import at_work
from tests.conftest import MakeTopic, Produce, Unique
from tests.operator import Operator


@pytest.fixture
def group(admin: KafkaAdminClient, make_topic: MakeTopic, produce: Produce, unique: Unique) -> Group:
    return Group.made(admin, make_topic, produce, unique)


@pytest.fixture
def operator(stack: Addresses, tmp_path: Path) -> Operator:
    """On the real servers."""
    return at_work(tmp_path / "operator", stack)
