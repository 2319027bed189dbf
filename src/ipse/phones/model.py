"""A phone, its code keys, and a message it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from ipse.standards.phone_channel import SignedMessage


class PhoneState(StrEnum):
    """The life of one copy of the app."""

    ENROLLING = "enrolling"
    ACTIVE = "active"
    STOPPED = "stopped"


class StopReason(StrEnum):
    """Why a phone stopped."""

    MOVED = "moved"
    REMOVED = "removed"
    COPIED = "copied"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A code key as a row: `kind` is `normal`; wrapped under the keystore, bound to the device key."""

    code_key_id: str
    kind: str
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class NewPhone:
    """What begins an enrolment: a public key and what is known of its protection."""

    phone_id: str
    device_key: Mapping[str, str]
    thumbprint: str
    app_version: str
    key_protection: str = "software"


@dataclass(frozen=True, slots=True)
class Phone:
    """A row; `tries` are the wrong codes in a row, taken tries included."""

    phone_id: str
    account_id: str | None
    state: PhoneState
    why: str | None
    device_key: str
    thumbprint: str
    key_protection: str
    mac: bytes
    chain: str
    challenge: str | None
    message_digest: bytes
    sealed_answer: bytes | None
    tries: int
    app_version: str
    code_key: CodeKey | None


class Answer(msgspec.Struct, frozen=True):
    """The recorded outcome of a message: an HTTP status and a JSON object."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A message that passed signature, state and chain; not yet accepted.

    `chain` and `challenge` are fresh values for its answer. `recorded` is set when the same bytes came before.
    """

    phone: Phone
    message: SignedMessage
    chain: str
    challenge: str
    recorded: Answer | None = None

    @property
    def account_id(self) -> str:
        """The account this phone carries.

        Raises:
            LookupError: it carries none yet.
        """
        if self.phone.account_id is None:
            raise LookupError
        return self.phone.account_id
