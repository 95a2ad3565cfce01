"""Connections cut, half-closed or too slow, at every moment of an apply: it is told, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from elreconcile.errors import LockHeld
from sandbox.addresses import Addresses
from sandbox.events import produce
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.laws.forked import Forking
from tests.laws.worlds import BackfillWindowWorld, BurrowMonitorWorld, ConsumerGroupWorld, World, events
from tests.operator import IN_A_FILE, Ran
from tests.relay import Fault, Relay, listen_behind_relay, relay_to

DEADLINE, DELAY = 3, 4.5
TIMING = f"timing: {{deadline: {DEADLINE}s, grace: 0s, quiet: 0s}}\n"
PATIENT = TIMING.replace(f"deadline: {DEADLINE}s", "deadline: 30s")

WORLDS: dict[str, type[World]] = {
    "kafka": ConsumerGroupWorld,
    "burrow": BurrowMonitorWorld,
    "mysql": BackfillWindowWorld,
    "ledger": ConsumerGroupWorld,
}
MOMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "kafka": {"under way": {"after": 1000}, "commit": {"word": b"elreconcile reset law"}},
    "burrow": {"under way": {"after": 1000}, "commit": {"word": b"DELETE "}},
    "mysql": {"under way": {"after": 1500}, "commit": {"word": b"\x03COMMIT"}},
    "ledger": {
        f"'{word}'": {"word": f"'{word}'".encode()} for word in ("started", "sending", "acknowledged", "settled")
    },
}
"""By what has passed to the server: some bytes, or the request with this word, which is the first that is hit."""

CASES = [(server, moment) for server, moments in MOMENTS.items() for moment in ("connect", *moments)]
ACTS = {moment for moments in MOMENTS.values() for moment in moments} - {"under way"}


@pytest.fixture(scope="module")
def far(module_sandbox: Sandbox) -> tuple[int, int]:
    return listen_behind_relay(module_sandbox.kafka)


@dataclass(frozen=True, slots=True)
class Line:
    """A world that has diverged, and an operator who reaches one of its servers through the relay."""

    server: str
    world: World
    operator: Forking
    relay: Relay

    @property
    def address(self) -> str:
        system = "m4" if self.server == "mysql" else "analytics"
        return f"{self.world.kind}/{system}/{self.world.name}"

    def break_at(self, moment: str, fault: Fault) -> None:
        if moment == "connect":
            self.relay.fail(fault)
        else:
            self.relay.fail_at(fault, **MOMENTS[self.server][moment])

    def heal(self) -> None:
        """A network as it should be, and as much patience as the second run may need."""
        self.relay.heal()
        self.operator.configure(self.operator.config.read_text().replace(TIMING, PATIENT))

    def applied_or_locked(self) -> Ran | None:
        """None while the server still believes in the connection that was lost, and in its locks."""
        ran = self.operator.apply()
        return None if ran.code == LockHeld.exit_code else ran

    def is_done_once(self) -> None:
        """The consumer goes on, and nothing sets it back."""
        if isinstance(self.world, ConsumerGroupWorld):
            self.world.commit(self.world.topic, {0: 100, 1: 100})
            assert self.operator.apply().code == 0
            assert set(self.world.commits().values()) == {100}
        planned = self.operator.plan("--detailed-exitcode")
        assert planned.code == 0, planned


@pytest.fixture
def line(request: Any, own_sandbox: Sandbox, far: tuple[int, int], tmp_path: Path) -> Iterator[Line]:
    server = request.param
    for each in (own_sandbox.kafka, own_sandbox.zookeeper, own_sandbox.burrow, own_sandbox.mariadb):
        each.start()
    with reached(server, own_sandbox, far) as (addresses, relay), closing(own_sandbox.kafka.admin()) as admin:
        topic = f"topic-{tmp_path.name}"
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
        produce(own_sandbox.kafka.bootstrap, topic, {0: events(), 1: events()})
        world = WORLDS[server](own_sandbox.addresses, admin, f"group-{tmp_path.name}", topic, tmp_path)
        ledger = "mysql: m4, database: ops" if server == "ledger" else IN_A_FILE
        operator = Forking.at(tmp_path / "operator", addresses, TIMING, ledger)
        operator.write(world.document)
        world.diverged()
        yield Line(server, world, operator, relay)


@contextmanager
def reached(server: str, sandbox: Sandbox, far: tuple[int, int]) -> Iterator[tuple[Addresses, Relay]]:
    """The servers' addresses, that of one leading through the relay."""
    direct = sandbox.addresses
    target, port = {"kafka": far, "burrow": (sandbox.burrow.port, 0)}.get(server, (sandbox.mariadb.port, 0))
    with relay_to(target, port, DELAY) as relay:
        through: dict[str, dict[str, Any]] = {
            "kafka": {"kafka": f"127.0.0.1:{relay.port}"},
            "burrow": {"burrow": replace(direct.burrow, url=f"http://127.0.0.1:{relay.port}")},
        }
        mysql = {"mysql": replace(direct.mysql, port=relay.port)}
        yield replace(direct, **through.get(server, mysql)), relay


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.HALF_CLOSED, Fault.DELAYED])
@pytest.mark.parametrize(("line", "moment"), CASES, indirect=["line"])
def test_a_lost_connection_is_told_and_the_next_run_ends_it(line: Line, moment: str, fault: Fault) -> None:
    line.break_at(moment, fault)
    lost = line.operator.apply()
    assert line.relay.failed, lost
    assert lost.code in (3, 69), lost
    assert "127.0.0.1" in lost.out + lost.err
    if moment in ACTS:
        assert lost.ending(line.address) in ("uncertain", "failed", "not reached"), lost
    line.heal()
    again = until("no lock is held", line.applied_or_locked, 120)
    assert again.code == 0, (lost, again)
    assert line.world.is_converged(), line.world.look()
    until("what was late has arrived", lambda: not line.relay.has_late_requests)
    assert line.world.is_converged(), line.world.look()
    line.is_done_once()
