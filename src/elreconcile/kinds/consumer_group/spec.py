"""The document: what should be true of a group, and a reset of its offsets to be carried out once."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from elreconcile.desired.nearest import enumerated
from elreconcile.desired.spec import Instant, KafkaName, Name, Span, Spec, Strict
from elreconcile.model.address import Address

_PARTITION = re.compile(r"0|[1-9][0-9]{0,8}")


def _partition_number(text: str) -> str:
    if not _PARTITION.fullmatch(text):
        raise ValueError(f"'{text}' is no partition: they are numbered 0, 1, 2 and so on")
    return text


Offset: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
PartitionNumber: TypeAlias = Annotated[
    str,
    AfterValidator(_partition_number),
    WithJsonSchema({"type": "string", "pattern": f"^({_PARTITION.pattern})$"}),
]
Word: TypeAlias = Literal["earliest", "latest", "none"]
WORDS = ("earliest", "latest", "none")


class Measured(Strict):
    """A target that needs a number or a time: exactly one of these."""

    timestamp: Instant | None = Field(
        None, description="The first record at or after this time, by the broker's clock."
    )
    ago: Span | None = Field(None, description="The same, counted back from the moment of planning.")
    offset: Offset | None = Field(None, description="This offset in every partition.")
    offsets: dict[PartitionNumber, Offset | Literal["keep", "none"]] | None = Field(
        None,
        description="An offset for each partition; `keep` leaves a partition alone, `none` forgets its commit.",
        min_length=1,
    )
    shift: int | None = Field(None, description="This many offsets forward, or back where negative, from the commit.")
    behind_end: Offset | None = Field(None, description="This many offsets before the end.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Measured:
        fields = type(self).model_fields
        said = [name for name in fields if name in self.model_fields_set]
        if len(said) > 1:
            raise ValueError(f"{enumerated(said)} are {len(said)} targets: say exactly one")
        if not said or getattr(self, said[0]) is None:
            raise ValueError(f"say one of {', '.join(fields)} with its value, or a word: {', '.join(WORDS)}")
        if self.offsets is not None and set(self.offsets.values()) == {"keep"}:
            raise ValueError("`offsets` keeps every partition: leave the topic out")
        return self


Target: TypeAlias = Annotated[
    Annotated[Word, Tag("word")] | Annotated[Measured, Tag("fields")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "fields"),
]


class TopicReset(Strict):
    to: Target | None = Field(
        None, description="Where this topic's offsets go; without it, where the reset's `to` says."
    )


class Reset(Strict):
    """A request: carried out once, known by its id."""

    id: Name = Field(description="Names this request for ever: a reset with a settled id is never carried out again.")
    expires: Instant = Field(description="Past this time it is never carried out, settled or not.")
    reason: str | None = Field(None, description="For people: a ticket, an incident.")
    to: Target | None = Field(None, description="For every topic that does not say its own.")
    on_no_match: Literal["fail", "earliest", "latest"] = Field(
        "fail", description="What to do where no record is as late as the time asked for."
    )
    on_out_of_range: Literal["fail", "clamp"] = Field(
        "fail", description="What to do where the target lies before the oldest or past the newest offset."
    )
    topics: dict[Name, TopicReset | None] = Field(
        description="The topics to reset, all partitions of each.", min_length=1
    )

    @model_validator(mode="after")
    def _every_topic_has_a_target(self) -> Reset:
        without = [topic for topic in self.topics if self.target(topic) is None]
        if without:
            raise ValueError(f"no target for {', '.join(without)}: give the reset or the topic a `to`")
        return self

    def target(self, topic: str) -> Target | None:
        own = self.topics[topic]
        return own.to if own and own.to is not None else self.to


class Expect(Strict):
    """Only ever reported, never changed."""

    min_members: Annotated[int, Field(ge=0)] | None = Field(None, description="At least this many live members.")
    max_lag: Annotated[int, Field(ge=0)] | None = Field(None, description="At most this many offsets behind, in all.")
    state: Literal["Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Dead"] | None = Field(
        None, description="Kafka's own word for the group's state."
    )


class ConsumerGroup(Spec):
    """A Kafka consumer group: what to expect of it, and a reset of its committed offsets."""

    kind: Literal["ConsumerGroup"]
    cluster: KafkaName = Field(description="A Kafka system named in elreconcile.yaml.")
    expect: Expect | None = None
    reset: Reset | None = None

    def address(self) -> Address:
        return Address(self.kind, self.cluster, self.name)
