"""The `scope` of a request: `openid`, exactly one `service:CODE`, and the named groups of attributes."""

from __future__ import annotations

from dataclasses import replace

from ipse.oidc.errors import InvalidScope
from ipse.oidc.model import SCOPES, SERVICE_SCOPE, AuthorizationRequest
from ipse.standards.oauth import OAuthFormError, scope_words


def service_code(scope: str) -> list[str]:
    """The codes of all services a scope names."""
    words = dict.fromkeys(scope.split(" "))
    return [word.removeprefix(SERVICE_SCOPE) for word in words if word.startswith(SERVICE_SCOPE)]


def check_scope(request: AuthorizationRequest) -> AuthorizationRequest:
    """`openid` is there, and every word is known, or left out where the installation says so (partner protocol, 6)."""
    try:
        words = scope_words(request.parameters.get("scope", ""))
    except OAuthFormError as error:
        raise InvalidScope(str(error)) from error
    if "openid" not in words:
        raise InvalidScope("scope must hold openid")
    groups = [word for word in words if word != "openid" and not word.startswith(SERVICE_SCOPE)]
    known = tuple(word for word in groups if word in SCOPES)
    if len(known) < len(groups) and not request.vocabulary.ignores_unknown_scopes:
        unknown = next(word for word in groups if word not in SCOPES)
        # The place and not the word: what a partner's program puts there by mistake is not for our log.
        raise InvalidScope(f"scope holds an unknown word, the one at place {words.index(unknown) + 1}")
    return replace(request, scopes=known) if known else request
