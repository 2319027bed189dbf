"""Account tokens: how a partner says whom it sends (CSC 1.0.4.0 §8.3.2, partner protocol 2.1).

The key is the client secret. The specification takes its SHA-256, the partner protocol the secret itself; partners do
both, and both are believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from ipse.csc.errors import InvalidRequest
from ipse.standards import shared_tokens
from ipse.standards.jose import JoseError

SKEW_SECONDS: Final = 60
AGE_SECONDS: Final = 3600
"""No account token counts for longer than this, whatever it says."""
_LONGEST: Final = 255


def read_account(text: str, secret: str, *, partner_id: str, now: int) -> str:
    """The account that a partner names, once the token is proven to be the partner's own; `now` in seconds UTC.

    Raises:
        InvalidRequest: whatever is wrong, with the same words.
    """
    keys = (secret.encode(), hashlib.sha256(secret.encode()).digest())
    try:
        claims = shared_tokens.read(keys, text)
    except JoseError as error:
        raise _refused(error.reason) from error
    if claims.get("azp") != partner_id:
        raise _refused("azp is not the client id")
    _check_times(claims, now)
    for name in ("sub", "jti"):
        if not _is_name(claims.get(name)):
            raise _refused(f"{name} is missing, or not a text of at most {_LONGEST} characters")
    if "iss" in claims and not _is_name(claims["iss"]):
        raise _refused("iss is no text")
    account: str = claims["sub"]
    return account


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    issued, expires = _number(claims, "iat"), _number({"exp": now + 1, **claims}, "exp")
    if not now - AGE_SECONDS - SKEW_SECONDS <= issued <= now + SKEW_SECONDS:
        raise _refused("iat is too old, or in the future")
    if expires <= now - SKEW_SECONDS:
        raise _refused("expired")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"{name} is no number")
    return value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _refused(detail: str) -> InvalidRequest:
    error = InvalidRequest("Invalid parameter account_token", detail=f"account_token: {detail}")
    error.check = "read_account"
    return error
