"""A ledger with a past, what is exported of it, and the place that it is taken to."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from elreconcile.desired.config import Config, load_config
from elreconcile.ledger.entry import State
from elreconcile.ledger.moving import export_ledger
from elreconcile.ledger.opening import init_ledger, open_writer
from elreconcile.ledger.store import LedgerWriter
from tests.ledger.on_a_ledger import OnALedger, Settings, with_id, write_config
from tests.ledger.samples import entry, run

ODD = entry(
    "gruppe-ü-☃-𝄞 ",
    "id 'quoted' \\ %s ? \"\n",
    meaning={"to": "zwölf\u2028", "nested": [1, 2.5, True, None, {"": "𝄞 \\ ' \" %"}], "far": 2**63},
    evidence="",
    before=[],
)


class WithAPast(OnALedger):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Config:
        """A SQLite ledger with a past."""
        settings: Settings = {"ledger": {"sqlite": str(tmp_path / "source.db")}}
        file = write_config(tmp_path / "source.yaml", settings)
        config = load_config(with_id(file, settings, init_ledger(load_config(file)).id))
        with open_writer(config) as ledger:
            fill(ledger)
        return config

    @pytest.fixture
    def file(self, source: Config, tmp_path: Path) -> Path:
        """What was exported of it."""
        path = tmp_path / "ledger.jsonl"
        path.write_text(exported(source))
        return path

    @pytest.fixture
    def target(self, source: Config, unmade: Path, settings: Settings) -> Config:
        """No ledger is there yet; the configuration names the source's."""
        return load_config(with_id(unmade, settings, str(source.ledger.id)))


def fill(ledger: LedgerWriter) -> None:
    """Runs that ended and one that did not, requests done, open and released, more words than fit one batch."""
    for number in (1, 2, 3):
        ledger.start_run(replace(run(f"r{number}"), plan={"accepted": ["limit-rows"], "n": number}))
    for state in (State.STARTED, State.SENDING, State.SETTLED):
        ledger.record([entry("done", state=state), replace(ODD, state=state)])
    for number in range(300):
        ledger.record([entry(f"g{number % 7}", f"id{number}", state=State.SETTLED, run="r2")])
    ledger.record([entry("open", state=State.SENDING, run="r3"), entry("released", state=State.RELEASED)])
    ledger.end_run("r1", {"a": "settled"})
    ledger.end_run("r2", {})


def exported(config: Config) -> str:
    out = io.StringIO()
    export_ledger(config, out)
    return out.getvalue()


def sealed(lines: list[str]) -> str:
    """With the checksum that belongs to them."""
    body = "".join(f"{line}\n" for line in lines)
    return body + json.dumps({"checksum": hashlib.sha256(body.encode()).hexdigest()}, separators=(",", ":")) + "\n"
