"""One measured piece of work in a process of its own, so that its memory can be told."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from bench import backfill_baseline
from bench.backfill_data import WRITER
from elreconcile.desired.config import load_config
from elreconcile.desired.load import Resource
from elreconcile.kinds.backfill_window import diff, observe, sink, source
from elreconcile.kinds.backfill_window.bulk import in_bulk
from elreconcile.kinds.backfill_window.fill import Filler
from elreconcile.kinds.backfill_window.sending import Filled, Sender
from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.kinds.backfill_window.there import There
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.systems import WritingSystems
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.mysql import connect
from sandbox.addresses import mysql_address
from sandbox.eventlogging.mapper import Row
from sandbox.eventlogging.writer import SqlWriter
from sandbox.events import navigation_timing

MOMENT = Moment(datetime.now(UTC), 0, 0, 0, None)
Done = Mapping[str, Any]


class Slim(msgspec.Struct):
    uuid: str
    schema: str
    dt: str


def decode(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    """Bare: read the window and decode three fields."""
    found = source.find(spec, None, systems, MOMENT)
    read = msgspec.json.Decoder(Slim).decode
    began, count = time.monotonic(), 0
    with source.opened(spec, systems) as reader:
        for batch in reader.read(source.slices(found.ranges)):
            count += len([read(value) for value in batch.values if value is not None])
    return {"seconds": time.monotonic() - began, "read": count}


def look(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    """What a plan does."""
    began = time.monotonic()
    live = observe.observe(Ask(Resource(spec.address(), spec, "", 0)), systems, MOMENT)
    missing = sum(hour.missing for hour in live.hours) if live else None
    return {"seconds": time.monotonic() - began, "missing": missing}


def fill(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    """What an apply does between its look and its verification."""
    ask = Ask(Resource(spec.address(), spec, "", 0))
    job = diff.work(diff.diff(ask, observe.observe(ask, systems, MOMENT), MOMENT))
    picture = observe.Look(spec, source.find(spec, job.ranges, systems, MOMENT), systems, MOMENT, print)
    filled = Filled()
    settings = systems.config.mysql[spec.sink.mysql]
    began = time.monotonic()
    with (
        closing(connect("m4", settings, 60)) as asking,
        closing(connect("m4", settings, 60, local_infile=True)) as loading,
        source.opened(spec, systems) as reader,
    ):
        described = [sink.look(asking, name) for name in {table for table, _ in job.holes}]
        tables = {each.name: each.table for each in described if each.table is not None}
        slices = source.clipped(job.slices, job.ranges)
        with (
            in_bulk(),
            closing(There(asking)) as there,
            picture.paced() as pacer,
            closing(Sender(tables, Loader(loading), filled, pacer.before_writing)) as sender,
        ):
            filler = Filler(reader, picture.wanted, job.holes, job.empty, tables, there, sender, filled)
            for _ in filler.fill(slices, pacer.before_reading):
                pass
    return {"seconds": time.monotonic() - began, "inserted": filled.inserted.total()}


def baseline(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    kafka, mysql, *_ = others
    found = source.find(spec, None, systems, MOMENT)
    ends = {part: end for part, (_, end) in found.ranges.items()}
    since, until = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (spec.since, spec.until))
    began = time.monotonic()
    missing = backfill_baseline.holes(kafka, ends, since, until, mysql_address(mysql))
    return {"seconds": time.monotonic() - began, "missing": missing}


class TimedWriter(SqlWriter):
    """The sandbox's EventLogging consumer from its batches on. `took`: seconds of each insert."""

    took: list[float]

    def _insert(self, table: str, fields: Sequence[str], rows: Sequence[Row]) -> int:
        began = time.monotonic()
        try:
            return super()._insert(table, fields, rows)
        finally:
            self.took.append(time.monotonic() - began)


def write(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    """What a live writer does meanwhile: 800 events/s of the hour that is filled, 20 a batch."""
    _, mysql, salt = others
    writer = TimedWriter(mysql_address(mysql), batch_size=20, batch_time=300)
    writer.took = []
    began = time.monotonic()
    for number in range(20 * 800):
        event = navigation_timing(number, spec.since + (spec.until - spec.since) * 0.41)
        writer.send({**event, "uuid": uuid5(NAMESPACE_URL, f"{salt} {number}").hex, "webHost": WRITER})
        time.sleep(max(0.0, began + number / 800 - time.monotonic()))
    writer.flush()
    p99 = quantiles(writer.took, n=100)[98]
    return {"seconds": time.monotonic() - began, "p99": p99, "inserted": writer.counters.inserted}


WORK: Mapping[str, Callable[[BackfillWindow, WritingSystems, list[str]], Done]] = {
    work.__name__: work for work in (decode, look, fill, baseline, write)
}


def main() -> None:
    what, config, document, *others = sys.argv[1:]
    spec = BackfillWindow.model_validate_json(document)
    with WritingSystems(load_config(Path(config))) as systems:
        done = WORK[what](spec, systems, others)
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count what the parent held before the exec
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({**done, "peak": peak}))


if __name__ == "__main__":
    main()
