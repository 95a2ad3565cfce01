"""LinkedIn Burrow 1.2.1, the version Debian packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import requests

from sandbox.install import burrow_binary
from sandbox.kafka import Kafka, ZooKeeper
from sandbox.ports import Ports
from sandbox.server import NotReady, Server

CLUSTER = "local"  # the name this Burrow gives the sandbox's Kafka

CONFIG = """\
[general]
pidfile="{folder}/own.pid"

[logging]
level="info"

[zookeeper]
servers=["127.0.0.1:{zookeeper}"]
root-path="/burrow"

[client-profile.sandbox]
client-id="burrow"
kafka-version="2.0.0"

[cluster.local]
class-name="kafka"
servers=["{kafka}"]
client-profile="sandbox"
# Seconds. In production 60 and 10: a topic is not known, and its commits are dropped, for that long.
topic-refresh=2
offset-refresh=1

[consumer.local]
class-name="kafka"
cluster="local"
servers=["{kafka}"]
client-profile="sandbox"
start-latest=false
{consumer_settings}

# Ten commits, however quickly they follow, fill a window: a status is complete after seconds.
[storage.default]
class-name="inmemory"
intervals=10
min-distance=0

[evaluator.default]
class-name="caching"
expire-cache=1

[httpserver.default]
address="127.0.0.1:{port}"
"""


class Burrow(Server):
    """Start it after Kafka is ready: without `__consumer_offsets` it ends at once.

    `consumer_settings` are further lines of its consumer section, such as {"group-blacklist": "^test_"};
    a restart applies them.
    """

    name = "burrow"
    port_names = ("burrow",)

    def __init__(self, folder: Path, ports: Ports, kafka: Kafka, zookeeper: ZooKeeper) -> None:
        super().__init__(folder, ports)
        self.kafka = kafka
        self.zookeeper = zookeeper
        self.consumer_settings: Mapping[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        (self.folder / "own.pid").unlink(missing_ok=True)  # left by a kill, it can keep Burrow from starting
        config = CONFIG.format(
            folder=self.folder,
            zookeeper=self.zookeeper.port,
            kafka=self.kafka.bootstrap,
            port=self.port,
            consumer_settings="\n".join(f"{key}={json.dumps(value)}" for key, value in self.consumer_settings.items()),
        )
        (self.folder / "burrow.toml").write_text(config)

    def command(self) -> list[str]:
        return [burrow_binary(), "--config-dir", str(self.folder)]

    def probe(self) -> None:
        """Ready when it has met the topic it reads: `/burrow/admin` is answered before.

        Taking up that reading needs some tenths of a second more, unseen from outside; a Kafka stopped within them
        ends Burrow too.
        """
        try:
            for path in ("/burrow/admin", f"/v3/kafka/{CLUSTER}/topic"):
                answer = requests.get(self.url + path, timeout=2)
                answer.raise_for_status()
        except requests.RequestException as error:
            raise NotReady(str(error)) from error
        if "__consumer_offsets" not in answer.json()["topics"]:
            raise NotReady("it has not met __consumer_offsets yet")
