"""Servers that die while an apply is under way: the next run converges, and nothing is moved twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from elreconcile.kinds.consumer_group import marks
from sandbox.events import produce
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.laws.worlds import ConsumerGroupWorld, events
from tests.operator import Operator

TIMING = "timing: {deadline: 6s, grace: 6s, quiet: 0s}\n"


@pytest.fixture
def world(own_sandbox: Sandbox, tmp_path: Path) -> Iterator[tuple[ConsumerGroupWorld, Operator, Sandbox]]:
    own_sandbox.up()
    with closing(own_sandbox.kafka.admin()) as admin:
        topic = f"topic-{tmp_path.name}"
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
        produce(own_sandbox.kafka.bootstrap, topic, {0: events(), 1: events()})
        made = ConsumerGroupWorld(own_sandbox.addresses, admin, f"group-{tmp_path.name}", topic, tmp_path)
        made.diverged()
        operator = Operator.at(tmp_path / "operator", own_sandbox.addresses, TIMING)
        operator.write(made.document)
        yield made, operator, own_sandbox


@pytest.mark.parametrize("reached", ["marked", "committed"])
def test_kafka_killed_in_mid_apply(reached: str, world: tuple[ConsumerGroupWorld, Operator, Sandbox]) -> None:
    """Once while the marks are watched, once while the targets are: the saved plan goes on, and moves it once."""
    made, operator, sandbox = world
    saved = str(operator.home / "plan.json")
    assert operator.plan("--out", saved).code == 0
    seen = {"marked": marks.before("law"), "committed": marks.done("law")}[reached]
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.run, "apply", saved)
        until(f"it has {reached}", lambda: seen in made.words())
        sandbox.kafka.kill()
        lost = applying.result()
    assert lost.code == 69, lost
    assert "127.0.0.1" in lost.out + lost.err
    sandbox.kafka.start()
    again = operator.run("apply", saved, "--wait", "30s")
    assert again.code == 0, again
    with closing(sandbox.kafka.admin()) as made.admin:  # the old client waits longer and longer to connect
        assert made.is_converged(), made.commits()
    assert operator.plan("--detailed-exitcode").code == 0


def test_two_applies_at_once_ten_times_in_a_row(world: tuple[ConsumerGroupWorld, Operator, Sandbox]) -> None:
    made, operator, _ = world
    operator.configure(operator.config.read_text().replace(TIMING, "timing: {grace: 2s, quiet: 0s}\n"))
    for number in range(10):
        made.diverged()
        operator.write(made.document.replace("id: law", f"id: law-{number}"))
        with ThreadPoolExecutor() as beside:
            both = [each.result() for each in [beside.submit(operator.apply) for _ in range(2)]]
        assert sorted(each.code for each in both) == [0, 5], both
        assert made.is_converged(), (number, made.commits())
