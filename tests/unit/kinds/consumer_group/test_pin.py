"""From words to numbers: an offset inside the log, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.consumer_group.live import Clamp, Log, Pinned
from elreconcile.kinds.consumer_group.pin import Miss, asked_time, gather, name_partitions, outside, pin
from elreconcile.kinds.consumer_group.spec import Measured
from elreconcile.systems.kafka_values import Bounds, Commit, Found, Partition
from tests.unit.kinds.consumer_group.worlds import MINUTE_MS, NOW, NOW_MS, commits, log, reset

ASKED = NOW_MS - 60 * MINUTE_MS
AT = {"timestamp": "2018-03-13T13:00:00Z"}


def pinned(
    one: Log,
    to: Any,
    committed: Mapping[Partition, Commit] | None = None,
    found: Mapping[int, Found | None] | None = None,
    **fields: Any,
) -> Pinned:
    places = {("topic", number): at for number, at in (found or {}).items()}
    return pin(reset(to=to, **fields), {"topic": one}, committed or {}, places, NOW)


@pytest.mark.parametrize(
    ("to", "numbers"),
    [
        ("earliest", {0: 100, 1: 0}),
        ("latest", {0: 1000, 1: 50}),
        ("none", {0: None, 1: None}),
        ({"behind_end": 20}, {0: 980, 1: 30}),
        ({"behind_end": 0}, {0: 1000, 1: 50}),
        ({"offsets": {"0": 100, "1": 50}}, {0: 100, 1: 50}),
        ({"offsets": {"0": "keep", "1": 7}}, {1: 7}),
        ({"shift": -1}, {0: 899, 1: 49}),
        ({"shift": 0}, {0: 900, 1: 50}),
    ],
)
def test_each_target_in_numbers(to: Any, numbers: Mapping[int, int | None]) -> None:
    assert pinned(log((100, 1000), (0, 50)), to, commits(900, 50)) == Pinned({"topic": numbers})


def test_offset_is_the_same_in_each_partition() -> None:
    assert pinned(log((0, 9), (0, 7)), {"offset": 7}) == Pinned({"topic": {0: 7, 1: 7}})


def test_a_topic_may_say_its_own_target() -> None:
    wanted = reset(to="earliest", topics={"a": None, "b": {"to": "latest"}})
    got = pin(wanted, {"a": log((3, 9)), "b": log((3, 9))}, {}, {}, NOW)
    assert got.pins == {"a": {0: 3}, "b": {0: 9}}


def test_a_topic_that_does_not_exist_gets_no_pins() -> None:
    assert pin(reset(topics={"gone": None}), {}, {}, {}, NOW) == Pinned({})


# by time


def test_a_time_becomes_the_offset_that_kafka_found() -> None:
    assert pinned(log((0, 9)), AT, found={0: Found(5, ASKED)}) == Pinned({"topic": {0: 5}})


def test_no_record_that_late_is_refused() -> None:
    got = pinned(log((0, 9), (0, 0)), AT, found={0: None, 1: None})
    assert got.pins == {}
    assert [(one.id, one.what, one.value, one.limit) for one in got.refusals] == [
        ("no-match", "topic, partitions 0-1", "asked for 2018-03-13T13:00:00Z", "no record is that late"),
    ]


def test_a_partition_without_records_is_called_so() -> None:
    (refusal,) = pinned(log((7, 7)), AT, found={0: None}).refusals
    assert refusal.limit == "it holds no record"
    assert refusal.remedy == "write `on_no_match: latest` (or earliest) if that is what you want"


@pytest.mark.parametrize(("choice", "offset"), [("earliest", 2), ("latest", 9)])
def test_no_record_that_late_goes_where_the_document_says_and_is_shown(choice: str, offset: int) -> None:
    shown = Clamp("topic", 0, "2018-03-13T13:00:00Z", offset, "no record is that late: goes to")
    assert pinned(log((2, 9)), AT, found={0: None}, on_no_match=choice) == Pinned({"topic": {0: offset}}, (), (shown,))


PAST = log((100, 1000), oldest_times={0: ASKED + MINUTE_MS})


@pytest.mark.parametrize("found", [100, 102], ids=["at the log's start", "behind a transaction marker"])
def test_a_time_before_the_oldest_record_is_past_retention(found: int) -> None:
    got = pinned(PAST, AT, found={0: Found(found, ASKED + MINUTE_MS)})
    assert got.pins == {}
    (refusal,) = got.refusals
    assert (refusal.id, refusal.value) == ("past-retention", "asked for 2018-03-13T13:00:00Z")
    assert refusal.limit == "retention has deleted what lay before; the earliest kept is 2018-03-13T13:01:00Z"


def test_past_retention_can_be_clamped_and_is_shown() -> None:
    got = pinned(PAST, AT, found={0: Found(100, ASKED + MINUTE_MS)}, on_out_of_range="clamp")
    assert got == Pinned({"topic": {0: 100}}, (), (Clamp("topic", 0, "2018-03-13T13:00:00Z", 100),))


@pytest.mark.parametrize(
    "one",
    [
        log((0, 1000), oldest_times={0: ASKED + MINUTE_MS}),
        log((100, 1000), oldest_times={0: ASKED}),
        log((100, 1000)),
    ],
    ids=["nothing deleted", "the oldest is not later", "the oldest is not known"],
)
def test_a_time_that_is_still_covered_is_not_past_retention(one: Log) -> None:
    assert pinned(one, AT, found={0: Found(500, ASKED)}).pins == {"topic": {0: 500}}


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        (Measured.model_validate({"timestamp": "2018-03-13T13:00:00Z"}), ASKED),
        (Measured.model_validate({"timestamp": "2018-03-13T14:00:00+01:00"}), ASKED),
        (Measured.model_validate({"timestamp": "2018-03-13T13:00:00.0001Z"}), ASKED + 1),
        (Measured.model_validate({"timestamp": "1960-01-01T00:00:00Z"}), 0),
        (Measured.model_validate({"ago": "1h"}), ASKED),
        (Measured.model_validate({"ago": "99999d"}), 0),
        (Measured.model_validate({"offset": 5}), None),
        ("latest", None),
        (None, None),
    ],
)
def test_the_time_a_target_asks_for(target: Any, asked: int | None) -> None:
    assert asked_time(target, NOW) == asked


@given(st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_is_never_rounded_back(at: datetime) -> None:
    asked = asked_time(Measured.model_validate({"timestamp": at}), NOW)
    assert asked is not None
    late = timedelta(milliseconds=asked) - (at - datetime(1970, 1, 1, tzinfo=UTC))
    assert timedelta(0) <= late < timedelta(milliseconds=1)


# outside the log


@pytest.mark.parametrize(
    ("to", "value"),
    [
        ({"offset": 99}, "target 99"),
        ({"offset": 1001}, "target 1001"),
        ({"offsets": {"0": 5}}, "target 5"),
        ({"behind_end": 901}, "target 99"),
        ({"shift": -801}, "target 99"),
        ({"shift": 101}, "target 1001"),
    ],
)
def test_a_target_outside_the_log_is_refused(to: Any, value: str) -> None:
    got = pinned(log((100, 1000)), to, commits(900))
    assert got.pins == {}
    (refusal,) = got.refusals
    assert (refusal.id, refusal.what, refusal.value) == ("out-of-range", "topic, partition 0", value)
    assert refusal.limit == "the log holds 100 to 1,000"
    assert refusal.remedy == "choose a target inside, or write `on_out_of_range: clamp`"
    assert not refusal.acceptable


def test_a_target_outside_is_clamped_only_when_asked_and_shown() -> None:
    got = pinned(log((100, 1000), (100, 1000)), {"offsets": {"0": 5, "1": 2000}}, on_out_of_range="clamp")
    assert got.pins == {"topic": {0: 100, 1: 1000}}
    assert got.clamps == (Clamp("topic", 0, "5", 100), Clamp("topic", 1, "2000", 1000))
    assert got.refusals == ()


def test_a_shift_needs_a_commit_even_when_clamping() -> None:
    got = pinned(log((0, 9), (0, 9)), {"shift": -1}, commits(5, None), on_out_of_range="clamp")
    assert got.pins == {"topic": {0: 4}}
    (refusal,) = got.refusals
    assert (refusal.id, refusal.what, refusal.value) == ("no-commit", "topic, partition 1", "no commit")


def test_partitions_without_a_target_are_named_and_so_are_those_that_do_not_exist() -> None:
    got = pinned(log((0, 9), (0, 9), (0, 9)), {"offsets": {"1": 5, "7": 5, "9": "keep"}})
    assert got.pins == {"topic": {1: 5}}
    assert [(one.id, one.what, one.value, one.limit) for one in got.refusals] == [
        ("partitions-uncovered", "topic, partitions 0, 2", "no target", "topic has 3 partitions"),
        ("no-such-partition", "topic, partitions 7, 9", "a target", "topic has 3 partitions"),
    ]


# numbers pinned before


def test_numbers_pinned_before_are_held_against_the_log_of_now() -> None:
    placed = {("topic", 0): 99, ("topic", 1): 1001, ("topic", 2): 500, ("topic", 3): None, ("topic", 9): 5, ("x", 0): 5}
    one = log((100, 1000), (100, 1000), (100, 1000), (100, 1000))
    (refusal,) = outside(placed, {"topic": one}, "plan anew")
    assert (refusal.id, refusal.what, refusal.remedy) == ("out-of-range", "topic, partitions 0-1", "plan anew")


# words


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([3], "partition 3"), ([0, 1], "partitions 0-1"), ([7, 2, 0, 1, 4], "partitions 0-2, 4, 7")],
)
def test_partitions_are_named_in_runs(numbers: list[int], text: str) -> None:
    assert name_partitions(numbers) == text


@given(st.sets(st.integers(0, 200), min_size=1))
def test_exactly_the_partitions_meant_are_named(numbers: set[int]) -> None:
    named: set[int] = set()
    for run in name_partitions(numbers).split(" ", 1)[1].split(", "):
        first, _, last = run.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == numbers


def test_misses_of_one_rule_and_topic_make_one_refusal() -> None:
    def miss(rule: str, topic: str, partition: int) -> Miss:
        return Miss(rule, topic, partition, f"value {partition}", "limit", "remedy")

    found = list(gather([miss("a", "t", 1), miss("a", "u", 0), miss("a", "t", 0), miss("b", "t", 1)]))
    assert [(one.id, one.what, one.value) for one in found] == [
        ("a", "t, partitions 0-1", "value 1"),
        ("a", "u, partition 0", "value 0"),
        ("b", "t, partition 1", "value 1"),
    ]


# laws

OFFSET = st.integers(0, 2**40)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Bounds, int | None, Commit | None, Found | None]:
    oldest, length = draw(OFFSET), draw(st.integers(0, 10**6))
    kept = Bounds(oldest, oldest + length)
    commit = draw(st.none() | OFFSET.map(Commit))
    time = st.integers(0, NOW_MS)
    found = st.builds(Found, st.integers(oldest, oldest + length - 1), time) if length else st.none()
    return kept, draw(st.none() | time) if length else None, commit, draw(st.none() | found)


TARGETS = st.one_of(
    st.sampled_from(["earliest", "latest", "none"]),
    OFFSET.map(lambda at: {"offset": at}),
    OFFSET.map(lambda at: {"behind_end": at}),
    st.integers(-(10**7), 10**7).map(lambda by: {"shift": by}),
    (OFFSET | st.just("keep")).filter(lambda at: at != "keep").map(lambda at: {"offsets": {"0": at}}),
    st.just(AT),
    st.just({"ago": "90m"}),
)
POLICIES = st.fixed_dictionaries(
    {
        "on_out_of_range": st.sampled_from(["fail", "clamp"]),
        "on_no_match": st.sampled_from(["fail", "earliest", "latest"]),
    }
)


@given(worlds(), TARGETS, POLICIES)
def test_a_pinned_target_lies_in_the_log_or_there_is_a_refusal(
    world: tuple[Bounds, int | None, Commit | None, Found | None], to: Any, policy: dict[str, str]
) -> None:
    kept, oldest_time, commit, found = world
    one = log((kept.oldest, kept.newest), oldest_times={} if oldest_time is None else {0: oldest_time})
    got = pinned(one, to, {("topic", 0): commit} if commit else {}, {0: found}, **policy)
    pins = got.pins.get("topic", {})
    assert (0 in pins) != bool(got.refusals)
    for target in pins.values():
        assert (target is None) == (to == "none")
        assert target is None or kept.oldest <= target <= kept.newest
    if set(policy.values()) == {"fail"}:
        assert got.clamps == ()
    assert all(clamp.taken == pins[0] for clamp in got.clamps)


@given(OFFSET, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_a_shift_and_its_opposite_lead_back_unless_one_was_refused(
    oldest: int, before: int, after: int, by: int
) -> None:
    one, at = log((oldest, oldest + before + after)), oldest + before
    there = pinned(one, {"shift": by}, commits(at))
    if there.refusals:
        assert not oldest <= at + by <= oldest + before + after
        return
    moved = there.pins["topic"][0]
    assert moved == at + by
    assert pinned(one, {"shift": -by}, commits(moved)).pins == {"topic": {0: at}}
