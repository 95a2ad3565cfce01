"""Colour and progress, where a person is looking."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import typer

from elreconcile.reports.plan_text import Paint, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, TaskID
    from rich.status import Status

    from elreconcile.model.address import Address
    from elreconcile.model.plan import Plan


def paint(stream: TextIO) -> Paint:
    """Colours on a terminal, unless NO_COLOR is set; none elsewhere."""
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return plain
    return lambda text, colour: typer.style(text, fg=colour, bold=True)


class Waits:
    """Tells on stderr why a look stands still, each reason once."""

    def __init__(self) -> None:
        self._reason: str | None = None

    def __call__(self, address: Address, reason: str | None) -> None:
        if reason and reason != self._reason:
            print(f"{address} waits: {reason}", file=sys.stderr, flush=True)
        self._reason = reason


class Watch:
    """Moving lines on stderr: what is waited for, and how far a long change has come, with its rate and time left.

    Where stderr is not a terminal only a new reason to wait is written, once.
    """

    def __init__(self, console: Console, status: Status, bar: Progress) -> None:
        self._console = console
        self._status = status
        self._bar = bar
        self._tasks: dict[Address, TaskID] = {}
        self._reason: str | None = None

    def waiting(self, plan: Plan, left: float) -> None:
        reasons = "; ".join(f"{each.what}: {each.now}" for change in plan.blocked for each in change.blocked_by)
        self._show(f"waiting up to {left:.0f} s for {reasons}")

    def looking(self, address: Address, reason: str | None) -> None:
        """The plan is made again, and stands still."""
        if self._console.is_terminal:
            self._show(f"{address} waits: {reason}" if reason else "applying")
        else:
            self.telling(address, 0, 0, reason)

    def telling(self, address: Address, done: int, total: int, waits_for: str | None) -> None:
        words = f"{address} waits: {waits_for}" if waits_for else str(address)
        if self._console.is_terminal:
            self._move(address, words, done, total)
        elif waits_for and waits_for != self._reason:
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)
        self._reason = waits_for

    def _show(self, words: str) -> None:
        """As they are: a member may call itself app[/prod], which as markup would be an error."""
        from rich.text import Text

        self._status.update(Text(words))

    def _move(self, address: Address, words: str, done: int, total: int) -> None:
        self._status.stop()  # one moving display at a time
        self._bar.start()
        if address not in self._tasks:
            self._tasks[address] = self._bar.add_task(words, total=total)
        self._bar.update(self._tasks[address], completed=done, total=total, description=words)


@contextmanager
def progress(what: str) -> Iterator[Watch]:
    """A watch for the time of an apply."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    words = TextColumn("{task.description}", markup=False)
    bar = Progress(words, BarColumn(), MofNCompleteColumn(), _rate(), TimeRemainingColumn(), console=console)
    with console.status(what) as status:
        try:
            yield Watch(console, status, bar)
        finally:
            if bar.live.is_started:  # stopped without a start it leaves an empty line where nobody looks
                bar.stop()


def _rate() -> ProgressColumn:
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    return Rate()
