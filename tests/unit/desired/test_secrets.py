from __future__ import annotations

import os
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.desired.secrets import secrets_told, with_secrets
from elreconcile.desired.yaml_source import parse
from elreconcile.errors import ConfigError
from elreconcile.model.json import Json
from tests.unit.desired.test_config import SMALLEST, complaints, config


def resolved(folder: Path, text: str) -> tuple[Json, list[str]]:
    (document,), _ = parse(text, "c.yaml")
    _, value, problems = with_secrets(document, folder)
    return value, [str(problem) for problem in problems]


def test_references_anywhere_in_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EL_USER", "el")
    (tmp_path / "pw").write_text("p4ss\n")
    value, problems = resolved(
        tmp_path, "a: '${env:EL_USER}:${file:pw}@x'\nb: [1, '${env:EL_USER}', {c: true}]\n'${env:X}': $x"
    )
    assert value == {"a": "el:p4ss@x", "b": [1, "el", {"c": True}], "${env:X}": "$x"}
    assert problems == []


def test_an_absolute_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes(b"two\r\nlines\n\n")
    assert resolved(Path("/nowhere"), f"${{file:{tmp_path}/pw}}") == ("two\nlines\n", [])


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_any_text_in_a_file_is_that_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pw").write_bytes(text.encode() + b"\n")
        assert resolved(Path(folder), "'${file:pw}'") == (text, [])


def test_what_a_secret_holds_is_not_resolved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EL_PW", "${file:other}")
    assert resolved(tmp_path, "'${env:EL_PW}'") == ("${file:other}", [])


def test_all_that_cannot_be_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EL_NONE", raising=False)
    monkeypatch.setitem(os.environ, "EL_BYTES", os.fsdecode(b"\xff"))
    (tmp_path / "latin").write_bytes(b"\xe9")
    text = """\
a: "${env:EL_NONE}${file:none}"
b: "${env:EL_BYTES}"
c: "${file:latin}"
d: ["${vault:x}", "${env:}", "${"]
e: "${file:.}"
f: "${file:a\\0b}"
"""
    start = "'${' starts a reference: write ${env:NAME} or ${file:PATH}"
    assert sorted(resolved(tmp_path, text)[1]) == [
        "c.yaml:1:4: the environment variable EL_NONE is not set",
        "c.yaml:1:4: the file none cannot be read: No such file or directory",
        "c.yaml:2:4: the environment variable EL_BYTES is not UTF-8",
        "c.yaml:3:4: the file latin is not UTF-8",
        f"c.yaml:4:19: {start}",
        f"c.yaml:4:30: {start}",
        f"c.yaml:4:5: {start}",
        "c.yaml:5:4: the file . cannot be read: Is a directory",
        "c.yaml:6:4: embedded null byte",
    ]


def test_an_unset_secret_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EL_NONE", raising=False)
    text = f"kafka: {{k: {{bootstrap_servers: ['${{env:EL_NONE}}']}}}}\n{SMALLEST}"
    assert complaints(tmp_path, text) == ["1:33: the environment variable EL_NONE is not set"]


def test_a_secret_is_always_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EL_PORT", "3306")
    text = f"mysql: {{m: {{host: h, user: u, database: d, port: '${{env:EL_PORT}}'}}}}\n{SMALLEST}"
    assert complaints(tmp_path, text) == ["1:50: 'port' must be a whole number, not '${env:EL_PORT}'"]


EVERY_TEXT = """\
environment: X
kafka:
  k: {bootstrap_servers: [X], cluster_id: X, security: {protocol: X, mechanism: X, username: X, password: X}}
burrow:
  b: {url: X, cluster: X, kafka: X, username: X, password: X, ca_file: X}
mysql:
  m: {host: X, user: X, password: X, database: X, port: X, tls: {ca_file: X}}
ledger: {sqlite: X, mysql: X, id: X}
timing: {deadline: X}
"""


@given(st.text(string.ascii_letters + "@:/ ").map(lambda text: f"Zq9{text}Zq9"))
def test_no_message_shows_what_a_reference_stands_for(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("EL_SECRET", secret)
        with pytest.raises(ConfigError) as error:
            config(Path(folder), EVERY_TEXT.replace("X", "'${env:EL_SECRET}'"))
        assert secret not in str(error.value)
        assert "what ${env:EL_SECRET} stands for does not fit here" in str(error.value)


def test_documents_hold_none() -> None:
    (document,), _ = parse("a: ['x${env:Y}', $x]\nb: ${file:z}\nc: 5", "a.yaml")
    assert [str(problem) for problem in secrets_told(document)] == [
        "a.yaml:1:5: a document holds no secrets: ${...} belongs in elreconcile.yaml",
        "a.yaml:2:4: a document holds no secrets: ${...} belongs in elreconcile.yaml",
    ]
