from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.diff import diff
from elreconcile.kinds.consumer_group.live import LastCommit, LiveGroup, Pinned
from elreconcile.kinds.consumer_group.shape import read_image
from elreconcile.ledger.entry import Entry, State
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Guard, Refusal, Sort
from elreconcile.systems.kafka_values import Cluster, Commit, GroupListing, Partition
from tests.unit.kinds.consumer_group.worlds import MEMBER, MOMENT, ask, commits, entry, group, live, log

ADDRESS = Address("ConsumerGroup", "analytics", "g")
PINS = {"topic": {0: 831, 1: 900}}
LOGS = {"topic": log((0, 1000), (0, 1000))}
STOOD: dict[Partition, Commit] = commits(1000, 1000)
WORLD = live(LOGS, commits=STOOD, pinned=Pinned(PINS))
SPEC = group()


def refused(change: Change) -> list[str]:
    return [refusal.id for refusal in change.refusals]


def resumed(state: State, world: LiveGroup) -> Change:
    return diff(ask(SPEC, entry(state, PINS, STOOD, SPEC)), world, MOMENT)


def test_a_fresh_reset() -> None:
    change = diff(ask(SPEC), WORLD, MOMENT)
    assert (change.address, change.action, change.title) == (ADDRESS, Action.REQUEST, "reset r1")
    assert change.effect == {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {}}
    assert change.pins == {"topic": {"0": 831, "1": 900}}
    assert change.before == {"topic": {"0": {"offset": 1000, "metadata": ""}, "1": {"offset": 1000, "metadata": ""}}}
    assert change.guards == (
        Guard("cluster id", "cluster-id"),
        Guard("topic id of topic", "topic-id"),
        Guard("partitions of topic", "2"),
    )
    assert (refused(change), change.blocked_by, change.findings) == ([], (), ())
    assert change.details


def test_what_is_to_be_forgotten_is_kept_apart() -> None:
    spec = group(topics={"topic": None, "old": {"to": "none"}})
    world = live(LOGS | {"old": log((0, 9))}, pinned=Pinned(PINS | {"old": {0: None}}))
    change = diff(ask(spec), world, MOMENT)
    assert change.effect == {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {"old": {"0": None}}}
    assert change.before == {"topic": {"0": None, "1": None}, "old": {"0": None}}


@pytest.mark.parametrize("no_reset", [True, False], ids=["no reset", "settled or expired"])
def test_with_nothing_open_only_expectations_are_told(no_reset: bool) -> None:
    spec = group({"min_members": 1}, no_reset=no_reset)
    change = diff(ask(spec, still_open=False), WORLD, MOMENT)
    assert (change.action, change.title) == (Action.NONE, "" if no_reset else "reset r1")
    assert (change.effect, change.guards, change.details) == (None, (), ())
    assert [finding.what for finding in change.findings] == ["members"]


def test_a_group_in_use_blocks_it() -> None:
    (condition,) = diff(ask(SPEC), replace(WORLD, members=(MEMBER,)), MOMENT).blocked_by
    assert condition.now == "1 member: eventlogging on 10.64.21.107"


def test_everything_that_forbids_it_is_told_at_once() -> None:
    spec = group(topics={"topic": None, "gone": None})
    missed = Refusal("no-match", "topic, partition 1", "asked", "none", "choose")
    world = replace(
        WORLD,
        expected_cluster="another",
        listing=GroupListing("Empty", "share"),
        pinned=Pinned({"topic": {0: 831}}, (missed,)),
        records={("topic", 0): 0},
        members=(MEMBER,),
    )
    change = diff(ask(spec), world, MOMENT)
    assert refused(change) == ["wrong-cluster", "group-type", "no-such-topic", "no-match", "retention-margin"]
    assert change.blocked_by
    wrong, _, gone, *_ = change.refusals
    assert (wrong.value, wrong.limit) == ("cluster-id", "elreconcile.yaml says another")
    assert (gone.what, gone.remedy) == ("topic gone", "correct its name; none is created")


def test_the_cluster_of_the_config_is_no_refusal() -> None:
    assert refused(diff(ask(SPEC), replace(WORLD, expected_cluster="cluster-id"), MOMENT)) == []


def test_findings_of_an_open_reset() -> None:
    spec = group({"max_lag": 5})
    world = replace(WORLD, commits=commits(0, 2000), last_commit=LastCommit(None, "Burrow is down"))
    found = diff(ask(spec), world, MOMENT).findings
    assert [finding.what for finding in found] == ["lag", "its last commit", "commit of topic partition 1"]


NO_GROUP = ("the group", "does not exist")


def test_a_group_that_does_not_exist_is_a_note_and_no_refusal() -> None:
    change = diff(ask(SPEC), replace(WORLD, listing=None, commits={}), MOMENT)
    (note,) = change.findings
    assert (note.what, note.value, note.sort) == (*NO_GROUP, Sort.NOTE)
    assert note.remedy == "its first commits would make it; check its name"
    assert (refused(change), change.action) == ([], Action.REQUEST)


@pytest.mark.parametrize("known", [{"listing": None}, {"commits": {}}], ids=["commits are left", "without commits"])
def test_a_group_that_is_listed_or_has_commits_exists(known: dict[str, Any]) -> None:
    assert diff(ask(SPEC), replace(WORLD, **known), MOMENT).findings == ()


def test_where_nothing_would_make_it_nothing_is_said_of_that() -> None:
    nobody = live(listing=None)
    watched = diff(ask(group({"max_lag": 5}, no_reset=True)), nobody, MOMENT)
    assert [(each.what, each.value, each.remedy) for each in watched.findings] == [(*NO_GROUP, "check its name")]
    forgetting = diff(ask(group(to="none")), replace(nobody, pinned=Pinned({"topic": {0: None}})), MOMENT)
    assert [each.remedy for each in forgetting.findings] == ["check its name"]


def test_a_group_that_went_away_after_its_reset_was_settled_is_not_told() -> None:
    assert diff(ask(SPEC, still_open=False), live(listing=None), MOMENT).findings == ()


RELEASED = entry(State.RELEASED, PINS, commits(1000, 1000, metadata="own words"), SPEC)


@pytest.mark.parametrize(("released", "ids"), [(None, ["done-before"]), (RELEASED, [])])
def test_a_reset_that_kafka_knows_and_the_ledger_does_not(released: Entry | None, ids: list[str]) -> None:
    """But for one that a person has said to count as not done: its marks may still stand."""
    stand = {("topic", 0): Commit(1000), ("topic", 1): Commit(900, marks.done("r1"))}
    change = diff(replace(ask(SPEC), released=released), replace(WORLD, commits=stand), MOMENT)
    assert refused(change) == ids
    another = {("topic", 1): Commit(900, marks.done("r2"))}
    assert refused(diff(ask(SPEC), replace(WORLD, commits=another), MOMENT)) == []


# an earlier run was cut short


def test_marks_that_a_released_run_left_are_none_of_the_operators_words() -> None:
    stand = commits(1000, 999, metadata=marks.before("r1"))
    before = diff(replace(ask(SPEC), released=RELEASED), replace(WORLD, commits=stand), MOMENT).before
    assert read_image(before) == {
        ("topic", 0): Commit(1000, "own words"),
        ("topic", 1): Commit(999, marks.before("r1")),
    }, "the second was committed by somebody else"


def test_what_is_to_be_forgotten_is_compared_as_it_stands_marks_included() -> None:
    """A released request may have got another meaning: its earlier one marked what this one forgets."""
    stand = commits(1000, 1000, metadata=marks.before("r1"))
    world = replace(WORLD, commits=stand, pinned=Pinned({"topic": {0: 831, 1: None}}))
    before = read_image(diff(replace(ask(SPEC), released=RELEASED), world, MOMENT).before)
    assert before == {("topic", 0): Commit(1000, "own words"), ("topic", 1): stand["topic", 1]}


def test_started_has_sent_nothing_yet() -> None:
    marked = commits(1000, 1000, metadata=marks.before("r1"))
    change = resumed(State.STARTED, replace(WORLD, commits=marked))
    assert change.effect == {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {}}
    assert change.before == {"topic": {"0": {"offset": 1000, "metadata": ""}, "1": {"offset": 1000, "metadata": ""}}}


def test_half_sent_goes_on_with_the_rest() -> None:
    half = {("topic", 0): Commit(831, marks.done("r1")), ("topic", 1): Commit(1000, marks.before("r1"))}
    change = resumed(State.SENDING, replace(WORLD, commits=half))
    assert (change.effect, change.done) == (
        {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {}},
        {"topic": {"0": 831}},
    )
    assert refused(change) == []
    assert change.preconditions


def test_half_sent_and_somebody_has_committed_since() -> None:
    since = {("topic", 0): Commit(831, marks.done("r1")), ("topic", 1): Commit(1000)}
    change = resumed(State.SENDING, replace(WORLD, commits=since))
    (refusal,) = change.refusals
    assert (refusal.id, refusal.what, refusal.acceptable) == ("uncertain", "topic, partition 1", False)
    assert refusal.remedy == (
        "look at the group, then: elreconcile settle ConsumerGroup/analytics/g --request r1 "
        "--done or --not-done, --reason WHY"
    )
    assert (change.effect, change.done) == (
        {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {}},
        {"topic": {"0": 831}},
    )


def test_acknowledged_is_only_read_back_and_waits_for_nobody() -> None:
    change = resumed(State.ACKNOWLEDGED, replace(WORLD, members=(MEMBER,), records={("topic", 0): 0}))
    assert (change.effect, change.done) == (
        {"commit": {"topic": {"0": 831, "1": 900}}, "forget": {}},
        {"topic": {"0": 831, "1": 900}},
    )
    assert (change.preconditions, refused(change)) == ((), [])


def test_retention_passing_what_was_sent_forbids_no_reading_back() -> None:
    passed = replace(WORLD, logs={"topic": log((950, 1000), (950, 1000))})
    assert refused(resumed(State.ACKNOWLEDGED, passed)) == []
    change = resumed(State.STARTED, passed)
    assert [(one.id, one.what) for one in change.refusals] == [("out-of-range", "topic, partitions 0-1")]
    assert "elreconcile settle ConsumerGroup/analytics/g --request r1" in change.refusals[0].remedy


def test_reviewed_numbers_that_the_log_no_longer_holds_are_planned_anew() -> None:
    passed = replace(WORLD, logs={"topic": log((850, 1000), (850, 1000))})
    (refusal,) = diff(ask(SPEC, pins=PINS), passed, MOMENT).refusals
    assert (refusal.id, refusal.what, refusal.remedy) == ("out-of-range", "topic, partition 0", "plan anew")


@pytest.mark.parametrize("logs", [{}, {"topic": log((0, 1000))}], ids=["the topic is gone", "it has fewer partitions"])
def test_a_topic_made_again_while_cut_short_changes_the_guards(logs: dict[str, object]) -> None:
    change = resumed(State.SENDING, replace(WORLD, logs=logs, commits={}))
    assert change.guards != diff(ask(SPEC), WORLD, MOMENT).guards
    assert "uncertain" in refused(change)


def test_the_same_world_gives_the_same_change() -> None:
    later = replace(MOMENT, now=datetime(2018, 3, 13, 14, 0, 1, tzinfo=UTC))
    assert diff(ask(SPEC), WORLD, later) == diff(ask(SPEC), WORLD, MOMENT)


def test_another_cluster_is_another_guard() -> None:
    other = replace(WORLD, cluster=Cluster("other", 1, None))
    assert diff(ask(SPEC), other, MOMENT).guards[0] == Guard("cluster id", "other")
