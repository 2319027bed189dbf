"""A maker of phones, whose phones attest their keys: what a real phone's secure hardware says, said by the sandbox.

The chain has the form that Android phones give (key attestation extension, OID 1.3.6.1.4.1.11129.2.1.17), below a root
of the sandbox that carries its mark. Here everybody gets every key attested, so production believes none of it.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ipse.kernel.ids import b64u_decode
from ipse.standards import sandbox_mark

PATH: Final = "/maker"
_EXTENSION: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
_BEGAN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_ENDS: Final = datetime(2049, 12, 31, tzinfo=UTC)
_MOST_BYTES: Final = 4096


class Wish(msgspec.Struct, frozen=True):
    """A phone's wish: its key's public coordinates and the challenge, base64url; and how it is."""

    x: str
    y: str
    challenge: str
    level: int = 1
    """0 software, 1 trusted environment, 2 strong box."""
    locked: bool = True
    boot: int = 0
    """0 verified, 1 self-signed, 2 unverified, 3 failed."""
    model: str = ""
    """Said by the hardware, where it is not empty."""


@dataclass(frozen=True, slots=True)
class Maker:
    """The maker's root, and the key that it puts into every phone."""

    root: x509.Certificate
    batch: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Load what `folder` keeps, or make it."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "maker.json"
        if not path.exists():
            content = msgspec.json.encode(_made())
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `create` made.

        Raises:
            FileNotFoundError: nothing yet.
        """
        kept = msgspec.json.decode((folder / "maker.json").read_bytes(), type=dict[str, str])
        key = serialization.load_pem_private_key(kept["key"].encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError
        root, batch = (x509.load_pem_x509_certificate(kept[name].encode()) for name in ("root", "batch"))
        return cls(root, batch, key)

    @property
    def pem(self) -> bytes:
        """The root, for the scheme's settings."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def attest(self, wish: Wish) -> dict[str, Any]:
        """The `attestation` member of a phone's `enrol` message."""
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(b64u_decode(wish.x)), int.from_bytes(b64u_decode(wish.y)), ec.SECP256R1()
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Android Keystore Key")])
        described = x509.UnrecognizedExtension(_EXTENSION, _description(wish))
        builder = _builder(subject, self.batch.subject, numbers.public_key()).add_extension(described, critical=False)
        leaf = builder.sign(self.key, hashes.SHA256())
        chain = (leaf, self.batch, self.root)
        encoded = [b64encode(each.public_bytes(serialization.Encoding.DER)).decode() for each in chain]
        return {"format": "android-key", "x5c": encoded}

    def routes(self) -> list[Route]:
        """`POST /maker/attest`."""

        async def attest(request: Request) -> Response:
            body = await request.body()
            try:
                wish = msgspec.json.decode(body[:_MOST_BYTES], type=Wish)
                return JSONResponse(self.attest(wish))
            except (msgspec.DecodeError, ValueError) as error:
                return JSONResponse({"error": f"x, y and challenge as base64url: {error}"}, 400)

        return [Route(PATH + "/attest", attest, methods=["POST"])]


def _made() -> dict[str, str]:
    root_key, key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, batch_name = _name("Sandbox phone maker"), _name("Sandbox phones, batch 1")
    root = _authority(root_name, root_name, root_key.public_key(), None).sign(root_key, hashes.SHA384())
    batch = _authority(batch_name, root_name, key.public_key(), 0).sign(root_key, hashes.SHA384())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "root": root.public_bytes(serialization.Encoding.PEM).decode(),
        "batch": batch.public_bytes(serialization.Encoding.PEM).decode(),
        "key": private.decode(),
    }


def _name(text: str) -> x509.Name:
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, sandbox_mark.UNIT)
    return x509.Name([unit, x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGAN)
        .not_valid_after(_ENDS - timedelta(days=1))
    )


def _authority(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, below: int | None
) -> x509.CertificateBuilder:
    policy = x509.PolicyInformation(sandbox_mark.POLICY, None)
    return (
        _builder(subject, issuer, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(x509.CertificatePolicies([policy]), critical=False)
    )


# -- the extension (DER), as the hardware writes it


def _description(wish: Wish) -> bytes:
    level = _der(0x0A, bytes([wish.level]))
    version = _der(0x02, b"\x64")
    root = _der(0x30, _der(4, bytes(32)) + _der(1, b"\xff" if wish.locked else b"\x00") + _der(10, bytes([wish.boot])))
    hardware = _der(0x30, _explicit(1, _der(0x31, _der(2, b"\x02"))) + _explicit(2, _der(2, b"\x03"))
        + _explicit(702, _der(2, b"\x00")) + _explicit(704, root)
        + (_explicit(717, _der(0x04, wish.model.encode())) if wish.model else b""))  # fmt: skip
    challenge = _der(0x04, b64decode(wish.challenge + "==", altchars=b"-_"))
    return _der(0x30, version + level + version + level + challenge + _der(4, b"") + _der(0x30, b"") + hardware)


def _explicit(number: int, content: bytes) -> bytes:
    if number < 31:
        return _der(0xA0 | number, content)
    return b"\xbf" + bytes([0x80 | number >> 7, number & 0x7F]) + _der(0, content)[1:]


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2)
    return bytes([tag]) + length + content
