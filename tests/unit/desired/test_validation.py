"""How pydantic's errors become an operator's: what the bad-input tests do not reach."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Optional
from uuid import UUID

import pytest
from pydantic import Field, create_model

from elreconcile.desired.fields import fields_at
from elreconcile.desired.spec import Strict
from elreconcile.desired.validation import validated
from elreconcile.desired.yaml_source import parse
from tests.unit.desired.example import CONFIG, Measured, Rewind


class Colour(Enum):
    RED = "red"


def told(annotation: Any, written: str) -> list[str]:
    model = create_model("Model", __base__=Strict, field=(annotation, ...))
    (document,), _ = parse(f"field: {written}", "a.yaml")
    found = validated(model, document, document.value, CONFIG.system_names())
    assert isinstance(found, list), found
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("annotation", "written", "problem"),
    [
        (None, "x", "'field' must be empty, not 'x'"),
        (dict[str, int], "[]", "'field' must be a mapping, not a list"),
        (Mapping[str, int], "x", "'field' must be a mapping, not 'x'"),
        (list[int], "{}", "'field' must be a list, not a mapping"),
        (set[int], "x", "'field' must be a list, not 'x'"),
        (frozenset[int], "x", "'field' must be a list, not 'x'"),
        (Colour, "rad", "'field' must be 'red', not 'rad'; did you mean 'red'?"),
        (Path, "{}", "'field' must be text, not a mapping"),
        (float, "''", "'field' must be a number, not ''"),
        (Annotated[int, Field(le=5)], "6", "'field' must be at most 5, not 6"),
        (Annotated[str, Field(min_length=2)], "x", "'field' must have at least 2 characters"),
        (Annotated[list[int], Field(min_length=2)], "[1]", "'field' must hold at least 2, not 1"),
        (Annotated[list[int], Field(max_length=1)], "[1, 2]", "'field' must hold at most 1, not 2"),
        (Annotated[str, Field(pattern="^a$")], "b", "'field' must be of the form ^a$, not 'b'"),
        (UUID, "x1", "input should be a valid UUID, invalid character: found `x` at 0"),
    ],
)  # fmt: skip
def test_in_plain_words(annotation: Any, written: str, problem: str) -> None:
    assert told(annotation, written) == [f"a.yaml:1:8: {problem}"]


def test_a_branch_that_fits_better_is_the_one_told_about() -> None:
    assert told(Measured | int, "{shfit: 5}") == ["a.yaml:1:9: unknown field 'shfit'; did you mean 'shift'?"]


def test_a_sentence_about_the_whole_document() -> None:
    (document,), _ = parse("- 1", "a.yaml")
    assert validated(Measured, document, document.value, CONFIG.system_names()) == [
        document.problem_at_value((), "the document must be a mapping, not a list")
    ]


class Inner(Strict):
    x: int


class Outer(Strict):
    one: Inner
    maybe: Inner | None
    also: Optional[Annotated[Inner, "note"]]  # noqa: UP045 (both ways of writing it are in use)
    many: tuple[Inner, ...]
    named: Mapping[str, Inner | str]
    anything: Any
    plain: dict  # type: ignore[type-arg]


@pytest.mark.parametrize(
    ("steps", "fields"),
    [
        ((), {"one", "maybe", "also", "many", "named", "anything", "plain"}),
        (("one",), {"x"}),
        (("maybe",), {"x"}),
        (("also",), {"x"}),
        (("many", 3), {"x"}),
        (("named", "anyone"), {"x"}),
        (("one", "x"), set()),
        (("one", "y"), set()),
        (("anything", "x"), set()),
        (("plain", "x"), set()),
    ],
)
def test_fields_at(steps: tuple[str | int, ...], fields: set[str]) -> None:
    assert fields_at(Outer, steps) == fields


def test_fields_at_sees_through_a_discriminated_union() -> None:
    assert fields_at(Rewind, ("to",)) == {"timestamp", "ago", "offsets", "shift"}
