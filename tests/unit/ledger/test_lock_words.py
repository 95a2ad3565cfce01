from __future__ import annotations

import pytest

from elreconcile.ledger.lock import Owner, held_by
from tests.ledger.samples import owner


def test_an_owner_comes_back_from_json() -> None:
    assert Owner.from_json(owner().to_json()) == owner()


def test_who_holds_it_is_told_in_full() -> None:
    text = str(held_by("ConsumerGroup/analytics/g", owner().to_json()))
    assert text.startswith("ConsumerGroup/analytics/g is locked by alice on db1107, process ")
    assert "since 2018-03-13T06:48:00.123456+00:00 (run r1)" in text
    assert text.endswith("; try again when that has ended: apply --lock-timeout 10m waits")


@pytest.mark.parametrize("signature", [None, "", "{", "[]", "7", '{"user": "x"}', '{"since": "yesterday"}', "null"])
def test_a_holder_that_has_not_signed_is_somebody(signature: str | None) -> None:
    assert "locked by somebody who has not written a name yet" in str(held_by("a", signature))
