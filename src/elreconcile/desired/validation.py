"""A document checked against a model: the model's value, or everything that is wrong, where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from elreconcile.desired.fields import fields_at
from elreconcile.desired.nearest import unknown
from elreconcile.desired.spec import SystemNames
from elreconcile.desired.wording import MUST_BE, must_be, sentence
from elreconcile.desired.yaml_source import Document, Steps
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


@dataclass(frozen=True, slots=True)
class _Complaint:
    """One error of pydantic's. `at_key`: the entry is wrong, not its value."""

    steps: Steps
    at_key: bool
    message: str

    def is_sure(self, unread: Iterable[Steps]) -> bool:
        """Not a mere consequence of a value that could not be read."""
        return self.at_key or not any(_begins(self.steps, one) or _begins(one, self.steps) for one in unread)

    def is_inside(self, steps: Steps) -> bool:
        return _begins(self.steps, steps) and (self.at_key or len(self.steps) > len(steps))


def _begins(steps: Steps, beginning: Steps) -> bool:
    return steps[: len(beginning)] == beginning


def _complaint(model: type[BaseModel], document: Document, error: ErrorDetails) -> _Complaint:
    location = error["loc"]
    if error["type"] == "missing":
        return _Complaint(_steps(document, location[:-1]), True, f"missing field '{location[-1]}'")
    steps = _steps(document, location)
    if error["type"] == "extra_forbidden":
        return _Complaint(steps, True, unknown("field", str(steps[-1]), fields_at(model, steps[:-1])))
    return _Complaint(steps, location[-1:] == ("[key]",), sentence(error))


def _steps(document: Document, location: tuple[str | int, ...]) -> Steps:
    """The part of a location that is in the document: pydantic puts the names of union branches in between."""
    steps: Steps = ()
    for part in location:
        if (*steps, part) in document.values:
            steps = (*steps, part)
    return steps


def _problems(document: Document, complaints: Sequence[_Complaint]) -> Iterator[Problem]:
    together: dict[tuple[Steps, bool], list[str]] = {}
    for one in complaints:
        together.setdefault((one.steps, one.at_key), []).append(one.message)
    for (steps, at_key), messages in together.items():
        tell = document.problem_at_key if at_key else document.problem_at_value
        choices = [message for message in dict.fromkeys(messages) if message.startswith(MUST_BE)]
        others = [message for message in messages if message not in choices]
        if choices and not any(one.is_inside(steps) for one in complaints if not at_key):
            others.append(must_be(choices, steps[-1] if at_key else document.at(steps)))
        yield from (tell(steps, _with_subject(message, steps)) for message in others)


def _with_subject(message: str, steps: Steps) -> str:
    """`must be ...` becomes `'servers'[0] must be ...`; other sentences are whole."""
    if not message.startswith("must "):
        return message
    keys = [position for position, step in enumerate(steps) if isinstance(step, str)]
    if not keys:
        return f"the document {message}"
    indexes = "".join(f"[{index}]" for index in steps[keys[-1] + 1 :])
    return f"'{steps[keys[-1]]}'{indexes} {message}"
