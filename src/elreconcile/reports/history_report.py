"""Past runs as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from elreconcile.ledger.entry import Entry, PastRun
from elreconcile.model.json import canonical
from elreconcile.reports.as_json import dumped
from elreconcile.reports.table import table

COLUMNS = ("number", "run", "started", "by", "commit", "digest", "ended")


def runs_text(runs: Sequence[PastRun]) -> str:
    """A row for each, oldest first."""
    if not runs:
        return "The ledger holds no runs.\n"
    return table([_row(past) for past in runs], COLUMNS, {"number"}) + "\n"


def run_text(past: PastRun, entries: Sequence[Entry]) -> str:
    """One run: its row, what was accepted, how each address ended and why, and every word the ledger was told."""
    endings = table([[ending, address, reason] for address, (ending, reason) in sorted(past.told.items())])
    words = [f"{each.at:%H:%M:%S} {each.address} {each.request_id}: {each.state}" for each in entries]
    images = {(each.address, each.request_id): each for each in entries}
    shown = [
        f"{address} {request}\n  before  {canonical(each.before)}\n  pins    {canonical(each.pins)}"
        f"\n  since   {canonical(each.evidence)}"
        for (address, request), each in sorted(images.items())
    ]
    parts = [runs_text([past]).rstrip(), _accepted(past), endings, "\n".join(words), *shown]
    return "\n\n".join(part for part in parts if part) + "\n"


def _accepted(past: PastRun) -> str:
    """Which refusals were lifted for the plan of this run, by who started it."""
    accepted = past.run.plan.get("accepted") if isinstance(past.run.plan, Mapping) else None
    ids = ", ".join(map(str, accepted)) if isinstance(accepted, list) else ""
    return f"accepted by {past.run.author}: {ids}" if ids else ""


def runs_json(runs: Sequence[PastRun]) -> str:
    return dumped({"type": "runs", "runs": runs})


def run_json(past: PastRun, entries: Sequence[Entry]) -> str:
    """With every word the ledger was told, each with pins, the image before, and the evidence."""
    return dumped({"type": "run", "run": past, "words": entries})


def _row(past: PastRun) -> tuple[str, ...]:
    run = past.run
    return (
        str(past.number),
        run.id,
        f"{run.started_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{run.author}@{run.host}",
        (run.git_commit or "not in git")[:12],
        run.digest[:16] or "settled by hand",
        _ended(past),
    )


def _ended(past: PastRun) -> str:
    if past.ended_at is None:
        return "cut short"
    counts = Counter(past.endings.values())
    return ", ".join(f"{count} {ending}" for ending, count in sorted(counts.items())) or "nothing done"
