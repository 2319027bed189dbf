"""What JOSE refuses, rule by rule (R-10 to R-16)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards import jose

EC = jose.new_private_jwk("ES256", kid="signs")
RSA = jose.new_private_jwk("RS256", kid="signs with RSA")
EC_ENC = jose.new_private_jwk("ECDH-ES", kid="encrypts")
SET = jose.public_keys({"keys": [jose.public_jwk(jwk) for jwk in (EC, RSA, EC_ENC)]})


def _alg(jwk: dict[str, str]) -> str:
    return "ES256" if jwk["kty"] == "EC" else "RS256"


def token(header: dict[str, Any] | bytes, payload: bytes = b"{}", jwk: dict[str, str] = EC) -> str:
    """A token signed over any header, which `sign` would never make."""
    from ipse.standards.jose.signatures import _signature

    encoded = header if isinstance(header, bytes) else msgspec.json.encode(header)
    signed = f"{b64u(encoded)}.{b64u(payload)}"
    return f"{signed}.{b64u(_signature(jose.private_keys([jwk])[0], _alg(jwk), signed.encode()))}"


def judge(text: str, **changes: Any) -> jose.VerifiedToken:
    arguments: dict[str, Any] = {"algorithms": {"ES256", "RS256"}, "types": {None, "jwt"}} | changes
    return jose.verify(jose.UnverifiedToken.parse(text), SET, **arguments)


GOOD = {"alg": "ES256", "kid": "signs"}


def test_the_good_token_passes() -> None:
    assert judge(token(GOOD, b'{"sub":"x"}')).claims == {"sub": "x"}


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "signs"},
        {"alg": "none", "kid": "signs"},
        {"alg": "es256", "kid": "signs"},
        {"alg": "HS256", "kid": "signs"},
        {"alg": "ES384", "kid": "signs"},
        {"alg": "PS256", "kid": "signs with RSA"},
        {"alg": ["ES256"], "kid": "signs"},
        {"alg": "ES256"},
        {"alg": "ES256", "kid": 1},
        {"alg": "ES256", "kid": "unknown"},
        {"alg": "ES256", "kid": "encrypts"},
        {"alg": "ES256", "kid": "signs with RSA"},
        {"alg": "RS256", "kid": "signs"},
        GOOD | {"crit": ["exp"], "exp": 1},
        GOOD | {"crit": []},
        GOOD | {"b64": False},
        GOOD | {"zip": "DEF"},
        GOOD | {"typ": "at+jwt"},
        GOOD | {"typ": "dpop+jwt"},
        GOOD | {"typ": "secevent+jwt"},
        GOOD | {"typ": 7},
    ],
)
def test_header_refused(header: dict[str, Any]) -> None:
    """R-10, R-11, R-12, R-13."""
    with pytest.raises(jose.JoseError):
        judge(token(header))


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
def test_keys_in_the_header_are_never_used(member: str) -> None:
    """R-11: a stranger's key named in the header does not verify, and does no harm beside a registered one."""
    stranger = jose.new_private_jwk("ES256", kid="signs")
    value: Any = jose.public_jwk(stranger) if member == "jwk" else "https://stranger.example/keys"
    with pytest.raises(jose.JoseError, match="wrong signature"):
        judge(token(GOOD | {member: value}, jwk=stranger))


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"ES256","kid":"signs"}',
        b'{"alg":"ES256","kid":"signs","kid":"signs"}',
        b'["alg"]',
        b"{",
        b'\xff{"alg":"ES256"}',
        b'{"alg":"ES256","kid":"signs","deep":' + b"[" * 21 + b"]" * 21 + b"}",
        b'{"alg":"ES256","kid":"\\ud800"}',
        b'{"alg":"ES256","kid":"signs","x":NaN}',
    ],
)
def test_unsound_header_json(header: bytes) -> None:
    """R-16: names given twice, depth, encodings."""
    with pytest.raises(jose.JoseError):
        judge(token(header))


@pytest.mark.parametrize("payload", [b'{"a":1,"a":2}', b"[]", b"", b'{"n":' + b"9" * 5000 + b"}", b"[" * 9000])
def test_unsound_payload_json(payload: bytes) -> None:
    """R-16: the signature is right, the content is not JSON as we accept it."""
    with pytest.raises(jose.JoseError):
        _ = judge(token(GOOD, payload)).claims
    with pytest.raises(jose.JoseError):
        jose.UnverifiedToken.parse(token(GOOD, payload)).unverified_claims()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + ".",
        lambda text: text.rpartition(".")[0],
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace(".", "..", 1),
        lambda text: text[:-1],
        lambda text: text.rpartition(".")[0] + ".",
        lambda text: text.rpartition(".")[0] + "." + b64u(bytes(64)),
        lambda text: "A" * 40_000 + text,
        lambda text: "é" + text,
    ],
)
def test_wrong_form(change: Any) -> None:
    """R-16: size, alphabet, number of parts; an all-zero signature."""
    with pytest.raises(jose.JoseError):
        judge(change(token(GOOD)))


def test_algorithm_confusion_with_a_public_key_as_secret() -> None:
    """R-10: HS256 with the bytes of the public key is not an algorithm here."""
    import hmac

    head = b64u(json.dumps({"alg": "HS256", "kid": "signs"}).encode()) + "." + b64u(b"{}")
    mac = hmac.digest(json.dumps(jose.public_jwk(EC)).encode(), head.encode(), "sha256")
    with pytest.raises(jose.JoseError, match="algorithm"):
        judge(f"{head}.{b64u(mac)}", algorithms={"ES256", "RS256", "HS256"})


def test_each_context_has_its_own_algorithms_and_types() -> None:
    """R-10, R-13."""
    text = token(GOOD | {"typ": "application/Secevent+JWT"})
    assert judge(text, types={"secevent+jwt"}).claims == {}
    with pytest.raises(jose.JoseError, match="type"):
        judge(text)
    with pytest.raises(jose.JoseError, match="algorithm"):
        judge(token(GOOD), algorithms={"RS256"})


def test_a_key_bound_to_an_algorithm_signs_nothing_else() -> None:
    (key,) = jose.private_keys([EC])
    for alg in ("RS256", "none", "HS256", "ES384"):
        with pytest.raises(jose.JoseError):
            jose.sign({}, key, alg=alg)
    (encryption_key,) = jose.private_keys([EC_ENC])
    with pytest.raises(jose.JoseError):
        jose.sign({}, encryption_key, alg="ES256")


class TestEncryption:
    pair = ("ECDH-ES", "A256GCM")

    def sealed(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        receiver = jose.public_key(jose.public_jwk(EC_ENC))
        text = jose.encrypt(b"inside", receiver, alg="ECDH-ES", enc="A256GCM", **changes)
        if header is None:
            return text
        head, _, rest = text.partition(".")
        return b64u(msgspec.json.encode(json.loads(b64u_decode(head)) | header)) + "." + rest

    def open(self, text: str) -> bytes:
        return jose.decrypt(text, jose.private_keys([EC_ENC, EC]), allowed={self.pair}).plaintext

    def test_good(self) -> None:
        assert self.open(self.sealed()) == b"inside"

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "RSA1_5"},
            {"alg": "dir"},
            {"alg": "ECDH-ES+A128KW"},
            {"alg": "PBES2-HS256+A128KW"},
            {"enc": "A128GCM"},
            {"enc": "A128CBC-HS256"},
            {"zip": "DEF"},
            {"crit": ["x"], "x": 1},
            {"kid": "signs"},
            {"kid": "unknown"},
            {"kid": None},
            {"cty": "text/plain"},
            {"cty": None},
            {"epk": {"kty": "EC", "crv": "P-256", "x": b64u(b"\x01" * 32), "y": b64u(b"\x02" * 32)}},
            {"epk": {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}},
            {"epk": {"kty": "oct", "k": "AA"}},
            {"epk": "x"},
            {"apu": "QWxpY2U"},
        ],
    )
    def test_header_refused(self, header: dict[str, Any]) -> None:
        """R-10, R-15 (a point off the curve), R-16 (compression, password-based keys)."""
        with pytest.raises(jose.JoseError):
            self.open(self.sealed(header))

    def test_a_type_is_demanded(self) -> None:
        with pytest.raises(jose.JoseError, match="type"):
            self.open(self.sealed(cty=None))

    def test_encrypted_only_is_not_signed(self) -> None:
        """R-14: a JWE of plain claims is no nested token."""
        receiver = jose.public_key(jose.public_jwk(EC_ENC))
        for content in (b'{"sub":"x"}', b"\xff\xfe", token(GOOD | {"typ": "at+jwt"}).encode()):
            text = jose.encrypt(content, receiver, alg="ECDH-ES", enc="A256GCM")
            with pytest.raises(jose.JoseError):
                jose.decrypt_then_verify(
                    text,
                    jose.private_keys([EC_ENC]),
                    SET,
                    allowed={self.pair},
                    algorithms={"ES256"},
                    types={None},
                )

    def test_a_partner_secret_serves_dir_only(self) -> None:
        text = jose.encrypt(b"x", jose.shared_key("s"), alg="dir", enc="A256GCM")
        assert jose.decrypt(text, jose.shared_key("s"), allowed={("dir", "A256GCM")}).plaintext == b"x"
        with pytest.raises(jose.JoseError, match="does not open"):
            jose.decrypt(text, jose.shared_key("t"), allowed={("dir", "A256GCM")})
        with pytest.raises(jose.JoseError):
            jose.decrypt(text, jose.private_keys([EC_ENC]), allowed={("dir", "A256GCM")})
        with pytest.raises(jose.JoseError):
            jose.encrypt(b"x", jose.shared_key("s"), alg="RSA-OAEP", enc="A256GCM")


def changed(jwk: dict[str, str], **members: Any) -> dict[str, Any]:
    return {name: value for name, value in (jwk | members).items() if value is not None}


PUBLIC_EC, PUBLIC_RSA = jose.public_jwk(EC), jose.public_jwk(RSA)
PUBLIC_ED = jose.public_jwk(jose.new_private_jwk("EdDSA"))


@pytest.mark.parametrize(
    "jwk",
    [
        EC,
        RSA,
        {"kty": "oct", "k": "c2VjcmV0"},
        changed(PUBLIC_EC, crv="P-384"),
        changed(PUBLIC_EC, crv="secp256k1"),
        changed(PUBLIC_EC, y=PUBLIC_EC["x"]),
        changed(PUBLIC_EC, x=None),
        changed(PUBLIC_EC, x=PUBLIC_EC["x"] + "="),
        changed(PUBLIC_EC, x=b64u(b"\x00" + b64u_decode(PUBLIC_EC["x"]))),
        changed(PUBLIC_EC, x=7),
        changed(PUBLIC_EC, kid=7),
        changed(PUBLIC_EC, use="encryption"),
        changed(PUBLIC_EC, alg="ECDH-ES"),
        changed(PUBLIC_EC, kty="OKP"),
        changed(PUBLIC_ED, crv="Ed448"),
        changed(PUBLIC_ED, x="AA"),
        changed(PUBLIC_ED, use="enc", alg=None),
        changed(PUBLIC_RSA, n=b64u((3**1200).to_bytes(238, "big"))),
        changed(PUBLIC_RSA, n=b64u((1 << 2048).to_bytes(257, "big"))),
        changed(PUBLIC_RSA, e="AQ"),
        changed(PUBLIC_RSA, e="BA"),
    ],
)
def test_public_key_refused(jwk: dict[str, Any]) -> None:
    """R-15, and private members where public ones belong."""
    with pytest.raises(jose.JoseError):
        jose.public_key(jwk)


def test_short_rsa_keys_are_refused() -> None:
    """R-15."""
    modulus = rsa.generate_private_key(65537, 1024).private_numbers().public_numbers.n
    with pytest.raises(jose.JoseError, match="2048"):
        jose.public_key({"kty": "RSA", "e": "AQAB", "n": b64u(modulus.to_bytes(128, "big"))})


def test_roca_keys_are_refused() -> None:
    """R-15: a modulus that is a power of 65537 modulo each small prime is the mark of CVE-2017-15361."""
    from ipse.standards.jose.keys import _ROCA_PRODUCT

    base = pow(65537, 12345, _ROCA_PRODUCT)
    modulus = base + _ROCA_PRODUCT * ((1 << 2047) // _ROCA_PRODUCT + 1)
    modulus += 0 if modulus % 2 else _ROCA_PRODUCT
    with pytest.raises(jose.JoseError, match="factored"):
        jose.public_key({"kty": "RSA", "e": "AQAB", "n": b64u(modulus.to_bytes(256, "big"))})


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": {}},
        {"keys": ["x"]},
        {"keys": []},
        {"keys": [jose.public_jwk(EC)]},
        {"keys": [jose.public_jwk(EC_ENC)]},
        {"keys": [jose.public_jwk(EC), jose.public_jwk(EC_ENC), EC]},
        {"keys": [jose.public_jwk(EC), jose.public_jwk(EC_ENC), {"kty": "oct", "k": "AA", "kid": "k", "use": "enc"}]},
        {"keys": [jose.public_jwk(EC), jose.public_jwk(EC_ENC) | {"kid": "signs"}]},
        {"keys": [jose.public_jwk(EC), changed(jose.public_jwk(EC_ENC), kid=None)]},
        {"keys": [jose.public_jwk(EC), changed(jose.public_jwk(EC_ENC), use=None)]},
    ],
)
def test_partner_key_set_refused(jwks: dict[str, Any]) -> None:
    with pytest.raises(jose.JoseError):
        jose.check_partner_jwks(jwks)


def test_partner_key_set_accepted() -> None:
    others = {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "of no use here", "use": "enc"}
    edwards = jose.public_jwk(jose.new_private_jwk("EdDSA", kid="signs, too"))
    keys = jose.check_partner_jwks({"keys": [jose.public_jwk(EC), jose.public_jwk(EC_ENC), others, edwards]})
    assert [key.kid for key in keys.keys] == ["signs", "encrypts", "signs, too"]
    assert keys.signature_key("signs, too", "EdDSA").kty == "OKP"
    assert keys.encryption_key("ECDH-ES").kid == "encrypts"
    with pytest.raises(jose.JoseError):
        keys.encryption_key("RSA-OAEP-256")


def test_thumbprint_of_rfc_7638() -> None:
    """RFC 7638 §3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn6"
        "4tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9"
        "1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert jose.thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_new_keys_are_published_without_private_members() -> None:
    for alg in ("ES256", "RS256", "ECDH-ES", "RSA-OAEP-256"):
        jwk = jose.new_private_jwk(alg)
        public = jose.public_jwk(jwk)
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & public.keys()
        assert public["kid"] == jose.thumbprint(jwk) == jose.thumbprint(public)
        assert jose.private_keys([jwk])[0].public == jose.public_key(public)


def test_halves_that_do_not_belong_together() -> None:
    other = jose.new_private_jwk("ES256")
    with pytest.raises(jose.JoseError):
        jose.private_keys([EC | {"d": other["d"]}])
    with pytest.raises(jose.JoseError):
        jose.private_keys([PUBLIC_RSA])


def test_representations_hold_no_key_material() -> None:
    (key,) = jose.private_keys([EC])
    shown = repr(key) + repr(jose.shared_key("secret")) + repr(jose.UnverifiedToken.parse(token(GOOD)))
    assert "object at" not in shown
    assert EC["d"] not in shown
    assert "sign" in shown
