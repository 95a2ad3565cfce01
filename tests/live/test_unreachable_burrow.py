"""A Burrow that is down, hangs, is something else, or has a guard: the true cause, within the deadline."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from elreconcile.desired.config import BurrowConfig
from elreconcile.systems.burrow import BurrowReader, BurrowWriter
from elreconcile.systems.not_authorized import NotAuthorized
from sandbox.addresses import Addresses
from sandbox.ports import free_port
from sandbox.stack import Sandbox
from tests.live.refused import DEADLINE, refusal


def burrow(url: str, **others: Any) -> BurrowReader:
    settings = BurrowConfig.model_validate({"url": url, "cluster": "local", "kafka": "analytics"} | others)
    return BurrowReader("main", settings, DEADLINE)


def burrow_refusal(url: str, **others: Any) -> str:
    with burrow(url, **others) as reader:
        return refusal("Burrow main", reader.ready)


class Door(http.server.BaseHTTPRequestHandler):
    """What stands in front of a Burrow, or in its place."""

    status = 200
    page = b""
    drip = 0.0

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        for byte in self.page:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(self.drip)

    do_DELETE = do_GET

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def door(status: int, page: bytes, drip: float = 0.0) -> Iterator[str]:
    handler = type("SuchADoor", (Door,), {"status": status, "page": page, "drip": drip})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>"


class TestBurrow:
    def test_nobody_listens(self) -> None:
        url = f"http://127.0.0.1:{free_port()}"
        assert burrow_refusal(url) == f"{url}: connection refused"

    def test_an_unknown_name(self) -> None:
        told = ("name or service not known", "temporary failure in name resolution")  # by what resolves names
        assert any(words in burrow_refusal("http://no-such-host.invalid:8000") for words in told)

    def test_one_that_hangs(self, own_sandbox: Sandbox) -> None:
        own_sandbox.up()
        own_sandbox.burrow.pause()
        url = own_sandbox.burrow.url
        assert burrow_refusal(url) == f"{url}: it accepts connections, but does not answer"

    def test_one_that_answers_too_slowly(self) -> None:
        with door(200, b"GOOD" * 100, drip=0.1) as url:
            assert burrow_refusal(url) == "no answer"

    def test_tls_where_there_is_none(self, stack: Addresses) -> None:
        assert "does not speak TLS" in burrow_refusal(stack.burrow.url.replace("http:", "https:"))

    def test_a_cluster_it_does_not_have(self, stack: Addresses) -> None:
        assert burrow_refusal(stack.burrow.url, cluster="other") == "it has no cluster other; it has local"

    def test_another_path(self, stack: Addresses) -> None:
        cause = burrow_refusal(f"{stack.burrow.url}/burrow")
        assert cause == "GET /burrow/admin was answered with 404: invalid request type"

    def test_a_burrow_that_is_down_behind_a_proxy(self) -> None:
        with door(502, BAD_GATEWAY) as url:
            cause = burrow_refusal(url)
        assert (
            cause == f"{url} answers HTTP 502 Bad Gateway, which is not Burrow's: 502 Bad Gateway 502 Bad Gateway nginx"
        )

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_guard_that_does_not_know_us(self, status: int) -> None:
        with door(status, b"<html>who are you</html>") as url, burrow(url) as reader:
            with pytest.raises(NotAuthorized, match=f"GET /burrow/admin/ready .HTTP {status}"):
                reader.ready()
            with pytest.raises(NotAuthorized):
                reader.consumer("a group")

    def test_a_guard_that_only_lets_us_read(self) -> None:
        settings = {"cluster": "local", "kafka": "analytics"}
        with door(403, b"<html>forbidden</html>") as url:
            writer = BurrowWriter("main", BurrowConfig.model_validate({"url": url, **settings}), DEADLINE)
            with writer, pytest.raises(NotAuthorized, match="DELETE /v3/kafka/local/consumer/a%20group"):
                writer.forget_group("a group")

    @pytest.mark.parametrize("page", [b"", b"<html>It works!</html>", b"{}", b"[1]", b'{"status": "UP"}', b"\xff\xfe"])
    def test_something_else_than_burrow(self, page: bytes) -> None:
        with door(200, page) as url:
            assert burrow_refusal(url).startswith(f"{url} answers HTTP 200 OK, which is not Burrow's")

    def test_a_password_is_never_shown(self) -> None:
        with door(401, b"") as url, burrow(url, username="me", password="my s3cret") as reader:
            with pytest.raises(NotAuthorized) as error:
                reader.ready()
            assert "s3cret" not in f"{error.value!s}{error.value!r}"
