"""The errors that end a command, with the exit codes they end in.

ElreconcileError                     1
├── UsageError                      64   the command line cannot be carried out as written
├── DesiredStateError               65   what the files alone show to be wrong; carries every problem found
├── ConfigError                     78   the same for elreconcile.yaml
├── Unreachable                     69   a system that is down, hangs or refuses us
│   └── NotAuthorized               69   it answers, and does not let us (in systems)
├── StatementRefused                69   MySQL would not carry out a statement (in systems)
├── Interrupted                    130   Ctrl-C or SIGTERM: nothing more is begun
├── LockHeld                         5   somebody else is acting on an address
├── LockLost                         1   our own lock went away: nothing more may be written
├── LedgerError                      4   no ledger, or not the one the config names
└── Refused                          4   a safety rule forbids it
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class ElreconcileError(Exception):
    """The base of all of them; `str()` is what the operator reads."""

    exit_code = 1


class UsageError(ElreconcileError):
    exit_code = 64


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing wrong in a file. Lines and columns count from 1, as editors do."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class LocatedError(ElreconcileError):
    """Problems found in files, all at once, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DesiredStateError(LocatedError):
    exit_code = 65


class ConfigError(LocatedError):
    exit_code = 78


class Unreachable(ElreconcileError):
    """A system could not be asked. Says which, how long it was tried, and the true cause."""

    exit_code = 69

    def __init__(self, system: str, cause: str, tried_seconds: float) -> None:
        self.system = system
        self.cause = cause
        self.tried_seconds = tried_seconds
        super().__init__(f"{system}: {cause} (tried for {tried_seconds:.1f} s)")


class Interrupted(ElreconcileError):
    exit_code = 130


class LockHeld(ElreconcileError):
    exit_code = 5


class LockLost(ElreconcileError):
    pass


class LedgerError(ElreconcileError):
    exit_code = 4


class Refused(ElreconcileError):
    exit_code = 4
