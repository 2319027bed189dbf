"""Signed files as others make them: PDF by pyHanko, CAdES by pyHanko, ASiC-E by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import algos, tsp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator import ValidationContext

from tests.support.signing_authority import Authority, Holder

TEXT = "I owe Ada one hundred euros."
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"


def paper(text: str = TEXT, *, form: bool = False) -> bytes:
    """A PDF of one page with a line of text, and a field to fill in where it is a form."""
    content = f"BT /F1 18 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R" + (b" /AcroForm << /Fields [6 0 R] >>" if form else b"") + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"
        + (b" /Annots [6 0 R]" if form else b"") + b" >>",
        b"<< /Length " + str(len(content)).encode() + b" >>\nstream\n" + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    if form:
        objects.append(
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (100) /Rect [72 600 200 620] /P 3 0 R /F 4 >>"
        )
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += str(number).encode() + b" 0 obj\n" + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 " + str(len(objects) + 1).encode() + b"\n0000000000 65535 f \n"
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += b"trailer\n<< /Size " + str(len(objects) + 1).encode() + b" /Root 1 0 R /ID [<00><00>] >>\nstartxref\n"
    return bytes(out + str(start).encode() + b"\n%%EOF\n")


def sign_pdf(
    authority: Authority,
    holder: Holder,
    pdf: bytes,
    *,
    level: str = "B-B",
    field: str = "Signature1",
    box: tuple[int, int, int, int] | None = None,
    certify: MDPPerm | None = None,
    stamped_at: datetime | None = None,
    digest: str = "sha256",
    reason: str | None = None,
    pades: bool = True,
    stamper: Any = None,
) -> bytes:
    """A PDF with one more signature, of a level."""
    context = _context(authority, holder, stamped_at) if level in {"B-LT", "B-LTA"} else None
    meta = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=SigSeedSubFilter.PADES if pades else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        certify=certify is not None,
        docmdp_permissions=certify or MDPPerm.FILL_FORMS,
        embed_validation_info=context is not None,
        validation_context=context,
        use_pades_lta=level == "B-LTA",
        reason=reason,
    )
    stamper = stamper or (None if level == "B-B" else authority.stamper(stamped_at))
    spec = SigFieldSpec(field, on_page=0, box=box) if box else None
    signer = PdfSigner(meta, signer=authority.signer(holder), timestamper=stamper, new_field_spec=spec)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = asyncio.run(signer.async_sign_pdf(writer))
    return bytes(out.getvalue())


def _context(authority: Authority, holder: Holder, stamped_at: datetime | None) -> ValidationContext:
    at = (stamped_at or authority.now) + timedelta(seconds=1)
    return ValidationContext(
        trust_roots=[authority.root.loaded],
        other_certs=[authority.issuing.loaded],
        moment=at,
        ocsps=[authority.ocsp_response(each.certificate, at) for each in (holder, authority.stamping)],
        crls=[authority.crl_list(at)],
        revocation_mode="require",
        retroactive_revinfo=True,
    )


def sign_cades(
    authority: Authority,
    holder: Holder,
    content: bytes,
    *,
    detached: bool = True,
    stamped: bool = True,
    digest: str = "sha256",
) -> bytes:
    """A CMS in DER."""
    signer = authority.signer(holder)
    message = asyncio.run(
        signer.async_sign_general_data(
            content,
            digest,
            detached=detached,
            use_cades=True,
            timestamper=authority.stamper() if stamped else None,
            signed_attr_settings=signers.pdf_cms.PdfCMSSignedAttributes(
                signing_time=authority.now, cades_signed_attrs=CAdESSignedAttrSpec()
            ),
        )
    )
    return bytes(message.dump())


@dataclass(frozen=True)
class Sealed:
    """What an ASiC-E container is made of."""

    files: Mapping[str, bytes]
    signature: bytes
    manifest: bytes

    def packed(self, more: tuple[tuple[str, bytes], ...] = ()) -> bytes:
        """The container, with further entries."""
        entries = [
            *self.files.items(), ("META-INF/manifest.xml", self.manifest),
            ("META-INF/signatures0.xml", self.signature), *more,
        ]  # fmt: skip
        return pack(entries)


def pack(entries: list[tuple[str, bytes]]) -> bytes:
    """A zip file that begins as an ASiC-E container does."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", (2026, 1, 1, 0, 0, 0)), MEDIA_TYPE)
        for name, data in entries:
            entry = zipfile.ZipInfo("x", (2026, 1, 1, 0, 0, 0))
            entry.filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Otherwise a name that stands twice is warned of.
            archive.NameToInfo.pop(name, None)
            archive.writestr(entry, data)
    return out.getvalue()


def manifest(files: Mapping[str, bytes]) -> bytes:
    """What the container says that it holds."""
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    root = etree.Element(f"{{{space}}}manifest", nsmap={"manifest": space})
    for name, kind in [("/", MEDIA_TYPE), *((name, "text/plain") for name in files)]:
        entry = etree.SubElement(root, f"{{{space}}}file-entry")
        entry.set(f"{{{space}}}full-path", name)
        entry.set(f"{{{space}}}media-type", kind)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def sign_asic(
    authority: Authority,
    holder: Holder,
    files: Mapping[str, bytes],
    *,
    level: str = "B-LT",
    stamp_over: bytes | None = None,
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256",
    named: Holder | None = None,
) -> Sealed:
    """A XAdES signature over files."""
    properties = _properties(authority, named or holder, len(files))
    root = etree.Element(f"{{{ASIC}}}XAdESSignatures", nsmap={"asic": ASIC, "ds": DS, "xades": XADES})
    signature = etree.SubElement(root, f"{{{DS}}}Signature", Id="S0")
    info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXC)
    etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
    name = "sha1" if digest.endswith("sha1") else "sha256"
    for number, (path, data) in enumerate(files.items()):
        _reference(info, f"r{number}", path, digest, hashlib.new(name, data).digest())
    value = etree.SubElement(signature, f"{{{DS}}}SignatureValue", Id="V0")
    key_info = etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
    etree.SubElement(key_info, f"{{{DS}}}X509Certificate").text = _b64(holder.der)
    qualifying = etree.SubElement(
        etree.SubElement(signature, f"{{{DS}}}Object"), f"{{{XADES}}}QualifyingProperties", Target="#S0"
    )
    qualifying.append(properties)
    canonical = etree.tostring(properties, method="c14n", exclusive=True)
    _reference(info, "rp", "#P0", digest, hashlib.new(name, canonical).digest(), properties=True)
    assert isinstance(holder.key, ec.EllipticCurvePrivateKey)
    signed = holder.key.sign(etree.tostring(info, method="c14n", exclusive=True), ec.ECDSA(SHA256()))
    value.text = _b64(b"".join(half.to_bytes(32, "big") for half in decode_dss_signature(signed)))
    if level != "B-B":
        over = stamp_over or etree.tostring(value, method="c14n", exclusive=True)
        _unsigned(authority, holder, qualifying, over, long_term=level == "B-LT")
    xml = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Sealed(files, bytes(xml), manifest(files))


def _properties(authority: Authority, holder: Holder, count: int) -> Any:
    properties = etree.Element(f"{{{XADES}}}SignedProperties", Id="P0", nsmap={"xades": XADES, "ds": DS})
    signed = etree.SubElement(properties, f"{{{XADES}}}SignedSignatureProperties")
    etree.SubElement(signed, f"{{{XADES}}}SigningTime").text = authority.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    cert = etree.SubElement(etree.SubElement(signed, f"{{{XADES}}}SigningCertificateV2"), f"{{{XADES}}}Cert")
    _digest(etree.SubElement(cert, f"{{{XADES}}}CertDigest"), hashlib.sha256(holder.der).digest())
    data = etree.SubElement(properties, f"{{{XADES}}}SignedDataObjectProperties")
    for number in range(count):
        entry = etree.SubElement(data, f"{{{XADES}}}DataObjectFormat", ObjectReference=f"#r{number}")
        etree.SubElement(entry, f"{{{XADES}}}MimeType").text = "text/plain"
    return properties


def _unsigned(authority: Authority, holder: Holder, qualifying: Any, over: bytes, *, long_term: bool) -> None:
    unsigned = etree.SubElement(
        etree.SubElement(qualifying, f"{{{XADES}}}UnsignedProperties"), f"{{{XADES}}}UnsignedSignatureProperties"
    )
    stamp = etree.SubElement(unsigned, f"{{{XADES}}}SignatureTimeStamp")
    etree.SubElement(stamp, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXC)
    etree.SubElement(stamp, f"{{{XADES}}}EncapsulatedTimeStamp").text = _b64(token(authority, over))
    if long_term:
        certificates = etree.SubElement(unsigned, f"{{{XADES}}}CertificateValues")
        for each in (authority.issuing, authority.root):
            etree.SubElement(certificates, f"{{{XADES}}}EncapsulatedX509Certificate").text = _b64(each.der)
        values = etree.SubElement(etree.SubElement(unsigned, f"{{{XADES}}}RevocationValues"), f"{{{XADES}}}OCSPValues")
        for person in (holder, authority.stamping):
            response = authority.ocsp_response(person.certificate, authority.now)
            etree.SubElement(values, f"{{{XADES}}}EncapsulatedOCSPValue").text = _b64(response)


def token(authority: Authority, over: bytes, at: datetime | None = None) -> bytes:
    """A time-stamp token over bytes."""
    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": hashlib.sha256(over).digest(),
            },
            "cert_req": True,
        }
    )
    response = authority.stamper(at).request_tsa_response(request)
    return bytes(response["time_stamp_token"].dump())


def _reference(info: Any, id_: str, uri: str, algorithm: str, digest: bytes, *, properties: bool = False) -> None:
    reference = etree.SubElement(info, f"{{{DS}}}Reference", Id=id_, URI=uri)
    if properties:
        reference.set("Type", "http://uri.etsi.org/01903#SignedProperties")
        transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
        etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXC)
    _digest(reference, digest, algorithm)


def _digest(parent: Any, digest: bytes, algorithm: str = "http://www.w3.org/2001/04/xmlenc#sha256") -> None:
    etree.SubElement(parent, f"{{{DS}}}DigestMethod", Algorithm=algorithm)
    etree.SubElement(parent, f"{{{DS}}}DigestValue").text = _b64(digest)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
