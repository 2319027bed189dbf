"""Version 1 in the partner protocol's profile, from the first way of the browser to the signature."""

from __future__ import annotations

import json
import time
from base64 import b64decode, urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from ipse.csc.http import NOT_OFFERED
from ipse.csc.model import Version
from ipse.softphone.errors import Refused
from tests.functional.csc.town import BACK, RSA_SHA256, SECRETS, Site, account_token, b64, digests, refusal

if TYPE_CHECKING:
    from tests.functional.csc.town import Town

DENIED = {"error": "access_denied", "state": "a state & more"}


def verify(certificate: bytes, signatures: list[str], wanted: list[bytes]) -> None:
    """The signatures are of these digests, in this order, by a library that is not ours."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    for signature, digest in zip(signatures, wanted, strict=True):
        key.verify(b64decode(signature), digest, padding.PKCS1v15(), Prehashed(SHA256()))


@pytest.fixture(scope="module")
def signer(town: Town) -> tuple[Site, str, str]:
    """A site that knows Ada: an access token and her credential."""
    site = Site(town)
    token, credential = site.known(town.ada())
    return site, token, credential


def sign(site: Site, token: str, credential: str, sad: str, wanted: list[bytes], **changes: Any) -> httpx.Response:
    members = {"credentialID": credential, "SAD": sad, "hash": [b64(each) for each in wanted], "signAlgo": RSA_SHA256}
    return site.post("signatures/signHash", token, **{**members, **changes})


def test_info_says_what_is_offered(site: Site) -> None:
    told = httpx.post(f"{site.api}/info", json={"lang": "nl-BE"}).json()
    assert told["specs"] == "1.0.3.0"
    assert (told["region"], told["lang"], told["authType"]) == ("BE", "NL", ["oauth2code"])
    assert told["oauth2"] == f"{site.api}/oauth2/authorize"
    assert httpx.get(told["logo"]).status_code == 200
    for content in (b"", b"{}", b"[]", b"no json", b'{"lang": 7}', b'{"lang": "xx"}'):
        assert httpx.post(f"{site.api}/info", content=content).json()["lang"] == "EN"


def test_seventy_digests_are_signed_in_their_order_by_one_code(signer: tuple[Site, str, str]) -> None:
    site, token, credential = signer
    told = site.post("credentials/info", token, credentialID=credential, certificates="chain", certInfo=True).json()
    assert told["key"] == {"status": "enabled", "algo": told["key"]["algo"], "len": 2048}
    assert RSA_SHA256 in told["key"]["algo"]
    assert (told["description"], told["authMode"], told["multisign"]) == (None, "oauth2code", 70)
    assert (told["PIN"], told["OTP"]) == ({"presence": "false"}, {"presence": "false"})
    assert told["SCAL"] == "1"  # a phone in software: see docs/divergences/csc.md
    assert told["cert"]["status"] == "valid"
    assert len(told["cert"]["certificates"]) >= 1

    wanted = digests(70, "batch")
    page = site.signing(credential, wanted, description="Zeventig akten, 1 € elk")
    phone = site.town.ada()
    request = phone.claim(site.content(page))
    shown = next(each for each in request.confirms if each["type"] == "signature")
    assert shown["description"] == "Zeventig akten, 1 € elk"
    assert [each["label"] for each in shown["documents"]] == [f"Document {number}" for number in range(1, 71)]
    phone.approve(request, "13579")
    sad = site.token(site.back(page))

    # In two calls, the second one backwards.
    certificate = b64decode(told["cert"]["certificates"][0])
    first = sign(site, token, credential, sad, wanted[:30])
    assert first.status_code == 200, first.text
    verify(certificate, first.json()["signatures"], wanted[:30])
    assert refusal(sign(site, token, credential, sad, wanted[29:31])) == (
        400,
        "invalid_request",
        "Hash is not authorized by the SAD",
    )
    second = sign(site, token, credential, sad, wanted[:29:-1])
    verify(certificate, second.json()["signatures"], wanted[:29:-1])
    # Everything was given out: the data are worth nothing any more.
    assert refusal(sign(site, token, credential, sad, wanted[:1])) == (400, "invalid_request", "Invalid parameter SAD")


def test_every_refusal_of_sign_hash(signer: tuple[Site, str, str], town: Town) -> None:
    site, token, credential = signer
    wanted = digests(2, "refused")
    sad = site.sad(town.ada(), credential, wanted)
    other = Site(town, account="client-bram")
    other_token, other_credential = other.known(town.bram())
    forged = ".".join([*sad.split(".")[:2], "A" * 43])
    cases: list[tuple[dict[str, Any], str]] = [
        ({"SAD": None}, "Missing (or invalid type) string parameter SAD"),
        ({"SAD": "x"}, "Invalid parameter SAD"),
        ({"SAD": forged}, "Invalid parameter SAD"),
        ({"SAD": token}, "Invalid parameter SAD"),
        ({"credentialID": None}, "Missing (or invalid type) string parameter credentialID"),
        ({"credentialID": other_credential}, "Invalid parameter credentialID"),
        ({"credentialID": "unknown"}, "Invalid parameter credentialID"),
        ({"hash": None}, "Missing (or invalid type) array parameter hash"),
        ({"hash": []}, "Empty hash array"),
        ({"hash": ["%"]}, "Invalid Base64 hash string parameter"),
        ({"hash": [b64(b"short")]}, "Invalid digest value length"),
        ({"hash": [b64(digests(1, "another")[0])]}, "Hash is not authorized by the SAD"),
        ({"hash": [b64(wanted[0])] * 2}, "Hash is not authorized by the SAD"),
        ({"signAlgo": None}, "Missing (or invalid type) string parameter signAlgo"),
        ({"signAlgo": "1.2.840.113549.1.1.1"}, "Missing (or invalid type) string parameter hashAlgo"),
        ({"signAlgo": "1.2.840.113549.1.1.1", "hashAlgo": "1.2"}, "Invalid parameter hashAlgo"),
        ({"signAlgo": "1.2.840.113549.1.1.13"}, "Invalid parameter signAlgo"),
        ({"signAlgo": "1.2.840.113549.1.1.10"}, "Missing (or invalid type) string parameter signAlgoParams"),
    ]
    for changes, words in cases:
        assert refusal(sign(site, token, credential, sad, wanted, **changes)) == (400, "invalid_request", words), words
    # Another person's token does not open it; nor does a partner's that has not asked.
    assert refusal(sign(site, other_token, credential, sad, wanted))[2] == "Invalid parameter SAD"
    with town.later(3601):
        fresh = site.token(site.back(site.authorize(account_token=_later_token(3601))))
        assert refusal(sign(site, fresh, credential, sad, wanted))[2] == "SAD expired"
        assert refusal(sign(site, token, credential, sad, wanted))[:2] == (401, "expired_token")
    # Nothing was used up by all of that.
    assert sign(site, token, credential, sad, wanted).status_code == 200


def _later_token(seconds: int) -> str:
    return account_token("client-1", "notary", iat=int(time.time()) + seconds)


def test_tokens_have_the_form_of_the_profile_and_can_be_taken_back(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    back = site.back(site.authorize())  # known: nobody is asked
    assert back["state"] == "a state & more"
    assert bytes.fromhex(back["code"]).decode().endswith("|Bearer")
    told = httpx.post(
        f"{site.api}/oauth2/token",
        json={
            "grant_type": "authorization_code",
            "client_id": "notary",
            "client_secret": SECRETS["notary"],
            "code": back["code"],
            "redirect_url": BACK,
        },
    ).json()
    assert (told["token_type"], told["expires_in"], told["refresh_token"]) == ("Bearer", 3600, None)
    claims = json.loads(urlsafe_b64decode(told["access_token"].split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"], len(claims["name"])) == ("csc_api", "csc_api", 36)
    token = told["access_token"]
    listed = site.post("credentials/list", token, maxResults=300, clientData="ignored", unknown=1).json()
    assert listed == {"credentialIDs": [credential]}

    assert refusal(site.post("auth/revoke", token))[2] == "Missing (or invalid type) string parameter token"
    assert refusal(site.post("auth/revoke", token, token="other"))[2] == "Invalid parameter token"
    hint = site.post("auth/revoke", token, token=token, token_type_hint="id_token")
    assert refusal(hint)[2] == "Invalid parameter token_type_hint"
    revoked = site.post("auth/revoke", token, token=token, token_type_hint="access_token")
    assert (revoked.status_code, revoked.content) == (204, b"")
    answer = site.post("credentials/list", token)
    assert refusal(answer)[:2] == (401, "expired_token")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_code_counts_once_and_a_second_use_takes_its_token_back(signer: tuple[Site, str, str]) -> None:
    site, _, _ = signer
    back = site.back(site.authorize())
    token = site.token(back)
    words = (400, "invalid_grant", "Authorization code is invalid or expired")
    assert refusal(site.redeem(back["code"])) == words
    assert refusal(site.post("credentials/list", token))[:2] == (401, "expired_token")
    # A wrong redirect URI spends the code as well.
    back = site.back(site.authorize())
    assert refusal(site.redeem(back["code"], redirect_uri="https://notary.example/back"))[2] == (
        "redirect_uri parameter does not match"
    )
    assert refusal(site.redeem(back["code"])) == words
    back = site.back(site.authorize())
    with site.town.later(181):
        assert refusal(site.redeem(back["code"])) == words


def test_token_requests_are_refused_with_the_words_of_the_table(signer: tuple[Site, str, str]) -> None:
    site, _, _ = signer
    code = site.back(site.authorize())["code"]
    cases: list[tuple[dict[str, str | None], str, str]] = [
        ({"client_id": None}, "invalid_request", "Missing parameter client_id"),
        ({"client_id": "nobody"}, "invalid_request", "Invalid parameter client_id"),
        ({"client_id": "studio"}, "invalid_request", "Invalid parameter client_id"),
        ({"client_secret": None}, "invalid_request", "Client authorization required"),
        ({"client_secret": "wrong"}, "invalid_request", "Invalid parameter client_secret"),
        ({"client_id": "rival", "client_secret": SECRETS["rival"]}, "invalid_grant", "Invalid parameter code"),
        ({"grant_type": None}, "invalid_request", "Missing parameter grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request", "Invalid parameter grant_type"),
        ({"code": "00"}, "invalid_grant", "Invalid parameter code"),
    ]
    for changes, error, words in cases:
        sent: dict[str, str | None] = {"code": code, **changes}
        answer = site.redeem(**sent)
        assert refusal(answer) == (400, error, words), words
    for content in (b"[]", b'{"grant_type": "a", "grant_type": "b"}', b"{"):
        headers = {"Content-Type": "application/json"}
        answer = httpx.post(f"{site.api}/oauth2/token", content=content, headers=headers)
        assert refusal(answer)[:2] == (400, "invalid_request")
    assert site.redeem(code).status_code == 200


WRONG_TOKENS = [
    (None, 401, "invalid_token"),
    ("Bearer", 400, "invalid_request"),
    ("Basic bm90YXJ5Og==", 400, "invalid_request"),
    ("Bearer not-one", 401, "invalid_token"),
    ("Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJjc2NfYXBpIn0.", 401, "invalid_token"),
]


@pytest.mark.parametrize(("header", "status", "code"), WRONG_TOKENS)
@pytest.mark.parametrize("method", ["credentials/list", "credentials/info", "signatures/signHash", "auth/revoke"])
def test_no_method_opens_without_a_token(site: Site, method: str, header: str | None, status: int, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.post(f"{site.api}/{method}", json={}, headers=headers)
    assert refusal(answer)[:2] == (status, code)
    if status == 400:
        assert refusal(answer)[2] == "Malformed authorization header"


def test_signature_activation_data_open_no_method(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    sad = site.sad(site.town.ada(), credential, digests(1, "sad"))
    assert refusal(site.post("credentials/list", sad))[:2] == (401, "invalid_token")


def test_credentials_are_told_to_whom_they_belong_alone(signer: tuple[Site, str, str]) -> None:
    site, token, _ = signer
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("credentials/info", {}, "Missing (or invalid type) string parameter credentialID"),
        ("credentials/info", {"credentialID": "unknown"}, "Invalid parameter credentialID"),
        ("credentials/info", {"credentialID": "c", "certificates": "all"}, "Invalid parameter certificates"),
        ("credentials/list", {"userID": "ada"}, "userID parameter MUST be null"),
        ("credentials/list", {"maxResults": 0}, "Invalid parameter maxResults"),
        ("credentials/list", {"maxResults": 301}, "Invalid parameter maxResults"),
        ("credentials/list", {"pageToken": "x"}, "Invalid parameter pageToken"),
        ("credentials/list", {"certificates": 4}, "Invalid parameter certificates"),
    ]
    for method, members, words in cases:
        assert refusal(site.post(method, token, **members)) == (400, "invalid_request", words)


@pytest.mark.parametrize(
    ("version", "method"), [(version, method) for version, methods in NOT_OFFERED.items() for method in methods]
)
def test_what_is_not_offered_says_so(site: Site, version: Version, method: str) -> None:
    answer = httpx.post(f"{site.town.base}/csc/v{version}/{method}", json={})
    assert refusal(answer)[:2] == (501, "not_implemented")


def test_bad_targets_are_shown_and_never_redirected_to(site: Site) -> None:
    cases: list[dict[str, str | None]] = [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "a/../b"},
        {"redirect_uri": None},
        {"redirect_uri": BACK + "&more=1"},
        {"redirect_uri": "https://evil.example/"},
    ]
    for changes in cases:
        answer = site.authorize(**changes)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert answer.headers["content-type"].startswith("text/html")


def test_refusals_go_back_with_the_state(site: Site) -> None:
    cases: list[tuple[dict[str, str | None], str, str]] = [
        ({"response_type": "token"}, "unsupported_response_type", ""),
        ({"scope": "openid"}, "invalid_scope", ""),
        ({"account_token": None}, "invalid_request", "Missing parameter account_token"),
        ({"account_token": account_token("a", "rival")}, "invalid_request", "Invalid parameter account_token"),
        ({"account_token": account_token("a", "notary", iat=1)}, "invalid_request", "Invalid parameter account_token"),
    ]
    for changes, error, words in cases:
        back = site.back(site.authorize(**changes))
        assert (back["error"], back["state"]) == (error, "a state & more")
        assert back["error_description"] == words or not words


def test_a_round_for_a_credential_names_the_accounts_own(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    wanted = digests(1, "round")
    cases: list[tuple[dict[str, str | None], str]] = [
        ({"credentialID": "unknown"}, "Invalid parameter credentialID"),
        ({"account_token": account_token("somebody else", "notary")}, "Invalid parameter credentialID"),
        ({"numSignatures": "2"}, "Invalid value for parameter numSignatures"),
        ({"numSignatures": "71"}, "Numbers of signatures is too high"),
        ({"description": "契約"}, "Invalid parameter description"),
        ({"description": "d" * 256}, "Invalid parameter description"),
    ]
    for changes, words in cases:
        back = site.back(site.signing(credential, wanted, **changes))
        assert (back["error"], back["error_description"]) == ("invalid_request", words)
    # One that has agreed to no batches.
    rival = Site(site.town, client_id="rival")
    back = rival.back(rival.signing(credential, digests(2, "rival")))
    assert back["error_description"] == "Numbers of signatures is too high"


def test_another_persons_phone_cannot_take_a_signature(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    page = site.signing(credential, digests(1, "mine"))
    bram = site.town.bram()
    with pytest.raises(Refused):
        bram.approve(bram.claim(site.content(page)), "13579")
    ada = site.town.ada()
    assert ada.approve(ada.claim(site.content(page)), "13579").outcome == "approved"
    assert "code" in site.back(page)


def test_who_refuses_or_waits_too_long_denies_access(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    phone = site.town.ada()
    page = site.signing(credential, digests(1, "refuse"))
    phone.reject(phone.claim(site.content(page)))
    assert site.back(page).items() >= DENIED.items()
    page = site.signing(credential, digests(1, "late"))
    with site.town.later(700):
        assert site.back(page).items() >= DENIED.items()


def test_another_partner_learns_the_same_certificate_once_its_person_agrees(signer: tuple[Site, str, str]) -> None:
    site, _, credential = signer
    rival = Site(site.town, client_id="rival", account="also-ada")
    page = rival.authorize()
    assert page.status_code == 200  # a name that means nobody yet: the person is asked
    token = rival.token(rival.approved(page, site.town.ada()))
    assert rival.post("credentials/list", token).json() == {"credentialIDs": [credential]}


def test_a_name_stays_with_its_person(signer: tuple[Site, str, str]) -> None:
    """Two browsers begin with the same new name: the second person does not become the first."""
    site, _, _ = signer
    first, second = Site(site.town, account="shared"), Site(site.town, account="shared")
    pages = first.authorize(), second.authorize()
    noor = site.town.person("noor", "bank-lys", "+32 400000103")
    ileana = site.town.person("ileana", "bank-lys", "+40 700000108")
    first.token(first.approved(pages[0], noor))
    back = second.approved(pages[1], ileana)
    assert refusal(second.redeem(back["code"]))[:2] == (400, "access_denied")
