"""What an authorization request is at each stage of its judgement, and what is remembered until the tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from ipse.attributes.model import ATTRIBUTES, canonical
from ipse.partners.model import Partner, Service
from ipse.standards.openid import ClaimsRequest

Assurance = Literal["basic", "advanced"]
SERVICE_SCOPE: Final = "service:"
DOOR: Final = "oidc"
"""The name of this front door in an action's memory."""
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    scope: tuple(name for name, attribute in ATTRIBUTES.items() if scope in attribute.scopes)
    for scope in ("profile", "email", "phone", "address", "eid", "idDocument")
}
"""The attributes each scope asks for (partner protocol, section 1.5)."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names on the wire: claims that are not OpenID's own carry the installation's prefix."""

    prefix: str

    def claim(self, name: str) -> str:
        """The claim an attribute is delivered as."""
        return self.prefix + name if ATTRIBUTES[name].prefixed else name

    def attribute(self, claim: str) -> str | None:
        """The attribute a claim asks for, None if it is no attribute.

        The prefix is compared without regard to case, because partners in the wild spell it in two ways.
        """
        if claim in ATTRIBUTES and not ATTRIBUTES[claim].prefixed:
            return claim
        head, name = claim[: len(self.prefix)], canonical(claim[len(self.prefix) :])
        known = head.lower() == self.prefix.lower() and name in ATTRIBUTES and ATTRIBUTES[name].prefixed
        return name if known else None

    def acr(self, assurance: str) -> str:
        """The `acr` value of a way of approving."""
        return f"{self.prefix}acr_{assurance}"

    def assurance(self, acr: object) -> Assurance | None:
        """The way of approving that an `acr` value names, in any spelling of its case; None for others."""
        spelled = acr.lower() if isinstance(acr, str) else ""
        levels: tuple[Assurance, Assurance] = ("advanced", "basic")
        return next((level for level in levels if spelled == self.acr(level).lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A request whose redirect URI is not proven yet: its errors are shown to the person, never redirected."""

    parameters: Mapping[str, str]
    partner: Partner | None = None
    service: Service | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that comes from a known partner, for one of its services, with a registered redirect URI."""

    parameters: Mapping[str, str]
    partner: Partner
    service: Service
    vocabulary: Vocabulary
    scopes: tuple[str, ...] = ()
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    assurance: Assurance = "basic"
    asked: Mapping[str, bool] = field(default_factory=dict)
    """Attributes to put before the person; True where the service cannot do without."""
    in_id_token: tuple[str, ...] = ()
    in_userinfo: tuple[str, ...] = ()


class Requested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the partner asked for, kept with the action until the tokens are made."""

    redirect_uri: str
    door: str
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    id_token: tuple[str, ...] = ()
    """Attributes to deliver in the ID token."""
    userinfo: tuple[str, ...] = ()
    """Attributes to deliver by UserInfo."""
    subject: str | None = None
    """The one person the partner wants an ID token about, if it said so."""
