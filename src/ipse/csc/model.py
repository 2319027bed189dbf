"""Rounds of authorization, tokens, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

DOOR: Final = "csc"
"""The name of this front door in an action's memory."""
PATHS: Final = {"1": "/csc/v1", "2": "/csc/v2"}
CODE_SECONDS: Final = 180
TOKEN_SECONDS: Final = 3600
KEPT_SECONDS: Final = 86_400
"""How long an ended round and its tokens are remembered, so that a second use is seen."""


class Version(StrEnum):
    """Which specification a request follows."""

    ONE = "1"
    """1.0.4.0 in the partner protocol's profile."""
    TWO = "2"
    """2.0."""


class Scope(StrEnum):
    """What a round of authorization is for."""

    SERVICE = "service"
    """To see the person's credential."""
    CREDENTIAL = "credential"
    """To sign with it: these digests."""


class Digest(msgspec.Struct, frozen=True):
    """One thing to sign, as it was asked: base64url of the digest, and its name."""

    digest: str
    label: str


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a round was asked for. Kept sealed."""

    redirect_uri: str
    state: str | None = None
    language: str | None = None
    account: str = ""
    """Who the partner says it is: the `sub` of its account token; empty where it does not say."""
    credential_id: str = ""
    qualifier: str = ""
    """`signatureQualifier`, in place of the credential."""
    digests: tuple[Digest, ...] = ()
    hash_algorithm: str = ""
    """`SHA-256`, …; empty in a round for the scope `service`."""
    description: str = ""
    code_challenge: str | None = None
    details: bool = False
    """Whether it came as authorization details (RFC 9396): the token's answer then repeats them."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A row: one way of a browser through the authorization endpoint. Times in microseconds UTC."""

    round_id: str
    partner_id: str
    service_code: str
    version: Version
    scope: Scope
    account_id: str | None
    action_id: str | None
    sealed_asked: bytes
    code_until: int | None
    redeemed_at: int | None
    created_at: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A row: an access token, or signature activation data (SAD), by its hash."""

    round_id: str
    partner_id: str
    version: Version
    scope: Scope
    account_id: str
    credential_id: str
    expires_at: int
    revoked_at: int | None


class ResponseState(StrEnum):
    """An asynchronous request: `waiting → done` or `failed`."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class AsyncResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A row: what was asked asynchronously, and what came of it."""

    response_hash: bytes
    round_id: str
    partner_id: str
    account_id: str
    state: ResponseState
    sealed_job: bytes
    sealed_result: bytes | None
    until: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls a method: a proven token."""

    token: Token
    token_hash: bytes
