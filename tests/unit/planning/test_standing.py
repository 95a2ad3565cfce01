from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.kinds import KINDS
from elreconcile.kinds.contract import Ask
from elreconcile.ledger.entry import Entry, State
from elreconcile.model.change import Action, Change, Guard, Request, Sort
from elreconcile.model.json import Json
from elreconcile.planning.standing import ask, expired, forbidden, open_requests, others, refusals, remembered, told
from tests.unit.kinds.burrow_monitor import monitors
from tests.unit.kinds.consumer_group import worlds

SPEC = worlds.group()
RESOURCE = worlds.ask(SPEC).resource
KIND = KINDS["ConsumerGroup"]
PINS = {"topic": {0: 831}}
GUARDS = (Guard("cluster id", "c"), Guard("topic id of topic", "t"))
SETTLE = "elreconcile settle ConsumerGroup/analytics/g --request r1 --done or --not-done, --reason WHY"


def entry(state: State, **fields: object) -> Entry:
    made = worlds.entry(state, PINS, {}, SPEC)
    return replace(made, evidence={"guards": {guard.name: guard.value for guard in GUARDS}}, **fields)


def request() -> Request:
    made = KIND.request(SPEC)
    assert made is not None
    return made


def change(pins: Json) -> Change:
    return Change(SPEC.address(), Action.REQUEST, "reset r1", pins=pins, request=request())


def asked(entry: Entry | None, reviewed: Json = None, late: bool = False) -> tuple[bool, Json, Entry | None]:
    entries = {entry.key: entry} if entry else {}
    shown = {} if reviewed is None else {SPEC.address(): change(reviewed)}
    now = request().expires if late else request().expires - timedelta(microseconds=1)
    got = ask(RESOURCE, KIND, entries, shown, now)
    assert got.reviewed == (shown.get(SPEC.address()) if got.entry is None else None), "of nothing that was begun"
    return got.open, got.pins, got.entry


def test_a_level_is_always_open_and_remembers_nothing() -> None:
    resource = monitors.ask(monitors.monitor("topic")).resource
    got = ask(resource, KINDS["BurrowMonitor"], {}, {resource.address: change({"pins": 1})}, worlds.NOW)
    assert (got.open, got.request, got.entry, got.pins) == (True, None, None, None)


@pytest.mark.parametrize("state", list(State))
def test_what_each_state_leaves_open(state: State) -> None:
    still_open, _, _ = asked(entry(state))
    assert still_open == (state not in (State.SETTLED, State.OVERWRITTEN, State.UNCERTAIN))


@pytest.mark.parametrize("state", [None, *State])
def test_an_expired_request_is_never_open(state: State | None) -> None:
    assert asked(entry(state) if state else None, late=True)[0] is False


def test_another_meaning_closes_it() -> None:
    assert asked(entry(State.STARTED, fingerprint="other"))[0] is False


def test_pins_of_an_apply_that_was_cut_short_stand_above_those_reviewed() -> None:
    reviewed = {"topic": {"0": 5}}
    assert asked(None) == (True, None, None)
    assert asked(None, reviewed)[1] == reviewed
    assert asked(entry(State.SENDING), reviewed)[1] == {"topic": {"0": 831}}


def test_a_review_of_another_meaning_is_not_held_against_the_world() -> None:
    """It is refused as another one, with its pins beside those of now."""
    other = replace(change({"topic": {"0": 5}}), request=replace(request(), fingerprint="other"))
    got = ask(RESOURCE, KIND, {}, {SPEC.address(): other}, worlds.NOW)
    assert (got.pins, got.reviewed) == ({"topic": {"0": 5}}, None)


@pytest.mark.parametrize("state", [None, *State])
def test_what_a_released_request_left_behind_does_not_count(state: State | None) -> None:
    entries = {one.key: one} if state and (one := entry(state)) else {}
    left = ask(RESOURCE, KIND, entries, {}, worlds.NOW).released
    assert (left and left.state) == (state if state is State.RELEASED else None)


def test_a_released_request_is_planned_as_if_it_were_new() -> None:
    assert asked(entry(State.RELEASED), {"topic": {"0": 5}}) == (True, {"topic": {"0": 5}}, None)
    assert asked(entry(State.RELEASED, fingerprint="other"))[0] is True
    assert remembered(None) is None


@pytest.mark.parametrize("state", [None, State.STARTED, State.SENDING, State.ACKNOWLEDGED, State.SETTLED])
def test_in_the_same_world_nothing_is_forbidden(state: State | None) -> None:
    assert refusals(request(), entry(state) if state else None, GUARDS) == ()
    assert refusals(request(), entry(state) if state else None, ()) == ()


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.UNCERTAIN, "an earlier run could not tell whether it was done"),
        (State.OVERWRITTEN, "it was done, and then somebody wrote over it"),
    ],
)
def test_what_a_person_must_settle(state: State, why: str) -> None:
    (refusal,) = refusals(request(), entry(state), GUARDS)
    assert (refusal.id, refusal.what, refusal.value, refusal.acceptable) == (state.value, "request r1", why, False)
    assert refusal.remedy == f"{SETTLE}; --not-done has it carried out anew, on every partition"


@pytest.mark.parametrize("state", [State.SETTLED, State.STARTED, State.UNCERTAIN])
def test_an_id_with_another_meaning_shows_both(state: State) -> None:
    old = entry(state, fingerprint="other", meaning={"to": "earliest"})
    (refusal,) = refusals(request(), old, GUARDS)
    assert (refusal.id, refusal.what) == ("changed-meaning", f"request r1, {state.value} on 2018-03-13 14:00 UTC")
    assert refusal.value == 'now {"to":"latest","topics":{"topic":null}}'
    assert refusal.limit == 'then {"to":"earliest"}'
    assert not refusal.acceptable


def test_a_request_cut_short_goes_on_only_in_the_world_it_began_in() -> None:
    now = (Guard("cluster id", "c"), Guard("topic id of topic", "made again"), Guard("partitions of other", "4"))
    told = refusals(request(), entry(State.SENDING), now)
    assert [(one.id, one.what, one.value, one.limit) for one in told] == [
        ("other-world", "request r1 was begun with another partitions of other", "now 4", "then missing"),
        ("other-world", "request r1 was begun with another topic id of topic", "now made again", "then t"),
    ]
    assert {one.remedy for one in told} == {SETTLE}
    assert not any(one.acceptable for one in told)


@pytest.mark.parametrize("evidence", [None, [], {}, {"guards": None}])
def test_an_entry_without_guards_binds_to_no_world(evidence: Json) -> None:
    assert refusals(request(), replace(entry(State.SENDING), evidence=evidence), GUARDS) == ()


def test_an_expired_request_is_told() -> None:
    late = request().expires
    assert expired(request(), None, late - timedelta(seconds=1)) == ()
    assert expired(request(), entry(State.SETTLED), late) == ()
    (finding,) = expired(request(), None, late)
    assert (finding.what, finding.value) == ("request r1", "expired 2018-03-20T00:00:00Z, not settled")
    assert finding.remedy == "remove it, or write a new request"


def test_an_expired_request_that_was_cut_short_is_to_be_settled() -> None:
    (finding,) = expired(request(), entry(State.SENDING), request().expires)
    assert finding.value == (
        "expired 2018-03-20T00:00:00Z, not settled; a run that was cut short left it sending: it may be done in part"
    )
    assert finding.remedy == f"look how far it came, then: {SETTLE}"


BLOCKING = (State.STARTED, State.SENDING, State.ACKNOWLEDGED, State.UNCERTAIN)
LEVELS = worlds.ask(SPEC.model_copy(update={"reset": None})).resource


def beside(*open_: Entry, resource: Any = RESOURCE, now: datetime = worlds.NOW) -> Ask[Any]:
    """The question about a document of which the ledger remembers these."""
    entries = {each.key: each for each in open_}
    question = ask(resource, KIND, entries, {}, now)
    return replace(question, others=others(question, open_requests(entries)))


@pytest.mark.parametrize("state", BLOCKING)
def test_another_request_of_the_address_that_is_open_comes_first(state: State) -> None:
    question = beside(entry(state, request_id="r0"))
    (refusal,) = forbidden(question, GUARDS)
    assert (refusal.id, refusal.acceptable) == ("open-request", False)
    assert refusal.what == "request r0 of the same address"
    assert refusal.value == f"{state} on 2018-03-13 14:00 UTC by run run-1, not settled"
    assert refusal.limit == "settled before another one is begun"
    assert refusal.remedy.endswith(f": {SETTLE.replace('r1', 'r0')}")
    assert ("put its id back" in refusal.remedy) == (state is not State.UNCERTAIN)
    assert told(question, worlds.NOW) == ()


@pytest.mark.parametrize("state", [State.SETTLED, State.RELEASED])
def test_another_request_that_is_final_is_nothing_to_tell(state: State) -> None:
    question = beside(entry(state, request_id="r0"))
    assert (forbidden(question, GUARDS), told(question, worlds.NOW)) == ((), ())


def test_one_that_was_overwritten_is_told_and_keeps_no_new_one_back() -> None:
    question = beside(entry(State.OVERWRITTEN, request_id="r0"))
    assert forbidden(question, GUARDS) == ()
    (finding,) = told(question, worlds.NOW)
    assert (finding.what, finding.sort) == ("request r0 of the same address", Sort.NOTE)
    assert finding.remedy.startswith("find who wrote over it, then: elreconcile settle ")


@pytest.mark.parametrize("state", [*BLOCKING, State.OVERWRITTEN])
def test_where_nothing_new_is_asked_for_an_open_request_is_told(state: State) -> None:
    open_ = entry(state, request_id="r0")
    settled = beside(open_, entry(State.SETTLED))
    for question in (beside(open_, resource=LEVELS), settled):
        assert forbidden(question, GUARDS) == ()
        (finding,) = told(question, worlds.NOW)
        assert (finding.what, finding.sort) == ("request r0 of the same address", Sort.NOTE)
        assert finding.value == f"{state} on 2018-03-13 14:00 UTC by run run-1, not settled"


def test_a_request_is_not_in_its_own_way_nor_in_that_of_another_address() -> None:
    elsewhere = entry(State.SENDING, request_id="r0", address="ConsumerGroup/analytics/another")
    for question in (beside(entry(State.SENDING)), beside(elsewhere)):
        assert (forbidden(question, GUARDS), told(question, worlds.NOW)) == ((), ())


def test_every_one_that_is_open_is_told() -> None:
    question = beside(entry(State.SENDING, request_id="b"), entry(State.STARTED, request_id="a"))
    assert [each.what for each in forbidden(question, ())] == [f"request {id} of the same address" for id in "ab"]
