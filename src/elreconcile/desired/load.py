"""A folder of documents, read and checked as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from elreconcile.desired.config import CONFIG_FILE, Config
from elreconcile.desired.document import Document
from elreconcile.desired.nearest import unknown
from elreconcile.desired.secrets import secrets_told
from elreconcile.desired.spec import Spec, SystemNames
from elreconcile.desired.validation import validated
from elreconcile.desired.wording import must_be
from elreconcile.desired.yaml_source import read
from elreconcile.errors import DesiredStateError, Problem
from elreconcile.model.address import Address

S = TypeVar("S", bound=Spec, covariant=True)
Kinds = Mapping[str, type[Spec]]
ENDINGS = (".yaml", ".yml")


class Resource(msgspec.Struct, Generic[S], frozen=True):
    """A document that is right as far as the files alone show, and where it starts."""

    address: Address
    spec: S
    file: str
    line: int

    @property
    def folder(self) -> Path:
        """Where the relative paths of the document start."""
        return Path(self.file).absolute().parent


def load(folder: Path, config: Config, specs: Kinds) -> tuple[Resource[Spec], ...]:
    """Every document under `folder`, in the order of the files. Raises DesiredStateError with all problems."""
    problems: list[Problem] = []
    resources: dict[Address, Resource[Spec]] = {}
    names = config.system_names()
    for document in _documents(folder, problems):
        spec = _spec(document, specs, names)
        if isinstance(spec, list):
            problems += spec
        elif earlier := resources.get(spec.address()):
            message = f"{earlier.address} is already in {earlier.file}:{earlier.line}"
            problems.append(document.problem_at_value(("name",), message))
        else:
            resources[spec.address()] = Resource(spec.address(), spec, document.file, document.line)
    if not resources and not problems:
        problems.append(Problem(str(folder), 1, 1, "this folder holds no documents"))
    if problems:
        raise DesiredStateError(problems)
    return tuple(resources.values())


def _documents(folder: Path, problems: list[Problem]) -> Iterator[Document]:
    if not folder.is_dir():
        problems.append(Problem(str(folder), 1, 1, "this is not a folder"))
        return
    for path in _files(folder, problems):
        if path.name == CONFIG_FILE:
            message = f"another {CONFIG_FILE} inside the folder: its documents are for other systems, load them alone"
            problems.append(Problem(str(path), 1, 1, message))
            continue
        documents, unreadable = read(path)
        problems += unreadable
        yield from documents


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    """YAML files but the folder's own configuration, without what starts with a dot.

    A folder that cannot be read is a problem: its documents would be left out without a word.
    """

    def unreadable(error: OSError) -> None:
        problems.append(Problem(str(Path(error.filename)), 1, 1, f"this folder cannot be read: {error.strerror}"))

    found: list[Path] = []
    for within, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(within, name) for name in files if not name.startswith(".") and name.endswith(ENDINGS)]
    return sorted((path for path in found if path != folder / CONFIG_FILE), key=attrgetter("parts"))


def _spec(document: Document, specs: Kinds, names: SystemNames) -> Spec | list[Problem]:
    kind = _kind(document, specs)
    found = kind if isinstance(kind, list) else validated(kind, document, document.value, names)
    secrets = secrets_told(document)
    if isinstance(found, Spec):
        return secrets or found
    return found + secrets


def _kind(document: Document, specs: Kinds) -> type[Spec] | list[Problem]:
    """The spec to check a document against."""
    if not isinstance(document.value, Mapping):
        if document.unread:
            return []
        return [document.problem_at_value((), "a document is a mapping with a kind and a name")]
    if "kind" not in document.value:
        return [document.problem_at_key((), "missing field 'kind'")]
    kind = document.value["kind"]
    if isinstance(kind, str) and kind in specs:
        return specs[kind]
    if ("kind",) in document.unread:
        return []
    message = unknown("kind", kind, specs) if isinstance(kind, str) else f"'kind' {must_be(['text'], kind)}"
    return [document.problem_at_value(("kind",), message)]
