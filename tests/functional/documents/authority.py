"""An authority with signers, OCSP, CRLs and time stamps, made by another hand than what is tested: `cryptography`."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import algos, cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ipse.documents.errors import NotAnswered

PORTS = range(24150, 24160)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Signer:
    key: Key
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...]

    @property
    def certificates(self) -> tuple[bytes, ...]:
        return tuple(der(one) for one in (self.certificate, *self.issuers))

    def sign(self, digest: bytes, hash_: str = "sha256") -> bytes:
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        prehashed = Prehashed({"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[hash_])
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(digest, padding.PKCS1v15(), prehashed)
        return self.key.sign(digest, ec.ECDSA(prehashed))


def _name(common_name: str, **more: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    parts += [x509.NameAttribute(getattr(NameOID, key.upper()), value) for key, value in more.items()]
    return x509.Name(parts)


def _usage(**allowed: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names.split()})


@dataclass
class Authority:
    """Root, issuing authority, and what they say. `delay` dates answers back; `down` names what does not answer."""

    delay: timedelta = timedelta()
    down: set[str] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    address: str = f"http://127.0.0.1:{PORTS[0]}"

    @cached_property
    def _root_key(self) -> Key:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _issuing_key(self) -> Key:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def root(self) -> x509.Certificate:
        return self._issue("Test Root", self._root_key.public_key(), issuer=None, authority=True)

    @cached_property
    def issuing(self) -> x509.Certificate:
        return self._issue("Test Issuing", self._issuing_key.public_key(), issuer="root", authority=True)

    @cached_property
    def responder(self) -> Signer:
        extra = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False), (x509.OCSPNoCheck(), False)]
        return self._end("Test OCSP", ec.generate_private_key(ec.SECP256R1()), "digital_signature", extra)

    @cached_property
    def stamper(self) -> Signer:
        extra = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)]
        return self._end("Test Time Stamps", ec.generate_private_key(ec.SECP256R1()), "digital_signature", extra)

    @cached_property
    def elliptic(self) -> Signer:
        return self.person("Ängström Évrard", ec.generate_private_key(ec.SECP256R1()))

    @cached_property
    def rsa(self) -> Signer:
        return self.person("Lies Peeters", rsa.generate_private_key(65537, 2048))

    def person(self, name: str, key: Key) -> Signer:
        return self._end(name, key, "content_commitment", [])

    @property
    def authorities(self) -> tuple[bytes, ...]:
        return der(self.root), der(self.issuing)

    def _end(self, name: str, key: Key, usage: str, extra: list[tuple[Any, bool]]) -> Signer:
        certificate = self._issue(
            name, key.public_key(), issuer="issuing", extra=[(_usage(**{usage: True}), True), *extra]
        )
        return Signer(key, certificate, (self.issuing,))

    def _issue(
        self,
        name: str,
        key: Any,
        *,
        issuer: str | None,
        authority: bool = False,
        extra: list[tuple[Any, bool]] | None = None,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = _name(name)
        issued_by = {None: subject, "root": _name("Test Root"), "issuing": _name("Test Issuing")}[issuer]
        signing = self._issuing_key if issuer == "issuing" else self._root_key
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issued_by)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if authority:
            builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        if issuer:
            builder = builder.add_extension(_points(f"{self.address}/{issuer}.crl"), critical=False)
        if issuer == "issuing":
            builder = builder.add_extension(_access(f"{self.address}/ocsp"), critical=False)
        for extension, critical in extra or ():
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signing, hashes.SHA256())

    # What it is asked, as `Ask` has it.

    async def timestamp(self, digest: bytes) -> bytes:
        self._up("timestamp")
        return self.token(digest)

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        self._up("ocsp")
        return self.answer(x509.load_der_x509_certificate(certificate))

    async def crl(self, url: str) -> bytes:
        self._up("crl")
        return self.crl_of(url.rsplit("/", 1)[1].removesuffix(".crl"))

    def _up(self, what: str) -> None:
        self.asked.append(what)
        if what in self.down:
            raise NotAnswered

    def token(self, digest: bytes) -> bytes:
        hash_ = {32: "sha256", 48: "sha384", 64: "sha512"}[len(digest)]
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.3.6.1.4.1.99999.1",
                "message_imprint": {"hash_algorithm": {"algorithm": hash_}, "hashed_message": digest},
                "serial_number": x509.random_serial_number(),
                "gen_time": datetime.now(UTC).replace(microsecond=0),
                "accuracy": {"seconds": 1},
            }
        )
        signer = self.stamper
        certificate = algos_certificate(signer.certificate)
        named = {"certs": [{"cert_hash": hashlib.sha256(der(signer.certificate)).digest()}]}
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]}),
                cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]}),
            ]
        )
        attributes = cms.CMSAttributes.load(attributes.dump())
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info.dump())},
            "certificates": [certificate, algos_certificate(self.issuing)],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        {
                            "issuer_and_serial_number": {
                                "issuer": certificate.issuer,
                                "serial_number": certificate.serial_number,
                            }
                        }
                    ),
                    "digest_algorithm": {"algorithm": "sha256"},
                    "signed_attrs": attributes,
                    "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                    "signature": signer.sign(hashlib.sha256(attributes.dump()).digest()),
                }
            ],
        }
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())

    def answer(self, certificate: x509.Certificate) -> bytes:
        said = datetime.now(UTC).replace(microsecond=0) - self.delay
        revoked = certificate.serial_number in self.revoked
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self.issuing,
                algorithm=hashes.SHA1(),
                cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
                this_update=said,
                next_update=said + timedelta(hours=1),
                revocation_time=said if revoked else None,
                revocation_reason=x509.ReasonFlags.certificate_hold if revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
            .certificates([self.responder.certificate])
        )
        return builder.sign(self.responder.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def crl_of(self, issuer: str) -> bytes:
        said = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        key, certificate = {"root": (self._root_key, self.root), "issuing": (self._issuing_key, self.issuing)}[issuer]
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(certificate.subject)
            .last_update(said)
            .next_update(said + timedelta(days=1))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        for serial in self.revoked if issuer == "issuing" else ():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(said).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def serve(self) -> ThreadingHTTPServer:
        """OCSP and CRLs over HTTP, for programs that ask by themselves."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(authority.crl_of(self.path.removeprefix("/").removesuffix(".crl")))

            def do_POST(self) -> None:
                question = ocsp.load_der_ocsp_request(self.rfile.read(int(self.headers["Content-Length"])))
                known = (authority.elliptic, authority.rsa, authority.stamper, authority.responder)
                about = next(one for one in known if one.certificate.serial_number == question.serial_number)
                self._send(authority.answer(about.certificate))

            def _send(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        server = _bound(Handler)
        self.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def _bound(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    for port in PORTS:
        with contextlib.suppress(OSError):
            return ThreadingHTTPServer(("127.0.0.1", port), handler)
    raise AssertionError("no free port")


def algos_certificate(certificate: x509.Certificate) -> Any:
    from asn1crypto import x509 as asn1

    return asn1.Certificate.load(der(certificate))


def _points(url: str) -> x509.CRLDistributionPoints:
    name = x509.UniformResourceIdentifier(url)
    return x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None)])


def _access(url: str) -> x509.AuthorityInformationAccess:
    name = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, name)])
