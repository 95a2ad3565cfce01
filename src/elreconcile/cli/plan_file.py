"""Saved plans as files: written for the owner's eyes only, read back with suspicion."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from elreconcile.errors import Refused, UsageError

if TYPE_CHECKING:
    from elreconcile.desired.config import Config
    from elreconcile.ledger.entry import PastRun
    from elreconcile.ledger.store import LedgerReader
    from elreconcile.model.plan import Plan
    from elreconcile.planning.saved import SavedPlan


def save(plan: Plan, path: Path, config: Config, run_number: int) -> None:
    """Mode 0600, and whole or not at all: a reader never finds half of it."""
    from elreconcile.planning.saved import SavedPlan, write

    text = write(SavedPlan(plan, plan.made_at + config.timing.plan_lifetime, run_number))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
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


def stale(saved: SavedPlan, ledger: LedgerReader) -> str | None:
    """Why the plan may no longer be carried out, as far as the ledger and the clock know; None: it may be."""
    now = datetime.now(UTC)
    if now >= saved.expires_at:
        return f"it expired at {saved.expires_at:%Y-%m-%dT%H:%M:%SZ}"
    if saved.plan.ledger != ledger.identity:
        return f"it was made with the ledger {saved.plan.ledger}, and this one is {ledger.identity}"
    if saved.run_number > ledger.run_number():
        counted = f"{ledger.run_number()} runs, {saved.run_number} when the plan was made"
        return f"the ledger is an older copy than the plan knew: it has counted {counted}"
    done = [past for past in ledger.runs_of_plan(saved.plan.digest) if _carried_out(past)]
    if done:
        return f"it was carried out by run {done[-1].run.id} at {done[-1].ended_at:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _carried_out(past: PastRun) -> bool:
    """To its end: what was cut short, or came to nothing, may go on."""
    from elreconcile.model.outcome import Ending

    ended = past.outcomes.values() if isinstance(past.outcomes, Mapping) else ()
    return past.ended_at is not None and set(ended) <= {Ending.SETTLED, Ending.PENDING, Ending.OVERWRITTEN}
