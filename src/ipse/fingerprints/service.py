"""Adding, judging and removing credentials of one phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
import webauthn
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

from ipse.fingerprints import store
from ipse.fingerprints.errors import BadCredential, WrongFingerprint
from ipse.fingerprints.model import LONGEST_LABEL, MOST_CREDENTIALS
from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import b64u, b64u_decode, sha256
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Statement

log = structlog.get_logger("ipse.fingerprints")
_BROKEN = (WebAuthnException, msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError)
"""What the library raises for bytes that are no credential."""


@dataclass(frozen=True)
class Fingerprints:
    """Use cases of credentials; `app_origin` is where the app lives, and its host the relying party's id."""

    database: Database
    clock: Clock
    app_origin: str

    @property
    def relying_party(self) -> str:
        """The host that credentials are made for (WebAuthn §4, RP ID)."""
        return urlsplit(self.app_origin).hostname or ""

    async def listed(self, phone_id: str) -> list[dict[str, Any]]:
        """What this phone has, oldest first."""
        rows = await self.database.rows(store.OF_PHONE, phone_id)
        return [
            {
                "credential": each.credential_id,
                "label": each.label,
                "created_at": seconds(each.created_at),
                "used_at": seconds(each.used_at) if each.used_at is not None else None,
            }
            for each in map(store.read_credential, rows)
        ]

    def adding(self, phone_id: str, account_id: str, credential: object, *, challenge: bytes, label: str) -> Statement:
        """Add a credential made for `challenge`; no row: too many, or this one is there.

        Raises:
            BadCredential: not made for this, by this app, with its person verified.
        """
        try:
            members = _members(credential)
            verified = webauthn.verify_registration_response(
                credential=members,
                expected_challenge=challenge,
                expected_rp_id=self.relying_party,
                expected_origin=self.app_origin,
                require_user_verification=True,
                supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
            )
        except _BROKEN as error:
            raise BadCredential(type(error).__name__) from error
        values = (
            b64u(verified.credential_id),
            phone_id,
            account_id,
            verified.credential_public_key,
            verified.sign_count,
            label[:LONGEST_LABEL],
            self.clock.now(),
            MOST_CREDENTIALS,
        )
        return Statement(store.CREATE, values)

    async def judged(self, phone_id: str, assertion: object, *, compact: str) -> Statement:
        """Judge an assertion over a signed message; the statement that counts its use, which returns no row for a copy.

        The challenge of the assertion is the SHA-256 of the whole compact message.

        Raises:
            WrongFingerprint: it does not hold; never says why.
        """
        given = assertion if isinstance(assertion, Mapping) else {}
        row = await self.database.row(store.BY_ID, str(given.get("id", ""))[:1400], phone_id)
        if row is None:
            raise WrongFingerprint
        credential = store.read_credential(row)
        try:
            verified = webauthn.verify_authentication_response(
                credential=_members(given),
                expected_challenge=sha256(compact),
                expected_rp_id=self.relying_party,
                expected_origin=self.app_origin,
                credential_public_key=credential.public_key,
                credential_current_sign_count=credential.sign_count,
                require_user_verification=True,
            )
        except _BROKEN as error:
            log.warning("fingerprint.refused", phone=phone_id, reason=type(error).__name__)
            raise WrongFingerprint(type(error).__name__) from error
        values = (credential.credential_id, phone_id, verified.new_sign_count, self.clock.now())
        return Statement(store.USE, values)

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """What a person has added, on any phone, to take along."""
        return copied(await self.database.rows(store.COPY, account_id))

    async def forget_account(self, account_id: str) -> None:
        """Whatever a person had, on any phone: they are gone."""
        await self.database.rows(store.FORGET_ACCOUNT, account_id)

    def removing(self, phone_id: str, credential_id: str) -> Statement:
        """The statement that removes one; it returns no row when this phone has none of that id."""
        return Statement(store.REMOVE, (credential_id, phone_id))


def _members(credential: object) -> dict[str, Any]:
    """A credential as the library reads it, out of ours: `id`, and the parts of its response in base64url."""
    if not isinstance(credential, Mapping):
        raise TypeError
    client_data = msgspec.json.decode(b64u_decode(str(credential["client_data"])))
    if client_data.get("crossOrigin"):
        raise ValueError("asked for inside a page of somebody else (WebAuthn §7, crossOrigin)")
    known = {"client_data": "clientDataJSON", "attestation": "attestationObject"}
    known |= {"authenticator_data": "authenticatorData", "signature": "signature"}
    response = {theirs: credential[ours] for ours, theirs in known.items() if ours in credential}
    return {"id": credential["id"], "rawId": credential["id"], "type": "public-key", "response": response}
