from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from elreconcile.desired.config import Limits
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan, Source
from elreconcile.planning.policy import COUNTED, limit_id, outgrown, over_the_limit, protected, same_cluster

RESET = Change(Address("ConsumerGroup", "analytics", "mysql_00"), Action.REQUEST, "reset r1")


def sized(**size: int) -> Change:
    return replace(RESET, size=size)


def limits(**settings: Any) -> Limits:
    return Limits(**settings)


def test_two_names_of_one_cluster_are_refused_whatever_is_accepted() -> None:
    (refusal,) = same_cluster({"b": "id-1", "c": "id-2", "a": "id-1"})
    assert (refusal.id, refusal.what, refusal.acceptable) == ("same-cluster", "kafka.a and kafka.b", False)
    assert "id-1" in refusal.value
    assert same_cluster({"a": "id-1", "b": "id-2"}) == same_cluster({}) == ()


@pytest.mark.parametrize("pattern", ["mysql_00", "mysql*", "ConsumerGroup/*/mysql_*", "*"])
def test_a_protected_name_needs_an_acceptance(pattern: str) -> None:
    (refusal,) = protected(RESET, limits(protected=(pattern,))).refusals
    assert (refusal.id, refusal.acceptable) == ("protected", True)
    assert pattern in refusal.limit
    assert "limits.protected" in refusal.remedy


def test_what_is_not_protected_or_does_nothing_is_left_alone() -> None:
    assert protected(RESET, limits(protected=("MYSQL*", "mysql"))) == RESET
    idle = replace(RESET, action=Action.NONE)
    assert protected(idle, limits(protected=("*",))) == idle


@pytest.mark.parametrize("name", COUNTED)
def test_a_run_may_do_as_much_as_its_limit_and_no_more(name: str) -> None:
    both = [sized(**{name: 2}), sized(**{name: 3})]
    assert over_the_limit(both, limits(**{name: 5})) == ()
    (refusal,) = over_the_limit(both, limits(**{name: 4}))
    assert (refusal.id, refusal.value, refusal.limit) == (limit_id(name), "5", f"limits.{name} is 4")
    assert refusal.remedy == f"raise limits.{name}"
    assert refusal.acceptable


def test_what_does_nothing_does_not_count() -> None:
    assert over_the_limit([replace(sized(groups=9), action=Action.NONE)], limits(groups=0)) == ()


def test_deletions_are_limited_as_a_share_too() -> None:
    changes = [sized(deletions=1, deletable=2), sized(deletions=1, deletable=3)]
    assert over_the_limit(changes, limits(deletion_share=0.4)) == ()
    (refusal,) = over_the_limit(changes, limits(deletion_share=0.39))
    assert (refusal.id, refusal.value, refusal.limit) == (
        "limit-deletion-share",
        "40% (2 of 5)",
        "limits.deletion_share is 39%",
    )


def test_nothing_deleted_is_no_share() -> None:
    assert over_the_limit([sized(groups=1)], limits(deletion_share=0.0)) == ()


@given(st.lists(st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 2**40), max_size=7), max_size=4))
def test_without_limits_nothing_is_too_much(sizes: list[dict[str, int]]) -> None:
    assert over_the_limit([sized(**size) for size in sizes], Limits()) == ()


def planned(accepted: tuple[str, ...], *changes: Change) -> Plan:
    return Plan("test", Source("state"), "ledger", (), changes, datetime.now(UTC), accepted)


@pytest.mark.parametrize("name", COUNTED)
def test_an_acceptance_lifts_its_limit_for_what_was_shown_and_no_further(name: str) -> None:
    shown, same, more = (planned((limit_id(name),), sized(**{name: count})) for count in (80, 80, 81))
    assert list(outgrown(shown, same, limits(**{name: 5}))) == []
    assert f"{limit_id(name)} was accepted: then 80, now 81" in list(outgrown(shown, more, limits(**{name: 5})))
    if name != "rows":
        assert list(outgrown(shown, more, limits(**{name: 81}))) == [], "within the limit without any acceptance"
        assert list(outgrown(shown, more, limits(**{name: None}))) == []


def test_a_share_that_was_accepted_does_not_grow_either() -> None:
    shown, more = (planned(("limit-deletion-share",), sized(deletions=count, deletable=10)) for count in (5, 6))
    assert list(outgrown(shown, shown, limits(deletion_share=0.1))) == []
    assert list(outgrown(shown, more, limits(deletion_share=0.1))) == [
        "limit-deletion-share was accepted: then 0.5, now 0.6"
    ]


def test_no_window_puts_in_more_rows_than_were_shown() -> None:
    few, many = (planned((), sized(rows=count)) for count in (3, 5))
    assert list(outgrown(few, many, limits())) == [f"{RESET.address}: rows to put in: then 3, now 5"]
    assert list(outgrown(many, few, limits())) == []
