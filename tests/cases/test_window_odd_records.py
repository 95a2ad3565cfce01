"""One odd record among good ones: told with its place, and the window is filled and settled all the same."""

from __future__ import annotations

from datetime import timedelta

from sandbox.events import record
from tests.cases.test_windows import HOUR, LOADS, START, Produce, as_json, loads, raw
from tests.window import Field, counted, uuids_of

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
