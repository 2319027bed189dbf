"""OpenID Connect Core 1.0 on the wire: `claims` (§5.5), `prompt`, `max_age`, `display` (§3.1.2.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ipse.standards.strict_json import JsonError, parse_object

MAX_CLAIMS_BYTES: Final = 8192
MAX_CLAIMS_DEPTH: Final = 6
MAX_CLAIMS: Final = 100
"""In each of the two members."""
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


class OpenIdFormError(ValueError):
    """A value does not have the form OpenID Connect prescribes. The text names it and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """How one claim is asked for (§5.5.1)."""

    essential: bool | None = None
    """None where the partner did not say."""
    values: tuple[Any, ...] = ()
    """The values it should have, in order of preference."""


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """The `claims` parameter: claims by name, for each of the two places they can come in."""

    id_token: Mapping[str, ClaimRequest] = field(default_factory=dict)
    userinfo: Mapping[str, ClaimRequest] = field(default_factory=dict)


def parse_claims(text: str | None, *, max_bytes: int = MAX_CLAIMS_BYTES) -> ClaimsRequest:
    """Read the `claims` parameter; members not defined are ignored, as §5.5 asks.

    Raises:
        OpenIdFormError: not JSON, too large or deep, or a member of another type than §5.5 defines.
    """
    if text is None:
        return ClaimsRequest()
    try:
        parsed = parse_object(text, max_bytes=max_bytes, max_depth=MAX_CLAIMS_DEPTH)
    except JsonError as error:
        raise OpenIdFormError(f"claims: {error}") from error
    return ClaimsRequest(_members(parsed, "id_token"), _members(parsed, "userinfo"))


def parse_prompt(text: str | None) -> frozenset[str]:
    """The `prompt` values.

    Raises:
        OpenIdFormError: an unknown value, or `none` beside another.
    """
    prompts = frozenset((text or "").split())
    if not prompts <= PROMPTS:
        raise OpenIdFormError("prompt holds an unknown value")
    if "none" in prompts and len(prompts) > 1:
        raise OpenIdFormError("prompt none stands alone")
    return prompts


def parse_max_age(text: str | None) -> int | None:
    """The `max_age` in seconds.

    Raises:
        OpenIdFormError: not a whole number of at most nine digits.
    """
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise OpenIdFormError("max_age is not a number of seconds")
    return int(text)


def _members(parsed: Mapping[str, Any], name: str) -> Mapping[str, ClaimRequest]:
    asked = parsed.get(name)
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise OpenIdFormError(f"claims: {name} is not an object")
    if len(asked) > MAX_CLAIMS:
        raise OpenIdFormError(f"claims: {name} asks for too many")
    return {claim: _one(how) for claim, how in asked.items()}


def _one(how: object) -> ClaimRequest:
    if how is None:
        return ClaimRequest()
    if not isinstance(how, dict):
        raise OpenIdFormError("claims: a claim is asked for with null or an object")
    essential, values = how.get("essential"), how.get("values", [])
    if not (essential is None or isinstance(essential, bool)):
        raise OpenIdFormError("claims: essential is true or false")
    if not isinstance(values, list):
        raise OpenIdFormError("claims: values is a list")
    preferred = [how["value"]] if "value" in how else []
    return ClaimRequest(essential, (*preferred, *values))
