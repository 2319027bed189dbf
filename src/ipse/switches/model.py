"""A switch that is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_MODEL: Final = 120
EVERY: Final = "every"
"""The name of the one switch of a kind that has no names: all signatures."""


class Kind(StrEnum):
    """What can be switched off."""

    PHONE_MODEL = "phone_model"
    """Named by maker and model, as the hardware attests them, else as the phone says: `google pixel 7`."""
    APP_VERSION = "app_version"
    """Named as the app says it: `1.4.2`."""
    SIGNING_KEY = "signing_key"
    """One person's: named by the id of their credential."""
    SIGNATURES = "signatures"
    """All of them; named `every`."""


@dataclass(frozen=True, slots=True)
class Off:
    """A switch that is off, why (for operators, never about a person), and since when (microseconds UTC)."""

    kind: Kind
    name: str
    because: str
    since: int


def phone_model(*words: str) -> str:
    """Maker and model of a phone as switches call them; empty where nothing is known."""
    return " ".join(" ".join(words).casefold().split())[:LONGEST_MODEL]


def said_model(device: object) -> str:
    """The model that a phone says it is, in the member `device` of its message; empty where it says none."""
    if not isinstance(device, Mapping) or not isinstance(device.get("deviceModel"), str):
        return ""
    said = (device.get("manufacturer"), device["deviceModel"])
    return phone_model(*(word for word in said if isinstance(word, str)))
