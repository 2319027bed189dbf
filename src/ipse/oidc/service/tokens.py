"""Redeeming a code, and reading what was approved with the access token."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.actions.errors import CodeUsed, UnknownCode, UnknownToken
from ipse.actions.model import Granted, Redeemed
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import Clock
from ipse.oidc.errors import (
    InsufficientScope,
    InvalidGrant,
    InvalidRequest,
    InvalidToken,
    OAuthError,
    UnsupportedGrantType,
)
from ipse.oidc.model import Requested
from ipse.oidc.rules import tokens as rules
from ipse.oidc.rules.tokens import Approved, Speaker
from ipse.oidc.service.keys import Answer, Protection, ProviderKeys
from ipse.partners.model import AuthMethod, Partner
from ipse.partners.service import Partners
from ipse.standards.oauth import AUTHORIZATION_CODE, OAuthFormError, check_verifier


class TokenAnswer(msgspec.Struct, frozen=True):
    """The answer of the token endpoint (RFC 6749 §5.1). There is no refresh token: each login is a fresh approval."""

    access_token: str
    expires_in: int
    id_token: str
    token_type: str = "Bearer"
    authorization_details: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    """What the person confirmed, where it was asked so (RFC 9396 §7)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as bytes."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token endpoint, UserInfo, picture and revocation, without HTTP."""

    speaker: Speaker
    keys: ProviderKeys
    partners: Partners
    actions: Actions
    clock: Clock

    async def redeem(self, partner: Partner, form: Mapping[str, str]) -> TokenAnswer:
        """Redeem a code for tokens.

        Raises:
            OAuthError: another grant, or a code that is not good here. A code presented with a wrong redirect
                URI or verifier is spent, and its access token revoked (T-9).
        """
        if "grant_type" not in form:
            raise InvalidRequest("grant_type is missing")
        if form["grant_type"] != AUTHORIZATION_CODE:
            raise UnsupportedGrantType
        for name in ("code", "redirect_uri"):
            if name not in form:
                raise InvalidRequest(f"{name} is missing")
        protection = self._protection(partner, "id_token")
        try:
            redeemed = await self.actions.redeem(form["code"], partner.partner_id)
        except (CodeUsed, UnknownCode) as error:
            raise InvalidGrant(detail=type(error).__name__) from error
        approved = _approved(redeemed, partner.partner_id)
        try:
            _check_binding(approved.requested, form)
            rules.check_subject(approved)
        except OAuthError:
            await self.actions.revoke(redeemed.access_token, partner.partner_id)
            raise
        claims = rules.id_token(self.speaker, approved, now=self.clock.now())
        return TokenAnswer(
            redeemed.access_token,
            redeemed.expires_in,
            await protection.apply(claims),
            authorization_details=approved.requested.authorization_details or msgspec.UNSET,
        )

    async def userinfo(self, token: str) -> str:
        """The UserInfo answer as a nested token.

        Raises:
            InvalidToken: unknown, expired, revoked, or its partner was stopped.
        """
        partner, approved = await self._granted(token)
        claims = rules.userinfo(self.speaker, approved, now=self.clock.now())
        return await self._protection(partner, "userinfo").apply(claims)

    async def picture(self, token: str) -> Picture:
        """The approved picture.

        Raises:
            InvalidToken: as `userinfo`.
            InsufficientScope: no picture was asked for, or the person did not share it.
        """
        _, approved = await self._granted(token)
        if not rules.may_fetch_picture(approved):
            raise InsufficientScope
        picture = approved.released[rules.PICTURE]
        return Picture(picture["format"], base64.b64decode(picture["value"]))

    async def revoke(self, partner: Partner, token: str) -> None:
        """Revoke an access token of this partner; unknown ones are as good as revoked (RFC 7009 §2.2)."""
        await self.actions.revoke(token, partner.partner_id)

    async def _granted(self, token: str) -> tuple[Partner, Approved]:
        try:
            granted = await self.actions.by_access_token(token)
        except UnknownToken as error:
            raise InvalidToken from error
        partner = await self.partners.partner(granted.partner_id)
        if partner is None or partner.state != "active":
            raise InvalidToken(detail="the partner was stopped")
        return partner, _approved(granted, granted.partner_id)

    def _protection(self, partner: Partner, answer: Answer) -> Protection:
        secret = self.partners.secret(partner) if partner.auth_method is AuthMethod.CLIENT_SECRET_POST else None
        return self.keys.protection(partner, answer, secret)


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
        content=source.content,
        content_digest=source.content_digest,
        approval_digest=source.approval_digest,
    )
    rules.check_confirmed(approved)
    return approved


def _check_binding(requested: Requested, form: Mapping[str, str]) -> None:
    """The code comes from the request that asked for it (RFC 6749 §4.1.3, RFC 7636 §4.6)."""
    if form["redirect_uri"] != requested.redirect_uri:
        raise InvalidGrant("redirect_uri is not the one of the authorization request")
    try:
        check_verifier(form.get("code_verifier"), requested.code_challenge)
    except OAuthFormError as error:
        raise InvalidGrant(str(error)) from error
