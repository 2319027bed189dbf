"""The card slot over HTTP: tokens, signatures and files that the scheme's validator takes; a responder with moods."""

from __future__ import annotations

import hashlib
import io
import zipfile
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ipse.app.cards import open_cards
from ipse.cli.configuration import load
from ipse.cli.world_files import settings, toml
from ipse.eid.errors import RevocationUnknownError
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u
from ipse.sandbox.eid.responder import Mood
from ipse.standards.eid_card import challenge_for, read_files
from ipse.standards.web_eid import CertificateRevokedError, SignatureError, ocsp
from tests.functional.sandbox.running import running_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ipse.eid.service import Cards
    from ipse.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
NONCE = b64encode(bytes(range(48))).decode()


class Slot:
    """A tester at the slot, and the scheme that believes its cards."""

    def __init__(self, world: World, http: httpx.AsyncClient, cards: Cards) -> None:
        self.world, self.http, self.cards = world, http, cards
        self.base = f"{world.places.world}/eid"

    async def post(self, what: str, **wanted: Any) -> httpx.Response:
        return await self.http.post(f"{self.base}/api/{what}", json=wanted)

    async def insert(self, person: str | None) -> httpx.Response:
        return await self.post("slot", person=person)

    async def token(self, **changes: Any) -> str:
        wanted = {"origin": self.world.places.scheme, "challengeNonce": NONCE, "pin": "1234", **changes}
        answer = await self.post("authenticate", **wanted)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def behave(self, mood: str) -> None:
        assert (await self.post("responder", mood=mood, seconds=0)).status_code == 200


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Slot]:
    folder: Path = tmp_path_factory.mktemp("world")
    async with running_world(folder) as (world, client):
        config = folder / "ipse.toml"
        config.write_text(toml(settings(folder, world)))
        cards = open_cards(load(config), clock=SystemClock(), ids=RandomIds())
        assert cards is not None
        yield Slot(world, client.http, cards)
        await cards.close()


@pytest_asyncio.fixture(loop_scope="module")
async def slot(shared: Slot) -> Slot:
    """With the card of Ada in, and a responder that behaves."""
    await shared.behave("well")
    for person in ("ada", "henriette"):
        await shared.post("renew", person=person)
    assert (await shared.insert("ada")).json()["card"]["person"] == "ada"
    return shared


@pytest.mark.parametrize("format_", ["web-eid:1.0", "web-eid:1.1"])
@pytest.mark.parametrize(("person", "algorithm"), [("ada", "ES384"), ("henriette", "RS256"), ("imani", "ES384")])
async def test_the_schemes_validator_takes_the_tokens(slot: Slot, person: str, algorithm: str, format_: str) -> None:
    await slot.insert(person)
    token = await slot.token(format=format_)
    holder = await slot.cards.validate(token, nonce=NONCE)
    assert holder.algorithm == algorithm
    assert holder.format == format_
    assert holder.family_name


async def test_a_token_is_for_one_origin_and_nonce(slot: Slot) -> None:
    elsewhere = await slot.token(origin="https://elsewhere.example")
    with pytest.raises(SignatureError):
        await slot.cards.validate(elsewhere, nonce=NONCE)
    with pytest.raises(SignatureError):
        await slot.cards.validate(await slot.token(), nonce=NONCE[::-1])


@pytest.mark.parametrize("person", ["ada", "gerda", "abdoul"])
async def test_the_schemes_validator_takes_the_files(slot: Slot, person: str) -> None:
    """In the shape that `ipse card` answers, for the challenge that goes with the token's nonce."""
    await slot.insert(person)
    holder = await slot.cards.validate(await slot.token(), nonce=NONCE)
    answer = await slot.http.get(f"{slot.base}/api/card", params={"challenge": b64u(challenge_for(NONCE))})
    read = await slot.cards.read(read_files(answer.json()), holder=holder, nonce=NONCE)
    assert read.identity.national_number == holder.national_number


async def test_an_empty_slot(slot: Slot) -> None:
    assert (await slot.http.delete(f"{slot.base}/api/slot")).json()["card"] is None
    assert (await slot.http.get(f"{slot.base}/api/card")).status_code == 409
    assert (await slot.http.get(f"{slot.base}/api/card")).json() == {"error": "no_card"}
    answer = await slot.post("authenticate", origin="https://a.example", challengeNonce=NONCE, pin="1234")
    assert (answer.status_code, answer.json()["error"]) == (409, "no_card")


async def test_a_program_may_name_the_person(slot: Slot) -> None:
    """So that tests side by side need not share what is in the slot."""
    await slot.insert(None)
    holder = await slot.cards.validate(await slot.token(person="wout"), nonce=NONCE)
    assert holder.family_name == "Claesen"
    answer = await slot.http.get(f"{slot.base}/api/card", params={"person": "bram"})
    assert answer.json() == {"error": "no_card"}


async def test_wrong_pins_block_until_reset(slot: Slot) -> None:
    wanted = {"origin": "https://a.example", "challengeNonce": NONCE, "pin": "0000"}
    told = [(await slot.post("authenticate", **wanted)).json() for _ in range(4)]
    assert [each["error"] for each in told] == ["wrong_pin", "wrong_pin", "blocked", "blocked"]
    assert [each["tries_left"] for each in told] == [2, 1, 0, 0]
    card = (await slot.http.get(f"{slot.base}/api/slot")).json()["card"]
    assert card["blocked"]
    assert (await slot.post("renew", person="ada")).json()["card"]["tries_left"] == 3
    await slot.token()


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"challengeNonce": "short"}, "44 to 128"),
        ({"pin": "12"}, "4 to 12 digits"),
        ({"pin": 1234}, "pin is missing"),
        ({"origin": None}, "origin is missing"),
    ],
)
async def test_what_cannot_be_asked_costs_no_try(slot: Slot, changes: dict[str, Any], detail: str) -> None:
    wanted = {"origin": "https://a.example", "challengeNonce": NONCE, "pin": "1234", **changes}
    answer = await slot.post("authenticate", **wanted)
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
    assert (await slot.http.get(f"{slot.base}/api/slot")).json()["card"]["tries_left"] == 3


async def test_it_signs_what_a_page_wants_signed(slot: Slot) -> None:
    certificate = (await slot.post("certificate")).json()
    supported = [each["hashFunction"] for each in certificate["supportedSignatureAlgorithms"]]
    assert supported == ["SHA-256", "SHA-384", "SHA-512"]
    digest = b64encode(hashlib.sha384(b"contract").digest()).decode()
    signed = (await slot.post("sign", hash=digest, hashFunction="SHA-384", pin="1234")).json()
    assert signed["signatureAlgorithm"] == {
        "cryptoAlgorithm": "ECC",
        "hashFunction": "SHA-384",
        "paddingScheme": "NONE",
    }
    key = x509.load_der_x509_certificate(b64decode(certificate["certificate"])).public_key()
    raw = b64decode(signed["signature"])
    assert isinstance(key, ec.EllipticCurvePublicKey)
    whole = utils.encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    key.verify(whole, b"contract", ec.ECDSA(hashes.SHA384()))
    for wrong in ({"hashFunction": "SHA3-384"}, {"hash": "AAAA"}):
        wanted = {"hash": digest, "hashFunction": "SHA-384", "pin": "1234", **wrong}
        assert (await slot.post("sign", **wanted)).status_code == 400


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (Mood.REVOKED, CertificateRevokedError),
        *((mood, RevocationUnknownError) for mood in (Mood.DOWN, Mood.GARBAGE, Mood.UNKNOWN, Mood.STALE)),
        *((mood, RevocationUnknownError) for mood in (Mood.WRONG_SIGNER, Mood.NO_NONCE)),
    ],
)
async def test_a_responder_in_a_bad_mood_lets_nobody_in(slot: Slot, mood: Mood, error: type[Exception]) -> None:
    token = await slot.token()
    await slot.behave(mood)
    with pytest.raises(error):
        await slot.cards.validate(token, nonce=NONCE)
    await slot.behave("slow")
    await slot.cards.validate(token, nonce=NONCE)


async def test_a_card_that_was_reported_lost_is_revoked(slot: Slot) -> None:
    token = await slot.token()
    assert (await slot.post("revoke", person="ada")).json()["card"]["revoked"]
    with pytest.raises(CertificateRevokedError):
        await slot.cards.validate(token, nonce=NONCE)
    serial = x509.load_der_x509_certificate(
        b64decode(msgspec.json.decode(token)["unverifiedCertificate"])
    ).serial_number
    listed = x509.load_der_x509_crl((await slot.http.get(f"{slot.base}/crl/citizen.crl")).content)
    assert listed.get_revoked_certificate_by_serial_number(serial) is not None
    await slot.post("renew", person="ada")
    await slot.cards.validate(token, nonce=NONCE)


async def test_the_responder_answers_by_address_and_refuses_what_is_no_question(slot: Slot) -> None:
    authorities = slot.world.authorities
    issuer, other = authorities.pairs["citizen"].certificate, authorities.responder("citizen").certificate
    asked = ocsp.request(other, issuer, nonce=None)
    answer = await slot.http.get(f"{slot.base}/ocsp/{b64encode(asked).decode().replace('/', '%2F')}")
    assert x509.ocsp.load_der_ocsp_response(answer.content).certificate_status is x509.ocsp.OCSPCertStatus.UNKNOWN
    for wrong in (b"", b"no question"):
        answer = await slot.http.post(f"{slot.base}/ocsp", content=wrong)
        status = x509.ocsp.load_der_ocsp_response(answer.content).response_status
        assert status is x509.ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_certificates_lead_to_their_authority(slot: Slot) -> None:
    der = b64decode(msgspec.json.decode(await slot.token())["unverifiedCertificate"])
    about = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    named = {each.access_method: each.access_location.value for each in about.value}
    issuer = await slot.http.get(named[x509.oid.AuthorityInformationAccessOID.CA_ISSUERS])
    x509.load_der_x509_certificate(der).verify_directly_issued_by(x509.load_der_x509_certificate(issuer.content))
    assert (await slot.http.get(f"{slot.base}/certificates/rrn.crt")).status_code == 404
    assert (await slot.http.get(f"{slot.base}/crl/root.crl")).status_code == 404


async def test_pages_of_others_are_turned_away(slot: Slot) -> None:
    """All of it is play; but no site that a tester happens to visit plays along."""
    wanted = {"origin": slot.world.places.scheme, "challengeNonce": NONCE, "pin": "1234"}
    address = f"{slot.base}/api/authenticate"
    for origin in ("https://elsewhere.example", "null"):
        assert (await slot.http.post(address, json=wanted, headers={"Origin": origin})).status_code == 403
    scheme = {"Origin": slot.world.places.scheme}
    allowed = await slot.http.get(f"{slot.base}/api/card", headers=scheme)
    assert allowed.headers["access-control-allow-origin"] == slot.world.places.scheme
    lying = await slot.http.post(address, json={**wanted, "origin": "https://bank.example"}, headers=scheme)
    assert lying.status_code == 400
    plain = await slot.http.post(address, content=msgspec.json.encode(wanted), headers={"Content-Type": "text/plain"})
    assert plain.status_code == 400
    forged = await slot.http.post(
        f"{slot.base}/insert", data={"person": "finn"}, headers={"Origin": "https://a.example"}
    )
    assert forged.status_code == 403


async def test_the_page_does_by_hand_what_programs_do(slot: Slot) -> None:
    page = (await slot.http.get(f"{slot.base}/")).text
    assert "Ada Lievens" in page
    assert "PIN tries left: 3" in page
    for what, form in (("remove", {}), ("insert", {"person": "gerda"}), ("revoke", {"person": "gerda"})):
        answer = await slot.http.post(f"{slot.base}/{what}", data=form or {"person": ""})
        assert answer.status_code == 303, what
    page = (await slot.http.get(f"{slot.base}/")).text
    assert "Reported lost" in page
    assert (await slot.http.post(f"{slot.base}/renew", data={"person": "gerda"})).status_code == 303
    assert (await slot.http.post(f"{slot.base}/responder", data={"mood": "down"})).headers[
        "location"
    ] == "/eid/#responder"
    assert (await slot.http.get(f"{slot.base}/api/slot")).json()["responder"] == "down"
    assert (await slot.http.post(f"{slot.base}/insert", data={"person": "bram"})).status_code == 400


async def test_the_extension_can_be_taken_along(slot: Slot) -> None:
    packed = zipfile.ZipFile(io.BytesIO((await slot.http.get(f"{slot.base}/extension.zip")).content))
    names = {name.partition("/")[2] for name in packed.namelist()}
    manifest = msgspec.json.decode(packed.read("ipse-sandbox-card/manifest.json"))
    assert manifest["manifest_version"] == 3
    assert {manifest["background"]["service_worker"], *manifest["content_scripts"][0]["js"], "pin.html"} <= names
    assert all(match.startswith(("http://localhost/", "http://127.0.0.1/")) for match in manifest["host_permissions"])


async def test_world_json_says_where_the_slot_is(slot: Slot) -> None:
    told = (await slot.http.get(f"{slot.world.places.world}/world.json")).json()
    assert told["eid"]["api"] == f"{slot.base}/api"
    cards = {person["id"]: person["eid_card"] for person in told["persons"]}
    assert (cards["ada"], cards["gerda"], cards["bram"]) == ("1.8", "1.7", None)
