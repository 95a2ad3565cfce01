"""Any run can be explained, and, where the world allows, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses
from tests.laws.worlds import ConsumerGroupWorld, events
from tests.operator import Operator


@pytest.fixture
def world(
    stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any, tmp_path: Path
) -> ConsumerGroupWorld:
    topic = make_topic(partitions=2)
    produce(topic, {0: events(), 1: events()})
    return ConsumerGroupWorld(stack, admin, unique("group"), topic, tmp_path)


@pytest.fixture
def operator(stack: Addresses, tmp_path: Path) -> Operator:
    return Operator.at(tmp_path / "operator", stack)


def _run_of(operator: Operator) -> str:
    run: str = operator.run("history", "--json").json["runs"][-1]["run"]["id"]
    return run


def test_a_run_is_explained_and_taken_back(world: ConsumerGroupWorld, operator: Operator) -> None:
    """One partition was committed at 60, the other had no commit: both go back to what they were."""
    world.commit(world.topic, {0: 60})
    operator.write(world.document.replace("{shift: -40}", "{offset: 20}"))
    assert operator.apply().code == 0
    run = _run_of(operator)
    told = operator.run("history", run).out
    assert "1 settled" in told
    assert '"0":{"metadata":"","offset":60},"1":null' in told
    reverted = operator.run("revert", run)
    assert reverted.code == 0
    assert "cannot be put back" in reverted.err
    operator.write(reverted.out, "revert.yaml")
    (operator.state / "documents.yaml").unlink()
    assert operator.apply().code == 0
    assert world.commits() == {(world.topic, 0): 60}
    assert operator.plan("--detailed-exitcode").code == 0


def test_runs_are_listed_oldest_first(world: ConsumerGroupWorld, operator: Operator) -> None:
    world.diverged()
    operator.write(world.document)
    assert operator.apply().code == 0
    operator.write(world.document.replace("id: law", "id: second"))
    assert operator.apply().code == 4, "20 - 40 is before the start"
    operator.write(world.document.replace("id: law", "id: third").replace("shift: -40", "shift: -5"))
    assert operator.apply().code == 0
    runs = operator.run("history", "--json").json["runs"]
    assert [run["number"] for run in runs] == [1, 2]
    assert operator.run("history").out.count("1 settled") == 2


def test_a_run_nobody_made_is_a_usage_error(operator: Operator) -> None:
    assert operator.run("history", "nobodys").code == 64
    assert operator.run("revert", "nobodys").code == 64


def test_drift_tells_a_level_from_a_request_and_from_what_cannot_be_seen(
    world: ConsumerGroupWorld, operator: Operator, stack: Addresses
) -> None:
    world.diverged()
    operator.write(world.document)
    unapplied = operator.run("drift", str(operator.state))
    assert (unapplied.code, unapplied.out.split()[0]) == (0, "unapplied")
    operator.write(world.document.replace("reset:", "expect: {min_members: 1}\nreset:"))
    drifted = operator.run("drift", str(operator.state), "--json")
    assert drifted.code == 2
    assert [each["sort"] for each in drifted.json["drift"]] == ["expectation"]
    operator.configure(operator.config.read_text().replace(stack.kafka, "127.0.0.1:1"))
    unseen = operator.run("drift", str(operator.state), "--json")
    assert unseen.code == 69
    assert (unseen.json["drift"], list(unseen.json["not_observed"])) == ([], [f"ConsumerGroup/analytics/{world.name}"])
