"""A run that is cut short anywhere, and those after it: together they end as one whole run would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from elreconcile.applying.journal import LedgerJournal
from elreconcile.desired.config import Config, LedgerConfig
from elreconcile.kinds.consumer_group import ConsumerGroupKind, marks
from elreconcile.kinds.consumer_group.errand import errand
from elreconcile.kinds.consumer_group.live import Pinned
from elreconcile.kinds.consumer_group.pin import pin
from elreconcile.kinds.consumer_group.shape import read_pins, write_image
from elreconcile.kinds.consumer_group.spec import ConsumerGroup
from elreconcile.ledger.entry import State
from elreconcile.ledger.lock import Hold, Owner
from elreconcile.ledger.opening import init_ledger, open_locks, open_writer
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.change import Action, Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.planning.standing import ask
from elreconcile.systems.kafka_values import Commit, Partition
from tests.unit.kinds.consumer_group import worlds

KIND = ConsumerGroupKind()
OWNER = Owner("user", "host", 1, worlds.NOW, "run")
RECORDS = 1_000
STEPS_OF_TWO = 9
"""That an apply takes to move two partitions."""


@dataclass
class Group:
    """What is committed, how often each partition was moved, and what the ledger holds of it."""

    spec: ConsumerGroup
    commits: dict[Partition, Commit]
    ledger: LedgerWriter
    hold: Hold = field(init=False)
    moved: Counter[Partition] = field(default_factory=Counter)

    def plan(self) -> Change:
        address = self.spec.address()
        asked = ask(worlds.ask(self.spec).resource, KIND, self.ledger.entries_for([str(address)]), {}, worlds.NOW)
        logs = {"topic": worlds.log(*[(0, RECORDS)] * len(self.commits))}
        assert self.spec.reset is not None
        pinned = pin(self.spec.reset, logs, self.commits, {}, worlds.NOW)
        if asked.pins is not None:
            pinned = Pinned(read_pins(asked.pins))
        return KIND.diff(asked, worlds.live(logs, commits=dict(self.commits), pinned=pinned), worlds.MOMENT)

    def apply(self) -> Iterator[None]:
        """Everything an apply does to the world and to the ledger, one thing after another."""
        change = self.plan()
        if change.action is Action.NONE:
            return
        assert change.refusals == ()
        journal = LedgerJournal(self.ledger, self.hold, OWNER.run)
        journal.started([change], self.ledger.entries_for([str(change.address)]))
        yield
        yield from self.carry_out(change, journal)
        journal.ended([Outcome(change.address, Ending.SETTLED, "read back")])
        yield

    def carry_out(self, change: Change, journal: LedgerJournal) -> Iterator[None]:
        reset = errand(change)
        if not reset.to_send:
            return
        for place, commit in reset.marked().items():
            self.commits[place] = commit
            yield
        journal.sending([change.address])
        yield
        for place, commit in reset.placed().items():
            self.commits[place] = commit
            self.moved[place] += 1
            yield
        journal.acknowledged({change.address: "NoError"})
        yield


@contextmanager
def group(spec: ConsumerGroup, commits: dict[Partition, Commit]) -> Iterator[Group]:
    with TemporaryDirectory() as folder:
        ledger = LedgerConfig(sqlite=Path(folder) / "ledger.sqlite")
        made = init_ledger(Config(environment="test", ledger=ledger))
        config = Config(environment="test", ledger=ledger.model_copy(update={"id": made.id}))
        with open_writer(config) as writer:
            kept = Group(spec, commits, writer)
            with open_locks(config).hold(kept.plan().locks, OWNER) as kept.hold:
                yield kept


def ends_as_one_run_would(offsets: list[int], shift: int, cuts: Sequence[int]) -> None:
    """After runs of so many steps each, and a whole one."""
    spec = worlds.group(to={"shift": shift})
    with group(spec, worlds.commits(*offsets, metadata="own words")) as made:
        for steps in cuts:
            list(islice(made.apply(), steps))
        list(made.apply())
        assert made.commits == worlds.commits(*(at + shift for at in offsets), metadata=marks.done("r1"))
        assert made.moved == Counter(made.commits.keys()), cuts
        (entry,) = made.ledger.entries().values()
        assert entry.state is State.SETTLED
        assert entry.before == write_image(worlds.commits(*offsets, metadata="own words"))
        assert made.plan().action is Action.NONE


def test_two_runs_cut_short_after_any_of_their_steps() -> None:
    for cuts in product(range(STEPS_OF_TWO), repeat=2):
        ends_as_one_run_would([500, 600], -40, cuts)


@settings(deadline=None)
@given(
    st.lists(st.integers(100, 900), min_size=1, max_size=3),
    st.integers(-100, 100).filter(bool),
    st.lists(st.integers(1, STEPS_OF_TWO), min_size=3, max_size=5),
)
def test_any_number_of_runs_cut_short(offsets: list[int], shift: int, cuts: list[int]) -> None:
    ends_as_one_run_would(offsets, shift, cuts)
