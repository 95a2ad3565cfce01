"""What a real ledger in a SQLite file remembers of each way a request can go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.applying.journal import AFTER, LedgerJournal
from elreconcile.desired.config import Config, LedgerConfig
from elreconcile.errors import LedgerError, LockLost
from elreconcile.ledger.entry import Entry, State
from elreconcile.ledger.lock import Hold, Owner
from elreconcile.ledger.opening import init_ledger, open_locks, open_writer
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Guard, Request
from elreconcile.model.outcome import Ending, Outcome

ADDRESS = Address("ConsumerGroup", "analytics", "g")
OTHER = Address("ConsumerGroup", "analytics", "h")
NOW = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
OWNER = Owner("user", "host", 1, NOW, "run-2")
CHANGE = Change(
    ADDRESS,
    Action.REQUEST,
    "reset r1",
    pins={"topic": {"0": 831}},
    before={"topic": {"0": {"offset": 1000, "metadata": ""}}},
    request=Request("r1", NOW, {"to": "latest"}, "fingerprint"),
    guards=(Guard("cluster id", "c"),),
)
LEVEL = Change(Address("BurrowMonitor", "analytics", "g"), Action.REMOVE, "1 stale topic")


@dataclass(frozen=True, slots=True)
class Run:
    journal: LedgerJournal
    ledger: LedgerWriter

    def start(self, *changes: Change) -> None:
        addresses = [str(change.address) for change in changes]
        self.journal.started(changes, self.ledger.entries_for(addresses))

    def end(self, ending: Ending, address: Address = ADDRESS) -> None:
        self.journal.ended([Outcome(address, ending, "why", {"committed": {"topic": {"0": None}}})])

    def entry(self, address: Address = ADDRESS) -> Entry:
        return self.ledger.entries()[str(address), "r1"]

    def states(self) -> Sequence[str]:
        return [entry.state.value for entry in self.ledger.history()]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    ledger = LedgerConfig(sqlite=tmp_path / "ledger.sqlite")
    made = init_ledger(Config(environment="test", ledger=ledger))
    return Config(environment="test", ledger=ledger.model_copy(update={"id": made.id}))


@pytest.fixture
def hold(config: Config) -> Iterator[Hold]:
    with open_locks(config).hold([*CHANGE.locks, *replace(CHANGE, address=OTHER).locks], OWNER) as held:
        yield held


@pytest.fixture
def run(config: Config, hold: Hold) -> Iterator[Run]:
    with open_writer(config) as ledger:
        yield Run(LedgerJournal(ledger, hold, OWNER.run), ledger)


def test_pins_and_guards_are_kept_before_anything_is_done(run: Run) -> None:
    run.start(CHANGE)
    entry = run.entry()
    assert (entry.state, entry.pins, entry.before) == (State.STARTED, CHANGE.pins, CHANGE.before)
    assert (entry.fingerprint, entry.meaning, entry.run) == ("fingerprint", {"to": "latest"}, "run-2")
    assert entry.evidence == {"guards": {"cluster id": "c"}}
    assert not run.journal.began_sending(ADDRESS)


def test_the_ledger_keeps_how_all_ended_or_how_none_did(run: Run, config: Config) -> None:
    run.start(CHANGE, replace(CHANGE, address=OTHER))
    with closing(sqlite3.connect(str(config.ledger.sqlite))) as other:
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON elreconcile_entries WHEN NEW.state = 'released'"
            " BEGIN SELECT RAISE(ABORT, 'refused by the disk'); END"
        )
        other.commit()
    with pytest.raises(LedgerError, match="refused by the disk"):
        run.journal.ended([Outcome(ADDRESS, Ending.SETTLED, "why"), Outcome(OTHER, Ending.BLOCKED, "why")])
    assert run.states() == ["started", "started"]
    assert [run.journal.remembers(each) for each in (ADDRESS, OTHER, LEVEL.address)] == [True, True, False]


def test_each_step_is_in_the_ledger_before_the_next(run: Run) -> None:
    run.start(CHANGE)
    run.journal.sending([ADDRESS])
    assert run.entry().state is State.SENDING
    assert run.journal.began_sending(ADDRESS)
    run.journal.acknowledged({ADDRESS: "NoError"})
    assert run.entry().state is State.ACKNOWLEDGED
    assert run.journal.began_sending(ADDRESS)
    run.end(Ending.SETTLED)
    assert run.states() == ["started", "sending", "acknowledged", "settled"]
    assert run.entry().evidence == {
        "guards": {"cluster id": "c"},
        "acknowledged": "NoError",
        "outcome": {"reason": "why", "read back": {"committed": {"topic": {"0": None}}}},
    }


@pytest.mark.parametrize("ending", list(Ending))
def test_how_each_ending_leaves_a_request(run: Run, ending: Ending) -> None:
    run.start(CHANGE)
    run.journal.sending([ADDRESS])
    run.end(ending)
    expected = {
        Ending.SETTLED: State.SETTLED,
        Ending.PENDING: State.SETTLED,
        Ending.BLOCKED: State.RELEASED,
        Ending.REFUSED: State.RELEASED,
        Ending.OVERWRITTEN: State.OVERWRITTEN,
        Ending.UNCERTAIN: State.UNCERTAIN,
        Ending.FAILED: State.SENDING,
        Ending.NOT_REACHED: State.SENDING,
    }
    assert run.entry().state is expected[ending]


def test_a_request_that_was_not_reached_is_as_if_it_had_not_been_started(run: Run) -> None:
    run.start(CHANGE)
    run.end(Ending.NOT_REACHED)
    assert run.entry().state is State.RELEASED


def test_only_an_ending_that_was_read_back_settles() -> None:
    assert {ending for ending, state in AFTER.items() if state is State.SETTLED} == {Ending.SETTLED, Ending.PENDING}


@pytest.mark.parametrize("state", [State.STARTED, State.SENDING, State.ACKNOWLEDGED])
def test_a_run_that_was_cut_short_is_gone_on_with_by_its_own_numbers(run: Run, state: State) -> None:
    run.start(CHANGE)
    run.ledger.record([replace(run.entry(), state=state, run="run-1")])
    run.start(replace(CHANGE, pins={"topic": {"0": 5}}, before=None, guards=()))
    entry = run.entry()
    before = None if state is State.STARTED else CHANGE.before
    assert (entry.state, entry.pins, entry.before, entry.run) == (state, CHANGE.pins, before, "run-2")
    assert entry.evidence == {"guards": {"cluster id": "c"}}
    assert run.journal.began_sending(ADDRESS) == (state is not State.STARTED)


def test_a_request_that_was_released_begins_anew(run: Run) -> None:
    run.start(CHANGE)
    run.end(Ending.BLOCKED)
    run.start(replace(CHANGE, pins={"topic": {"0": 5}}))
    assert (run.entry().state, run.entry().pins) == (State.STARTED, {"topic": {"0": 5}})
    assert "outcome" not in dict(run.entry().evidence)  # type: ignore[arg-type]


def test_levels_leave_nothing_behind(run: Run) -> None:
    run.start(LEVEL)
    run.journal.sending([LEVEL.address])
    run.journal.acknowledged({LEVEL.address: "NoError"})
    run.end(Ending.SETTLED, LEVEL.address)
    assert not run.journal.began_sending(LEVEL.address)
    assert run.ledger.history() == ()


def test_what_was_started_before_is_not_written_again_by_the_next_kind(run: Run) -> None:
    run.start(CHANGE)
    run.start(LEVEL)
    assert run.states() == ["started"]


def test_requests_of_one_run_may_end_apart(run: Run) -> None:
    other = replace(CHANGE, address=OTHER)
    run.start(CHANGE, other)
    run.journal.sending([ADDRESS, other.address])
    run.journal.ended([Outcome(ADDRESS, Ending.SETTLED, "read back"), Outcome(other.address, Ending.UNCERTAIN, "why")])
    assert run.entry().state is State.SETTLED
    assert run.entry(other.address).state is State.UNCERTAIN


def test_an_entry_whose_evidence_is_no_mapping_loses_nothing_that_counts(run: Run) -> None:
    run.start(CHANGE)
    run.ledger.record([replace(run.entry(), evidence=None, state=State.SENDING)])
    run.start(CHANGE)
    run.journal.acknowledged({ADDRESS: "NoError"})
    assert run.entry().evidence == {"acknowledged": "NoError"}


def test_a_lock_that_was_lost_stops_the_act_and_the_writing(run: Run, tmp_path: Path) -> None:
    """Whoever has the lock by now may have gone on with the request: its entry is no longer ours to write."""
    run.start(CHANGE, replace(CHANGE, address=OTHER))
    run.journal.still_ours(ADDRESS)
    assert (run.journal.has_begun(ADDRESS), run.journal.lost) == (True, None)
    for lock in tmp_path.rglob("*.lock"):
        lock.unlink()
    with pytest.raises(LockLost):
        run.journal.still_ours(OTHER)
    assert not run.journal.has_begun(OTHER)
    with pytest.raises(LockLost):
        run.end(Ending.BLOCKED)
    assert run.states() == ["started", "started"]
    assert isinstance(run.journal.lost, LockLost)


def test_what_the_ledger_did_not_take_did_not_happen(run: Run) -> None:
    """Nothing is sent before it is written down: an error there means that nothing was."""
    run.start(CHANGE)
    run.ledger.close()
    with pytest.raises(LedgerError):
        run.journal.sending([ADDRESS])
    assert not run.journal.began_sending(ADDRESS)


def test_a_ledger_that_is_lost_is_told(run: Run) -> None:
    run.ledger.close()
    with pytest.raises(LedgerError):
        run.journal.started([CHANGE], {})
    assert isinstance(run.journal.lost, LedgerError)
