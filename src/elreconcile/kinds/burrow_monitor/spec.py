"""The document: the topics Burrow should monitor for a group, no more and no less."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from elreconcile.desired.spec import BurrowName, Name, Spec, Strict
from elreconcile.model.address import Address


class Expect(Strict):
    """Only ever reported, never changed."""

    status: Literal["OK", "WARN", "ERR", "STOP", "STALL", "REWIND"] | None = Field(
        None, description="Burrow's own word, believed only once it has seen enough commits."
    )
    max_lag: Annotated[int, Field(ge=0)] | None = Field(None, description="At most this many offsets behind, in all.")


class BurrowMonitor(Spec):
    """What Burrow monitors for one consumer group, whose name this document carries."""

    kind: Literal["BurrowMonitor"]
    burrow: BurrowName = Field(description="A Burrow named in elreconcile.yaml.")
    topics: tuple[Name, ...] = Field(description="Exactly these; any other that Burrow still shows is removed.")
    expect: Expect | None = None

    @model_validator(mode="after")
    def _each_topic_once(self) -> BurrowMonitor:
        twice = sorted({topic for topic in self.topics if self.topics.count(topic) > 1})
        if twice:
            raise ValueError(f"topics names {', '.join(twice)} more than once")
        return self

    def address(self) -> Address:
        return Address(self.kind, self.burrow, self.name)
