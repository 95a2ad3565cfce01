"""Reading all of a ledger, and telling what in it cannot be: damage, and words that contradict each other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from msgspec.structs import replace

from elreconcile.desired.config import Config
from elreconcile.errors import LedgerError
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection, Row
from elreconcile.ledger.entry import OPEN, Checked, Entry, PastRun
from elreconcile.ledger.opening import opened
from elreconcile.ledger.rows import entry_of, past_run_of, text_of

T = TypeVar("T")
Key = tuple[str, str]


def check_ledger(config: Config) -> Checked:
    """As it is at one moment. Raises LedgerError (never made, another id than the config names), Unreachable."""
    connection, dialect, identity = opened(config, read_only=True)
    with closing(connection):
        check = _Check(connection)
        check.wrong += [str(row[-1]) for row in connection.execute(dialect.check) if str(row[-1]).lower() != "ok"]
        if not check.wrong:  # else every further question is about a ruin
            connection.in_transaction(check.read_all)
        return check.told(identity)


class _Check:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs: set[str] = set()
        self._words = 0
        self._entries = 0
        self._open: list[Entry] = []
        self._cut_short: dict[str, PastRun] = {}
        self._begun: dict[str, set[Key]] = {}
        """The requests of each run that was cut short."""
        self.wrong: list[str] = []

    def told(self, identity: str) -> Checked:
        counts = (len(self._runs), self._words, self._entries)
        return Checked(identity, *counts, tuple(self.wrong), tuple(self._open), self._unended())

    def _unended(self) -> tuple[PastRun, ...]:
        still_open = {entry.key for entry in self._open}
        begun = ((past, self._begun.get(run)) for run, past in self._cut_short.items())
        return tuple(past for past, requests in begun if requests is None or requests & still_open)

    def read_all(self) -> None:
        self._read_runs()
        self._read_entries(self._read_history())

    def _read_runs(self) -> None:
        counted = int(self._connection.execute(sql.RUN_NUMBER)[0][0])
        numbers: set[int] = set()
        for row in self._connection.stream(sql.RUNS_BY_NUMBER):
            numbers.add(int(row[0]))
            self._runs.add(str(row[1]))
            past = self._parsed(f"run {row[1]}", past_run_of, row)
            if past is not None and past.ended_at is None:
                self._cut_short[past.run.id] = replace(past, run=replace(past.run, plan=None))
        missing = sorted(set(range(1, counted + 1)) - numbers)
        beyond = sorted(number for number in numbers if number > counted)
        if missing:
            self.wrong.append(f"it has counted {counted} runs, and does not hold number {_few(missing)}")
        if beyond:
            self.wrong.append(f"it has counted {counted} runs, and holds number {_few(beyond)}")

    def _read_history(self) -> dict[Key, bytes]:
        """The last word on each request, as its fingerprint."""
        latest: dict[Key, bytes] = {}
        for row in self._connection.stream(sql.HISTORY):
            self._words += 1
            latest[_key(row)] = _fingerprint(row)
            name = f"word {self._words} of the history, on {_named(row)},"
            word = self._parsed(name, entry_of, row)
            if word is not None and word.run in self._cut_short:
                self._begun.setdefault(word.run, set()).add(word.key)
            if word is not None and word.run not in self._runs:
                self.wrong.append(f"{name} is of a run that is not there: {word.run}")
        return latest

    def _read_entries(self, latest: dict[Key, bytes]) -> None:
        """Each must be the last word of its history."""
        for row in self._connection.stream(sql.ENTRIES_BY_KEY):
            self._entries += 1
            last = latest.pop(_key(row), None)
            entry = self._parsed(f"the entry {_named(row)}", entry_of, row)
            if last is None:
                self.wrong.append(f"the entry {_named(row)} has no history")
            elif last != _fingerprint(row):
                self.wrong.append(f"the entry {_named(row)} is not the last word of its history")
            if entry is not None and entry.state in OPEN:
                self._open.append(entry)
        self.wrong += [f"the history of {address} {request} has no entry" for address, request in sorted(latest)]

    def _parsed(self, what: str, parse: Callable[[Row], T], row: Row) -> T | None:
        try:
            return parse(row)
        except (LedgerError, ValueError, TypeError) as error:
            self.wrong.append(f"{what} cannot be read: {error}")
            return None


def _key(row: Row) -> Key:
    return text_of(row[0]), text_of(row[1])


def _named(row: Row) -> str:
    return " ".join(_key(row))


def _fingerprint(row: Row) -> bytes:
    """Of every column: a ledger may be larger than the memory."""
    return hashlib.sha256(repr(tuple(row)).encode()).digest()


def _few(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
