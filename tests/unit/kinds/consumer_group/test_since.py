"""A plan was shown; the group's commits may have moved since."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.kinds.consumer_group import ConsumerGroupKind, diff
from elreconcile.kinds.consumer_group.errand import errand
from elreconcile.kinds.consumer_group.live import Pinned
from elreconcile.kinds.consumer_group.pin import name_partitions, pin
from elreconcile.kinds.consumer_group.shape import read_pins
from elreconcile.kinds.consumer_group.spec import ConsumerGroup
from elreconcile.ledger.entry import State
from elreconcile.model.change import Change
from elreconcile.planning.standing import ask
from elreconcile.systems.kafka_values import Commit, Partition
from tests.unit.kinds.consumer_group import worlds
from tests.unit.kinds.consumer_group.worlds import MOMENT, commits, entry, live, log

LOGS = {"topic": log((0, 1000), (0, 1000))}
RESUMED = entry(State.STARTED, {"topic": {0: 450, 1: 550}}, {}, worlds.group(to={"shift": -50}))


def planned(spec: ConsumerGroup, *offsets: int | None, at_first: tuple[int | None, ...] | None = None) -> Change:
    """A new plan; `at_first`: the commits that its targets were counted from, where they moved while it was made."""
    assert spec.reset is not None
    pinned = pin(spec.reset, LOGS, commits(*(at_first or offsets)), {}, worlds.NOW)
    return diff.diff(worlds.ask(spec), live(LOGS, commits=commits(*offsets), pinned=pinned), MOMENT)


def later(spec: ConsumerGroup, shown: Change, *offsets: int | None, begun: bool = False) -> Change:
    """The same planned anew with what was shown, after the commits went to these."""
    entries = {RESUMED.key: RESUMED} if begun else {}
    resource = worlds.ask(spec).resource
    question: Any = ask(resource, ConsumerGroupKind(), entries, {spec.address(): shown}, worlds.NOW)
    pinned = Pinned(read_pins(question.pins))
    return diff.diff(question, live(LOGS, commits=commits(*offsets), pinned=pinned), MOMENT)


def refused(change: Change) -> list[tuple[str, str, str]]:
    return [(each.id, each.what, each.value) for each in change.refusals]


SHIFT = worlds.group(to={"shift": -50})


def test_a_shift_of_commits_that_stand_still() -> None:
    shown = planned(SHIFT, 500, 600)
    change = later(SHIFT, shown, 500, 600)
    assert (refused(change), change.pins, change.went_on) == ([], shown.pins, "")


@pytest.mark.parametrize("now", [(640, 600), (460, 600), (440, 600)], ids=["on", "back", "past the target"])
def test_a_shift_by_another_number_than_was_asked_for_is_refused(now: tuple[int, int]) -> None:
    change = later(SHIFT, planned(SHIFT, 500, 600), *now)
    told = f"0: target 450, committed 500 then, {now[0]} now"
    assert refused(change) == [("moved", "topic, partition 0", told)]
    (refusal,) = change.refusals
    assert (refusal.acceptable, refusal.remedy.split()[:2]) == (False, ["plan", "again"])


def test_a_shift_counted_from_a_commit_that_moved_while_it_was_planned_is_refused() -> None:
    shown = planned(SHIFT, 510, 600, at_first=(500, 600))
    assert [id for id, *_ in refused(later(SHIFT, shown, 510, 600))] == ["moved"]
    assert refused(later(SHIFT, shown, 500, 600)) == []


def test_a_shift_without_the_commit_it_counted_from_is_refused_as_a_new_plan_is() -> None:
    change = later(SHIFT, planned(SHIFT, 500, 600), None, None)
    assert change.refusals == planned(SHIFT, None, None).refusals
    assert refused(change) == [("no-commit", "topic, partitions 0-1", "no commit")]


def test_a_clamped_shift_goes_where_it_was_shown_to_go_from_where_it_stood() -> None:
    spec = worlds.group(to={"shift": -550}, on_out_of_range="clamp")
    shown = planned(spec, 500, 600)
    assert shown.pins == {"topic": {"0": 0, "1": 50}}
    assert refused(later(spec, shown, 500, 600)) == []
    assert [(id, what) for id, what, _ in refused(later(spec, shown, 520, 600))] == [("moved", "topic, partition 0")]


def test_a_shift_that_was_begun_goes_on_wherever_the_commits_are() -> None:
    change = later(SHIFT, planned(SHIFT, 500, 600), 700, None, begun=True)
    assert (refused(change), change.pins, change.went_on) == ([], {"topic": {"0": 450, "1": 550}}, "")


OFFSET = worlds.group(to={"offset": 500})


@pytest.mark.parametrize(
    ("then", "now", "turned"),
    [
        (600, 900, False),
        (600, 510, False),
        (600, 500, False),
        (600, 499, True),
        (400, 300, False),
        (400, 501, True),
        (500, 501, False),
        (None, 700, False),
        (600, None, False),
    ],
)
def test_any_other_target_is_refused_only_where_the_commits_have_passed_it(
    then: int | None, now: int | None, turned: bool
) -> None:
    change = later(OFFSET, planned(OFFSET, then, 600), now, 600)
    told = f"0: target 500, committed {then} then, {now} now"
    assert refused(change) == ([("passed", "topic, partition 0", told)] if turned else [])


ONLY_SKIPS, ONLY_REWINDS, STAYS, FIRST = (400, 500), (600, 500), (500, 500), (None, None)


@pytest.mark.parametrize(
    ("then", "now", "turned"),
    [
        (ONLY_SKIPS, (400, 700), [1]),
        (ONLY_SKIPS, (450, 500), []),
        (ONLY_SKIPS, (400, 450), []),
        (ONLY_SKIPS, (600, 700), [0, 1]),
        ((400, None), (400, 700), [1]),
        ((400, None), (400, 300), []),
        (ONLY_REWINDS, (600, 700), []),
        (ONLY_REWINDS, (600, 300), [1]),
        ((600, None), (600, 700), []),
        ((600, None), (600, 300), [1]),
        ((600, 400), (700, 600), [1]),
        (STAYS, (500, 501), [1]),
        (STAYS, (499, 500), [0]),
        (STAYS, (None, 500), []),
        (FIRST, (None, 501), [1]),
        (FIRST, (499, 500), [0]),
    ],
)
def test_what_was_to_stay_is_moved_only_where_others_were_shown_to_go(
    then: tuple[int | None, ...], now: tuple[int | None, ...], turned: list[int]
) -> None:
    change = later(OFFSET, planned(OFFSET, *then), *now)
    stood = ["none" if at is None else at for at in then]
    told = "; ".join(f"{part}: target 500, committed {stood[part]} then, {now[part]} now" for part in turned)
    what = f"topic, {name_partitions(turned)}" if turned else ""
    assert refused(change) == ([("passed", what, told)] if turned else [])


def test_where_others_were_shown_to_go_counts_over_all_topics_of_the_reset() -> None:
    spec = worlds.group(to={"offset": 500}, topics={"topic": None, "other": None})
    logs = {name: log((0, 1000)) for name in ("topic", "other")}
    pinned = Pinned({name: {0: 500} for name in logs})

    def standing(at: int, other: int) -> dict[Partition, Commit]:
        return commits(at) | commits(other, topic="other")

    for first, refusals in ((600, []), (400, ["passed"])):
        shown = diff.diff(worlds.ask(spec), live(logs, commits=standing(first, 500), pinned=pinned), MOMENT)
        question: Any = replace(worlds.ask(spec, pins=pinned.pins), reviewed=shown)
        change = diff.diff(question, live(logs, commits=standing(first, 501), pinned=pinned), MOMENT)
        assert [each.id for each in change.refusals] == refusals


def test_many_partitions_are_told_by_the_first_three() -> None:
    logs = {"topic": log(*[(0, 1000)] * 5)}
    pinned = Pinned({"topic": dict.fromkeys(range(5), 500)})
    shown = diff.diff(worlds.ask(OFFSET), live(logs, commits=commits(*[600] * 5), pinned=pinned), MOMENT)
    question: Any = replace(worlds.ask(OFFSET, pins=pinned.pins), reviewed=shown)
    change = diff.diff(question, live(logs, commits=commits(*[400] * 5), pinned=pinned), MOMENT)
    ((_, what, value),) = refused(change)
    assert what == "topic, partitions 0-4"
    assert value.endswith("; 2: target 500, committed 600 then, 400 now; 2 more")


def test_what_is_to_be_forgotten_has_no_direction() -> None:
    spec = worlds.group(to="none")
    assert refused(later(spec, planned(spec, 500, 600), 700, None)) == []


def test_what_is_moved_by_more_than_was_shown_is_told_with_the_outcome() -> None:
    change = later(OFFSET, planned(OFFSET, 520, 530), 620, 600)
    told = "the offsets had moved on since the plan: rewound 220 instead of 50"
    assert (change.went_on, errand(change).went_on) == (told, told)
    assert later(OFFSET, planned(OFFSET, 520, 530), 520, 530).went_on == ""
    assert planned(OFFSET, 520, 530).went_on == ""


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ((600, None), (700, 400), "rewound 200 instead of 100 and skipped 100 instead of 0"),
        ((600, 500), (600, 550), "rewound 150 instead of 100"),
        ((600, 400), (600, 450), "skipped 50 instead of 100"),
        ((600, None), (600, 500), ""),
    ],
    ids=["no less in all", "to stay", "skipped itself", "where it is to go"],
)
def test_rewinds_and_skips_are_told_apart(then: tuple[int | None, ...], now: tuple[int | None, ...], told: str) -> None:
    change = later(OFFSET, planned(OFFSET, *then), *now)
    assert change.went_on == (told and f"the offsets had moved on since the plan: {told}")
