from __future__ import annotations

import pytest

from elreconcile.cli.exits import of_outcomes
from elreconcile.model.address import Address
from elreconcile.model.outcome import Ending, Outcome


def outcome(ending: Ending, unreachable: bool = False) -> Outcome:
    return Outcome(Address("ConsumerGroup", "analytics", "g"), ending, "why", unreachable=unreachable)


def test_nothing_to_do_is_done() -> None:
    assert of_outcomes([]) == 0


@pytest.mark.parametrize("ending", list(Ending))
def test_only_what_was_read_back_exits_with_0(ending: Ending) -> None:
    assert (of_outcomes([outcome(ending)]) == 0) == (ending in (Ending.SETTLED, Ending.PENDING))


@pytest.mark.parametrize(
    ("endings", "code"),
    [
        ([Ending.SETTLED, Ending.PENDING], 0),
        ([Ending.SETTLED, Ending.FAILED], 3),
        ([Ending.SETTLED, Ending.OVERWRITTEN], 3),
        ([Ending.SETTLED, Ending.UNCERTAIN], 3),
        ([Ending.SETTLED, Ending.BLOCKED], 4),
        ([Ending.SETTLED, Ending.REFUSED], 4),
        ([Ending.UNCERTAIN, Ending.REFUSED, Ending.SETTLED], 4),
    ],
)
def test_what_needs_a_person_first_wins(endings: list[Ending], code: int) -> None:
    assert of_outcomes([outcome(ending) for ending in endings]) == code
    assert of_outcomes([outcome(ending) for ending in reversed(endings)]) == code


@pytest.mark.parametrize("ending", list(Ending))
def test_an_unreachable_system_comes_before_all(ending: Ending) -> None:
    assert of_outcomes([outcome(Ending.REFUSED), outcome(ending, unreachable=True), outcome(Ending.SETTLED)]) == 69
