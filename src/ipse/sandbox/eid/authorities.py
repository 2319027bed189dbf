"""The authorities behind the cards: two roots, and below each who issues and signs. Made with the world, kept with it.

For cards of applet 1.8 everything is P-384, for older cards RSA; foreigners' cards come from an authority of their own.
Every certificate carries the sandbox's mark (`standards.sandbox_mark`), so that production takes none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.sandbox.eid import certificates
from ipse.sandbox.eid.certificates import Issuer, PrivateKey, Validity

_BEGAN: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""Before any card of the sandbox was issued."""
_YEARS: Final = timedelta(days=20 * 365)
_FILE: Final = "authorities.json"

ROOTS: Final = ("root", "root-rsa")
ISSUING: Final = ("citizen", "foreigner", "citizen-rsa")
SIGNERS: Final = ("rrn", "rrn-rsa")


class _Kept(msgspec.Struct, frozen=True):
    """A key and its certificate, PEM."""

    key: str
    certificate: str


class _Document(msgspec.Struct, frozen=True):
    """What is kept in the file."""

    places: str
    pairs: dict[str, _Kept]


@dataclass(frozen=True, slots=True)
class Authorities:
    """Who issues and who signs, by name; `places` is where they are reached."""

    folder: Path
    places: str
    pairs: dict[str, Issuer]

    @classmethod
    def create(cls, folder: Path, places: str, clock: Clock | None = None) -> Self:
        """Load what `folder` keeps, or make it. Certificates name addresses: at another place all is made anew."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _FILE
        if not path.exists() or cls.load(folder).places != places:
            moment = (clock or SystemClock()).now() / SECOND
            pairs = _made(places, datetime.fromtimestamp(moment, UTC).replace(microsecond=0))
            document = _Document(places, {name: _kept(pair) for name, pair in pairs.items()})
            _write_private(path, msgspec.json.format(msgspec.json.encode(document)))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `create` made.

        Raises:
            FileNotFoundError: nothing yet.
        """
        document = msgspec.json.decode((folder / _FILE).read_bytes(), type=_Document)
        pairs = {name: _read(name, kept, document.places) for name, kept in document.pairs.items()}
        return cls(folder, document.places, pairs)

    def issuing(self, *, elliptic: bool, foreigner: bool) -> Issuer:
        """Who issues a person's certificates."""
        if not elliptic:
            return self.pairs["citizen-rsa"]
        return self.pairs["foreigner" if foreigner else "citizen"]

    def signer(self, *, elliptic: bool) -> Issuer:
        """Who signs the files: the National Register."""
        return self.pairs["rrn" if elliptic else "rrn-rsa"]

    def root(self, *, elliptic: bool) -> Issuer:
        """The root of an authority."""
        return self.pairs["root" if elliptic else "root-rsa"]

    def responder(self, issuing: str) -> Issuer:
        """Who answers for the authority of that name."""
        return self.pairs[f"ocsp-{issuing}"]

    def pem(self, *names: str) -> bytes:
        """Those certificates."""
        encoded = (self.pairs[name].certificate.public_bytes(serialization.Encoding.PEM) for name in names)
        return b"".join(encoded)


def _made(places: str, now: datetime) -> dict[str, Issuer]:
    validity = Validity(_BEGAN, now + _YEARS)
    pairs: dict[str, Issuer] = {}

    def keep(name: str, key: PrivateKey, certificate: x509.Certificate) -> Issuer:
        pairs[name] = Issuer(name, key, certificate, places)
        return pairs[name]

    for suffix, elliptic in (("", True), ("-rsa", False)):
        key = certificates.new_key(elliptic=elliptic)
        subject = certificates.name(f"Sandbox eID Root{' RSA' if suffix else ''}")
        root = keep(f"root{suffix}", key, certificates.root(key, subject, validity))
        key = certificates.new_key(elliptic=elliptic)
        # The National Register's signers are all called so.
        keep(f"rrn{suffix}", key, certificates.signer(key, certificates.name("RRN"), validity, root))
        for name in (name for name in ISSUING if name.endswith("-rsa") == bool(suffix)):
            key = certificates.new_key(elliptic=elliptic)
            called = certificates.name(f"Sandbox {name.removesuffix('-rsa').title()} CA{' RSA' if suffix else ''}")
            issuing = keep(name, key, certificates.authority(key, called, validity, root))
            key = certificates.new_key(elliptic=True)
            subject = certificates.name(f"Sandbox OCSP Responder {name}")
            keep(f"ocsp-{name}", key, certificates.responder(key, subject, validity, issuing))
    return pairs


def _kept(pair: Issuer) -> _Kept:
    return _Kept(
        key=pair.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate=pair.certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def _read(name: str, kept: _Kept, places: str) -> Issuer:
    key = serialization.load_pem_private_key(kept.key.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"{name} has a key of another kind")
    return Issuer(name, key, x509.load_pem_x509_certificate(kept.certificate.encode()), places)


def _write_private(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)
