"""The laws of the ledger on a real MariaDB."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.desired.config import load_config
from elreconcile.errors import ElreconcileError, LockHeld, LockLost, Unreachable
from elreconcile.ledger.opening import init_ledger, open_locks, open_reader, open_writer
from elreconcile.ledger.server_lock import ServerLocks
from elreconcile.systems.mysql import connect
from sandbox.mariadb import MariaDb
from sandbox.stack import Sandbox
from tests.conftest import Unique
from tests.ledger.checking_laws import CheckingLaws
from tests.ledger.lock_laws import GROUP, LockLaws
from tests.ledger.moving_laws import MovingLaws
from tests.ledger.on_a_ledger import OnALedger, Settings, write_config
from tests.ledger.opening_laws import OpeningLaws
from tests.ledger.samples import actors, entry, owner
from tests.ledger.store_laws import StoreLaws
from tests.live.refused import SLACK
from tests.relay import Fault, relay_to

DEADLINE = 5.0  # as OnALedger writes it


@pytest.fixture
def mariadb(own_sandbox: Sandbox) -> MariaDb:
    own_sandbox.mariadb.start()
    return own_sandbox.mariadb


class InMySql:
    @pytest.fixture
    def settings(self, mariadb: MariaDb, unique: Unique) -> Iterator[Settings]:
        database = unique("ledger")
        as_root(mariadb, f"CREATE DATABASE `{database}`")
        server = {"host": "127.0.0.1", "port": mariadb.port, "user": "root", "database": "log"}
        yield {"mysql": {"m4": server}, "ledger": {"mysql": "m4", "database": database}}
        as_root(mariadb, f"DROP DATABASE `{database}`")


class TestStore(InMySql, StoreLaws):
    pass


class TestOpening(InMySql, OpeningLaws):
    pass


class TestMoving(InMySql, MovingLaws):
    pass


class TestChecking(InMySql, CheckingLaws):
    pass


class TestLocks(InMySql, LockLaws):
    pass


class TestLosingLocks(InMySql, OnALedger):
    """A lock that is gone is noticed before the next act, and free for others in bounded time."""

    @pytest.fixture
    def locks(self, config_file: Path) -> ServerLocks:
        locks = open_locks(load_config(config_file))
        assert isinstance(locks, ServerLocks)
        return locks

    def test_an_owner_whose_connection_is_killed(self, locks: ServerLocks, mariadb: MariaDb) -> None:
        with locks.hold([GROUP, "b"], owner("alice")) as hold:
            hold.check()
            kill_connection_holding(mariadb, lock_name(locks, GROUP))
            with pytest.raises(LockLost, match=f"the lock on {GROUP} is lost"):
                hold.check(GROUP)
            with locks.hold([GROUP, "b"], owner("bob"), wait=20) as other:
                other.check()
                with pytest.raises(LockLost):
                    hold.check()

    def test_a_lock_that_the_server_freed(self, locks: ServerLocks) -> None:
        with locks.hold(["a", "b"], owner()) as hold:
            hold._connection.execute("DO RELEASE_ALL_LOCKS()")
            with pytest.raises(LockLost, match="the lock on b is lost: the server has freed it"):
                hold.check("b")

    def test_an_owner_cut_off_without_a_word(self, locks: ServerLocks, config_file: Path, mariadb: MariaDb) -> None:
        """Half-closed: the server still believes in the connection, and nothing comes over it any more."""
        with relay_to(mariadb.port) as relay:
            cut_off = short_lived(config_file, relay.port)
            with cut_off.hold([GROUP], owner("alice")) as hold:
                relay.fail(Fault.SILENT)
                started = time.monotonic()
                with pytest.raises(LockHeld, match="alice"), locks.hold([GROUP], owner("bob")):
                    pass
                with locks.hold([GROUP], owner("bob"), wait=20):
                    assert time.monotonic() - started < cut_off.lease + SLACK
                    with pytest.raises(LockLost):
                        hold.check()

    def test_an_owner_that_is_stopped_and_goes_on_later(self, locks: ServerLocks, config_file: Path) -> None:
        with actors(config_file, 1) as (stopped,):
            stopped.ask("lease", "2")
            assert stopped.ask("hold", "0", GROUP) == "held"
            stopped.process.send_signal(signal.SIGSTOP)
            started = time.monotonic()
            with locks.hold([GROUP], owner(), wait=20):
                assert 0.5 < time.monotonic() - started < 2 + SLACK
                stopped.process.send_signal(signal.SIGCONT)
                assert stopped.ask("check").startswith(f"LockLost: the lock on {GROUP} is lost")

    def test_an_owner_with_nothing_to_do_keeps_it(self, locks: ServerLocks, config_file: Path) -> None:
        brief = replace(locks, lease=4)
        with brief.hold([GROUP], owner()) as hold, actors(config_file, 1) as (other,):
            assert other.ask("hold", "8", GROUP).startswith("LockHeld")
            hold.check()

    def test_a_server_killed_and_started_again(self, locks: ServerLocks, mariadb: MariaDb) -> None:
        with locks.hold([GROUP], owner()) as hold:
            mariadb.kill()
            with pytest.raises(LockLost, match="connection was lost"):
                hold.check()
            mariadb.start()
            with pytest.raises(LockLost):
                hold.check()
            with locks.hold([GROUP], owner()):
                pass

    def test_a_server_that_hangs(self, locks: ServerLocks, mariadb: MariaDb) -> None:
        with locks.hold([GROUP], owner()) as hold:
            mariadb.pause()
            started = time.monotonic()
            with pytest.raises(LockLost, match="no answer"):
                hold.check()
            assert time.monotonic() - started < DEADLINE + SLACK
            mariadb.resume()

    def test_ledgers_on_one_server_do_not_share_locks(self, locks: ServerLocks) -> None:
        with locks.hold([GROUP], owner()), replace(locks, identity="another").hold([GROUP], owner()):
            pass

    def test_who_held_it_before_is_not_taken_for_who_holds_it(self, locks: ServerLocks, mariadb: MariaDb) -> None:
        """Between taking a lock and signing, the signature of the owner before is still there."""
        with locks.hold([GROUP], owner("alice")):
            pass
        with mariadb.connect() as connection, connection.cursor() as sql:
            sql.execute("SELECT GET_LOCK(%s, 0)", (lock_name(locks, GROUP),))
            with pytest.raises(LockHeld, match="somebody who has not written a name"), locks.hold([GROUP], owner()):
                pass

    def test_a_server_that_cannot_be_reached_is_not_a_lock_held(self, locks: ServerLocks, mariadb: MariaDb) -> None:
        mariadb.stop()
        with pytest.raises(Unreachable, match="connection refused"), locks.hold([GROUP], owner(), wait=20):
            pass
        mariadb.start()


class TestStoreInTrouble(InMySql, OnALedger):
    def test_a_server_that_dies_between_two_words(self, config_file: Path, mariadb: MariaDb) -> None:
        with open_writer(load_config(config_file)) as ledger:
            ledger.record([entry("a")])
            mariadb.kill()
            for _ in range(2):
                with pytest.raises(Unreachable, match=r"m4 .*the connection was lost"):
                    ledger.record([entry("b")])
            with pytest.raises(Unreachable, match=r"m4 .*connection refused"):
                open_writer(load_config(config_file))
            mariadb.start()
        with open_writer(load_config(config_file)) as ledger:
            assert list(ledger.entries()) == [entry("a").key]

    def test_a_server_that_hangs(self, config_file: Path, mariadb: MariaDb) -> None:
        with open_writer(load_config(config_file)) as ledger:
            mariadb.pause()
            started = time.monotonic()
            with pytest.raises(Unreachable, match="no answer"):
                ledger.record([entry()])
            with pytest.raises(Unreachable, match="no answer"):
                open_writer(load_config(config_file))
            assert time.monotonic() - started < 2 * DEADLINE + SLACK
            mariadb.resume()

    def test_a_refused_row_leaves_nothing_of_its_transaction(
        self, config_file: Path, settings: Settings, mariadb: MariaDb
    ) -> None:
        refuse = "IF NEW.request_id = 'bad' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF"
        database = settings["ledger"]["database"]
        table = f"`{database}`.elreconcile_history"
        as_root(mariadb, f"CREATE TRIGGER `{database}`.refuse BEFORE INSERT ON {table} FOR EACH ROW {refuse}")
        with open_writer(load_config(config_file)) as ledger:
            with pytest.raises(ElreconcileError, match="not this one"):
                ledger.record([entry("a"), entry("b", "bad")])
            assert ledger.entries() == {}
            assert ledger.history() == ()

    def test_tables_we_may_not_see_are_not_a_ledger_never_made(
        self, config_file: Path, settings: Settings, mariadb: MariaDb
    ) -> None:
        database = settings["ledger"]["database"]
        everywhere = "visitor@localhost, visitor@'127.0.0.1'"
        as_root(mariadb, f"CREATE OR REPLACE USER {everywhere}")
        as_root(mariadb, f"GRANT SELECT ON `{database}`.elreconcile_entries TO {everywhere}")
        visitor = settings["mysql"]["m4"] | {"user": "visitor", "database": database}
        write_config(config_file, settings | {"mysql": {"m4": visitor}})
        for opening in (open_reader, init_ledger):
            with pytest.raises(Unreachable, match=r"SELECT command denied to user 'visitor'.*elreconcile_ledger"):
                opening(load_config(config_file))


def short_lived(config_file: Path, port: int) -> ServerLocks:
    """The locks, reached by another port, with a lease of 2 seconds."""
    config = load_config(config_file)
    settings = config.mysql["m4"].model_copy(update={"port": port, "database": config.ledger.database})
    return ServerLocks(
        lambda idle_seconds: connect("m4", settings, DEADLINE, idle_seconds=idle_seconds), str(config.ledger.id), 2
    )


def lock_name(locks: ServerLocks, address: str) -> str:
    return locks._name(address)


def as_root(mariadb: MariaDb, statement: str, *values: str) -> Any:
    """The first value of the first row it answers with."""
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return (cursor.fetchone() or (None,))[0]


def kill_connection_holding(mariadb: MariaDb, name: str) -> None:
    as_root(mariadb, f"KILL {as_root(mariadb, 'SELECT IS_USED_LOCK(%s)', name)}")
