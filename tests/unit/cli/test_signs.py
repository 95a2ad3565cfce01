"""What an output shows that cannot carry all signs."""

from __future__ import annotations

import io

import pytest

from elreconcile.cli.signs import STAND_IN


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "·5█_ größe €".encode()),
        ("latin-1", b"\xb75#_ gr\xf6\xdfe \\u20ac"),
        ("cp437", b"\xfa5\xdb_ gr\x94\xe1e \\u20ac"),
        ("ascii", rb".5#_ gr\xf6\xdfe \u20ac"),
    ],
)
def test_signs_that_an_encoding_lacks_have_a_stand_in_or_are_escaped(encoding: str, shown: bytes) -> None:
    held = io.BytesIO()
    with io.TextIOWrapper(held, encoding=encoding, errors=STAND_IN) as stream:
        stream.write("·5█_ größe €")
        stream.flush()
        assert held.getvalue() == shown
