"""Locks beside a SQLite ledger: a file for each address, locked by the kernel, which frees it when we die."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from elreconcile.errors import LedgerError, LockLost
from elreconcile.ledger.lock import Owner, held_by, patience

_OTHER_OPEN_FILES = 256
_LONGEST_OWNER = 4096


class FileLocks:
    """`folder` keeps one small file for each address ever locked: removing one would break the lock on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, addresses: Sequence[str], owner: Owner, wait: float = 0.0) -> Iterator[FileHold]:
        wanted = sorted(set(addresses))
        hold = FileHold(self._folder, owner)
        try:
            self._folder.mkdir(exist_ok=True)
            _allow_open_files(len(wanted) + _OTHER_OPEN_FILES)
            patience(wait)(hold.take, wanted)
        except OSError as error:
            addresses = f"{len(wanted):,} address{'es' if len(wanted) > 1 else ''}"
            raise LedgerError(f"cannot lock {addresses} in {self._folder}: {error}") from error
        try:
            yield hold
        finally:
            hold.give_back()


class _Open(msgspec.Struct, frozen=True):
    """A file of ours. While it is open no other can get its number (inode)."""

    file: int
    path: str
    inode: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> Self:
        """Raises OSError."""
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        return cls(file, str(path), _inode(os.fstat(file)))

    def is_in_place(self) -> bool:
        try:
            return _inode(os.stat(self.path)) == self.inode  # noqa: PTH116  asked thousands of times in a large run
        except OSError:  # gone, or not to be seen any more
            return False


def _inode(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


class FileHold:
    """The open files by address. While one is open, and still the one in the folder, its lock is ours."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._folder = folder
        self._owner = owner
        self._files: dict[str, _Open] = {}

    def take(self, addresses: Sequence[str]) -> None:
        """All or none. Raises LockHeld, OSError."""
        try:
            for address in addresses:
                self._files[address] = _Open.at(self._path(address))
                self._lock(address)
        except BaseException:
            self.give_back()
            raise

    def check(self, *addresses: str) -> None:
        for address in addresses or self._files:
            held = self._files.get(address)
            if held is None:
                raise LockLost(f"{address} is not locked by this run")
            if not held.is_in_place():
                raise LockLost(f"the lock on {address} is lost: {held.path} was removed")

    def give_back(self) -> None:
        while self._files:
            os.close(self._files.popitem()[1].file)

    def _lock(self, address: str) -> None:
        file = self._files[address].file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            signature, *_ = os.pread(file, _LONGEST_OWNER, 0).decode(errors="replace").split("\n")
            raise held_by(address, signature) from None
        # In this order a reader never finds the file empty once it had an owner.
        text = f"{self._owner.to_json()}\n{address}\n".encode()
        os.pwrite(file, text, 0)
        os.ftruncate(file, len(text))

    def _path(self, address: str) -> Path:
        return self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:40]}.lock"


def _allow_open_files(needed: int) -> None:
    """A shell allows 1,024 open files as a rule, and a run of 1,000 resets locks as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed and soft != resource.RLIM_INFINITY:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
