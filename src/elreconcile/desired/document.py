"""A document as values, and where in its file each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Protocol, cast

import msgspec

from elreconcile.errors import Problem
from elreconcile.model.json import Json

Steps = tuple[str | int, ...]
"""The way from a document's root to a value: keys and list indexes."""


class Mark(Protocol):
    """A place in the text, counted from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class Source(msgspec.Struct, frozen=True):
    """A text, and what messages call it."""

    file: str
    text: str

    def problem(self, mark: Mark, message: str) -> Problem:
        lines = self.text.splitlines() or [""]
        if mark.line >= len(lines):  # libyaml counts the end of the text as a line of its own
            return Problem(self.file, len(lines), len(lines[-1]) + 1, message)
        return Problem(self.file, mark.line + 1, mark.column + 1, message)


class Document(msgspec.Struct, frozen=True):
    """One document, and where everything in it stands.

    `unread` holds the steps to values whose meaning is unsure, each already told as a problem.
    """

    source: Source
    value: Json
    keys: Mapping[Steps, Mark]
    values: Mapping[Steps, Mark]
    unread: frozenset[Steps]

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def line(self) -> int:
        return self.values[()].line + 1

    def at(self, steps: Steps) -> Json:
        return reduce(lambda value, step: cast(Any, value)[step], steps, self.value)

    def problem_at_key(self, steps: Steps, message: str) -> Problem:
        """A problem with a whole entry: told where its key stands, or the value where it has none."""
        return self.source.problem(self.keys.get(steps) or self.values[steps], message)

    def problem_at_value(self, steps: Steps, message: str) -> Problem:
        return self.source.problem(self.values[steps], message)
