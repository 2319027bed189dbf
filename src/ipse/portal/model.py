"""What a person asks of their portal, and the words by which it asks their phone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

PAGE: Final = "/block"
"""Blocking without login."""
HOME: Final = "/portal"
RETURN: Final = "/portal/return"
DOOR: Final = "portal"
"""The front door's word in an action's `protocol`."""
SERVICE: Final = "portal"
OPEN_SECONDS: Final = 600
"""How long protected values stay readable in the browser in which their person has given the code for it."""


class Wish(msgspec.Struct, frozen=True):
    """A phone number as `+32 485694175`, and a birth date as `YYYY-MM-DD`."""

    number: str
    birthdate: str
    network: str = ""
    """Where it was typed: looks are counted for each network."""


class Act(StrEnum):
    """What a session alone is too weak for: each costs an approval with the code."""

    VALUES = "values"
    """Protected values in full, and the copy of everything, for some minutes."""
    UNLINK = "unlink"
    """One partner knows the person no more."""
    REMOVE = "remove"
    """A way to sign in without the phone is taken away."""
    VOID = "void"
    """An emergency sheet is worth nothing any more."""
    DELETE = "delete"
    """Everything goes."""


class WithdrawalKind(StrEnum):
    """What was taken back from a partner."""

    PERMISSIONS = "permissions"
    """What it could still read or sign with."""
    LINK = "link"
    """That, and the subject by which it knew the person."""


class Told(StrEnum):
    """Whether a partner knows of it."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """It answered that it does not take it."""
    UNREACHABLE = "unreachable"
    """It never answered."""
    NO_ADDRESS = "no_address"
    """It has given no address for such news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Something taken back. Times in microseconds."""

    withdrawal_id: str
    account_id: str
    partner_id: str
    kind: WithdrawalKind
    subject: str
    state: Told
    tries: int
    asked_at: int
    answered_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What one partner has of a person. Times in microseconds."""

    partner_id: str
    name: str
    requests: int
    last_at: int
    known_since: int | None
    """Since when it knows the person by a subject; None where it does not now."""
    given: tuple[Mapping[str, Any], ...]
    """Of each attribute what it was given last: `entry`, `at`, `since` and the `action`."""
    tokens: int
    """Access tokens that still read something."""
    accounts: int
    """Names of its own under which it has the person sign."""
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a person on our own pages. Times in microseconds."""

    address: str
    title: str
    state: str
    owner: bool
    signed: int
    signers: int
    waits: bool
    """For this person's signature."""
    created_at: int
    ended_at: int | None
    delete_at: int


File = tuple[str, Callable[[], AsyncIterator[bytes]]]
"""A file of a person's copy: its name there, and its bytes piece by piece."""
Part = Callable[[str], Awaitable[Any]]
"""What one feature keeps of a person, by account id, as JSON."""
