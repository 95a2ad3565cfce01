"""Records that are no events, in a topic and in a file: counted, told with their places, and in nobody's way."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.events import navigation_timing, record
from tests.window import HOUR, LOADS, START, Field, Produce, as_json, counted, loads, raw, uuids_of


class InTopic:
    """Where the records of a test lie, one after the other, from Kafka's 0."""

    def __init__(self, field: Field, produce: Produce, _: Path) -> None:
        self._field = field
        self._produce = produce
        self.source = {"kafka": "analytics", "topic": field.topic}

    def hold(self, records: Sequence[bytes]) -> None:
        self._produce(self._field.topic, {0: [raw(value) for value in records]})

    def place(self, index: int) -> str:
        return f"{self._field.topic} partition 0 offset {index}"


class InFile:
    """In a plain file that is called packed, with line ends of both sorts and none at its end. Lines count from 1."""

    def __init__(self, _: Field, __: Produce, folder: Path) -> None:
        self.file = folder / "all-events.log-20180313.gz"
        self.source = {"files": str(self.file)}

    def hold(self, records: Sequence[bytes]) -> None:
        ends = [b"\r\n" if number % 2 else b"\n" for number in range(len(records))]
        self.file.write_bytes(b"".join(map(bytes.__add__, records, [*ends[:-1], b""])))
        for number, value in enumerate(records, 1):
            shown = subprocess.run(["sed", "-n", f"{number}p", self.file], capture_output=True, check=True).stdout
            assert shown.rstrip(b"\r\n") == value

    def place(self, index: int) -> str:
        return f"{self.file}:{index + 1}"


Held = InTopic | InFile


@pytest.fixture(params=[InTopic, InFile], ids=["topic", "file"])
def held(request: pytest.FixtureRequest, field: Field, produce: Produce, tmp_path: Path) -> Held:
    made: Held = request.param(field, produce, tmp_path)
    return made


def test_odd_records_are_counted_with_their_places(field: Field, held: Held) -> None:
    good = [record(event).value for event in loads(5)]
    capsule = navigation_timing(100, START)
    huge = navigation_timing(101, START + timedelta(minutes=1))
    huge["event"]["pageTitle"] = "x" * 1_000_000 + "\t\\N\n"
    odd = {
        b'{"schema": "NavigationTiming", ': "not JSON",
        b'{"schema": "Navigation\xff\xfeTiming"}': "not UTF-8",
        as_json({**capsule, "uuid": "no-uuid"}): "its uuid is not one",
        as_json({name: value for name, value in capsule.items() if name != "dt"}): f"without time, of {LOADS}",
        as_json({**capsule, "dt": "2018-02-30T06:00:00Z"}): f"without time, of {LOADS}",
        as_json([1, 2]): "not an event: Expected `object`, got `array`",
        as_json({**capsule, "revision": "ten"}): "not an event: Expected `int`, got `str` - at `$.revision`",
        b"": "not JSON",
        as_json({**capsule, "event": "deep"}).replace(b'"deep"', b"[" * 1_000 + b"]" * 1_000): "nested too deep",
    }
    held.hold([*good[:3], *odd, *good[3:], as_json(huge)])
    field.create("NavigationTiming", 10374055)
    only = {"source": held.source, "schemas": ["NavigationTiming"]}
    field.operator.write(field.document(START, START + timedelta(minutes=9), **only))
    change = field.planned()
    assert counted(change) == {LOADS: [6, 0, 6, 0, 0, 0]}
    wanted: dict[str, list[str]] = {}
    for index, what in enumerate(odd.values(), 3):
        wanted.setdefault(f"events that cannot be sorted in: {what}", []).append(held.place(index))
    told = {what: f"{len(places)}, the first at {', '.join(places)}" for what, places in wanted.items()}
    assert {one["what"]: one["value"] for one in change["findings"]} == told
    shown = field.operator.plan().out
    for what, value in told.items():
        assert f"found: {what}: {value}; wanted: none\n" in shown

    applied = field.operator.apply("--json")
    assert applied.code == 0, applied.err
    (outcome,) = applied.json["outcomes"]
    assert outcome["evidence"]["changed by the server, by its warnings"] == {f"{LOADS}.event_pageTitle": 1}
    assert "event_pageTitle" in outcome["reason"]
    assert field.uuids() == uuids_of([*loads(5), huge])
    assert field.execute(f"SELECT count(*) FROM `{LOADS}` WHERE event_pageTitle = repeat('x', 1024)") == [(1,)]


def test_raw_lines_are_no_source(field: Field, held: Held) -> None:
    line = b"?%7B%22event%22%3A%7B%7D%2C%22schema%22%3A%22Edit%22%7D; cp1054 438763 2018-03-13T06:00:00 192.0.2.1 M"
    held.hold([*(record(event).value for event in loads(22)), *[line] * 3])
    field.operator.write(field.document(START, START + timedelta(minutes=9), source=held.source))
    assert [each.partition(":")[0] for each in field.refused()] == ["raw-lines"]
    shown = field.operator.plan().out
    assert f"refused (raw-lines): the source: 3 raw lines, the first at {held.place(22)};" in shown
    assert (field.operator.apply().code, field.counts()) == (4, {})


ODD = (
    f"without time, of {LOADS}",
    "it names no schema and revision",
    "no table can have a name of more than 64 characters",
)


def test_times_and_revisions_that_nothing_can_hold(field: Field, produce: Produce) -> None:
    events = loads(5)
    meta = {"id": events[0]["uuid"], "dt": events[0]["dt"], "topic": "NavigationTiming", "schema_uri": "a/b/²"}
    odd = [
        as_json({**events[0], "dt": "9999-12-31T23:59:59-01:00"}),
        as_json({"meta": meta}),
        as_json({**events[0], "schema": "S" * 63}),
    ]
    produce(field.topic, {0: [*map(raw, odd), *map(record, events)]})
    field.operator.write(field.document(START, START + HOUR, schemas=["NavigationTiming"]))
    change = field.planned()
    assert counted(change) == {LOADS: [5, 0, 5, 0, 0, 0]}
    assert {one["what"]: one["value"] for one in change["findings"]} == {
        f"events that cannot be sorted in: {what}": f"1, the first at {field.topic} partition 0 offset {offset}"
        for offset, what in enumerate(ODD)
    }
    assert field.operator.apply().code == 0
    assert field.uuids() == uuids_of(events)


def test_a_date_that_no_calendar_holds_is_told_as_the_server_changed_it(field: Field, produce: Produce) -> None:
    events = loads(4, step=timedelta(seconds=1))
    for event, saved in zip(events, ["20150228010203", "20150230000000", "2015-02-28T01:02:03Z", "soon"], strict=True):
        event["event"]["savedAt"] = saved
    field.create("NavigationTiming", 10374055)
    field.execute(f"ALTER TABLE `{LOADS}` ADD event_savedAt DATETIME")
    produce(field.topic, {0: [record(event) for event in events]})
    field.operator.write(field.document(START, START + HOUR))
    applied = field.operator.apply("--json")
    (outcome,) = applied.json["outcomes"]
    assert (applied.code, outcome["ending"]) == (0, "settled"), applied
    assert outcome["evidence"]["changed by the server, by its warnings"] == {f"{LOADS}.event_savedAt": 2}
    assert field.uuids() == uuids_of(events)
    stored = field.execute(f"SELECT CAST(event_savedAt AS CHAR) FROM `{LOADS}` ORDER BY timestamp")
    nothing = "0000-00-00 00:00:00"
    assert [text for (text,) in stored] == ["2015-02-28 01:02:03", nothing, "2015-02-28 01:02:03", nothing]
