"""`make demo`: a database writer loses its buffer with lag 0, and elreconcile repairs it, on real servers.

Every number that is shown is read from Kafka, Burrow or MariaDB, and compared with what it should be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import requests
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox import incident
from sandbox.errors import SandboxError
from sandbox.eventlogging.unit import GROUP, EventLogging
from sandbox.events import TOPIC
from sandbox.stack import DEFAULT_FOLDER, Sandbox
from sandbox.waiting import until

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = "state/demo"
TIMING = "timing: {grace: 2s, quiet: 5s}\n"


class DemoFailed(SandboxError):
    """A number that is not what it should be."""


class Demo:
    """The story, on one sandbox. `folder` holds the demo's own configuration, ledger and logs."""

    def __init__(self, sandbox: Sandbox, admin: KafkaAdminClient) -> None:
        self.sandbox = sandbox
        self.admin = admin
        self.folder = sandbox.folder / "demo"
        self.folder.mkdir(exist_ok=True)
        self.consumer = self._consumer(batch_size=3000)

    def run(self) -> None:
        self._break_things()
        self._prepare()
        self._plan_while_it_runs()
        self._apply_once_it_stopped()
        self._start_again()
        self._look_at_the_end()

    def _consumer(self, batch_size: int) -> EventLogging:
        addresses = self.sandbox.addresses
        return EventLogging(addresses.kafka, addresses.mysql, self.folder, [TOPIC], batch_size=batch_size)

    def _break_things(self) -> None:
        say("THE INCIDENT")
        incident.make(self.admin, self.sandbox.addresses, self.consumer)
        committed, rows = self.committed(), self.rows()
        say(f"The writer was stopped with SIGTERM. Its group has committed {committed:,} of 12,000 events, lag 0;")
        say(f"the table holds {rows:,} rows. The rest was in its memory.")
        check("rows after the incident", rows, 10_800)
        check("committed after the incident", committed, 12_000)
        say(f"Burrow monitors {', '.join(self.monitored())}.")
        self.consumer.start()

    def _prepare(self) -> None:
        config = self.folder / "elreconcile.yaml"
        text = self.sandbox.addresses.elreconcile_yaml() + TIMING
        config.write_text(text)
        ledger = self.elreconcile("ledger", "init").stdout.strip()
        config.write_text(text.replace("id: null", f"id: {ledger}"))

    def _plan_while_it_runs(self) -> None:
        say("\nTHE PLAN, WHILE THE WRITER RUNS")
        self.elreconcile("plan", DOCUMENTS, show=True)
        self.elreconcile("apply", DOCUMENTS, "--yes", expect=4)
        check("committed after the refused apply", self.committed(), 12_000)
        say("exit code 4: the group is in use, so nothing was changed, neither in Kafka nor in Burrow.")

    def _apply_once_it_stopped(self) -> None:
        say("\nTHE REPAIR, ONCE THE WRITER IS STOPPED (with SIGINT)")
        self.consumer.stop()
        self.elreconcile("apply", DOCUMENTS, "--yes", "--wait", "30s", show=True)
        offsets = sorted(set(self.offsets().values()))
        check("committed offset of every partition", offsets, [831])
        check("committed in all", self.committed(), 12 * 831)

    def _start_again(self) -> None:
        say("\nTHE WRITER STARTS AGAIN")
        self.consumer = self._consumer(batch_size=400)
        self.consumer.start()
        until("the group has caught up", lambda: self.committed() == 12_000, 60)
        until("Burrow says OK", lambda: self.status() == ("OK", 1.0), 60)
        check("topics Burrow monitors", self.monitored(), [TOPIC])
        say(f"Burrow monitors exactly {TOPIC}, and says {self.status()[0]}. The second plan:")
        self.elreconcile("plan", DOCUMENTS, "--detailed-exitcode", show=True)

    def _look_at_the_end(self) -> None:
        self.consumer.stop()
        counted = self.consumer.stats()
        say("\nWHAT IS THERE NOW")
        rows, uuids = self.rows(), self.rows("count(distinct uuid)")
        say(
            f"{counted['messages']:,} messages replayed, {counted['inserted']:,} rows inserted, "
            f"{counted['ignored']:,} ignored"
        )
        say(f"{rows:,} rows with {uuids:,} uuids, lag {12_000 - self.committed()}")
        check("messages replayed", counted["messages"], 2_028)
        check("rows inserted", counted["inserted"], 1_200)
        check("rows ignored", counted["ignored"], 828)
        check("rows", (rows, uuids), (12_000, 12_000))

    def offsets(self) -> Mapping[int, int]:
        """The group's commits on the topic, by partition, as Kafka tells them."""
        found: Mapping[TopicPartition, OffsetAndMetadata] = self.admin.list_group_offsets({GROUP: None})[GROUP]
        return {place.partition: commit.offset for place, commit in found.items() if place.topic == TOPIC}

    def committed(self) -> int:
        return sum(self.offsets().values())

    def rows(self, what: str = "count(*)") -> int:
        with closing(self.sandbox.addresses.mysql.connect()) as mysql, mysql.cursor() as cursor:
            cursor.execute(f"SELECT {what} FROM {incident.TABLE}")
            return int(cursor.fetchone()[0])

    def monitored(self) -> Sequence[str]:
        return sorted(incident.ask_burrow(self.sandbox.addresses.burrow, GROUP).get("topics", {}))

    def status(self) -> tuple[str, float]:
        status = incident.ask_burrow(self.sandbox.addresses.burrow, f"{GROUP}/status").get("status", {})
        return status.get("status", "unknown"), status.get("complete", 0.0)

    def elreconcile(self, *words: str, show: bool = False, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the command as a person would; fail on any other exit code."""
        say(f"\n$ elreconcile {' '.join(words)}")
        done = subprocess.run(
            [sys.executable, "-m", "elreconcile", *words],
            cwd=ROOT,
            env=os.environ | {"ELRECONCILE_CONFIG": str(self.folder / "elreconcile.yaml")},
            text=True,
            capture_output=True,
            timeout=120,
        )
        say((done.stdout if show else "") + done.stderr.rstrip())
        check(f"exit code of elreconcile {words[0]}", done.returncode, expect)
        return done


def say(line: str) -> None:
    print(line, flush=True)


def check(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise DemoFailed(f"{what}: {seen}, should be {wanted}")


def main() -> int:
    began = time.monotonic()
    keep = bool(os.environ.get("KEEP"))
    sandbox = Sandbox(DEFAULT_FOLDER)
    sandbox.delete()
    try:
        sandbox.up(say)
        with closing(KafkaAdminClient(bootstrap_servers=sandbox.addresses.kafka)) as admin:
            Demo(sandbox, admin).run()
    except (SandboxError, requests.RequestException) as error:
        say(f"demo: {error}")
        return 1
    finally:
        if not keep:
            sandbox.delete()
    say(f"\nDone in {time.monotonic() - began:.0f} s. " + (_kept(sandbox) if keep else _next()))
    return 0


def _kept(sandbox: Sandbox) -> str:
    config = (sandbox.folder / "demo" / "elreconcile.yaml").relative_to(ROOT)
    return f"The servers are still there: export ELRECONCILE_CONFIG={config}; end them with make sandbox-down"


def _next() -> str:
    return "Try next: KEEP=1 make demo leaves the servers for your own documents; README.md goes on from there."


if __name__ == "__main__":
    if not shutil.which("git"):
        say("git is not there: the plan will not name a commit")
    sys.exit(main())
