"""Documents, configuration files and writers for tests of SchemaBlacklist."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sandbox.process import Process
from tests.operator import Operator, Ran

OUTPUT = "eventlogging-valid-mixed"
ADDRESS = f"SchemaBlacklist/m4/{OUTPUT}"
PASSWORD = "s3cr%2Bt-pass"
INPUT = "kafka:///kafka1012:9092?topic=eventlogging-client-side&identity=processor"
MIXED = f"kafka-confluent:///kafka1012:9092?topic={OUTPUT}&message.send.max.retries=6,retry.backoff.ms=200"
PER_SCHEMA = "kafka-confluent:///kafka1012:9092?topic=eventlogging_{schema}&blacklist=^Other$"
MYSQL = f"mysql://eventlog:{PASSWORD}@m4-master.eqiad.wmnet/log?charset=utf8&replace=True"


def document(*schemas: str, output: str = OUTPUT, enforce_in: object = None) -> str:
    enforce = "" if enforce_in is None else f"enforce_in: {{eventlogging_config: '{enforce_in}'}}\n"
    listed = "".join(f"\n  - {each}" for each in schemas) or " []"
    return f"kind: SchemaBlacklist\nname: {output}\nrecord_in: {{mysql: m4}}\n{enforce}schemas:{listed}\n"


def entry(schema: str, expires: str | None = None) -> str:
    until = "" if expires is None else f", expires: {expires}"
    return f"{{schema: {schema}, reason: T120000{until}}}"


def processor(*outputs: str) -> str:
    """A file as Wikimedia's puppet wrote it."""
    head = ["--sid", "eventlogging_processor_client_side_00", "%q %{recvFrom}s %{seqId}d %D %{ip}i %u"]
    return "\n".join([*head, INPUT, *outputs, "--output-invalid", ""])


def lets_through(uri: str, *schemas: str) -> Mapping[str, bool]:
    """As EventLogging's own writer decides: urlsplit, parse_qsl, re.match."""
    pattern = dict(parse_qsl(urlsplit(uri).query)).get("blacklist")
    return {schema: pattern is None or re.match(pattern, schema) is None for schema in schemas}


def uri_of(file: Path, output: str = OUTPUT) -> str:
    """The last line for this output."""
    return [line for line in file.read_text().splitlines() if f"topic={output}" in line][-1]


@contextmanager
def reading(file: Path) -> Iterator[Process]:
    """A process that was started with this file and does nothing."""
    process = Process(f"reads-{file.name}", file.parent.parent)
    process.spawn([sys.executable, "-c", "import time; time.sleep(600)", f"@{file}"])
    try:
        yield process
    finally:
        process.stop()


def findings(operator: Operator) -> str:
    return json.dumps(operator.change(ADDRESS)["findings"])


def settle(operator: Operator) -> Ran:
    applied = operator.apply()
    assert applied.code == 0, applied
    return applied
