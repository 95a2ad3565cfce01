"""Processes of this machine, as Linux shows them under /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

PROC = Path("/proc")


class Process(msgspec.Struct, frozen=True, order=True):
    started: datetime  # exact to a hundredth of a second
    pid: int


def reading_arguments_from(file: Path) -> tuple[Process, ...] | None:
    """Those started with `@file` among their arguments, oldest first. None: this system does not show processes."""
    if not (PROC / "self" / "stat").exists():
        return None
    wanted = file.resolve()
    found = (_process(folder) for folder in PROC.iterdir() if folder.name.isdigit() and _reads(folder, wanted))
    return tuple(sorted(process for process in found if process is not None))


def _reads(folder: Path, wanted: Path) -> bool:
    return any(path.resolve() == wanted for path in _argument_files(folder))


def _argument_files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):  # ended meanwhile, or not ours to see
        for argument in (folder / "cmdline").read_bytes().split(b"\0"):
            if argument.startswith(b"@/"):
                yield Path(os.fsdecode(argument[1:]))
            elif argument.startswith(b"@"):
                yield (folder / "cwd").readlink() / os.fsdecode(argument[1:])


def _process(folder: Path) -> Process | None:
    try:
        stat = (folder / "stat").read_text(errors="replace")
    except OSError:
        return None
    since_boot = int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot
    return Process(datetime.fromtimestamp(time.time() - age, UTC), int(folder.name))
