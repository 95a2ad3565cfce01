"""1,000 groups over 100 topics of 12 partitions, each rewound to a time of its own: `python -m bench.groups`.

Each round has documents with new ids and a ledger of its own, and begins with all groups at the end of their topics.
Exits with 0 whenever everything could be measured: a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bench import world
from bench.measure import BenchFailed, Figure, Measured, measure
from bench.report import report
from sandbox.errors import SandboxError
from sandbox.install import java, kafka_classpath
from sandbox.owned import own_folder
from sandbox.stack import Sandbox

ROOT = Path(__file__).resolve().parent.parent
ROWS = len(world.GROUPS) * world.PARTITIONS
GRACE = 5
"""Seconds of timing.grace, as it is by default: an apply waits so long twice."""

CONFIG = """\
environment: bench
kafka: {{bench: {{bootstrap_servers: ["{bootstrap}"]}}}}
ledger: {{sqlite: {file}, id: {ledger}}}
timing: {{grace: {grace}s, deadline: 60s}}
"""

# What kafka-run-class.sh of Kafka 3.9 gives to java, without the time the script itself takes.
JVM = (
    *("-Xmx256M", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35"),
    *("-XX:+ExplicitGCInvokesConcurrent", "-XX:MaxInlineLevel=15", "-Djava.awt.headless=true"),
    *("-Dcom.sun.management.jmxremote=true", "-Dcom.sun.management.jmxremote.authenticate=false"),
    "-Dcom.sun.management.jmxremote.ssl=false",
)
ROW = r"bench\.group-\d+ +bench\.topic-"
CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
LOG4J = """\
log4j.rootLogger=WARN, err
log4j.appender.err=org.apache.log4j.ConsoleAppender
log4j.appender.err.target=System.err
log4j.appender.err.layout=org.apache.log4j.PatternLayout
log4j.appender.err.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


class Bench:
    """One Kafka, one folder, and the commands that are measured against each other."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.runs: dict[str, list[Measured]] = {}

    @property
    def figures(self) -> dict[str, Figure]:
        return {name: Figure(tuple(runs)) for name, runs in self.runs.items()}

    def prepare(self) -> None:
        """What all rounds have in common."""
        compileall.compile_dir(ROOT / "src", quiet=1)  # as pip does where it is installed
        self._run("making the world", [*_module("world"), self.bootstrap])
        (self.folder / "log4j.properties").write_text(LOG4J)

    def once(self, number: int) -> None:
        """Everything once, one after the other, so that a busy machine is one to all of them."""
        documents, ledger = self.folder / "documents", self.folder / f"ledger-{number}.sqlite"
        world.write_documents(documents, str(number))
        self._configure(ledger, "null")
        self._configure(ledger, self._run("ledger init", self._elreconcile("ledger", "init")).read_text().strip())
        self._run("import typer", [sys.executable, "-c", "import typer"])
        self._run("--help", [_installed(), "--help"])
        self._run("bare plan", [*_module("bare"), "plan", self.bootstrap])
        plan = self._run("plan", self._elreconcile("plan", str(documents), "--full"))
        _expect(plan, ROWS, "event times", r"Z  dt$")
        self._kafkas_own()
        self._note_inside("fetch", self._run("records", [*_module("records"), self.bootstrap]))
        self._note_inside("loop", self._run("bare apply", [*_module("bare"), "apply", self.bootstrap]))
        applied = self._run("apply", self._elreconcile("apply", str(documents), "--yes"))
        _expect(applied, len(world.GROUPS), "settled resets", r"^settled")
        self._note("carried out", Measured(_carried_out(ledger)))

    def _kafkas_own(self) -> None:
        described = self._run("describe", self._consumer_groups("--describe", "--all-groups"))
        _expect(described, ROWS, "partitions", ROW)
        dry_run = ["--reset-offsets", "--all-groups", "--all-topics", "--dry-run"]
        dry = self._run("dry-run", self._consumer_groups(*dry_run, "--to-datetime", "2018-03-13T06:30:00.000"))
        _expect(dry, ROWS, "partitions", ROW)

    def _run(self, name: str, words: Sequence[str]) -> Path:
        """Measure it; gives back the file with what it wrote to stdout."""
        output = self.folder / f"{name.strip('-').replace(' ', '-')}.out"
        self._note(name, measure(words, output, os.environ | {"PYTHONPATH": str(ROOT)}))
        return output

    def _note_inside(self, name: str, told: Path) -> None:
        self._note(name, Measured(float(told.read_text())))

    def _note(self, name: str, done: Measured) -> None:
        _say(f"{name:18}{done.seconds:8.2f} s" + (f"{done.megabytes:6.0f} MB" if done.megabytes else ""))
        self.runs.setdefault(name, []).append(done)

    def _elreconcile(self, *words: str) -> list[str]:
        return [_installed(), *words, "--config", str(self.folder / "elreconcile.yaml")]

    def _consumer_groups(self, *words: str) -> list[str]:
        log4j = f"-Dlog4j.configuration=file:{self.folder / 'log4j.properties'}"
        server = ["--bootstrap-server", self.bootstrap, "--timeout", "60000"]
        return [java(), *JVM, log4j, "-cp", kafka_classpath(), CONSUMER_GROUPS, *server, *words]

    def _configure(self, ledger: Path, identity: str) -> None:
        text = CONFIG.format(bootstrap=self.bootstrap, file=ledger.name, ledger=identity, grace=GRACE)
        (self.folder / "elreconcile.yaml").write_text(text)


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"bench.{name}"]


def _installed() -> str:
    return str(Path(sys.executable).with_name("elreconcile"))


def _carried_out(ledger: Path) -> float:
    """Seconds from the first word in the ledger, "started", to its last, how everything ended."""
    question = "SELECT MIN(at), MAX(ended_at) FROM elreconcile_history, elreconcile_runs"
    with closing(sqlite3.connect(ledger)) as connection:
        began, ended = map(datetime.fromisoformat, connection.execute(question).fetchone())
    return float((ended - began).total_seconds())


def _expect(output: Path, count: int, what: str, pattern: str) -> None:
    """What was measured did what it is measured for."""
    found = len(re.findall(pattern, output.read_text(), re.MULTILINE))
    if found != count:
        raise BenchFailed(f"{output.name} shows {found} {what}, not {count}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.groups", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    rounds = parser.parse_args().runs
    sandbox = Sandbox(own_folder("bench"))
    sandbox.choose_ports()
    try:
        sandbox.kafka.start()
        bench = Bench(sandbox.folder, sandbox.kafka.bootstrap)
        bench.prepare()
        for number in range(rounds):
            bench.once(number)
        print(report(bench.figures, GRACE), end="")
    except (BenchFailed, SandboxError) as error:
        _say(f"bench: {error}")
        return 1
    finally:
        sandbox.delete()
    return 0


if __name__ == "__main__":
    sys.exit(main())
