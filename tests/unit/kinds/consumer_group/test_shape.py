from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.consumer_group.shape import by_topic, read_image, read_pins, targets, write_image, write_pins
from elreconcile.model.json import canonical
from elreconcile.systems.kafka_values import Commit, Partition

OFFSET = st.integers(0, 2**63 - 1)
TOPIC = st.text(min_size=1, max_size=5)
PINS = st.dictionaries(TOPIC, st.dictionaries(st.integers(0, 20), st.none() | OFFSET, min_size=1))
IMAGE = st.dictionaries(st.tuples(TOPIC, st.integers(0, 20)), st.none() | st.builds(Commit, OFFSET, st.text()))


@given(PINS)
def test_pins_come_back_from_the_ledger_as_they_were(pins: dict[str, dict[int, int | None]]) -> None:
    assert read_pins(json.loads(canonical(write_pins(pins)))) == pins


@given(IMAGE)
def test_an_image_comes_back_from_the_ledger_as_it_was(image: dict[Partition, Commit | None]) -> None:
    assert read_image(json.loads(canonical(write_image(image)))) == image


@given(PINS)
def test_pins_by_partition_and_by_topic_are_the_same(pins: dict[str, dict[int, int | None]]) -> None:
    placed = targets(pins)
    assert by_topic(placed, placed) == pins


def test_only_the_partitions_asked_for_are_kept() -> None:
    placed = {("t", 0): 1, ("t", 1): 2, ("u", 0): None}
    assert by_topic(placed, [("u", 0), ("t", 1)]) == {"t": {1: 2}, "u": {0: None}}
    assert by_topic(placed, []) == {}
