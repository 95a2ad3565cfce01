"""What the locks must hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from elreconcile.desired.config import load_config
from elreconcile.errors import LockHeld, LockLost
from elreconcile.ledger.lock import Locks
from elreconcile.ledger.opening import open_locks
from sandbox.waiting import until
from tests.ledger.on_a_ledger import OnALedger
from tests.ledger.samples import actors, owner

GROUP = "ConsumerGroup/analytics/eventlogging_consumer_mysql_00"


class LockLaws(OnALedger):
    @pytest.fixture
    def locks(self, config_file: Path) -> Locks:
        return open_locks(load_config(config_file))

    def test_who_holds_an_address_is_named_to_who_is_kept_out(self, locks: Locks, config_file: Path) -> None:
        with actors(config_file, 1) as (other,):
            assert other.ask("hold", "0", GROUP) == "held"
            with pytest.raises(LockHeld) as refused, locks.hold([GROUP], owner()):
                pass
            pid = str(other.process.pid)
            for told in (GROUP, f"operator{pid}", "db1107", f"process {pid}", "since 20", f"run-{pid}"):
                assert told in str(refused.value)

    def test_two_holds_of_one_process_exclude_each_other(self, locks: Locks) -> None:
        with (
            locks.hold([GROUP], owner("alice")),
            pytest.raises(LockHeld, match="alice on db1107"),
            locks.hold([GROUP], owner("bob")),
        ):
            pass

    def test_it_is_free_after_the_hold_even_after_an_error(self, locks: Locks) -> None:
        for _ in range(100):
            with pytest.raises(ZeroDivisionError), locks.hold([GROUP], owner()):
                raise ZeroDivisionError
        with locks.hold([GROUP], owner()) as hold:
            hold.check()

    def test_all_or_none(self, locks: Locks, config_file: Path) -> None:
        with actors(config_file, 2) as (first, second):
            assert first.ask("hold", "0", "b") == "held"
            with pytest.raises(LockHeld, match=r"^b is locked"), locks.hold(["c", "a", "b"], owner()):
                pass
            assert second.ask("hold", "0", "a", "c") == "held"

    def test_other_addresses_are_free(self, locks: Locks) -> None:
        with locks.hold(["a"], owner()), locks.hold(["A", "a "], owner()) as hold:
            hold.check()

    def test_an_address_named_twice_is_one(self, locks: Locks) -> None:
        with locks.hold(["a", "a"], owner()) as hold:
            hold.check("a")
        with locks.hold(["a"], owner()):
            pass

    def test_no_address_at_all(self, locks: Locks) -> None:
        with locks.hold([], owner()) as hold:
            hold.check()

    def test_waiting_ends_when_it_becomes_free(self, locks: Locks, config_file: Path) -> None:
        with actors(config_file, 1) as (other,):
            with locks.hold(["b"], owner()):
                other.tell("hold", "20", "a", "b")
                time.sleep(0.5)
            assert other.answer() == "held"

    def test_who_waits_for_one_keeps_no_other_from_anybody(self, locks: Locks, config_file: Path) -> None:
        with actors(config_file, 1) as (waiting,), locks.hold(["b"], owner()):
            waiting.tell("hold", "20", "a", "b")
            time.sleep(0.5)
            with locks.hold(["a"], owner(), wait=20):
                pass

    def test_waiting_has_an_end(self, locks: Locks) -> None:
        with locks.hold([GROUP], owner()):
            started = time.monotonic()
            with pytest.raises(LockHeld), locks.hold([GROUP], owner(), wait=0.6):
                pass
            assert 0.5 < time.monotonic() - started < 10

    def test_a_killed_owner_frees_it_at_once(self, locks: Locks, config_file: Path) -> None:
        with actors(config_file, 1) as (other,):
            assert other.ask("hold", "0", GROUP) == "held"
            other.kill()
            with locks.hold([GROUP], owner(), wait=20) as hold:
                hold.check()

    def test_what_is_not_held_is_not_ours(self, locks: Locks) -> None:
        with locks.hold(["a"], owner()) as hold:
            hold.check("a")
            with pytest.raises(LockLost, match="b is not locked by this run"):
                hold.check("a", "b")

    def test_a_hold_that_ended_is_not_ours(self, locks: Locks) -> None:
        with locks.hold(["a"], owner()) as hold:
            pass
        with pytest.raises(LockLost):
            hold.check("a")

    def test_of_two_at_the_same_moment_one_gets_it(self, config_file: Path) -> None:
        with actors(config_file, 2) as two:
            for round_ in range(20):
                for actor in two:
                    actor.tell("hold", "0", f"address {round_}")
                first, second = sorted((actor.answer() for actor in two), reverse=True)
                assert first == "held"
                assert second.startswith(f"LockHeld: address {round_} is locked by")

    def test_racing_processes_exclude_each_other(self, config_file: Path, tmp_path: Path) -> None:
        number = tmp_path / "number"
        number.write_text("0")
        with actors(config_file, 3) as (one, two, three):
            one.tell("add_to", str(number), "15", "a", "b", "c")
            two.tell("add_to", str(number), "15", "c", "b")
            three.tell("add_to", str(number), "15", "b", "a")
            assert [actor.answer() for actor in (one, two, three)] == ["added"] * 3
        assert number.read_text() == "45"

    def test_a_thousand_addresses(self, locks: Locks) -> None:
        addresses = [f"ConsumerGroup/analytics/g{number}" for number in range(1000)]
        with locks.hold(addresses, owner()) as hold:
            for _ in range(10):
                hold.check()
            with pytest.raises(LockHeld), locks.hold(addresses[-1:], owner()):
                pass
        until("all are free again", lambda: _can_be_held(locks, addresses))


def _can_be_held(locks: Locks, addresses: list[str]) -> bool:
    with locks.hold(addresses, owner()):
        return True
