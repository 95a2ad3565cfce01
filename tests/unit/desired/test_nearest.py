from __future__ import annotations

import pytest

from elreconcile.desired.nearest import did_you_mean, enumerated, unknown


@pytest.mark.parametrize(
    ("written", "known", "end"),
    [
        ("expire", ["expires", "reason"], "; did you mean 'expires'?"),
        ("EXPIRES", ["expires"], "; did you mean 'expires'?"),
        ("consumergroup", ["ConsumerGroup"], "; did you mean 'ConsumerGroup'?"),
        ("whatever", ["expires"], ""),
        ("x", [], ""),
    ],
)
def test_did_you_mean(written: str, known: list[str], end: str) -> None:
    assert did_you_mean(written, known) == end


def test_unknown_names_what_is_known() -> None:
    assert unknown("kind", "x", ["b", "a"]) == "unknown kind 'x'; known: a, b"
    assert unknown("kind", "x", []) == "unknown kind 'x'; none is known"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_enumerated(words: list[str], text: str) -> None:
    assert enumerated(words) == text
