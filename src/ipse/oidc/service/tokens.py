"""The token endpoint's grants, and reading what was approved with the access token."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ipse.actions.errors import CodeUsed, UnknownCode, UnknownToken
from ipse.actions.model import Granted, Redeemed, Signature
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import Clock
from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InsufficientScope, InvalidGrant, InvalidRequest, InvalidToken, OAuthError, ServerError
from ipse.oidc.model import Requested, profile_of
from ipse.oidc.rules import tokens as rules
from ipse.oidc.rules.client_proofs import ClientProof, check_client
from ipse.oidc.rules.senders import Scheme, Sender, check_sender
from ipse.oidc.rules.token_requests import (
    RedeemedRequest,
    TokenRequest,
    check_code,
    check_grant,
    check_token_request,
)
from ipse.oidc.rules.tokens import Approved, Speaker
from ipse.oidc.service.dpop import Proofs
from ipse.oidc.service.keys import Answer, Protection, ProviderKeys
from ipse.partners.model import AuthMethod, Partner
from ipse.partners.service import PartnerDesk
from ipse.signing.errors import SigningUnavailable
from ipse.signing.service import Signing
from ipse.standards import jose
from ipse.standards.oauth import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, scope_words

PARTNER_TOKEN_SECONDS = 600
"""How long a token of the partner itself lives."""


class TokenAnswer(msgspec.Struct, frozen=True):
    """The answer of the token endpoint (RFC 6749 §5.1). There is no refresh token: each login is a fresh approval."""

    access_token: str
    expires_in: int
    token_type: Scheme
    id_token: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET
    """Of a token of the partner itself."""
    authorization_details: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    """What the person confirmed, where it was asked so (RFC 9396 §7)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as bytes."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A nested token, and the content type that the partner wants it to have."""

    media_type: str
    token: str


class BackChannel(Protocol):
    """A grant without a browser: gives the approval out once, or says that there is none yet."""

    async def __call__(self, partner: Partner, form: Mapping[str, str], *, binding: str = "") -> Redeemed:
        """Redeem it; `binding` is what the access token is bound to. Raises OAuthError."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token endpoint, UserInfo, picture and revocation, without HTTP."""

    speaker: Speaker
    keys: ProviderKeys
    desk: PartnerDesk
    actions: Actions
    proofs: Proofs
    clock: Clock
    back_channels: Mapping[str, BackChannel] = field(default_factory=dict)
    """Those grants by their `grant_type`."""
    signing: Signing | None = None
    """Carries out what people have approved to be signed."""

    async def answer(self, client: ClientProof, form: Mapping[str, str], sender: Sender) -> TokenAnswer:
        """Answer a token request of a proven partner.

        Raises:
            OAuthError: a grant that is none, or not good here. A code or approval presented by whom it does not fit
                is spent, and its access token revoked (T-9).
        """
        by_grant = self._grants()
        request = TokenRequest(client=client, form=form, sender=sender, grants=by_grant)
        check_token_request(request)
        return await by_grant[form["grant_type"]](request)

    def _grants(self) -> dict[str, Callable[[TokenRequest], Awaitable[TokenAnswer]]]:
        return {
            AUTHORIZATION_CODE: self._by_code,
            CLIENT_CREDENTIALS: self._for_partner,
            **dict.fromkeys(self.back_channels, self._by_back_channel),
        }

    async def _by_code(self, request: TokenRequest) -> TokenAnswer:
        partner, form = request.client.partner, request.form
        protection = await self._protection(partner, "id_token")
        await self._use_proof(request.sender)
        try:
            redeemed = await self.actions.redeem(form["code"], partner.partner_id, binding=request.sender.binding)
        except (CodeUsed, UnknownCode) as error:
            raise InvalidGrant(detail=error.title) from error
        return await self._tell(request, redeemed, protection, check_code)

    async def _by_back_channel(self, request: TokenRequest) -> TokenAnswer:
        partner, form, sender = request.client.partner, request.form, request.sender
        protection = await self._protection(partner, "id_token")
        await self._use_proof(sender)
        redeemed = await self.back_channels[form["grant_type"]](partner, form, binding=sender.binding)
        return await self._tell(request, redeemed, protection, check_grant)

    async def _for_partner(self, request: TokenRequest) -> TokenAnswer:
        """A token of the partner itself (RFC 6749 §4.4), for the REST API or the request log.

        It is for any of the partner's services, so the strictest of them says how the partner proves itself.
        """
        sender, words = request.sender, scope_words(request.form["scope"])
        partner_id, scope = request.client.partner.partner_id, " ".join(words)
        for service in await self.desk.partners.services(partner_id):
            if service.state == "active":
                check_client(request.client, profile_of(service))
        await self._use_proof(sender)
        token = await self.desk.tokens.issue(partner_id, scope, binding=sender.binding, seconds=PARTNER_TOKEN_SECONDS)
        return TokenAnswer(token, PARTNER_TOKEN_SECONDS, _scheme(sender), scope=scope)

    async def _tell(
        self,
        request: TokenRequest,
        redeemed: Redeemed,
        protection: Protection,
        check: Callable[[RedeemedRequest], None],
    ) -> TokenAnswer:
        """The tokens of an approval that was given out just now, or none at all."""
        try:
            approved = _approved(redeemed, request.client.partner.partner_id)
            check(RedeemedRequest(request, approved.requested))
            rules.check_subject(approved)
        except OAuthError:
            await self.actions.revoke(redeemed.access_token, redeemed.partner_id)
            raise
        claims = rules.id_token(self.speaker, approved, now=self.clock.now())
        return TokenAnswer(
            redeemed.access_token,
            redeemed.expires_in,
            _scheme(request.sender),
            id_token=await protection.apply(claims),
            authorization_details=await self._details(redeemed.action_id, approved) or msgspec.UNSET,
        )

    async def userinfo(self, token: str, sender: Sender) -> UserInfo:
        """The UserInfo answer as a nested token.

        Raises:
            InvalidToken: unknown, expired, revoked, sent by somebody else than it was given to, or its partner was
                stopped.
            InvalidDpopProof: its proof was used before.
        """
        partner, approved, action_id = await self._granted(token, sender)
        claims = rules.userinfo(self.speaker, approved, now=self.clock.now())
        if self._signs(approved):
            claims["authorization_details"] = await self._details(action_id, approved)
        protection = await self._protection(partner, "userinfo")
        return UserInfo(partner.algorithms.userinfo_media_type, await protection.apply(claims))

    async def picture(self, token: str, sender: Sender) -> Picture:
        """The approved picture.

        Raises:
            InvalidToken, InvalidDpopProof: as `userinfo`.
            InsufficientScope: no picture was asked for, or the person did not share it.
        """
        _, approved, _ = await self._granted(token, sender)
        if not rules.may_fetch_picture(approved):
            raise InsufficientScope
        picture = approved.released[rules.PICTURE]
        return Picture(picture["format"], base64.b64decode(picture["value"]))

    async def revoke(self, partner: Partner, token: str) -> None:
        """Revoke an access token of this partner; unknown ones are as good as revoked (RFC 7009 §2.2)."""
        if not await self.actions.revoke(token, partner.partner_id):
            await self.desk.tokens.revoke(token, partner.partner_id)

    @staticmethod
    def _signs(approved: Approved) -> bool:
        return any(isinstance(each, Signature) for each in approved.content)

    async def _details(self, action_id: str, approved: Approved) -> tuple[dict[str, Any], ...]:
        """What the person confirmed; what they signed with its signatures, or without while those cannot be had.

        Raises:
            ServerError: what was approved can never be signed.
        """
        details = approved.requested.authorization_details
        if self.signing is None or not self._signs(approved):
            return details
        try:
            return rules.signed_details(details, await self.signing.conclude(action_id, approved.partner_id))
        except SigningUnavailable:
            return details  # UserInfo has them later
        except PlatformError as error:
            raise ServerError(detail=f"signing: {error.code}") from error

    async def _granted(self, token: str, sender: Sender) -> tuple[Partner, Approved, str]:
        try:
            granted = await self.actions.by_access_token(token)
        except UnknownToken as error:
            raise InvalidToken from error
        try:
            check_sender(granted.binding, sender)
        except InvalidToken as error:
            error.partner_id = granted.partner_id
            raise
        partner = await self.desk.partners.partner(granted.partner_id)
        if partner is None or partner.state != "active":
            raise InvalidToken(detail="the partner was stopped")
        await self._use_proof(sender)
        return partner, _approved(granted, granted.partner_id), granted.action_id

    async def _use_proof(self, sender: Sender) -> None:
        """Only now, when it is known to be worth remembering: strangers cannot fill the memory."""
        if sender.proof is not None:
            await self.proofs.use(sender.proof)

    async def _protection(self, partner: Partner, answer: Answer) -> Protection:
        partners = self.desk.partners
        secret = partners.secret(partner) if partner.auth_method is AuthMethod.CLIENT_SECRET_POST else None
        try:
            return await self.keys.protection(partner, answer, self.desk.keys.encryption, secret)
        except jose.JoseError as error:
            raise InvalidRequest(f"Your keys do not allow an answer: {error.reason}") from error


def _scheme(sender: Sender) -> Scheme:
    return "Bearer" if sender.proof is None else "DPoP"


def _approved(source: Redeemed | Granted, partner_id: str) -> Approved:
    protocol: Mapping[str, Any] = source.request.protocol
    approved = Approved(
        partner_id=partner_id,
        subject=source.subject,
        requested=msgspec.convert(protocol, Requested),
        released=source.released,
        assurance=source.request.assurance,
        approved_at=source.approved_at,
        level=source.level,
        method=source.method,
        content=source.content,
        content_digest=source.content_digest,
        approval_digest=source.approval_digest,
    )
    rules.check_confirmed(approved)
    return approved
