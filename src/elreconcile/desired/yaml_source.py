"""Strict YAML with positions: JSON's values written as YAML, and nothing that YAML's readers disagree about.

It is read from libyaml's events, because those still know anchors, tags, quotes and keys given twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Protocol, cast

import yaml

from elreconcile.desired.plain_scalars import plain_scalar
from elreconcile.errors import Problem
from elreconcile.model.json import Json

Steps = tuple[str | int, ...]
"""The way from a document's root to a value: keys and list indexes."""

_DEEPEST = 50
_NOT_READ = "cannot be read as YAML"
_HINTS = {
    "mapping values are not allowed in this context": "a text that holds ': ' needs quotes",
    "found character that cannot start any token": "indent with spaces, quote text that starts with @ or %",
    "found unexpected end of stream": "is a closing quote missing?",
    "did not find expected key": "is this line indented like its neighbours?",
    "could not find expected ':'": "is a ':' missing after the key?",
}


class Mark(Protocol):
    """A place in the text, counted from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Document:
    """One document, and where everything in it stands.

    `unread` holds the steps to values whose meaning is unsure, each already told as a problem.
    """

    file: str
    value: Json
    keys: Mapping[Steps, Mark]
    values: Mapping[Steps, Mark]
    unread: frozenset[Steps]

    @property
    def line(self) -> int:
        return self.values[()].line + 1

    def at(self, steps: Steps) -> Json:
        return reduce(lambda value, step: cast(Any, value)[step], steps, self.value)

    def problem_at_key(self, steps: Steps, message: str) -> Problem:
        """A problem with a whole entry: told where its key stands, or the value where it has none."""
        return _problem(self.file, self.keys.get(steps) or self.values[steps], message)

    def problem_at_value(self, steps: Steps, message: str) -> Problem:
        return _problem(self.file, self.values[steps], message)


def read(path: Path) -> tuple[list[Document], list[Problem]]:
    """The documents of a file, as far as they can be read, and everything that is wrong with it as YAML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [_problem_at_byte(str(path), error.object, error.start, "this is not UTF-8")]
    except OSError as error:
        return [], [Problem(str(path), 1, 1, f"cannot be read: {error.strerror}")]
    return parse(text, str(path))


def parse(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    """The same for a text; `file` is what messages call it."""
    documents: list[Document] = []
    problems: list[Problem] = []
    try:
        for document in _documents(yaml.CBaseLoader(text), file, problems):
            documents.append(document)
    except yaml.reader.ReaderError as error:
        where = text.encode()
        problems.append(_problem_at_byte(file, where, error.position, f"cannot be read as YAML: {error.reason}"))
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(text, file, error))
    return documents, problems


def _problem(file: str, mark: Mark, message: str) -> Problem:
    return Problem(file, mark.line + 1, mark.column + 1, message)


def _problem_at_byte(file: str, data: bytes, position: int, message: str) -> Problem:
    before = data[:position].decode(errors="replace").split("\n")
    return Problem(file, len(before), len(before[-1]) + 1, message)


def _syntax_problem(text: str, file: str, error: yaml.MarkedYAMLError) -> Problem:
    what, mark = error.problem or "", cast(Mark, error.problem_mark)
    lines = text.splitlines()
    line, column = mark.line + 1, mark.column + 1
    if line > len(lines):  # libyaml counts the end of the text as a line of its own
        line, column = len(lines), len(lines[-1]) + 1
    began = error.context_mark.line + 1 if error.context_mark else line
    since = f", in what starts in line {began}" if began < line else ""
    hint = f"; {_HINTS[what]}" if what in _HINTS else ""
    return Problem(file, line, column, f"{_NOT_READ}: {what}{since}{hint}")


def _documents(events: Any, file: str, problems: list[Problem]) -> Iterator[Document]:
    while type(event := events.get_event()) is not yaml.StreamEndEvent:
        if type(event) is yaml.DocumentStartEvent:
            document = _Composer(events.get_event, file, problems).document()
            if document.value is not None or document.unread:
                yield document


class _Composer:
    """Makes one document of events."""

    def __init__(self, next_event: Callable[[], Any], file: str, problems: list[Problem]) -> None:
        self._next = next_event
        self._file = file
        self._problems = problems
        self._keys: dict[Steps, Mark] = {}
        self._values: dict[Steps, Mark] = {}
        self._unread: set[Steps] = set()

    def document(self) -> Document:
        value = self._value(self._next(), ())
        return Document(self._file, value, self._keys, self._values, frozenset(self._unread))

    def _tell(self, event: Any, message: str) -> None:
        self._problems.append(_problem(self._file, event.start_mark, message))

    def _value(self, event: Any, steps: Steps) -> Json:
        self._values[steps] = event.start_mark
        if type(event) is yaml.AliasEvent:
            self._unread.add(steps)
            self._tell(event, f"the alias *{event.anchor} is not allowed: write the value out")
            return None
        if self._decorated(event):
            self._unread.add(steps)
        if type(event) is yaml.ScalarEvent:
            return self._scalar(event, steps)
        if len(steps) >= _DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"nested {_DEEPEST} levels deep", event.start_mark)
        return self._mapping(steps) if type(event) is yaml.MappingStartEvent else self._sequence(steps)

    def _decorated(self, event: Any) -> bool:
        if event.anchor:
            self._tell(event, f"the anchor &{event.anchor} is not allowed: write the value out where needed")
        if event.tag:
            self._tell(event, f"the tag {event.tag} is not allowed: text goes in quotes, numbers go without")
        return bool(event.tag)

    def _scalar(self, event: Any, steps: Steps) -> Json:
        if event.style:
            return str(event.value)
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            self._unread.add(steps)
            self._tell(event, str(error))
            return None

    def _sequence(self, steps: Steps) -> Json:
        items: list[Json] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._value(event, (*steps, len(items))))
        return items

    def _mapping(self, steps: Steps) -> Json:
        found: dict[str, Json] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._key(event, steps)
            if key is None:
                self._pass_over(steps)
                continue
            here = (*steps, key)
            if key in found:
                self._tell(event, f"duplicate key '{key}': already given in line {self._keys[here].line + 1}")
                self._pass_over(here)
                continue
            self._keys[here] = event.start_mark
            found[key] = self._value(self._next(), here)
        return found

    def _pass_over(self, steps: Steps) -> None:
        """The next value has no place in the document; what is wrong inside it is still told."""
        _Composer(self._next, self._file, self._problems)._value(self._next(), steps)

    def _key(self, event: Any, steps: Steps) -> str | None:
        """The key as text, integers in their plain form; None when it was told that there is no such key."""
        if type(event) is not yaml.ScalarEvent:
            self._tell(event, "a key must be text or a whole number")
            _Composer(self._next, self._file, self._problems)._value(event, steps)
            return None
        self._decorated(event)
        if event.style:
            return str(event.value)
        return self._plain_key(event)

    def _plain_key(self, event: Any) -> str | None:
        try:
            key = plain_scalar(event.value)
        except ValueError as error:
            self._tell(event, str(error))
            return None
        if event.value == "<<":
            self._tell(event, "the merge key << is not allowed: write the fields out")
        elif isinstance(key, str) or type(key) is int:
            return str(key)
        else:
            self._tell(event, f"a key must be text or a whole number: write '{event.value}' in quotes")
        return None
