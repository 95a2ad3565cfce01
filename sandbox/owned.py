"""Sandboxes that live no longer than the process that asked for them, such as a test session."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.process import Life, is_alive, life_of
from sandbox.stack import DEFAULT_FOLDER, Sandbox, locked

OWNED = DEFAULT_FOLDER.with_name(".sandbox-owned")


def own_folder(name: str, root: Path = OWNED) -> Path:
    """A folder of this process's own. What killed processes left running in theirs is ended first."""
    with locked(root):
        sweep(root)
    life = life_of(os.getpid())
    assert life  # noqa: S101 - we run
    return root / f"{life.pid}-{life.started}-{life.boot}" / name


def sweep(root: Path = OWNED) -> None:
    """End and remove every sandbox under `root` whose owner is gone."""
    for owner in root.glob("*-*-*"):
        pid, started, boot = owner.name.split("-", 2)
        if not is_alive(Life(int(pid), int(started), boot)):
            for folder in owner.iterdir():
                Sandbox(folder).delete()
            owner.rmdir()
