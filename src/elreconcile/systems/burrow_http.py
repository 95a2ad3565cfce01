"""Burrow's HTTP API, and the true cause when something else answers in its place, or nothing does."""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias
from urllib.parse import quote

import msgspec
import requests
from requests import Response

from elreconcile.desired.config import BurrowConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.deadline import Deadline, call_within
from elreconcile.systems.not_authorized import NotAuthorized

GRACE = 1.0
"""Seconds after a deadline in which requests may still say what it waited for."""

SHORT = 120
"""Characters told of what somebody else answered."""

Path: TypeAlias = tuple[str, ...]
"""The parts of a path, unquoted."""


PLAIN_WORDS = frozenset(("GOOD", "READY", "STARTING", "Method Not Allowed"))
"""All that Burrow says without JSON."""


class Answer(msgspec.Struct, frozen=True):
    """`body` is None where Burrow answered in plain words. `allow` are the methods that a 405 offers."""

    status: int
    text: str
    body: dict[str, Any] | None
    allow: str

    @property
    def unknown_path(self) -> bool:
        """This Burrow has nothing at that path at all."""
        return self.status == 404 and self.body is not None and self.body["message"] == "invalid request type"


class BurrowHttp:
    """Nothing from the environment is used: neither proxies, nor netrc, nor certificates."""

    def __init__(self, system: str, settings: BurrowConfig, deadline: float) -> None:
        self.system = system
        self.settings = settings
        self._deadline = deadline
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = True if settings.ca_file is None else str(settings.ca_file)
        if settings.username is not None:
            password = settings.password.get_secret_value() if settings.password else ""
            self._session.auth = (settings.username, password)

    def get(self, *path: str) -> Answer:
        return self._ask("GET", path)

    def delete(self, *path: str) -> Answer:
        return self._ask("DELETE", path)

    def close(self) -> None:
        self._session.close()

    def refused(self, method: str, path: Path, answer: Answer) -> Unreachable:
        """For an answer that makes no sense from Burrow."""
        said = answer.body["message"] if answer.body else answer.text
        return Unreachable(self.system, f"{method} {_url(path)} was answered with {answer.status}: {_short(said)}", 0.0)

    def _ask(self, method: str, path: Path) -> Answer:
        self._examine(path)
        deadline = Deadline(self._deadline)
        url = self.settings.url + _url(path)
        try:
            response = call_within(
                self.system,
                deadline.seconds + GRACE,  # requests' timeout is for each read, not for all of them
                lambda: self._session.request(method, url, timeout=deadline.seconds, allow_redirects=False),
            )
        except (requests.RequestException, OSError) as error:
            raise Unreachable(self.system, f"{self.settings.url}: {_cause(error)}", deadline.elapsed) from error
        return self._understood(method, path, response, deadline)

    def _examine(self, path: Path) -> None:
        """Burrow splits a path after unquoting it: such a name would be taken for another path."""
        for part in path:
            if "/" in part or part in ("", ".", ".."):
                raise Unreachable(self.system, f"Burrow cannot be asked about the name {part!r}", 0.0)

    def _understood(self, method: str, path: Path, response: Response, deadline: Deadline) -> Answer:
        if response.status_code in (401, 403):
            raise NotAuthorized(
                self.system,
                f"{method} {_url(path)} (HTTP {response.status_code} {response.reason})",
                "username and password in elreconcile.yaml that whatever guards this Burrow accepts",
            )
        text, allow = response.text.strip(), response.headers.get("Allow", "")
        answer = Answer(response.status_code, text, _body(text), allow)
        if answer.body is None and text not in PLAIN_WORDS:
            status = f"HTTP {response.status_code} {response.reason}"
            raise Unreachable(
                self.system,
                f"{self.settings.url} answers {status}, which is not Burrow's: {_short(text)}",
                deadline.elapsed,
            )
        return answer


def _url(path: Path) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in path)


def _body(text: str) -> dict[str, Any] | None:
    """Burrow's JSON always has an `error` and a `message`."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) and {"error", "message"} <= body.keys() else None


def _cause(error: Exception) -> str:
    """The words of the system, which requests wraps several times."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.ReadTimeout):
        return "it accepts connections, but does not answer"
    said = str(error)
    if "WRONG_VERSION_NUMBER" in said:
        return "it does not speak TLS: is its address http:// ?"
    if "Connection aborted" in said:
        return "it hung up without an answer"
    found = re.search(r"\[Errno -?\d+\] ([^'\")]+)|certificate verify failed: ([^(]+)", said)
    return (found[1] or found[2]).strip().lower() if found else _short(said)


def _short(text: str) -> str:
    """One line of it, without markup."""
    words = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return words if len(words) <= SHORT else words[:SHORT] + "…"
