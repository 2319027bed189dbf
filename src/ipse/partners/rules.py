"""What a registration must be like."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError

_PARTNER_ID = re.compile(r"[A-Za-z0-9_-]{3,64}")
_SERVICE_CODE = re.compile(r"[A-Za-z0-9_]{3,45}")
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
_RSA_MODULUS_CHARACTERS = 342
LANGUAGES = ("nl", "fr", "de", "en")


def check_partner_id(partner_id: str) -> None:
    """Letters, digits, `_` and `-`, 3 to 64 of them."""
    if not _PARTNER_ID.fullmatch(partner_id):
        message = f"client_id {partner_id!r} must be 3 to 64 letters, digits, _ or -"
        raise PartnerRegistrationError(message, public=message)


def check_service_code(code: str) -> None:
    """Letters, digits and `_`, 3 to 45 of them (protocol of the signing API caps it)."""
    if not _SERVICE_CODE.fullmatch(code):
        message = f"service code {code!r} must be 3 to 45 letters, digits or _"
        raise PartnerRegistrationError(message, public=message)


def check_redirect_uri(uri: str, environment: Environment) -> None:
    """https, no fragment; http only towards loopback and only outside production."""
    parts = urlsplit(uri)
    loopback = _is_loopback(parts.hostname or "")
    allowed_http = parts.scheme == "http" and loopback and environment is not Environment.PRODUCTION
    if parts.scheme != "https" and not allowed_http:
        message = f"redirect URI {uri!r} must be https (http on loopback exists only in sandbox and lab)"
        raise PartnerRegistrationError(message, public=message)
    if not parts.hostname or "#" in uri or any(character.isspace() for character in uri):
        message = f"redirect URI {uri!r} must name a host and hold no fragment or space"
        raise PartnerRegistrationError(message, public=message)
    if loopback and environment is Environment.PRODUCTION:
        message = f"redirect URI {uri!r} points to loopback, which production refuses"
        raise PartnerRegistrationError(message, public=message)


def check_jwks(jwks: Mapping[str, Any]) -> None:
    """Public RSA (2048 bits or more) or P-256 keys with `kid`, one for `sig` and one for `enc` at least."""
    keys = jwks.get("keys")
    if not isinstance(keys, Sequence) or not keys:
        message = "jwks must hold a member keys with at least one sig and one enc key"
        raise PartnerRegistrationError(message, public=message)
    for key in keys:
        _check_key(key)
    uses = {key["use"] for key in keys}
    if uses != {"sig", "enc"}:
        message = "jwks must hold one key with use sig and one with use enc"
        raise PartnerRegistrationError(message, public=message)


def _check_key(key: Mapping[str, Any]) -> None:
    kid = key.get("kid")
    if _PRIVATE_MEMBERS & key.keys():
        problem = "holds a private member; hand over public keys only, and replace this one"
    elif not isinstance(kid, str) or not kid or key.get("use") not in {"sig", "enc"}:
        problem = "needs a kid, and use sig or enc"
    elif key.get("kty") == "RSA":
        problem = "is an RSA key below 2048 bits" if len(str(key.get("n", ""))) < _RSA_MODULUS_CHARACTERS else ""
    elif key.get("kty") == "EC":
        problem = "" if key.get("crv") == "P-256" else "is not on the curve P-256"
    else:
        problem = "is neither RSA nor EC"
    if problem:
        message = f"jwks: key {kid!r} {problem}"
        raise PartnerRegistrationError(message, public=message)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
