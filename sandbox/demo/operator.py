"""An operator at work: a folder of documents, a configuration of its own, and the command itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.addresses import Addresses
from sandbox.demo.told import DemoFailed, check, paragraph, say

ROOT = Path(__file__).resolve().parents[2]
TIMING = "timing: {grace: 2s, quiet: 5s}\n"
DIGEST = re.compile(r"   digest ([0-9a-f]{16})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    out: str
    err: str

    @property
    def digest(self) -> str:
        """Of the plan that was shown; empty where there was nothing to do."""
        found = DIGEST.search(self.out)
        return found.group(1) if found else ""

    @property
    def outcomes(self) -> str:
        """What apply says after its plan."""
        return DIGEST.split(self.out, maxsplit=1)[-1].strip()


@dataclass(frozen=True, slots=True)
class Operator:
    """`home` holds the configuration and the ledger."""

    servers: Addresses
    home: Path
    documents: str  # a folder, seen from the repository's root

    @classmethod
    def of(cls, year: str, home: Path, servers: Addresses, settings: str = "") -> Operator:
        """For the documents of `state/demo/YEAR`, which it shows, with a new ledger."""
        home.mkdir(parents=True, exist_ok=True)
        operator = cls(servers, home, f"state/demo/{year}")
        text = servers.elreconcile_yaml(f"demo-{year}") + TIMING + settings
        operator.config.write_text(text)
        paragraph(f"$ export ELRECONCILE_CONFIG={name_of(operator.config)}")
        ledger = operator.run("ledger", "init")
        say(ledger.err.rstrip())
        operator.config.write_text(re.sub("id: null}.*", f"id: {ledger.out.strip()}}}", text))
        paragraph(f"$ cat {operator.documents}/*")
        say("".join(file.read_text() for file in sorted((ROOT / operator.documents).iterdir())).rstrip())
        return operator

    @property
    def config(self) -> Path:
        return self.home / "elreconcile.yaml"

    def plan(self, *options: str) -> Ran:
        """Made and shown."""
        ran = self.run("plan", self.documents, *options)
        say(f"{ran.out}{ran.err}".rstrip())
        return ran

    def apply(self, place: str, *options: str, shown: Ran) -> None:
        """Carried out, and its outcomes shown. Raises DemoFailed when its plan is not the one `shown` before."""
        ran = self.run("apply", place, *options)
        check("digest of the plan that apply shows", ran.digest, shown.digest)
        say(f"[the same plan, digest {ran.digest}]\n\n{ran.outcomes}\n{ran.err.rstrip()}")

    def plan_nothing(self) -> None:
        """The plan of a repaired world: empty, or its exit code is another."""
        say(self.run("plan", self.documents, "--detailed-exitcode").out.rstrip())

    def run(self, *words: str, expect: int = 0) -> Ran:
        """Run the command as a person would. Raises DemoFailed on any other exit code, with what it said."""
        paragraph(f"$ elreconcile {' '.join(words)}")
        done = subprocess.run(
            [sys.executable, "-m", "elreconcile", *words],
            cwd=ROOT,
            env=os.environ | {"ELRECONCILE_CONFIG": str(self.config)},
            text=True,
            capture_output=True,
            timeout=180,
        )
        if done.returncode != expect:
            told = f"{done.stdout}{done.stderr}".rstrip()
            raise DemoFailed(f"elreconcile {words[0]} ended with {done.returncode}, should be {expect}:\n{told}")
        return Ran(done.stdout, done.stderr)


def name_of(file: Path) -> str:
    """As one says it in the repository's root."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
