"""What can go wrong with the sandbox itself."""

from __future__ import annotations

from collections.abc import Sequence


class SandboxError(Exception):
    """`str()` is what a person reads."""


class Missing(SandboxError):
    """Programs the sandbox needs and could not get; says all of them and where each comes from."""

    def __init__(self, remedies: Sequence[str]) -> None:
        self.remedies = tuple(remedies)
        super().__init__("The sandbox lacks:\n" + "\n".join(f"  {remedy}" for remedy in self.remedies))


class ServerFailed(SandboxError):
    """A server ended or did not answer in time; carries the end of its log."""

    def __init__(self, server: str, why: str, log_end: str) -> None:
        self.server = server
        self.log_end = log_end
        super().__init__(f"{server} {why}. Its log ends with:\n{log_end}")
