"""Entries and runs as the rows of both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from elreconcile.errors import LedgerError
from elreconcile.ledger.connection import Row
from elreconcile.ledger.entry import Entry, PastRun, Run, State
from elreconcile.model.json import canonical


def entry_row(entry: Entry) -> Row:
    return (
        entry.address,
        entry.request_id,
        entry.fingerprint,
        canonical(entry.meaning),
        entry.state.value,
        canonical(entry.pins),
        canonical(entry.before),
        canonical(entry.evidence),
        entry.run,
        stored_time(entry.at),
    )


def run_row(run: Run) -> Row:
    return (
        run.id,
        stored_time(run.started_at),
        run.author,
        run.host,
        run.git_commit,
        run.digest,
        canonical(run.plan),
    )


def past_run_of(row: Row) -> PastRun:
    """Raises ValueError for what is no time or no JSON."""
    number, run_id, started_at, author, host, git_commit, digest, plan, ended_at, outcomes = row
    run = Run(run_id, datetime.fromisoformat(started_at), author, host, git_commit, digest, json.loads(plan))
    ended = datetime.fromisoformat(ended_at) if ended_at else None
    return PastRun(int(number), run, ended, json.loads(outcomes) if outcomes else None)


def entry_of(row: Row) -> Entry:
    """Raises LedgerError for a state of another version, ValueError for what is no time or no JSON."""
    address, request_id, fingerprint, meaning, state, pins, before, evidence, run, at = row
    return Entry(
        address=text_of(address),
        request_id=text_of(request_id),
        fingerprint=fingerprint,
        meaning=json.loads(meaning),
        state=_state(state),
        pins=json.loads(pins),
        before=json.loads(before),
        evidence=json.loads(evidence),
        run=run,
        at=datetime.fromisoformat(at),
    )


def text_of(key: Any) -> str:
    """MySQL gives the columns it compares byte by byte as bytes."""
    return key.decode() if isinstance(key, bytes) else str(key)


def _state(word: str) -> State:
    try:
        return State(word)
    except ValueError:
        raise LedgerError(f"the ledger holds the state {word!r}, which this version does not know") from None


def stored_time(at: datetime) -> str:
    """UTC and of one length, so that the texts sort as the times do. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
