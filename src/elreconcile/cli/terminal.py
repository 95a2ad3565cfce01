"""Colour and progress, where a person is looking."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import typer

from elreconcile.kinds.span import told
from elreconcile.reports.plan_text import Paint, plain

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.progress import Progress, ProgressColumn, Task, TaskID

    from elreconcile.model.address import Address
    from elreconcile.model.plan import Plan


def paint(stream: TextIO) -> Paint:
    """Colours on a terminal, unless NO_COLOR is set; none elsewhere."""
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return plain
    return lambda text, colour: typer.style(text, fg=colour, bold=True)


class Waits:
    """Tells on stderr why something stands still: each reason once, however its numbers change meanwhile."""

    def __init__(self) -> None:
        self._told: dict[Address, str] = {}

    def __call__(self, address: Address, reason: str | None) -> None:
        without_numbers = re.sub(r"\d+", "", reason or "")
        if reason and without_numbers != self._told.get(address):
            print(f"{address} waits: {reason}", file=sys.stderr, flush=True)
        self._told[address] = without_numbers


class Watch:
    """Moving lines on stderr: what is waited for, and how far a long change has come, with its rate and time left.

    Where they cannot move only reasons to wait are written.
    """

    def __init__(self, console: Console, words: str) -> None:
        from rich.spinner import Spinner

        self.moves = console.is_terminal and not console.is_dumb_terminal
        self._words = words
        self._waits: dict[Address, str] = {}
        self._waits_told = Waits()
        self._spinner = Spinner("dots", style="status.spinner")
        self._bars = _bars(console)
        self._tasks: dict[Address, TaskID] = {}

    def waiting(self, plan: Plan, left: float) -> None:
        reasons = "; ".join(f"{each.what}: {each.now}" for change in plan.blocked for each in change.blocked_by)
        self._words = f"waiting up to {left:.0f} s for {reasons}"

    def looking(self, address: Address, reason: str | None) -> None:
        """The plan is made again, and stands still."""
        self._words = "applying"
        self._stands_still(address, reason)

    def telling(self, address: Address, done: int, total: int, waits_for: str | None) -> None:
        self._stands_still(address, waits_for)
        if address not in self._tasks:
            self._tasks[address] = self._bars.add_task(str(address), total=total)
        self._bars.update(self._tasks[address], completed=done, total=total, waits=waits_for is not None)

    def end(self) -> Group | None:
        """How far everything has come, to be left there; None where nothing took long."""
        for task in self._tasks.values():
            self._bars.stop_task(task)
        return self._so_far() if self._tasks else None

    def _stands_still(self, address: Address, reason: str | None) -> None:
        self._waits.pop(address, None)
        if not self.moves:
            self._waits_told(address, reason)
        elif reason:
            self._waits[address] = reason

    def _so_far(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        shown = zip(self._tasks, self._bars.tasks, strict=False)
        return Group(*(Group(Text(str(address)), self._bars.make_tasks_table([task])) for address, task in shown))

    def __rich__(self) -> Group:
        """Bars once there are any, and below them what is waited for, in as many lines as it takes."""
        from rich.console import Group
        from rich.text import Text

        waits = [f"{address} waits: {reason}" for address, reason in self._waits.items()]
        words = waits or ([] if self._tasks else [self._words])
        self._spinner.update(text=Text("\n".join(words)))  # as they are: app[/prod] is no markup
        return Group(self._so_far(), *([self._spinner] if words else []))


@contextmanager
def progress(what: str) -> Iterator[Watch]:
    """A watch for the time of an apply."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    watch = Watch(console, what)
    if not watch.moves:
        yield watch
        return
    with Live(watch, console=console, refresh_per_second=10) as live:
        try:
            yield watch
        finally:
            left = watch.end()
            live.update(left or "")
            live.transient = left is None


def _bars(console: Console) -> Progress:
    """Drawn by others. The rate is that of the last five minutes: a slow window commits once in a while."""
    from rich.progress import BarColumn, Progress

    return Progress(BarColumn(), _numbers(), console=console, auto_refresh=False, speed_estimate_period=300)


def _numbers() -> ProgressColumn:
    from rich.progress import ProgressColumn
    from rich.table import Column
    from rich.text import Text

    class Numbers(ProgressColumn):
        def render(self, task: Task) -> Text:
            said = [f"{task.completed:,.0f} of {task.total:,.0f} rows"]
            if task.speed:
                said.append(f"{task.speed:,.0f} rows/s")
            if task.stop_time is None:
                said += _to_come(task)
            return Text(", ".join(said))

    return Numbers(table_column=Column(no_wrap=True))


def _to_come(task: Task) -> list[str]:
    """No time left is told before a rate was seen, nor while it stands still."""
    if task.fields["waits"]:
        return ["waits"]
    if task.finished:
        return ["reading back"]
    return [f"{told(task.remaining / task.speed)} left"] if task.speed and task.remaining else []
