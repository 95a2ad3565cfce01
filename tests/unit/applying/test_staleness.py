"""When a saved plan may no longer be carried out, by a real ledger in a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.applying.staleness import stale
from elreconcile.desired.config import Config, LedgerConfig
from elreconcile.ledger.entry import State
from elreconcile.ledger.opening import init_ledger, open_writer
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Request
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.model.plan import Plan, Source
from elreconcile.planning.saved import SavedPlan
from tests.ledger.samples import entry, run

SOON = datetime.now(UTC) + timedelta(days=1)
MONITOR = Address("BurrowMonitor", "analytics", "g")
GROUP = Address("ConsumerGroup", "analytics", "g")
LEVEL = Change(MONITOR, Action.REMOVE, "1 stale topic")
RESET = Change(GROUP, Action.REQUEST, "reset r1", request=Request("r1", SOON, None, "f"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerWriter]:
    config = Config(environment="test", ledger=LedgerConfig(sqlite=tmp_path / "ledger.sqlite"))
    named = LedgerConfig(sqlite=tmp_path / "ledger.sqlite", id=init_ledger(config).id)
    with open_writer(config.model_copy(update={"ledger": named})) as writer:
        yield writer


def saved(ledger: LedgerWriter, *changes: Change) -> SavedPlan:
    """As `plan --out` does it now."""
    plan = Plan("test", Source("state"), ledger.identity, (), changes, datetime.now(UTC))
    number = ledger.run_number()
    return SavedPlan(plan, SOON, number, ledger.run_id(number))


def carry_out(ledger: LedgerWriter, plan: SavedPlan, id: str, ending: Ending = Ending.SETTLED) -> None:
    ledger.start_run(replace(run(id), digest=plan.plan.digest))
    ledger.end_run(id, {str(each.address): Outcome(each.address, ending, "why").kept() for each in plan.plan.work})


def test_it_is_carried_out_once(ledger: LedgerWriter) -> None:
    plan = saved(ledger, LEVEL)
    assert stale(plan, ledger) is None
    carry_out(ledger, plan, "one")
    assert "carried out by run one" in str(stale(plan, ledger))


def test_a_level_that_differs_again_is_another_plan_although_it_has_the_same_digest(ledger: LedgerWriter) -> None:
    first = saved(ledger, LEVEL)
    carry_out(ledger, first, "one")
    again = saved(ledger, LEVEL)
    assert again.plan.digest == first.plan.digest
    assert stale(again, ledger) is None
    carry_out(ledger, again, "two")
    assert "carried out by run two" in str(stale(again, ledger))
    assert stale(first, ledger) is not None


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.NOT_REACHED, Ending.UNCERTAIN])
def test_what_was_done_in_part_may_go_on(ledger: LedgerWriter, ending: Ending) -> None:
    plan = saved(ledger, LEVEL)
    carry_out(ledger, plan, "one", ending)
    assert stale(plan, ledger) is None


def test_a_request_that_was_skipped_is_not_carried_out(ledger: LedgerWriter) -> None:
    plan = saved(ledger, LEVEL, RESET)
    carry_out(ledger, plan, "one")
    assert stale(plan, ledger) is None
    for state in (State.STARTED, State.SENDING, State.RELEASED):
        ledger.record([entry("g", "r1", state=state)])
        assert stale(plan, ledger) is None
    ledger.record([entry("g", "r1", state=State.SETTLED)])
    assert "carried out by run one" in str(stale(plan, ledger))


def test_a_ledger_without_the_run_that_the_plan_knew_is_an_older_copy(ledger: LedgerWriter) -> None:
    ledger.start_run(run("one"))
    plan = saved(ledger, LEVEL)
    assert stale(plan, ledger) is None
    assert "older copy" in str(stale(replace(plan, run_number=2, run="two"), ledger))
    assert "run 1 was other" in str(stale(replace(plan, run="other"), ledger)), "its counter has caught up"


def test_a_request_that_has_expired_is_told_unless_the_plan_was_carried_out(ledger: LedgerWriter) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    plan = saved(ledger, LEVEL, replace(RESET, request=Request("r1", past, None, "f")))
    assert f"request r1 of {GROUP} expired at {past:%Y-%m-%dT%H:%M:%SZ}: " in str(stale(plan, ledger))
    carry_out(ledger, plan, "one")
    ledger.record([entry("g", "r1", state=State.SETTLED)])
    assert "carried out by run one" in str(stale(plan, ledger))


def test_it_expires_and_belongs_to_its_ledger(ledger: LedgerWriter) -> None:
    plan = saved(ledger, LEVEL)
    assert "expired at" in str(stale(replace(plan, expires_at=datetime.now(UTC)), ledger))
    assert "made with the ledger other" in str(stale(replace(plan, plan=replace(plan.plan, ledger="other")), ledger))
