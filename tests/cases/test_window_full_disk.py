"""A disk that is full for what a window writes on its way: told as that, and gone on with once there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.window import HOUR, LOADS, START, Field, Produce, loads, spread, uuids_of


def test_no_room_for_rows_on_their_way(
    field: Field, produce: Produce, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is some for their ids, so that the plan is made."""
    events = loads(1_500)
    for event in events:
        event["event"]["pageTitle"] = "x" * 1_000
    produce(field.topic, spread(events))
    field.create("NavigationTiming", 10374055)
    field.operator.write(field.document(START, START + 5 * HOUR))
    monkeypatch.setenv("TMPDIR", str(disk))
    full = field.operator.apply("--json")
    (outcome,) = full.json["outcomes"]
    assert (full.code, outcome["ending"]) == (3, "failed"), full
    assert outcome["reason"] == "cut short; apply again to go on: [Errno 28] No space left on device"
    assert field.counts() == {LOADS: 0}
    monkeypatch.delenv("TMPDIR")
    assert field.operator.apply().code == 0
    assert field.uuids() == uuids_of(events)
