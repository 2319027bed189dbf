"""A broker's service for another partner is asked for by the REST API alone: there people see both names (T-11)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds
from tests.functional.broker.office import BASE, Office, assertion, signed

REDIRECT = "https://desk.example/oidc"
CLAIMS = '{"id_token": {"given_name": null}}'


async def _open_everywhere(office: Office) -> None:
    partners = office.scheme.partners
    service = await partners.registered("MUSEUM_CARD")
    assert service is not None
    changed = replace(service, redirect_uris=(REDIRECT,), backchannel_mode="poll")
    await partners.register_service(changed, actor="test")


async def test_the_authorization_endpoint_does_not_ask_in_the_brokers_own_name(sqlite_office: Office) -> None:
    """T-11: there the person would see the broker as the partner, and the subject would be the broker's."""
    await _open_everywhere(sqlite_office)
    query = {
        "client_id": "desk",
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "openid service:MUSEUM_CARD",
        "claims": CLAIMS,
    }
    answer = await sqlite_office.api.get("/v2/authorization", params=query)
    assert answer.status_code == 400
    assert "unauthorized_client" in answer.text
    pushed = await sqlite_office.api.post("/v2/par", data=query | assertion("desk"))
    assert (pushed.status_code, pushed.json()["error"]) == (400, "unauthorized_client")


async def test_nor_does_the_back_channel(sqlite_office: Office) -> None:
    """T-11."""
    await _open_everywhere(sqlite_office)
    claims: dict[str, Any] = {
        "scope": "openid service:MUSEUM_CARD",
        "claims": CLAIMS,
        "login_hint_token": {"type": "subject_code", "value": "a" * 36},
    }
    times: dict[str, Any] = {
        "nbf": int(sqlite_office.clock.now() // SECOND),
        "jti": RandomIds().identifier(),
        "htm": None,
        "htu": None,
    }
    issued = signed("", "", typ="JWT", **claims, **times)
    answer = await sqlite_office.api.post(
        f"{BASE}/v2/backchannel/authentication", data={"request": issued, **assertion("desk")}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client"), answer.text
