"""Kafka 3.9.1 as one KRaft node, and the ZooKeeper that comes among its jars (only Burrow needs that one)."""

from __future__ import annotations

import base64
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from sandbox.install import java, kafka_classpath
from sandbox.ports import Ports
from sandbox.server import NotReady, Server

QUICK_START = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]

LOG4J = """\
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
"""

KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
# A killed broker cannot come back before its old session has ended: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
# Events of 2015 are deleted within five minutes under the default of 7 days.
log.retention.hours=-1
# As where EventLogging ran. The tool must not make a topic by asking for it, and here it could.
auto.create.topics.enable=true
"""

ZOOKEEPER_CFG = """\
clientPort={port}
clientPortAddress=127.0.0.1
dataDir={data}
admin.enableServer=false
4lw.commands.whitelist=srvr
"""


class Kafka(Server):
    """`settings` are further lines of its server.properties; a restart applies them."""

    name = "kafka"
    port_names: tuple[str, ...] = ("kafka", "kafka-controller")

    def __init__(self, folder: Path, ports: Ports) -> None:
        super().__init__(folder, ports)
        self.settings: Mapping[str, str] = {}

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def admin(self) -> KafkaAdminClient:
        """A client for the sandbox's own needs; the caller closes it."""
        return KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=3000, request_timeout_ms=10_000)

    def prepare(self) -> None:
        data = self.folder / "data"
        properties = KAFKA_PROPERTIES.format(port=self.port, controller=self.ports["kafka-controller"], data=data)
        further = "".join(f"{key}={value}\n" for key, value in self.settings.items())
        self._properties.write_text(properties + further)
        (self.folder / "log4j.properties").write_text(LOG4J)
        if not (data / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        return [*_java(self.folder, "512m"), "-XX:-UsePerfData", "kafka.Kafka", str(self._properties)]

    def probe(self) -> None:
        """Ready when the broker is listed and serves groups; asking for one makes `__consumer_offsets`."""
        try:
            admin = self.admin()
            try:
                if not admin.describe_cluster()["brokers"]:
                    raise NotReady("no broker registered yet")
                admin.describe_groups(["sandbox-readiness"])
            finally:
                admin.close()
        except KafkaError as error:
            raise NotReady(repr(error)) from error

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _format(self) -> None:
        while (cluster_id := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
            pass  # the tool would take it for an option
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self._properties)]
        self.set_up([*_java(self.folder, "128m"), *QUICK_START, *tool])


class ZooKeeper(Server):
    name = "zookeeper"
    port_names = ("zookeeper",)

    def prepare(self) -> None:
        config = ZOOKEEPER_CFG.format(port=self.port, data=self.folder / "data")
        (self.folder / "zoo.cfg").write_text(config)
        (self.folder / "log4j.properties").write_text(LOG4J)

    def command(self) -> list[str]:
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        return [*_java(self.folder, "128m"), *QUICK_START, main, str(self.folder / "zoo.cfg")]

    def probe(self) -> None:
        """Ready when it tells its mode: `ruok` is answered before sessions are."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"srvr")
                answer = connection.makefile("rb").read()
        except OSError as error:
            raise NotReady(str(error)) from error
        if b"Mode: " not in answer:
            raise NotReady(f"answered {answer!r}")


def _java(folder: Path, heap: str) -> list[str]:
    log4j = f"-Dlog4j.configuration=file:{folder / 'log4j.properties'}"
    return [java(), f"-Xmx{heap}", log4j, "-cp", kafka_classpath()]
