"""Help is there for every verb, and costs no client library."""

from __future__ import annotations

import subprocess
import sys

import typer

from elreconcile import __version__
from elreconcile.cli.main import app

CLIENTS = {"kafka", "pymysql", "requests", "sqlite3", "yaml", "deepdiff", "rich", "tenacity"}
OF_TYPER = {"pydantic"}
"""What Typer itself loads to explain the options of a verb."""
COMMAND = [sys.executable, "-X", "importtime", "-m", "elreconcile"]
"""Tells on stderr what it imports."""


def helped(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=30)


def imported(stderr: str) -> set[str]:
    """The packages."""
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in stderr.splitlines() if "|" in line}


def test_every_verb_explains_itself_without_loading_what_it_needs_to_work() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) >= {"validate", "plan", "apply", "settle", "schema", "ledger"}
    for words in ([], *([name] for name in commands), ["ledger", "init"]):
        ran = helped(*words, "--help")
        assert (ran.returncode, ran.stdout.split()[0]) == (0, "Usage:"), words
        assert " ".join(words) in ran.stdout
        loaded = imported(ran.stderr)
        assert "typer" in loaded
        assert loaded & (CLIENTS if words else CLIENTS | OF_TYPER) == set(), words


def test_the_version_is_that_of_the_package() -> None:
    ran = helped("--version")
    assert (ran.returncode, ran.stdout) == (0, f"elreconcile {__version__}\n")
