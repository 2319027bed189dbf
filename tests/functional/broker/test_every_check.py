"""A request for every check of the REST API's visible lists, refused by that check and named in the request log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from ipse.broker.model import SESSIONS
from ipse.broker.rules.requests import SESSION_CHECKS
from ipse.broker.rules.signed import SIGNED_CHECKS
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.partners.service import RequestLog
from tests.functional.broker.office import CALLBACKS, ISSUER, Office, signed

BODY = {"service": "MUSEUM_CARD", "requestedAttributes": ["firstName"], "callbackUrls": CALLBACKS}
NOW = FrozenClock().now() // 1_000_000
Send = Callable[[Office], Awaitable[httpx.Response]]
Case = tuple[Send, int, str]


def signature(**changes: Any) -> Case:
    """A signed request that is not for this, now, or here."""

    async def send(office: Office) -> httpx.Response:
        token = signed("POST", SESSIONS, body=BODY, **changes)
        return await office.api.post(SESSIONS, content=token, headers={"Content-Type": "application/jose"})

    return send, 401, "invalid_signed_request"


def session(status: int, code: str, **members: Any) -> Case:
    async def send(office: Office) -> httpx.Response:
        return await office.create(**members)

    return send, status, code


async def strict(office: Office) -> httpx.Response:
    """A bearer asks a service that demands more."""
    partners = office.scheme.partners
    service = await partners.service("MUSEUM_CARD")
    assert service is not None
    await partners.register_service(replace(service, profile="fapi2"), actor="test")
    answer = await office.create()
    await partners.register_service(service, actor="test")
    return answer


async def without_a_key(office: Office) -> httpx.Response:
    """The final partner loses its key to encrypt to."""
    partners = office.scheme.partners
    museum = await partners.partner("museum")
    assert museum is not None
    assert museum.jwks is not None
    signing = [key for key in museum.jwks["keys"] if key["use"] == "sig"]
    put = "update partners_partners set jwks = $2 where partner_id = $1 returning partner_id"
    assert await office.database.row(put, "museum", json.dumps({"keys": signing}))
    partners._partners.clear()
    return await office.create(encryptResult=True)


SIGNED: dict[str, list[Case]] = {
    # A request of nobody is not of this partner: only what its own key has signed gets so far.
    "check_issuer": [],
    "check_audience": [signature(aud=ISSUER + "/"), signature(aud=[ISSUER])],
    "check_times": [signature(iat=NOW - 400, exp=NOW - 100), signature(iat=NOW + 100), signature(exp="soon")],
    "check_target": [signature(htu=ISSUER + "/token"), signature(htm="GET")],
    "check_id": [signature(jti=None), signature(jti="x" * 256)],
}
SESSION: dict[str, list[Case]] = {
    "check_service": [
        session(422, "unknown_service", service="NOTHING"),
        session(422, "unknown_service", service="RIVAL_LOGIN"),
    ],
    "check_service_type": [session(422, "unsupported_service", service="DESK_PAY")],
    "check_profile": [(strict, 403, "proof_too_weak")],
    "check_final_partner": [session(403, "final_partner_not_registered", finalPartner="library")],
    "check_callbacks": [
        session(422, "callback_not_registered", callbackUrls=CALLBACKS | {"abort": "https://stranger.example/"}),
        session(400, "invalid_request", callbackUrls=None),
        session(400, "invalid_request", flow="headless"),
    ],
    "check_subject_hint": [session(400, "invalid_request", subject="x" * 36)],
    "check_attributes": [
        session(422, "unknown_attribute", requestedAttributes=["unheard"]),
        session(403, "attribute_not_in_contract", requestedAttributes=["gender"]),
    ],
    "check_something_is_asked": [session(422, "attributes_missing", requestedAttributes=[])],
    "check_encryption": [(without_a_key, 422, "encryption_unavailable")],
}
BEHIND = {"check_issuer": "the partner whose key is tried is the one that iss names"}
LISTS = {"SIGNED_CHECKS": (SIGNED_CHECKS, SIGNED), "SESSION_CHECKS": (SESSION_CHECKS, SESSION)}


def test_every_check_has_a_request() -> None:
    for checks, cases in LISTS.values():
        assert [check.__name__ for check in checks] == list(cases)
        assert all(cases[name] or name in BEHIND for name in cases)


@pytest.mark.parametrize("name", LISTS)
async def test_each_check_refuses(sqlite_office: Office, name: str) -> None:
    office, failed, cases = sqlite_office, [], LISTS[name][1]
    for check, requests in cases.items():
        for number, (send, status, code) in enumerate(requests):
            answer = await send(office)
            told = answer.json()
            if (answer.status_code, told.get("code")) != (status, code) or not told["detail"]:
                failed.append((check, number, answer.status_code, told))
    assert not failed, "\n".join(map(str, failed))
    await office.scheme.close()
    named: Counter[str] = Counter()
    for line in await RequestLog(office.database, office.clock, RandomIds()).lines("desk"):
        named[line.check] += line.times
    assert named == {check: len(requests) for check, requests in cases.items() if requests}
