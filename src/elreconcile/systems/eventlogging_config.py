"""EventLogging's configuration files on this machine.

They may hold passwords: their text does not leave this module.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from elreconcile.errors import ElreconcileError, Unreachable
from elreconcile.systems.eventlogging_uri import WriterUri, with_blacklist, writer_uris
from elreconcile.systems.processes import Process, reading_arguments_from


class Changed(ElreconcileError):
    """A file is no longer as it was when the plan was made."""


class NotWritten(ElreconcileError):
    """The system did not let a file be replaced; it is as it was."""


class ConfigFile(msgspec.Struct, frozen=True):
    """`processes` are those started with this file, oldest first; None: not known. `obstacle`: why we may not write."""

    path: str
    modified: datetime
    writers: tuple[WriterUri, ...]
    processes: tuple[Process, ...] | None
    obstacle: str | None

    @property
    def outdated(self) -> tuple[Process, ...]:
        """Those that started before the file was last written: they have not read it as it is."""
        return tuple(each for each in self.processes or () if each.started <= self.modified)


class EventLoggingReader:
    def files(self, pattern: str) -> tuple[ConfigFile, ...]:
        """Those the glob matches, by name. Raises Unreachable for one that may not be read."""
        paths = (Path(name) for name in sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207  Path's has a root
        return tuple(self.file(str(path)) for path in paths if path.is_file())

    def file(self, path: str) -> ConfigFile:
        text, status = _read(Path(path))
        try:
            writers = writer_uris(text)
        except ValueError as error:  # urllib's, which says what is wrong without the URI
            raise Unreachable(path, f"a URI in it cannot be read: {error}", 0.0) from None
        return ConfigFile(
            path,
            datetime.fromtimestamp(status.st_mtime, UTC),
            writers,
            reading_arguments_from(Path(path)),
            _obstacle(Path(path).resolve(), status),
        )


class EventLoggingWriter(EventLoggingReader):
    def set_blacklist(self, path: str, line: int, was: str, becomes: str) -> None:
        """Replace the file by one with another blacklist on one line, in one step; done before: do nothing.

        Raises Changed when the line has neither, NotWritten, Unreachable.
        """
        text, status = _read(Path(path))
        stands = {each.line: each.blacklist for each in writer_uris(text)}.get(line)
        if stands == becomes:
            return
        if stands != was:
            raise Changed(f"{path}:{line}: its blacklist is no longer what it was when the plan was made")
        try:
            _replace(Path(path).resolve(), with_blacklist(text, line, becomes), status)
        except OSError as error:
            raise NotWritten(f"{path}: {error.strerror}") from error


def _read(path: Path) -> tuple[str, os.stat_result]:
    try:
        with path.open("rb") as file:
            return file.read().decode(errors="surrogateescape"), os.fstat(file.fileno())
    except OSError as error:
        raise Unreachable(str(path), f"cannot be read: {error.strerror}", 0.0) from error


def _obstacle(path: Path, status: os.stat_result) -> str | None:
    """Replacing needs the right to write in the folder, and to give a new file the owner of the old one."""
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True):
        return f"we may not write in {path.parent}"
    ours = status.st_uid == os.geteuid() and status.st_gid in {os.getegid(), *os.getgroups()}
    return None if ours or os.geteuid() == 0 else "it belongs to somebody else, and only root could keep it so"


def _replace(path: Path, text: str, status: os.stat_result) -> None:
    """Whoever reads sees the old file or the new one. The name starts with a dot, so that no glob takes it for one."""
    unfinished = path.with_name(f".{path.name}.elreconcile")
    unfinished.unlink(missing_ok=True)  # of a run that was killed
    try:
        _write(unfinished, text)
        os.chown(unfinished, status.st_uid, status.st_gid)
        shutil.copystat(path, unfinished)  # mode, access lists and labels
        os.utime(unfinished)  # but its time is now: a process older than that has to restart
        if (now := path.stat()).st_mtime_ns != status.st_mtime_ns or now.st_ino != status.st_ino:
            raise Changed(f"{path}: somebody wrote it at this very moment; nothing was changed")
        unfinished.replace(path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()
    _keep(path.parent)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode(errors="surrogateescape"))
        file.flush()
        os.fsync(file.fileno())


def _keep(folder: Path) -> None:
    """The renaming itself outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
