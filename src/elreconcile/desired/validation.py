"""A document checked against a model: the model's value, or everything that is wrong, where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from elreconcile.desired.document import Document, Steps
from elreconcile.desired.fields import fields_at
from elreconcile.desired.nearest import unknown
from elreconcile.desired.spec import SystemNames
from elreconcile.desired.wording import MUST_BE, must_be, sentence
from elreconcile.errors import Problem
from elreconcile.model.json import Json

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], document: Document, value: Json, context: SystemNames) -> M | list[Problem]:
    """`value` is the document's with secrets put in; messages show only what is written in the document."""
    try:
        return model.model_validate_json(json.dumps(value), context=context)
    except ValidationError as error:
        complaints = [_complaint(model, document, one) for one in error.errors(include_url=False)]
        return list(_problems(document, [one for one in complaints if one.is_sure(document.unread)]))


class _Complaint(msgspec.Struct, frozen=True):
    """One error of pydantic's. `at_key`: the entry is wrong, not its value; it may be one that is missing."""

    steps: Steps
    at_key: bool
    message: str

    def is_sure(self, unread: Iterable[Steps]) -> bool:
        """Not a mere consequence of a value that could not be read."""
        return self.at_key or not any(_begins(self.steps, one) or _begins(one, self.steps) for one in unread)

    def is_inside(self, steps: Steps) -> bool:
        return len(self.steps) > len(steps) and _begins(self.steps, steps)


def _begins(steps: Steps, beginning: Steps) -> bool:
    return steps[: len(beginning)] == beginning


def _complaint(model: type[BaseModel], document: Document, error: ErrorDetails) -> _Complaint:
    location = error["loc"]
    if error["type"] == "missing":
        return _Complaint((*_steps(document, location[:-1]), location[-1]), True, f"missing field '{location[-1]}'")
    steps = _steps(document, location)
    if error["type"] == "extra_forbidden":
        return _Complaint(steps, True, unknown("field", str(steps[-1]), fields_at(model, steps[:-1])))
    if location[-1:] == ("[key]",):
        return _Complaint(steps, True, _with_subject(sentence(error), f"the key '{steps[-1]}'"))
    return _Complaint(steps, False, _without_secret(sentence(error), document.at(steps), error["input"]))


def _without_secret(message: str, written: Json, meant: object) -> str:
    """Validators know only what a secret's reference stands for, and may tell it in a sentence of their own."""
    if isinstance(written, str) and written != meant and not message.startswith("must "):
        return f"what {written} stands for does not fit here"
    return message


def _steps(document: Document, location: tuple[str | int, ...]) -> Steps:
    """The part of a location that is in the document: pydantic puts the names of union branches in between."""
    steps: Steps = ()
    for part in location:
        if (*steps, part) in document.values:
            steps = (*steps, part)
    return steps


def _problems(document: Document, complaints: Sequence[_Complaint]) -> Iterator[Problem]:
    """Of a value and what is inside it, only the inside: it explains more, and may be the cause."""
    of_values: dict[Steps, list[str]] = {}
    for one in complaints:
        if one.at_key:
            yield document.problem_at_key(_steps(document, one.steps), one.message)
        elif not any(other.is_inside(one.steps) for other in complaints):
            of_values.setdefault(one.steps, []).append(one.message)
    for steps, messages in of_values.items():
        choices = [message for message in dict.fromkeys(messages) if message.startswith(MUST_BE)]
        whole = [message for message in messages if message not in choices]
        for message in [*whole, must_be(choices, document.at(steps))] if choices else whole:
            yield document.problem_at_value(steps, _with_subject(message, _subject(steps)))


def _with_subject(message: str, subject: str) -> str:
    return f"{subject} {message}" if message.startswith("must ") else message


def _subject(steps: Steps) -> str:
    """The nearest key and the indexes after it: `'servers'[0]`."""
    keys = [position for position, step in enumerate(steps) if isinstance(step, str)]
    if not keys:
        return "the document"
    return f"'{steps[keys[-1]]}'" + "".join(f"[{index}]" for index in steps[keys[-1] + 1 :])
