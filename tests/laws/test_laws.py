"""What holds for every kind, on the real servers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from elreconcile.kinds import KINDS
from sandbox.addresses import Addresses
from tests.laws.worlds import WORLDS, World, events
from tests.operator import Operator

MakeWorld = Callable[[str], tuple[World, Operator]]
MOST_STEPS = 60


@pytest.fixture
def make_world(
    stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any, tmp_path: Path
) -> MakeWorld:
    """A world of a kind with a group and a topic of its own, and an operator with its document."""

    def make(kind: str) -> tuple[World, Operator]:
        topic = make_topic(partitions=2)
        produce(topic, {0: events(), 1: events()})
        world = WORLDS[kind](stack, admin, unique("group"), topic, tmp_path)
        operator = Operator.at(tmp_path / topic, stack)
        operator.write(world.document)
        return world, operator

    return make


def test_every_kind_has_its_worlds() -> None:
    assert set(WORLDS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arranged", ["absent", "diverged"])
def test_planning_writes_nothing(kind: str, arranged: str, make_world: MakeWorld) -> None:
    world, operator = make_world(kind)
    getattr(world, arranged)()
    before = world.look(), (operator.home / "ledger.sqlite").read_bytes()
    planned = operator.plan("--detailed-exitcode")
    assert planned.code in (0, 2, 4), planned
    assert (world.look(), (operator.home / "ledger.sqlite").read_bytes()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_diverged_world_has_changes_and_a_plan_after_apply_has_none(kind: str, make_world: MakeWorld) -> None:
    world, operator = make_world(kind)
    world.diverged()
    assert operator.plan("--detailed-exitcode").code in (2, 4)
    applied = operator.apply("--wait", "30s")
    assert applied.code == 0, applied
    assert world.is_converged(), world.look()
    assert operator.plan("--detailed-exitcode").code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_apply_twice_equals_once(kind: str, make_world: MakeWorld) -> None:
    world, operator = make_world(kind)
    world.converge(operator)
    once = world.look()
    again = operator.apply("--wait", "30s")
    assert again.code == 0, again
    assert "nothing to do" in again.err
    assert world.look() == once


@pytest.mark.parametrize("kind", KINDS)
def test_an_absent_world_is_told_and_left_alone_or_filled(kind: str, make_world: MakeWorld) -> None:
    world, operator = make_world(kind)
    world.absent()
    before = world.look()
    assert operator.plan().out.count(world.name) >= 1
    applied = operator.apply()
    assert applied.code in (0, 4), applied
    if world.fills_what_is_absent:
        assert world.is_converged(), world.look()
    else:
        assert world.look() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_anywhere_then_a_second_run_converges(kind: str, make_world: MakeWorld) -> None:
    """Killed before and after each thing an apply does to the world: the second run ends where one run would have."""
    for step in range(1, MOST_STEPS):
        world, operator = make_world(kind)
        world.diverged()
        command = (sys.executable, "-m", "tests.laws.killed", str(step))
        killed = operator.apply("--wait", "30s", command=command)
        if killed.code >= 0:
            assert step > 6, f"only {step - 1} points to kill at"
            return
        again = operator.apply("--wait", "30s")
        assert again.code == 0, (step, again)
        assert world.is_converged(), (step, world.look(), again)
        assert operator.plan("--detailed-exitcode").code == 0
    pytest.fail("more steps than counted")
