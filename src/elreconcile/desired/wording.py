"""Pydantic's errors in the words of somebody who has the file before them, not the model.

What fits "must be ..." is kept short of the value, so that the branches of a union can be told in one sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from elreconcile.desired.nearest import did_you_mean
from elreconcile.model.json import Json

MUST_BE = "must be "
_KINDS_OF_VALUE = {
    "string_type": "text",
    "path_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "none_required": "empty",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "of the form {pattern}",
}
_OTHERS = {
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must hold at least {min_length}, not {actual_length}",
    "too_long": "must hold at most {max_length}, not {actual_length}",
    "value_error": "{error}",
    "assertion_error": "{error}",
}
_LONGEST_SHOWN = 60


def sentence(error: ErrorDetails) -> str:
    """What is wrong, without the value; for unknown and missing fields see `validation`."""
    kind, details = error["type"], error.get("ctx", {})
    if kind in ("string_too_short", "too_short") and details["min_length"] == 1:
        return "must not be empty"
    if kind in _KINDS_OF_VALUE:
        return MUST_BE + _KINDS_OF_VALUE[kind].format(**details)
    if kind in _OTHERS:
        return _OTHERS[kind].format(**details)
    return error["msg"][:1].lower() + error["msg"][1:]


def must_be(choices: Sequence[str], written: Json) -> str:
    """`choices` are sentences that start with "must be"; `written` fits none of them."""
    what = " or ".join(choice.removeprefix(MUST_BE) for choice in choices)
    if what == "text" and isinstance(written, bool | int | float):  # it may be a password: not shown
        return f"{MUST_BE}text: put it in quotes"
    hint = did_you_mean(written, re.findall("'([^']*)'", what)) if isinstance(written, str) else ""
    return f"{MUST_BE}{what}, {_found(written)}{hint}"


def _found(value: Json) -> str:
    if value is None:
        return "and is empty"
    if isinstance(value, str):
        return f"not '{value}'" if len(value) <= _LONGEST_SHOWN else f"not '{value[:_LONGEST_SHOWN]}…'"
    if isinstance(value, bool | int | float):
        return f"not {json.dumps(value)}"
    return "not a list" if isinstance(value, Sequence) else "not a mapping"
