"""One measured piece of work in a process of its own, so that its memory can be told."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench import backfill_baseline
from elreconcile.desired.config import load_config
from elreconcile.desired.load import Resource
from elreconcile.kinds.backfill_window import diff, observe, sink, source
from elreconcile.kinds.backfill_window.fill import Filler
from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.kinds.contract import Ask, Moment
from elreconcile.systems import WritingSystems
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.mysql import connect
from sandbox.addresses import mysql_address

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
    picture = observe.Look(spec, source.find(spec, job.ranges, systems, MOMENT), systems, MOMENT)
    settings = systems.config.mysql[spec.sink.mysql]
    began = time.monotonic()
    with (
        closing(connect("m4", settings, 60)) as asking,
        closing(connect("m4", settings, 60, local_infile=True)) as loading,
        source.opened(spec, systems) as reader,
    ):
        described = [sink.look(asking, name) for name in {table for table, _ in job.holes}]
        tables = {each.name: each.table for each in described if each.table is not None}
        with Filler(picture.wanted, job.holes, job.empty, tables, asking, Loader(loading)) as filler:
            for _ in filler.fill(reader, source.clipped(job.slices, job.ranges), lambda rows: None):
                pass
    return {"seconds": time.monotonic() - began, "inserted": filler.filled.inserted.total()}


def baseline(spec: BackfillWindow, systems: WritingSystems, others: list[str]) -> Done:
    kafka, mysql = others
    found = source.find(spec, None, systems, MOMENT)
    ends = {part: end for part, (_, end) in found.ranges.items()}
    since, until = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (spec.since, spec.until))
    began = time.monotonic()
    missing = backfill_baseline.holes(kafka, ends, since, until, mysql_address(mysql))
    return {"seconds": time.monotonic() - began, "missing": missing}


WORK: Mapping[str, Callable[[BackfillWindow, WritingSystems, list[str]], Done]] = {
    work.__name__: work for work in (decode, look, fill, baseline)
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
