"""`python -m bench.backfill [--events N]`: finding holes and filling them, against plain ways of doing the same.

Ratios of things measured in one run on the same data; what else runs on the machine slows both sides. Exits with 0
whenever everything could be measured: a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from kafka import KafkaAdminClient

from bench import backfill_data
from bench.backfill_data import PARTITIONS, TABLE, WRITER
from bench.report import Target
from elreconcile.reports.table import table
from sandbox.errors import SandboxError
from sandbox.eventlogging.mapper import row_of
from sandbox.owned import own_folder
from sandbox.stack import Sandbox
from sandbox.waiting import until

SINCE = datetime(2018, 3, 13, tzinfo=UTC)
LENGTH = timedelta(hours=10)
COMMIT, OLD_BATCH = 1_000, 400
COLUMNS = (
    "uuid, timestamp, userAgent, webHost, wiki, event_action, event_isHttp2, event_loadEventEnd, event_pageTitle, "
    "event_rtt"
)
GAP = f"timestamp >= '{SINCE + LENGTH * 0.4:%Y%m%d%H%M%S}' AND timestamp < '{SINCE + LENGTH * 0.5:%Y%m%d%H%M%S}'"
PART = f"{GAP} AND timestamp < '{SINCE + LENGTH * 0.42:%Y%m%d%H%M%S}'"
SPREAD = "crc32(uuid) % 10 = 0"
BUFFER_POOL, REDO_LOG = 2**31, 2**30
"""Bytes. With the sandbox's 64 and 32 MB all that is measured is MariaDB waiting for its disk."""

PURGED = 100
"""Transactions the server may still have to clean up after."""

PACE = {"rows_per_second": 2_000}
OURS = ("look", "fill")

Rows = Sequence[tuple[Any, ...]]


class Bench:
    def __init__(self, sandbox: Sandbox, events: int, length: timedelta = LENGTH) -> None:
        self.kafka = sandbox.addresses.kafka
        self.mysql = sandbox.addresses.mysql
        self.events = events
        self.length = length
        self.topic = f"bench-{time.time_ns()}"
        self.config = sandbox.folder / "bench.yaml"
        self.config.write_text(sandbox.addresses.elreconcile_yaml() + "limits: {purge_horizon: null}\n")
        self.targets: list[Target] = []
        self.peaks: list[float] = []

    def run(self) -> None:
        self.arrange()
        self._complete()
        self._holes("contiguous", GAP, 3.0)
        self._fill()
        self._beside_a_writer()
        self._holes("spread", SPREAD, 1.5)
        self._longer()
        self.child("fill")
        check("rows", self.rows(), self.events)
        self._memory("of all of these")

    def run_hour(self) -> None:
        """Everything in one hour: the memory it takes to find spread holes and to fill them."""
        self.arrange()
        self._remove(SPREAD)
        check("missing", self.child("look")["missing"], self.events - self.rows())
        self.child("fill")
        check("rows", self.rows(), self.events)
        self._memory(f"with an hour of {self.events:,} events")

    def arrange(self) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self.kafka)) as admin:
            admin.create_topics({self.topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
        size = backfill_data.produce(self.kafka, self.topic, self.events, SINCE, self.length)
        say(f"{self.events:,} events of {size} bytes")
        self.sql(f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL}")
        self.sql(f"SET GLOBAL innodb_log_file_size = {REDO_LOG}")
        backfill_data.insert_all(self.mysql, self.events, SINCE, self.length)

    def _complete(self) -> None:
        best = by_turns({what: partial(self._looked, what, 0) for what in ("decode", "look")})
        self.at_least("a complete window proven, of bare read and decode", best["decode"] / best["look"], 0.5)

    def _holes(self, name: str, where: str, wanted: float) -> None:
        self._remove(where)
        missing = self.events - self.rows()
        best = by_turns({what: partial(self._looked, what, missing) for what in ("baseline", "look")})
        self.at_least(f"holes found, {name}: times the plain way", best["baseline"] / best["look"], wanted)

    def _looked(self, what: str, missing: int) -> float:
        answer = self.child(what)
        check(f"missing, by {what}", answer.get("missing", missing), missing)
        return float(answer["seconds"])

    def _fill(self) -> None:
        self.child("fill")
        rows = self.sql(f"SELECT {COLUMNS} FROM `{TABLE}` WHERE {GAP} ORDER BY id")
        events = [event for at, _, event in backfill_data.events(self.events, SINCE, self.length) if _in_gap(at)]
        check("events of the gap", len(events), len(rows))
        ways: Mapping[str, Callable[[], float]] = {
            "filling": lambda: float(self.child("fill")["seconds"]),
            "bare LOAD DATA LOCAL": partial(timed, partial(self._load_plainly, rows)),
            "bare INSERT IGNORE, 400 rows each": partial(timed, partial(self._insert_plainly, rows)),
            "EventLogging's mapping and batches of 400": partial(timed, partial(self._insert_as_of_old, events)),
        }
        ours, load, bare, old = by_turns(
            {name: partial(self._filled, name, way) for name, way in ways.items()}
        ).values()
        self.at_least("filled, of a bare LOAD DATA LOCAL at the same commit size", load / ours, 0.7)
        self.at_least("filled, times EventLogging's batches of 400 INSERT IGNORE", old / ours, 1.5)
        self.at_least("  the same, its rows lying ready: neither decoded nor mapped", bare / ours, 1.5)

    def _filled(self, name: str, way: Callable[[], float]) -> float:
        self._remove(GAP)
        seconds = way()
        check("rows", self.rows(), self.events)
        say(f"  {name}: {seconds:.1f} s")
        return seconds

    def _load_plainly(self, rows: Rows) -> None:
        load = f"LOAD DATA LOCAL INFILE %s IGNORE INTO TABLE `{TABLE}` ({COLUMNS})"
        with closing(self.mysql.connect(local_infile=True, read_timeout=300)) as mysql, mysql.cursor() as cursor:
            for start in range(0, len(rows), COMMIT):
                with tempfile.NamedTemporaryFile("w") as file:
                    file.writelines("\t".join(map(str, row)) + "\n" for row in rows[start : start + COMMIT])
                    file.flush()
                    cursor.execute(load, [file.name])

    def _insert_plainly(self, rows: Rows) -> None:
        insert = f"INSERT IGNORE INTO `{TABLE}` ({COLUMNS}) VALUES ({', '.join(['%s'] * len(rows[0]))})"
        with closing(self.mysql.connect(read_timeout=300)) as mysql, mysql.cursor() as cursor:
            for start in range(0, len(rows), OLD_BATCH):
                cursor.executemany(insert, rows[start : start + OLD_BATCH])

    def _insert_as_of_old(self, events: Sequence[bytes]) -> None:
        """As EventLogging does between Kafka and MySQL: decoded, mapped and flattened, grouped by their fields.

        Without SQLAlchemy, which compiles each statement anew: that would only be slower.
        """
        with closing(self.mysql.connect(read_timeout=300)) as mysql, mysql.cursor() as cursor:
            for start in range(0, len(events), OLD_BATCH):
                mapped = [row_of(json.loads(event)) for event in events[start : start + OLD_BATCH]]
                for fields, same in groupby(sorted(mapped, key=sorted), key=sorted):
                    columns, marks = ", ".join(f"`{name}`" for name in fields), ", ".join(["%s"] * len(fields))
                    insert = f"INSERT IGNORE INTO `{TABLE}` ({columns}) VALUES ({marks})"
                    cursor.executemany(insert, [[row[name] for name in fields] for row in same])

    def _beside_a_writer(self) -> None:
        """The time of the sandbox's EventLogging consumer's inserts, alone, and beside a fill at 2,000 rows/s."""
        self._remove(PART)
        write = partial(run, "write", str(self.config), self._document(self.length, {}), self.kafka, str(self.mysql))
        idle = write("alone")
        with ThreadPoolExecutor(1) as beside:
            writing = beside.submit(write, "beside")
            ours = self.child("fill", pace=PACE)
        busy = writing.result()
        counted = self.sql(f"SELECT count(*), count(DISTINCT uuid) FROM `{TABLE}`")[0]
        check("rows, and none twice", counted, (self.events + idle["inserted"] + busy["inserted"],) * 2)
        self.sql(f"DELETE FROM `{TABLE}` WHERE webHost = '{WRITER}'")
        say(f"  {ours['inserted'] / ours['seconds']:,.0f} rows/s beside the writer")
        say(f"  99th percentile of its inserts: {idle['p99'] * 1000:.1f} ms alone, {busy['p99'] * 1000:.1f} ms beside")
        ratio = busy["p99"] / idle["p99"]
        self.at_most("a writer's 99th percentile beside a paced fill, times that alone", ratio, 3)

    def _longer(self) -> None:
        whole, tenth = self.child("look")["peak"], self.child("look", self.length / 10)["peak"]
        self.at_most("memory for a window ten times longer, times that for a tenth of it", whole / tenth, 1.1)

    def _memory(self, what: str) -> None:
        self.at_most(f"peak memory {what}", max(self.peaks), 250, "MB")

    def _remove(self, where: str) -> None:
        """And wait until the server has cleaned up after it."""
        self.sql(f"DELETE FROM `{TABLE}` WHERE {where}")
        until("the deleted rows are purged", lambda: self._unpurged() < PURGED, 120)

    def _unpurged(self) -> int:
        return int(self.sql("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'")[0][1])

    def child(self, what: str, length: timedelta | None = None, pace: Mapping[str, int] | None = None) -> Any:
        """One piece of work on a window of this length, in a process of its own."""
        document = self._document(length or self.length, pace or {})
        answer = run(what, str(self.config), document, self.kafka, str(self.mysql))
        say(f"  {what}: {answer['seconds']:.1f} s, {answer['peak']:.0f} MB")
        if what in OURS:
            self.peaks.append(answer["peak"])
        return answer

    def _document(self, length: timedelta, pace: Mapping[str, int]) -> str:
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
                "pace": pace,
            }
        )

    def rows(self) -> int:
        return int(self.sql(f"SELECT count(*) FROM `{TABLE}`")[0][0])

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(self.mysql.connect(read_timeout=900)) as mysql, mysql.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def at_least(self, what: str, ratio: float, bound: float) -> None:
        self.targets.append(Target(what, ratio, bound, least=True))

    def at_most(self, what: str, ratio: float, bound: float, unit: str = "times") -> None:
        self.targets.append(Target(what, ratio, bound, unit))

    def report(self) -> str:
        return table([target.row() for target in self.targets], ("", "measured", "target", "reached"))


def run(what: str, *words: str) -> Any:
    """A piece of work of `backfill_work` in a process of its own; its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.backfill_work", what, *words], capture_output=True, text=True, timeout=1800
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def _in_gap(at: datetime) -> bool:
    return SINCE + LENGTH * 0.4 <= at < SINCE + LENGTH * 0.5


def by_turns(ways: Mapping[str, Callable[[], float]]) -> Mapping[str, float]:
    """Each way's seconds, the better of two: what else the machine does meanwhile hits all of them."""
    rounds = [{name: way() for name, way in ways.items()} for _ in range(2)]
    return {name: min(each[name] for each in rounds) for name in ways}


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def check(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise SystemExit(f"{what}: {seen}, should be {wanted}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.backfill", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--hour", type=int, metavar="EVENTS", help="instead: one hour of so many events, say 5000000")
    asked = parser.parse_args()
    sandbox = Sandbox(own_folder("backfill"))
    sandbox.choose_ports()
    try:
        for server in (sandbox.kafka, sandbox.mariadb):
            server.start()
        if asked.hour:
            bench = Bench(sandbox, asked.hour, timedelta(hours=1))
            bench.run_hour()
        else:
            bench = Bench(sandbox, asked.events)
            bench.run()
        print(bench.report())
    except SandboxError as error:
        say(f"bench: {error}")
        return 1
    finally:
        sandbox.delete()
    return 0


if __name__ == "__main__":
    sys.exit(main())
