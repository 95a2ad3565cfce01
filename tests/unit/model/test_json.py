from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from elreconcile.model.json import canonical, digest

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


def turned_around(value: Any) -> Any:
    """The same value, each mapping with its keys the other way round."""
    if isinstance(value, dict):
        return {key: turned_around(inner) for key, inner in reversed(value.items())}
    return [turned_around(inner) for inner in value] if isinstance(value, list) else value


@given(VALUES)
def test_nothing_is_lost_in_the_canonical_text(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(VALUES)
def test_the_order_of_keys_changes_nothing(value: Any) -> None:
    assert canonical(turned_around(value)) == canonical(value)
    assert digest(turned_around(value)) == digest(value)


@given(VALUES, VALUES)
def test_two_values_have_two_digests(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (canonical(one) == canonical(other))


def test_the_canonical_text_is_short_sorted_and_readable() -> None:
    assert (
        canonical({"b": [1, True, None], "a": "ä", "c": 2**63 - 1})
        == '{"a":"ä","b":[1,true,null],"c":9223372036854775807}'
    )


def test_numbers_and_truth_are_told_apart() -> None:
    assert len({digest(1), digest(1.0), digest(True), digest("1")}) == 4
