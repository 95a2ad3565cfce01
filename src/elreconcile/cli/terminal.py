"""Colour and progress, where a person is looking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

import typer

from elreconcile.reports.plan_text import Paint, plain

if TYPE_CHECKING:
    from elreconcile.model.plan import Plan


def paint(stream: TextIO) -> Paint:
    """Colours on a terminal, unless NO_COLOR is set; none elsewhere."""
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return plain
    return lambda text, colour: typer.style(text, fg=colour, bold=True)


class Progress(Protocol):
    def __call__(self, plan: Plan, left: float) -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A moving line on stderr while something is awaited; nothing moves where stderr is not a terminal."""
    from rich.console import Console

    with Console(stderr=True).status(what) as status:

        def waiting(plan: Plan, left: float) -> None:
            reasons = "; ".join(f"{each.what}: {each.now}" for change in plan.blocked for each in change.blocked_by)
            status.update(f"waiting up to {left:.0f} s for {reasons}")

        yield waiting
