"""Published vectors, and every algorithm against a second library in both directions (R-2, R-10, R-14).

RFC 7520's cookbook and the examples of RFC 7515 and 7516 come with `jwcrypto`, which carries them as its tests. What
is outside the small set accepted here must be refused, whoever published it.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jwcrypto
import msgspec
import pytest
from jwcrypto import jwe, jwk, jws

from ipse.kernel.ids import b64u
from ipse.standards import jose

FOLDER = Path(jwcrypto.__file__).parent
SIGNATURES = ("ES256", "RS256", "PS256", "EdDSA")
KEY_MANAGEMENT = ("RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "dir")
CONTENT = ("A256GCM", "A128CBC-HS256")
EVERYTHING = frozenset((alg, enc) for alg in KEY_MANAGEMENT for enc in CONTENT)
SECRET = "a client secret of sufficient length"


def _examples(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"jwcrypto_{name.replace('-', '_')}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cookbook() -> ModuleType:
    return _examples("tests-cookbook")


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    return _examples("tests")


def _verified(token: str, keys: Sequence[dict[str, Any]]) -> jose.VerifiedToken:
    known = jose.public_keys({"keys": [jose.public_jwk(key) for key in keys]})
    return jose.verify(jose.UnverifiedToken.parse(token), known, algorithms=SIGNATURES, types={None, "jwt"})


# --- RFC 7520 -------------------------------------------------------------------------------------------------------


def test_cookbook_4_1_rs256_is_verified_and_made_byte_for_byte(cookbook: ModuleType) -> None:
    """RFC 7520 §4.1: the only deterministic signature of the accepted set."""
    private = dict(cookbook.RSA_Private_Key_3_4)
    verified = _verified(cookbook.JWS_compact_4_1_3, [cookbook.RSA_Public_Key_3_3])
    assert b64u(verified.payload) == cookbook.Payload_plaintext_b64_4
    (key,) = jose.private_keys([private])
    assert jose.sign(verified.payload, key, alg="RS256") == cookbook.JWS_compact_4_1_3


@pytest.mark.parametrize(
    ("section", "key"), [("4_2", "RSA_Public_Key_3_3"), ("4_3", "EC_Public_Key_3_1"), ("4_4", "Symmetric_Key_MAC_3_5")]
)
def test_cookbook_signatures_outside_the_set_are_refused(cookbook: ModuleType, section: str, key: str) -> None:
    """RFC 7520 §4.2 PS384, §4.3 ES512, §4.4 HS256."""
    with pytest.raises(jose.JoseError):
        _verified(getattr(cookbook, f"JWS_compact_{section}_3"), [getattr(cookbook, key)])


@pytest.mark.parametrize("name", ["JWE_compact_5_2_5", "JWE_compact_5_5_5"])
def test_cookbook_encryptions_of_the_set_open(cookbook: ModuleType, name: str) -> None:
    """RFC 7520 §5.2 RSA-OAEP with A256GCM, §5.5 ECDH-ES with A128CBC-HS256."""
    key = dict(cookbook.RSA_key_5_2_1 if "5_2" in name else cookbook.EC_key_5_5_1)
    opened = jose.decrypt(
        getattr(cookbook, name), jose.private_keys([{**key, "use": "enc"}]), allowed=EVERYTHING, cty=None
    )
    assert opened.plaintext == cookbook.Payload_plaintext_5


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("JWE_compact_5_1_5", "RSA_key_5_1_1"),
        ("JWE_compact_5_3_5", None),
        ("JWE_compact_5_4_5", "RSA_key_5_2_1"),
        ("JWE_compact_5_6_4", None),
        ("JWE_compact_5_7_5", None),
        ("JWE_compact_5_8_5", None),
        ("JWE_compact_5_9_5", None),
    ],
)
def test_cookbook_encryptions_outside_the_set_are_refused(cookbook: ModuleType, name: str, key: str | None) -> None:
    """RFC 7520 §5.1 RSA1_5, §5.3 PBES2, §5.4 and §5.8 key wrapping, §5.6 A128GCM, §5.7 GCM wrapping, §5.9 `zip`."""
    keys = jose.private_keys([{**getattr(cookbook, key), "use": "enc"}]) if key else jose.shared_key(SECRET)
    with pytest.raises(jose.JoseError):
        jose.decrypt(getattr(cookbook, name), keys, allowed=EVERYTHING, cty=None)


# --- RFC 7515, 7517, 7638, 8037 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["A2", "A3"])
def test_examples_of_rfc_7515_are_verified_once_their_key_is_named(examples: ModuleType, number: str) -> None:
    """RFC 7515 A.2 RS256 and A.3 ES256. They name no key, which is refused; with the name they verify."""
    example = getattr(examples, f"{number}_example")
    parts = (example["protected"].encode(), example["payload"], example["signature"])
    token = jose.UnverifiedToken.parse(".".join(b64u(part) for part in parts))
    key = jose.public_key(jose.public_jwk({**example["key"], "kid": "k", "use": "sig", "alg": example["alg"]}))
    with pytest.raises(jose.JoseError, match="kid"):
        jose.verify(token, key, algorithms=SIGNATURES, types={None})
    named = replace(token, unverified_header={**token.unverified_header, "kid": "k"})
    assert jose.verify(named, key, algorithms=SIGNATURES, types={None}).payload == example["payload"]
    with pytest.raises(jose.JoseError):
        jose.verify(named, key, algorithms=frozenset(SIGNATURES) - {example["alg"]}, types={None})


@pytest.mark.parametrize("number", ["A1", "A4", "A5"])
def test_examples_of_rfc_7515_outside_the_set_are_refused(examples: ModuleType, number: str) -> None:
    """RFC 7515 A.1 HS256, A.4 ES512, A.5 `none`."""
    example = getattr(examples, f"{number}_example")
    parts = (example["protected"].encode(), example["payload"], example.get("signature", b""))
    with pytest.raises(jose.JoseError):
        _verified(".".join(b64u(part) for part in parts), [])


def test_thumbprint_of_rfc_7638() -> None:
    """RFC 7638 §3.1."""
    key = {
        "kty": "RSA",
        "n": (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV"
            "4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7"
            "d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF4"
            "4-csFCur-kEgU8awapJzKnqDKgw"
        ),
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert jose.thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_ed25519_of_rfc_8037() -> None:
    """RFC 8037 A.1, A.4 and A.5: the signature is deterministic; only the key's name is ours."""
    private = {
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }
    token = (
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4"
        "ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
    parsed = jose.UnverifiedToken.parse(token)
    named = replace(parsed, unverified_header={**parsed.unverified_header, "kid": "k"})
    key = jose.public_key(jose.public_jwk({**private, "kid": "k", "use": "sig", "alg": "EdDSA"}))
    assert jose.verify(named, key, algorithms={"EdDSA"}, types={None}).payload == b"Example of Ed25519 signing"
    assert jose.thumbprint(private) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


# --- every algorithm against jwcrypto, both ways (R-2) ---------------------------------------------------------------


@pytest.fixture(scope="module")
def private() -> dict[str, dict[str, str]]:
    return {alg: jose.new_private_jwk(alg, kid=alg) for alg in (*SIGNATURES, "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES")}


def _foreign(key: dict[str, Any]) -> jwk.JWK:
    return jwk.JWK(**{name: value for name, value in key.items() if name != "alg"})


@pytest.mark.parametrize("alg", SIGNATURES)
def test_signatures_both_ways(private: dict[str, dict[str, str]], alg: str) -> None:
    (key,) = jose.private_keys([private[alg]])
    foreign = _foreign(private[alg])
    ours = jose.sign({"n": 1}, key, alg=alg, typ="at+jwt")
    read = jws.JWS()
    read.allowed_algs = list(SIGNATURES)
    read.deserialize(ours, foreign)
    assert read.payload == b'{"n":1}'
    theirs = jws.JWS(b'{"n":2}')
    theirs.add_signature(foreign, None, msgspec.json.encode({"alg": alg, "kid": alg}).decode())
    assert _verified(theirs.serialize(compact=True), [private[alg]]).claims == {"n": 2}


@pytest.mark.parametrize("enc", CONTENT)
@pytest.mark.parametrize("alg", KEY_MANAGEMENT)
def test_encryptions_both_ways(private: dict[str, dict[str, str]], alg: str, enc: str) -> None:
    if alg == "dir":
        receiver: Any = jose.shared_key(SECRET)
        own: Any = receiver
        foreign = jwk.JWK(kty="oct", k=b64u(_content_key(enc)))
    else:
        receiver = jose.public_key(jose.public_jwk(private[alg]))
        own, foreign = jose.private_keys([private[alg]]), _foreign(private[alg])
    ours = jose.encrypt(b"ours", receiver, alg=alg, enc=enc)
    read = jwe.JWE(algs=[*KEY_MANAGEMENT, *CONTENT])
    read.deserialize(ours, foreign)
    assert read.payload == b"ours"
    header = {"alg": alg, "enc": enc} | ({"kid": alg} if alg != "dir" else {})
    theirs = jwe.JWE(b"theirs", protected=msgspec.json.encode(header).decode(), algs=[*KEY_MANAGEMENT, *CONTENT])
    theirs.add_recipient(foreign)
    assert jose.decrypt(theirs.serialize(compact=True), own, allowed={(alg, enc)}, cty=None).plaintext == b"theirs"
    with pytest.raises(jose.JoseError):
        jose.decrypt(theirs.serialize(compact=True), own, allowed=EVERYTHING - {(alg, enc)}, cty=None)


def _content_key(enc: str) -> bytes:
    """OpenID Connect Core §10.2: the left-most octets of SHA-256 of the secret; both lengths here are 32."""
    assert enc in CONTENT
    return hashlib.sha256(SECRET.encode()).digest()
