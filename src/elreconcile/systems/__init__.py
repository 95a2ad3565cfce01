"""The only code that talks to servers. Importing this imports no client library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from elreconcile.desired.config import Config
from elreconcile.model.address import Address
from elreconcile.model.plan import SystemSeen

if TYPE_CHECKING:
    from elreconcile.systems.burrow import BurrowReader, BurrowWriter
    from elreconcile.systems.eventlogging_config import EventLoggingReader, EventLoggingWriter
    from elreconcile.systems.kafka import KafkaReader
    from elreconcile.systems.kafka_writer import KafkaWriter
    from elreconcile.systems.mysql_tables import MySqlReader, MySqlWriter


def in_silence(address: Address, reason: str | None) -> None:
    """Nobody watches."""


class ReadingSystems:
    """The systems of a configuration, each connected to when first asked for. Cannot change any of them."""

    def __init__(self, config: Config, waits: Callable[[Address, str | None], None] = in_silence) -> None:
        """`waits` hears why a look stands still, for its document; None: it goes on."""
        self.config = config
        self.waits = waits
        self._kafka: dict[str, KafkaReader] = {}
        self._burrow: dict[str, BurrowReader] = {}
        self._mysql: dict[str, MySqlReader] = {}

    @property
    def deadline(self) -> float:
        """Seconds for one question."""
        return self.config.timing.deadline.total_seconds()

    def kafka(self, name: str) -> KafkaReader:
        """Raises Unreachable, with the true cause."""
        from elreconcile.systems.kafka import KafkaReader

        if name not in self._kafka:
            self._kafka[name] = KafkaReader(name, self.config.kafka[name], self.deadline)
        return self._kafka[name]

    def burrow(self, name: str) -> BurrowReader:
        """Asks nothing yet."""
        from elreconcile.systems.burrow import BurrowReader

        if name not in self._burrow:
            self._burrow[name] = BurrowReader(name, self.config.burrow[name], self.deadline)
        return self._burrow[name]

    def mysql(self, name: str) -> MySqlReader:
        """Raises Unreachable, with the true cause."""
        from elreconcile.systems.mysql_tables import MySqlReader

        if name not in self._mysql:
            self._mysql[name] = MySqlReader(name, self.config.mysql[name], self.deadline)
        return self._mysql[name]

    def eventlogging(self) -> EventLoggingReader:
        """The configuration of EventLogging on this machine."""
        from elreconcile.systems.eventlogging_config import EventLoggingReader

        return EventLoggingReader()

    def cluster_ids(self) -> Mapping[str, str]:
        """Kafka's own id of each cluster asked so far, by its name in the configuration."""
        return {name: kafka.cluster().id for name, kafka in self._kafka.items()}

    def seen(self) -> tuple[SystemSeen, ...]:
        """Those asked so far, as a plan names them."""
        clusters = {name: kafka.cluster() for name, kafka in self._kafka.items()}
        told = [
            SystemSeen("Kafka", name, f"{cluster.version or 'version not told'}, cluster {cluster.id}")
            for name, cluster in sorted(clusters.items())
        ]
        told += [SystemSeen("Burrow", name, self.config.burrow[name].url) for name in sorted(self._burrow)]
        told += [SystemSeen("MySQL", name, mysql.version()) for name, mysql in sorted(self._mysql.items())]
        return tuple(told)

    def close(self) -> None:
        """Idempotent."""
        for kafka in self._kafka.values():
            kafka.close()
        for burrow in self._burrow.values():
            burrow.close()
        for mysql in self._mysql.values():
            mysql.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class WritingSystems(ReadingSystems):
    """The same, with clients that can write. Only an apply holds one."""

    def kafka(self, name: str) -> KafkaWriter:
        from elreconcile.systems.kafka_writer import KafkaWriter

        held = self._kafka.get(name)
        if not isinstance(held, KafkaWriter):
            held = self._kafka[name] = KafkaWriter(name, self.config.kafka[name], self.deadline)
        return held

    def burrow(self, name: str) -> BurrowWriter:
        from elreconcile.systems.burrow import BurrowWriter

        held = self._burrow.get(name)
        if not isinstance(held, BurrowWriter):
            held = self._burrow[name] = BurrowWriter(name, self.config.burrow[name], self.deadline)
        return held

    def mysql(self, name: str) -> MySqlWriter:
        from elreconcile.systems.mysql_tables import MySqlWriter

        held = self._mysql.get(name)
        if not isinstance(held, MySqlWriter):
            held = self._mysql[name] = MySqlWriter(name, self.config.mysql[name], self.deadline)
        return held

    def eventlogging(self) -> EventLoggingWriter:
        from elreconcile.systems.eventlogging_config import EventLoggingWriter

        return EventLoggingWriter()
