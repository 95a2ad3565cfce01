"""What a window holds, and what it does not: bounds, odd records, tables as found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from sandbox.addresses import Addresses
from sandbox.events import Capsule, Record, edit, navigation_timing, record
from tests.blacklists import document as blacklist
from tests.blacklists import entry
from tests.operator import COMMAND, Ran
from tests.window import EMPTY, Field, counted, uuids_of

START = datetime(2018, 3, 13, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOADS, EDITS = "NavigationTiming_10374055", "Edit_13457736"
Produce = Callable[[str, Mapping[int, Sequence[Record]]], None]


def loads(count: int, since: datetime = START, step: timedelta = timedelta(seconds=10)) -> list[Capsule]:
    return [navigation_timing(number, since + number * step) for number in range(count)]


def spread(events: Sequence[Capsule]) -> Mapping[int, Sequence[Record]]:
    return {part: [record(event) for event in events[part::12]] for part in range(12)}


def raw(value: bytes, at: datetime = START) -> Record:
    return Record(value, int(at.timestamp() * 1000))


def text(event: Mapping[str, Any], at: datetime = START) -> Record:
    return raw(as_json(event), at)


def as_json(event: Mapping[str, Any] | list[int]) -> bytes:
    return json.dumps(event).encode()


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


def test_the_older_ways_of_events_and_topics_of_their_own(
    field: Field, produce: Produce, make_topic: Callable[..., str]
) -> None:
    """A number as `timestamp` for `dt`, a `dt` with a space; a topic for each schema; an agent that is a text."""
    own = field.topic + "-{schema}"
    topics = [
        make_topic(own.replace("{schema}", schema), configs={"retention.ms": "-1"})
        for schema in ("NavigationTiming", "Edit")
    ]
    legacy = []
    for number in range(6):
        event = navigation_timing(number, START)
        del event["dt"]
        legacy.append({**event, "timestamp": START.timestamp() + number, "userAgent": "Mozilla/5.0"})
    legacy[5]["timestamp"] *= 1000
    saved = edit(50, START)
    saved["dt"] = saved["dt"].replace("T", " ")
    produce(topics[0], {0: [text(event) for event in legacy]})
    produce(topics[1], {0: [record(saved)]})
    field.operator.write(
        field.document(
            START,
            START + HOUR,
            source={"kafka": "analytics", "topic": own},
            schemas=["NavigationTiming", "Edit_13457736"],
        )
    )
    applied = field.operator.apply()
    assert applied.code == 0, applied.out + applied.err
    rows = field.execute(f"SELECT timestamp, userAgent FROM `{LOADS}` ORDER BY timestamp")
    wanted = (START.replace(second=0) + timedelta(seconds=number) for number in range(6))
    assert sorted(field.uuids()) == [EDITS, LOADS]
    assert rows[1] == ("20180313060001", "Mozilla/5.0")
    assert len(rows) == len(list(wanted))


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


META = {
    "meta_id": "char(38)",
    "meta_dt": "datetime",
    "meta_topic": "varchar(1024)",
    "meta_schema_uri": "varchar(1024)",
    "page_title": "varchar(1024)",
    "rev_ids": "varchar(1024)",
}


def test_eventbus_events(field: Field, produce: Produce) -> None:
    """`meta` says whose they are and when; the table is named after their topic, its key is meta_id."""
    columns = ", ".join(f"`{name}` {kind}" for name, kind in META.items())
    field.execute(f"CREATE TABLE mediawiki_page_create_1 ({columns}, UNIQUE KEY (meta_id), KEY (meta_dt))")
    events: Sequence[Mapping[str, Any]] = [
        {
            "meta": {
                "id": f"{number:08x}-52d2-11e8-9af0-{number:012x}",
                "dt": f"2018-03-13T06:00:{number:02}+00:00",
                "topic": "mediawiki.page-create",
                "schema_uri": "mediawiki/page/create/1",
            },
            "page_title": f"Page {number}",
            "rev_ids": [number, "a"],
        }
        for number in range(20)
    ]
    produce(field.topic, {0: [text(event) for event in events]})
    field.execute(
        "INSERT INTO mediawiki_page_create_1 (meta_id, meta_dt) VALUES (%s, '2018-03-13 06:00:03')",
        [events[3]["meta"]["id"]],
    )
    field.operator.write(field.document(START, START + HOUR, schemas=["mediawiki.page-create"]))
    assert field.counted() == {"mediawiki_page_create_1": [20, 1, 19, 0, 0, 0]}
    applied = field.operator.apply()
    assert (applied.code, "19 rows put in, read back by uuid" in applied.out) == (0, True), applied.out + applied.err
    (row,) = field.execute("SELECT * FROM mediawiki_page_create_1 WHERE page_title = 'Page 7'")
    meta = events[7]["meta"]
    at = datetime(2018, 3, 13, 6, 0, 7, tzinfo=UTC).replace(tzinfo=None)
    assert row == (meta["id"], at, meta["topic"], meta["schema_uri"], "Page 7", '[7, "a"]')


FOUND_AS = {
    "binary": "id INT PRIMARY KEY AUTO_INCREMENT, uuid BINARY(32) UNIQUE, timestamp BINARY(14), userAgent BLOB",
    "char": "uuid CHAR(32) UNIQUE, timestamp CHAR(14), userAgent VARCHAR(1024)",
    "dashes": "uuid CHAR(36) UNIQUE, timestamp VARCHAR(14), userAgent VARCHAR(1024)",
    "wide binary": "uuid BINARY(38) UNIQUE, timestamp VARCHAR(14), userAgent BLOB",
}
REST = """
    webHost VARCHAR(255), wiki VARCHAR(255), event_action VARCHAR(255), event_isHttp2 TINYINT,
    event_loadEventEnd BIGINT, event_pageTitle VARBINARY(255), event_rtt FLOAT, KEY (timestamp)"""


@pytest.mark.parametrize("columns", FOUND_AS.values(), ids=FOUND_AS.keys())
def test_tables_are_taken_as_they_are_found(field: Field, produce: Produce, columns: str) -> None:
    events = loads(40)
    events[7]["event"]["pageTitle"] = 'Ünï\tcode "quoted" \\ and\nlines 😀'
    field.execute(f"CREATE TABLE `{LOADS}` ({columns}, {REST}) CHARSET=utf8mb4")
    for number, event in enumerate(events[:20]):
        uuid = event["uuid"]
        if "36" in columns and number % 2:
            uuid = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
        when = datetime.fromisoformat(event["dt"]).strftime("%Y%m%d%H%M%S")
        field.execute(f"INSERT INTO `{LOADS}` (uuid, timestamp) VALUES (%s, %s)", [uuid, when])
    produce(field.topic, spread(events))
    field.operator.write(field.document(START, START + timedelta(hours=3)))
    assert field.counted() == {LOADS: [40, 20, 20, 0, 0, 0]}
    field.execute(f"DELETE FROM `{LOADS}` WHERE uuid LIKE %s", [events[7]["uuid"][:8] + "%"])
    applied = field.operator.apply("--json")
    (outcome,) = applied.json["outcomes"]
    assert outcome["reason"] == "21 rows put in, read back by uuid", outcome
    ((title,),) = field.execute(
        f"SELECT event_pageTitle FROM `{LOADS}` WHERE uuid LIKE %s", [events[7]["uuid"][:8] + "%"]
    )
    assert title.decode() == events[7]["event"]["pageTitle"]
    assert field.counts() == {LOADS: 40}


@dataclass(frozen=True, slots=True)
class SavedWindow:
    """Ten events, of which four have a row, and a plan saved of the other six."""

    field: Field
    events: Sequence[Capsule]

    @property
    def file(self) -> str:
        return str(self.field.operator.home / "plan.json")

    def apply(self) -> Ran:
        return self.field.operator.run("apply", self.file)

    def lose(self, events: Iterable[Capsule]) -> None:
        for event in events:
            self.field.execute(f"DELETE FROM `{LOADS}` WHERE uuid = %s", [event["uuid"]])


@pytest.fixture
def saved(field: Field, produce: Produce) -> SavedWindow:
    window = SavedWindow(field, loads(10))
    produce(field.topic, spread(window.events))
    field.insert(window.events[:4])
    field.operator.write(field.document(START, START + HOUR))
    assert field.operator.plan("--out", window.file).code == 0
    return window


def test_no_more_rows_are_put_in_than_were_reviewed(saved: SavedWindow) -> None:
    saved.lose(saved.events[:2])
    grown = saved.apply()
    assert (grown.code, saved.field.counts()) == (4, {LOADS: 2}), grown
    assert "rows to put in: then 6, now 8" in grown.err
    saved.field.insert([*saved.events[:2], saved.events[4]])
    assert (saved.apply().code, saved.field.uuids()) == (0, uuids_of(saved.events)), "fewer"


def test_a_saved_window_that_was_filled_by_another_hand_is_not_used_up(saved: SavedWindow) -> None:
    saved.field.insert(saved.events[4:])
    skipped = saved.apply()
    assert (skipped.code, skipped.ending("BackfillWindow/m4/window")) == (0, "settled"), skipped
    assert "skipped: it came about by another hand; nothing was done for it" in skipped.out
    assert saved.field.operator.run("ledger", "check").code == 0
    saved.lose(saved.events[4:])
    assert (saved.apply().code, saved.field.uuids()) == (0, uuids_of(saved.events)), "the same file"
    assert "was carried out by run" in saved.apply().err


def test_a_saved_window_whose_schema_is_blacklisted_by_now_waits_and_is_not_told_as_settled(saved: SavedWindow) -> None:
    operator = saved.field.operator
    window = (operator.state / "documents.yaml").read_text()
    operator.write(blacklist(entry("NavigationTiming")))
    assert operator.apply().code == 0
    operator.write(window)
    skipped = saved.apply()
    assert (skipped.code, skipped.ending("BackfillWindow/m4/window")) == (0, "pending"), skipped
    waits = f"the proof that the 10 events of {LOADS} have their rows waits for its schema to be blacklisted no more"
    assert f"skipped: nothing is left for us to do; {waits}" in skipped.out

    operator.write(blacklist())
    assert operator.apply().code == 0
    operator.write(window)
    assert saved.apply().code == 0, "the same file"
    assert saved.field.uuids() == uuids_of(saved.events)


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
