"""`python -m bench.backfill [--events N]`: finding holes and filling them, against plain ways of doing the same.

Ratios of things measured in one run on the same data; what else runs on the machine slows both sides.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient

from bench import backfill_data
from bench.backfill_data import PARTITIONS, TABLE
from sandbox.stack import Sandbox

SINCE = datetime(2018, 3, 13, tzinfo=UTC)
LENGTH = timedelta(hours=10)
COMMIT, OLD_BATCH = 1_000, 400
COLUMNS = (
    "uuid, timestamp, userAgent, webHost, wiki, event_action, event_isHttp2, event_loadEventEnd, event_pageTitle, "
    "event_rtt"
)
GAP = f"timestamp >= '{SINCE + LENGTH * 0.4:%Y%m%d%H%M%S}' AND timestamp < '{SINCE + LENGTH * 0.5:%Y%m%d%H%M%S}'"
SPREAD = "crc32(uuid) % 10 = 0"
BUFFER_POOL = 2**30
"""Bytes. With the sandbox's 64 MB all that is measured is MariaDB waiting for pages."""

Rows = Sequence[tuple[Any, ...]]


class Bench:
    def __init__(self, sandbox: Sandbox, events: int) -> None:
        self.kafka = sandbox.addresses.kafka
        self.mysql = sandbox.addresses.mysql
        self.events = events
        self.topic = f"bench-{time.time_ns()}"
        self.config = sandbox.folder / "bench.yaml"
        self.config.write_text(sandbox.addresses.elreconcile_yaml() + "limits: {purge_horizon: null}\n")
        self.results: list[tuple[str, float, float]] = []

    def run(self) -> None:
        self._arrange()
        self._complete()
        self._holes("contiguous", GAP, 3.0)
        self._fill()
        self._holes("spread", SPREAD, 1.5)
        self._memory()
        self.child("fill")
        self._tell()

    def _arrange(self) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self.kafka)) as admin:
            admin.create_topics({self.topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
        size = backfill_data.produce(self.kafka, self.topic, self.events, SINCE, LENGTH)
        say(f"{self.events:,} events of {size} bytes")
        self.sql(f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL}")
        backfill_data.insert_all(self.mysql, self.events, SINCE, LENGTH)

    def _complete(self) -> None:
        bare, proven = self.child("decode"), self.child("look")
        check("missing in the complete window", proven["missing"], 0)
        self.note("a complete window proven, of bare read and decode", bare["seconds"] / proven["seconds"], 0.5)

    def _holes(self, name: str, where: str, wanted: float) -> None:
        self.sql(f"DELETE FROM `{TABLE}` WHERE {where}")
        missing = self.events - self.rows()
        plain, ours = self.child("baseline"), self.child("look")
        check("missing, the plain way", plain["missing"], missing)
        check("missing, ours", ours["missing"], missing)
        self.note(f"holes found, {name}: times the plain way", plain["seconds"] / ours["seconds"], wanted)

    def _fill(self) -> None:
        ours = self.child("fill")["seconds"]
        check("rows", self.rows(), self.events)
        rows = self.sql(f"SELECT {COLUMNS} FROM `{TABLE}` WHERE {GAP} ORDER BY id")
        took = {}
        for plain in (self._load_plainly, self._insert_as_of_old):
            self.sql(f"DELETE FROM `{TABLE}` WHERE {GAP}")
            took[plain.__name__] = timed(partial(plain, rows))
            say(f"  {plain.__name__}: {took[plain.__name__]:.1f} s for {len(rows):,} rows")
        self.note("filled, of a bare LOAD DATA LOCAL at the same commit size", took["_load_plainly"] / ours, 0.7)
        self.note("filled, times INSERT IGNORE in batches of 400", took["_insert_as_of_old"] / ours, 1.5)

    def _load_plainly(self, rows: Rows) -> None:
        load = f"LOAD DATA LOCAL INFILE %s IGNORE INTO TABLE `{TABLE}` ({COLUMNS})"
        with closing(self.mysql.connect(local_infile=True, read_timeout=300)) as mysql, mysql.cursor() as cursor:
            for start in range(0, len(rows), COMMIT):
                with tempfile.NamedTemporaryFile("w") as file:
                    file.writelines("\t".join(map(str, row)) + "\n" for row in rows[start : start + COMMIT])
                    file.flush()
                    cursor.execute(load, [file.name])

    def _insert_as_of_old(self, rows: Rows) -> None:
        insert = f"INSERT IGNORE INTO `{TABLE}` ({COLUMNS}) VALUES ({', '.join(['%s'] * len(rows[0]))})"
        with closing(self.mysql.connect(read_timeout=300)) as mysql, mysql.cursor() as cursor:
            for start in range(0, len(rows), OLD_BATCH):
                cursor.executemany(insert, rows[start : start + OLD_BATCH])

    def _memory(self) -> None:
        """Of finding the spread holes: in the whole window, and in a tenth of it."""
        whole, tenth = self.child("look")["peak"], self.child("look", LENGTH / 10)["peak"]
        self.note(f"250 MB, of the peak memory ({whole:.0f} MB)", 250 / whole, 1.0)
        self.note("memory for a tenth of the window, of that for all of it", tenth / whole, 1 / 1.1)

    def child(self, what: str, length: timedelta = LENGTH) -> Any:
        """One piece of work on a window of this length, in a process of its own."""
        words = [what, str(self.config), self._document(length), self.kafka, str(self.mysql)]
        command = [sys.executable, "-m", "bench.backfill_work", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        if done.returncode:
            raise SystemExit(done.stderr)
        answer = json.loads(done.stdout)
        say(f"  {what}: {answer['seconds']:.1f} s, {answer['peak']:.0f} MB")
        return answer

    def _document(self, length: timedelta) -> str:
        return json.dumps(
            {
                "kind": "BackfillWindow",
                "name": "bench",
                "expires": "2040-01-01T00:00:00Z",
                "since": f"{SINCE:%Y-%m-%dT%H:%M:%SZ}",
                "until": f"{SINCE + length:%Y-%m-%dT%H:%M:%SZ}",
                "source": {"kafka": "analytics", "topic": self.topic},
                "sink": {"mysql": "m4"},
                "schemas": ["NavigationTiming"],
            }
        )

    def rows(self) -> int:
        return int(self.sql(f"SELECT count(*) FROM `{TABLE}`")[0][0])

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(self.mysql.connect(read_timeout=900)) as mysql, mysql.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def note(self, what: str, ratio: float, wanted: float) -> None:
        self.results.append((what, ratio, wanted))

    def _tell(self) -> None:
        for what, ratio, wanted in self.results:
            say(f"{'ok  ' if ratio >= wanted else 'LESS'} {ratio:6.2f} (wanted {wanted:.2f})  {what}")
        if any(ratio < wanted for _, ratio, wanted in self.results):
            raise SystemExit(1)


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def say(line: str) -> None:
    print(line, flush=True)


def check(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise SystemExit(f"{what}: {seen}, should be {wanted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".sandbox/bench"))
    asked = parser.parse_args()
    with Sandbox(asked.folder) as sandbox:
        Bench(sandbox, asked.events).run()
    sandbox.delete()


if __name__ == "__main__":
    main()
