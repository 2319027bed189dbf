"""Passkeys as our pages hand them over, judged by WebAuthn Level 2.

A credential is an object of `id` and the parts of its response in base64url: `client_data` with `attestation` where
one was made, with `authenticator_data`, `signature` and `user_handle` where one was used.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

from ipse.kernel.ids import b64u, b64u_decode

ALGORITHMS: Final = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
"""Which a browser may make."""
HANDLE_BYTES: Final = 32
"""How long a user handle is (WebAuthn §4): random, so that it says nothing."""
LONGEST_ID: Final = 1400
"""Characters of a credential's id, at most (1,023 bytes in base64url)."""
_BROKEN = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, binascii.Error)
"""What the library raises for bytes that are no credential."""


class PasskeyError(Exception):
    """It proves nothing; the text says why, for a log."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: the host that passkeys are made for, and the origin of its pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was just made."""

    credential_id: str
    public_key: bytes
    sign_count: int


def made(party: RelyingParty, credential: object, *, challenge: bytes) -> Made:
    """Judge what a browser has made, its person verified (WebAuthn §7.1).

    Raises:
        PasskeyError: it is no such passkey.
    """
    try:
        verified = webauthn.verify_registration_response(
            credential=_members(credential),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except _BROKEN as error:
        raise PasskeyError(type(error).__name__) from error
    return Made(b64u(verified.credential_id), verified.credential_public_key, verified.sign_count)


def used(
    party: RelyingParty, given: Mapping[str, Any], *, challenge: bytes, handle: bytes, public_key: bytes, count: int
) -> int:
    """Judge what a passkey signed, its person verified (WebAuthn §7.2); the new value of its counter.

    Raises:
        PasskeyError: it does not hold, or is of another user handle.
    """
    try:
        if not hmac.compare_digest(b64u_decode(given["user_handle"]), handle):
            raise PasskeyError("the handle is another's")
        verified = webauthn.verify_authentication_response(
            credential=_members(given),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except _BROKEN as error:
        raise PasskeyError(type(error).__name__) from error
    return verified.new_sign_count


def _members(credential: object) -> dict[str, Any]:
    """A credential as the library reads it, out of ours."""
    if not isinstance(credential, Mapping):
        raise TypeError
    known = {"client_data": "clientDataJSON", "attestation": "attestationObject"}
    known |= {"authenticator_data": "authenticatorData", "signature": "signature"}
    response = {theirs: credential[ours] for ours, theirs in known.items() if ours in credential}
    return {"id": credential["id"], "rawId": credential["id"], "type": "public-key", "response": response}
