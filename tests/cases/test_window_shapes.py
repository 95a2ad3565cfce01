"""Events of every shape there was, and tables as they are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.events import edit, navigation_timing, record
from tests.window import EDITS, HOUR, LOADS, START, Field, Produce, loads, spread, text


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
