from __future__ import annotations

from typing import Any

import pytest

from elreconcile.kinds.consumer_group.findings import expectations, lags, not_asked, out_of_log
from elreconcile.kinds.consumer_group.live import LastCommit, LiveGroup
from elreconcile.kinds.consumer_group.spec import Expect
from elreconcile.model.change import Finding, Sort
from elreconcile.systems.kafka_values import GroupListing
from tests.unit.kinds.consumer_group.worlds import EMPTY, MEMBER, commits, live, log

LOGS = {"topic": log((0, 1000), (100, 1000))}
STABLE = GroupListing("Stable", "classic", "consumer")


@pytest.mark.parametrize(
    ("expect", "world"),
    [
        ({}, live(listing=None)),
        ({"min_members": 1}, live(listing=STABLE, members=(MEMBER,))),
        ({"min_members": 0}, live(listing=None)),
        ({"max_lag": 20}, live(LOGS, commits=commits(990, 990))),
        ({"state": "Stable"}, live(listing=STABLE)),
    ],
)
def test_what_is_as_expected_is_not_told(expect: dict[str, Any], world: LiveGroup) -> None:
    assert list(expectations(Expect(**expect), world)) == []


@pytest.mark.parametrize(
    ("expect", "world", "finding"),
    [
        ({"min_members": 2}, live(members=(MEMBER,)), Finding("members", "1", "at least 2", "start its consumers")),
        ({"min_members": 1}, live(listing=None), Finding("members", "0", "at least 1", "start its consumers")),
        (
            {"min_members": 1},
            live(listing=GroupListing("Stable", "consumer")),
            Finding(
                "members",
                "not known: members are not read of a group of type consumer",
                "at least 1",
                "look with Kafka's own tools",
                Sort.UNKNOWN,
            ),
        ),
        (
            {"max_lag": 1000},
            live(LOGS, commits=commits(0, 999)),
            Finding("lag", "1,001", "at most 1,000", "see whether its consumers keep up"),
        ),
        ({"state": "Stable"}, live(listing=EMPTY), Finding("state", "Empty", "Stable", "see what its consumers do")),
        (
            {"state": "Stable"},
            live(listing=None),
            Finding("state", "no such group", "Stable", "see what its consumers do"),
        ),
    ],
)
def test_what_is_not_is_told_with_what_was_wanted(expect: dict[str, Any], world: LiveGroup, finding: Finding) -> None:
    assert list(expectations(Expect(**expect), world)) == [finding]


def test_a_commit_past_the_end_hides_no_lag() -> None:
    assert lags(live(LOGS, commits=commits(2000, 400))) == {("topic", 0): 0, ("topic", 1): 600}


def test_a_topic_that_is_gone_has_no_lag() -> None:
    assert lags(live(LOGS, commits=commits(5, topic="gone"))) == {}


def test_commits_that_no_log_holds_are_found() -> None:
    world = live(LOGS, commits={**commits(1001, 99), **commits(5, topic="gone")})
    assert [(one.what, one.value, one.wanted) for one in out_of_log(world)] == [
        ("commit of topic partition 0", "1,001", "0 to 1,000"),
        ("commit of topic partition 1", "99", "100 to 1,000"),
    ]
    assert list(out_of_log(live(LOGS, commits=commits(1000, 100)))) == []


def test_a_burrow_that_could_not_be_asked_is_told() -> None:
    silent = live(last_commit=LastCommit(None, "Burrow analytics: connection refused (tried for 20.0 s)"))
    (finding,) = not_asked(silent)
    assert finding.value == "Burrow analytics: connection refused (tried for 20.0 s)"
    assert list(not_asked(live())) == []
