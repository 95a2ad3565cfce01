"""Deadlines hold whatever is called."""

from __future__ import annotations

import threading
import time

import pytest

from elreconcile.errors import Unreachable
from elreconcile.systems.deadline import Deadline, call_within


def test_a_call_in_time_gives_what_it_returns() -> None:
    assert call_within("a system", 5, lambda: 42) == 42


def test_a_call_that_does_not_end_is_left_behind() -> None:
    end = threading.Event()
    with pytest.raises(Unreachable, match=r"^a system: no answer \(tried for \d+\.\d s\)$") as error:
        call_within("a system", 0.1, end.wait)
    assert error.value.tried_seconds >= 0.1
    end.set()


@pytest.mark.parametrize("error", [TimeoutError("its own"), ValueError("what"), KeyboardInterrupt()])
def test_what_the_call_raises_is_raised(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        call_within("a system", 5, fail)
    assert raised.value is error


def test_a_deadline_runs_from_when_it_was_made() -> None:
    short, long = Deadline(0.05), Deadline(60)
    time.sleep(0.06)
    assert short.left == 0
    assert short.elapsed >= 0.06
    assert 0 < long.left <= 59.94
