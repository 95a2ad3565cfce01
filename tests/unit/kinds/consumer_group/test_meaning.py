"""What a request means, and what may be rewritten without making it another one."""

from __future__ import annotations

from typing import Any

import pytest

from elreconcile.kinds.consumer_group import ConsumerGroupKind
from elreconcile.model.change import Request
from tests.unit.kinds.consumer_group.worlds import group

AT = {"to": {"timestamp": "2018-03-13T06:48:00Z"}}


def request(**fields: Any) -> Request:
    made = ConsumerGroupKind().request(group(**fields))
    assert made is not None
    return made


def test_without_a_reset_there_is_no_request() -> None:
    assert ConsumerGroupKind().request(group(no_reset=True)) is None


def test_the_meaning_is_what_was_written() -> None:
    made = request(**AT, reason="T188991", on_no_match="latest")
    assert made.id == "r1"
    assert made.meaning == {
        "to": {"timestamp": "2018-03-13T06:48:00Z"},
        "on_no_match": "latest",
        "topics": {"topic": None},
    }


@pytest.mark.parametrize(
    "same",
    [
        AT | {"reason": "other words"},
        AT | {"expires": "2019-01-01T00:00:00Z"},
        AT | {"id": "r2"},
        {"to": {"timestamp": "2018-03-13T07:48:00+01:00"}},
    ],
)
def test_other_words_of_the_same_meaning(same: dict[str, Any]) -> None:
    assert request(**same).fingerprint == request(**AT).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        {"to": {"timestamp": "2018-03-13T06:48:01Z"}},
        {"to": "latest"},
        AT | {"topics": {"topic": None, "another": None}},
        AT | {"topics": {"topic": {"to": "earliest"}}},
        AT | {"on_no_match": "latest"},
        AT | {"on_out_of_range": "clamp"},
    ],
)
def test_another_meaning(other: dict[str, Any]) -> None:
    assert request(**other).fingerprint != request(**AT).fingerprint
