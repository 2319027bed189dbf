"""What a tried login asks, and what its answers hold."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from ipse.kernel.ids import Ids
from ipse.partners.model import Partner, Service, ServiceType

NEEDS_MORE: frozenset[ServiceType] = frozenset({ServiceType.CONFIRMATION, ServiceType.SIGNING})
"""Types whose requests say what is confirmed or signed, which a trial does not."""
MOST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """An authorization request, and what its partner keeps of it."""

    parameters: Mapping[str, str]
    state: str
    nonce: str
    verifier: str


def question(partner: Partner, service: Service, ids: Ids) -> Question:
    """A request for everything that the service may ask."""
    state, nonce, verifier = ids.secret(), ids.secret(), ids.secret()
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "code",
        "client_id": partner.partner_id,
        "scope": f"openid service:{service.code}",
        "redirect_uri": service.redirect_uris[0],
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return Question(parameters, state, nonce, verifier)


def asking(parameters: Mapping[str, str], claims: Mapping[str, str], contract: Mapping[str, str]) -> dict[str, str]:
    """The request with the attributes of the contract in its `claims`; `claims` are their names on the wire."""
    if not contract:
        return dict(parameters)
    wanted = {claims[name]: {"essential": True} if contract[name] == "required" else None for name in contract}
    return {**parameters, "claims": msgspec.json.encode({"id_token": wanted}).decode()}


def address(endpoint: str, parameters: Mapping[str, str]) -> str:
    """The request as an address."""
    return endpoint + "?" + urlencode(parameters)


def answer(location: str) -> dict[str, str]:
    """What came back to a redirect URI."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def pretty(document: object) -> str:
    """JSON to read, cut where it is long."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + " …"


def shown_on_the_phone(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What a person read, in the order in which they read it."""
    members = ("partner", "broker", "service", "purpose", "attributes", "confirms", "level")
    return {name: shown[name] for name in members if shown.get(name)}
