"""JSON from strangers, read strictly: RFC 8259 with the cautions of RFC 8725 and I-JSON (RFC 7493).

Refused: duplicate names, `NaN` and `Infinity`, lone surrogates, bytes that are not UTF-8, too much, too deep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

MAX_DEPTH = 20


class JsonError(ValueError):
    """Not JSON as we accept it. The text says why and repeats nothing of the input."""


def parse(data: bytes | str, *, max_bytes: int = 32_768, max_depth: int = MAX_DEPTH) -> Any:  # noqa: ANN401
    """Read one JSON value.

    Raises:
        JsonError: it is malformed, too large, too deep, or holds a name twice.
    """
    if len(data) > max_bytes:
        raise JsonError("too large")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        # Most messages hold fewer brackets than levels allowed and no escapes: nothing in them can be wrong here.
        if text.count("{") + text.count("[") > max_depth or "\\u" in text:
            _check(value, max_depth)
    except JsonError:
        raise
    except RecursionError as error:
        raise JsonError("nested too deep") from error
    except ValueError as error:  # UnicodeError and JSONDecodeError are ValueErrors
        raise JsonError("not JSON") from error
    return value


def parse_object(data: bytes | str, *, max_bytes: int = 32_768, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """Read one JSON object; see `parse`."""
    value = parse(data, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise JsonError("not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("a name appears twice")
    return members


def _no_constant(_: str) -> NoReturn:
    raise JsonError("not a JSON number")


def _check(value: object, depth_left: int) -> None:
    if isinstance(value, str):
        if not value.isascii():
            value.encode("utf-8")  # lone surrogates are refused here
        return
    if not isinstance(value, dict | list):
        return
    if depth_left == 0:
        raise JsonError("nested too deep")
    for part in _parts(value):
        _check(part, depth_left - 1)


def _parts(value: dict[str, Any] | list[Any]) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    else:
        yield from value
