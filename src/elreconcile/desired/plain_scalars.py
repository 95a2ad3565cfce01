"""What an unquoted word in YAML means here: what JSON says it means, or it is refused.

YAML's readers disagree about `010`, `12:30`, `yes` and the like. Whoever wrote one meant one thing, and
guessing could rewind a group to the wrong offset: they are errors that ask for quotes or for the plain number.
"""

from __future__ import annotations

import re
from functools import lru_cache

from elreconcile.model.json import Json

_WORDS: dict[str, Json] = {"": None, "null": None, "true": True, "false": False}
_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)\.\d+", re.ASCII)
_OCTAL_LOOKING = re.compile(r"([-+]?)0+(\d+)", re.ASCII)
_BASE_60 = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?", re.ASCII)
_NUMBER_TO_SOME = re.compile(
    r"[-+]?(0x[\da-f_]+|0o[0-7_]+|0b[01_]+|\.?\d[\d_]*(\.[\d_]*)?(e[-+]?\d+)?|\.(inf|nan))",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_NUMBER = 40


@lru_cache(maxsize=10_000)
def plain_scalar(text: str) -> Json:
    """The value of an unquoted scalar. Raises ValueError, saying what to write instead."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        return _number_or_text(text)
    if text == "~" or text.lower() in _WORDS:
        raise ValueError(_either(text, "a word of YAML", "null" if text == "~" else text.lower()))
    if text.lower() in _TRUTHS:
        raise ValueError(_either(text, "a truth value to some readers of YAML", _TRUTHS[text.lower()]))
    return text


def _number_or_text(text: str) -> Json:
    if _INTEGER.fullmatch(text):
        return int(_short(text))
    if _DECIMAL.fullmatch(text):
        return float(_short(text))
    if octal := _OCTAL_LOOKING.fullmatch(text):
        raise ValueError(f"{text} looks octal: write {octal[1]}{octal[2]}, or '{text}' if it is text")
    if _BASE_60.fullmatch(text):
        raise ValueError(_either(text, "in base 60 to some readers of YAML", "a plain number"))
    if _NUMBER_TO_SOME.fullmatch(text):
        raise ValueError(_either(text, "a number to some readers of YAML", "a plain decimal number"))
    return text


def _short(number: str) -> str:
    if len(number) > _LONGEST_NUMBER:
        raise ValueError("no number here is that long: put it in quotes if it is text")
    return number


def _either(text: str, what: str, instead: str) -> str:
    return f"{text} is {what}: write {instead}, or '{text}' if it is text"
