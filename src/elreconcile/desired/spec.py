"""What every document has in common, and the field types that documents and configuration share.

A kind's spec is a `Spec`; the mappings inside it are `Strict`. A validator says what is wrong by raising
ValueError; the message gets file, line and column, and after "must be ..." the value as it was written.
A system's name is a `KafkaName`, `BurrowName` or `MySqlName`: one that elreconcile.yaml does not hold is then
found together with everything else that is wrong in the document.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypedDict

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from elreconcile.desired.nearest import unknown
from elreconcile.model.address import Address

Family = Literal["kafka", "burrow", "mysql"]


class Strict(BaseModel):
    """A mapping in a document: frozen, nothing converted, nothing unknown."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class SystemNames(TypedDict):
    """The names that elreconcile.yaml gives to systems: the validation context of specs."""

    kafka: Collection[str]
    burrow: Collection[str]
    mysql: Collection[str]


def _known_system(family: Family, what: str) -> Callable[[str, ValidationInfo], str]:
    def check(name: str, info: ValidationInfo) -> str:
        names: SystemNames | None = info.context
        if names is not None and name not in names[family]:
            raise ValueError(unknown(what, name, names[family]))
        return name

    return check


KafkaName = Annotated[str, AfterValidator(_known_system("kafka", "Kafka cluster"))]
BurrowName = Annotated[str, AfterValidator(_known_system("burrow", "Burrow"))]
MySqlName = Annotated[str, AfterValidator(_known_system("mysql", "MySQL server"))]


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INSTANT_EXAMPLE = "2018-03-13T06:48:00Z"
_INSTANT_MESSAGE = f"must be a time with a zone such as {_INSTANT_EXAMPLE}"


def parse_instant(text: str) -> datetime:
    """`2018-03-13T06:48:00Z`, or with an offset such as `+01:00`; given as UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_INSTANT_MESSAGE) from None
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' has no zone: write {format_instant(moment.replace(tzinfo=UTC))} if it is UTC")
    raise ValueError(f"'{text}' is not how times are written here: write {format_instant(moment)}")


def format_instant(moment: datetime) -> str:
    """The inverse of `parse_instant`."""
    return moment.isoformat().replace("+00:00", "Z")


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        return parse_instant(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    raise ValueError(_INSTANT_MESSAGE)


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_INSTANT.pattern}$", "examples": [_INSTANT_EXAMPLE]}),
]
"""A moment, always in UTC once read, so that equal moments are equal however they were written."""


_SPAN = re.compile(r"(?=\d)(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_SPAN_MESSAGE = "must be a length of time such as 30s, 10m, 2h, 7d or 1h30m"


def parse_span(text: str) -> timedelta:
    """`30s`, `10m`, `2h`, `7d`, or several, the longest unit first: `1h30m`. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(_SPAN_MESSAGE)
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_span(span: timedelta) -> str:
    """The inverse of `parse_span`, for whole seconds; fractions are dropped."""
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((span.days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _span(value: object) -> timedelta:
    if isinstance(value, str):
        return parse_span(value)
    if isinstance(value, timedelta):
        return value
    raise ValueError(_SPAN_MESSAGE)


Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    PlainSerializer(format_span, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_SPAN.pattern}$", "examples": ["1h30m"]}),
]
"""A length of time in whole seconds."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _without_control_characters(name: str) -> str:
    if _CONTROL.search(name):
        raise ValueError("must not hold control characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=249), AfterValidator(_without_control_characters)]
"""What something is called on a server. 249 is what Kafka allows a topic; a group may be longer, none is."""


class Spec(Strict):
    """One document. A kind narrows `kind` to its own literal and adds its fields."""

    kind: str
    name: Name

    @abstractmethod
    def address(self) -> Address:
        """Kind, system and name: no two documents may have the same."""
