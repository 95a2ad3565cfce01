"""A Kafka that is down, hangs or refuses us: named, within the deadline, with the true cause."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elreconcile.desired.config import KafkaConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.kafka import KafkaReader
from sandbox.addresses import Addresses
from sandbox.kafka import Kafka
from sandbox.ports import free_port
from sandbox.stack import Sandbox
from tests.live.refused import DEADLINE, refusal
from tests.live.secured import PASSWORD, SecuredKafka


def kafka_refusal(settings: KafkaConfig) -> str:
    return refusal("Kafka main", lambda: KafkaReader("main", settings, DEADLINE).close())


def plain(*servers: str) -> KafkaConfig:
    return KafkaConfig(bootstrap_servers=servers)


class TestKafkaThatIsNotThere:
    def test_nobody_listens(self) -> None:
        port = free_port()
        assert kafka_refusal(plain(f"127.0.0.1:{port}")) == f"127.0.0.1:{port}: connection refused"

    def test_an_unknown_name(self) -> None:
        cause = kafka_refusal(plain("no-such-host.invalid:9092"))
        assert cause.startswith("no-such-host.invalid:9092: the name no-such-host.invalid cannot be resolved: ")

    def test_one_server_of_several_is_enough(self, stack: Addresses) -> None:
        dead = f"127.0.0.1:{free_port()}"
        with KafkaReader("main", plain(dead, stack.kafka, "no-such-host.invalid:1"), 20) as kafka:
            assert kafka.cluster().brokers == 1

    def test_each_of_several_servers_has_its_cause(self) -> None:
        port = free_port()
        cause = kafka_refusal(plain(f"127.0.0.1:{port}", "no-such-host.invalid:9092"))
        assert f"127.0.0.1:{port}: connection refused" in cause
        assert "no-such-host.invalid:9092: the name" in cause

    def test_something_else_than_kafka(self, stack: Addresses) -> None:
        cause = kafka_refusal(plain(f"127.0.0.1:{stack.mysql.port}"))
        assert re.search("or is it no Kafka\\?|does not speak Kafka's protocol", cause)


class TestKafkaThatRefusesUs:
    @pytest.fixture
    def known(self, secured: SecuredKafka) -> SecuredKafka:
        """Its user `reader` gets in where everything is right, which proves each case below."""
        ca = secured.certificates["ca.crt"]
        for settings in (
            secured.reached_by("sasl", "127.0.0.1", **secured.login("reader")),
            secured.reached_by("sasl-tls", **tls_login(secured)),
            secured.reached_by("tls", protocol="SSL", ca_file=ca, **client(secured)),
        ):
            with KafkaReader("main", settings, 20) as kafka:
                assert kafka.cluster().brokers == 1
        return secured

    @pytest.mark.parametrize("login", [("reader", "wrong"), ("nobody", PASSWORD)])
    @pytest.mark.parametrize("listener", ["sasl", "sasl-tls"])
    def test_a_wrong_login(self, known: SecuredKafka, login: tuple[str, str], listener: str) -> None:
        security = {"sasl": known.login(*login), "sasl-tls": tls_login(known, *login)}[listener]
        cause = kafka_refusal(known.reached_by(listener, **security))
        assert re.search(
            "login refused: .*invalid credentials|hung up during the login.*wrong username, password", cause
        )
        assert PASSWORD not in cause

    @pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
    def test_a_wrong_mechanism(self, known: SecuredKafka, mechanism: str) -> None:
        cause = kafka_refusal(known.reached_by("sasl", "127.0.0.1", **known.login("reader", mechanism=mechanism)))
        assert re.search(f"does not offer the mechanism {mechanism}|hung up during the login.*mechanism", cause)

    def test_no_login_where_one_is_wanted(self, known: SecuredKafka) -> None:
        assert "does it want a login" in kafka_refusal(known.reached_by("sasl", "127.0.0.1"))

    def test_a_login_where_none_is_wanted(self, known: SecuredKafka) -> None:
        cause = kafka_refusal(known.reached_by("kafka", "127.0.0.1", **known.login("reader")))
        assert cause.endswith("that listener wants no login, but the protocol is SASL_PLAINTEXT")

    def test_tls_to_a_plain_listener(self, known: SecuredKafka) -> None:
        cause = kafka_refusal(known.reached_by("sasl", **tls_login(known)))
        assert cause.endswith("it hung up during the TLS handshake: is that listener a plain one?")

    def test_plain_to_a_tls_listener(self, known: SecuredKafka) -> None:
        cause = kafka_refusal(known.reached_by("sasl-tls", **known.login("reader")))
        assert cause.endswith("it speaks TLS, but the protocol is SASL_PLAINTEXT")
        assert kafka_refusal(known.reached_by("tls")).endswith("it speaks TLS, but the protocol is PLAINTEXT")

    def test_an_authority_we_do_not_trust(self, known: SecuredKafka) -> None:
        security = tls_login(known, ca_file=known.certificates["stranger.crt"])
        cause = kafka_refusal(known.reached_by("sasl-tls", **security))
        assert "its certificate is not trusted: " in cause

    def test_a_certificate_for_another_name(self, known: SecuredKafka) -> None:
        cause = kafka_refusal(known.reached_by("sasl-tls", "127.0.0.1", **tls_login(known)))
        assert "IP address mismatch" in cause

    def test_no_client_certificate(self, known: SecuredKafka) -> None:
        security: dict[str, Any] = {"protocol": "SSL", "ca_file": known.certificates["ca.crt"]}
        assert "client certificate" in kafka_refusal(known.reached_by("tls", **security))

    def test_files_that_are_missing_or_no_certificates(self, known: SecuredKafka, tmp_path: Path) -> None:
        missing, nonsense = tmp_path / "missing.crt", tmp_path / "nonsense.crt"
        nonsense.write_text("nonsense")
        settings = known.reached_by("sasl-tls", **tls_login(known, ca_file=missing))
        assert kafka_refusal(settings) == f"ca_file {missing}: no such file or directory"
        settings = known.reached_by("sasl-tls", **tls_login(known, ca_file=nonsense))
        assert kafka_refusal(settings).startswith(f"ca_file {nonsense}: no certificate")
        wrong_key = client(known) | {"key_file": known.certificates["broker.key"]}
        settings = known.reached_by("tls", protocol="SSL", ca_file=known.certificates["ca.crt"], **wrong_key)
        assert "key values mismatch" in kafka_refusal(settings)


def tls_login(kafka: SecuredKafka, user: str = "reader", password: str = PASSWORD, **others: Any) -> dict[str, Any]:
    login = kafka.login(user, password) | {"protocol": "SASL_SSL", "ca_file": kafka.certificates["ca.crt"]}
    return login | others


def client(kafka: SecuredKafka) -> dict[str, Any]:
    return {"cert_file": kafka.certificates["client.crt"], "key_file": kafka.certificates["client.key"]}


class TestKafkaThatHangs:
    @pytest.fixture
    def kafka(self, own_sandbox: Sandbox) -> Kafka:
        own_sandbox.kafka.start()
        return own_sandbox.kafka

    def test_before_we_come(self, kafka: Kafka) -> None:
        kafka.pause()
        cause = kafka_refusal(plain(kafka.bootstrap))
        assert cause == f"{kafka.bootstrap}: it accepts connections, but does not answer"

    def test_while_we_are_there(self, kafka: Kafka) -> None:
        with KafkaReader("main", plain(kafka.bootstrap), DEADLINE) as reader:
            reader.groups()
            kafka.pause()
            for _ in range(2):
                cause = refusal("Kafka main", reader.groups)
                assert cause == f"broker 1 at {kafka.bootstrap}: no answer to ListGroups"
            kafka.resume()
            patient_until(reader.groups)

    def test_in_a_tls_handshake(self, secured: SecuredKafka) -> None:
        """kafka-python would wait without limit."""
        settings = secured.reached_by("sasl-tls", **tls_login(secured))
        with KafkaReader("main", settings, DEADLINE) as reader:
            reader.groups()
            secured.pause()
            try:
                for _ in range(3):
                    assert "no answer to ListGroups" in refusal("Kafka main", reader.groups)
                assert "no TLS handshake within 2.0 s" in kafka_refusal(settings)
            finally:
                secured.resume()
            patient_until(reader.groups)

    def test_one_that_hangs_does_not_hide_one_that_answers(self, kafka: Kafka, stack: Addresses) -> None:
        kafka.pause()
        with KafkaReader("main", plain(kafka.bootstrap, stack.kafka), DEADLINE) as reader:
            assert reader.cluster().brokers == 1

    def test_gone_while_we_are_there(self, kafka: Kafka) -> None:
        with KafkaReader("main", plain(kafka.bootstrap), DEADLINE) as reader:
            reader.groups()
            kafka.kill()
            assert refusal("Kafka main", reader.groups) == f"broker 1 at {kafka.bootstrap}: connection refused"


def patient_until(question: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            question()
        except Unreachable:
            assert time.monotonic() < end
        else:
            return
