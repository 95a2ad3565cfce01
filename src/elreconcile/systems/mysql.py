"""MySQL and MariaDB: the only module that imports pymysql."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
import pymysql
from pymysql.constants import CR, ER
from pymysql.cursors import SSCursor
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from elreconcile.desired.config import MySqlConfig, Tls
from elreconcile.errors import ElreconcileError, Unreachable
from elreconcile.systems.deadline import call_within

T = TypeVar("T")
Row = Sequence[Any]

_LOST = (0, CR.CR_SERVER_LOST, CR.CR_SERVER_GONE_ERROR)  # 0: pymysql's own, for a connection lost earlier
_DEADLOCK = (ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT)
_IDLE_SECONDS = 8 * 60 * 60
_TRIES = 10


class Deadlock(Unreachable):
    """The server gave up our transaction in favour of another one. Trying again is right."""


class StatementRefused(ElreconcileError):
    """The server would not carry out a statement: a value too long, a duplicate, a wrong word."""

    exit_code = Unreachable.exit_code  # it refuses us


class NoSuchTable(StatementRefused):
    pass


class Changed(msgspec.Struct, frozen=True):
    """How many rows a statement changed, and how many warnings the server keeps of it."""

    rows: int
    warnings: int


def connect(
    name: str,
    settings: MySqlConfig,
    deadline: float,
    *,
    read_only: bool = False,
    idle_seconds: int = _IDLE_SECONDS,
    local_infile: bool = False,
    patience: float | None = None,
) -> MySqlConnection:
    """A connection of its own, made within `deadline` seconds, which also bounds each answer on it, or `patience` does.

    The server ends it when it was idle for `idle_seconds`. With `read_only` the server refuses every write. With
    `local_infile` the server may ask for files of this machine: for LOAD DATA LOCAL only.
    Raises Unreachable with the true cause.
    """
    where = f"{name} ({settings.host}:{settings.port})"
    # A little shorter, so that the cause is told before the deadline cuts the call off.
    answer_within = 0.9 * (patience or deadline)

    context = _context(where, settings.tls) if settings.tls else None

    def opened() -> MySqlConnection:
        with _told(where, tls=context is not None), _only_mysql(where):
            made = MySqlConnection(where, _open(settings, context, answer_within, idle_seconds, local_infile))
        # Whatever the server's default: what is read in one transaction is of one moment.
        made.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ{', READ ONLY' if read_only else ''}")
        return made

    return call_within(where, deadline, opened)


def _open(
    settings: MySqlConfig, context: ssl.SSLContext | None, answer_within: float, idle_seconds: int, local_infile: bool
) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password.get_secret_value().encode(),  # pymysql would encode a str as latin1
        database=settings.database,
        ssl=context,
        ssl_disabled=context is None,  # else it takes any certificate where the server offers TLS
        connect_timeout=answer_within,
        read_timeout=answer_within,
        write_timeout=answer_within,
        charset="utf8mb4",
        autocommit=True,
        local_infile=local_infile,
        program_name="elreconcile",
        init_command="SET SESSION sql_mode = 'TRADITIONAL', time_zone = '+00:00', "
        f"wait_timeout = {idle_seconds}, innodb_lock_wait_timeout = {max(1, int(answer_within / 2))}",
    )


def _context(where: str, tls: Tls) -> ssl.SSLContext:
    """Verifies certificate and host name. (pymysql's own leaves out the name where there is no CA file.)"""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # it does not say which file
        files = ", ".join(str(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file)
        raise Unreachable(where, f"the TLS files cannot be used ({files}): {error}", 0.0) from error
    # As pymysql does: certificates that MySQL makes for itself do not pass the strict rules of Python 3.13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@contextmanager
def _only_mysql(where: str) -> Iterator[None]:
    """pymysql stumbles in many ways when something else than MySQL answers."""
    started = time.monotonic()
    try:
        yield
    except (struct.error, LookupError, ValueError, AssertionError, RuntimeError) as error:
        raise Unreachable(where, f"what answers is not understood: {error!r}", time.monotonic() - started) from error


class MySqlConnection:
    """One connection, each statement its own transaction unless inside `in_transaction`. Never reconnects.

    Its methods raise Unreachable when the server does not answer or does not let us.
    """

    def __init__(self, where: str, connection: pymysql.Connection[Any]) -> None:
        self.where = where
        self._connection = connection

    def execute(self, sql: str, values: Row = ()) -> Sequence[Row]:
        with _told(self.where), self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            answer: Sequence[Row] = cursor.fetchall()
            return answer

    def stream(self, sql: str) -> Iterator[Row]:
        """Row by row, as the server sends them. Nothing else may be asked until it is exhausted."""
        with _told(self.where), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql)
            yield from cursor.fetchall_unbuffered()

    def named(self, sql: str) -> Sequence[Mapping[str, Any]]:
        """Rows by the names of their columns, for answers whose columns differ by version."""
        with _told(self.where), self._connection.cursor() as cursor:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        """The statement once for each row; many rows of an INSERT travel together."""
        with _told(self.where), self._connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def change(self, sql: str, values: Row = ()) -> Changed:
        """Carry out a statement that writes."""
        with _told(self.where), self._connection.cursor() as cursor:
            rows = cursor.execute(sql, values)
            return Changed(rows, cursor.warning_count)

    def in_transaction(self, work: Callable[[], T]) -> T:
        """All that `work` writes or nothing. After a deadlock `work` is called again."""
        patience = Retrying(
            retry=retry_if_exception_type(Deadlock),
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.01, max=0.5),
            reraise=True,
        )
        result: T = patience(self._transaction, work)
        return result

    def _transaction(self, work: Callable[[], T]) -> T:
        with _told(self.where):
            self._connection.begin()
        try:
            result = work()
            with _told(self.where):
                self._connection.commit()
        except BaseException:
            with suppress(pymysql.Error):  # without a connection the server rolls back by itself
                self._connection.rollback()
            raise
        return result

    def has_table(self, name: str) -> bool:
        """Asks the table itself: information_schema shows nothing to who has no rights."""
        try:
            self.execute(f"SELECT 1 FROM {name} LIMIT 0")  # noqa: S608 - never from outside
        except NoSuchTable:
            return False
        return True

    def close(self) -> None:
        with suppress(pymysql.Error):  # closed already
            self._connection.close()


@contextmanager
def _told(where: str, *, tls: bool = True) -> Iterator[None]:
    """pymysql's errors as ours, with the cause that an operator can act on."""
    started = time.monotonic()
    try:
        yield
    except (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError) as error:
        told = Deadlock if error.args[0] in _DEADLOCK else Unreachable
        raise told(where, _cause(error, tls), time.monotonic() - started) from error
    except pymysql.Error as error:
        told_as = NoSuchTable if error.args[0] == ER.NO_SUCH_TABLE else StatementRefused
        raise told_as(f"{where}: {_cause(error, tls)}") from error


def _cause(error: pymysql.Error, tls: bool) -> str:
    origin = getattr(error, "original_exception", None)
    if error.args[0] == CR.CR_SERVER_LOST:
        origin = error.__context__
    if isinstance(origin, OSError):
        return _network_cause(origin)
    if len(error.args) != 2:  # not the server's own: pymysql lost its way in the answer
        return f"what answers is not understood: {error}"
    code, text = error.args
    if code in _LOST:
        return "the connection was lost"
    if code == ER.ACCESS_DENIED_ERROR and not tls:
        text += "; this user may need `tls:` in the configuration"  # the server answers the same to both
    return f"{text} (error {code})"


def _network_cause(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return f"the host is not known: {error.strerror}"
        case ConnectionRefusedError():
            return "connection refused"
        case TimeoutError():
            return "no answer"
        case ConnectionError():
            return "the connection was lost"
        case ssl.SSLCertVerificationError():
            return f"TLS: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS: {error.reason}"
    return error.strerror or str(error)
