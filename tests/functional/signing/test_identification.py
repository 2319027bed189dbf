"""A partner of OpenID Connect whose customers identify themselves and sign by one approval (RFC 9396)."""

from __future__ import annotations

import json
from base64 import b64decode
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ipse.app.composition import build_scheme
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.partners.model import Service, ServiceType
from tests.functional.oidc.conftest import register
from tests.functional.oidc.installation import Installation, listening
from tests.functional.oidc.relying_party import private_jwk
from tests.functional.oidc.test_confirmations import begin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.kernel.keystore import Keystore
    from tests.functional.oidc.relying_party import RelyingParty
    from tests.functional.signature_activation.processes import Place
    from tests.functional.signing.office import Office

PORT = 24264
TEXTS = ("Lease", "Inventory")
DETAIL: dict[str, Any] = {
    "type": "ipse_signature",
    "documents": [{"label": text, "digest": b64u(sha256(text))} for text in TEXTS],
    "description": "The lease of a garden",
}


@pytest.fixture
async def landlord(office: Office, keystore: Keystore) -> AsyncIterator[RelyingParty]:
    settings = msgspec.structs.replace(
        office.works.installation.settings,
        base_url=f"http://localhost:{PORT}",
        app_origin=f"http://localhost:{PORT + 1}",
    )
    database = office.works.features.people.database
    scheme = await build_scheme(settings, keystore, database, clock=SystemClock(), ids=RandomIds())
    there = cast("Installation", SimpleNamespace(partners=scheme.partners, issuer=settings.issuer))
    keys = private_jwk("EC", "sig", "s1"), private_jwk("EC", "enc", "e1")
    party = await register(there, "new-ec", keys, "LEASE")
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Lease")
    await scheme.partners.register_service(
        Service(
            code=party.service,
            partner_id=party.client_id,
            type=ServiceType.IDENTIFICATION,
            state="active",
            name=text,
            purpose=text,
            redirect_uris=(party.redirect_uri,),
            contract={"family_name": "required"},
            batch=2,
            signs=True,
        ),
        actor="test",
    )
    async with listening(scheme.application, PORT):
        yield party
    await party.close()
    await scheme.close()


def verified(detail: dict[str, Any]) -> None:
    """The values are of the digests, in order, by the first certificate."""
    key = x509.load_der_x509_certificate(b64decode(detail["certificates"][0])).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    for text, value in zip(TEXTS, detail["signatures"], strict=True):
        key.verify(b64decode(value), sha256(text), padding.PKCS1v15(), Prehashed(hashes.SHA256()))


ASKED = {"authorization_details": json.dumps([DETAIL]), "claims": '{"id_token":{"family_name":{"essential":true}}}'}


async def test_one_approval_identifies_and_signs(office: Office, landlord: RelyingParty) -> None:
    ada = await office.signer()
    began = await begin(landlord, **ASKED)
    request = await ada.claim(began.handle)
    assert [each["type"] for each in request.confirms] == ["credential", "signature"]
    await ada.approve(request)
    answer = await landlord.tokens(began)
    verified(answer["authorization_details"][0])
    assert answer["authorization_details"][0].items() >= DETAIL.items()
    token = await landlord.opened(answer["id_token"])
    assert token["family_name"] == "Lovelace"
    assert token["authorization_details"] == [DETAIL]
    again = await landlord.shared(answer["access_token"])
    verified(again["authorization_details"][0])


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_signatures_come_by_userinfo_where_they_could_not_be_had_at_once(
    office: Office, landlord: RelyingParty, activation: Place
) -> None:
    ada = await office.signer()
    began = await begin(landlord, **ASKED)
    await ada.approve(await ada.claim(began.handle))
    activation.kill()
    try:
        answer = await landlord.tokens(began)
    finally:
        activation.start()
    assert answer["authorization_details"] == [DETAIL]
    verified((await landlord.shared(answer["access_token"]))["authorization_details"][0])


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_plain_query_signs_nothing(landlord: RelyingParty) -> None:
    page = await landlord.authorize(**ASKED)
    assert "error=invalid_request" in page.headers["location"]
