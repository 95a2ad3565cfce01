"""Can a server be used at all, and if not, why? Asked with plain sockets: they say it, and in time."""

from __future__ import annotations

import socket
import ssl

from elreconcile.desired.config import KafkaSecurity

CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError)


class NotReached(Exception):
    """Why one server could not be used: a sentence without its name."""


def tls_context(security: KafkaSecurity | None) -> ssl.SSLContext | None:
    """Verifies certificate and host name; None where no TLS is wanted. Raises NotReached on a bad file."""
    if security is None or not security.protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=security.ca_file)
    except OSError as error:
        raise NotReached(f"ca_file {security.ca_file}: {_words(error)}") from error
    # The certificates that many authorities of one's own make do not pass the strict rules of Python 3.13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if security.cert_file is not None:
        try:
            context.load_cert_chain(security.cert_file, security.key_file)
        except OSError as error:
            files = f"cert_file {security.cert_file} with key_file {security.key_file}"
            raise NotReached(f"{files}: {_words(error)}") from error
    return context


def probe(host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
    """Connect, shake hands when TLS is wanted, hang up. Raises NotReached."""
    with _connect(host, port, seconds) as plain:
        if context is not None:
            _shake_hands(plain, context, host, seconds)


def speaks_tls(host: str, port: int, seconds: float) -> bool:
    """Whether the server answers a TLS greeting, be it with a refusal."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        probe(host, port, context, seconds)
    except NotReached as error:
        return isinstance(error.__cause__, ssl.SSLError) and "ALERT" in (error.__cause__.reason or "")
    return True


def _connect(host: str, port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=seconds)
    except socket.gaierror as error:
        raise NotReached(f"the name {host} cannot be resolved: {_words(error)}") from error
    except TimeoutError as error:
        raise NotReached(f"no connection within {seconds:.1f} s") from error
    except OSError as error:
        raise NotReached(_words(error)) from error


def _shake_hands(plain: socket.socket, context: ssl.SSLContext, host: str, seconds: float) -> None:
    try:
        context.wrap_socket(plain, server_hostname=host).close()
    except TimeoutError as error:
        raise NotReached(f"it accepts connections, but no TLS handshake within {seconds:.1f} s") from error
    except CLOSED as error:
        raise NotReached("it hung up during the TLS handshake: is that listener a plain one?") from error
    except ssl.SSLCertVerificationError as error:
        raise NotReached(f"its certificate is not trusted: {error.verify_message}") from error
    except OSError as error:
        raise NotReached(f"TLS handshake failed: {_words(error)}") from error


def _words(error: OSError) -> str:
    """The system's own words, without numbers and brackets."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return (error.strerror or str(error)).lower()
