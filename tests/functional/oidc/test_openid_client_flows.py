"""openid-client, as it comes from npm, completes every flow that it and the provider have, by discovery alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from ipse.kernel.keystore import Keystore
from ipse.partners.model import AuthMethod, Service, ServiceType
from ipse.storage.database import Database
from tests.functional.oidc.certified import SUBJECT, certified
from tests.functional.oidc.conftest import register
from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.rivals import AUTHORITY, SHELF, Between, Rival, between, openid_client, registration
from tests.functional.oidc.test_request_objects import change_service
from tests.support.certificates import issue

Keys = dict[str, tuple[dict[str, Any], dict[str, Any]]]
EMAIL = {"email": "a@example.org", "email_verified": False}
DETAIL = {
    "type": "payment",
    "instructedAmount": {"currency": "EUR", "amount": "24.50"},
    "creditorName": "Pot & Linde",
}


@dataclass
class Arena:
    """A library on one side, the provider on the other."""

    between: Between
    rival: Rival
    keys: Keys

    async def join(self, kind: str = "new-ec", *, service: str = "NARROW", **changes: Any) -> RelyingParty:
        party = await register(self.between.installation, kind, self.keys.get(kind), service)
        if changes:
            await change_service(self.between.installation, party, **changes)
        return party

    async def login(self, party: RelyingParty, partner: dict[str, Any], **how: Any) -> dict[str, Any]:
        """Begin, approve, finish; what the library believes."""
        began = await self.rival.do("begin", partner=partner, **how)
        assert "refused" not in began, began
        self.between.shelf = began.get("object") or ""
        try:
            subject, back = await self.between.approve(began["address"], party.browser, values=EMAIL)
        finally:
            await party.close()
        answer = await self.rival.do("finish", back=back)
        assert "refused" not in answer, answer
        assert answer["claims"]["sub"] == answer["shared"]["sub"] == subject
        return answer


@pytest.fixture
def engine() -> str:
    """The libraries do not see the database."""
    return "sqlite"


@pytest.fixture
async def arena(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[Arena]:
    async with between(keystore, database) as middle, openid_client() as rival:
        yield Arena(middle, rival, partner_keys)


WAYS: dict[str, dict[str, Any]] = {
    "pushed": {"way": "par"},
    "signed": {"way": "jar"},
    "signed and pushed": {"way": "par and jar"},
    "by reference": {"way": "request_uri"},
    "answered by a signed token": {"partner": {"jarm": True}, "request": {"response_mode": "jwt"}},
    "bound to a key": {"partner": {"dpop": True}},
    "pushed and bound to a key": {"partner": {"dpop": True}, "way": "par"},
    "signed and encrypted with RSA": {"kind": "new-rsa"},
    "signed with RSA": {"kind": "migrating-key"},
    "pushed with a secret": {"kind": "migrating-secret", "way": "par"},
}


@pytest.mark.parametrize("name", WAYS)
async def test_a_login(arena: Arena, name: str) -> None:
    way = dict(WAYS[name])
    party = await arena.join(way.pop("kind", "new-ec"), request_uris=(SHELF,))
    partner = registration(party, request_uri=SHELF, **way.pop("partner", {}))
    answer = await arena.login(party, partner, **way)
    assert (answer["shared"]["email"], answer["shared"]["email_verified"]) == ("a@example.org", False)
    assert answer["token_type"] == ("dpop" if partner.get("dpop") else "bearer")


@pytest.mark.parametrize("signing", [False, True], ids=["security profile", "message signing"])
async def test_the_whole_strict_profile(arena: Arena, signing: bool) -> None:
    """FAPI 2.0: pushed, PKCE, a key for each token; with message signing requests and answers are signed as well."""
    party = await arena.join(profile="fapi2", message_signing=signing)
    partner = registration(party, dpop=True)
    way = "par"
    if signing:
        partner |= {"jarm": True}
        way = "par and jar"
    assert (await arena.login(party, partner, way=way))["token_type"] == "dpop"


@pytest.mark.parametrize("method", [AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH])
@pytest.mark.parametrize("profile", ["default", "fapi2"])
async def test_by_certificate(arena: Arena, method: AuthMethod, profile: str) -> None:
    """The library finds the other addresses in `mtls_endpoint_aliases`; the proxy there ends TLS."""
    own = issue("CN=signed by itself")
    by_authority = method is AuthMethod.TLS_CLIENT_AUTH
    arena.between.certificate = issue(SUBJECT, by=AUTHORITY) if by_authority else own
    party = await certified(arena.between.installation, method, own=own, profile=profile)
    partner = registration(party, method, redirect_uri=party.redirect_uri, scope=f"openid service:{party.service}")
    partner["metadata"] = {"use_mtls_endpoint_aliases": True}
    answer = await arena.login(party, partner, way="par" if profile == "fapi2" else "query")
    assert answer["token_type"] == "bearer"


async def test_a_payment_is_confirmed(arena: Arena) -> None:
    """RFC 9396, pushed; the token says what was confirmed."""
    party = await arena.join(service="PAY_SOON")
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Pay")
    service = Service(
        code="NEW_EC_PAY_SOON",
        partner_id="new_ec",
        type=ServiceType.CONFIRMATION,
        state="active",
        name=text,
        purpose=text,
        redirect_uris=(party.redirect_uri.replace("back?a=1", "second"),),
        contract={},
    )
    await arena.between.installation.partners.register_service(service, actor="test")
    partner = registration(party, scope="openid service:NEW_EC_PAY_SOON")
    answer = await arena.login(party, partner, way="par", request={"authorization_details": json.dumps([DETAIL])})
    assert answer["authorization_details"] == [DETAIL]
    digest = next(value for name, value in answer["claims"].items() if name.endswith("authorization_details_digest"))
    assert len(digest) == 43


@pytest.mark.parametrize("dpop", [False, True])
async def test_the_back_channel(arena: Arena, dpop: bool) -> None:
    """CIBA, polled; under the strict profile where tokens are bound."""
    party = await arena.join(backchannel_mode="poll", profile="fapi2" if dpop else "default")
    person, (subject,) = await arena.between.street.person(party)  # type: ignore[arg-type]
    partner = registration(party, dpop=dpop, scope=f"openid service:{party.service}")
    hint = {"type": "subject_code", "value": subject}
    asked = await arena.rival.do("ask", partner=partner, request={"login_hint_token": hint})
    assert len(asked["match"]) == 2, asked
    await arena.between.street.approve(asked, person)
    answer = await arena.rival.do("poll")
    await party.close()
    assert answer["claims"]["sub"] == answer["shared"]["sub"] == subject, answer


@pytest.mark.parametrize("kind", ["new-ec", "migrating-secret"])
@pytest.mark.parametrize("dpop", [False, True])
async def test_tokens_of_the_partner_itself(arena: Arena, kind: str, dpop: bool) -> None:
    party = await arena.join(kind)
    answer = await arena.rival.do("credentials", partner=registration(party, dpop=dpop), scope="broker partner.log")
    await party.close()
    assert answer == {"scope": "broker partner.log", "token_type": "dpop" if dpop else "bearer"}


async def test_a_person_who_refuses(arena: Arena) -> None:
    party = await arena.join()
    began = await arena.rival.do("begin", partner=registration(party), request={"prompt": "none"})
    answer = await party.browser.get(began["address"])
    refused = await arena.rival.do("finish", back=answer.headers["location"])
    await party.close()
    assert refused["refused"].startswith("login_required")
