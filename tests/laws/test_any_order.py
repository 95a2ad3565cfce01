"""Plan, apply, kill, consume, drift, save, revert, settle, in any order, over one group on a real Kafka.

A simple model says what may be: a request is carried out once, and nothing else ever moves the group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from kafka import KafkaAdminClient

from elreconcile.kinds.consumer_group import marks
from sandbox.addresses import Addresses
from sandbox.events import Record
from tests.laws.forked import Forking
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import Ran

TIMING = "timing: {deadline: 30s, grace: 0s, quiet: 0s}\n"
RECORDS, START = 1_000, 500
POINTS = 16  # to kill an apply at
PARTITIONS = (0, 1)

Offsets = Mapping[int, int]
Commits = Mapping[int, tuple[int, str]]
POINT = st.integers(1, POINTS)
SHIFT = st.integers(-60, 60).filter(bool)


@dataclass
class Reset:
    """What is known of a request: where the group stood each time it was planned, and what was moved for it."""

    id: str
    target: Callable[[Offsets], Offsets]
    planned_at: list[Offsets] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    is_done: bool = False

    def move(self, before: Commits, after: Commits) -> None:
        """Only where it asks to be, as one of its plans said, and only once for each partition."""
        for part in PARTITIONS:
            if after[part][0] != before[part][0] or (
                after[part] != before[part] and after[part][1] == marks.done(self.id)
            ):
                assert not self.is_done, f"{self.id} is done"
                assert part not in self.moved, f"partition {part} was moved for {self.id} before"
                self.moved[part] = after[part][0]
        assert not self.moved or any(self._follows_from(base) for base in self.planned_at), (self, before, after)

    def _follows_from(self, base: Offsets) -> bool:
        target = self.target(base)
        return all(target[part] == offset for part, offset in self.moved.items())

    def end(self, after: Offsets) -> None:
        """Told as done: every partition was moved by now, or stands where it should."""
        targets = [self.target(base) for base in self.planned_at]
        for part in PARTITIONS:
            assert self.is_done or part in self.moved or after[part] in {each[part] for each in targets}, (self, after)
        self.is_done = True

    def begin_anew(self) -> None:
        self.moved.clear()
        self.planned_at.clear()
        self.is_done = False


def to(offsets: Offsets) -> Callable[[Offsets], Offsets]:
    return lambda _: offsets


def by(shift: int) -> Callable[[Offsets], Offsets]:
    return lambda base: {part: base[part] + shift for part in PARTITIONS}


@dataclass(frozen=True)
class Site:
    """A Kafka with a topic of two partitions, and names for groups."""

    servers: Addresses
    admin: KafkaAdminClient
    topic: str
    unique: Callable[[str], str]
    folder: Path
    ended: Counter[int] = field(default_factory=Counter)  # applies, by how they ended


class OneGroup(RuleBasedStateMachine):
    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        group = site.unique("group")
        self.world = ConsumerGroupWorld(site.servers, site.admin, group, site.topic, site.folder)
        self.operator = Forking.at(site.folder / group, site.servers, TIMING)
        self.plan_file = self.operator.home / "plan.json"
        self.saved: Reset | None = None
        self.numbers = count()
        self.resets: dict[str, tuple[Reset, str]] = {}
        self.commit({part: START for part in PARTITIONS})

    def commit(self, offsets: Offsets) -> None:
        self.world.commit(self.world.topic, dict(offsets))

    def commits(self) -> Commits:
        found = self.world.admin.list_group_offsets({self.world.name: None})[self.world.name]
        return {place.partition: (commit.offset, commit.metadata) for place, commit in found.items()}

    def offsets(self) -> Offsets:
        return {part: offset for part, (offset, _) in self.commits().items()}

    def want(self, reset: Reset, document: str) -> None:
        self.wanted = reset
        self.resets[reset.id] = (reset, document)
        self.operator.write(document)

    @initialize(shift=SHIFT)
    def begin(self, shift: int) -> None:
        self.ask(shift)

    @rule(shift=SHIFT)
    def ask(self, shift: int) -> None:
        name = f"r{next(self.numbers)}"
        self.want(
            Reset(name, by(shift)),
            self.world.document.replace("id: law", f"id: {name}").replace("shift: -40", f"shift: {shift}"),
        )

    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        self.want(*self.resets[data.draw(st.sampled_from(sorted(self.resets)))])

    @rule(parts=st.sampled_from([(0,), (1,), PARTITIONS]), by=st.integers(1, 40))
    def consume(self, parts: tuple[int, ...], by: int) -> None:
        now = self.offsets()
        self.commit({part: now[part] + by for part in parts})

    @rule(verb=st.sampled_from(["plan", "drift"]))
    def look(self, verb: str) -> None:
        ledger = self.operator.home / "ledger.sqlite"
        before = self.commits(), ledger.read_bytes()
        looked = self.operator.run(verb, str(self.operator.state))
        assert looked.code in (0, 4), looked
        assert (self.commits(), ledger.read_bytes()) == before, f"{verb} wrote"

    @rule()
    def apply(self) -> None:
        self.carry_out_folder()

    def carry_out_folder(self, kill_at: int = 0) -> Ran:
        self.wanted.planned_at.append(self.offsets())
        return self.carry_out(self.wanted, "apply", str(self.operator.state), "--yes", kill_at=kill_at)

    @precondition(lambda self: not self.wanted.is_done)
    @rule(kill_at=POINT)
    def apply_killed(self, kill_at: int) -> None:
        self.carry_out_folder(kill_at)

    @rule(shift=SHIFT, kill_at=POINT)
    def ask_and_apply_killed(self, shift: int, kill_at: int) -> None:
        self.ask(shift)
        self.carry_out_folder(kill_at)

    @rule(shift=SHIFT)
    def ask_and_save(self, shift: int) -> None:
        self.ask(shift)
        self.save()

    @precondition(lambda self: not self.wanted.is_done)
    @rule()
    def save(self) -> None:
        self.wanted.planned_at.append(self.offsets())
        saved = self.operator.plan("--out", str(self.plan_file))
        assert saved.code == 0, saved
        self.saved = self.wanted

    @precondition(lambda self: self.saved is not None)
    @rule(kill_at=st.just(0) | POINT)
    def apply_saved(self, kill_at: int) -> None:
        assert self.saved is not None
        self.carry_out(self.saved, "apply", str(self.plan_file), kill_at=kill_at)

    def carry_out(self, reset: Reset, *words: str, kill_at: int = 0) -> Ran:
        before = self.commits()
        ran = self.operator.run(*words, kill_at=kill_at)
        assert ran.code in ((-9, 0, 3, 4) if kill_at else (0, 3, 4)), ran
        self.site.ended[ran.code] += 1
        reset.move(before, self.commits())
        if ran.code == 0:
            reset.end(self.offsets())
        return ran

    @rule(data=st.data())
    def revert(self, data: st.DataObject) -> None:
        runs = self.operator.run("history", "--json").json["runs"]
        if not runs:
            return
        reverted = self.operator.run("revert", data.draw(st.sampled_from([each["run"]["id"] for each in runs])))
        assert reverted.code in (0, 4), reverted
        for document in yaml.safe_load_all(reverted.out):
            asked = document["reset"]
            offsets = {int(part): at for part, at in asked["topics"][self.world.topic]["to"]["offsets"].items()}
            known, _ = self.resets.get(asked["id"], (Reset(asked["id"], to(offsets)), ""))
            self.want(known, reverted.out)

    @rule(done=st.booleans())
    def settle(self, done: bool) -> None:
        before = self.commits()
        address = f"ConsumerGroup/analytics/{self.world.name}"
        word = ("--done" if done else "--not-done", "--reason", "a person looked")
        settled = self.operator.run("settle", address, "--request", self.wanted.id, *word)
        assert settled.code in (0, 4), settled
        assert self.commits() == before
        if settled.code == 0 and not done:
            self.wanted.begin_anew()
        elif settled.code == 0:
            self.wanted.is_done = True

    def teardown(self) -> None:
        """Whatever went before, the next run ends it, or says that a person must."""
        if not hasattr(self, "wanted"):
            return
        ended = self.carry_out_folder()
        if ended.code != 0:
            told = ended.out + ended.err
            assert any(word in told for word in ("uncertain", "overwritten", "open-request")), ended
        planned = self.operator.plan("--detailed-exitcode")
        assert planned.code == (0 if ended.code == 0 else 4), (ended, planned)


def test_any_order(
    stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any, tmp_path: Path
) -> None:
    topic = make_topic(partitions=len(PARTITIONS), configs={"retention.ms": "-1"})
    records = [Record(b"{}", 1_520_947_751_000 + number) for number in range(RECORDS)]
    produce(topic, dict.fromkeys(PARTITIONS, records))
    site = Site(stack, admin, topic, unique, tmp_path)
    machine = cast(
        type[OneGroup],  # or a function that makes one, as its documentation says
        lambda: OneGroup(site),
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            derandomize=True,
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert site.ended[-9] >= 5, "hardly any was killed"
    assert site.ended[0] >= 5, "hardly any was carried out"
