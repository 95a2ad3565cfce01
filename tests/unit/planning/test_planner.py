from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from elreconcile.desired.config import Limits
from elreconcile.kinds import KINDS
from elreconcile.kinds.consumer_group.live import Pinned
from elreconcile.ledger.entry import Entry, State
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.planning.planner import Allowed, asks, changes
from tests.unit.kinds.burrow_monitor import monitors
from tests.unit.kinds.consumer_group import worlds

GROUP, MONITOR = worlds.group(), monitors.monitor("valid-mixed")
RESOURCES = [worlds.ask(GROUP).resource, monitors.ask(MONITOR).resource]
PINS = {"topic": {0: 831}}
WORLD = worlds.live(pinned=Pinned(PINS), commits=worlds.commits(1000))
SOON_DELETED = replace(WORLD, records={("topic", 0): 0})
STALE = monitors.live({"undelete": (monitors.partition(7200),)})


def planned(
    world: Any = WORLD, entry: Entry | None = None, accepted: frozenset[str] = frozenset()
) -> Mapping[Address, Change]:
    entries = {entry.key: entry} if entry else {}
    live = {GROUP.address(): world, MONITOR.address(): STALE}
    questions = asks(RESOURCES, entries, KINDS, {}, worlds.NOW)
    made = changes(questions, live, KINDS, worlds.MOMENT, Allowed(Limits(), accepted))
    return {change.address: change for change in made}


def test_burrows_deletions_come_before_resets_and_then_by_address() -> None:
    other = GROUP.model_copy(update={"name": "a"})
    resources = [*RESOURCES, worlds.ask(other).resource]
    live = {GROUP.address(): WORLD, MONITOR.address(): STALE, other.address(): WORLD}
    made = changes(asks(resources, {}, KINDS, {}, worlds.NOW), live, KINDS, worlds.MOMENT, Allowed(Limits()))
    assert [str(change.address) for change in made] == [
        "BurrowMonitor/analytics/g",
        "ConsumerGroup/analytics/a",
        "ConsumerGroup/analytics/g",
    ]


def test_each_document_has_its_change() -> None:
    made = planned()
    assert made[GROUP.address()].action is Action.REQUEST
    assert made[MONITOR.address()].action is Action.REMOVE
    assert not any(change.refusals for change in made.values())


def test_a_settled_request_is_nothing_to_do() -> None:
    change = planned(entry=worlds.entry(State.SETTLED, PINS, {}, GROUP))[GROUP.address()]
    assert (change.action, change.refusals, change.findings) == (Action.NONE, (), ())
    assert change.settled_at == worlds.NOW
    assert {made.settled_at for made in planned().values()} == {None}


def test_a_request_that_waits_for_a_person_does_nothing_and_is_refused() -> None:
    change = planned(entry=worlds.entry(State.UNCERTAIN, PINS, {}, GROUP))[GROUP.address()]
    assert change.action is Action.NONE
    assert [refusal.id for refusal in change.refusals] == ["uncertain"]


def test_a_request_beside_an_open_one_is_refused_and_where_there_is_none_it_is_found() -> None:
    begun = replace(worlds.entry(State.UNCERTAIN, PINS, {}, GROUP), request_id="r0")
    change = planned(entry=begun, accepted=frozenset({"open-request"}))[GROUP.address()]
    assert [refusal.id for refusal in change.refusals] == ["open-request"]
    levels = worlds.ask(GROUP.model_copy(update={"reset": None})).resource
    questions = asks([levels], {begun.key: begun}, KINDS, {}, worlds.NOW)
    (change,) = changes(questions, {GROUP.address(): WORLD}, KINDS, worlds.MOMENT, Allowed(Limits()))
    assert (change.action, change.refusals) == (Action.NONE, ())
    assert [finding.what for finding in change.findings] == ["request r0 of the same address"]


def test_a_request_begun_in_another_world_is_refused() -> None:
    begun = replace(worlds.entry(State.STARTED, PINS, {}, GROUP), evidence={"guards": {"cluster id": "another"}})
    change = planned(entry=begun)[GROUP.address()]
    assert {refusal.id for refusal in change.refusals} == {"other-world"}


def test_an_expired_request_is_a_finding() -> None:
    late = replace(worlds.MOMENT, now=worlds.reset().expires)
    questions = asks(RESOURCES[:1], {}, KINDS, {}, late.now)
    (change,) = changes(questions, {GROUP.address(): WORLD}, KINDS, late, Allowed(Limits()))
    assert change.action is Action.NONE
    assert [finding.what for finding in change.findings] == ["request r1"]


def test_an_acceptance_lifts_what_may_be_lifted_and_nothing_else() -> None:
    def refused(*accepted: str) -> list[str]:
        world = replace(SOON_DELETED, expected_cluster="another")
        return [refusal.id for refusal in planned(world, accepted=frozenset(accepted))[GROUP.address()].refusals]

    assert refused() == ["wrong-cluster", "retention-margin"]
    assert refused("retention-margin") == ["wrong-cluster"]
    assert refused("wrong-cluster") == ["wrong-cluster", "retention-margin"]
    (lifted,) = planned(SOON_DELETED, accepted=frozenset({"retention-margin"}))[GROUP.address()].lifted
    assert (lifted.id, lifted.what) == ("retention-margin", "topic, partition 0")
    assert planned(SOON_DELETED)[GROUP.address()].lifted == ()


def test_reviewed_pins_are_handed_to_the_kind() -> None:
    request = KINDS["ConsumerGroup"].request(GROUP)
    shown = Change(GROUP.address(), Action.REQUEST, "reset r1", pins={"topic": {"0": 5}}, request=request)
    (question,) = asks(RESOURCES[:1], {}, KINDS, {GROUP.address(): shown}, worlds.NOW)
    assert (question.pins, question.reviewed) == ({"topic": {"0": 5}}, shown)
