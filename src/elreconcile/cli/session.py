"""What a verb works with: configuration, documents, and where they come from."""

from __future__ import annotations

import os
import socket
import subprocess
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from elreconcile.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from elreconcile.applying.observing import Wanted
    from elreconcile.desired.config import Config
    from elreconcile.ledger.lock import Owner
    from elreconcile.model.address import Address
    from elreconcile.model.plan import Source

NAME = "elreconcile.yaml"


def read_config(named: Path | None, folder: Path | None = None) -> Config:
    """The file named, else the one in the folder of documents, else the one beside that folder.

    Raises ConfigError, UsageError.
    """
    from elreconcile.desired.config import load_config

    if named is not None:
        if not named.is_file():
            raise ConfigError([Problem(str(named), 1, 1, "no such file")])
        return load_config(named)
    places = [Path(NAME)] if folder is None else [folder / NAME, folder.parent / NAME]
    for place in places:
        if place.is_file():
            return load_config(place)
    looked = " or ".join(str(place) for place in places)
    raise UsageError(f"no configuration: looked for {looked}; name one with --config")


class Selection(msgspec.Struct, frozen=True):
    """Patterns as in a shell, on a document's name or its whole address. No `only`: all of them."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def takes(self, address: Address) -> bool:
        return (not self.only or _matches(address, self.only)) and not _matches(address, self.without)

    def must_match(self, addresses: Sequence[Address]) -> None:
        """A pattern that speaks of nothing was meant otherwise. Raises UsageError."""
        patterns = [("--only", each) for each in self.only] + [("--except", each) for each in self.without]
        for option, pattern in patterns:
            if not any(_matches(address, [pattern]) for address in addresses):
                raise UsageError(f"{option} {pattern}: no document has such a name or address")


def _matches(address: Address, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for text in (address.name, str(address)) for pattern in patterns)


ALL = Selection()


def read_wanted(folder: Path, config_file: Path | None, accepted: Sequence[str], selection: Selection = ALL) -> Wanted:
    """The configuration, then the documents, with all problems of either at once. Contacts no server.

    Raises ConfigError, DesiredStateError, UsageError.
    """
    from elreconcile.applying.observing import Wanted
    from elreconcile.desired.load import load
    from elreconcile.kinds import KINDS

    _must_be_acceptable(accepted)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder of documents")
    config = read_config(config_file, folder)
    resources = load(folder, config, {name: kind.spec for name, kind in KINDS.items()})
    selection.must_match([resource.address for resource in resources])
    taken = tuple(resource for resource in resources if selection.takes(resource.address))
    left_out = tuple(resource.address for resource in resources if not selection.takes(resource.address))
    return Wanted(config, _source(folder), taken, frozenset(accepted), left_out)


def _must_be_acceptable(accepted: Sequence[str]) -> None:
    """A misspelt id would be bound into the plan, and lift nothing. Raises UsageError."""
    from elreconcile.planning.policy import ACCEPTABLE

    for id in accepted:
        if id not in ACCEPTABLE:
            known = ", ".join(sorted(ACCEPTABLE))
            raise UsageError(f"--accept {id}: no refusal that can be accepted has this id; these have: {known}")


def _source(folder: Path) -> Source:
    """The commit the documents are at, where git knows; only the folder itself counts as dirty or clean."""
    from elreconcile.model.plan import Source

    lines = _git_status(folder)
    commit = next((line.removeprefix(COMMIT) for line in lines if line.startswith(COMMIT)), UNBORN)
    if commit == UNBORN:
        return Source(str(folder))
    return Source(str(folder), commit, dirty=any(not line.startswith("#") for line in lines))


COMMIT = "# branch.oid "
UNBORN = "(initial)"
"""As git calls a branch without a commit."""


def _git_status(folder: Path) -> list[str]:
    """Lines about the branch begin with #, each of the others is a change in the folder. None where git knows none."""
    words = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch", "--", "."]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=10).stdout.splitlines()  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return []


def owner() -> Owner:
    """Who is acting now, as locks and history show it."""
    from elreconcile.ledger.lock import Owner
    from elreconcile.systems.this_user import this_user

    return Owner(this_user(), socket.gethostname(), os.getpid(), datetime.now(UTC), uuid.uuid4().hex[:12])
