"""What is told instead of an answer, and when."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from elreconcile.errors import Unreachable

DEADLINE = 2.0
SLACK = 5.0
"""Seconds beyond the deadline that are still in time, on two busy cores: clients' own limits are of 10 s and more."""


def refusal(system: str, question: Callable[[], object]) -> str:
    """What is told instead of an answer."""
    before = time.monotonic()
    with pytest.raises(Unreachable) as error:
        question()
    took = time.monotonic() - before
    assert took < DEADLINE + SLACK
    assert error.value.system == system
    assert error.value.exit_code == 69
    assert str(error.value).endswith(f"(tried for {error.value.tried_seconds:.1f} s)")
    assert error.value.tried_seconds == pytest.approx(took, abs=1.5)
    return error.value.cause
