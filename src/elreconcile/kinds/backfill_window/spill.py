"""Ids found while scanning, kept on disk: memory does not grow with the window."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from struct import Struct
from types import TracebackType
from typing import Self

import msgspec

ID = 16
"""Bytes of an id."""

ONE, MANY = Struct(f"{ID}s"), Struct(f"{ID}s" * 256)

HELD = 8_000_000
"""Bytes kept in memory before they go to the file."""


def each_id(packed: bytes) -> Iterator[bytes]:
    """Of ids that lie one after another; unpacked many at a time, which takes less than half as long."""
    whole = len(packed) - len(packed) % MANY.size
    return chain.from_iterable(chain(MANY.iter_unpack(packed[:whole]), ONE.iter_unpack(packed[whole:])))


def xor_of(ids: bytes | bytearray) -> int:
    """Of the first 64 bits of the ids: what MySQL's bit_xor says of the same ones."""
    bits = 8 * ID
    folded, count = int.from_bytes(ids), len(ids) // ID
    while count > 1:
        half = count // 2
        folded = (folded >> (bits * half)) ^ (folded & ((1 << (bits * half)) - 1))
        count -= half
    return folded >> (bits - 64)


class Chunk(msgspec.Struct, frozen=True):
    """Ids of one table and minute that came together. `pending`: past the writer's commits."""

    minute: str
    pending: bool
    offset: int
    length: int


@dataclass(slots=True)
class Cell:
    """One table and hour. `count` and `xor` cover every eligible event, duplicates too."""

    count: int = 0
    xor: int = 0
    chunks: list[Chunk] = field(default_factory=list)


CellKey = tuple[str, str]
"""A table and an hour of 10 digits."""


class Spill:
    """Ids by table, minute and whether they are pending."""

    def __init__(self) -> None:
        self.cells: dict[CellKey, Cell] = {}
        self._file = tempfile.TemporaryFile(prefix="elreconcile-")  # noqa: SIM115  closed in close()
        self._held: dict[tuple[str, str, bool], bytearray] = {}
        self._size = 0

    def add(self, table: str, minute: str, pending: bool, ids: bytes) -> None:
        key = (table, minute, pending)
        if key in self._held:
            self._held[key] += ids
        else:
            self._held[key] = bytearray(ids)
        self._size += len(ids)
        if self._size > HELD:
            self.flush()

    def flush(self) -> None:
        """To be called once before `read`."""
        offset = self._file.seek(0, 2)
        for (table, minute, pending), ids in self._held.items():
            cell = self.cells.setdefault((table, minute[:10]), Cell())
            cell.count += len(ids) // ID
            cell.xor ^= xor_of(ids)
            cell.chunks.append(Chunk(minute, pending, offset, len(ids)))
            offset += self._file.write(ids)
        self._held.clear()
        self._size = 0

    def read(self, chunk: Chunk) -> Iterator[bytes]:
        """Its ids, one by one."""
        self._file.seek(chunk.offset)
        return each_id(self._file.read(chunk.length))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
