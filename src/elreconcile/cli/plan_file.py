"""Saved plans as files: written for the owner's eyes only, read back with suspicion."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from elreconcile.errors import Refused, UsageError

if TYPE_CHECKING:
    from elreconcile.desired.config import Config
    from elreconcile.model.plan import Plan
    from elreconcile.planning.saved import SavedPlan

Latest = tuple[int, str | None]
"""The number and the id of a ledger's latest run; 0 and None before the first."""


def save(plan: Plan, path: Path, config: Config, latest: Latest) -> None:
    """Mode 0600, and whole or not at all: a reader never finds half of it."""
    from elreconcile.planning.saved import SavedPlan, write

    text = write(SavedPlan(plan, plan.made_at + config.timing.plan_lifetime, *latest, str(Path.cwd())))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):  # a file system that takes no writing takes no unlinking either
            unfinished.unlink()
        raise UsageError(f"the plan cannot be written to {path}: {error.strerror}") from error


def load(path: Path) -> SavedPlan:
    """Raises UsageError for a file that cannot be read, Refused for one that is not as it was written."""
    from elreconcile.planning.saved import read

    try:
        return read(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Refused(f"{path} is not a saved plan: it is not UTF-8") from None


def folder_of(saved: SavedPlan) -> Path:
    """Its documents: as the plan says, seen from here; else from where it was made."""
    folder = Path(saved.plan.source.folder)
    return folder if folder.is_dir() else Path(saved.made_in, folder)
