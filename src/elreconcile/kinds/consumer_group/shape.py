"""How pins, effects and images look as JSON in plans and in the ledger, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from elreconcile.kinds.consumer_group.live import Pins
from elreconcile.model.json import Json
from elreconcile.systems.kafka_values import Commit, Partition

Image = Mapping[Partition, Commit | None]
"""What was committed for each partition; None: nothing was."""

Targets = Mapping[Partition, int | None]
"""The offset for each partition; None: its commit is to be forgotten."""


def write_pins(pins: Pins) -> Json:
    return {topic: {str(number): offset for number, offset in parts.items()} for topic, parts in pins.items()}


def read_pins(stored: Any) -> Pins:
    return {topic: {int(number): offset for number, offset in parts.items()} for topic, parts in stored.items()}


def write_image(image: Image) -> Json:
    shaped: dict[str, dict[str, Json]] = {}
    for (topic, partition), commit in sorted(image.items()):
        value: Json = None if commit is None else {"offset": commit.offset, "metadata": commit.metadata}
        shaped.setdefault(topic, {})[str(partition)] = value
    return shaped


def read_image(stored: Any) -> Image:
    return {
        (topic, int(number)): None if commit is None else Commit(commit["offset"], commit["metadata"])
        for topic, parts in stored.items()
        for number, commit in parts.items()
    }


def targets(pins: Pins) -> Targets:
    """Pins by partition."""
    return {(topic, number): offset for topic, parts in pins.items() for number, offset in parts.items()}


def by_topic(places: Targets, only: Iterable[Partition]) -> Pins:
    """The inverse of `targets`, for some of the partitions."""
    pins: dict[str, dict[int, int | None]] = {}
    for topic, partition in sorted(only):
        pins.setdefault(topic, {})[partition] = places[topic, partition]
    return pins


def stood(image: Image) -> Mapping[str, Mapping[str, int | str]]:
    """An image as the offsets of a document: a number, or `none` where there was no commit."""
    offsets: dict[str, dict[str, int | str]] = {}
    for (topic, partition), commit in sorted(image.items()):
        offsets.setdefault(topic, {})[str(partition)] = "none" if commit is None else commit.offset
    return offsets
