"""Connections to the brokers of one cluster, through kafka-python's network layer.

kafka-python's admin client sits on the same layer, but it waits without limit for a TLS handshake, logs why
it could not connect instead of saying it, repeats a refused login until its time is up, and of many errors in
one answer it raises the first.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import cycle
from typing import Any, TypeAlias

from kafka import errors
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from elreconcile.desired.config import KafkaConfig, KafkaSecurity
from elreconcile.errors import Unreachable
from elreconcile.systems.deadline import Deadline, call_within
from elreconcile.systems.kafka_preflight import NotReached, probe, tls_context
from elreconcile.systems.kafka_refusal import NO_ANSWER_YET, refusal, words

IN_FLIGHT = 64
"""Requests under way at once; the library refuses a send beyond its own limit of five."""

LANES = 2
"""Connections to each broker: of one, Kafka works on a single request at a time."""

GRACE = 1.0
"""Seconds after a deadline in which whoever waits deeper down may still say what it waited for."""

PIECE = 256 * 1024
"""Bytes taken from a socket at once."""

Ask: TypeAlias = "tuple[int | None, Any]"
"""A broker's id (None: any broker) and a request for it."""

# Without a handler of its own the library's warnings would go to stderr.
logging.getLogger("kafka").addHandler(logging.NullHandler())


class Transient(Exception):
    """Kafka, or the network, asks to try again."""


class Lane(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python carries no types
    """One connection to each broker. Takes what has come in one piece: the library takes it by 4 kB."""

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        transport = await super()._build_transport(node, timeout_at)
        if not self.ssl_enabled:
            transport._sock_recv = partial(_receive, transport._sock)
        return transport


class Connection:
    """Made by `connect`. Answers arrive on a thread of kafka-python's.

    `principal` is who we are to Kafka, as far as this side knows.
    """

    def __init__(self, system: str, principal: str, config: dict[str, Any]) -> None:
        self.system = system
        self.principal = principal
        self._net = NetworkSelector(**config)
        self._manager, *others = self._lanes = [Lane(self._net, **config) for _ in range(LANES)]
        for other in others:
            other.cluster = self._manager.cluster
        self._broken: dict[int, str] = {}
        self._net.start()

    @property
    def cluster_id(self) -> str:
        return str(self._manager.cluster.cluster_id)

    @property
    def brokers(self) -> tuple[int, ...]:
        return tuple(broker.node_id for broker in self._manager.cluster.brokers())

    @property
    def version(self) -> str | None:
        """As the API versions that a broker offers tell it: 3.9 for any 3.9.x."""
        version = self._manager.broker_version
        return ".".join(map(str, version)) if version else None

    def ask(self, asks: Iterable[Ask], deadline: Deadline) -> list[Any]:
        """The answers in the order of the requests, which are under way at once.

        Raises Transient where trying again may help, and else Unreachable.
        """
        answers = self.try_to_ask(asks, deadline)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def try_to_ask(self, asks: Iterable[Ask], deadline: Deadline) -> list[Any]:
        """As `ask`, but what it would raise stands in the place of the answer."""
        seconds = deadline.left + GRACE
        return call_within(self.system, seconds, lambda: self._net.run(self._exchange_all, asks, deadline))

    def learn_brokers(self, deadline: Deadline) -> None:
        """Those of now: one may have come or gone. What cannot be learnt stays as it was."""
        with suppress(errors.KafkaError, Unreachable):
            call_within(self.system, deadline.left + GRACE, lambda: self._net.run(self._learn_brokers, None, deadline))

    def greet(self, deadline: Deadline) -> None:
        """Find a server that answers. Raises Unreachable with the cause for each."""
        causes: list[str] = []
        servers = self._manager.cluster.bootstrap_brokers()
        for tried, server in enumerate(servers):
            share = Deadline(deadline.left / (len(servers) - tried))
            try:
                self._greet(server, share)
            except NotReached as error:
                causes.append(f"{server.host}:{server.port}: {error}")
            else:
                return
        raise Unreachable(self.system, "; ".join(sorted(causes)), deadline.elapsed)

    def close(self) -> None:
        """Idempotent."""
        for lane in self._lanes:
            lane.close()
        self._net.close()

    def _greet(self, server: Any, deadline: Deadline) -> None:
        context = self._manager.config["ssl_context"]
        probe(server.host, server.port, context, deadline.left)
        try:
            self._net.run(self._introduce, server.node_id, deadline)
        except errors.KafkaError as error:
            raise NotReached(refusal(server, self._manager.config, error)) from error

    async def _introduce(self, node: str, deadline: Deadline) -> None:
        """Log in once, and learn the brokers and the cluster's id."""
        connection = self._manager.get_connection(node, timeout_ms=deadline.left * 1000, refresh_metadata_on_err=False)
        try:
            await self._manager.wait_for(connection.init_future, deadline.left * 1000)
            await self._learn_brokers(node, deadline)
        finally:
            connection.close()

    async def _learn_brokers(self, node: str | None, deadline: Deadline) -> None:
        learned = self._manager.call_soon(self._manager.cluster.refresh_metadata, node)
        await self._manager.wait_for(learned, deadline.left * 1000)

    async def _exchange_all(self, asks: Iterable[Ask], deadline: Deadline) -> list[Any]:
        answers: list[Any] = []
        under_way: deque[Any] = deque()
        for ask, lane in zip(asks, cycle(self._lanes)):
            if len(under_way) == IN_FLIGHT:
                answers.append(await under_way.popleft())
            under_way.append(lane.call_soon(self._exchange, lane, ask, deadline))
        while under_way:
            answers.append(await under_way.popleft())
        return answers

    async def _exchange(self, lane: Lane, ask: Ask, deadline: Deadline) -> Any:
        """The answer, or the exception that stands for it."""
        node, request = ask
        node = lane.least_loaded_node() if node is None else node
        try:
            return await self._send(lane, node, request, deadline)
        except errors.KafkaError as error:
            return self._failure(lane, node, request, error, deadline)
        except Exception as error:  # noqa: BLE001  must not hide the answers to the other requests
            return error

    async def _send(self, lane: Lane, node: int | None, request: Any, deadline: Deadline) -> Any:
        while True:
            left = deadline.left * 1000
            try:
                sent = lane.send(request, node, request_timeout_ms=left)
                return await lane.wait_for(sent, left)
            except errors.NodeNotReadyError:  # nothing was sent: it backs off, or enough is under way
                if not deadline.left:
                    raise
                await self._net.sleep(0.01)

    def _told(self, node: int) -> str:
        """A broker, and how it last failed."""
        where, cause = self._where(self._manager.cluster.broker_metadata(node)), self._broken.get(node)
        return f"{where}: {cause}" if cause else where

    @staticmethod
    def _where(broker: Any) -> str:
        return f"broker {broker.node_id} at {broker.host}:{broker.port}"

    def _failure(
        self, lane: Lane, node: int | None, request: Any, error: errors.KafkaError, deadline: Deadline
    ) -> Exception:
        broker = self._manager.cluster.broker_metadata(node)
        if node is None or broker is None:
            return Transient(f"no broker can be asked just now ({'; '.join(map(self._told, self.brokers))})")
        where = self._where(broker)
        if isinstance(error, NO_ANSWER_YET):
            lane.close(node_id=node)  # one that hangs in its handshake never gives up by itself
            cause = self._broken.get(node, f"no answer to {request.name.removesuffix('Request')}")
            return Unreachable(self.system, f"{where}: {cause}", deadline.elapsed)
        if isinstance(error, errors.IncompatibleBrokerVersion):
            return Unreachable(self.system, f"{where} is too old: {words(error)}", deadline.elapsed)
        if isinstance(error, errors.KafkaConnectionError):
            self._broken[node] = words(error)
        if error.retriable:
            return Transient(f"{where}: {words(error)}")
        return Unreachable(self.system, f"{where}: {words(error)}", deadline.elapsed)


def _receive(peer: socket.socket) -> tuple[bytes, Exception | None]:
    """What has come, and why nothing more will."""
    try:
        data = peer.recv(PIECE)
    except (BlockingIOError, InterruptedError):
        return b"", None
    except OSError as error:
        return b"", errors.KafkaConnectionError(error)
    return data, None if data else errors.KafkaConnectionError("socket disconnected")


def connect(system: str, settings: KafkaConfig, deadline: Deadline) -> Connection:
    """Raises Unreachable with the cause for each bootstrap server."""
    try:
        config = _config(settings)
    except NotReached as error:
        raise Unreachable(system, str(error), deadline.elapsed) from error
    connection = Connection(system, _principal(settings.security), config)
    try:
        call_within(system, deadline.seconds + GRACE, lambda: connection.greet(deadline))
    except BaseException:
        connection.close()
        raise
    return connection


def _config(settings: KafkaConfig) -> dict[str, Any]:
    return {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "client_id": "elreconcile",
        "max_in_flight_requests_per_connection": IN_FLIGHT + 1,
        "receive_message_max_bytes": 100_000_000,
        "reconnect_backoff_max_ms": 1000,
        "slow_task_threshold_secs": 0,
        "ssl_context": tls_context(settings.security),
        **_login(settings.security),
    }


def _login(security: KafkaSecurity | None) -> dict[str, Any]:
    if security is None:
        return {}
    return {
        "security_protocol": security.protocol,
        "sasl_mechanism": security.mechanism,
        "sasl_plain_username": security.username,
        "sasl_plain_password": security.password.get_secret_value() if security.password else None,
    }


def _principal(security: KafkaSecurity | None) -> str:
    if security is not None and security.username is not None:
        return f"User:{security.username}"
    if security is not None and security.cert_file is not None:
        return f"User:(the principal of {security.cert_file})"
    return "User:ANONYMOUS"
