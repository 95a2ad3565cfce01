"""Files of events as people leave them: whole ones are read line by line, and a broken one is told with its place."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from elreconcile.systems.event_batch import Slice, SourceBroken
from elreconcile.systems.event_files import BYTES, LINES, LONGEST_LINE, EventFiles

ALL = 1 << 62
COUNT = 2 * LINES + 300
NUMBERED = [b"%d %s" % (number, sha256(b"%d" % number).hexdigest().encode()) for number in range(COUNT)]
PACKED = gzip.compress(b"".join(line + b"\n" for line in NUMBERED), mtime=0)
"""Of so many lines that several batches of them are read, the last of them not full."""


def lines_of(path: Path, start: int = 1, end: int = ALL) -> Mapping[int, bytes | None]:
    """By their numbers."""
    batches = list(EventFiles().read([Slice((str(path), 0), start, end)]))
    return {at: value for each in batches for at, value in zip(each.positions, each.values, strict=True)}


def unpacked(path: Path) -> bytes:
    """As far as it goes."""
    return subprocess.run(["gzip", "-dcf", path], capture_output=True, check=False).stdout


def sed(path: Path, line: int) -> bytes:
    """What a person sees there."""
    words = ["sed", "-n", f"{line}p"]
    return subprocess.run(words, input=unpacked(path), capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"one\ntwo\n", [b"one", b"two"]),
        (b"one\ntwo", [b"one", b"two"]),
        (b"one\r\ntwo\r\n\r\nfour", [b"one", b"two", b"", b"four"]),
        (b"\n\none", [b"", b"", b"one"]),
        (b"one\x0b\x0c\x1c\xe2\x80\xa8still one\n", [b"one\x0b\x0c\x1c\xe2\x80\xa8still one"]),
        (b"", []),
    ],
    ids=["whole", "no newline at the end", "ends of two sorts", "empty lines", "other separators", "empty"],
)
@pytest.mark.parametrize("name", ["plain.log", "plain.gz", "packed.gz", "packed.log"])
def test_lines_are_those_that_sed_counts(content: bytes, wanted: list[bytes], name: str, tmp_path: Path) -> None:
    """Whether a file is packed is seen from its beginning, not from its name."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if "packed" in name else content)
    assert lines_of(path) == dict(enumerate(wanted, 1))
    for number, line in lines_of(path).items():
        assert sed(path, number).rstrip(b"\r\n") == line


def test_a_part_of_a_file_has_the_numbers_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "numbered.gz"
    path.write_bytes(PACKED + PACKED)
    assert lines_of(path, 0, 3) == {1: NUMBERED[0], 2: NUMBERED[1]}
    assert lines_of(path, COUNT, COUNT + 2) == {COUNT: NUMBERED[-1], COUNT + 1: NUMBERED[0]}
    assert list(lines_of(path, LINES)) == list(range(LINES, 2 * COUNT + 1))


def test_a_line_without_end_is_one_line(tmp_path: Path) -> None:
    """A machine that lost its power leaves zeros behind: the lines after them keep their numbers."""
    path = tmp_path / "torn.log"
    with path.open("wb") as file:
        file.write(b"one\n")
        file.seek(2 * LONGEST_LINE + 7)
        file.write(b"\nthree\n")
    found = lines_of(path)
    assert (list(found), found[1], found[3]) == ([1, 2, 3], b"one", b"three")
    assert found[2] == bytes(LONGEST_LINE)


def damaged(at: int) -> bytes:
    return PACKED[:at] + bytes(byte ^ 0xFF for byte in PACKED[at : at + 3]) + PACKED[at + 3 :]


@pytest.mark.parametrize(
    "content",
    [PACKED[: len(PACKED) // share] for share in (2, 3, 5, 90)],
    ids=["half", "third", "fifth", "little"],
)
def test_where_a_gzip_is_cut_short(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(content)
    with pytest.raises(SourceBroken) as told:
        lines_of(path)
    line = int(told.value.place.removeprefix(f"{path}:"))
    assert told.value.cause == f"the gzip is cut short: {line - 1:,} lines of it are whole"
    shown = sed(path, line)
    assert (len(shown) < len(NUMBERED[line - 1]), NUMBERED[line - 1].startswith(shown)) == (True, True)
    assert sed(path, line - 1) == NUMBERED[line - 2] + b"\n"
    assert sed(path, line + 1) == b""


CHECKED = "the gzip is damaged here or before: crc check failed"


@pytest.mark.parametrize(
    ("content", "line", "cause"),
    [
        (PACKED[:5], 1, "the gzip is cut short: 0 lines of it are whole"),
        (PACKED[:-3], COUNT + 1, f"the gzip is cut short: {COUNT:,} lines of it are whole"),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], COUNT, CHECKED),
        (PACKED[:-4] + b"\0\0\0\0", COUNT, "the gzip is damaged here or before: incorrect length of data produced"),
        (PACKED + b"more", COUNT, "the gzip is damaged here or before: not a gzipped file (b'mo')"),
        (PACKED[:2] + b"\1" + PACKED[3:], 1, "the gzip is damaged here or before: unknown compression method"),
    ],
    ids=["header", "trailer", "checksum", "length", "more", "method"],
)
def test_where_a_gzip_is_not_sound(content: bytes, line: int, cause: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    with pytest.raises(SourceBroken) as told:
        lines_of(path)
    assert told.value.place == f"{path}:{line}"
    assert told.value.cause.startswith(cause)


@pytest.mark.parametrize("tenth", range(1, 10))
def test_damage_in_the_middle_of_a_gzip(tenth: int, tmp_path: Path) -> None:
    """It may come to light at once, or by the checksum only."""
    path = tmp_path / "damaged.gz"
    path.write_bytes(damaged(len(PACKED) * tenth // 10))
    with pytest.raises(SourceBroken) as told:
        lines_of(path)
    line = int(told.value.place.removeprefix(f"{path}:"))
    shown = unpacked(path).split(b"\n")
    if told.value.cause.startswith(CHECKED):
        assert any(one != other for one, other in zip(shown[:line], NUMBERED, strict=False))
    else:
        assert told.value.cause.startswith("the gzip is damaged, and is read no further: error ")
        assert 1 < line <= len(shown)


def test_a_file_that_cannot_be_opened_is_told_without_a_line(tmp_path: Path) -> None:
    with pytest.raises(SourceBroken) as told:
        lines_of(tmp_path / "none")
    assert (told.value.place, told.value.cause) == (str(tmp_path / "none"), "no such file or directory")


def test_long_lines_come_in_smaller_batches(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(b"x" * 3_000_000 + b"%d\n" % number for number in range(10)))
    batches = list(EventFiles().read([Slice((str(path), 0), 1, ALL)]))
    assert [len(batch.values) for batch in batches] == [3, 3, 3, 1]
    assert all(sum(len(value or b"") for value in batch.values) < BYTES + 3_000_010 for batch in batches)
    assert [at for batch in batches for at in batch.positions] == list(range(1, 11))
