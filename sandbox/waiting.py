"""Waiting for the world to become so, with a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed

T = TypeVar("T")


def until(what: str, condition: Callable[[], T | Literal[False] | None], seconds: float = 60) -> T:
    """The first truthy answer of `condition`; after `seconds` an AssertionError that says `what`."""
    asked = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry=retry_if_not_result(bool),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    answer = asked(condition)
    assert answer, f"{what}: not within {seconds} s, last answer {answer!r}"  # noqa: S101 - for tests and demo
    return answer
