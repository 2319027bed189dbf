"""A login under the stricter profile: the request is pushed."""

from __future__ import annotations

import re

import httpx

from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def pushed(installation: Installation, party: RelyingParty, **changes: str | None) -> tuple[str, str]:
    """A code for an approved request that was pushed, and its verifier."""
    asked: dict[str, str | None] = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": "n"}
    answer = await party.push(**(asked | changes))
    assert answer.status_code == 201, answer.text
    endpoint = (await party.discover())["authorization_endpoint"]
    query = {"client_id": party.client_id, "request_uri": answer.json()["request_uri"]}
    page = await party.browser.get(endpoint, params=query)
    found = re.search(r"/v2/sign-in/([A-Za-z0-9_-]{22})", page.text)
    assert found, page.text
    await installation.approve(found[1])
    back = await party.browser.get(f"{party.issuer}/sign-in/{found[1]}/finish")
    return httpx.URL(back.headers["location"]).params["code"], VERIFIER
