"""Files of events, one JSON text a line, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from glob import iglob
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO

from elreconcile.systems.event_batch import Batch, Slice, SourceBroken, joined

LINES, BYTES = 4_000, 8_000_000
"""In memory at a time, but for one line more."""

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
    with closing(_lines(path)) as lines:
        first = next(lines, None)
    return None if first is None else sha256(first).hexdigest()[:16]


def _batches(wanted: Slice) -> Iterator[Batch]:
    at = max(wanted.start, 1)
    with closing(_lines(wanted.part[0])) as lines:
        own = islice(lines, at - 1, max(wanted.end - 1, 0))
        while values := _some(own):
            yield Batch(wanted.part, range(at, at + len(values)), values)
            at += len(values)


def _some(lines: Iterator[bytes]) -> list[bytes]:
    """Without their ends."""
    values, size = [], 0
    for line in islice(lines, LINES):
        values.append(line.rstrip(b"\r\n"))
        size += len(line)
        if size >= BYTES:
            break
    return values


def _lines(path: str) -> Generator[bytes, None, None]:
    """With their ends. Of a line that is longer than the longest one only the beginning."""
    read = 0
    try:
        with _opened(path) as file:
            while line := file.readline(LONGEST_LINE):
                end = line
                while len(end) == LONGEST_LINE and not end.endswith(b"\n"):
                    end = file.readline(LONGEST_LINE)
                read += 1
                yield line
    except BROKEN as error:
        raise _broken(path, read, error) from error


def _broken(path: str, read: int, error: Exception) -> SourceBroken:
    """So many lines were read before it. A checksum is told behind the last line it is of."""
    if isinstance(error, EOFError):
        return SourceBroken(f"{path}:{read + 1}", f"the gzip is cut short: {read:,} lines of it are whole")
    if isinstance(error, gzip.BadGzipFile):
        return SourceBroken(f"{path}:{max(read, 1)}", f"the gzip is damaged here or before: {str(error).lower()}")
    if isinstance(error, zlib.error):
        return SourceBroken(f"{path}:{read + 1}", f"the gzip is damaged, and is read no further: {str(error).lower()}")
    cause = (getattr(error, "strerror", None) or str(error)).lower()
    return SourceBroken(f"{path}:{read + 1}" if read else path, cause)


def _opened(path: str) -> gzip.GzipFile | IO[bytes]:
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else Path(path).open("rb")
