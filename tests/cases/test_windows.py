"""What a window holds, and what it does not: its bounds, what is pending, misplaced or hidden."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from confluent_kafka import Producer

from sandbox.addresses import Addresses
from sandbox.events import Capsule, edit, navigation_timing, record
from tests.operator import COMMAND
from tests.window import EMPTY, HOUR, LOADS, START, Field, Produce, counted, loads, raw, spread, uuids_of


@pytest.mark.parametrize(
    ("since", "until"),
    [(START, START + timedelta(minutes=10)), (START + timedelta(seconds=75), START + timedelta(minutes=9, seconds=31))],
    ids=["whole minutes", "within minutes"],
)
def test_bounds_are_half_open(field: Field, produce: Produce, since: datetime, until: datetime) -> None:
    at = [since - timedelta(seconds=1), since, until - timedelta(seconds=1), until]
    around = [navigation_timing(number, moment) for number, moment in enumerate(at)]
    produce(field.topic, {0: [record(event) for event in around]})
    field.operator.write(field.document(since, until))
    assert field.counted() == {LOADS: [2, 0, 2, 0, 0, 0]}
    assert field.operator.apply().code == 0
    assert field.uuids() == uuids_of(around[1:3])


def test_duplicates_late_events_and_other_revisions(field: Field, produce: Produce) -> None:
    """A uuid counts once, however often and in whichever partition; what came late is found behind younger events."""
    early = loads(30)
    after = loads(30, START + 3 * HOUR)
    late = navigation_timing(900, START + timedelta(minutes=30))
    other = {**edit(901, START), "revision": 13457737}
    records = [record(event) for event in [*early, *early[:7], *after]]
    produce(
        field.topic, {0: [*records, raw(json.dumps(late).encode(), START + 3 * HOUR), record(other)], 1: records[:3]}
    )
    field.insert(early[:10])
    field.operator.write(field.document(START, START + HOUR, event_schemas=None))
    change = field.planned()
    assert counted(change) == {LOADS: [31, 10, 21, 0, 0, 0], "Edit_13457737": [1, 0, 1, 0, 0, 0]}
    assert [each["id"] for each in change["refusals"]] == ["table"], "a missing table is never guessed from events"
    field.operator.write(field.document(START, START + HOUR, schemas=["NavigationTiming"], event_schemas=None))
    applied = field.operator.apply()
    assert "21 rows put in, read back by uuid" in applied.out, applied.out + applied.err
    assert field.uuids() == uuids_of([*early, late])


def test_what_is_pending_is_not_missing_and_keeps_the_window_open(field: Field, produce: Produce) -> None:
    events = loads(60)
    produce(field.topic, {0: [record(event) for event in events]})
    field.commit({part: 40 if part == 0 else 0 for part in range(12)})
    field.insert([*events[:30], *events[55:]])
    sink = {"mysql": "m4", "writer": field.group}
    field.operator.write(field.document(START, START + HOUR, sink=sink))
    assert field.counted() == {LOADS: [60, 35, 10, 15, 0, 0]}

    applied = field.operator.apply()
    assert (applied.code, "15 events wait for the writer" in applied.out) == (3, True), applied.out + applied.err
    assert field.uuids() == uuids_of([*events[:40], *events[55:]])
    told = field.operator.plan().out
    assert "15 events of the window" in told
    assert "no event is missing, 15 are pending" in told

    field.commit({0: 60})
    field.insert(events[40:50])
    applied = field.operator.apply()
    assert (applied.code, "5 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert EMPTY in field.operator.plan().out
    assert field.uuids() == uuids_of(events)


def test_a_reset_of_the_writer_in_the_same_plan_keeps_the_window_open(field: Field, produce: Produce) -> None:
    """Missing when the plan was made, pending when it is carried out: the writer reads them again."""
    events = loads(60)
    produce(field.topic, {0: [record(event) for event in events]})
    field.commit({part: 60 if part == 0 else 0 for part in range(12)})
    field.insert(events[:20])
    topics = {field.topic: None}
    reset = {"id": "again", "expires": "2040-01-01T00:00:00Z", "to": "earliest", "topics": topics}
    group = {"kind": "ConsumerGroup", "name": field.group, "cluster": "analytics", "reset": reset}
    window = field.document(START, START + HOUR, sink={"mysql": "m4", "writer": field.group})
    field.operator.write(f"{json.dumps(group)}\n---\n{window}")
    applied = field.operator.apply()
    assert field.committed() == 0, applied.out + applied.err
    assert applied.ending("BackfillWindow/m4/window") == "failed", applied.out
    assert "40 events wait for the writer" in applied.out.replace("\n", " ")
    assert field.counts() == {LOADS: 20}

    field.commit({0: 60})
    field.insert(events[20:50])
    applied = field.operator.apply()
    assert (applied.code, "10 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events)


def test_a_misplaced_row_is_not_put_in_again(field: Field, produce: Produce) -> None:
    events = loads(20)
    produce(field.topic, spread(events))
    field.insert(events[:10])
    field.execute(f"UPDATE `{LOADS}` SET timestamp = '20180313091500' WHERE uuid = %s", [events[3]["uuid"]])
    field.operator.write(field.document(START, START + HOUR))
    assert field.counted() == {LOADS: [20, 9, 10, 0, 1, 0]}
    assert "10 rows put in" in field.operator.apply().out
    assert field.uuids() == uuids_of(events)


def test_bots_belong_where_the_document_says_so(field: Field, produce: Produce) -> None:
    bots = [navigation_timing(number, START, bot=True) for number in range(4)]
    mediawiki = navigation_timing(9, START, bot=True)
    mediawiki["userAgent"]["is_mediawiki"] = True
    produce(field.topic, spread([*bots, mediawiki]))
    field.operator.write(field.document(START, START + HOUR))
    assert field.counted() == {LOADS: [1, 0, 1, 0, 0, 4]}
    field.operator.write(field.document(START, START + HOUR, eligible="all"))
    assert field.counted() == {LOADS: [5, 0, 5, 0, 0, 0]}


def test_an_open_transaction_hides_what_lies_behind_it(field: Field, stack: Addresses, produce: Produce) -> None:
    """Nothing can be said of the window until it ends. `late`: the ends of transactions are records of today."""
    events = loads(30)
    producer = Producer({"bootstrap.servers": stack.kafka, "transactional.id": field.group})
    producer.init_transactions(60)

    def begin(some: Sequence[Capsule]) -> None:
        producer.begin_transaction()
        for event in some:
            one = record(event)
            producer.produce(field.topic, one.value, partition=0, timestamp=one.timestamp_ms)
        assert producer.flush(60) == 0

    begin(events[:10])
    producer.commit_transaction(60)
    field.insert(events[:10])
    field.operator.write(field.document(START, START + HOUR, late="9999d"))
    assert field.counted() == {LOADS: [10, 10, 0, 0, 0, 0]}

    begin(events[10:20])
    produce(field.topic, {0: [record(event) for event in events[20:]]})
    planned = field.operator.plan()
    assert planned.code == 69, planned.out + planned.err
    said = f"{field.topic} partition 0 can be read to offset 11, not to 31: a transaction is open"
    assert said in planned.err.replace("\n", " ")

    producer.abort_transaction(60)
    assert field.counted() == {LOADS: [20, 10, 10, 0, 0, 0]}
    begin(events[10:20])
    producer.abort_transaction(60)
    assert field.counted() == {LOADS: [20, 10, 10, 0, 0, 0]}, "the given up are the end of the partition"


def test_a_heat_map_where_the_locale_has_no_signs_for_it(field: Field, produce: Produce) -> None:
    events = loads(4, step=HOUR)
    produce(field.topic, {0: [record(event) for event in events]})
    field.insert(events[:1])
    field.operator.write(field.document(START, START + 5 * HOUR))
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = [*COMMAND, "plan", str(field.operator.state)]
    shown = subprocess.run(words, env=field.operator.environment | bare, capture_output=True, check=True).stdout
    assert b" .###_" in shown
    assert b". none   1-9 tenths   # all   _ no events" in shown
    assert "·███_" in field.operator.plan().out
