"""Signatures over digests that a person has approved: each given out once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ipse.csc.errors import InvalidGrant, InvalidRequest, InvalidToken
from ipse.csc.model import Asked, Bearer, Round, Scope, Token, Version
from ipse.csc.rules import credentials, signing
from ipse.csc.rules.algorithms import sign_algorithm
from ipse.csc.rules.tokens import check_form
from ipse.csc.service.ground import Ground
from ipse.csc.service.responses import Job, Responses
from ipse.csc.service.tokens import Tokens
from ipse.csc.store import tokens as store
from ipse.signing.model import Concluded, Credential, CredentialState
from ipse.storage.statement import Transaction, one

KIND: Final = "hash"
"""Of the jobs that are done asynchronously."""

log = structlog.get_logger("ipse.csc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """What a person has approved, and for which token."""

    token: Token
    token_hash: bytes
    found: Round
    asked: Asked
    credential: Credential
    given: frozenset[int]
    """Places whose signatures were given out."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """`signatures/signHash`, and giving out the signatures of an approval."""

    ground: Ground
    tokens: Tokens
    responses: Responses

    async def sign_hash(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """Signatures in the order of the digests, or where they will be.

        Raises:
            CscError: a member does not fit, or a digest is not authorized, or not any more.
            SigningUnavailable: ask again; nothing was used up.
        """
        version = bearer.token.version
        sad_needed = bearer.token.scope is Scope.SERVICE
        request = signing.read_hash_request(members, version, sad_needed=sad_needed)
        authorized = await self.authorized(bearer, request.sad, request.credential_id)
        approved = sign_algorithm(authorized.credential.algorithm, authorized.asked.hash_algorithm)
        signing.check_algorithm(request, authorized.asked, (approved,), version)
        wanted = signing.places(request.digests, authorized.asked, authorized.given)
        if request.operation.asynchronous:
            await self.responses.check(request.operation, authorized.found.service_code)
            await self.give(authorized, wanted)
            job = Job(kind=KIND, places=tuple(wanted))
            return await self.responses.accept(authorized.found, authorized.token, job, request.operation)
        signatures = chosen(await self.concluded(authorized.found), wanted)
        await self.give(authorized, wanted)
        log.info("csc.signed", round=authorized.found.round_id, count=len(wanted))
        return {"signatures": signatures}

    async def authorized(self, bearer: Bearer, sad: str, credential_id: str) -> Authorized:
        """What the signature activation data allow.

        Raises:
            InvalidRequest: they are none, or for another credential, or used up; or the certificate has expired.
        """
        holder = bearer if bearer.token.scope is Scope.CREDENTIAL else await self._activated(bearer, sad)
        token = holder.token
        if credential_id and token.credential_id != credential_id:
            raise InvalidRequest("Invalid parameter credentialID", detail="authorized for another")
        found = await self.ground.round_of(token)
        if found is None:
            raise InvalidRequest("Invalid parameter SAD")
        asked = self.ground.asked(found)
        given = frozenset(row["position"] for row in await self.ground.database.rows(store.GIVEN, token.round_id))
        if len(given) >= len(asked.digests):
            raise InvalidRequest("Invalid parameter SAD", detail="used up")
        credential = await self.ground.credential(token.credential_id)
        if credentials.is_expired(credential, self.ground.clock.now()):
            raise InvalidRequest(credentials.expired_words(credential, token.version))
        if credential.state is not CredentialState.ACTIVE:
            raise InvalidRequest("Invalid parameter credentialID", detail=f"it is {credential.state}")
        return Authorized(
            token=token,
            token_hash=holder.token_hash,
            found=found,
            asked=asked,
            credential=credential,
            given=given,
        )

    async def perform(self, found: Round, job: Job) -> dict[str, Any]:
        """What was asked asynchronously. Raises as `concluded`."""
        signatures = chosen(await self.concluded(found), job.places)
        log.info("csc.signed", round=found.round_id, count=len(signatures))
        return {"signatures": signatures}

    async def concluded(self, found: Round) -> Concluded:
        """The signatures of a round. Raises as `Tokens.concluded`, with the words of this place."""
        try:
            return await self.tokens.concluded(found)
        except InvalidGrant as error:
            raise InvalidRequest("Invalid parameter SAD", detail=error.detail) from error

    async def give(self, authorized: Authorized, wanted: Sequence[int]) -> None:
        """Take the single use of each place, all or none.

        Raises:
            InvalidRequest: somebody was faster, or the token was revoked.
        """
        await self.ground.database.transact(lambda: self._giving(authorized, wanted))

    async def _activated(self, bearer: Bearer, sad: str) -> Bearer:
        """The token that came as signature activation data."""
        version = bearer.token.version
        if version is Version.ONE:
            try:
                check_form(self.ground.key, sad)
            except InvalidToken as error:
                raise InvalidRequest("Invalid parameter SAD") from error
        found = await self.tokens.read(sad, version)
        if found is None or found.token.scope is not Scope.CREDENTIAL or found.token.revoked_at is not None:
            raise InvalidRequest("Invalid parameter SAD")
        own = (bearer.token.partner_id, bearer.token.account_id)
        if (found.token.partner_id, found.token.account_id) != own:
            raise InvalidRequest("Invalid parameter SAD", detail="of another partner or person")
        if found.token.expires_at <= self.ground.clock.now():
            raise InvalidRequest("SAD expired")
        return found

    def _giving(self, authorized: Authorized, wanted: Sequence[int]) -> Transaction[None]:
        now, round_id = self.ground.clock.now(), authorized.found.round_id
        if (yield from one(store.HOLD, authorized.token_hash, now)) is None:
            raise InvalidRequest("Invalid parameter SAD", detail="revoked or expired meanwhile")
        for place in sorted(wanted):
            if (yield from one(store.GIVE, round_id, place, now)) is None:
                raise InvalidRequest("Hash is not authorized by the SAD", detail="given out before")


def chosen(concluded: Concluded, places: Sequence[int]) -> list[str]:
    """The signatures of these places, as base64."""
    return [b64encode(concluded.signatures[place]).decode() for place in places]
