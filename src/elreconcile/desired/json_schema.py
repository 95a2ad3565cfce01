"""JSON Schemas of everything an operator writes, for editors and for checks that do not run this tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from elreconcile.desired.config import Config
from elreconcile.desired.spec import Spec

Schema = dict[str, Any]


class _Strict(GenerateJsonSchema):
    """Keys that do not fit their pattern are errors to pydantic, so they are here."""

    def dict_schema(self, schema: core_schema.DictSchema) -> Schema:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made


_DIALECT = {"$schema": _Strict.schema_dialect}


def schemas(specs: Mapping[str, type[Spec]]) -> Mapping[str, Schema]:
    """By name: one for each kind, `document` for any of them, and `elreconcile` for the configuration."""
    single: dict[str, type[BaseModel]] = {**specs, "elreconcile": Config}
    return {
        **{name: _DIALECT | model.model_json_schema(schema_generator=_Strict) for name, model in single.items()},
        "document": _DIALECT | _document(specs),
    }


def _document(specs: Mapping[str, type[Spec]]) -> Schema:
    references, definitions = models_json_schema(
        [(specs[kind], "validation") for kind in sorted(specs)], title="Document", schema_generator=_Strict
    )
    return definitions | {"oneOf": list(references.values())}


def schema_text(schema: Schema) -> str:
    """The same text for the same schema, whatever the order it was made in."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
