"""A group of the new protocol (KIP-848): the classic describe call shows it as dead while it is alive."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sandbox.events import produce
from sandbox.install import java, kafka_classpath
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.laws.worlds import events
from tests.operator import Operator

GROUP, TOPIC = "new-protocol", "new-protocol-topic"


@contextmanager
def console_consumer(bootstrap: str) -> Iterator[None]:
    """Kafka's own consumer, as a member of the group by the new protocol."""
    words = ["org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", bootstrap, "--from-beginning"]
    words += ["--topic", TOPIC, "--group", GROUP, "--consumer-property", "group.protocol=consumer"]
    with subprocess.Popen([java(), "-Xmx128m", "-cp", kafka_classpath(), *words], stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def sandbox(own_sandbox: Sandbox) -> Sandbox:
    own_sandbox.kafka.settings = {"group.coordinator.rebalance.protocols": "classic,consumer"}
    own_sandbox.kafka.start()
    return own_sandbox


def test_a_live_group_of_the_new_protocol_is_not_taken_for_a_dead_one(sandbox: Sandbox, tmp_path: Path) -> None:
    bootstrap = sandbox.kafka.bootstrap
    with closing(sandbox.kafka.admin()) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
        produce(bootstrap, TOPIC, {0: events()})
        (tmp_path / "state").mkdir()
        operator = Operator(tmp_path)
        config = f"environment: sandbox\nkafka: {{analytics: {{bootstrap_servers: ['{bootstrap}']}}}}\n"
        config += "ledger: {sqlite: ledger.sqlite, id: null}\ntiming: {grace: 1s, quiet: 0s}\n"
        operator.configure(config)
        operator.configure(config.replace("null", operator.run("ledger", "init").out.strip()))
        operator.write(
            f"kind: ConsumerGroup\nname: {GROUP}\ncluster: analytics\n"
            f"reset: {{id: back, expires: 2040-01-01T00:00:00Z, to: earliest, topics: {{{TOPIC}: }}}}\n"
        )

        def committed() -> list[int]:
            return [commit.offset for commit in admin.list_group_offsets({GROUP: None})[GROUP].values()]

        with console_consumer(bootstrap):
            until("it has read and committed", lambda: committed() == [100], 60)
            assert admin.describe_groups([GROUP])[GROUP]["group_state"] == "Dead"
            blocked = operator.apply()
            assert blocked.code == 4, blocked
            assert "Stable" in blocked.out
            assert committed() == [100]
        applied = operator.apply("--wait", "60s")
        assert applied.code == 0, applied
        assert committed() == [0]
