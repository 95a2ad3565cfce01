"""Why a server that can be connected to does not serve us, in words."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from kafka import errors

from elreconcile.systems.kafka_preflight import speaks_tls

NO_ANSWER_YET = (errors.KafkaTimeoutError, errors.RequestTimedOutError, errors.NodeNotReadyError)

PROBE = 2.0
"""Seconds to find out whether a server speaks TLS."""


def refusal(server: Any, config: Mapping[str, Any], error: errors.KafkaError) -> str:
    """A sentence without the server's name."""
    protocol = config["security_protocol"]
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return f"login refused: {words(error)}"
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        return f"it does not offer the mechanism {config['sasl_mechanism']}"
    if isinstance(error, errors.IllegalSaslStateError):
        return f"that listener wants no login, but the protocol is {protocol}"
    if isinstance(error, NO_ANSWER_YET):
        return "it accepts connections, but does not answer"
    if not isinstance(error, errors.KafkaConnectionError | errors.KafkaProtocolError):
        return words(error)
    if not protocol.endswith("SSL") and speaks_tls(server.host, server.port, PROBE):
        return f"it speaks TLS, but the protocol is {protocol}"
    if isinstance(error, errors.KafkaProtocolError):
        return f"it does not speak Kafka's protocol: {words(error)}"
    return _hung_up(protocol, str(error))


def words(error: Exception) -> str:
    """What the server or the system said, without kafka-python's `[Error 58] NameOfAnError: ` before it."""
    said = str(error).rpartition("Error: ")[2]
    number = re.fullmatch(r"(\d+) E[A-Z]+", said)
    return os.strerror(int(number[1])).lower() if number else said


def _hung_up(protocol: str, error: str) -> str:
    """kafka-python drops what a server says before it hangs up: a question is often all there is to tell."""
    if "CERTIFICATE" in error:
        return "it wants a client certificate that it trusts: cert_file and key_file"
    if protocol.startswith("SASL"):
        return "it hung up during the login, as Kafka does on a wrong username, password or mechanism"
    missing = "a client certificate or a login" if protocol == "SSL" else "a login"
    return f"it hung up on the first request: does it want {missing}, or is it no Kafka?"
