from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from elreconcile.kinds.consumer_group.live import Clamp, Event, LiveGroup, Log, Pinned, Pins, Rates
from elreconcile.kinds.consumer_group.progress import Progress
from elreconcile.kinds.consumer_group.shape import targets
from elreconcile.kinds.consumer_group.show import COLUMNS, details
from elreconcile.model.block import Line, Table
from tests.unit.kinds.consumer_group.worlds import MINUTE_MS, MOMENT, NOW_MS, commits, live, log

AT = datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
LATER = datetime(2018, 3, 13, 13, 29, 12, tzinfo=UTC)


def world(one: Log, pins: Mapping[int, int | None], **known: Any) -> LiveGroup:
    return live({"topic": one}, **{"pinned": Pinned({"topic": pins} if pins else {})} | known)


def told(seen: LiveGroup, done: frozenset[int] = frozenset()) -> list[str]:
    """The sentences; a table is left out."""
    return [block.text for block in details(seen, standing(seen.pinned.pins, done), MOMENT) if isinstance(block, Line)]


def rows(seen: LiveGroup) -> list[tuple[str, ...]]:
    return [
        row
        for block in details(seen, standing(seen.pinned.pins), MOMENT)
        if isinstance(block, Table)
        for row in block.rows
    ]


def standing(pins: Pins, done: frozenset[int] = frozenset()) -> Mapping[tuple[str, int], Progress]:
    return {place: Progress.DONE if place[1] in done else Progress.TO_DO for place in targets(pins)}


def test_a_rewind_as_an_operator_reads_it() -> None:
    seen = world(
        log((0, 1000), (0, 1000)),
        {0: 831, 1: 900},
        commits=commits(1000, 1000),
        events={("topic", 0): Event(AT, "dt"), ("topic", 1): Event(LATER, "meta.dt")},
        records={("topic", 0): NOW_MS - 31 * MINUTE_MS, ("topic", 1): NOW_MS - 30 * MINUTE_MS},
        rates={"topic": Rates(consumed=67.25, produced=3.0)},
    )
    assert list(details(seen, standing(seen.pinned.pins), MOMENT)) == [
        Line("topic: rewind 269 offsets over 2 partitions, back to 2018-03-13T13:29:11Z"),
        Table(
            COLUMNS,
            (
                ("0", "0", "1,000", "1,000", "831", "-169", "169", "2018-03-13T13:29:11Z  dt"),
                ("1", "0", "1,000", "1,000", "900", "-100", "100", "2018-03-13T13:29:12Z  meta.dt"),
            ),
            frozenset(COLUMNS[:-1]),
            depth=1,
        ),
        Line(
            "leaves a lag of 269; catches up in about 4 s at its last commits' 67.2/s; "
            "the target stays within retention for 6 d 23 h",
            depth=1,
        ),
    ]


@pytest.mark.parametrize(
    ("pins", "committed", "summary"),
    [
        ({0: 831, 1: 950}, (1000, 900), "rewind 169 offsets and skip 50 offsets over 2 partitions"),
        ({0: 1000, 1: 1000}, (831, 1000), "skip 169 offsets over 2 partitions"),
        ({0: 900, 1: 900}, (900, 900), "commit where it stands over 2 partitions"),
        ({0: 900, 1: 900}, (None, None), "give 2 partitions a first commit over 2 partitions"),
        ({0: 900, 1: 900}, (1000, None), "rewind 100 offsets and give 1 partition a first commit over 2 partitions"),
        ({1: 900}, (1000, 1000), "rewind 100 offsets over 1 partition"),
        ({0: None, 1: None}, (1000, 5), "forget the commits of partitions 0-1"),
        ({0: 100, 1: None}, (900, 5), "rewind 800 offsets over 1 partition; forget the commits of partition 1"),
        ({0: None, 1: 900}, (900, 900), "commit where it stands over 1 partition; forget the commits of partition 0"),
        ({}, (1000, 1000), "nothing to commit"),
    ],
)
def test_the_sentence_says_what_happens(
    pins: dict[int, int | None], committed: tuple[int | None, ...], summary: str
) -> None:
    seen = world(log((0, 1000), (0, 1000)), pins, commits=commits(*committed))
    assert told(seen)[0] == f"topic: {summary}"


def test_cells_where_there_is_nothing_to_say() -> None:
    seen = world(
        log((0, 1000), (0, 1000), (0, 1000), (0, 1000)),
        {0: None, 1: 1000, 2: 900, 3: 900},
        commits=commits(5, None, 900, 800),
        events={("topic", 2): Event(None, "record"), ("topic", 3): Event(AT, "record")},
    )
    assert rows(seen) == [
        ("0", "0", "1,000", "5", "none", "", "", ""),
        ("1", "0", "1,000", "none", "1,000", "", "0", "end of the log"),
        ("2", "0", "1,000", "900", "900", "0", "100", "not known"),
        ("3", "0", "1,000", "800", "900", "+100", "100", "2018-03-13T13:29:11Z  record"),
    ]


def test_numbers_of_a_topic_that_had_more_partitions_are_left_out() -> None:
    seen = world(log((0, 1000)), {0: 900, 1: 900}, commits=commits(1000, 1000))
    assert told(seen)[0] == "topic: rewind 100 offsets over 1 partition"
    assert len(rows(seen)) == 1


def test_clamps_are_shown_with_their_topic() -> None:
    late = Clamp("topic", 1, "2030-01-01T00:00:00Z", 1000, "no record is that late: goes to")
    clamps = (Clamp("topic", 0, "5", 100), Clamp("other", 0, "1", 2), late)
    seen = world(log((100, 1000), (0, 1000)), {0: 100}, pinned=Pinned({"topic": {0: 100, 1: 1000}}, (), clamps))
    assert [line for line in told(seen) if "asked" in line] == [
        "partition 0: asked for 5, clamped to 100",
        "partition 1: asked for 2030-01-01T00:00:00Z, no record is that late: goes to 1,000",
    ]


def test_a_target_with_nothing_behind_it_is_not_called_the_end() -> None:
    """There may be markers of transactions only, or what compaction has left out."""
    seen = world(log((0, 1000), (0, 1000)), {0: 990, 1: 1000})
    assert [row[-1] for row in rows(seen)] == ["no record from there on", "end of the log"]


def test_what_an_earlier_run_sent_is_said() -> None:
    seen = world(log((0, 9), (0, 9)), {0: 5, 1: 5})
    assert "partition 1: sent by an earlier run, to be read back only" in told(seen, frozenset({1}))


def test_several_topics_stand_in_the_documents_order() -> None:
    seen = live({"b": log((0, 9)), "a": log((0, 9))}, pinned=Pinned({"a": {0: 9}, "b": {0: 9}}))
    assert [line.split(":")[0] for line in told(seen)] == ["b", "a"]


def consequence(seen: LiveGroup) -> str:
    (line,) = (line for line in told(seen) if line.startswith("leaves a lag"))
    return line.split("; ", 1)[1]


@pytest.mark.parametrize(
    ("rates", "estimate"),
    [
        (Rates(10.0, 3.0), "catches up in about 10 s at its last commits' 10.0/s"),
        (Rates(0.034, 3.0), "catches up in about 49 min at its last commits' 0.034/s"),
        (Rates(None, 1 / 3600), "that is 4 d 4 h of arrivals at 0.00028/s in the hour before its newest event"),
        (Rates(None, 0.5), "that is 3 min of arrivals at 0.5/s in the hour before its newest event"),
        (Rates(None, 0.0), "how fast it is read is not known"),
        (Rates(), "how fast it is read is not known"),
        (None, "how fast it is read is not known"),
    ],
)
def test_how_long_it_will_take(rates: Rates | None, estimate: str) -> None:
    seen = world(log((0, 1000), retention_ms=None), {0: 900}, rates={"topic": rates} if rates else {})
    assert consequence(seen) == f"{estimate}; the target is kept for ever"


@pytest.mark.parametrize(
    ("settings", "records", "kept"),
    [
        ({"cleanup_policy": frozenset({"compact"})}, {}, "the topic is compacted: older values of a key may be gone"),
        ({"retention_ms": None}, {}, "the target is kept for ever"),
        ({"retention_ms": None, "retention_bytes": 5}, {}, "retention.bytes may delete it at any time"),
        ({}, {}, "how long the target is kept is not known"),
        ({}, {("topic", 0): NOW_MS}, "the target stays within retention for 7 d 0 h"),
        ({}, {("topic", 0): 0}, "the target stays within retention for 0 s"),
        (
            {"retention_bytes": 5},
            {("topic", 0): NOW_MS},
            "the target stays within retention for 7 d 0 h, by time; retention.bytes may delete it at any time",
        ),
    ],
)
def test_how_long_the_target_is_kept(settings: dict[str, Any], records: dict[Any, int], kept: str) -> None:
    seen = world(log((0, 1000), **settings), {0: 900}, records=records)
    assert consequence(seen) == f"how fast it is read is not known; {kept}"


def test_nothing_follows_where_no_lag_is_left() -> None:
    assert told(world(log((0, 1000)), {0: 1000})) == ["topic: give 1 partition a first commit over 1 partition"]


def test_the_lag_that_is_left_is_that_of_all_partitions() -> None:
    """But for one without a commit, and one whose commit lies past the end: they have none to count."""
    logs = log((0, 1000), (0, 1000), (0, 1000), (0, 1000), (0, 1000), retention_ms=None)
    seen = world(logs, {0: 900}, commits=commits(1000, 920, None, 1200, 990), rates={"topic": Rates(1.0)})
    assert told(seen)[1].startswith(
        "leaves a lag of 190 (90 of it on partitions 1, 4, left alone); catches up in about 3"
    )
    kept = world(logs, {0: None}, commits=commits(1000, 920))
    assert told(kept) == ["topic: forget the commits of partition 0"]


def test_what_is_deleted_already_is_said() -> None:
    times = {0: NOW_MS - MINUTE_MS, 1: NOW_MS, 2: 5}
    seen = world(log((5, 9), (5, 9), (0, 9), (7, 7), oldest_times=times), {0: 9})
    assert told(seen)[1:] == [
        "older events are deleted on partitions 0-1: the oldest kept are from 2018-03-13T13:59:00Z to "
        "2018-03-13T14:00:00Z",
        "all events are deleted on partition 3",
    ]


def test_one_oldest_time_is_no_span() -> None:
    seen = world(log((5, 9), oldest_times={0: NOW_MS}), {0: 9})
    assert told(seen)[1:] == ["older events are deleted on partition 0: the oldest kept are from 2018-03-13T14:00:00Z"]
