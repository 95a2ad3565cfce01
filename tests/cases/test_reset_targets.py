"""Where a reset leads to: every target, and what cannot be meant by one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from sandbox.events import Record
from tests.cases.group import START, Group, event
from tests.operator import Operator


@pytest.mark.parametrize(
    ("to", "ends"),
    [
        ("earliest", [0, 0]),
        ("latest", [100, 100]),
        ("{timestamp: 2018-03-13T13:29:31Z}", [20, 20]),
        ("{timestamp: 2018-03-13T14:29:30.5+01:00}", [20, 20]),
        ("{offset: 42}", [42, 42]),
        ("{offsets: {0: 10, 1: 90}}", [10, 90]),
        ("{offsets: {0: 10, 1: keep}}", [10, 60]),
        ("{shift: -50}", [10, 10]),
        ("{shift: 40}", [100, 100]),
        ("{behind_end: 30}", [70, 70]),
        ("none", [None, None]),
    ],
)
def test_a_target_is_where_the_commits_end_up(
    to: str, ends: list[int | None], group: Group, operator: Operator
) -> None:
    operator.write(group.document(to))
    applied = operator.apply()
    assert applied.code == 0, applied
    assert group.commits() == ends
    assert operator.plan("--detailed-exitcode").code == 0


def test_ago_counts_back_from_now(group: Group, operator: Operator, produce: Any) -> None:
    now_ms = int(time.time() * 1000)
    produce(
        group.topic, {part: [Record(b"{}", now_ms - 3_000_000), Record(b"{}", now_ms - 60_000)] for part in range(2)}
    )
    operator.write(group.document("{ago: 30m}"))
    assert operator.apply().code == 0
    assert group.commits() == [101, 101]


def test_each_topic_may_say_its_own(group: Group, operator: Operator, make_topic: Any, produce: Any) -> None:
    other = make_topic(partitions=1)
    produce(other, {0: [event(number) for number in range(10)]})
    operator.write(
        group.document("earliest").replace(
            f"{{{group.topic}: }}", f"{{{group.topic}: , {other}: {{to: {{behind_end: 3}}}}}}"
        )
    )
    assert operator.apply().code == 0
    found = group.admin.list_group_offsets({group.name: None})[group.name]
    assert group.commits() == [0, 0]
    assert found[TopicPartition(other, 0)].offset == 7


@pytest.mark.parametrize(
    ("to", "rule"),
    [
        ("{offset: 101}", "out-of-range"),
        ("{shift: -61}", "out-of-range"),
        ("{behind_end: 101}", "out-of-range"),
        ("{offsets: {0: 10}}", "partitions-uncovered"),
        ("{offsets: {0: 10, 1: 10, 2: 10}}", "no-such-partition"),
        ("{timestamp: 2030-01-01T00:00:00Z}", "no-match"),
    ],
)
def test_what_cannot_be_meant_is_refused(to: str, rule: str, group: Group, operator: Operator) -> None:
    operator.write(group.document(to))
    assert [each["id"] for each in operator.change(group.address)["refusals"]] == [rule]
    applied = operator.apply("--wait", "5s")
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert rule in applied.out


@pytest.mark.parametrize(
    ("to", "more", "ends"),
    [
        ("{offset: 101}", "on_out_of_range: clamp", [100, 100]),
        ("{shift: -61}", "on_out_of_range: clamp", [0, 0]),
        ("{timestamp: 2030-01-01T00:00:00Z}", "on_no_match: latest", [100, 100]),
        ("{timestamp: 2030-01-01T00:00:00Z}", "on_no_match: earliest", [0, 0]),
    ],
)
def test_clamping_is_done_when_asked_for(to: str, more: str, ends: list[int], group: Group, operator: Operator) -> None:
    operator.write(group.document(to, more))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (0, ends), applied


def test_what_retention_deleted_is_refused_and_said(group: Group, operator: Operator) -> None:
    group.admin.delete_records({TopicPartition(group.topic, 0): 50})
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}"))
    refused = operator.plan("--detailed-exitcode")
    assert refused.code == 4
    assert f"{group.topic}, partition 0: asked for 2018-03-13T13:29:31Z" in refused.out
    assert "the earliest kept is 2018-03-13T13:30:01Z" in refused.out
    assert (operator.apply().code, group.commits()) == (4, [60, 60])
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}", "on_out_of_range: clamp"))
    assert "clamped to 50" in operator.plan().out
    assert (operator.apply().code, group.commits()) == (0, [50, 20])


def test_a_target_about_to_be_deleted_needs_an_acceptance(
    group: Group, operator: Operator, admin: KafkaAdminClient
) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    century = str(int((time.time() - START.timestamp() + 600) * 1000))
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, group.topic, configs={"retention.ms": century})])
    operator.write(group.document("{offset: 20}"))
    refused = operator.plan("--detailed-exitcode")
    assert refused.code == 4
    assert "--accept retention-margin" in refused.out
    assert operator.apply().code == 4
    assert operator.apply("--accept", "retention-margin").code == 0
    assert group.commits() == [20, 20]


def test_a_topic_that_does_not_exist_is_refused_and_not_made(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest").replace(group.topic, "no-such-topic-at-all"))
    applied = operator.apply()
    assert applied.code == 4
    assert "no-such-topic" in applied.out
    assert "no-such-topic-at-all" not in group.admin.list_topics()


def test_a_name_that_no_group_bears_is_told_in_every_form(group: Group, operator: Operator) -> None:
    typo = f"{group.name}-typo"
    operator.write(group.document("earliest").replace(f"name: {group.name}", f"name: {typo}"))
    told = "the group: does not exist; wanted: one that Kafka knows"
    for form in ([], ["--markdown"]):
        shown = operator.plan(*form)
        assert (told in shown.out, "its first commits would make it; check its name" in shown.out) == (True, True), (
            shown
        )
    (found,) = operator.change(f"ConsumerGroup/analytics/{typo}")["findings"]
    assert (found["value"], found["sort"]) == ("does not exist", "note")
    operator.write(group.document("earliest"))
    assert "does not exist" not in operator.plan().out


def test_the_tables_show_what_an_operator_decides_by(group: Group, operator: Operator) -> None:
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}"))
    shown = operator.plan("--full").out
    assert "rewind 80 offsets over 2 partitions, back to 2018-03-13T13:29:31Z" in shown
    row = next(line.split() for line in shown.splitlines() if line.split()[:1] == ["1"])
    assert row == ["1", "0", "100", "60", "20", "-40", "80", "2018-03-13T13:29:31Z", "dt"]
    assert "leaves a lag of 160" in shown
    assert "the target is kept for ever" in shown
    operator.write(group.document("{offsets: {0: 10, 1: keep}}"))
    assert "leaves a lag of 130 (40 of it on partition 1, left alone); " in operator.plan().out
