from __future__ import annotations

import pytest
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.reports.outcome_text import outcomes_text, summary


def outcome(ending: Ending, name: str = "g", reason: str = "why") -> Outcome:
    return Outcome(Address("ConsumerGroup", "analytics", name), ending, reason)


def test_a_row_for_each_change_and_advice_where_a_person_is_needed() -> None:
    told = outcomes_text([outcome(Ending.SETTLED, "a", "read back"), outcome(Ending.BLOCKED, "b", "1 member")])
    assert told.splitlines() == [
        "settled   ConsumerGroup/analytics/a   read back",
        "blocked   ConsumerGroup/analytics/b   1 member",
        "blocked: make what it waits for true, or let apply wait for it with --wait 10m, and apply again",
    ]


@pytest.mark.parametrize("ending", list(Ending))
def test_every_ending_but_settled_says_what_to_do_next_once(ending: Ending) -> None:
    told = outcomes_text([outcome(ending), outcome(ending)])
    assert told.count(f"\n{ending.value}: ") == (0 if ending is Ending.SETTLED else 1)


def test_what_to_type_names_each_request_and_no_level() -> None:
    overwritten = outcome(Ending.OVERWRITTEN, "a")
    told = outcomes_text([replace(overwritten, request="r 1"), outcome(Ending.OVERWRITTEN, "b")])
    assert told.splitlines()[2:] == [
        "overwritten: find who wrote over it; applying again puts a level right, and a request is yours to settle",
        "  elreconcile settle ConsumerGroup/analytics/a --request 'r 1' --done or --not-done, --reason WHY",
    ]


def test_the_summary_counts() -> None:
    assert summary([]) == "nothing to do"
    told = summary([outcome(Ending.PENDING), outcome(Ending.SETTLED), outcome(Ending.SETTLED)])
    assert told == "2 settled, 1 pending"
