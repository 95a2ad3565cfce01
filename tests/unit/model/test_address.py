from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.model.address import Address

WORD = st.text(min_size=1).filter(lambda text: "/" not in text)


@given(WORD, WORD, st.text(min_size=1))
def test_an_address_is_read_back_from_its_text(kind: str, system: str, name: str) -> None:
    address = Address(kind, system, name)
    assert Address.parse(str(address)) == address


def test_a_name_may_hold_slashes() -> None:
    assert Address.parse("ConsumerGroup/analytics/a/b") == Address("ConsumerGroup", "analytics", "a/b")


@pytest.mark.parametrize("text", ["", "g", "analytics/g", "//", "ConsumerGroup//g", "/analytics/g", "ConsumerGroup/a/"])
def test_anything_less_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address: write KIND/SYSTEM/NAME"):
        Address.parse(text)
