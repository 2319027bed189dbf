"""The device protocol's messages, judged by a second JOSE library (docs/reference/device-protocol.md §2)."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards import phone_channel
from ipse.standards.phone_channel import MessageError, SignatureError

DEVICE = ec.generate_private_key(ec.SECP256R1())
SERVER = ec.generate_private_key(ec.SECP256R1())
RECIPIENT = {**phone_channel.public_jwk(SERVER.public_key()), "kid": "channel-1"}
PAYLOAD = {"v": 1, "type": "claim", "phone": "p1", "iat": 1_790_000_000, "chain": "c1", "start": {"frame": "f"}}


def _device() -> ECKey:
    return ECKey.import_key({**phone_channel.public_jwk(DEVICE.public_key()), "use": "sig"})


def _server() -> ECKey:
    numbers = SERVER.private_numbers()
    return ECKey.import_key({**RECIPIENT, "d": b64u(numbers.private_value.to_bytes(32))})


def _signed_by_joserfc(payload: Any, **header: Any) -> str:
    key = ECKey.import_key(
        {
            **phone_channel.public_jwk(DEVICE.public_key()),
            "d": b64u(DEVICE.private_numbers().private_value.to_bytes(32)),
        }
    )
    names = {"alg": "ES256", "typ": phone_channel.SIGNED_TYPE, "kid": "p1", **header}
    return jws.serialize_compact(names, payload if isinstance(payload, bytes) else json.dumps(payload), key)


def test_what_we_sign_another_library_verifies() -> None:
    compact = phone_channel.sign(DEVICE, "p1", PAYLOAD)
    found = jws.deserialize_compact(compact, _device(), algorithms=["ES256"])
    assert json.loads(found.payload) == PAYLOAD
    assert found.headers() == {"alg": "ES256", "typ": "ipse-phone+jwt", "kid": "p1"}


def test_what_another_library_signs_we_verify() -> None:
    message = phone_channel.read(_signed_by_joserfc(PAYLOAD))
    verified = phone_channel.verify(message, DEVICE.public_key(), expected_type="claim")
    assert (verified.phone, verified.chain, verified.members["start"]) == ("p1", "c1", {"frame": "f"})


def test_what_we_seal_another_library_opens() -> None:
    compact = phone_channel.sign(DEVICE, "p1", PAYLOAD)
    sealed = phone_channel.seal(RECIPIENT, compact, b"proof")
    opened = jwe.decrypt_compact(sealed, _server(), algorithms=["ECDH-ES", "A256GCM"])
    assert json.loads(opened.plaintext or b"") == {"jws": compact, "proof": b64u(b"proof")}


def test_what_another_library_seals_we_open() -> None:
    compact = phone_channel.sign(DEVICE, "p1", PAYLOAD)
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "typ": phone_channel.SEALED_TYPE, "kid": "channel-1"}
    sealed = jwe.encrypt_compact(header, json.dumps({"jws": compact}), _server(), algorithms=["ECDH-ES", "A256GCM"])
    opened = phone_channel.open_sealed(sealed, {"channel-1": SERVER})
    assert (opened.message.compact, opened.proof) == (compact, phone_channel.Proofs())


def test_thumbprint_is_that_of_rfc_7638() -> None:
    jwk = phone_channel.public_jwk(DEVICE.public_key())
    assert phone_channel.thumbprint(jwk) == _device().thumbprint()


def test_code_key_and_proof_follow_the_protocol() -> None:
    """HKDF by its definition (RFC 5869 §2): extract, then one block of expand."""
    salt = bytes(range(32))
    extracted = hmac.digest(salt, b"13579", "sha256")
    expected = hmac.digest(extracted, b"ipse code key v1" + b"p1" + b"\x01", "sha256")
    key = phone_channel.code_key("13579", salt, "p1")
    assert key == expected
    assert phone_channel.code_proof(key, "a.b.c") == hmac.new(key, b"a.b.c", hashlib.sha256).digest()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"typ": "JWT"}, "typ"),
        ({"crit": ["x"]}, "crit"),
        ({"kid": ""}, "kid"),
        ({"kid": 7}, "kid"),
    ],
)
def test_headers_that_are_refused(change: dict[str, Any], named: str) -> None:
    """R-10, R-12, R-13."""
    _, payload, signature = phone_channel.sign(DEVICE, "p1", PAYLOAD).split(".")
    header = {"alg": "ES256", "typ": phone_channel.SIGNED_TYPE, "kid": "p1", **change}
    forged = ".".join((b64u(json.dumps(header).encode()), payload, signature))
    with pytest.raises(MessageError, match=named):
        phone_channel.read(forged)


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({**PAYLOAD, "v": 2}, "v must be 1"),
        ({**PAYLOAD, "type": "show"}, "type must be claim"),
        ({**PAYLOAD, "phone": "p2"}, "phone"),
        ({name: value for name, value in PAYLOAD.items() if name != "chain"}, "chain"),
        ({**PAYLOAD, "iat": "now"}, "iat"),
        ({**PAYLOAD, "start": "\x00"}, "NUL"),
        (b"[]", "object"),
        (b"{", "JSON"),
        (b'{"a":"\xed\xa0\x80"}', "JSON"),
        (b'{"a":' + b"[" * 30_000, "JSON"),
    ],
)
def test_payloads_that_are_refused(payload: Any, named: str) -> None:
    message = phone_channel.read(_signed_by_joserfc(payload))
    with pytest.raises(MessageError, match=named):
        phone_channel.verify(message, DEVICE.public_key(), expected_type="claim")


def test_a_changed_payload_or_another_key_is_no_signature() -> None:
    header, payload, signature = phone_channel.sign(DEVICE, "p1", PAYLOAD).split(".")
    changed = b64u(b64u_decode(payload).replace(b"claim", b"clain"))
    for compact, key in (
        (f"{header}.{changed}.{signature}", DEVICE.public_key()),
        (f"{header}.{payload}.{signature}", ec.generate_private_key(ec.SECP256R1()).public_key()),
        (f"{header}.{payload}.{b64u(bytes(64))}", DEVICE.public_key()),
    ):
        with pytest.raises(SignatureError):
            phone_channel.verify(phone_channel.read(compact), key, expected_type="claim")


@pytest.mark.parametrize("compact", ["", "a.b", "a.b.c.d", "é.b.c", "a.b." + "c" * 70_000, "a.b.c="])
def test_what_is_no_compact_message_is_refused(compact: str) -> None:
    """R-16: size and shape before anything is decoded."""
    with pytest.raises(MessageError):
        phone_channel.read(compact)


def test_a_point_off_the_curve_is_no_key() -> None:
    """R-15."""
    jwk = phone_channel.public_jwk(DEVICE.public_key())
    off = {**jwk, "y": jwk["x"]}
    with pytest.raises(MessageError, match="point"):
        phone_channel.public_key(off)


def test_sealed_messages_that_were_touched_do_not_open() -> None:
    sealed = phone_channel.seal(RECIPIENT, phone_channel.sign(DEVICE, "p1", PAYLOAD), b"proof")
    parts = sealed.split(".")
    touched = bytearray(b64u_decode(parts[3]))
    touched[0] ^= 1
    for broken in (
        ".".join((*parts[:3], b64u(bytes(touched)), parts[4])),
        ".".join((parts[0], "AAAA", *parts[2:])),
        sealed.rsplit(".", 1)[0],
    ):
        with pytest.raises(MessageError):
            phone_channel.open_sealed(broken, {"channel-1": SERVER})
    with pytest.raises(MessageError, match="kid"):
        phone_channel.open_sealed(sealed, {})


def test_another_library_opens_what_is_sealed_to_signature_activation() -> None:
    """B-50: the phone's approval reaches signature activation through a scheme that cannot read it."""
    compact = phone_channel.sign(DEVICE, "p1", PAYLOAD)
    sealed = phone_channel.seal_activation(RECIPIENT, compact, proof=b"p" * 32)
    content = json.loads(jwe.decrypt_compact(sealed, _server()).plaintext or b"")
    assert (content["jws"], content["proof"]) == (compact, b64u(b"p" * 32))


def test_an_activation_holds_a_proof_or_a_code_key() -> None:
    compact, keys = phone_channel.sign(DEVICE, "p1", PAYLOAD), {"channel-1": SERVER}
    made = phone_channel.open_activation(phone_channel.seal_activation(RECIPIENT, compact, code_key=b"k" * 32), keys)
    assert (made.message.compact, made.proof, made.code_key) == (compact, b"", b"k" * 32)
    proven = phone_channel.open_activation(phone_channel.seal_activation(RECIPIENT, compact, proof=b"p" * 32), keys)
    assert (proven.proof, proven.code_key) == (b"p" * 32, b"")
    with pytest.raises(MessageError, match="32 bytes"):
        phone_channel.open_activation(phone_channel.seal_activation(RECIPIENT, compact, proof=b"short"), keys)
    with pytest.raises(MessageError, match="either proof or code_key"):
        phone_channel.open_activation(phone_channel.seal(RECIPIENT, compact, {"a": b"p" * 32}), keys)


def test_an_activation_travels_beside_the_proofs_of_its_approval() -> None:
    compact = phone_channel.sign(DEVICE, "p1", PAYLOAD)
    inside = phone_channel.seal_activation(RECIPIENT, compact, proof=b"p" * 32)
    sealed = phone_channel.seal(RECIPIENT, compact, {"slot": b"q" * 32}, activation=inside)
    opened = phone_channel.open_sealed(sealed, {"channel-1": SERVER})
    assert (opened.activation, opened.proof.by_id) == (inside, {"slot": b"q" * 32})


def test_a_signing_code_key_is_of_its_code_its_salt_and_its_credential() -> None:
    keys = {
        phone_channel.signing_code_key("40718", b"s" * 32, "credential"),
        phone_channel.signing_code_key("40719", b"s" * 32, "credential"),
        phone_channel.signing_code_key("40718", b"t" * 32, "credential"),
        phone_channel.signing_code_key("40718", b"s" * 32, "another"),
        phone_channel.code_key("40718", b"s" * 32, "credential"),
    }
    assert len(keys) == 5
