"""At least one hostile or malformed request for each check of the back channel, out of its own lists (R-13, R-32).

Each is refused with its error code, nobody is asked, and the partner's developer reads which check failed.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ipse.kernel.ids import b64u
from ipse.kernel.keystore import Keystore
from ipse.oidc.rules.backchannel import ASKED_CHECKS, BACKCHANNEL_CHECKS
from ipse.oidc.rules.client_proofs import Endpoint
from ipse.oidc.rules.confirmation import CONFIRMATION_CHECKS
from ipse.oidc.rules.details import DETAIL_CHECKS
from ipse.partners.model import AuthMethod, Refusal, ServiceType
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import RSA, Door, Street, street
from tests.functional.oidc.relying_party import private_jwk

PREFIX = "http://itsme.services/v2/claim/"
_ASKED = "select count(*) as many from actions_actions"
_ELSEWHERE = {check.__name__ for check in (*DETAIL_CHECKS, *CONFIRMATION_CHECKS)}
"""Their own tests have a case for each."""
_NEVER_REFUSES = {"collect_attributes"}


@dataclass(frozen=True)
class Doors:
    """Partners of several kinds, and somebody whom all of them know."""

    street: Street
    plain: Door
    ping: Door
    strict: Door
    closed: Door
    sharing: Door
    other: Door
    subject: str

    def known(self, _door: Door) -> dict[str, str]:
        return {"type": "subject_code", "value": self.subject}


Case = Callable[[Doors], Awaitable[httpx.Response]]


def claims(door: str = "plain", **changes: Any) -> Case:
    """A request with other claims; None leaves one out."""

    async def send(doors: Doors) -> httpx.Response:
        chosen: Door = getattr(doors, door)
        return await chosen.send(chosen.signed(chosen.claims(doors.known(chosen), **changes)))

    return send


def hinted(hint: object, door: str = "plain") -> Case:
    return claims(door, login_hint_token=hint)


def timed(**seconds_from_now: int) -> Case:
    async def send(doors: Doors) -> httpx.Response:
        made = doors.plain.claims(doors.known(doors.plain))
        moved = {name: made["iat"] + seconds for name, seconds in seconds_from_now.items()}
        return await doors.plain.send(doors.plain.signed(made | moved))

    return send


def keyed(key: dict[str, Any] | None = None, *, door: str = "plain", **header: Any) -> Case:
    async def send(doors: Doors) -> httpx.Response:
        chosen: Door = getattr(doors, door)
        return await chosen.send(chosen.signed(chosen.claims(doors.known(chosen)), key, **header))

    return send


def raw(request: str | None, **beside: str) -> Case:
    async def send(doors: Doors) -> httpx.Response:
        return await doors.plain.send(request, **beside)

    return send


async def beside_the_object(doors: Doors) -> httpx.Response:
    return await doors.plain.send(doors.plain.signed(doors.plain.claims(doors.known(doors.plain))), scope="openid")


async def unsigned(doors: Doors) -> httpx.Response:
    """Algorithm `none`, without and with something where the signature belongs."""
    request = doors.plain.signed(doors.plain.claims(doors.known(doors.plain)))
    head = b64u(json.dumps({"alg": "none", "kid": "s1"}).encode())
    _, payload, signature = request.split(".")
    first = await doors.plain.send(f"{head}.{payload}.")
    assert first.status_code == 400
    return await doors.plain.send(f"{head}.{payload}.{signature}")


async def of_another_partner(doors: Doors) -> httpx.Response:
    request = doors.other.signed(doors.other.claims(doors.known(doors.other)))
    return await doors.plain.send(request)


async def a_client_assertion(doors: Doors) -> httpx.Response:
    """A token of another kind, signed by the same key (R-13)."""
    return await doors.plain.send(doors.plain.credentials()["client_assertion"])


async def typed_as_dpop(doors: Doors) -> httpx.Response:
    return await doors.plain.send(doors.plain.signed(doors.plain.claims(doors.known(doors.plain)), typ="dpop+jwt"))


async def twice(doors: Doors) -> httpx.Response:
    request = doors.other.signed(doors.other.claims(doors.known(doors.other), jti="the same"))
    first = await doors.other.send(request)
    assert first.status_code == 200, first.text
    return await doors.other.send(request)


OTHER_SERVICE = "openid service:OTHER_OPEN"
CASES: dict[str, list[tuple[Case, str]]] = {
    "read_request_object": [
        (raw(None), "invalid_request"),
        (raw("a.b.c"), "invalid_request"),
        (raw("a.b.c.d.e"), "invalid_request"),
        (beside_the_object, "invalid_request"),
        (raw("a.b.c", login_hint="32+400000101"), "invalid_request"),
        (unsigned, "invalid_request"),
        (keyed(private_jwk("EC", "sig", "s1")), "invalid_request"),
        (keyed(kid="unknown"), "invalid_request"),
        (keyed(kid=None), "invalid_request"),
        (typed_as_dpop, "invalid_request"),
        (claims(exp=1e400), "invalid_request"),
    ],
    "take_request_object": [(twice, "invalid_request")],
    "find_person": [
        (hinted({"type": "subject_code", "value": "nobody" * 6}), "unknown_user_id"),
        (hinted({"type": "user_identifier_token", "value": "x" * 48}), "unknown_user_id"),
    ],
    "check_kind": [
        (claims(response_type="code"), "invalid_request"),
        (claims(redirect_uri="https://door.example/back"), "invalid_request"),
    ],
    "check_issuer": [
        (claims(iss="gate"), "invalid_request"),
        (claims(iss=["plain"]), "invalid_request"),
        (claims(client_id="gate"), "invalid_request"),
        (of_another_partner, "invalid_request"),
    ],
    "check_audience": [
        (claims(aud="https://other.example/v2"), "invalid_request"),
        (claims(aud=["https://other.example/v2", "http://localhost/v2"]), "invalid_request"),
        (claims(aud=7), "invalid_request"),
    ],
    "check_service": [
        (a_client_assertion, "invalid_scope"),
        (claims(scope="openid"), "invalid_scope"),
        (claims(scope="openid service:UNKNOWN"), "invalid_scope"),
        (claims(scope="openid service:A\x00"), "invalid_scope"),
        (claims(scope=OTHER_SERVICE), "invalid_scope"),
        (claims(scope="openid service:PLAIN_OPEN service:OTHER_OPEN"), "invalid_scope"),
        (claims(scope=["openid", "service:PLAIN_OPEN"]), "invalid_scope"),
    ],
    "check_registered": [(claims("closed"), "unauthorized_client")],
    "check_algorithm": [(keyed(RSA, door="strict"), "invalid_request")],
    "check_times": [
        (timed(exp=-120, nbf=-180), "invalid_request"),
        (timed(nbf=120), "invalid_request"),
        (timed(iat=120), "invalid_request"),
        (timed(exp=3602), "invalid_request"),
        (claims(exp="tomorrow"), "invalid_request"),
        (claims(nbf=True), "invalid_request"),
    ],
    "check_id": [(claims(jti=7), "invalid_request"), (claims(jti="x" * 256), "invalid_request")],
    "check_hints": [
        (claims(login_hint="32+400000101"), "invalid_request"),
        (claims(id_token_hint="e30.e30.e30"), "invalid_request"),
    ],
    "read_hint": [
        (hinted("32+400000101"), "invalid_request"),
        (hinted({"type": "phone_number", "value": "+32 400000101"}), "invalid_request"),
        (hinted({"type": "subject_code"}), "invalid_request"),
        (hinted({"type": "subject_code", "value": ["a", "b"]}), "invalid_request"),
        (hinted({"type": "subject_code", "value": "x" * 129}), "invalid_request"),
        (hinted({"type": "subject_code", "value": "a\x00b"}), "invalid_request"),
        (hinted(7), "invalid_request"),
    ],
    "check_notification_token": [
        (claims("ping"), "invalid_request"),
        (claims("ping", client_notification_token="x" * 1025), "invalid_request"),
        (claims("ping", client_notification_token="two words"), "invalid_request"),
        (claims("ping", client_notification_token="a\r\nHost: b"), "invalid_request"),
    ],
    "read_expiry": [
        (claims(requested_expiry=0), "invalid_request"),
        (claims(requested_expiry=-5), "invalid_request"),
        (claims(requested_expiry="soon"), "invalid_request"),
        (claims(requested_expiry=1.5), "invalid_request"),
        (claims(requested_expiry=True), "invalid_request"),
    ],
    "read_binding_message": [
        (claims(binding_message="<b>Approve</b>"), "invalid_binding_message"),
        (claims(binding_message="x" * 65), "invalid_binding_message"),
        (claims(binding_message="1234 👍🏿"), "invalid_binding_message"),
        (claims(binding_message=""), "invalid_binding_message"),
        (claims(binding_message=["W4SCT"]), "invalid_binding_message"),
    ],
    "check_answer_algorithm": [],
    "check_client_method": [],
    "check_scope": [
        (claims(scope="service:PLAIN_OPEN"), "invalid_scope"),
        (claims(scope="openid service:PLAIN_OPEN unheard"), "invalid_scope"),
    ],
    "read_claims": [(claims(claims=[]), "invalid_request"), (claims(claims="{"), "invalid_request")],
    "check_acr": [
        (
            claims(claims={"id_token": {"acr": {"essential": True, "value": "urn:other"}}}),
            "unmet_authentication_requirements",
        )
    ],
    "check_id_of_person": [(claims(claims={"id_token": {"sub": {"values": ["a", "b"]}}}), "invalid_request")],
    "check_contract": [(claims(scope="openid service:PLAIN_OPEN email"), "invalid_scope")],
    "check_something_is_asked": [(claims("sharing"), "invalid_request")],
}
"""By the name of the check that has to refuse, or of the step before and after the lists."""
STEPS = {"read_request_object", "take_request_object", "find_person"}
UNREACHABLE = {
    "check_client_method": "a partner with a secret is refused by check_registered before",
    "check_answer_algorithm": "a partner whose answers the profile does not take cannot be registered for it",
}
EACH = [(name, case, error) for name, cases in CASES.items() for case, error in cases]


@pytest.fixture
def engine() -> str:
    """Rules do not differ by engine."""
    return "sqlite"


@pytest.fixture
async def doors(keystore: Keystore, database: Database) -> AsyncIterator[Doors]:
    async with street(keystore, database) as lane:
        made = {
            "plain": await lane.door("plain", contract={"given_name": "voluntary"}),
            "ping": await lane.door(
                "ping", backchannel_mode="ping", notification_endpoint="http://127.0.0.1:19599/nobody"
            ),
            "strict": await lane.door("strict", profile="fapi2"),
            "closed": await lane.door("closed", backchannel_mode=""),
            "sharing": await lane.door(
                "sharing", kind=ServiceType.IDENTIFICATION, contract={"given_name": "voluntary"}
            ),
            "other": await lane.door("other"),
        }
        _, subjects = await lane.person(*made.values())
        person = subjects[list(made).index("other")]
        # One text for all: which person a partner knows by it does not matter to a request that is refused.
        yield Doors(street=lane, **made, subject=person)


def test_every_check_has_a_case() -> None:
    names = {check.__name__ for check in (*BACKCHANNEL_CHECKS, *ASKED_CHECKS)} - _ELSEWHERE - _NEVER_REFUSES
    assert names == set(CASES) - STEPS
    assert all(CASES[name] or name in UNREACHABLE for name in names)


async def test_each_is_refused_by_its_check_and_nobody_is_asked(doors: Doors) -> None:
    wrong = []
    for number, (check, case, error) in enumerate(EACH):
        before = await _many(doors)
        answer = await case(doors)
        begun = await _many(doors) - before
        newest = await _newest(doors, check)
        said = answer.json()
        good = (
            answer.status_code == 400
            and said["error"] == error
            and said["detail"] == said["error_description"]
            and begun == (1 if case is twice else 0)
            and (newest.check, newest.error) == (check, error)
            and newest.endpoint == Endpoint.BACKCHANNEL
        )
        if not good:
            wrong.append((number, check, answer.status_code, said, begun, newest.check))
        doors.street.clock.advance(seconds=0.01)
    assert not wrong


async def test_whoever_does_not_prove_to_be_a_partner_is_told_401(doors: Doors) -> None:
    """CIBA Core §13; assertions for the token endpoint's address are for that endpoint alone (C-11)."""
    plain = doors.plain
    request = plain.signed(plain.claims(doors.known(plain)))
    now = doors.street.clock.now() // 1_000_000
    for assertion in (
        "x.y.z",
        plain.assertion(aud=f"{plain.issuer}/token", iat=now, exp=now + 60),
        plain.assertion(aud=[plain.issuer], iat=now, exp=now + 60),
        plain.assertion(aud=f"{plain.issuer}/backchannel/authentication", iat=now, exp=now + 60),
        plain.assertion(jti=secrets.token_urlsafe(200), iat=now, exp=now + 60),
    ):
        answer = await plain.send(request, client_assertion=assertion)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_secret_is_not_for_the_back_channel(doors: Doors) -> None:
    shop = await doors.street.door("shop", method=AuthMethod.CLIENT_SECRET_POST, backchannel_mode="")
    request = doors.plain.signed(doors.plain.claims(doors.known(doors.plain)))
    answer = await shop.browser.post(
        f"{shop.issuer}/backchannel/authentication", data={"request": request, **shop.credentials()}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_the_strict_profile_wants_a_bound_token(doors: Doors) -> None:
    """FAPI-CIBA §5.2.2: what is asked under `fapi2` is not told to a bearer; it stays there for who proves a key."""
    strict, lane = doors.strict, doors.street
    ada, (subject,) = await lane.person(strict)
    asked = await strict.asked(subject)
    await lane.approve(asked, ada)
    for _ in range(2):
        answer = await strict.fetch(asked)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert "DPoP" in answer.json()["detail"]


async def _newest(doors: Doors, check: str) -> Refusal:
    """The newest line of the request log; it is written a moment after the answer."""
    for _ in range(50):
        lines = [line for door in _all(doors) for line in await doors.street.log.lines(door.client_id)]
        newest = max(lines, key=lambda line: (line.at, line.check == check))
        if newest.check == check:
            break
        await asyncio.sleep(0.02)
    return newest


async def _many(doors: Doors) -> int:
    row = await doors.street.installation.database.row(_ASKED)
    assert row is not None
    return int(row["many"])


def _all(doors: Doors) -> tuple[Door, ...]:
    return (doors.plain, doors.ping, doors.strict, doors.closed, doors.sharing, doors.other)
