"""The demo runs from end to end, says what it should, and the README quotes it truly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.owned import own_folder
from sandbox.stack import Sandbox

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 120


def quotes() -> Iterator[str]:
    """What the README shows of the demo, piece by piece."""
    (block,) = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    yield from (general(piece) for piece in block.split("[...]"))


def general(text: str) -> str:
    """However it is wrapped, and with any numbers and ids: the demo compares those that matter itself."""
    return re.sub(r"\b[0-9a-f]{12,}\b|\d[\d,.]*", "#", " ".join(text.split()))


def missing(said: str) -> Iterator[str]:
    """Quotes that do not come, in this order."""
    for quote in quotes():
        before, found, said = said.partition(quote) if quote else ("", "-", said)
        if not found:
            yield quote
            said = before


def test_the_demo_and_what_the_readme_quotes_of_it() -> None:
    folder = own_folder("demo")
    environment = {name: value for name, value in os.environ.items() if name != "KEEP"}
    demo = subprocess.run(
        [sys.executable, "-m", "sandbox.demo", "--folder", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    Sandbox(folder).delete()
    assert demo.returncode == 0, demo.stdout
    said = general(demo.stdout.replace(str(folder.relative_to(ROOT)), ".sandbox-demo"))
    assert list(missing(said)) == []
    assert max(map(len, demo.stdout.splitlines())) <= WIDTH
    assert "Try next:" in demo.stdout
    assert not folder.exists()
