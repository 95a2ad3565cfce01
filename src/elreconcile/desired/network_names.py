"""How servers are named: host and port, and HTTP addresses."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

_HOST_AND_PORT = re.compile(r"(?:[^\s:/@\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", re.ASCII)


def _host_and_port(server: str) -> str:
    found = _HOST_AND_PORT.fullmatch(server)
    if not found or not 0 < int(found[1]) < 65536:
        raise ValueError("must be HOST:PORT such as kafka1.example.org:9092")
    return server


def _http_url(url: str) -> str:
    if "@" in url:  # first, and without the value: there may be a password in it
        raise ValueError("no user belongs in an address: username and password have fields of their own")
    if not re.fullmatch(r"https?://[^\s/?#][^\s?#]*", url) or not _has_host_and_valid_port(url):
        raise ValueError("must be an address such as http://burrow.example.org:8000")
    return url.rstrip("/")


def _has_host_and_valid_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


Port = Annotated[int, Field(ge=1, le=65535)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Url = Annotated[str, AfterValidator(_http_url)]
