"""EventLogging's writers and their configuration: restarts they wait for, and events that came through before."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer

from sandbox import events
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.process import Process
from sandbox.waiting import until
from tests.blacklists import ADDRESS, document, entry, findings, reading, settle
from tests.operator import Operator


def test_a_process_older_than_the_file_has_to_restart(operator: Operator, file: Path) -> None:
    operator.write(document(entry("Edit"), enforce_in=file))
    with reading(file) as process:
        applied = settle(operator)
        assert "restart pending" in applied.out
        assert f"pid {process.pid}" in applied.out
        change = operator.change(ADDRESS)
        assert (change["action"], len(change["pending"])) == ("none", 1)
        assert "restart" in operator.plan().out
        operator.write(document(entry("Edit", expires="2040-01-01T00:00:00Z"), enforce_in=file))
        rows_only = operator.apply()
        assert (rows_only.code, rows_only.ending(ADDRESS)) == (0, "pending"), rows_only
        assert f"pid {process.pid}" in rows_only.out
    with reading(file):
        change = operator.change(ADDRESS)
        assert (change["action"], change["pending"], change["findings"]) == ("none", [], [])
    assert f"none on {os.uname().nodename}" in findings(operator)


def test_a_real_writer_obeys_after_its_restart(
    operator: Operator, stack: Addresses, make_topic: Any, produce: Any, unique: Any, file: Path
) -> None:
    """The sandbox's processor, which treats its URIs as EventLogging's does, between two topics of a real Kafka."""
    raw, output = make_topic(), make_topic()
    kafka = f"kafka:///{stack.kafka}?topic="
    file.write_text("\n".join(["--sid", unique("group"), "%j", kafka + raw, kafka + output + "&retries=6"]))
    operator.write(document(entry("Edit"), output=output, enforce_in=file))
    address = f"SchemaBlacklist/m4/{output}"
    writer = Process("processor", file.parent.parent)
    sent = 0

    def send() -> None:
        """One of each schema, the blacklisted one first."""
        nonlocal sent
        sent += 2
        now = datetime.now(UTC)
        both = [events.edit(sent, now), events.navigation_timing(sent, now)]
        produce(raw, {0: [events.record(event) for event in both]})

    def arrived(count: int) -> Sequence[str]:
        return until(f"{count} events in the output", lambda: _schemas(stack, output, count))

    try:
        writer.spawn(_command(file), env=_environment())
        send()
        assert arrived(2) == ["Edit", "NavigationTiming"]
        settle(operator)
        send()
        assert arrived(4)[2:] == ["Edit", "NavigationTiming"]  # it read its configuration when it started
        assert len(operator.change(address)["pending"]) == 1
        writer.stop()
        writer.spawn(_command(file), env=_environment())
        assert operator.change(address)["pending"] == []
        send()
        assert arrived(5)[4:] == ["NavigationTiming"]
    finally:
        writer.stop()


def _command(file: Path) -> list[str]:
    return [sys.executable, "-m", "sandbox.eventlogging.processor", f"@{file}"]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def _schemas(stack: Addresses, topic: str, count: int) -> Sequence[str]:
    """Of everything in the topic, in order; nothing while there is less than `count`."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=stack.kafka, auto_offset_reset="earliest", consumer_timeout_ms=1500
    )
    try:
        schemas = [json.loads(message.value)["schema"] for message in consumer]
    finally:
        consumer.close()
    return schemas if len(schemas) >= count else []


def test_what_came_before_the_writers_restarted_is_no_leak(
    operator: Operator, database: MySqlAddress, file: Path
) -> None:
    operator.write(document(entry("Edit"), enforce_in=file))
    with reading(file):
        settle(operator)
        _an_event_of_now(database)
        assert "came through" in findings(operator)
        assert "were restarted since" in findings(operator)
    with reading(file):
        assert findings(operator) == "[]"
        _an_event_of_now(database)
        assert "which other one writes it" in findings(operator)


def _an_event_of_now(database: MySqlAddress) -> None:
    """MediaWiki's time has whole seconds: it waits for one that is wholly after now."""
    at = int(datetime.now(UTC).timestamp()) + 1
    until("that second is over", lambda: datetime.now(UTC).timestamp() > at + 1)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS Edit_1 (`timestamp` VARCHAR(14))")
        cursor.execute("INSERT INTO Edit_1 VALUES (%s)", (f"{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M%S}",))
