from __future__ import annotations

import pytest

from elreconcile.kinds.consumer_group.marks import before, done, is_ours
from elreconcile.systems.kafka_values import Commit


def test_a_mark_names_its_request_and_tells_before_from_done() -> None:
    assert before("r1") == "elreconcile before r1"
    assert done("r1") == "elreconcile reset r1"


@pytest.mark.parametrize(
    ("commit", "ours"),
    [
        (Commit(5, before("r1")), True),
        (Commit(5, done("r2")), True),
        (Commit(5), False),
        (Commit(5, "elreconciler was here"), False),
        (None, False),
    ],
)
def test_only_commits_with_a_mark_are_ours(commit: Commit | None, ours: bool) -> None:
    assert is_ours(commit) is ours
