"""Which fields a mapping inside a model may have: for messages about one that it may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def fields_at(model: type[BaseModel], steps: tuple[str | int, ...]) -> frozenset[str]:
    """The fields of the mapping that `steps` lead to from `model`; of each that may stand there."""
    types: list[Any] = [model]
    for step in steps:
        types = [inner for outer in types for inner in _inside(outer, step)]
    models = (one for outer in types for one in _alternatives(outer) if _is_model(one))
    return frozenset(field.alias or name for one in models for name, field in one.model_fields.items())


def _inside(annotation: Any, step: str | int) -> Iterator[Any]:
    for one in _alternatives(annotation):
        if _is_model(one):
            yield from (field.annotation for name, field in one.model_fields.items() if (field.alias or name) == step)
        elif isinstance(origin := get_origin(one), type):
            yield get_args(one)[1 if issubclass(origin, Mapping) else 0]


def _alternatives(annotation: Any) -> Iterator[Any]:
    """What a value may be, without `Annotated`, `|` and `Optional` around it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


def _is_model(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)
