"""Write `phone_channel.json`: the cryptography of the device protocol as values, made by other libraries.

Run it by hand when the protocol changes: `python tests/vectors/make_phone_channel.py`. The keys are made for this file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.jwk import ECKey

PHONE = "Zm9ydHktdHdvLXBob25l"
SALT = bytes(range(32))
CODE = "13579"
CREDENTIAL = "c2lnbmluZy1jcmVkZW50aWFs"
SIGNING_SALT = bytes(range(32, 64))
PADDED = 2048


def b64u(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def padded(content: dict[str, str]) -> dict[str, str]:
    """Filled up to a multiple of 2,048 bytes of the JSON text without spaces."""
    length = len(json.dumps({**content, "pad": ""}, separators=(",", ":")))
    return {**content, "pad": "." * (-length % PADDED)}


def activations(device: ECKey) -> dict[str, object]:
    """The signing code key, and what signature activation gets: for a certificate that exists, and for a new one."""
    activation = ECKey.generate_key("P-256", {"kid": "activation-1"})
    key = HKDF(SHA256(), 32, SIGNING_SALT, b"ipse signing code key v1" + CREDENTIAL.encode()).derive(CODE.encode())
    made: dict[str, object] = {
        "private": activation.as_dict(private=True),
        "code_key": {"code": CODE, "salt": b64u(SIGNING_SALT), "credential": CREDENTIAL, "key": b64u(key)},
    }
    header = {"alg": "ES256", "typ": "ipse-phone+jwt", "kid": PHONE}
    sealing = {"alg": "ECDH-ES", "enc": "A256GCM", "typ": "ipse-phone-sealed+jwe", "kid": "activation-1"}
    for name in ("signature", "creation"):
        payload: dict[str, object] = {"v": 1, "type": "approval", "phone": PHONE, "iat": 1790000000, "chain": "Y2hhaW4"}
        if name == "creation":
            payload["signing_code_key"] = b64u(hashlib.sha256(key).digest())
        signed = jws.serialize_compact(header, json.dumps(payload).encode(), device, algorithms=["ES256"])
        beside = (
            {"code_key": b64u(key)}
            if name == "creation"
            else {"proof": b64u(hmac.digest(key, signed.encode(), "sha256"))}
        )
        content = padded({"jws": signed, **beside})
        octets = json.dumps(content, separators=(",", ":")).encode()
        sealed = jwe.encrypt_compact(sealing, octets, activation, algorithms=["ECDH-ES", "A256GCM"])
        made[name] = {"payload": payload, "content": content, "jwe": sealed}
    return made


def main() -> None:
    """Make every value and write the file beside this one."""
    device, channel, once = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("device", "channel-1", "once"))
    code_key = HKDF(SHA256(), 32, SALT, b"ipse code key v1" + PHONE.encode()).derive(CODE.encode())
    payload = {"v": 1, "type": "approval", "phone": PHONE, "iat": 1790000000, "chain": "Y2hhaW4"}
    header = {"alg": "ES256", "typ": "ipse-phone+jwt", "kid": PHONE}
    signed = jws.serialize_compact(header, json.dumps(payload).encode(), device, algorithms=["ES256"])
    proof = hmac.digest(code_key, signed.encode(), "sha256")
    assert once.private_key is not None
    secret = once.private_key.exchange(ec.ECDH(), channel.public_key)
    agreed = (len(b"A256GCM").to_bytes(4) + b"A256GCM") + bytes(4) + bytes(4) + (256).to_bytes(4)
    content = json.dumps({"jws": signed, "proof": b64u(proof)}).encode()
    sealing = {"alg": "ECDH-ES", "enc": "A256GCM", "typ": "ipse-phone-sealed+jwe", "kid": "channel-1"}
    sealed = jwe.encrypt_compact(sealing, content, channel, algorithms=["ECDH-ES", "A256GCM"])
    value = json.dumps("88051700015")
    vectors = {
        "device": {"private": device.as_dict(private=True), "thumbprint": device.thumbprint()},
        "channel": {"private": channel.as_dict(private=True)},
        "code_key": {"code": CODE, "salt": b64u(SALT), "phone": PHONE, "key": b64u(code_key)},
        "signed": {"payload": payload, "jws": signed},
        "proof": b64u(proof),
        "concat_kdf": {"secret": b64u(secret), "key": b64u(ConcatKDFHash(SHA256(), 32, agreed).derive(secret))},
        "sealed": {"content": json.loads(content), "jwe": sealed},
        "activation": activations(device),
        "commitment": {
            "salt": b64u(SALT),
            "name": "BENationalNumber",
            "value": json.loads(value),
            "commitment": b64u(hashlib.sha256(SALT + b"BENationalNumber\x00" + value.encode()).digest()),
        },
    }
    Path(__file__).with_name("phone_channel.json").write_text(json.dumps(vectors, indent=2) + "\n")


if __name__ == "__main__":
    main()
