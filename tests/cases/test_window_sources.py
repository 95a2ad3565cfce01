"""All of a source is read before a window is settled: what came late, what a wrong time hides, what was added."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kafka.admin import ConfigResource, ConfigResourceType

from elreconcile.desired.spec import format_span
from sandbox.events import Capsule, navigation_timing, record
from sandbox.waiting import until
from tests.cases.test_window_refusals import assert_refused, said
from tests.window import EMPTY, HOUR, LOADS, START, Field, Produce, counted, loads, raw, text, uuids_of

LATE = navigation_timing(900, START + timedelta(minutes=30))


def lines(events: Sequence[Capsule]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def packed(path: Path, events: Sequence[Capsule]) -> None:
    with gzip.open(path, "wt") as file:
        file.write(lines(events))


def test_what_arrives_while_late_runs_is_read_before_the_window_is_settled(field: Field, produce: Produce) -> None:
    events = loads(30)
    produce(field.topic, {0: [record(event) for event in events]})
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    field.operator.write(field.document(START, START + HOUR, late=format_span(end - START - HOUR)))
    applied = field.operator.apply()
    assert (applied.code, "may arrive until" in applied.out) == (3, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events)

    produce(field.topic, {0: [record(LATE)]})
    until("nothing more may arrive", lambda: datetime.now(UTC) > end, 120)
    applied = field.operator.apply()
    assert (applied.code, "1 rows put in, read back by uuid" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of([*events, LATE])
    assert EMPTY in field.operator.plan().out


def test_a_saved_plan_reads_what_came_since_its_review(
    field: Field, produce: Produce, make_topic: Callable[..., str]
) -> None:
    """No more rows than were shown, as a writer has put one in meanwhile. And so does a run that goes on."""
    events, file = loads(30), field.operator.home / "plan.json"
    topic = make_topic(partitions=2, configs={"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"})
    produce(topic, {0: [record(event) for event in events]})
    window = {"source": {"kafka": "analytics", "topic": topic}, "late": "9999d"}
    field.operator.write(field.document(START, START + HOUR, **window))
    field.insert(events[:1])
    assert field.operator.plan("--out", str(file)).code == 0
    field.insert(events[1:2])
    produce(topic, {1: [record(LATE)]})
    applied = field.operator.run("apply", str(file))
    assert (applied.code, "29 rows put in" in applied.out) == (3, True), applied.out + applied.err
    produce(topic, {0: [record(navigation_timing(901, START))]})
    assert "1 rows put in" in field.operator.apply().out
    assert field.uuids() == uuids_of([*events, LATE, navigation_timing(901, START)])


def test_a_time_that_a_producer_gave_hides_nothing(field: Field, produce: Produce) -> None:
    """A record of 2040 before others of the window, and one whose clock was behind by half an hour."""
    events = loads(20)
    ahead, behind = raw(b"{}", datetime(2040, 1, 1, tzinfo=UTC)), START - HOUR / 2
    produce(
        field.topic,
        {0: [text(events[0], behind), *map(record, events[1:10]), ahead, *map(record, events[10:])]},
    )
    field.operator.write(field.document(START, START + HOUR))
    applied = field.operator.apply()
    assert (applied.code, "20 rows put in" in applied.out) == (0, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events)


def test_an_event_that_came_just_now_keeps_the_window_open(field: Field, produce: Produce) -> None:
    produce(field.topic, {0: [*map(record, [*loads(30), navigation_timing(901, datetime.now(UTC)), LATE])]})
    field.operator.write(field.document(START, START + HOUR, late="365d"))
    applied = field.operator.apply()
    assert (applied.code, "came less than a tenth of `late` before" in applied.out.replace("\n", " ")) == (3, True)
    assert field.uuids() == uuids_of([*loads(30), LATE])


def test_the_bound_of_late_events(field: Field, produce: Produce) -> None:
    """Where times are those of arrival. What came shortly before the bound: there may be more behind it."""
    events, end = loads(30), START + 2 * HOUR
    produce(
        field.topic,
        {0: [*map(record, events), raw(b"{}", end - timedelta(minutes=2)), text(LATE, end)]},
    )
    by_arrival = {"message.timestamp.type": "LogAppendTime"}
    field.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, field.topic, configs=by_arrival)])
    field.operator.write(field.document(START, START + HOUR, late="1h"))
    assert counted(field.planned()) == {LOADS: [30, 0, 30, 0, 0, 0]}, "the late one lies past the bound"
    field.operator.write(field.document(START, START + HOUR, late="1h1m"))
    applied = field.operator.apply()
    assert applied.code == 3, applied.out + applied.err
    assert "came less than a tenth of `late` before 2018-03-13T08:01:00Z" in applied.out.replace("\n", " ")
    field.operator.write(field.document(START, START + HOUR, late="3h", name="longer"))
    assert EMPTY in field.operator.plan().out
    assert field.uuids() == uuids_of([*events, LATE])


def test_an_empty_source_proves_nothing(field: Field, produce: Produce, tmp_path: Path) -> None:
    field.operator.write(field.document(START, START + HOUR))
    assert_refused(field, "no-events")
    assert "of 0 records none is an event of the window" in said(field)
    produce(field.topic, {0: [record(event) for event in loads(7, START.replace(year=2019))]})
    assert_refused(field, "no-events")
    assert "of 7 records none" in said(field)
    accepted = field.operator.plan("--accept", "no-events")
    assert EMPTY in accepted.out, accepted.out + accepted.err
    (tmp_path / "events.log").touch()
    packed(tmp_path / "events.log.gz", [])
    field.operator.write(field.document(START, START + HOUR, source={"files": f"{tmp_path}/events.*"}))
    assert [each.partition(":")[0] for each in field.refused()] == ["no-events", "not-covered"]


def test_files_must_hold_every_part_of_the_window(field: Field, tmp_path: Path) -> None:
    """Two days and a quarter, an event each ten minutes; one misdated event does not stand for a day."""
    events = loads(330, START, timedelta(minutes=10))
    for day in ("13", "15"):
        packed(tmp_path / f"all-events.log-201803{day}.gz", [each for each in events if each["dt"][8:10] == day])
    (tmp_path / "all-events.log-20180316").write_text(lines([navigation_timing(1, START + 30 * HOUR)]))
    source = {"files": f"{tmp_path}/all-events.log-*"}
    field.operator.write(field.document(START, START + 55 * HOUR, source=source, late="12h"))
    assert_refused(field, "not-covered")
    refused = said(field)
    assert "no event from 2018-03-14T00:00Z to 2018-03-14T12:00Z; no event from 2018-03-14T12:10Z" in refused
    assert f"{tmp_path}/all-events.log-20180314.gz is not among the files" in refused
    assert "20180313.gz is not" not in refused

    packed(tmp_path / "all-events.log-20180314.gz", [each for each in events if each["dt"][8:10] == "14"])
    planned = field.operator.plan()
    assert planned.code == 0, planned.out + planned.err
    assert "read 331 records; event times from 2018-03-13T06:00Z to 2018-03-15T12:50Z" in planned.out
    (tmp_path / "all-events.log-20180316").unlink()
    assert f"{tmp_path}/all-events.log-20180316.gz is not among the files" in said(field), "late events lie there"


def test_files_grow_and_are_added_to(field: Field, tmp_path: Path) -> None:
    """Between two runs of a window that stays open; what was read once has to be there again."""
    events, file = loads(60), tmp_path / "events.log"
    file.write_text(lines(events[:30]))
    window = {"source": {"files": f"{tmp_path}/events.*"}, "late": "9999d"}
    field.operator.write(field.document(START, START + timedelta(minutes=9), **window))
    assert "30 rows put in" in field.operator.apply().out
    file.write_text(lines(events[:40]))
    packed(tmp_path / "events.1.gz", events[40:50])
    applied = field.operator.apply()
    assert (applied.code, "20 rows put in" in applied.out) == (3, True), applied.out + applied.err
    assert field.uuids() == uuids_of(events[:50])

    file.write_text(lines(events[:20]))
    assert said(field) == f"unreadable-source: {file}: 20 lines, and 30 when it was first read"
    file.write_text(lines(events[1:50]))
    assert [each.partition(":")[0] for each in field.refused()] == ["other-world"]
