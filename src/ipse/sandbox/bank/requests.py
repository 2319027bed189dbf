"""What the scheme may push (RFC 9126 §2.1): a visible list of small checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ipse.sandbox.bank import verified
from ipse.sandbox.bank.errors import Refusal, invalid_request

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_TEXT: Final = 200


def check_response_type(form: Mapping[str, str]) -> None:
    """Only the code flow."""
    if form.get("response_type") != "code":
        raise Refusal("unsupported_response_type", "response_type must be code")
    if form.get("response_mode", "query") != "query":
        raise invalid_request("response_mode must be query")


def check_not_nested(form: Mapping[str, str]) -> None:
    """A pushed request holds the parameters themselves."""
    if "request_uri" in form or "request" in form:
        raise invalid_request("request and request_uri have no place in a pushed request here")


def check_scope(form: Mapping[str, str]) -> None:
    """OpenID Connect, nothing else."""
    if "openid" not in form.get("scope", "").split():
        raise Refusal("invalid_scope", "scope must contain openid")


def check_pkce(form: Mapping[str, str]) -> None:
    """S256 always (RFC 7636)."""
    if form.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(form.get("code_challenge", "")):
        raise invalid_request("code_challenge with code_challenge_method S256 is required")


def check_binding(form: Mapping[str, str]) -> None:
    """The answer must fit the request: state comes back in the URL, nonce in the ID token."""
    for name in ("state", "nonce"):
        if not form.get(name) or len(form[name]) > 512:
            raise invalid_request(f"{name} is required, at most 512 characters")


def check_activation_text(form: Mapping[str, str]) -> None:
    """The person must be able to see what they are activating."""
    text = form.get("activation_text", "")
    if not text.strip() or len(text) > _LONGEST_TEXT or _UNPRINTABLE.search(text):
        raise invalid_request(f"activation_text must say what is activated, in 1 to {_LONGEST_TEXT} characters")


def check_prompt(form: Mapping[str, str]) -> None:
    """There is never a session at these banks."""
    if "none" in form.get("prompt", "").split():
        raise Refusal("login_required", "there is no session here")


CHECKS = (
    check_response_type,
    check_not_nested,
    check_scope,
    check_pkce,
    check_binding,
    check_activation_text,
    check_prompt,
)


def pushed(form: Mapping[str, str], *, redirect_uri: str) -> dict[str, Any]:
    """The request as the bank keeps it.

    Raises:
        Refusal: the first check that fails.
    """
    if form.get("redirect_uri") != redirect_uri:
        raise invalid_request(f"redirect_uri must be {redirect_uri}")
    for check in CHECKS:
        check(form)
    return {
        "redirect_uri": redirect_uri,
        "state": form["state"],
        "nonce": form["nonce"],
        "code_challenge": form["code_challenge"],
        "activation_text": form["activation_text"].strip(),
        "ui_locales": form.get("ui_locales", ""),
        "claims": claims_request(form.get("claims", "{}")),
    }


def claims_request(text: str) -> dict[str, dict[str, Any]]:
    """The `claims` parameter (OpenID Connect Core 1.0 §5.5), its `verified_claims` checked.

    Raises:
        Refusal: not JSON, or no request for claims.
    """
    try:
        document = msgspec.json.decode(text, type=dict[str, dict[str, Any] | None])
        requested = {place: document.get(place) or {} for place in ("id_token", "userinfo")}
        for members in requested.values():
            if "verified_claims" in members:
                verified.check(members["verified_claims"])
    except (msgspec.DecodeError, verified.BadClaimsRequestError) as error:
        raise invalid_request(f"claims: {error}") from error
    return requested
