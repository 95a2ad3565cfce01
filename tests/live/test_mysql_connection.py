"""What is told when a MySQL server cannot be asked, on a real MariaDB: the true cause, within the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from elreconcile.desired.config import MySqlConfig, Tls
from elreconcile.errors import Unreachable
from elreconcile.systems.mysql import Deadlock, StatementRefused, connect
from sandbox.mariadb import MariaDb
from sandbox.ports import free_port
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.live.encrypted import EncryptedMariaDb, certificates
from tests.live.refused import DEADLINE, SLACK


@pytest.fixture
def mariadb(own_sandbox: Sandbox) -> MariaDb:
    own_sandbox.mariadb.start()
    return own_sandbox.mariadb


def settings(port: int, **others: Any) -> MySqlConfig:
    fields = {"host": "127.0.0.1", "port": port, "user": "root", "database": "ops"}
    return MySqlConfig.model_validate(fields | others)


def refusal(named: MySqlConfig) -> str:
    """What is told instead of a connection."""
    started = time.monotonic()
    with pytest.raises(Unreachable) as error:
        connect("m4", named, DEADLINE)
    assert time.monotonic() - started < DEADLINE + SLACK
    assert error.value.system == f"m4 ({named.host}:{named.port})"
    return error.value.cause


class TestConnecting:
    def test_wrong_password(self, mariadb: MariaDb) -> None:
        cause = refusal(settings(mariadb.port, password="wrong"))
        assert cause.startswith("Access denied for user 'root'@'localhost' (using password: YES)")
        assert "`tls:`" in cause

    def test_a_password_beyond_latin1(self, mariadb: MariaDb) -> None:
        with mariadb.connect() as root, root.cursor() as sql:
            for user in ("żółw@localhost", "żółw@'127.0.0.1'"):
                sql.execute(f"CREATE OR REPLACE USER {user} IDENTIFIED BY 'zażółć'")
                sql.execute(f"GRANT ALL ON ops.* TO {user}")
        with closing(connect("m4", settings(mariadb.port, user="żółw", password="zażółć"), DEADLINE)) as connection:
            assert connection.execute("SELECT DATABASE()")[0][0] == "ops"

    def test_no_such_database(self, mariadb: MariaDb) -> None:
        assert refusal(settings(mariadb.port, database="none")) == "Unknown database 'none' (error 1049)"

    def test_nobody_listens(self) -> None:
        assert refusal(settings(free_port())) == "connection refused"

    def test_an_unknown_host(self) -> None:
        assert refusal(settings(1, host="no-such-host.invalid")).startswith("the host is not known: ")

    def test_a_server_that_hangs(self, mariadb: MariaDb) -> None:
        mariadb.pause()
        assert refusal(settings(mariadb.port)) == "no answer"

    @pytest.mark.parametrize(
        "greeting",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            b"\x00" * 64,
            b"\x05\x00\x00\x00\x0a10.1",
            b"\xff" * 4000,
        ],
    )
    def test_something_else_than_mysql(self, greeting: bytes) -> None:
        with stranger(greeting) as port:
            cause = refusal(settings(port))
        assert cause
        assert not cause.startswith("no answer")

    def test_one_that_answers_a_byte_at_a_time(self) -> None:
        """Each byte comes in time, the answer never does."""
        with stranger(b"\x60\x00\x00\x00\x0a10.11.6-MariaDB", pause=DEADLINE / 4) as port:
            assert refusal(settings(port)) == "no answer"

    def test_what_a_reader_may_not_do(self, mariadb: MariaDb) -> None:
        with (
            closing(connect("m4", settings(mariadb.port), DEADLINE, read_only=True)) as connection,
            pytest.raises(Unreachable, match="READ ONLY transaction"),
        ):
            connection.execute("CREATE TABLE t (i INT)")


class TestConnected:
    @pytest.fixture
    def table(self, mariadb: MariaDb) -> str:
        with mariadb.connect("ops") as root, root.cursor() as sql:
            sql.execute("CREATE OR REPLACE TABLE accounts (id INT PRIMARY KEY, word VARCHAR(5)) ENGINE=InnoDB")
            sql.execute("INSERT INTO accounts VALUES (1, 'a'), (2, 'b')")
        return "accounts"

    def test_a_value_too_long_is_refused_not_cut(self, mariadb: MariaDb, table: str) -> None:
        with closing(connect("m4", settings(mariadb.port), DEADLINE)) as connection:
            with pytest.raises(StatementRefused, match=r"m4 .*Data too long for column 'word'"):
                connection.execute(f"INSERT INTO {table} VALUES (3, 'abcdef')")
            assert connection.execute(f"SELECT COUNT(*) FROM {table}")[0][0] == 2

    def test_a_transaction_that_fails_leaves_nothing(self, mariadb: MariaDb, table: str) -> None:
        with closing(connect("m4", settings(mariadb.port), DEADLINE)) as connection:

            def work() -> None:
                connection.execute(f"DELETE FROM {table}")
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                connection.in_transaction(work)
            assert connection.execute(f"SELECT COUNT(*) FROM {table}")[0][0] == 2

    def test_a_transaction_sees_one_moment_whatever_the_servers_default(self, mariadb: MariaDb, table: str) -> None:
        with closing(connect("m4", settings(mariadb.port), 30)) as other:
            other.execute("SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED")
            try:
                with closing(connect("m4", settings(mariadb.port), 30, read_only=True)) as reader:

                    def twice() -> list[Any]:
                        first = reader.execute(f"SELECT count(*) FROM {table}")
                        other.execute(f"INSERT INTO {table} VALUES (3, 'c')")
                        return [first, reader.execute(f"SELECT count(*) FROM {table}")]

                    first, again = reader.in_transaction(twice)
            finally:
                other.execute("SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert first == again

    def test_the_victim_of_a_deadlock_tries_again(self, mariadb: MariaDb, table: str) -> None:
        """Two transactions, each wanting what the other has: the server ends one of them, and both get through."""
        both_have_one = threading.Barrier(2)
        attempts: list[int] = []

        def change(first: int, second: int) -> None:
            with closing(connect("m4", settings(mariadb.port), DEADLINE)) as connection:

                def work() -> None:
                    attempts.append(first)
                    connection.execute(f"UPDATE {table} SET word = CONCAT(word, %s) WHERE id = %s", (first, first))
                    if attempts.count(first) == 1:
                        both_have_one.wait(60)
                    connection.execute(f"UPDATE {table} SET word = CONCAT(word, %s) WHERE id = %s", (first, second))

                connection.in_transaction(work)

        threads = [threading.Thread(target=change, args=pair) for pair in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with closing(connect("m4", settings(mariadb.port), DEADLINE)) as connection:
            words = [str(word) for (word,) in connection.execute(f"SELECT word FROM {table} ORDER BY id")]
        assert len(attempts) > 2
        assert [sorted(word) for word in words] == [["1", "2", "a"], ["1", "2", "b"]]

    def test_a_transaction_kept_waiting_by_another_says_so(self, mariadb: MariaDb, table: str) -> None:
        with mariadb.connect("ops", autocommit=False) as other, other.cursor() as sql:
            sql.execute(f"UPDATE {table} SET word = 'x'")
            with (
                closing(connect("m4", settings(mariadb.port), 3)) as connection,
                pytest.raises(Deadlock, match="Lock wait timeout exceeded"),
            ):
                connection.execute(f"UPDATE {table} SET word = 'y'")

    def test_a_connection_that_was_lost_stays_lost(self, mariadb: MariaDb) -> None:
        with closing(connect("m4", settings(mariadb.port), DEADLINE)) as connection:
            (number,) = connection.execute("SELECT CONNECTION_ID()")[0]
            with mariadb.connect() as root, root.cursor() as sql:
                sql.execute(f"KILL {number}")
            for _ in range(3):
                with pytest.raises(Unreachable, match="the connection was lost"):
                    connection.execute("SELECT 1")

    def test_an_idle_connection_is_ended_when_it_was_asked_for(self, mariadb: MariaDb) -> None:
        with closing(connect("m4", settings(mariadb.port), DEADLINE, idle_seconds=1)) as connection:
            (number,) = connection.execute("SELECT CONNECTION_ID()")[0]
            until("the server has ended it", lambda: not is_connected(mariadb, number))
            with pytest.raises(Unreachable, match="the connection was lost"):
                connection.execute("SELECT 1")


def is_connected(mariadb: MariaDb, number: int) -> bool:
    with mariadb.connect() as root, root.cursor() as sql:
        return bool(sql.execute("SELECT 1 FROM information_schema.processlist WHERE id = %s", [number]))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(authority: Path, module_sandbox: Sandbox) -> Iterator[MariaDb]:
    server = EncryptedMariaDb(module_sandbox.folder, module_sandbox.ports)
    module_sandbox.ports.choose(*server.port_names)
    server.certificates = authority
    server.start()
    yield server
    server.stop()


class TestTls:
    def test_verified(self, encrypted: MariaDb, authority: Path) -> None:
        tls = Tls(ca_file=authority / "ca.pem")
        with closing(connect("m4", settings(encrypted.port, host="localhost", tls=tls), DEADLINE)) as connection:
            assert connection.execute("SHOW STATUS LIKE 'Ssl_version'")[0][1].startswith("TLS")

    def test_a_client_certificate(self, encrypted: MariaDb, authority: Path) -> None:
        with encrypted.connect() as root, root.cursor() as sql:
            sql.execute("CREATE OR REPLACE USER known@localhost, known@'127.0.0.1' REQUIRE SUBJECT '/CN=known'")
            sql.execute("GRANT ALL ON ops.* TO known@localhost, known@'127.0.0.1'")
        files = {"ca_file": authority / "ca.pem"}
        named = settings(encrypted.port, host="localhost", user="known", tls=Tls(**files))
        assert refusal(named).startswith("Access denied for user 'known'")
        files |= {"cert_file": authority / "known.pem", "key_file": authority / "known-key.pem"}
        with closing(connect("m4", named.model_copy(update={"tls": Tls(**files)}), DEADLINE)) as connection:
            assert connection.execute("SELECT 1")[0][0] == 1

    def test_another_authority(self, encrypted: MariaDb, authority: Path) -> None:
        tls = Tls(ca_file=authority / "other-ca.pem")
        assert refusal(settings(encrypted.port, host="localhost", tls=tls)).startswith("TLS: ")

    def test_the_authorities_of_the_system(self, encrypted: MariaDb) -> None:
        assert refusal(settings(encrypted.port, host="localhost", tls=Tls())).startswith("TLS: ")

    def test_another_host_name(self, encrypted: MariaDb, authority: Path) -> None:
        tls = Tls(ca_file=authority / "ca.pem")
        assert refusal(settings(encrypted.port, host="127.0.0.1", tls=tls)).startswith("TLS: IP address mismatch")

    def test_a_file_that_is_not_there(self, encrypted: MariaDb, authority: Path) -> None:
        cause = refusal(settings(encrypted.port, tls=Tls(ca_file=authority / "none.pem")))
        assert "none.pem" in cause
        assert "No such file" in cause

    def test_a_file_that_is_no_certificate(self, encrypted: MariaDb) -> None:
        assert __file__ in refusal(settings(encrypted.port, tls=Tls(ca_file=Path(__file__))))

    def test_a_server_without_tls(self, mariadb: MariaDb, authority: Path) -> None:
        tls = Tls(ca_file=authority / "ca.pem")
        assert (
            refusal(settings(mariadb.port, tls=tls)) == "SSL is required but the server doesn't support it (error 2026)"
        )

    def test_a_user_who_must_use_it_and_does_not(self, encrypted: MariaDb) -> None:
        with encrypted.connect() as root, root.cursor() as sql:
            sql.execute("CREATE OR REPLACE USER careful@localhost, careful@'127.0.0.1' REQUIRE SSL")
        cause = refusal(settings(encrypted.port, user="careful"))
        assert cause.startswith("Access denied for user 'careful'")
        assert "`tls:`" in cause

    def test_what_is_not_configured_is_not_used(self, encrypted: MariaDb) -> None:
        """Unverified encryption would look safer than it is."""
        with closing(connect("m4", settings(encrypted.port), DEADLINE)) as connection:
            assert connection.execute("SHOW STATUS LIKE 'Ssl_version'")[0][1] == ""


@contextmanager
def stranger(greeting: bytes, pause: float = 0) -> Iterator[int]:
    """The port of a server that says something else than MySQL does, a byte at a time, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as entrance:

        def greet() -> None:
            with suppress(OSError), entrance.accept()[0] as caller:
                for byte in greeting:
                    caller.sendall(bytes([byte]))
                    time.sleep(pause)

        thread = threading.Thread(target=greet)
        thread.start()
        yield int(entrance.getsockname()[1])
        thread.join()
