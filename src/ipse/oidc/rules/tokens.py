"""What the ID token and UserInfo say: exactly the values the person approved, each where it was asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.actions.model import FALLBACKS, Content, CredentialCreation, FreeText, Method, Signature
from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.clock import seconds
from ipse.oidc.errors import InvalidGrant, ServerError
from ipse.oidc.model import AMR, EIDAS, LEVELS, Requested, Vocabulary
from ipse.oidc.rules.confirmation import TEXT, content_of
from ipse.oidc.rules.details import SIGNATURE, contents_of, digest_of
from ipse.signing.model import Concluded

PICTURE = "picture"
"""Delivered as an address; the image itself is fetched there with the access token."""
APPROVAL_DIGEST: Final = "approval_digest"
"""The claim that says what the phone has signed: SHA-256 of the document that was shown, base64url."""
DETAILS_DIGEST: Final = "authorization_details_digest"
"""The claim that says which authorization details were in that document: SHA-256 of their canonical JSON (RFC 8785)."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The provider's own part of every token."""

    issuer: str
    vocabulary: Vocabulary
    picture_url: str
    lifetime: int = 300
    """Seconds an ID token and a UserInfo answer are good for (partner protocol, section 1.13)."""
    authenticated_at: Callable[[int], int] = int
    """The moment of authentication that an approval of that moment says; a lab that remembers browsers has another."""


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
    level: str = ""
    """The eIDAS level of the approval."""
    method: Method = Method.CODE
    content: tuple[Content, ...] = ()
    """What was confirmed, out of the document that the phone has signed."""
    content_digest: str = ""
    """The digest of the authorization details in that document."""
    approval_digest: str = ""
    """The digest of that document."""


def id_token(speaker: Speaker, approved: Approved, *, now: int) -> dict[str, Any]:
    """The claims of the ID token (OpenID Connect Core §2); `now` in microseconds UTC."""
    nonce = approved.requested.nonce
    claims = _envelope(speaker, approved, now) | {
        "auth_time": seconds(speaker.authenticated_at(approved.approved_at)),
        "acr": _acr(speaker, approved),
        **({"amr": list(AMR[approved.method])} if approved.method in FALLBACKS else {}),
        **_confirmed(speaker, approved),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return _delivered(speaker, approved, approved.requested.id_token) | claims


def userinfo(speaker: Speaker, approved: Approved, *, now: int) -> dict[str, Any]:
    """The claims of the UserInfo answer (OpenID Connect Core §5.3.2); `now` in microseconds UTC."""
    confirmed = _template(speaker, approved) if "userinfo" in approved.requested.template_in else {}
    return _delivered(speaker, approved, approved.requested.userinfo) | confirmed | _envelope(speaker, approved, now)


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


def check_confirmed(approved: Approved) -> None:
    """What the tokens will say was confirmed is what the phone has signed (dynamic linking, B-41).

    Raises:
        ServerError: the request in our memory is not the one that was shown; nobody is told that it was confirmed.
    """
    requested = approved.requested
    content: tuple[Content, ...] = ()
    wanted_digest = ""
    if requested.template:
        content = content_of(requested.template)
    elif requested.authorization_details:
        content = contents_of(requested.authorization_details)
        wanted_digest = digest_of(requested.authorization_details)
    if (content, wanted_digest) != (_as_asked(approved.content), approved.content_digest):
        raise ServerError(detail="what was asked and what was signed differ")


def signed_details(details: Sequence[Mapping[str, Any]], concluded: Concluded) -> tuple[dict[str, Any], ...]:
    """Authorization details with the signatures that came of them, and the certificates they are by (RFC 9396 §7)."""
    signature = concluded.signature
    made = {
        "sign_algorithm": signature.sign_algorithm if signature is not None else "",
        "signatures": [base64.b64encode(value).decode() for value in concluded.signatures],
        "certificates": [base64.b64encode(each).decode() for each in concluded.credential.certificates],
    }
    return tuple({**each, **made} if each.get("type") == SIGNATURE else dict(each) for each in details)


def _as_asked(content: tuple[Content, ...]) -> tuple[Content, ...]:
    """What was shown without what was filled in when the phone claimed: the certificate is not the partner's wish."""
    return tuple(
        msgspec.structs.replace(each, credential="", expires_at=0, sign_algorithm="")
        if isinstance(each, Signature)
        else each
        for each in content
        if not isinstance(each, CredentialCreation)
    )


def _acr(speaker: Speaker, approved: Approved) -> str:
    """The way of approving, or the eIDAS level where that was asked for.

    An essential claim is answered with one of its own values, the highest that was reached (OpenID Connect Core
    §5.5.1.1); all others with the level as it is.
    """
    requested = approved.requested
    if not requested.eidas or not approved.level:
        if approved.method in FALLBACKS:
            return speaker.vocabulary.fallback_acr(approved.method)
        return speaker.vocabulary.acr(approved.assurance)
    reached = LEVELS[: LEVELS.index(approved.level) + 1]
    answers = [level for level in reached if level in requested.eidas_values] or reached
    return EIDAS + answers[-1]


def _confirmed(speaker: Speaker, approved: Approved) -> dict[str, Any]:
    """What was confirmed, and the digests that tie it to the phone's signature."""
    if not approved.content:
        return {}
    prefix, details = speaker.vocabulary.prefix, approved.requested.authorization_details
    claims: dict[str, Any] = _template(speaker, approved) | {prefix + APPROVAL_DIGEST: approved.approval_digest}
    if details:
        claims |= {"authorization_details": list(details), prefix + DETAILS_DIGEST: approved.content_digest}
    return claims


def _template(speaker: Speaker, approved: Approved) -> dict[str, str]:
    """The values of a template as the partner wrote them; of a text only what the person could read.

    A tag that was taken out can hold any words. Nobody has approved those, so no signature of ours says so.
    """
    values = dict(approved.requested.template)
    for content in approved.content:
        if isinstance(content, FreeText):
            values[TEXT] = content.text
    return {speaker.vocabulary.prefix + name: value for name, value in values.items()}


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
        speaker.vocabulary.claim(name): _value(speaker, name, approved.released[name])
        for name in names
        if name in approved.released
    }


def _value(speaker: Speaker, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value as it is on the wire: metadata are keyed by the claims that they speak of, as those are asked for."""
    if name == PICTURE:
        return speaker.picture_url
    if ATTRIBUTES[name].metadata:
        return {speaker.vocabulary.claim(about): said for about, said in value.items()}
    return value
