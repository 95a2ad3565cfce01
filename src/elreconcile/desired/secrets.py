"""Secrets of the configuration: `${env:NAME}` and `${file:PATH}` inside its texts.

What they stand for is always text, is put in after the YAML was read, and is never shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from elreconcile.desired.document import Document, Steps
from elreconcile.errors import Problem
from elreconcile.model.json import Json

_REFERENCE = re.compile(r"\$\{(?:(env|file):([^{}]+)\})?")


def with_secrets(document: Document, folder: Path) -> tuple[Document, Json, list[Problem]]:
    """The document's value with every reference resolved, relative paths being relative to `folder`.

    Texts that hold one that cannot be resolved stay as they are, and are unread in the document given back.
    """
    told: list[tuple[Steps, Problem]] = []

    def resolved(text: str, steps: Steps) -> str:
        def secret(found: re.Match[str]) -> str:
            try:
                return _secret(found, folder)
            except ValueError as error:
                told.append((steps, document.problem_at_value(steps, str(error))))
                return found[0]

        return _REFERENCE.sub(secret, text)

    value = _each_text(document.value, (), resolved)
    unread = document.unread | {steps for steps, _ in told}
    return replace(document, unread=unread), value, [problem for _, problem in told]


def _each_text(value: Json, steps: Steps, change: Callable[[str, Steps], str]) -> Json:
    if isinstance(value, Mapping):
        return {key: _each_text(inner, (*steps, key), change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_each_text(inner, (*steps, index), change) for index, inner in enumerate(value)]
    return change(value, steps) if isinstance(value, str) else value


def _secret(found: re.Match[str], folder: Path) -> str:
    source, name = found.groups()
    if source is None:
        raise ValueError("'${' starts a reference: write ${env:NAME} or ${file:PATH}")
    return _from_environment(name) if source == "env" else _from_file(name, folder)


def _from_environment(name: str) -> str:
    text = os.environ.get(name)
    if text is None:
        raise ValueError(f"the environment variable {name} is not set")
    if any("\ud800" <= character <= "\udfff" for character in text):  # how Python shows bytes that are not text
        raise ValueError(f"the environment variable {name} is not UTF-8")
    return text


def _from_file(path: str, folder: Path) -> str:
    """The file's text without the line's end that editors put there."""
    try:
        return (folder / path).read_text(encoding="utf-8").removesuffix("\n")
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not UTF-8") from None


def secrets_told(document: Document) -> list[Problem]:
    """Documents are shown, compared and written down, so a reference in one is a problem."""
    written = document.source.text
    if "${" not in written and "\\" not in written:  # an escape may stand for either
        return []
    return [
        document.problem_at_value(steps, "a document holds no secrets: ${...} belongs in elreconcile.yaml")
        for steps in document.values
        if isinstance(text := document.at(steps), str) and ("${env:" in text or "${file:" in text)
    ]
