"""A partner behind mutual TLS: identification with a certificate made, signatures of a batch, and every way it ends."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.app.composition import build_scheme
from ipse.dss.model import PATH, PENDING, REQUESTER_ERROR, RESPONDER_ERROR, SHA256_URI, SUCCESS
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, sha256
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from tests.functional.oidc.handsets import RefusedError
from tests.functional.oidc.in_process import PROXY, STRANGER, client_of
from tests.functional.oidc.relying_party import private_jwk, public_jwk
from tests.support.certificates import issue

if TYPE_CHECKING:
    from pathlib import Path

    from ipse.kernel.keystore import Keystore
    from tests.functional.signing.office import Office, Signer

AUTHORITY = issue("CN=Authority of partners", authority=True)
CERTIFICATE = issue("CN=notary,O=Notary,C=BE", by=AUTHORITY)
BACK = "https://notary.example/back"
_ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])


@dataclass
class Company:
    """The partner's server, its customer's browser, and where both go."""

    server: httpx.AsyncClient
    browser: httpx.AsyncClient
    base: str
    office: Office

    async def post(self, path: str, body: dict[str, Any], **more: Any) -> httpx.Response:
        return await self.server.post(self.base + PATH + path, json=body, **more)

    async def identification(self, **more: str) -> dict[str, Any]:
        body = {"partnerCode": "notary", "serviceCode": "DEEDS", "redirectUrl": BACK, "lang": "EN", **more}
        answer = await self.post("/user_identification", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def status(self, visit: str) -> httpx.Response:
        body = {"partnerCode": "notary", "serviceCode": "DEEDS", "asyncRespID": visit}
        return await self.post("/user_identification/status", body)

    async def sign(self, user_code: str, *texts: str, **more: Any) -> httpx.Response:
        documents = [
            {"id": text, "di": [{"alg": SHA256_URI, "value": b64encode(sha256(text)).decode()}]} for text in texts
        ]
        details = {"signer": {"userCode": user_code}, "partnerCode": "notary", "serviceCode": "DEEDS"}
        options = {"lang": "NL", "itsme": {**details, "redirectUrl": BACK, **more}}
        body = {"inDocs": {"docHash": documents}, "reqID": "7", "asyncRespID": None, "optInp": options}
        return await self.post("/sign_document", body)

    async def poll(self, visit: str) -> httpx.Response:
        details = {"partnerCode": "notary", "serviceCode": "DEEDS"}
        body = {"inDocs": None, "reqID": "8", "asyncRespID": visit, "optInp": {"itsme": details}}
        return await self.post("/sign_document", body)

    async def come(self, address: str) -> str:
        """Open an address as the customer; the handle of the waiting page."""
        page = await self.browser.get(address)
        assert page.status_code == 200, page.text
        found = re.search(r"/v2/sign-in/([A-Za-z0-9_-]{22})", page.text)
        assert found is not None
        return found[1]

    async def go_on(self, handle: str) -> httpx.Response:
        return await self.browser.get(f"{self.base}/v2/sign-in/{handle}/finish")

    async def identified(self, phone: Signer) -> str:
        """A person who has a certificate afterwards; their user code."""
        asked = await self.identification()
        handle = await self.come(asked["identificationUrl"])
        await phone.approve(await phone.claim(handle))
        await self.go_on(handle)
        answer = await self.status(asked["asyncRespID"])
        return str(answer.json()["userCode"])


@asynccontextmanager
async def _served(office: Office, keystore: Keystore, folder: Path, *, batch: int = 12) -> AsyncIterator[Company]:
    features = office.works.features
    authorities = folder / "authorities.pem"
    authorities.write_bytes(AUTHORITY.certificate.public_bytes(Encoding.PEM))
    settings = msgspec.structs.replace(
        office.works.installation.settings,
        certificate_proxies=(PROXY,),
        client_certificate_authorities=str(authorities),
    )
    scheme = await build_scheme(settings, keystore, features.people.database, clock=SystemClock(), ids=RandomIds())
    method = AuthMethod.TLS_CLIENT_AUTH
    partner = Partner(
        partner_id="notary",
        name="Notary",
        state="active",
        auth_method=method,
        jwks={"keys": [public_jwk(private_jwk("EC", "enc", "e1"))]},
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
        tls_subject="CN=notary,O=Notary,C=BE",
    )
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Deeds")
    service = Service(
        code="DEEDS",
        partner_id="notary",
        type=ServiceType.SIGNING,
        state="active",
        name=text,
        purpose=text,
        redirect_uris=(BACK,),
        contract={},
        batch=batch,
    )
    await scheme.partners.register_partner(partner, secret=None, actor="test")
    await scheme.partners.register_service(service, actor="test")
    async with client_of(scheme.application, peer=PROXY) as server, client_of(scheme.application) as browser:
        server.headers["Client-Cert"] = CERTIFICATE.header
        yield Company(server, browser, settings.base_url, office)
    await scheme.close()


@pytest.fixture
async def company(office: Office, keystore: Keystore, tmp_path: Path) -> AsyncIterator[Company]:
    async with _served(office, keystore, tmp_path) as served:
        yield served


def _reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["statusReason"]


async def test_a_person_is_identified_and_signs_a_batch(company: Company) -> None:
    ada = await company.office.signer()
    asked = await company.identification()
    assert asked["status"] == "OK"
    assert _reason(await company.status(asked["asyncRespID"])) == (409, "PENDING")
    # Whatever the partner adds to the address comes back with its person.
    handle = await company.come(asked["identificationUrl"] + "?deed=7&deed=8")
    request = await ada.claim(handle)
    assert [each["type"] for each in request.confirms] == ["credential"]
    await ada.approve(request)
    back = await company.go_on(handle)
    assert back.headers["location"] == BACK + "?deed=8"
    who = (await company.status(asked["asyncRespID"])).json()
    assert who["status"] == "OK", who
    assert len(who["userCode"]) == 36
    certificate = x509.load_pem_x509_certificate(who["certificate"].encode())
    assert len(x509.load_pem_x509_certificates(who["fullCertificateChain"].encode())) >= 2

    texts = tuple(f"deed {number}" for number in range(12))
    four = [{"lang": language, "value": f"Akte {language}"} for language in ("EN", "FR", "NL", "DE")]
    policy = {
        "signPolicyRef": "ITSME_DEFAULT",
        "commitmentTypeRef": "1.2.840.113549.1.9.16.6.5",
        "signerRole": ["Director"],
    }
    begun = await company.sign(who["userCode"], *texts, description=four, signPolicy=policy)
    assert begun.status_code == 200, begun.text
    began = begun.json()
    assert began["result"]["maj"] == PENDING
    assert (await company.poll(began["respID"])).json()["result"]["maj"] == PENDING
    handle = await company.come(began["optOutp"]["itsme"]["signingUrl"])
    request = await ada.claim(handle)
    (shown,) = request.confirms
    assert (shown["description"], shown["role"]) == ("Akte NL", "Director")
    assert [document["label"] for document in shown["documents"]] == list(texts)
    await ada.approve(request)
    await company.go_on(handle)
    answered = (await company.poll(began["respID"])).json()
    assert answered["result"]["maj"] == SUCCESS
    assert answered["reqID"] == "7"
    assert [each["whichDoc"] for each in answered["sigObj"]] == list(texts)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    for text, signed in zip(texts, answered["sigObj"], strict=True):
        value = b64decode(signed["b64Sig"]["value"])
        key.verify(value, sha256(text), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    assert (await company.poll(began["respID"])).json() == answered


@_ONE_ENGINE
async def test_every_way_it_ends_has_its_word(company: Company) -> None:
    ada = await company.office.signer()
    refused = await company.identification()
    handle = await company.come(refused["identificationUrl"])
    await ada.reject(await ada.claim(handle))
    assert _reason(await company.status(refused["asyncRespID"])) == (409, "REJECTED")

    user_code = await company.identified(ada)
    began = (await company.sign(user_code, "a deed")).json()
    # The first browser that comes has it: nobody else sees even the page.
    handle = await company.come(began["optOutp"]["itsme"]["signingUrl"])
    stranger = client_of(company.browser._transport.app)  # type: ignore[attr-defined]
    other = await stranger.get(began["optOutp"]["itsme"]["signingUrl"])
    assert other.status_code == 403
    await ada.reject(await ada.claim(handle))
    ended = await company.poll(began["respID"])
    assert _reason(ended) == (409, "REJECTED")
    assert ended.json()["result"]["maj"] == RESPONDER_ERROR
    # One kind's identifier is none of the other's.
    assert _reason(await company.poll(refused["asyncRespID"])) == (409, "UNEXPECTED_ERROR")
    assert _reason(await company.status(began["respID"])) == (409, "UNEXPECTED_ERROR")
    assert _reason(await company.poll("x" * 36)) == (400, "UNKNOWN")

    # Another person cannot take what is for Ada.
    began = (await company.sign(user_code, "a deed")).json()
    handle = await company.come(began["optOutp"]["itsme"]["signingUrl"])
    bram = await company.office.signer()
    with pytest.raises(RefusedError, match="request_taken"):
        await bram.claim(handle)


@_ONE_ENGINE
async def test_refused_at_the_door(company: Company) -> None:
    ada = await company.office.signer()
    user_code = await company.identified(ada)
    stranger = await company.sign("a" * 36, "a deed")
    assert _reason(stranger) == (400, "NOT_ALLOWED_TO_SIGN")
    assert stranger.json()["result"]["maj"] == REQUESTER_ERROR
    assert _reason(await company.sign(user_code)) == (400, "NO_HASH_PROVIDED")
    assert _reason(await company.sign(user_code, *(f"deed {each}" for each in range(13)))) == (400, "BATCH_TOO_LARGE")
    assert _reason(await company.sign(user_code, "deed", redirectUrl=BACK + "/other")) == (400, "UNAUTHORIZED_URL")
    empty = await company.server.post(company.base + PATH + "/sign_document", content=b"")
    assert _reason(empty) == (400, "NO_REQUEST")
    broken = await company.server.post(company.base + PATH + "/user_identification", content=b"{")
    assert _reason(broken) == (400, "NO_REQUEST")
    body = {"partnerCode": "notary", "serviceCode": "DEEDS", "redirectUrl": BACK}
    nobody = await company.post("/user_identification", {**body, "partnerCode": ""})
    assert _reason(nobody) == (400, "MISSING_PARTNER_CODE")
    two = await company.post("/user_identification", body, headers={"X-Partner-Code": "shop"})
    assert _reason(two) == (400, "INVALID_REQUESTOR")

    # A certificate counts only where the proxy that asked for it is named, and only the partner's own.
    company.server.headers["Client-Cert"] = issue("CN=notary,O=Notary,C=BE").header
    assert _reason(await company.post("/user_identification", body)) == (400, "INVALID_REQUESTOR")
    del company.server.headers["Client-Cert"]
    assert _reason(await company.post("/user_identification", body)) == (400, "INVALID_REQUESTOR")
    async with client_of(company.browser._transport.app, peer=STRANGER) as far:  # type: ignore[attr-defined]
        far.headers["Client-Cert"] = CERTIFICATE.header
        answer = await far.post(company.base + PATH + "/user_identification", json=body)
        assert _reason(answer) == (400, "INVALID_REQUESTOR")


@_ONE_ENGINE
async def test_a_blocked_person_is_not_allowed_to_sign(company: Company) -> None:
    ada = await company.office.signer()
    user_code = await company.identified(ada)
    began = (await company.sign(user_code, "a deed")).json()
    features = company.office.works.features
    await features.messages.block(ada.account_id, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="person")
    assert _reason(await company.sign(user_code, "a deed")) == (400, "NOT_ALLOWED_TO_SIGN")
    page = await company.browser.get(began["optOutp"]["itsme"]["signingUrl"])
    assert page.status_code < 500


@_ONE_ENGINE
async def test_one_at_a_time_where_the_contract_says_so(office: Office, keystore: Keystore, tmp_path: Path) -> None:
    async with _served(office, keystore, tmp_path, batch=1) as company:
        user_code = await company.identified(await office.signer())
        assert _reason(await company.sign(user_code, "one", "two")) == (400, "ONLY_SINGLE_HASH_SUPPORTED")
        assert (await company.sign(user_code, "one")).status_code == 200


@_ONE_ENGINE
async def test_what_can_be_asked_is_published(company: Company) -> None:
    about = (await company.browser.get(company.base + PATH + "/.well-known/configuration")).json()
    assert about["sign_languages_supported"] == ["EN", "FR", "NL", "DE"]
    assert len(about["commitment_types_supported"]) == 6
    policy = about["sign_policy_templates_supported"][0]
    document = await company.browser.get(policy["url"])
    assert sha256(document.text).hex() == policy["sigDigest"]
