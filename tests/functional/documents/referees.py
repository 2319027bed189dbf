"""Programs that others wrote, and what each of them says of our files."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from asn1crypto import cms, crl, ocsp, x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_basic_validation, ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from ipse.documents.model import Level
from tests.functional.documents.authority import Authority, der
from tests.support.presence import absent


@dataclass(frozen=True)
class Referees:
    """Each method fails the test unless its program is content."""

    authority: Authority
    folder: Path

    @property
    def root(self) -> Path:
        path = self.folder / "root.pem"
        if not path.exists():
            path.write_bytes(self.authority.root.public_bytes(Encoding.PEM))
        return path

    def run(self, *command: str, cwd: Path | None = None) -> str:
        if shutil.which(command[0]) is None:
            absent(command[0], "run `make test` as root")
        done = subprocess.run(command, cwd=cwd or self.folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def qpdf(self, pdf: bytes) -> None:
        assert "No syntax or stream encoding errors found" in self.run("qpdf", "--check", str(self.kept(pdf, "pdf")))

    def pdfsig(self, pdf: bytes, signatures: int) -> None:
        """Poppler with NSS, which asks for revocation itself: the authority must be serving."""
        store = self.folder / "nss"
        if not store.exists():
            store.mkdir()
            self.run("certutil", "-N", "--empty-password", "-d", f"sql:{store}")
            self.run("certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "CT,C,C", "-i", str(self.root))
        said = self.run("pdfsig", "-nssdir", f"sql:{store}", str(self.kept(pdf, "pdf")))
        assert said.count("Signature is Valid.") == signatures, said
        assert said.count("Certificate is Trusted.") == signatures, said

    def openssl(self, content: bytes, signature: bytes) -> None:
        """CMS with CAdES attributes, and the time stamp in it."""
        signed, named = self.kept(content, "bin"), self.kept(signature, "der")
        command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", str(named)]
        command += ["-content", str(signed), "-CAfile", str(self.root), "-purpose", "any", "-out", "/dev/null"]
        assert "CAdES Verification successful" in self.run(*command)
        information = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]
        for attribute in information["unsigned_attrs"]:
            if attribute["type"].native == "signature_time_stamp_token":
                self.stamp(attribute["values"][0].dump(), information["signature"].native)

    def stamp(self, token: bytes, content: bytes) -> None:
        command = ["openssl", "ts", "-verify", "-token_in", "-in", str(self.kept(token, "tst"))]
        command += ["-data", str(self.kept(content, "data")), "-CAfile", str(self.root)]
        command += ["-untrusted", str(self.kept(self.authority.issuing.public_bytes(Encoding.PEM), "pem"))]
        assert "Verification: OK" in self.run(*command)

    def ocsp(self, answer: bytes, certificate: bytes) -> None:
        """An answer that we put into a file."""
        issuer = self.kept(self.authority.issuing.public_bytes(Encoding.PEM), "pem")
        command = ["openssl", "ocsp", "-respin", str(self.kept(answer, "ocsp")), "-issuer", str(issuer)]
        command += [
            "-cert",
            str(self.kept(pem(certificate), "pem")),
            "-CAfile",
            str(self.root),
            "-verify_other",
            str(issuer),
        ]
        said = self.run(*command)
        assert "Response verify OK" in said
        assert ": good" in said

    def xmlsec(self, container: bytes, number: int, references: int) -> None:
        folder = self.folder / f"container-{number}-{len(container)}"
        with zipfile.ZipFile(BytesIO(container)) as archive:
            assert archive.infolist()[0].filename == "mimetype"
            assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
            archive.extractall(folder)
        command = ["xmlsec1", "--verify", "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
        command += ["--trusted-pem", str(self.root), f"META-INF/signatures{number}.xml"]
        said = self.run(*command, cwd=folder)
        assert f"SignedInfo References (ok/all): {references}/{references}" in said

    async def etsi(self, pdf: bytes, field: str, level: Level, *, short_term: bool = False) -> None:
        """EN 319 102-1 as pyHanko has it, by the algorithm of that level, with the evidence that belongs to it.

        `short_term`: the signer's certificate says that it needs no revocation; pyHanko does not read that by itself.
        """
        required = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
        signature = signature_of(pdf, field)
        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build([x509.Certificate.load(der(self.authority.root))]),
            revinfo_policy=CertRevTrustPolicy(
                RevocationCheckingPolicy(
                    ee_certificate_rule=RevocationCheckingRule.CHECK_IF_DECLARED if short_term else required,
                    intermediate_ca_cert_rule=required,
                )
            ),
        )
        spec = SignatureValidationSpec(
            cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            local_knowledge=self._knowledge(pdf, level),
        )
        if level is Level.B_LTA:
            archived = await ades_lta_validation(signature, PdfSignatureValidationSpec(spec))
            assert archived.ades_subindic is AdESPassed.OK, archived
            return
        digest = signature.compute_digest()
        if level is Level.B_B:
            basic = await ades_basic_validation(signature.signed_data, spec, raw_digest=digest)
            assert basic.ades_subindic is AdESPassed.OK, basic
        else:
            timed = await ades_with_time_validation(signature.signed_data, spec, raw_digest=digest)
            assert timed.ades_subindic is AdESPassed.OK, timed

    def _knowledge(self, pdf: bytes, level: Level) -> LocalKnowledge:
        """What is in the file for the long term; what is asked now, below that."""
        if level in {Level.B_LT, Level.B_LTA}:
            store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(pdf)))
            answers = [reference.get_object().data for reference in store.ocsps]
            lists = [reference.get_object().data for reference in store.crls]
        else:
            about = (self.authority.elliptic, self.authority.rsa, self.authority.stamper)
            answers = [self.authority.answer(one.certificate) for one in about]
            lists = [self.authority.crl_of("root")]
        return LocalKnowledge(
            known_ocsps=[one for each in answers for one in OCSPContainer.load_multi(ocsp.OCSPResponse.load(each))],
            known_crls=[CRLContainer(crl.CertificateList.load(each)) for each in lists],
            known_certs=[x509.Certificate.load(der(self.authority.issuing))],
        )

    def kept(self, content: bytes, kind: str) -> Path:
        path = self.folder / f"{hash(content) & 0xFFFFFFFF:x}.{kind}"
        path.write_bytes(content)
        return path


def pem(certificate: bytes) -> bytes:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def signature_of(pdf: bytes, field: str) -> EmbeddedPdfSignature:
    every: list[EmbeddedPdfSignature] = PdfFileReader(BytesIO(pdf)).embedded_signatures
    return next(one for one in every if one.field_name == field)


def signed_parts(pdf: bytes, field: str) -> tuple[bytes, bytes]:
    """What a signature of a PDF is over, and its CMS."""
    signature = signature_of(pdf, field)
    start, length, again, rest = map(int, signature.byte_range)
    return pdf[start : start + length] + pdf[again : again + rest], cms.ContentInfo.load(signature.pkcs7_content).dump()
