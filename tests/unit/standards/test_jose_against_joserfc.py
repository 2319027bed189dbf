"""Each direct operation against joserfc, both ways (R-10, R-14, R-16)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ipse.standards import jose

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")

SIGNATURES = ("ES256", "RS256", "PS256", "EdDSA")
PAIRS = tuple(
    (alg, enc) for alg in ("RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "dir") for enc in ("A256GCM", "A128CBC-HS256")
)
SECRET = "a client secret of sufficient length"
LENGTHS = (0, 1, 15, 16, 17, 5000)


@pytest.fixture(scope="module")
def private() -> dict[str, dict[str, str]]:
    return {
        alg: jose.new_private_jwk(alg, kid=f"the {alg}") for alg in (*SIGNATURES, "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES")
    }


def foreign(jwk: dict[str, Any]) -> RSAKey | ECKey | OKPKey:
    kinds: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    return kinds[jwk["kty"]].import_key(jwk)


def receiver(private: dict[str, dict[str, str]], alg: str) -> Any:
    return jose.shared_key(SECRET) if alg == "dir" else jose.public_key(jose.public_jwk(private[alg]))


def own(private: dict[str, dict[str, str]], alg: str) -> Any:
    return jose.shared_key(SECRET) if alg == "dir" else jose.private_keys([private[alg]])


@pytest.mark.parametrize("alg", SIGNATURES)
def test_joserfc_verifies_what_we_sign(private: dict[str, dict[str, str]], alg: str) -> None:
    (key,) = jose.private_keys([private[alg]])
    for _ in range(50):  # short r or s values come up once in 128
        token = jose.sign({"iss": "someone", "ümlaut": "é"}, key, alg=alg, typ="at+jwt")
        read = jws.deserialize_compact(token, foreign(jose.public_jwk(private[alg])), algorithms=[alg])
        assert read.protected == {"alg": alg, "kid": f"the {alg}", "typ": "at+jwt"}
        assert json.loads(read.payload or b"") == {"iss": "someone", "ümlaut": "é"}


@pytest.mark.parametrize("alg", SIGNATURES)
def test_we_verify_what_joserfc_signs(private: dict[str, dict[str, str]], alg: str) -> None:
    keys = jose.public_keys({"keys": [jose.public_jwk(jwk) for jwk in private.values()]})
    signer = foreign(private[alg])
    for number in range(50):
        text = jws.serialize_compact(
            {"alg": alg, "kid": f"the {alg}"}, json.dumps({"n": number}), signer, algorithms=[alg]
        )
        verified = jose.verify(jose.UnverifiedToken.parse(text), keys, algorithms={alg}, types={None})
        assert verified.claims == {"n": number}


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
@pytest.mark.parametrize("length", LENGTHS)
def test_joserfc_opens_what_we_encrypt(private: dict[str, dict[str, str]], alg: str, enc: str, length: int) -> None:
    plaintext = bytes(index % 251 for index in range(length))
    text = jose.encrypt(plaintext, receiver(private, alg), alg=alg, enc=enc)
    key = OctKey.import_key(jose.shared_key(SECRET).octets) if alg == "dir" else foreign(private[alg])
    opened = jwe.decrypt_compact(text, key, algorithms=[alg, enc])
    assert opened.plaintext == plaintext
    assert opened.protected["cty"] == "JWT"
    assert opened.protected.get("kid") == (None if alg == "dir" else f"the {alg}")


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
@pytest.mark.parametrize("length", LENGTHS)
def test_we_open_what_joserfc_encrypts(private: dict[str, dict[str, str]], alg: str, enc: str, length: int) -> None:
    plaintext = bytes(index % 251 for index in range(length))
    header = {"alg": alg, "enc": enc, "cty": "JWT"}
    if alg == "dir":
        key: Any = OctKey.import_key(jose.shared_key(SECRET).octets)
    else:
        key, header["kid"] = foreign(jose.public_jwk(private[alg])), f"the {alg}"
    text = jwe.encrypt_compact(header, plaintext, key, algorithms=[alg, enc])
    assert jose.decrypt(text, own(private, alg), allowed={(alg, enc)}).plaintext == plaintext


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
def test_one_changed_character_in_any_part_does_not_open(
    private: dict[str, dict[str, str]], alg: str, enc: str
) -> None:
    text = jose.encrypt(b"nobody may read this", receiver(private, alg), alg=alg, enc=enc)
    parts = text.split(".")
    for number, part in enumerate(parts):
        if not part:
            continue
        middle = len(part) // 2
        changed = part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]
        broken = ".".join([*parts[:number], changed, *parts[number + 1 :]])
        with pytest.raises(jose.JoseError):
            jose.decrypt(broken, own(private, alg), allowed={(alg, enc)})


def test_key_derivation_input_is_laid_out_as_rfc_7518_section_4_6_2_says() -> None:
    """Algorithm id with its length, two empty party infos, 256 bits."""
    from hashlib import sha256

    from ipse.standards.jose.encryption import _concat_kdf, _kdf_info

    assert _kdf_info("A256GCM").hex() == "00000007" + b"A256GCM".hex() + "0000000000000000" + "00000100"
    expected = sha256(b"\x00\x00\x00\x01" + b"z" * 32 + _kdf_info("A256GCM")).digest()
    assert _concat_kdf(b"z" * 32, "A256GCM") == expected


def test_ed25519_by_its_new_name(private: dict[str, dict[str, str]]) -> None:
    """RFC 9864: the same signature, under a name that says the curve."""
    named = {**jose.public_jwk(private["EdDSA"]), "alg": "Ed25519"}
    header = {"alg": "Ed25519", "kid": named["kid"]}
    signer = foreign({**private["EdDSA"], "alg": "Ed25519"})
    text = jws.serialize_compact(header, "{}", signer, algorithms=["Ed25519"])
    keys = jose.public_keys({"keys": [named]})
    verified = jose.verify(jose.UnverifiedToken.parse(text), keys, algorithms={"EdDSA"}, types={None})
    assert verified.header["alg"] == "EdDSA"
    with pytest.raises(jose.JoseError):
        jose.verify(jose.UnverifiedToken.parse(text), keys, algorithms={"ES256"}, types={None})
