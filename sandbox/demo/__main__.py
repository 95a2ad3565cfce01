"""`python -m sandbox.demo`: both stories, then the end of the servers; with KEEP=1 they stay."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import pymysql
import requests
from kafka.errors import KafkaError

from sandbox.demo import incident, refill, rewind
from sandbox.demo.operator import ROOT, Operator, name_of
from sandbox.demo.told import chapter, paragraph, say
from sandbox.demo.world import World
from sandbox.errors import SandboxError
from sandbox.eventlogging.unit import GROUP
from sandbox.events import TOPIC
from sandbox.stack import Sandbox
from sandbox.waiting import until

FOLDER = ROOT / ".sandbox-demo"
"""Not that of `make sandbox`, which may hold somebody's work."""


def main() -> int:
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    sandbox = Sandbox(parser.parse_args().folder)
    keep = bool(os.environ.get("KEEP"))
    sandbox.delete()
    try:
        sandbox.up(say)
        operators = play(sandbox)
    except (SandboxError, AssertionError, KafkaError, pymysql.Error, requests.RequestException) as error:
        paragraph(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        paragraph("demo: interrupted")
        return 130
    finally:
        if not keep:
            sandbox.delete()
    chapter(f"DONE in {time.monotonic() - began:.0f} s: every number was read from the servers, and compared")
    paragraph(_kept(operators) if keep else NEXT)
    return 0


def play(sandbox: Sandbox) -> Sequence[Operator]:
    """Each story has a topic, a group and a database of its own. Raises DemoFailed for a number that is wrong."""
    servers = sandbox.addresses
    older = replace(servers, mysql=replace(servers.mysql, database="log_2015"))
    with closing(sandbox.kafka.admin()) as admin:
        recent = World(servers, admin, sandbox.folder / "2018", TOPIC, GROUP)
        old = World(older, admin, sandbox.folder / "2015", f"{TOPIC}-2015", "eventlogging_consumer_mysql_2015")
        try:
            return _tell(recent, old)
        finally:
            for world in (recent, old):
                world.writer(batch_size=1).kill()


def _tell(recent: World, old: World) -> Sequence[Operator]:
    paragraph(BEFORE)
    incident.make(recent.admin, recent.servers, recent.writer(batch_size=3000))
    refill.make(old)
    until("the first writer has left its group", recent.is_empty, 60)
    return [rewind.play(recent), refill.play(old)]


BEFORE = """\
A writer takes events from Kafka to MySQL. It commits what it has read, not what it has inserted: stopped with SIGTERM
it loses the rows in its memory, while its lag is 0. That happens twice now, as in 2018 and in 2015 (about 15 s)."""

NEXT = """\
Try next:
  cat state/demo/*/*.yaml      the documents that were carried out
  KEEP=1 make demo             the same, and the servers stay for what you want to try
  less README.md               "A real use": from YAML to apply, with your own servers"""


def _kept(operators: Sequence[Operator]) -> str:
    rewound, refilled = operators
    mysql = refilled.servers.mysql
    return f"""\
The servers still run; make sandbox-down ends them. This is {name_of(refilled.config)}:

{indent(refilled.config.read_text(), "    ")}
Try next:
    export PATH=$PWD/.venv/bin:$PATH ELRECONCILE_CONFIG={name_of(refilled.config)}
    elreconcile history                 what was carried out, by whom, and from which commit
    elreconcile drift state/demo/2018 --config {name_of(rewound.config)}
                                        the writer is stopped: its group is not as it is expected to be
Make a hole of your own, give the window in state/demo/2015/outage.yaml another `name`, plan and apply:
    mariadb -h {mysql.host} -P {mysql.port} -u {mysql.user} {mysql.database} -e 'DELETE FROM {refill.EDIT} LIMIT 100'
    elreconcile plan state/demo/2015
    elreconcile apply state/demo/2015"""


if __name__ == "__main__":
    if not shutil.which("git"):
        say("git is not there: the plan will not name a commit")
    sys.exit(main())
