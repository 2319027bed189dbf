"""What a registration must be like."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner
from ipse.standards.jose import JoseError, check_partner_jwks, public_keys

_PARTNER_ID = re.compile(r"[A-Za-z0-9_-]{3,64}")
_SERVICE_CODE = re.compile(r"[A-Za-z0-9_]{3,45}")
CONTRACT_DEMANDS = ("required", "voluntary")
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
    """Public RSA (2048 bits or more) or P-256 keys with `kid`, sound, one for `sig` and one for `enc` at least."""
    try:
        check_partner_jwks(jwks)
    except JoseError as error:
        message = f"jwks: {error.reason}"
        raise PartnerRegistrationError(message, public=message) from error


def check_algorithms(partner: Partner) -> None:
    """Each answer can be protected as agreed: `dir` by a secret, others by an `enc` key of the partner that fits."""
    agreed = partner.algorithms
    for alg in {agreed.id_token_encrypted_response_alg, agreed.userinfo_encrypted_response_alg}:
        if partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
            possible = alg == "dir"
        else:
            possible = _has_key_for(partner.jwks or {}, alg)
        if not possible:
            message = f"answers cannot be encrypted with {alg}: the partner has no secret or enc key that fits it"
            raise PartnerRegistrationError(message, public=message)


def check_contract(contract: Mapping[str, str]) -> None:
    """Each attribute of a contract is `required` or `voluntary`."""
    for name, demand in contract.items():
        if demand not in CONTRACT_DEMANDS:
            message = f"contract: {name} is {demand!r}; it must be required or voluntary"
            raise PartnerRegistrationError(message, public=message)


def _has_key_for(jwks: Mapping[str, Any], alg: str) -> bool:
    try:
        public_keys(jwks).encryption_key(alg)
    except JoseError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
