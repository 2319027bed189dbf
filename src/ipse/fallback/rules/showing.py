"""What a person sees before they decide, out of the bytes that are kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.actions.model import Shown


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute: masked where it is protected, its members one by one where it has some."""

    name: str
    required: bool
    text: str
    members: tuple[tuple[str, str], ...] = ()
    picture: str = ""
    """A data address."""


def lines(shown: Shown) -> list[Line]:
    """The attributes of a request in its order."""
    return [_line(entry) for entry in msgspec.json.decode(shown.octets)["attributes"]]


def level(shown: Shown) -> str:
    """The eIDAS level that was shown."""
    return str(msgspec.json.decode(shown.octets)["level"])


def _line(entry: Mapping[str, Any]) -> Line:
    name, required = entry["name"], entry["required"]
    if entry.get("protected"):
        return Line(name, required, entry["masked"])
    value = entry["value"]
    if isinstance(value, dict) and {"format", "value"} <= value.keys():
        return Line(name, required, "", picture=f"data:{value['format']};base64,{value['value']}")
    if isinstance(value, dict):
        return Line(name, required, "", members=tuple((key, str(part)) for key, part in value.items()))
    if isinstance(value, bool):
        return Line(name, required, "✓" if value else "✗")
    return Line(name, required, str(value))
