"""The figures of the bench and what was to be reached, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench import bare
from bench.measure import Figure
from elreconcile.reports.table import table

WHAT = {
    "plan": "elreconcile plan --full, event times shown",
    "describe": "kafka-consumer-groups --all-groups --describe",
    "dry-run": "kafka-consumer-groups --all-groups --all-topics --reset-offsets --to-datetime T --dry-run",
    "bare plan": "the bare admin calls of a plan",
    "fetch": "  no admin call, but part of the plan: fetching the record at each target",
    "apply": "elreconcile apply --yes",
    "carried out": "  of it, from the first word in the ledger to the last, both waits included",
    "bare apply": "the bare serial loop of alter_group_offsets",
    "loop": "  of it, from the first call to the last answer",
    "--help": "elreconcile --help",
    "import typer": "python -c 'import typer'",
}

NOTES = """\
Bare admin calls: kafka-python's {plan}.
Kafka's tool: the class behind kafka-consumer-groups.sh with the script's own java options, without the script.
Carrying out is recording "started", marking, looking, committing, reading back, recording how it ended. An apply makes
the plan twice before: to show it, and under the locks. It waits timing.grace = {grace:g} s (the default) twice, however
many groups there are. The loop records, looks at and verifies nothing. No Burrow is configured; the ledger is SQLite.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its bound; `least` tells on which side of it is good."""

    what: str
    value: float
    bound: float
    unit: str = "times"
    least: bool = False

    def row(self) -> tuple[str, str, str, str]:
        reached = self.value >= self.bound if self.least else self.value <= self.bound
        side = "at least" if self.least else "at most"
        return self.what, f"{self.value:.2f}", f"{side} {self.bound:g} {self.unit}", "yes" if reached else "no"


def report(figures: Mapping[str, Figure], grace: float) -> str:
    known = [(what, figures[name]) for name, what in WHAT.items()]
    rows = [
        (what, f"{one.seconds:.2f}", one.spread, f"{one.megabytes:.0f}" if one.megabytes else "") for what, one in known
    ]
    columns = (f"process start to exit, median of {len(known[0][1].runs)}", "seconds", "all runs", "peak MB")
    measured = table(rows, columns, columns[1:])
    told = table([target.row() for target in targets(figures, grace)], ("", "measured", "target", "reached"))
    return f"{measured}\n\n{told}\n\n{NOTES.format(plan=bare.PLAN, grace=grace)}"


def targets(figures: Mapping[str, Figure], grace: float) -> list[Target]:
    seconds = {name: figure.seconds for name, figure in figures.items()}
    plan, kafkas, waits = seconds["plan"], min(seconds["describe"], seconds["dry-run"]), 2 * grace
    carried_out = (seconds["carried out"] - waits) / seconds["loop"]
    without_waits = (seconds["apply"] - waits) / seconds["bare apply"]
    return [
        Target("plan: faster than the faster of Kafka's two commands", kafkas / plan, 2, least=True),
        Target("plan: beside the bare admin calls", plan / seconds["bare plan"], 3),
        Target("plan: peak memory", figures["plan"].megabytes, 150, "MB"),
        Target("carrying out without the two waits, beside the loop", carried_out, 1),
        Target("apply, plans included, without the two waits, beside the loop's process", without_waits, 1),
        Target("apply with all, beside the loop's process", seconds["apply"] / seconds["bare apply"], 1),
        Target("--help: beside import typer", seconds["--help"] / seconds["import typer"], 2.5),
    ]
