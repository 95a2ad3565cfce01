"""A group is one group, whatever a configuration calls its cluster."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from sandbox.addresses import Addresses
from sandbox.waiting import until
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import COMMAND, Operator


@pytest.fixture
def operator(stack: Addresses, world: ConsumerGroupWorld, tmp_path: Path) -> Operator:
    """Its configuration calls the one Kafka `analytics` and `twin`."""
    made = Operator.at(tmp_path / "operator", stack)
    twin = f"  twin: {{bootstrap_servers: ['{stack.kafka}']}}\nburrow:"
    made.configure(made.config.read_text().replace("burrow:", twin, 1))
    made.write(world.document)
    return made


def twin_of(world: ConsumerGroupWorld) -> str:
    return world.document.replace("cluster: analytics", "cluster: twin")


def test_both_names_in_one_plan_are_refused(world: ConsumerGroupWorld, operator: Operator) -> None:
    """Carried out under each of them a shift would move the group twice."""
    operator.write(twin_of(world), "twin.yaml")
    assert operator.plan("--accept", "same-cluster").code == 64
    refused = operator.plan("--json", "--detailed-exitcode")
    assert refused.code == 4, refused
    assert [each["id"] for each in refused.json["refusals"]] == ["same-cluster"]
    assert "kafka.analytics and kafka.twin" in operator.plan().out
    assert (operator.apply().code, set(world.commits().values())) == (4, {60})
    assert operator.apply("--only", "*/twin/*").code == 0
    assert world.is_converged()
    again = operator.apply("--only", "*/analytics/*")
    assert (again.code, "done-before" in again.out) == (4, True), again
    assert world.is_converged()


def test_an_apply_under_one_name_keeps_out_an_apply_under_the_other(
    world: ConsumerGroupWorld, operator: Operator, tmp_path: Path
) -> None:
    """The first waits for the group to be unused, and holds its locks meanwhile."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "twin.yaml").write_text(twin_of(world))
    settings = {"bootstrap.servers": world.servers.kafka, "group.id": world.name, "enable.auto.commit": False}
    with closing(Consumer(settings)) as consumer:
        consumer.subscribe([world.topic])
        until("it is a member", lambda: consumer.poll(0.2) and consumer.assignment(), 60)
        words = [*COMMAND, "apply", str(operator.state), "--yes", "--wait", "5m"]
        first = subprocess.Popen(
            words,
            env=operator.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            locks = operator.home / "ledger.sqlite.locks"
            until("the first holds its locks", lambda: len(list(locks.glob("*.lock"))) == 2, 60)
            second = operator.run("apply", str(other), "--yes", "--wait", "5m")
            assert second.code == 5, second
            assert f": ConsumerGroup {world.name} is locked by" in second.err
            assert set(world.commits().values()) == {60}
            consumer.close()
            assert first.wait(120) == 0
        finally:
            first.kill()
            first.wait()
    assert world.is_converged()
