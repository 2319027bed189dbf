"""What the ID token and UserInfo say: exactly the values the person approved, each where it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipse.kernel.clock import seconds
from ipse.oidc.errors import InvalidGrant
from ipse.oidc.model import Requested, Vocabulary

PICTURE = "picture"
"""Delivered as an address; the image itself is fetched there with the access token."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The provider's own part of every token."""

    issuer: str
    vocabulary: Vocabulary
    picture_url: str
    lifetime: int = 300
    """Seconds an ID token and a UserInfo answer are good for (partner protocol, section 1.13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What one approval lets one partner know."""

    partner_id: str
    subject: str
    requested: Requested
    released: Mapping[str, Any]
    """The approved values by attribute; what was declined is simply absent."""
    assurance: str
    approved_at: int
    """Microseconds UTC."""


def id_token(speaker: Speaker, approved: Approved, *, now: int) -> dict[str, Any]:
    """The claims of the ID token (OpenID Connect Core §2); `now` in microseconds UTC."""
    nonce = approved.requested.nonce
    claims = _envelope(speaker, approved, now) | {
        "auth_time": seconds(approved.approved_at),
        "acr": speaker.vocabulary.acr(approved.assurance),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return _delivered(speaker, approved, approved.requested.id_token) | claims


def userinfo(speaker: Speaker, approved: Approved, *, now: int) -> dict[str, Any]:
    """The claims of the UserInfo answer (OpenID Connect Core §5.3.2); `now` in microseconds UTC."""
    return _delivered(speaker, approved, approved.requested.userinfo) | _envelope(speaker, approved, now)


def may_fetch_picture(approved: Approved) -> bool:
    """Whether the picture was asked for and approved."""
    requested = approved.requested
    return PICTURE in approved.released and PICTURE in {*requested.id_token, *requested.userinfo}


def check_subject(approved: Approved) -> None:
    """The partner asked for one person, and it is this one (OpenID Connect Core §3.1.2.2).

    Raises:
        InvalidGrant: somebody else has approved.
    """
    wanted = approved.requested.subject
    if wanted is not None and wanted != approved.subject:
        raise InvalidGrant("another person than the one asked for has approved")


def _envelope(speaker: Speaker, approved: Approved, now: int) -> dict[str, Any]:
    issued = seconds(now)
    return {
        "iss": speaker.issuer,
        "sub": approved.subject,
        "aud": approved.partner_id,
        "iat": issued,
        "exp": issued + speaker.lifetime,
    }


def _delivered(speaker: Speaker, approved: Approved, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        speaker.vocabulary.claim(name): speaker.picture_url if name == PICTURE else approved.released[name]
        for name in names
        if name in approved.released
    }
