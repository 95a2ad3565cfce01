"""A disk full for the ledger, at every time it is written to: told with its place, and nothing is moved twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sandbox.addresses import Addresses
from tests.laws.filled import FILLER, fill
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import Operator


@pytest.fixture
def operator(stack: Addresses, world: ConsumerGroupWorld, disk: Path, tmp_path: Path) -> Operator:
    made = Operator.at(tmp_path / "operator", stack, ledger=f"sqlite: {disk / 'ledger.sqlite'}")
    made.write(world.document)
    return made


def ends_well_with_space(world: ConsumerGroupWorld, operator: Operator, disk: Path) -> None:
    """The shift is carried out, and never again."""
    (disk / FILLER).unlink()
    again = operator.apply()
    assert again.code == 0, again
    assert world.is_converged(), world.commits()
    world.commit(world.topic, {0: 100, 1: 100})
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {100}, "carried out once"
    assert operator.plan("--detailed-exitcode").code == 0


def test_full_before_it_starts(world: ConsumerGroupWorld, operator: Operator, disk: Path) -> None:
    fill(disk)
    refused = operator.apply()
    assert refused.code == 4, refused
    assert str(disk / "ledger.sqlite") in refused.err
    assert set(world.commits().values()) == {60}
    ends_well_with_space(world, operator, disk)


WRITES: dict[str, tuple[set[str], int]] = {
    "the run": (set(), 60),
    "started": ({"failed", "not reached"}, 60),
    "sending": ({"failed", "uncertain"}, 60),
    "acknowledged": ({"uncertain"}, 20),
    "settled": ({"uncertain"}, 20),
    "the end of the run": ({"uncertain", "settled"}, 20),
}
"""What is written, in turn: how the change may end where there is no room for it, and where the group stands then."""


@pytest.mark.parametrize("write", WRITES)
def test_full_while_it_runs(write: str, world: ConsumerGroupWorld, operator: Operator, disk: Path) -> None:
    number = list(WRITES).index(write) + 1
    endings, offset = WRITES[write]
    lost = operator.apply(command=(sys.executable, "-m", "tests.laws.filled", str(number), str(disk)))
    assert lost.code in (3, 4), lost
    assert "disk is full" in lost.out + lost.err
    assert str(disk / "ledger.sqlite") in lost.out + lost.err
    if endings:
        assert lost.ending(f"ConsumerGroup/analytics/{world.name}") in endings, lost
    assert set(world.commits().values()) == {offset}
    ends_well_with_space(world, operator, disk)
