"""Deadlines of our own, because a client library may wait for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from typing import TypeVar

from elreconcile.errors import Unreachable

T = TypeVar("T")


class Deadline:
    """A number of seconds that started to run when it was made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds; never negative."""
        return max(0.0, self.seconds - self.elapsed)


def call_within(system: str, seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises, or Unreachable when it has not ended after so many seconds.

    It runs in a daemon thread, which is left behind when it does not end: nothing in Python can stop it,
    and it does not keep the process alive.
    """
    answer: Future[T] = Future()
    deadline = Deadline(seconds)
    threading.Thread(target=_run, args=(call, answer), name=f"call to {system}", daemon=True).start()
    try:
        return answer.result(seconds)
    except NotDone:
        if answer.done():  # the call itself ended in a TimeoutError
            raise
        raise Unreachable(system, "no answer", deadline.elapsed) from None


def _run(call: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(call())
    except BaseException as error:  # noqa: BLE001  whatever it is belongs to the caller
        answer.set_exception(error)
