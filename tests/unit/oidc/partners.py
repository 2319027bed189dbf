"""A partner, its services and a good request, to be spoilt by tests."""

from __future__ import annotations

from typing import Any

from ipse.attributes.model import ATTRIBUTES
from ipse.oidc.model import AuthorizationRequest, Candidate, Vocabulary
from ipse.oidc.rules.authorization import check_request, check_target
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms

PREFIX = "http://itsme.services/v2/claim/"
VOCABULARY = Vocabulary(PREFIX)
CALLBACK = "https://shop.example/callback?from=ipse"
FOUR = dict.fromkeys(("nl", "fr", "de", "en"), "x")


def partner(**changes: Any) -> Partner:
    method = changes.get("auth_method", AuthMethod.PRIVATE_KEY_JWT)
    members: dict[str, Any] = {
        "partner_id": "shop",
        "name": "A shop",
        "state": "active",
        "auth_method": method,
        "jwks": None,
        "algorithms": preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
    }
    return Partner(**(members | changes))


def service(**changes: Any) -> Service:
    members: dict[str, Any] = {
        "code": "SHOP_LOGIN",
        "partner_id": "shop",
        "type": ServiceType.AUTHENTICATION,
        "state": "active",
        "name": FOUR,
        "purpose": FOUR,
        "redirect_uris": (CALLBACK, "https://shop.example/second"),
        "contract": dict.fromkeys(ATTRIBUTES, "required"),
    }
    return Service(**(members | changes))


GOOD = {
    "client_id": "shop",
    "response_type": "code",
    "scope": "openid service:SHOP_LOGIN",
    "redirect_uri": CALLBACK,
    "state": "s",
    "nonce": "n",
}


def candidate(**parameters: str | None) -> Candidate:
    """The good request with some parameters changed, or removed by None."""
    members = {name: value for name, value in (GOOD | parameters).items() if value is not None}
    return Candidate(parameters=members, partner=partner(), service=service())


def judged(at: Service | None = None, /, **parameters: str | None) -> AuthorizationRequest:
    """What remains of a request that passes all checks."""
    asked = candidate(**parameters)
    changed = Candidate(parameters=asked.parameters, partner=asked.partner, service=at or asked.service)
    return check_request(check_target(changed, VOCABULARY))
