"""A small kind and its surroundings, with every shape that real kinds use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from elreconcile.desired.config import Config
from elreconcile.desired.load import Resource, load
from elreconcile.desired.spec import BurrowName, Instant, KafkaName, MySqlName, Name, Span, Spec, Strict
from elreconcile.errors import DesiredStateError
from elreconcile.model.address import Address

PartitionNumber = Annotated[str, Field(pattern="^(0|[1-9][0-9]*)$")]


class Measured(Strict):
    timestamp: Instant | None = None
    ago: Span | None = None
    offsets: dict[PartitionNumber, Annotated[int, Field(ge=0)] | Literal["keep"]] | None = None
    shift: int | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("say exactly one of timestamp, ago, offsets, shift")
        return self


Target = Annotated[
    Annotated[Literal["earliest", "latest", "none"], Tag("word")] | Annotated[Measured, Tag("fields")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "fields"),
]


class Sink(Strict):
    """Where to: untagged with text, so that pydantic names each branch in its errors."""

    mysql: MySqlName
    writer: str | None = None


class Rewind(Spec):
    """Moves a group."""

    kind: Literal["Rewind"]
    cluster: KafkaName
    expires: Instant = Field(description="Past it, never carried out.")
    to: Target
    burrow: BurrowName | None = None
    topics: tuple[Name, ...] = ()
    pace: Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)] | None = None
    careful: bool = True
    sink: Literal["nowhere"] | Sink = "nowhere"

    def address(self) -> Address:
        return Address(self.kind, self.cluster, self.name)


class Note(Spec):
    """Nothing but a name."""

    kind: Literal["Note"]

    def address(self) -> Address:
        return Address(self.kind, "here", self.name)


SPECS: dict[str, type[Spec]] = {"Rewind": Rewind, "Note": Note}

CONFIG = Config.model_validate_json(
    """{
        "environment": "test",
        "kafka": {"analytics": {"bootstrap_servers": ["kafka:9092"]}, "jumbo": {"bootstrap_servers": ["k:1"]}},
        "mysql": {"m4": {"host": "db", "user": "u", "database": "log"}},
        "ledger": {"sqlite": "ledger.sqlite"}
    }"""
)

GOOD = """\
kind: Rewind
name: eventlogging_consumer_mysql_00
cluster: analytics
expires: 2018-03-20T00:00:00Z
to: {timestamp: 2018-03-13T06:48:00+01:00}
topics: [eventlogging-valid-mixed]
"""


def loaded(folder: Path, **files: str) -> tuple[Resource[Spec], ...]:
    """What `load` makes of these files, `a` being `a.yaml`."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder, CONFIG, SPECS)


def complaints(folder: Path, **files: str) -> list[str]:
    """The problems `load` finds, with the folder's name cut off."""
    try:
        found = loaded(folder, **files)
    except DesiredStateError as error:
        return [str(problem).removeprefix(f"{folder}/") for problem in error.problems]
    raise AssertionError(f"nothing is wrong with {found}")
