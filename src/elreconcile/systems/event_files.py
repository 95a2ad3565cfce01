"""Files of events, one JSON text a line, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from glob import iglob
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO

from elreconcile.systems.event_batch import Batch, Slice, SourceBroken, joined

LINES = 4_000
"""Lines in memory at a time."""

LONGEST_LINE = 64 * 1024 * 1024

BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, OSError)


class EventFiles:
    """Reads lines, counted from 1. Raises SourceBroken where a file cannot be read on."""

    chunk = 64_000

    def read(self, slices: Sequence[Slice]) -> Iterator[Batch]:
        for each in joined(slices):
            yield from _batches(each)

    def place(self, part: tuple[str, int], position: int) -> str:
        return f"{part[0]}:{position}"


def matching(pattern: str) -> Sequence[str]:
    """The files of a glob, in the order of their names."""
    found = iglob(pattern, recursive=True)  # noqa: PTH207  the pattern may be absolute
    return sorted(path for path in found if Path(path).is_file())


def beginning(path: str) -> str | None:
    """A digest of the first line, which stays as a file grows; None for an empty file. Raises SourceBroken."""
    try:
        with _opened(path) as file:
            line = file.readline(LONGEST_LINE)
    except BROKEN as error:
        raise SourceBroken(path, _cause(error)) from error
    return sha256(line).hexdigest()[:16] if line else None


def _batches(wanted: Slice) -> Iterator[Batch]:
    path = wanted.part[0]
    at = max(wanted.start, 1)
    try:
        with _opened(path) as file:
            lines = islice(iter(lambda: file.readline(LONGEST_LINE), b""), at - 1, max(wanted.end - 1, 0))
            while several := list(islice(lines, LINES)):
                values = [line.rstrip(b"\r\n") for line in several]
                yield Batch(wanted.part, range(at, at + len(values)), values)
                at += len(values)
    except BROKEN as error:
        raise SourceBroken(f"{path}:{at}", _cause(error)) from error


def _cause(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the gzip is cut short"
    return (getattr(error, "strerror", None) or str(error)).lower()


def _opened(path: str) -> gzip.GzipFile | IO[bytes]:
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else Path(path).open("rb")
