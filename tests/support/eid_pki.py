"""The golden eID: authorities, cards and files made by the tests themselves, right or wrong in one point at a time.

Written from the specifications and shared with nobody: not with the sandbox's cards, which are a second reading. Keys
are made once for a test run.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
ORIGIN = "https://id.example:8443"
NONCE = b64encode(bytes(range(48))).decode()
NUMBER = "88051799907"
RESPONDER = "http://ocsp.eid.example/"


def key(name: str, kind: str = "P-384") -> Key:
    """The key of that name: `P-256`, `P-384`, `P-521`, `RSA-2048` or `RSA-1024`."""
    return _made(name, kind)


@cache
def _made(_: str, kind: str) -> Key:
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def name(common: str, **parts: str) -> x509.Name:
    """A subject."""
    kinds = {"serial": NameOID.SERIAL_NUMBER, "surname": NameOID.SURNAME, "given": NameOID.GIVEN_NAME}
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    attributes += [x509.NameAttribute(kinds[part], value) for part, value in parts.items()]
    return x509.Name(attributes)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A certificate to be: a card's authentication certificate, unless told otherwise."""

    subject: x509.Name = field(
        default_factory=lambda: name("Ada Peeters (Authentication)", serial=NUMBER, surname="Peeters", given="Ada")
    )
    holder: str = "card"
    kind: str = "P-384"
    issuer: str = "Citizen CA"
    issuer_key: str = "citizen"
    issuer_kind: str = "P-384"
    begins: datetime = NOW - timedelta(days=365)
    ends: datetime = NOW + timedelta(days=365)
    usage: tuple[str, ...] | None = ("digital_signature",)
    uses: tuple[ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    policies: tuple[str, ...] = ("2.16.56.12.1.1.2.2",)
    authority: bool | None = None
    authority_key: str | None = "citizen"
    """Whose key the authority key identifier names; None leaves it out."""
    responder: str | None = RESPONDER
    serial: int = 0x10000000000083
    hash: hashes.SHA256 | hashes.SHA384 = field(default_factory=hashes.SHA384)


_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def certificate(draft: Draft) -> x509.Certificate:
    """Issue it."""
    public = key(draft.holder, draft.kind).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(draft.subject)
        .issuer_name(name(draft.issuer))
        .public_key(public)
        .serial_number(draft.serial)
        .not_valid_before(draft.begins)
        .not_valid_after(draft.ends)
    )
    if draft.usage is not None:
        builder = builder.add_extension(x509.KeyUsage(**{each: each in draft.usage for each in _USAGES}), critical=True)
    if draft.uses is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(draft.uses), critical=False)
    if draft.policies:
        stated = [x509.PolicyInformation(ObjectIdentifier(each), None) for each in draft.policies]
        builder = builder.add_extension(x509.CertificatePolicies(stated), critical=False)
    if draft.authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=draft.authority, path_length=None), critical=True)
    if draft.authority_key is not None:
        # The kind of key does not matter to a digest that is only compared.
        identifier = x509.AuthorityKeyIdentifier(hashlib.sha256(draft.authority_key.encode()).digest()[:20], None, None)
        builder = builder.add_extension(identifier, critical=False)
    if draft.responder is not None:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(draft.responder)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    return builder.sign(key(draft.issuer_key, draft.issuer_kind), draft.hash)


def authority_draft(common: str = "Citizen CA", *, holder: str = "citizen", kind: str = "P-384") -> Draft:
    """An authority that signed itself."""
    return Draft(
        subject=name(common),
        holder=holder,
        kind=kind,
        issuer=common,
        issuer_key=holder,
        issuer_kind=kind,
        begins=NOW - timedelta(days=3650),
        ends=NOW + timedelta(days=3650),
        usage=("key_cert_sign", "crl_sign"),
        uses=None,
        policies=(),
        authority=True,
        authority_key=None,
        responder=None,
    )


@cache
def citizen() -> x509.Certificate:
    """The authority that issues the golden cards."""
    return certificate(authority_draft())


@cache
def citizen_rsa() -> x509.Certificate:
    """The same with RSA."""
    return certificate(authority_draft("Citizen CA RSA", holder="citizen-rsa", kind="RSA-2048"))


def rsa_card() -> Draft:
    """A card of the older kind."""
    return Draft(
        holder="card-rsa",
        kind="RSA-2048",
        issuer="Citizen CA RSA",
        issuer_key="citizen-rsa",
        issuer_kind="RSA-2048",
        hash=hashes.SHA256(),
        uses=None,
    )


# -- tokens

HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def signature(draft: Draft, algorithm: str, *, origin: str = ORIGIN, nonce: str = NONCE) -> bytes:
    """What the card signs: H(origin) followed by H(nonce)."""
    chosen = HASHES[algorithm[2:]]
    data = hashlib.new(chosen.name, origin.encode()).digest() + hashlib.new(chosen.name, nonce.encode()).digest()
    private = key(draft.holder, draft.kind)
    if isinstance(private, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        return private.sign(data, padding.PKCS1v15() if algorithm.startswith("RS") else pss, chosen)
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(chosen)))
    size = (private.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def members(draft: Draft | None = None, *, algorithm: str = "ES384", **signed: str) -> dict[str, Any]:
    """A token of format 1.0."""
    draft = draft or Draft()
    return {
        "unverifiedCertificate": b64encode(certificate(draft).public_bytes(Encoding.DER)).decode(),
        "algorithm": algorithm,
        "signature": b64encode(signature(draft, algorithm, **signed)).decode(),
        "format": "web-eid:1.0",
        "appVersion": "https://web-eid.eu/web-eid-app/releases/2.7.0+0",
    }


def signing_draft() -> Draft:
    """The certificate for signatures on the golden card."""
    return Draft(
        subject=name("Ada Peeters (Signature)", serial=NUMBER, surname="Peeters", given="Ada"),
        holder="card-signing",
        usage=("content_commitment",),
        uses=None,
        serial=0x10000000000084,
    )


SUPPORTED = [{"cryptoAlgorithm": "ECC", "hashFunction": "SHA-384", "paddingScheme": "NONE"}]


def members_1_1(signing: Draft | None = None, **changed: Any) -> dict[str, Any]:
    """A token of format 1.1."""
    der = certificate(signing or signing_draft()).public_bytes(Encoding.DER)
    entry = {"certificate": b64encode(der).decode(), "supportedSignatureAlgorithms": SUPPORTED}
    return members() | {"format": "web-eid:1.1", "unverifiedSigningCertificates": [entry]} | changed


def text(token: dict[str, Any]) -> str:
    """A token as a page receives it."""
    return msgspec.json.encode(token).decode()


# -- what a responder says


def responder_draft() -> Draft:
    """Somebody whom the authority lets answer."""
    return Draft(
        subject=name("OCSP Responder"),
        holder="responder",
        usage=("digital_signature",),
        uses=(ExtendedKeyUsageOID.OCSP_SIGNING,),
        policies=(),
        responder=None,
        serial=77,
    )


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An answer to be: good, fresh, and by the appointed responder, unless told otherwise."""

    about: Draft = field(default_factory=Draft)
    by: Draft = field(default_factory=responder_draft)
    issuer: x509.Certificate = field(default_factory=citizen)
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: datetime = NOW
    next_update: datetime | None = NOW + timedelta(hours=1)
    nonce: bytes | None = b"n" * 32
    certificates: bool = True
    by_name: bool = False
    hash: hashes.HashAlgorithm = field(default_factory=hashes.SHA384)


def answer(statement: Statement) -> bytes:
    """The answer as DER."""
    revoked = statement.status is ocsp.OCSPCertStatus.REVOKED
    by = certificate(statement.by)
    encoding = ocsp.OCSPResponderEncoding.NAME if statement.by_name else ocsp.OCSPResponderEncoding.HASH
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate(statement.about),
            issuer=statement.issuer,
            algorithm=hashes.SHA1(),
            cert_status=statement.status,
            this_update=statement.this_update,
            next_update=statement.next_update,
            revocation_time=statement.this_update if revoked else None,
            revocation_reason=None,
        )
        .responder_id(encoding, by)
    )
    if statement.nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(statement.nonce), critical=False)
    if statement.certificates:
        builder = builder.certificates([by])
    private = key(statement.by.holder, statement.by.kind)
    return builder.sign(private, statement.hash).public_bytes(Encoding.DER)


def der(tag: int, content: bytes) -> bytes:
    """A DER value."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def parts(octets: bytes) -> list[tuple[int, bytes]]:
    """The values inside a constructed DER value: tag and content of each."""
    found, place = [], 0
    while place < len(octets):
        tag, length, place = octets[place], octets[place + 1], place + 2
        if length & 0x80:
            count = length & 0x7F
            length, place = int.from_bytes(octets[place : place + count], "big"), place + count
        found.append((tag, octets[place : place + length]))
        place += length
    return found


_ECDSA_SHA1 = bytes.fromhex("06072a8648ce3d0401")
_ECDSA_SHA384 = bytes.fromhex("06082a8648ce3d040303")


def restated(octets: bytes, *, statements: int = 1, signer: str = "responder", sha_1: bool = False) -> bytes:
    """The same answer with its one statement that many times, signed anew: what no library would make."""
    ((_, response),) = parts(octets)
    status, wrapped = parts(response)
    ((_, response_bytes),) = parts(wrapped[1])
    kind, (_, basic) = parts(response_bytes)
    ((_, basic_content),) = parts(basic)
    data, _, _, *certificates = parts(basic_content)
    inside = parts(data[1])
    index = next(place for place, (tag, _) in enumerate(inside) if tag == 0x30)
    inside[index] = (0x30, inside[index][1] * statements)
    signed = der(0x30, b"".join(der(*part) for part in inside))
    private = key(signer)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    chosen: hashes.HashAlgorithm = hashes.SHA1() if sha_1 else hashes.SHA384()
    signature_bits = der(0x03, b"\0" + private.sign(signed, ec.ECDSA(chosen)))
    algorithm = der(0x30, _ECDSA_SHA1 if sha_1 else _ECDSA_SHA384)
    rest = b"".join(der(*part) for part in certificates)
    new_basic = der(0x30, signed + algorithm + signature_bits + rest)
    new_bytes = der(0x30, der(*kind) + der(0x04, new_basic))
    return der(0x30, der(*status) + der(0xA0, new_bytes))


# -- the files


def tlv(fields: dict[int, bytes]) -> bytes:
    """A file, lengths as the card specification has them."""
    octets = b""
    for tag, value in fields.items():
        chained, rest = divmod(len(value), 255)
        octets += bytes([tag]) + b"\xff" * chained + bytes([rest]) + value
    return octets


PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"


def identity_fields(*, basic_key: bool = True, **changed: str | bytes) -> dict[int, bytes]:
    """What stands in the identity file; `changed` by `t<tag>`."""
    fields: dict[int, str | bytes] = {
        0: b"\x02", 1: "592001447102", 2: bytes(16), 3: "01.02.2021", 4: "01.02.2031", 5: "Gent", 6: NUMBER,
        7: "Peeters", 8: "Ada Renée", 9: "M", 10: "Belg", 11: "Gent", 12: "17 MEI  1988", 13: "V", 14: "", 15: "01",
        16: "0", 17: hashlib.sha384(PHOTO).digest(), 18: "", 19: "",
    }  # fmt: skip
    if basic_key:
        fields[26] = hashlib.sha384(basic_spki()).digest()
    fields |= {int(tag[1:]): value for tag, value in changed.items()}
    return {tag: value.encode() if isinstance(value, str) else value for tag, value in fields.items()}


def address_file() -> bytes:
    """117 bytes, as on the card."""
    fields = {0: b"\x00", 1: "Rue de l'Été 12 bte 3".encode(), 2: b"9000", 3: b"Gent"}
    return tlv(fields).ljust(117, b"\0")


def basic_spki() -> bytes:
    """The card's own key."""
    return key("basic").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def answered(challenge: bytes) -> bytes:
    """What the card's own key answers."""
    private = key("basic")
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(private.sign(challenge, ec.ECDSA(utils.Prehashed(hashes.SHA384()))))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


@cache
def root(kind: str = "P-384") -> x509.Certificate:
    """The root of the register's signers."""
    return certificate(authority_draft(f"Root {kind}", holder=f"root-{kind}", kind=kind))


def signer_draft(kind: str = "P-384") -> Draft:
    """The register's signature certificate."""
    return Draft(
        subject=name("RRN"),
        holder=f"rrn-{kind}",
        kind=kind,
        issuer=f"Root {kind}",
        issuer_key=f"root-{kind}",
        issuer_kind=kind,
        uses=None,
        policies=(),
        hash=hashes.SHA384() if kind == "P-384" else hashes.SHA256(),
    )


def register_signature(data: bytes, kind: str = "P-384") -> bytes:
    """How the register signs a file; elliptic ones lie in a file of 150 bytes."""
    private = key(f"rrn-{kind}", kind)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return private.sign(data, ec.ECDSA(hashes.SHA384())).ljust(150, b"\0")


def files(challenge: bytes, *, kind: str = "P-384", identity: bytes | None = None, **changed: bytes | None) -> Any:
    """A card's files, signed; `kind` says by which key of the register."""
    from ipse.standards.eid_card import CardFiles

    elliptic = kind == "P-384"
    identity = identity or tlv(identity_fields(basic_key=elliptic))
    identity_signature = register_signature(identity, kind)
    address = address_file()
    good: dict[str, Any] = {
        "identity": identity,
        "identity_signature": identity_signature,
        "address": address,
        "address_signature": register_signature(address.rstrip(b"\0") + identity_signature, kind),
        "photo": PHOTO,
        "rrn_certificate": certificate(signer_draft(kind)).public_bytes(Encoding.DER) + bytes(40),
        "basic_key": basic_spki() + bytes(3) if elliptic else None,
        "challenge_signature": answered(challenge) if elliptic else None,
    }
    return CardFiles(**good | changed)
