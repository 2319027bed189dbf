"""What the provider says of itself, tried value by value (R-36; partner protocol 1.1, C-1)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import KeySet
from msgspec.structs import replace

from ipse.partners.model import Algorithms, AuthMethod
from tests.functional.oidc.conftest import SECRET, Joining, register
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty, derived, imported, private_jwk

EXPECTED = {
    "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "scopes_supported",
    "response_types_supported", "grant_types_supported", "acr_values_supported", "subject_types_supported",
    "claim_types_supported", "claims_supported", "claims_parameter_supported", "display_values_supported",
    "ui_locales_supported", "request_parameter_supported", "request_uri_parameter_supported",
    "require_request_uri_registration", "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported", "id_token_signing_alg_values_supported",
    "id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported",
    "userinfo_signing_alg_values_supported", "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported", "revocation_endpoint", "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported", "request_object_signing_alg_values_supported",
    "request_object_encryption_alg_values_supported", "request_object_encryption_enc_values_supported",
    "pushed_authorization_request_endpoint", "authorization_signing_alg_values_supported",
    "authorization_encryption_alg_values_supported", "authorization_encryption_enc_values_supported",
}  # fmt: skip
"""Section 1.1, without `registration_endpoint`: there is none."""


async def test_the_document(join: Joining) -> None:
    party = await join()
    answer = await party.browser.get(f"{party.issuer}/.well-known/openid-configuration")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=1800"
    document = answer.json()
    assert document.keys() >= EXPECTED
    assert all(value != [] for value in document.values())
    for name in document:
        if name.endswith(("_endpoint", "_uri")):
            assert document[name].startswith(party.issuer + "/")


async def test_the_key_set(join: Joining) -> None:
    """Public members only; one key to sign with each advertised algorithm; nothing of the phone channel."""
    party = await join()
    document = await party.discover()
    answer = await party.browser.get(document["jwks_uri"])
    keys = answer.json()["keys"]
    assert {key["alg"] for key in keys if key["use"] == "sig"} == set(document["id_token_signing_alg_values_supported"])
    assert "ECDH-ES" not in {key["alg"] for key in keys}
    for key in keys:
        assert key["kid"]
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()


async def outcome(party: RelyingParty, **changes: str | None) -> str:
    """`shown` where the person would be asked, else the error code."""
    good: dict[str, str | None] = {"scope": f"openid service:{party.service} email"}
    answer = await party.authorize(**(good | changes))
    if answer.status_code == 200:
        return "shown"
    return parse_qs(urlsplit(answer.headers["location"]).query)["error"][0]


def requests(document: dict[str, Any], service: str) -> list[tuple[dict[str, str | None], str]]:
    """A request for each advertised value, and some for values that are not."""
    listed = {
        "scope": [f"openid service:{service} email {scope}" for scope in document["scopes_supported"]],
        "response_type": document["response_types_supported"],
        "response_mode": document["response_modes_supported"],
        "display": document["display_values_supported"],
        "prompt": [prompt for prompt in document["prompt_values_supported"] if prompt != "none"],
        "claims": [
            json.dumps({"userinfo": {name: None}})
            for name in document["claims_supported"]
            if "claim_approval_" not in name  # for confirmations, which have tests of their own
        ],
    }
    good: list[tuple[dict[str, str | None], str]] = [
        ({parameter: value}, "shown") for parameter, values in listed.items() for value in values
    ]
    challenges: list[dict[str, str | None]] = [
        {"code_challenge": "x" * 43, "code_challenge_method": method}
        for method in document["code_challenge_methods_supported"]
    ]
    return [
        *good,
        *((challenge, "shown") for challenge in challenges),
        ({"scope": f"openid service:{service} unadvertised"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"display": "popup"}, "unsupported_display"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "create"}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"request": "x"}, "invalid_request_object"),
        ({"request_uri": "x"}, "invalid_request_uri"),
    ]


async def test_every_advertised_request_value_works_and_others_do_not(join: Joining) -> None:
    party = await join(service="SHARE")
    document = await party.discover()
    for changes, expected in requests(document, party.service):
        assert await outcome(party, **changes) == expected, changes
    assert document["request_parameter_supported"] is document["request_uri_parameter_supported"] is True
    for language in document["ui_locales_supported"]:
        page = await party.authorize(scope=f"openid service:{party.service} email", ui_locales=language)
        assert f'lang="{language}"' in page.text


async def test_every_advertised_acr_is_answered(installation: Installation, join: Joining) -> None:
    party = await join()
    for acr in (await party.discover())["acr_values_supported"]:
        began = await party.begin(acr_values=acr)
        level = acr.rpartition("/LoA/")[2] if "/LoA/" in acr else "substantial"
        await installation.approve(began.handle, level=level)
        assert (await party.opened((await party.tokens(began))["id_token"]))["acr"] == acr


async def test_every_advertised_grant_works_and_others_do_not(join: Joining) -> None:
    party = await join()
    for grant in (await party.discover())["grant_types_supported"]:
        answer = await party.token("x" * 36, None, grant_type=grant, scope="partner.log", auth_req_id="x" * 43)
        assert answer.json().get("error") == (None if grant == "client_credentials" else "invalid_grant")
    for grant in ("implicit", "password", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"):
        assert (await party.token("x" * 36, None, grant_type=grant)).json()["error"] == "unsupported_grant_type"


def combinations(document: dict[str, Any], answer: str) -> list[tuple[str, str, str]]:
    return [
        (signing, alg, enc)
        for signing in document[f"{answer}_signing_alg_values_supported"]
        for alg in document[f"{answer}_encryption_alg_values_supported"]
        for enc in document[f"{answer}_encryption_enc_values_supported"]
    ]


async def agree(installation: Installation, party: RelyingParty, algorithms: tuple[str, str, str]) -> None:
    """Register other algorithms for a partner."""
    signing, alg, enc = algorithms
    partner = await installation.partners.partner(party.client_id)
    assert partner is not None
    agreed = Algorithms(
        id_token_signed_response_alg=signing,
        id_token_encrypted_response_alg=alg,
        id_token_encrypted_response_enc=enc,
        userinfo_signed_response_alg=signing,
        userinfo_encrypted_response_alg=alg,
        userinfo_encrypted_response_enc=enc,
        token_endpoint_auth_signing_alg=("ES256", "RS256"),
    )
    secret = SECRET if partner.auth_method is AuthMethod.CLIENT_SECRET_POST else None
    await installation.partners.register_partner(replace(partner, algorithms=agreed), secret=secret, actor="test")
    party.algorithms = algorithms


async def test_every_advertised_algorithm_protects_both_answers(installation: Installation, join: Joining) -> None:
    parties = {"EC": await join("new-ec"), "RSA": await join("new-rsa"), "dir": await join("migrating-secret")}
    document = await parties["EC"].discover()
    assert combinations(document, "id_token") == combinations(document, "userinfo")
    for algorithms in combinations(document, "id_token"):
        party = parties[{"dir": "dir", "ECDH-ES": "EC"}.get(algorithms[1], "RSA")]
        await agree(installation, party, algorithms)
        began = await party.begin()
        subject = await installation.approve(began.handle)
        answer = await party.tokens(began)
        assert (await party.opened(answer["id_token"]))["sub"] == subject
        assert (await party.shared(answer["access_token"]))["sub"] == subject


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
async def test_every_advertised_way_of_proving_a_partner_works(installation: Installation, alg: str) -> None:
    kty = {"ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}.get(alg, "RSA")
    keys = (private_jwk(kty, "sig", "s1") | {"alg": alg}, private_jwk("EC", "enc", "e1"))
    by_key = await register(installation, "new-ec", keys, "LOGIN")
    by_secret = await register(installation, "migrating-secret", None, "LOGIN")
    document = await by_key.discover()
    assert document["token_endpoint_auth_methods_supported"] == ["private_key_jwt", "client_secret_post"]
    advertised = set(document["token_endpoint_auth_signing_alg_values_supported"])
    assert advertised == {"ES256", "RS256", "PS256", "EdDSA", "Ed25519"}
    for party in (by_key, by_secret):
        assert (await party.token("x" * 36, None)).json()["error"] == "invalid_grant"
        await party.close()


async def by_value(party: RelyingParty, request: str) -> str:
    """What comes of a request object: `shown`, or not."""
    endpoint = (await party.discover())["authorization_endpoint"]
    query = {"client_id": party.client_id, "request": request}
    return "shown" if (await party.browser.get(endpoint, params=query)).status_code == 200 else "refused"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 names the curve; FAPI 2.0 knows the old name
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_every_advertised_algorithm_of_a_request_object(installation: Installation, join: Joining) -> None:
    """R-36: what is advertised works, what is not is refused."""
    kind = "new-rsa"
    party = await join(kind)
    document = await party.discover()
    for alg in document["request_object_encryption_alg_values_supported"]:
        for enc in document["request_object_encryption_enc_values_supported"]:
            assert await by_value(party, await party.encrypted(party.request_object(), alg=alg, enc=enc)) == "shown"
    for unadvertised in ({"enc": "A256CBC-HS512"}, {"enc": "A128GCM"}, {"alg": "RSA-OAEP"}):
        text = await party.encrypted(party.request_object(), **unadvertised)
        assert await by_value(party, text) == "refused", unadvertised
    keys = {"ES256": ("EC", {}), "RS256": ("RSA", {}), "PS256": ("RSA", {"alg": "PS256"}), "EdDSA": ("OKP", {})}
    for alg in (*document["request_object_signing_alg_values_supported"], "ES384", "PS512", "none"):
        if alg not in keys:
            header = {"alg": alg}
            assert await by_value(party, forged(party, header)) == "refused"
            continue
        kty, more = keys[alg]
        signing = private_jwk(kty, "sig", "s1") | more
        assert party.encryption
        other = await register(installation, kind, (signing, party.encryption), "LOGIN")
        assert await by_value(other, other.request_object(header={"alg": alg})) == "shown", alg
        await other.close()


def forged(party: RelyingParty, header: dict[str, str]) -> str:
    """A good request object whose header says something else of its signature."""
    _, payload, signature = party.request_object().split(".")
    protected = urlsafe_b64encode(json.dumps(header | {"kid": "s1"}).encode()).rstrip(b"=").decode()
    return f"{protected}.{payload}.{signature}"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_every_advertised_algorithm_of_a_signed_answer(installation: Installation, join: Joining) -> None:
    """R-36: each combination of signature and encryption, and signed alone."""
    parties = {"EC": await join("new-ec"), "RSA": await join("new-rsa"), "dir": await join("migrating-secret")}
    document = await parties["EC"].discover()
    for signing, alg, enc in [*combinations(document, "authorization"), ("ES256", "", ""), ("RS256", "", "")]:
        party = parties[{"dir": "dir", "ECDH-ES": "EC"}.get(alg, "RSA")]
        partner = await installation.partners.partner(party.client_id)
        assert partner is not None
        agreed = replace(
            partner.algorithms,
            authorization_signed_response_alg=signing,
            authorization_encrypted_response_alg=alg,
            authorization_encrypted_response_enc=enc,
        )
        changed = replace(partner, algorithms=agreed)
        await installation.partners.register_partner(changed, secret=party.secret, actor="test")
        answer = await party.authorize(response_mode="jwt", prompt="none")
        token = parse_qs(urlsplit(answer.headers["location"]).query)["response"][0]
        if alg:
            key = imported(party.encryption) if party.encryption else derived(party.secret or "")
            token = (jwe.decrypt_compact(token, key, algorithms=[alg, enc]).plaintext or b"").decode()
        keys = KeySet.import_key_set((await party.browser.get(party.metadata["jwks_uri"])).json())
        assert jwt.decode(token, keys, algorithms=[signing]).claims["error"] == "login_required"
