from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan, Source
from elreconcile.planning.difference import Difference, compare

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(VALUES)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert compare(value, value) == ()


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"a": 1}, {"a": 2}, ["a: then 1, now 2"]),
        ({"a": 1}, {"a": True}, ["a: then 1, now true"]),
        ({"a": 1}, {"a": 1.0}, ["a: then 1, now 1.0"]),
        ({"a": None}, {}, ["a: then null, now absent"]),
        ({}, {"a": None}, ["a: then absent, now null"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a / 1: then absent, now 2"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a / 1: then 2, now absent"]),
        ({"b": {"x": 1}, "a": "u"}, {"b": {"x": 2}, "a": "v"}, ['a: then "u", now "v"', "b / x: then 1, now 2"]),
        ({"a": {"x": 1}}, {"a": None}, ['a: then {"x":1}, now null']),
    ],
)
def test_each_value_that_differs_is_told_where_it_stands(then: Any, now: Any, told: list[str]) -> None:
    assert [str(one) for one in compare(then, now)] == told


def test_plans_differ_in_what_their_digest_covers() -> None:
    change = Change(Address("ConsumerGroup", "analytics", "g"), Action.REQUEST, "reset", pins={"topic": {"0": 831}})
    then = Plan("test", Source("state"), "ledger", (), (change,), datetime(2018, 3, 13, tzinfo=UTC))
    now = replace(then, changes=(replace(change, title="other words", pins={"topic": {"0": 832}}),))
    both = [change.address]
    assert compare(then.bound(both), then.bound(both)) == ()
    assert compare(then.bound(both), now.bound(both)) == (
        Difference("changes / ConsumerGroup/analytics/g / pins / topic / 0", "831", "832"),
    )
    assert then.digest != now.digest
