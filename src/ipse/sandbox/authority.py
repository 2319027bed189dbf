"""A certificate authority made on the spot, so that real phones on the same network can play over TLS.

It can vouch for one name only (name constraints, RFC 5280 §4.2.1.10), so trusting it risks little. The page that hands
it out is the one thing served without TLS: a phone cannot verify it before it has it, so the fingerprint is shown in
the terminal too.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.sandbox.places import Places
from ipse.sandbox.sight import Sight
from ipse.web.assets import Assets
from ipse.web.assets import routes as assets_routes

_AUTHORITY_DAYS: Final = 730
_SERVER_DAYS: Final = 365
"""Phones refuse server certificates of more than 398 days."""
_FRESH_DAYS: Final = 30
"""A server certificate that ends sooner is made anew at the next start."""


def certify(folder: Path, name: str, clock: Clock | None = None) -> None:
    """Make an authority and a server certificate for `name` in `folder`, unless good ones are there."""
    now = datetime.fromtimestamp((clock or SystemClock()).now() / SECOND, UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _still_good(folder, name, now):
        return
    kept = _kept_authority(folder, name, now)
    authority_key, authority = kept or _make_authority(name, now)
    if kept is None:
        _write(folder / "authority.key", _key_pem(authority_key), private=True)
        _write(folder / "authority.crt", _pem(authority))
    server_key, server = _make_server(name, now, authority_key, authority)
    _write(folder / "server.key", _key_pem(server_key), private=True)
    _write(folder / "server.crt", _pem(server) + _pem(authority))


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate, in pairs as phones show it."""
    return _pairs(x509.load_pem_x509_certificate(certificate.read_bytes()))


def handing_out(places: Places) -> Starlette:
    """The page, without TLS, from which a phone takes the authority."""
    certificate = x509.load_pem_x509_certificate(Path(places.authority or "").read_bytes())
    der = certificate.public_bytes(serialization.Encoding.DER)
    assets = Assets(("ipse.web", "ipse.sandbox"))
    sight = Sight.of(assets, places, ())

    async def page(_: Request) -> Response:
        return sight.page("world/authority.html", places=places, fingerprint=_pairs(certificate))

    async def file(_: Request) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="ipse-sandbox.crt"', "Cache-Control": "no-store"}
        return Response(der, media_type="application/x-x509-ca-cert", headers=headers)

    return Starlette(routes=[Route("/", page), Route("/authority.crt", file), *assets_routes(assets)])


def _pairs(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _still_good(folder: Path, name: str, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate((folder / "server.crt").read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    lasts = certificate.not_valid_after_utc - now > timedelta(days=_FRESH_DAYS)
    return lasts and _general_name(name) in list(names)


def _kept_authority(
    folder: Path, name: str, now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    """The authority that phones trust already, if it is for this name and outlives another server certificate."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    lasts = certificate.not_valid_after_utc - now > timedelta(days=_SERVER_DAYS)
    fits = limits.permitted_subtrees == [_constraint(name)]
    return (key, certificate) if lasts and fits and isinstance(key, ec.EllipticCurvePrivateKey) else None


def _make_authority(name: str, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ipse sandbox authority for {name}")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(subject, subject, key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([_constraint(name)], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _make_server(
    name: str, now: datetime, authority_key: ec.EllipticCurvePrivateKey, authority: x509.Certificate
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(subject, authority.subject, key, now, _SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return key, certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, private: bool = False) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb") as file:
        file.write(content)
