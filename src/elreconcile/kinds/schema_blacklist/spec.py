"""The document: the schemas to keep out of one output of EventLogging."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from elreconcile.desired.spec import Instant, MySqlName, Spec, Strict
from elreconcile.model.address import Address

_SCHEMA = re.compile(r"[A-Za-z0-9_./-]{1,63}")  # EventLogging's own rule


def _schema_name(name: str) -> str:
    if not _SCHEMA.fullmatch(name):
        raise ValueError("must be a schema's name: up to 63 of letters, digits and _ . / -, with no revision")
    return name


SchemaName = Annotated[
    str,
    AfterValidator(_schema_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_SCHEMA.pattern}$"}),
]


def _glob(pattern: str) -> str:
    if "\0" in pattern:
        raise ValueError("must not hold control characters")
    return pattern


class RecordIn(Strict):
    """A table of this tool's own, which windows and leak findings go by. No stock EventLogging writer reads it."""

    mysql: MySqlName = Field(description="A MySQL server named in elreconcile.yaml: the one that holds the events.")


class EnforceIn(Strict):
    """EventLogging's own configuration, which its writers read when they start."""

    eventlogging_config: Annotated[str, Field(min_length=1), AfterValidator(_glob)] = Field(
        description="A glob for files of this machine; a relative one starts at this document's folder."
    )


class Blacklisted(Strict):
    """A schema, with all its revisions."""

    schema_name: SchemaName = Field(alias="schema")
    reason: str = Field(min_length=1, max_length=1024, description="A task, or a sentence for whoever finds it here.")
    expires: Instant | None = Field(None, description="From then on as if it were not listed.")


class SchemaBlacklist(Spec):
    """Schemas kept out of the output this document is named after: the `topic` in its writers' URIs."""

    kind: Literal["SchemaBlacklist"]
    record_in: RecordIn
    enforce_in: EnforceIn | None = None
    schemas: tuple[Blacklisted, ...] = Field(description="Exactly these, among those that this tool has added.")

    @model_validator(mode="after")
    def _each_schema_once(self) -> SchemaBlacklist:
        twice = _more_than_once([each.schema_name for each in self.schemas])
        if twice:
            raise ValueError(f"schemas names {', '.join(twice)} more than once")
        return self

    def address(self) -> Address:
        return Address(self.kind, self.record_in.mysql, self.name)


def _more_than_once(names: Sequence[str]) -> Sequence[str]:
    return sorted({name for name in names if names.count(name) > 1})
