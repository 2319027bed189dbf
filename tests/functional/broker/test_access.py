"""Who may call: access tokens of the scope `broker`, and signed requests."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec.structs import replace

from ipse.broker.model import SESSIONS
from ipse.broker.rules.signed import SIGNED_CHECKS
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.partners.service import RequestLog
from tests.functional.broker.office import BASE, CALLBACKS, ISSUER, Office, signed

BODY = {"service": "MUSEUM_CARD", "requestedAttributes": ["firstName"], "callbackUrls": CALLBACKS}
JOSE = {"Content-Type": "application/jose"}


async def _post(office: Office, token: str) -> Any:
    return await office.api.post(SESSIONS, content=token, headers=JOSE)


async def test_a_signed_request_creates_reads_and_cancels(office: Office) -> None:
    created = await _post(office, signed("POST", SESSIONS, body=BODY))
    assert created.status_code == 201, created.text
    path = f"{SESSIONS}/{created.json()['id']}"
    assert created.headers["Location"] == path
    read = await office.api.get(path, headers={"Authorization": f"Signed-Request {signed('GET', path)}"})
    assert read.json()["status"] == "CREATED"
    stopped = await _cancel(office, path, signed("POST", path + "/cancel"))
    assert stopped.json()["status"] == "CANCELLED"


async def _cancel(office: Office, path: str, token: str) -> Any:
    return await office.api.post(path + "/cancel", content=token, headers=JOSE)


async def test_a_signed_request_counts_once(office: Office) -> None:
    token = signed("POST", SESSIONS, body=BODY)
    assert (await _post(office, token)).status_code == 201
    again = await _post(office, token)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_signed_request")
    assert again.headers["WWW-Authenticate"].startswith("Signed-Request")


NOW = 1_790_000_000
HOSTILE: dict[str, dict[str, Any]] = {
    "check_issuer": {"key": "rival", "iss": "museum"},
    "check_audience": {"aud": BASE},
    "check_times": {"iat": NOW - 400, "exp": NOW - 100},
    "check_times-future": {"iat": NOW + 100, "exp": NOW + 200},
    "check_times-long": {"exp": NOW + 301},
    "check_times-none": {"exp": None},
    "check_times-text": {"iat": "now"},
    "check_times-endless": {"exp": 1e400},
    "check_target": {"htu": ISSUER + "/token"},
    "check_target-method": {"htm": "GET"},
    "check_target-none": {"htm": None},
    "check_id": {"jti": None},
    "check_id-long": {"jti": "x" * 256},
    "typ": {"typ": "JWT"},
    "unknown-partner": {"iss": "nobody-here"},
    "no-partner": {"iss": 7},
}


async def test_a_signed_request_that_is_not_right_is_refused(sqlite_office: Office) -> None:
    """R-13, R-17, R-18: one word for all, the precise one is in the log."""
    for case, changes in HOSTILE.items():
        answer = await _post(sqlite_office, signed("POST", SESSIONS, body=BODY, **changes))
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signed_request"), case
    await sqlite_office.scheme.close()
    lines = await RequestLog(sqlite_office.database, sqlite_office.clock, RandomIds()).lines("desk")
    named = {line.check for line in lines}
    assert {"check_audience", "check_times", "check_target", "check_id", "verify_signature"} <= named


async def test_no_other_token_is_a_signed_request(sqlite_office: Office) -> None:
    head, payload, signature = signed("POST", SESSIONS, body=BODY).split(".")
    other = signed("POST", SESSIONS, body=BODY).split(".")[1]
    for token in (f"{head}.{payload}.", f"{head}.{other}.{signature}", "", "a.b.c", "x" * 40_000, "ü"):
        answer = await sqlite_office.api.post(SESSIONS, content=token.encode(), headers=JOSE)
        assert answer.status_code in {400, 401}
    both = await sqlite_office.api.post(
        SESSIONS, content=signed("POST", SESSIONS, body=BODY), headers=JOSE | await sqlite_office.bearer()
    )
    assert both.json()["code"] == "invalid_signed_request"
    beside = {"Authorization": f"Signed-Request {signed('POST', SESSIONS)}"}
    unsigned = await sqlite_office.api.post(SESSIONS, json=BODY, headers=beside)
    assert unsigned.json()["code"] == "invalid_signed_request"


async def test_a_signed_body_is_read_as_strictly(sqlite_office: Office) -> None:
    bodies: tuple[Any, ...] = (None, [], "text", {**BODY, "more": 1})
    for body in bodies:
        answer = await _post(sqlite_office, signed("POST", SESSIONS, body=body))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_access_tokens_open_only_what_they_were_issued_for(office: Office) -> None:
    bound = await office.tokens.issue("desk", "broker", binding="jkt:abc", seconds=60)
    cases: list[tuple[dict[str, str], int, str]] = [
        ({}, 401, "invalid_token"),
        ({"Authorization": "Bearer " + "x" * 43}, 401, "invalid_token"),
        ({"Authorization": "Basic ZGVzazpzZWNyZXQ="}, 401, "invalid_token"),
        ({"Authorization": f"Bearer {bound}"}, 401, "invalid_token"),
        (await office.bearer(scope="partner.log"), 403, "insufficient_scope"),
        (await office.bearer("nobody-here"), 401, "invalid_token"),
    ]
    for headers, status, code in cases:
        answer = await office.api.post(SESSIONS, json=BODY, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), headers
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="ipse"')
    good = await office.bearer()
    assert (await office.api.post(SESSIONS, json=BODY, headers=good)).status_code == 201
    await office.scheme.partners.set_state("desk", "stopped", actor="test")
    assert (await office.api.post(SESSIONS, json=BODY, headers=good)).json()["code"] == "invalid_token"
    assert (await _post(office, signed("POST", SESSIONS, body=BODY))).json()["code"] == "invalid_signed_request"


async def test_a_strict_service_is_asked_for_strictly(office: Office) -> None:
    """No way round the profile of a service: neither for asking nor for reading."""
    partners = office.scheme.partners
    service = await partners.service("MUSEUM_CARD")
    assert service is not None
    await partners.register_service(replace(service, profile="fapi2"), actor="test")
    plain = await office.api.post(SESSIONS, json=BODY, headers=await office.bearer())
    assert (plain.status_code, plain.json()["code"]) == (403, "proof_too_weak")
    created = await _post(office, signed("POST", SESSIONS, body=BODY))
    assert created.status_code == 201, created.text
    path = f"{SESSIONS}/{created.json()['id']}"
    assert (await office.api.get(path, headers=await office.bearer())).json()["code"] == "proof_too_weak"
    read = await office.api.get(path, headers={"Authorization": f"Signed-Request {signed('GET', path)}"})
    assert read.json()["status"] == "CREATED"


async def test_a_final_partner_has_no_say_in_its_broker(office: Office) -> None:
    """Its own keys create nothing for the broker's services, and read nothing of the broker's sessions."""
    refused = await _post(office, signed("POST", SESSIONS, key="museum", body=BODY))
    assert refused.json()["code"] == "unknown_service"
    session = await office.session()
    path = f"{SESSIONS}/{session['id']}"
    token = signed("GET", path, key="museum")
    foreign = await office.api.get(path, headers={"Authorization": f"Signed-Request {token}"})
    assert foreign.json()["code"] == "unknown_session"


async def test_bodies_that_are_no_session(sqlite_office: Office) -> None:
    headers = await sqlite_office.bearer()
    for content in (
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"service": "A", "service": "B"}',
        b'{"service":"\\ud800"}',
        b"\xff",
        b"[" * 50,
    ):
        answer = await sqlite_office.api.post(
            SESSIONS, content=content, headers=headers | {"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), content
    large = await sqlite_office.api.post(SESSIONS, content=b" " * 20_000, headers=headers)
    assert large.status_code == 400
    form = await sqlite_office.api.post(SESSIONS, data={"service": "MUSEUM_CARD"}, headers=headers)
    assert form.json()["code"] == "unsupported_media_type"


def test_every_check_of_signed_requests_has_a_case() -> None:
    assert {check.__name__ for check in SIGNED_CHECKS} <= set(HOSTILE)


def _proof(key: ECKey, method: str, path: str, token: str, **more: str) -> str:
    """A DPoP proof (RFC 9449 §4.2), made with joserfc."""
    claims = {
        "jti": RandomIds().identifier(),
        "htm": method,
        "htu": BASE + path,
        "iat": NOW,
        "ath": b64u(sha256(token)),
        **more,
    }
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, algorithms=["ES256"])


async def test_a_token_bound_to_a_key_comes_with_its_proof(office: Office) -> None:
    """RFC 9449: the nonce is told, the proof is for this address and this token, and counts once."""
    key, stranger = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    token = await office.tokens.issue("desk", "broker", binding=f"jkt:{key.thumbprint()}", seconds=600)

    async def sent(proof: str, scheme: str = "DPoP") -> Any:
        headers = {"Authorization": f"{scheme} {token}", "DPoP": proof}
        return await office.api.post(SESSIONS, json=BODY, headers=headers)

    first = await sent(_proof(key, "POST", SESSIONS, token))
    assert (first.status_code, first.json()["code"]) == (401, "use_dpop_nonce")
    assert first.headers["WWW-Authenticate"] == 'DPoP realm="ipse", error="use_dpop_nonce"'
    nonce = first.headers["DPoP-Nonce"]
    good = _proof(key, "POST", SESSIONS, token, nonce=nonce)
    created = await sent(good)
    assert created.status_code == 201, created.text
    assert created.headers["DPoP-Nonce"]
    refused = [
        await sent(good),
        await sent(_proof(stranger, "POST", SESSIONS, token, nonce=nonce)),
        await sent(_proof(key, "GET", SESSIONS, token, nonce=nonce)),
        await sent(_proof(key, "POST", "/v2/token", token, nonce=nonce)),
        await sent(_proof(key, "POST", SESSIONS, "another token", nonce=nonce)),
        await sent(_proof(key, "POST", SESSIONS, token, nonce=nonce), scheme="Bearer"),
    ]
    assert [answer.status_code for answer in refused] == [401] * 6
