"""Results that only the final partner opens (T-11)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from ipse.partners.model import AuthMethod, Preset, preset_algorithms
from tests.functional.broker.office import ISSUER, KEYS, Office, assertion


async def test_the_broker_carries_what_only_the_final_partner_opens(office: Office) -> None:
    session = await office.session(encryptResult=True, requestedAttributes=["firstName", "nin"])
    async with office.browser() as browser:
        value, subject = await office.approved(session, browser)
    answer = await office.read(session, value)
    result = answer.json()
    assert "subject" not in result
    assert "Ada" not in answer.text
    assert subject not in answer.text
    opened = jwe.decrypt_compact(
        result["encryptedResult"], ECKey.import_key(dict(KEYS["museum"]["enc"])), algorithms=["ECDH-ES", "A256GCM"]
    )
    assert opened.protected["cty"] == "JWT"
    published = KeySet.import_key_set((await office.api.get("/v2/jwkSet")).json())
    token = jws.deserialize_compact(opened.plaintext or b"", published, algorithms=["ES256"])
    assert token.protected["typ"] == "ipse-broker-result+jwt"
    claims = msgspec.json.decode(token.payload)
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "museum", subject)
    assert (claims["broker"], claims["service"], claims["jti"]) == ("desk", "MUSEUM_CARD", session["id"])
    assert (claims["given_name"], claims["loa"]) == ("Ada", "substantial")
    assert claims["http://itsme.services/v2/claim/BENationalNumber"] == "88051700015"


async def test_a_key_that_fails_to_open_is_not_the_final_partners(office: Office) -> None:
    session = await office.session(encryptResult=True)
    async with office.browser() as browser:
        value, _ = await office.approved(session, browser)
    sealed = (await office.read(session, value)).json()["encryptedResult"]
    for other in ("desk", "library"):
        private: dict[str, Any] = {**KEYS[other]["enc"], "kid": KEYS["museum"]["enc"]["kid"]}
        with pytest.raises((JoseError, ValueError)):
            jwe.decrypt_compact(sealed, ECKey.import_key(private), algorithms=["ECDH-ES", "A256GCM"])


async def test_without_a_key_of_the_final_partner_nothing_begins(office: Office) -> None:
    """A shared secret is no key of its own: whoever knows it reads, too."""
    partner = await office.scheme.partners.partner("museum")
    assert partner is not None
    method = AuthMethod.PRIVATE_KEY_JWT
    bare = msgspec.structs.replace(
        partner, jwks=None, algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC")
    )
    await office.scheme.partners.register_partner(bare, secret=None, actor="test")
    answer = await office.create(encryptResult=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "encryption_unavailable")
    assert (await office.create()).status_code == 201


async def test_codes_and_values_of_the_two_front_doors_are_no_good_for_the_other(office: Office) -> None:
    """R-13: what came back through a broker's browser redeems nothing at the token endpoint."""
    session = await office.session(service="DESK_LOGIN", requestedAttributes=[])
    async with office.browser() as browser:
        value, _ = await office.approved(session, browser)
    form = {
        "grant_type": "authorization_code",
        "code": value,
        "redirect_uri": "https://desk.example/back",
        **assertion("desk"),
    }
    answer = await office.api.post("/v2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
