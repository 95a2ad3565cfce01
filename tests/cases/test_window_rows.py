"""An event on its way into a row: what cannot be read, what the server changes, which table it goes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.events import Capsule, Record, edit, navigation_timing, record
from tests.blacklists import document as blacklist
from tests.blacklists import entry
from tests.window import EMPTY, Field, counted, uuids_of

START = datetime(2018, 3, 13, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOADS, EDITS = "NavigationTiming_10374055", "Edit_13457736"
Produce = Callable[[str, Mapping[int, Sequence[Record]]], None]


def loads(count: int) -> list[Capsule]:
    return [navigation_timing(number, START + timedelta(seconds=number)) for number in range(count)]


def raw(event: Capsule, *changes: tuple[bytes, bytes]) -> Record:
    value = json.dumps(event).encode()
    for old, new in changes:
        assert old in value
        value = value.replace(old, new)
    return Record(value, int(START.timestamp() * 1000))


def lines(change: Any) -> Sequence[str]:
    return [block["text"] for block in change["details"] if "text" in block]


def outcome_of(field: Field) -> Any:
    applied = field.operator.apply("--json")
    assert applied.code == 0, applied.err
    (outcome,) = applied.json["outcomes"]
    return outcome


def test_events_whose_envelope_alone_can_be_read(field: Field, produce: Produce) -> None:
    """They are named by their places, and keep neither the others out nor the window open."""
    good, (first, second) = loads(5), loads(7)[5:]
    first["event"]["pageTitle"] = second["event"]["pageTitle"] = "a title"
    odd = [raw(first, (b'"a title"', b'"\xff\xfe"')), raw(second, (b'"a title"', b"1e999"))]
    produce(field.topic, {0: [*map(record, good[:3]), *odd, *map(record, good[3:])]})
    field.insert(good[:1])
    field.operator.write(field.document(START, START + HOUR))
    assert field.counted() == {LOADS: [7, 1, 6, 0, 0, 0]}
    places = f"{field.topic} partition 0 offset 3, {field.topic} partition 0 offset 4"
    outcome = outcome_of(field)
    assert outcome["ending"] == "settled"
    assert outcome["reason"] == (
        f"4 rows put in, read back by uuid; 2 events cannot be decoded in full, the first at {places}"
    )
    assert field.uuids() == uuids_of(good)
    assert EMPTY in field.operator.plan().out


def test_an_id_with_dashes_goes_whole_into_a_column_without_room_for_them(field: Field, produce: Produce) -> None:
    (event,) = loads(1)
    plain = event["uuid"]
    dashed = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    field.create("NavigationTiming", 10374055)
    produce(field.topic, {0: [record({**event, "uuid": dashed}), record(event)]})
    field.operator.write(field.document(START, START + HOUR))
    assert outcome_of(field)["reason"] == "1 rows put in, read back by uuid"
    assert field.uuids() == {LOADS: [plain]}


def test_a_column_too_short_for_an_id_is_refused(field: Field, produce: Produce) -> None:
    field.create("NavigationTiming", 10374055)
    field.execute(f"ALTER TABLE `{LOADS}` MODIFY uuid BINARY(16)")
    produce(field.topic, {0: [record(event) for event in loads(2)]})
    field.operator.write(field.document(START, START + HOUR))
    (refusal,) = field.refused()
    assert "its uuid is too short for an id of 32 digits" in refusal
    assert field.operator.apply().code == 4
    assert field.counts() == {LOADS: 0}


def test_an_event_of_another_revision_goes_to_its_own_table(field: Field, produce: Produce) -> None:
    events = loads(6)
    other = [{**event, "revision": 10374056} for event in events[4:]]
    field.insert(events[:2])
    field.execute(f"CREATE TABLE NavigationTiming_10374056 LIKE `{LOADS}`")
    produce(field.topic, {0: [record(event) for event in [*events[:4], *other]]})
    field.operator.write(field.document(START, START + HOUR))
    assert outcome_of(field)["ending"] == "settled"
    assert field.uuids() == uuids_of([*events[:4], *other])


def test_a_value_the_server_turns_to_0_is_told(field: Field, produce: Produce) -> None:
    (event,) = loads(1)
    event["event"]["loadEventEnd"] = "soon"
    field.create("NavigationTiming", 10374055)
    produce(field.topic, {0: [record(event)]})
    field.operator.write(field.document(START, START + HOUR))
    outcome = outcome_of(field)
    assert f"the server changed values on the way in: {LOADS}.event_loadEventEnd (1)" in outcome["reason"]
    assert field.execute(f"SELECT event_loadEventEnd FROM `{LOADS}`") == [(0,)]


def test_what_the_server_changes_without_a_word_is_found_in_a_sample(field: Field, produce: Produce) -> None:
    (event,) = loads(1)
    event["event"]["action"] = "loaded  "
    field.create("NavigationTiming", 10374055)
    field.execute(f"ALTER TABLE `{LOADS}` MODIFY event_action CHAR(20)")  # a CHAR keeps no spaces at its end
    produce(field.topic, {0: [record(event)]})
    field.operator.write(field.document(START, START + HOUR))
    assert f"a sample read back differs in {LOADS}.event_action" in outcome_of(field)["reason"]


@pytest.mark.parametrize("column", ["DATETIME", "TIMESTAMP NULL"])
def test_times_kept_as_such_are_what_was_sent(field: Field, produce: Produce, column: str) -> None:
    events = loads(3)
    field.create("NavigationTiming", 10374055)
    field.execute(f"ALTER TABLE `{LOADS}` MODIFY timestamp {column}")
    produce(field.topic, {0: [record(event) for event in events]})
    field.operator.write(field.document(START, START + HOUR))
    assert outcome_of(field)["reason"] == "3 rows put in, read back by uuid"
    rows = field.execute(f"SELECT date_format(timestamp, '%%T') FROM `{LOADS}` ORDER BY timestamp")
    assert rows == [("06:00:00",), ("06:00:01",), ("06:00:02",)]


def test_a_window_whose_hours_agree_is_proven_by_checksum(field: Field, produce: Produce) -> None:
    events = [*loads(9), navigation_timing(20, START + 2 * HOUR)]
    produce(field.topic, {0: [record(event) for event in events]})
    field.insert(events)
    field.operator.write(field.document(START, START + 3 * HOUR))
    assert "every event has its row: 2 of 2 hours proven by checksum" in lines(field.planned())


def test_a_schema_blacklisted_in_the_same_plan_is_left_out_and_keeps_the_window_open(
    field: Field, produce: Produce
) -> None:
    """The window was planned before: neither rows of the schema nor its table are made until the entry has gone."""
    events, edits = loads(3), [edit(50 + number, START) for number in range(4)]
    produce(field.topic, {0: [record(event) for event in [*events, *edits]]})
    window = field.document(START, START + HOUR)
    field.operator.write(f"{blacklist(entry('Edit'))}---\n{window}")
    applied = field.operator.apply("--json")
    assert applied.code == 3, applied.err
    assert [each["ending"] for each in applied.json["outcomes"]] == ["settled", "failed"]
    assert applied.json["outcomes"][1]["reason"] == (
        "3 rows put in, read back by uuid; the window stays open: "
        f"4 events of {EDITS} were left out, blacklisted since the plan was made"
    )
    assert field.counts() == {LOADS: 3}

    again = field.operator.apply()
    assert (again.code, EMPTY in again.out) == (0, True), again
    waits = f"the proof that the 4 events of {EDITS} have their rows waits for its schema to be blacklisted no more"
    assert f"pending: {waits}" in again.out

    field.operator.write(f"{blacklist()}---\n{window}")
    assert field.operator.apply().code == 0, "takes the entry away"
    assert field.operator.apply("--only", "window").code == 0
    assert field.counts() == {LOADS: 3, EDITS: 4}
    assert field.operator.change("BackfillWindow/m4/window")["details"] == [], "settled"


def test_a_window_settled_without_events_that_its_plan_told_as_blacklisted(field: Field, produce: Produce) -> None:
    events, edits = loads(3), [edit(50 + number, START) for number in range(4)]
    produce(field.topic, {0: [record(event) for event in [*events, *edits]]})
    field.operator.write(blacklist(entry("Edit")))
    assert field.operator.apply().code == 0
    field.operator.write(field.document(START, START + HOUR))
    change = field.planned()
    assert counted(change) == {EDITS: [0, 0, 0, 0, 0, 0], LOADS: [3, 0, 3, 0, 0, 0]}
    assert f"left out: 4 events of {EDITS}, whose schema is blacklisted" in lines(change)
    listed = next(each for each in change["findings"] if each["what"] == "schemas Edit")
    assert (listed["value"], "for ever under this name" in listed["remedy"]) == ("blacklisted now", True)
    outcome = outcome_of(field)
    assert (outcome["ending"], field.counts()) == ("settled", {LOADS: 3})
    assert f"4 events of {EDITS} were left out as blacklisted" in outcome["reason"]
    assert "for ever under this name" in outcome["reason"]
