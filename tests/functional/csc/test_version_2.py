"""Version 2: pushed requests, authorization details, digests, whole documents, and answers that come later."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from asn1crypto import cms, tsp
from joserfc import jwt
from joserfc.jwk import ECKey
from pyhanko.pdf_utils.reader import PdfFileReader

from ipse.kernel.ids import RandomIds
from ipse.standards.oauth import challenge_of
from tests.functional.csc.others import accept_cades, accept_container, accept_pdf
from tests.functional.csc.test_version_1 import verify
from tests.functional.csc.town import (
    BACK,
    CODE,
    KEYS,
    RSA_SHA256,
    SECRETS,
    SHA256,
    TOLD,
    TOLD_PORT,
    Site,
    Town,
    b64,
    b64url,
    digests,
    refusal,
)
from tests.support.certification import RunningCertification
from tests.support.signed_papers import paper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ipse.softphone import SoftPhone

VERIFIER = "v" * 43
PKCE = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
PSS, RSA_SHA512 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.13"
SERVICE = {"scope": "service", **PKCE}


def details(credential: str | None, wanted: list[tuple[bytes, str]], **changes: Any) -> str:
    entry = {
        "type": "credential",
        "credentialID": credential,
        "documentDigests": [{"hash": b64(digest), "label": label} for digest, label in wanted],
        "hashAlgorithmOID": SHA256,
        **changes,
    }
    return json.dumps([{name: value for name, value in entry.items() if value is not None}])


def proof(**changes: Any) -> dict[str, str]:
    """How the studio proves itself, by a second JOSE library."""
    now = int(time.time())
    claims = {
        "iss": "studio",
        "sub": "studio",
        "aud": "http://localhost:24360/csc/v2/oauth2/token",
        "iat": now,
        "exp": now + 60,
        "jti": RandomIds().identifier(),
        **changes,
    }
    header = {"alg": "ES256", "kid": KEYS[0]["kid"]}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, ECKey.import_key(dict(KEYS[0])), algorithms=["ES256"]),
    }


@pytest.fixture(scope="module")
def signer(town: Town) -> tuple[Site, str, str]:
    """A site that knows Ada by version 2: an access token and her credential."""
    site = Site(town, version="v2")
    back = site.approved(site.authorize(**SERVICE), town.ada())
    token = site.token(back, code_verifier=VERIFIER)
    return site, token, site.post("credentials/list", token).json()["credentialIDs"][0]


def activated(site: Site, phone: SoftPhone, asked: str, **changes: str | None) -> httpx.Response:
    """The token answer after authorization details were approved."""
    back = site.approved(site.authorize(scope=None, authorization_details=asked, **PKCE, **changes), phone)
    return site.redeem(back["code"], code_verifier=VERIFIER)


def test_info_says_what_is_offered(site: Site) -> None:
    told = httpx.post(f"{site.town.base}/csc/v2/info", json={}).json()
    assert (told["specs"], told["lang"], told["asynchronousOperationMode"]) == ("2.0.0.0", "en", True)
    assert told["oauth2"] == f"{site.town.base}/csc/v2/"
    assert told["signature_formats"]["formats"] == ["P", "C", "X"]
    assert RSA_SHA256 in told["signAlgorithms"]["algos"]


def test_labels_reach_the_phone_and_signatures_come_back(signer: tuple[Site, str, str]) -> None:
    site, token, credential = signer
    phone, wanted = site.town.ada(), digests(2, "labels")
    asked = details(credential, [(wanted[0], "Lease, 3 rooms"), (wanted[1], "Ré­sumé €".replace("\xad", ""))])
    page = site.authorize(scope=None, authorization_details=asked, **PKCE)
    request = phone.claim(site.content(page))
    shown = next(each for each in request.confirms if each["type"] == "signature")
    assert [each["label"] for each in shown["documents"]] == ["Lease, 3 rooms", "Résumé €"]
    phone.approve(request, CODE)
    answer = site.redeem(site.back(page)["code"], code_verifier=VERIFIER).json()
    assert answer["token_type"] == "Bearer"
    assert answer["authorization_details"][0]["credentialID"] == credential
    assert [each["hash"] for each in answer["authorization_details"][0]["documentDigests"]] == [b64(d) for d in wanted]

    told = site.post("credentials/list", token, credentialInfo=True, certificates="chain", onlyValid=True).json()
    info = told["credentialInfos"][0]
    assert told["onlyValid"] is True
    assert (info["credentialID"], info["auth"], info["SCAL"]) == (credential, {"mode": "oauth2code"}, "1")
    certificate = b64decode(info["cert"]["certificates"][0])
    members = {"credentialID": credential, "signAlgo": "1.2.840.113549.1.1.1", "hashAlgorithmOID": SHA256}
    # The token for the credential needs nothing beside it; the other way it stands beside an access token.
    first = site.post("signatures/signHash", answer["access_token"], **members, hashes=[b64(wanted[1])])
    assert first.status_code == 200, first.text
    verify(certificate, first.json()["signatures"], wanted[1:])
    sad = answer["access_token"]
    second = site.post("signatures/signHash", token, **members, hashes=[b64(wanted[0])], SAD=sad)
    verify(certificate, second.json()["signatures"], wanted[:1])
    again = site.post("signatures/signHash", token, **members, hashes=[b64(wanted[0])], SAD=sad)
    assert refusal(again) == (400, "invalid_request", "Invalid parameter SAD")


def test_a_studio_with_keys_pushes_and_names_no_credential(town: Town) -> None:
    """private_key_jwt, PAR, a signature qualifier, and the scope `credential` alone."""
    site, phone, wanted = Site(town, client_id="studio", version="v2"), town.bram(), digests(1, "studio")
    Site(town, account="client-bram").known(phone)  # has a credential by now
    form = {
        "response_type": "code",
        "client_id": "studio",
        "redirect_uri": BACK,
        "state": "pushed",
        "authorization_details": details(None, [(wanted[0], "Contract")], signatureQualifier="eu_eidas_aes"),
        **PKCE,
    }
    url = f"{site.api}/oauth2/pushed_authorize"
    for wrong in ({}, proof(aud="http://localhost:24360/v2"), proof(sub="notary"), {"client_assertion": "x"}):
        assert httpx.post(url, data={**form, **wrong}).status_code in {400, 401}
    bad = httpx.post(url, data={**form, **proof(), "authorization_details": "[]"})
    assert refusal(bad) == (400, "invalid_request", "Invalid parameter authorization_details")
    assert "error" in httpx.post(url, data={**form, **proof(), "redirect_uri": "https://evil.example"}).json()
    kept = httpx.post(url, data={**form, **proof()})
    assert kept.status_code == 201, kept.text
    assert kept.json()["expires_in"] == 90
    sent = {"client_id": "studio", "request_uri": kept.json()["request_uri"]}
    page = site.browser.get(f"{site.api}/oauth2/authorize", params=sent)
    stranger = httpx.get(f"{site.api}/oauth2/authorize", params=sent)
    assert stranger.status_code == 400  # another browser's
    back = site.approved(page, phone)
    assert back["state"] == "pushed"
    assert refusal(site.redeem(back["code"], **proof()))[1] == "invalid_grant"  # without its code_verifier: spent
    page = site.authorize(scope=None, **{name: form[name] for name in ("authorization_details", *PKCE)})
    back = site.approved(page, phone)
    answer = site.redeem(back["code"], code_verifier=VERIFIER, **proof())
    assert answer.status_code == 200, answer.text
    told = answer.json()["authorization_details"][0]
    signed = site.post(
        "signatures/signHash",
        answer.json()["access_token"],
        credentialID=told["credentialID"],
        hashes=[b64(wanted[0])],
        signAlgo=RSA_SHA256,
    )
    assert len(signed.json()["signatures"]) == 1
    revoked = httpx.post(f"{site.api}/oauth2/revoke", data={"token": answer.json()["access_token"], **proof()})
    assert revoked.status_code == 204
    assert site.post("credentials/list", answer.json()["access_token"]).status_code == 401


def test_clients_prove_themselves_in_one_way(signer: tuple[Site, str, str]) -> None:
    site, _, _ = signer
    basic = httpx.BasicAuth("notary", SECRETS["notary"].replace("'", "%27").replace(",", "%2C").replace(" ", "+"))
    url = f"{site.api}/oauth2/revoke"
    assert httpx.post(url, data={"token": "unknown"}, auth=basic).status_code == 204
    wrong = httpx.post(url, data={"token": "unknown"}, auth=("notary", "wrong"))
    assert refusal(wrong)[:2] == (401, "invalid_client")
    assert wrong.headers["www-authenticate"].startswith("Basic ")
    both = httpx.post(url, data={"token": "x", "client_id": "notary", "client_secret": "y"}, auth=basic)
    assert refusal(both)[1] == "invalid_request"
    assert refusal(httpx.post(url, data={"token": "x", **proof(exp=1)}))[:2] == (401, "invalid_client")
    used = proof()
    assert httpx.post(url, data={"token": "x", **used}).status_code == 204
    assert refusal(httpx.post(url, data={"token": "x", **used}))[:2] == (401, "invalid_client")


def test_tokens_of_one_version_are_none_of_the_other(signer: tuple[Site, str, str]) -> None:
    site, token, _ = signer
    old = Site(site.town)
    assert old.post("credentials/list", token).status_code == 401
    first = old.token(old.back(old.authorize()))
    assert site.post("credentials/list", first).status_code == 401


class _Told(BaseHTTPRequestHandler):
    """A partner's server that is told of answers."""

    heard: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the library
        pass


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []
    server = HTTPServer(("127.0.0.1", TOLD_PORT), type("Told", (_Told,), {"heard": heard}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()


def test_answers_come_later_to_who_wants_that(signer: tuple[Site, str, str], told: list[dict[str, Any]]) -> None:
    site, token, credential = signer
    wanted = digests(2, "later")
    asked = details(credential, [(digest, "x") for digest in wanted])
    sad = activated(site, site.town.ada(), asked).json()["access_token"]
    members = {"credentialID": credential, "SAD": sad, "hashes": [b64(each) for each in wanted], "signAlgo": RSA_SHA256}
    for changes, words in (
        ({"operationMode": "B"}, "Invalid parameter operationMode"),
        ({"validity_period": 1}, "Out of bounds parameter validity_period"),
        ({"response_uri": "https://evil.example/told"}, "Invalid parameter response_uri"),
        ({"response_uri": "http://169.254.169.254/told"}, "Invalid parameter response_uri"),
        ({"response_uri": "ftp://notary.example/"}, "Invalid parameter response_uri"),
    ):
        answer = site.post("signatures/signHash", token, **{**members, "operationMode": "A", **changes})
        assert refusal(answer) == (400, "invalid_request", words)
    accepted = site.post("signatures/signHash", token, **members, operationMode="A", response_uri=TOLD).json()
    for _ in range(100):
        polled = site.post("signatures/signPolling", token, requestID=accepted["responseID"])
        if polled.status_code != 202:
            break
        assert polled.json()["error"] == "accepted_request"
        time.sleep(0.05)
    assert len(polled.json()["signatures"]) == 2
    for _ in range(100):
        if told:
            break
        time.sleep(0.05)
    assert told == [{"responseID": accepted["responseID"]}]
    assert (
        refusal(site.post("signatures/signPolling", token))[2] == "Missing (or invalid type) string parameter requestID"
    )
    for members, words in (
        ({"requestID": "unknown"}, "Invalid parameter requestID"),
        ({"requestID": accepted["responseID"], "userID": "ada"}, "userID parameter SHALL be null"),
        ({"requestID": accepted["responseID"], "clientData": 7}, "Invalid parameter clientData"),
    ):
        assert refusal(site.post("signatures/signPolling", token, **members)) == (400, "invalid_request", words)
    with site.town.later(3602):
        assert site.post("signatures/signPolling", token, requestID=accepted["responseID"]).status_code == 401


def test_time_stamps_carry_the_partners_nonce(signer: tuple[Site, str, str]) -> None:
    site, token, _ = signer
    digest = digests(1, "time")[0]
    answer = site.post("signatures/timestamp", token, hash=b64(digest), hashAlgo=SHA256, nonce="00C0FFEE")
    assert answer.status_code == 200, answer.text
    content = cms.ContentInfo.load(b64decode(answer.json()["timestamp"]))["content"]["encap_content_info"]["content"]
    info = tsp.TSTInfo.load(content.contents)
    assert (info["message_imprint"]["hashed_message"].native, info["nonce"].native) == (digest, 0xC0FFEE)
    for changes, words in (
        ({"hash": None}, "Missing (or invalid type) string parameter hash"),
        ({"hash": ""}, "Empty hash parameter"),
        ({"hash": "%"}, "Invalid Base64 hash string parameter"),
        ({"hash": b64(b"short")}, "Invalid digest value length"),
        ({"hashAlgo": "1.2.3"}, "Invalid parameter hashAlgo"),
        ({"nonce": "xyz"}, "Invalid parameter nonce"),
        ({"nonce": 5}, "Invalid parameter nonce"),
    ):
        members = {"hash": b64(digest), "hashAlgo": SHA256, **changes}
        assert refusal(site.post("signatures/timestamp", token, **members)) == (400, "invalid_request", words)


def test_whole_documents_are_prepared_approved_and_finished(
    signer: tuple[Site, str, str], certification: RunningCertification, tmp_path: Path
) -> None:
    """A PDF to B-LTA, a CAdES signature and a container at once."""
    site, token, credential = signer
    text = b"What was agreed."
    documents: list[dict[str, Any]] = [
        {
            "document": b64(paper()),
            "signature_format": "P",
            "signAlgo": RSA_SHA256,
            "conformance_level": "Ades-B-LTA",
            "label": "Lease.pdf",
            "signed_props": [{"attribute_name": "Reason", "attribute_value": b64(b"Agreed")}],
        },
        {
            "document": b64(text),
            "signAlgo": RSA_SHA256,
            "signature_format": "C",
            "conformance_level": "AdES-B-T",
            "label": "agreed.txt",
        },
        {
            "document": b64(text),
            "signAlgo": RSA_SHA256,
            "signature_format": "X",
            "conformance_level": "Ades-B-LT",
            "label": "agreed.txt",
        },
    ]
    prepared = site.post("signatures/prepareDoc", token, credentialID=credential, documents=documents)
    assert prepared.status_code == 200, prepared.text
    asked = details(credential, [], documentDigests=prepared.json()["documentDigests"])
    page, phone = site.authorize(scope=None, authorization_details=asked, **PKCE), site.town.ada()
    request = phone.claim(site.content(page))
    shown = next(each for each in request.confirms if each["type"] == "signature")["documents"]
    assert [each["label"] for each in shown] == ["Lease.pdf", "agreed.txt", "agreed.txt"]
    assert shown[1]["file_digest"] == b64url(hashlib.sha256(text).digest())
    phone.approve(request, CODE)
    sad = site.redeem(site.back(page)["code"], code_verifier=VERIFIER).json()["access_token"]
    members: dict[str, Any] = {"credentialID": credential, "SAD": sad, "documents": documents}
    changed = [{**documents[0], "document": b64(paper() + b"\n%more")}]
    assert refusal(site.post("signatures/signDoc", token, **{**members, "documents": changed})) == (
        403,
        "invalid_hash",
        "Document or documentDigest does not match authorized hash",
    )
    answer = site.post("signatures/signDoc", token, **members, returnValidationInfo=True)
    assert answer.status_code == 200, answer.text
    pdf, container = (b64decode(each) for each in answer.json()["DocumentWithSignature"])
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert len(embedded) == 2  # the person's, and the time stamp of B-LTA
    assert container[:2] == b"PK"
    signed = cms.ContentInfo.load(b64decode(answer.json()["SignatureObject"][0]))["content"]
    attributes = {each["type"].native: each["values"] for each in signed["signer_infos"][0]["signed_attrs"]}
    assert attributes["message_digest"][0].native == hashlib.sha256(text).digest()
    accept_pdf(tmp_path, pdf)
    accept_cades(tmp_path, text, b64decode(answer.json()["SignatureObject"][0]), certification)
    accept_container(tmp_path, container, certification)
    assert answer.json()["validationInfo"]["ocsp"] or answer.json()["validationInfo"]["crl"]
    again = site.post("signatures/signDoc", token, **members)
    assert refusal(again) == (400, "invalid_request", "Invalid parameter SAD")


def test_what_was_not_prepared_is_not_finished(signer: tuple[Site, str, str]) -> None:
    site, token, credential = signer
    wanted = digests(1, "unprepared")
    sad = activated(site, site.town.ada(), details(credential, [(wanted[0], "x")])).json()["access_token"]
    entry = {
        "hashes": [b64(wanted[0])],
        "hashAlgorithmOID": SHA256,
        "signature_format": "P",
        "signAlgo": RSA_SHA256,
    }
    file = {"document": b64(b"x"), "signature_format": "C", "signAlgo": RSA_SHA256}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"documentDigests": [entry]}, "documentDigests or documents are not authorized by the SAD"),
        ({}, "Empty documentDigests and documents objects"),
        ({"documents": [file], "documentDigests": [entry]}, "Both documentDigests and documents parameters passed"),
        ({"documents": [5]}, "Invalid array parameter documents"),
        ({"documentDigests": "x"}, "Invalid object parameter documentDigests"),
        ({"documents": [{**file, "document": "%"}]}, "Invalid Base64 documents string parameter"),
        ({"documentDigests": [{**entry, "hashes": ["%"]}]}, "Invalid Base64 hashes string parameter"),
        ({"documentDigests": [{**entry, "hashes": [b64(b"x")]}]}, "Invalid digest value length"),
        ({"documentDigests": [{**entry, "hashAlgorithmOID": "1.2"}]}, "Invalid parameter hashAlgorithmOID"),
        ({"documents": [{"document": "AA=="}]}, "Missing (or invalid type) string parameter signature_format"),
        ({"documents": [{**file, "signAlgo": 5}]}, "Missing (or invalid type) string parameter signAlgo"),
        ({"documents": [{**file, "signAlgo": PSS}]}, "Missing (or invalid type) string parameter signAlgoParams"),
        ({"documents": [{**file, "signAlgo": PSS, "signAlgoParams": "AA=="}]}, "Invalid parameter signAlgo"),
        ({"documents": [{**file, "signAlgo": RSA_SHA512}]}, "Invalid parameter signAlgo"),
        ({"documents": [{**file, "signAlgo": "1.2.840.10045.4.3.2"}]}, "Invalid parameter signAlgo"),
        (
            {"documentDigests": [{**entry, "signAlgo": RSA_SHA512}]},
            "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
        ),
        ({"documents": [{**file, "signature_format": "J"}]}, "Invalid parameter signature_format"),
        ({"documents": [{**file, "conformance_level": "Ades-B-LTA"}]}, "Invalid parameter conformance_level"),
        ({"documents": [{**file, "conformance_level": "best"}]}, "Invalid parameter conformance_level"),
        (
            {"documents": [{**file, "signed_envelope_property": "Attached"}]},
            "Invalid parameter signed_envelope_property",
        ),
        (
            {"documents": [{**file, "signed_props": [{"attribute_name": "content-hints", "attribute_value": "AA=="}]}]},
            "Invalid parameter signed_props (content-hints)",
        ),
        ({"documents": [file], "SAD": None}, "Missing (or invalid type) string parameter SAD"),
        ({"documents": [file], "credentialID": None}, "Missing (or invalid type) string parameter credentialID"),
    ]
    for changes, words in cases:
        members = {"credentialID": credential, "SAD": sad, **changes}
        assert refusal(site.post("signatures/signDoc", token, **members)) == (400, "invalid_request", words), words


def test_a_digest_in_a_partners_own_pdf_is_signed_with_what_judging_it_takes(signer: tuple[Site, str, str]) -> None:
    site, token, credential = signer
    digest = digests(1, "byte range")[0]
    entry = {
        "hashes": [b64(digest)],
        "hashAlgorithmOID": SHA256,
        "signature_format": "P",
        "conformance_level": "Ades-B-T",
        "signAlgo": RSA_SHA256,
    }
    prepared = site.post("signatures/prepareDoc", token, credentialID=credential, documentDigests=[entry]).json()
    asked = details(credential, [], documentDigests=prepared["documentDigests"])
    sad = activated(site, site.town.ada(), asked).json()["access_token"]
    accepted = site.post("signatures/signDoc", sad, credentialID=credential, documentDigests=[entry], operationMode="A")
    for _ in range(100):
        polled = site.post("signatures/signPolling", token, requestID=accepted.json()["responseID"])
        if polled.status_code != 202:
            break
        time.sleep(0.05)
    signed = cms.ContentInfo.load(b64decode(polled.json()["SignatureObject"][0]))["content"]
    attributes = {each["type"].native for each in signed["signer_infos"][0]["signed_attrs"]}
    assert "signing_time" not in attributes
