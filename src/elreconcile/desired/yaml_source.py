"""Strict YAML with positions: JSON's values written as YAML, and nothing that YAML's readers disagree about.

It is read from libyaml's events, because those still know anchors, tags, quotes and keys given twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from elreconcile.desired.document import Document, Mark, Source, Steps
from elreconcile.desired.plain_scalars import plain_scalar
from elreconcile.errors import Problem
from elreconcile.model.json import Json

_DEEPEST = 50
_NOT_READ = "cannot be read as YAML"
_HINTS = {
    "mapping values are not allowed in this context": "a text that holds ': ' needs quotes",
    "found character that cannot start any token": "indent with spaces, quote text that starts with @ or %",
    "found unexpected end of stream": "is a closing quote missing?",
    "did not find expected key": "is this line indented like its neighbours?",
    "could not find expected ':'": "is a ':' missing after the key?",
}


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
    source = Source(file, text)
    documents: list[Document] = []
    problems: list[Problem] = []
    try:
        for document in _documents(source, problems):
            documents.append(document)
    except yaml.reader.ReaderError as error:
        problems.append(_problem_at_byte(file, text.encode(), error.position, f"{_NOT_READ}: {error.reason}"))
    except yaml.MarkedYAMLError as error:
        problems.append(source.problem(cast(Mark, error.problem_mark), _syntax(error)))
    return documents, problems


def _problem_at_byte(file: str, data: bytes, position: int, message: str) -> Problem:
    up_to = (data[:position].decode(errors="replace") + " ").splitlines()
    return Problem(file, len(up_to), len(up_to[-1]), message)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    what, here, began = error.problem or "", cast(Mark, error.problem_mark), error.context_mark
    since = f", in what starts in line {began.line + 1}" if began and began.line < here.line else ""
    hint = f"; {_HINTS[what]}" if what in _HINTS else ""
    return f"{_NOT_READ}: {what}{since}{hint}"


def _documents(source: Source, problems: list[Problem]) -> Iterator[Document]:
    events: Any = yaml.CBaseLoader(source.text)
    while type(event := events.get_event()) is not yaml.StreamEndEvent:
        if type(event) is yaml.DocumentStartEvent:
            document = _Composer(events.get_event, source, problems).document()
            if document.value is not None or document.unread:
                yield document


class _Composer:
    """Makes one document of events."""

    def __init__(self, next_event: Callable[[], Any], source: Source, problems: list[Problem]) -> None:
        self._next = next_event
        self._source = source
        self._problems = problems
        self._keys: dict[Steps, Mark] = {}
        self._values: dict[Steps, Mark] = {}
        self._unread: set[Steps] = set()

    def document(self) -> Document:
        value = self._value(self._next(), ())
        return Document(self._source, value, self._keys, self._values, frozenset(self._unread))

    def _tell(self, event: Any, message: str) -> None:
        self._problems.append(self._source.problem(event.start_mark, message))

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
        _Composer(self._next, self._source, self._problems)._value(self._next(), steps)

    def _key(self, event: Any, steps: Steps) -> str | None:
        """The key as text, integers in their plain form; None when it was told that there is no such key."""
        if type(event) is not yaml.ScalarEvent:
            self._tell(event, "a key must be text or a whole number")
            _Composer(self._next, self._source, self._problems)._value(event, steps)
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
