"""Good files of each format and level pass, and tools that others wrote say the same."""

from __future__ import annotations

import dataclasses
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from pyhanko.generated.etsi.ts_11910202 import ValidationReport
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from xsdata.formats.dataclass.parsers import XmlParser

from ipse.documents.validation.model import Changes, Indication, Quality, Verdict, Why
from tests.support.presence import absent
from tests.support.signed_papers import paper, sign_asic, sign_cades, sign_pdf
from tests.support.signing_authority import DAY, Authority, Holder
from tests.support.tampering import text_changed
from tests.unit.documents.validation.conftest import Judge


def tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        absent(name, f"apt-get install {package}")
    return path


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_pdf(level: str, authority: Authority, ada: Holder, judged: Judge) -> None:
    validation = judged(sign_pdf(authority, ada, paper(), level=level, reason="I agree"))
    first = validation.signatures[0]
    assert (validation.verdict, first.indication, first.level) == (Verdict.UNCHANGED, Indication.PASSED, level)
    assert first.signer is not None
    assert (first.signer.name, first.signer.country, first.text) == ("Ada Peeters", "BE", "I agree")
    assert first.signer.quality is Quality.TEST
    assert (first.proven_at is None) is (level == "B-B")
    assert [each.kind for each in validation.signatures] == ["signature", *(["timestamp"] if level == "B-LTA" else [])]


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT"])
def test_container(level: str, authority: Authority, ada: Holder, judged: Judge) -> None:
    files = {"a.txt": b"a", "contrat signé.txt": b"b"}
    validation = judged(sign_asic(authority, ada, files, level=level).packed())
    first = validation.signatures[0]
    assert (validation.verdict, first.level, first.covers) == (Verdict.UNCHANGED, level, tuple(files))
    assert first.claimed_at == int(authority.now.timestamp()) * 1_000_000


@pytest.mark.parametrize(("stamped", "level"), [(False, "B-B"), (True, "B-T")])
def test_cades(stamped: bool, level: str, authority: Authority, ada: Holder, judged: Judge) -> None:
    validation = judged(sign_cades(authority, ada, b"a", stamped=stamped), detached=b"a")
    assert (validation.verdict, validation.signatures[0].level) == (Verdict.UNCHANGED, level)


def test_years_later(authority: Authority, ada: Holder, judged: Judge) -> None:
    """The signer's certificate and the answers about it have run out; archive time stamps have not."""
    brief = authority.issue("Brief", days=(-400, -340))
    then = authority.now - 350 * DAY
    file = sign_pdf(authority, brief, paper(), level="B-LTA", stamped_at=then)
    validation = judged(file)
    assert [(each.indication, each.sub) for each in validation.signatures] == [(Indication.PASSED, None)] * 2
    assert validation.verdict is Verdict.UNCHANGED


def test_several_signers(authority: Authority, ada: Holder, ben: Holder, judged: Judge) -> None:
    first = sign_pdf(authority, ada, paper(), level="B-T", box=(60, 60, 200, 120))
    blank = judged(sign_pdf(authority, ben, first, field="Ben", box=(300, 60, 500, 120)))
    assert (blank.verdict, blank.signatures[0].changes) == (Verdict.UNCHANGED, Changes.SIGNATURES)
    # One that lies over what the first signer saw is told of.
    over = judged(sign_pdf(authority, ben, first, field="Ben", box=(60, 690, 400, 730)))
    assert (over.verdict, over.signatures[0].reasons[0].code) == (Verdict.CHANGED, Why.SIGNATURE_OVER_CONTENT)
    hidden = judged(sign_pdf(authority, ben, first, field="Ben"))
    assert hidden.verdict is Verdict.UNCHANGED


def test_a_field_that_was_there_before(authority: Authority, ada: Holder, ben: Holder, judged: Judge) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(paper()))
    append_signature_field(writer, SigFieldSpec("Ben", on_page=0, box=(60, 690, 400, 730)))
    out = io.BytesIO()
    writer.write(out)
    first = sign_pdf(authority, ada, out.getvalue(), field="Ada")
    assert judged(sign_pdf(authority, ben, first, field="Ben")).verdict is Verdict.UNCHANGED


def test_an_empty_field_that_shows_something(authority: Authority, ada: Holder, judged: Judge) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(sign_pdf(authority, ada, paper(), field="Ada")))
    append_signature_field(writer, SigFieldSpec("Eve", on_page=0, box=(60, 690, 400, 730)))
    writer.root["/AcroForm"]["/Fields"][-1][pdf_name("/TU")] = pdf_name("/x")
    out = io.BytesIO()
    writer.write(out)
    assert judged(out.getvalue()).verdict in {Verdict.CHANGED, Verdict.INVALID}


def test_the_report_names_what_was_found(authority: Authority, ada: Holder, judged: Judge, signed: bytes) -> None:
    good, bad = judged(signed), judged(text_changed(signed))
    for each in (good, bad):
        # Nothing in it is unknown to the schema, and nothing is missing.
        assert XmlParser().from_string(each.report, ValidationReport).signature_validation_report
    names = {"vr": "http://uri.etsi.org/19102/v1.2.1#"}
    found = etree.fromstring(good.report.encode())
    assert found.xpath("string(//vr:MainIndication)", namespaces=names) == "urn:etsi:019102:mainindication:total-passed"
    assert len(found.xpath("//vr:ValidationObject", namespaces=names)) == 3
    assert found.xpath("//vr:Signer/text()", namespaces=names) == ["Ada Peeters"]
    refused = etree.fromstring(bad.report.encode())
    assert refused.xpath("string(//vr:SubIndication)", namespaces=names) == (
        "urn:etsi:019102:subindication:HASH_FAILURE"
    )


# -- referees


def test_poppler_says_the_same(
    authority: Authority, ada: Holder, ben: Holder, signed: bytes, judged: Judge, tmp_path: Path
) -> None:
    pdfsig = tool("pdfsig", "poppler-utils")
    for file, holds in ((signed, True), (text_changed(signed), False)):
        path = tmp_path / "file.pdf"
        path.write_bytes(file)
        command = [pdfsig, "-nocert", str(path)]
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30).stdout
        assert ("Signature is Valid" in said) is holds
        assert (judged(file).verdict is Verdict.UNCHANGED) is holds


def test_openssl_says_the_same(authority: Authority, ada: Holder, judged: Judge, tmp_path: Path) -> None:
    openssl = tool("openssl", "openssl")
    signature, root, content = tmp_path / "a.p7s", tmp_path / "root.pem", tmp_path / "a.txt"
    signature.write_bytes(sign_cades(authority, ada, b"a"))
    root.write_bytes(authority.root.certificate.public_bytes(Encoding.PEM))
    for data, holds in ((b"a", True), (b"b", False)):
        content.write_bytes(data)
        command = [openssl, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", str(signature),
                   "-content", str(content), "-CAfile", str(root), "-purpose", "any", "-out", "/dev/null"]  # fmt: skip
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
        assert (said.returncode == 0) is holds, said.stderr
        assert (judged(signature.read_bytes(), detached=data).verdict is Verdict.UNCHANGED) is holds


def test_xmlsec_says_the_same(authority: Authority, ada: Holder, judged: Judge, tmp_path: Path) -> None:
    xmlsec1 = tool("xmlsec1", "xmlsec1")
    sealed = sign_asic(authority, ada, {"a.txt": b"a"})
    path, root = tmp_path / "signatures0.xml", tmp_path / "root.pem"
    pems = [each.certificate.public_bytes(Encoding.PEM) for each in (authority.root, authority.issuing)]
    root.write_bytes(pems[0])
    (tmp_path / "issuing.pem").write_bytes(pems[1])
    path.write_bytes(sealed.signature)
    for data, holds in ((b"a", True), (b"b", False)):
        (tmp_path / "a.txt").write_bytes(data)
        command = [xmlsec1, "--verify", "--trusted-pem", str(root), "--untrusted-pem", str(tmp_path / "issuing.pem"),
                   "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties", str(path)]  # fmt: skip
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, cwd=tmp_path)
        assert (said.returncode == 0) is holds, said.stderr
        container = dataclasses.replace(sealed, files={"a.txt": data}).packed()
        assert (judged(container).verdict is Verdict.UNCHANGED) is holds
        assert re.search(r"References.*2/2", said.stderr + said.stdout) or not holds
