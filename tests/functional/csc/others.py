"""What programs that we did not write say of files that came out of the signing API."""

from __future__ import annotations

import subprocess
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.certification import RunningCertification


def _said(*command: object, folder: Path) -> str:
    done = subprocess.run([str(each) for each in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def accept_pdf(folder: Path, pdf: bytes) -> None:
    """Poppler and qpdf: its chain aside, for nobody has told them of a test's root."""
    (folder / "a.pdf").write_bytes(pdf)
    assert _said("pdfsig", "-nocert", "a.pdf", folder=folder).count("Signature is Valid.") == 1
    _said("qpdf", "--check", "a.pdf", folder=folder)


def accept_cades(folder: Path, content: bytes, signature: bytes, certification: RunningCertification) -> None:
    """OpenSSL, with the whole chain."""
    (folder / "a.bin").write_bytes(content)
    (folder / "a.p7s").write_bytes(signature)
    verify = ("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "a.p7s", "-content", "a.bin")
    trusted = ("-CAfile", certification.root_pem, "-certfile", certification.issuing_pem, "-purpose", "any")
    assert "CAdES Verification successful" in _said(*verify, *trusted, "-out", "/dev/null", folder=folder)


def accept_container(folder: Path, container: bytes, certification: RunningCertification) -> None:
    """xmlsec1, with the whole chain."""
    with zipfile.ZipFile(BytesIO(container)) as archive:
        archive.extractall(folder)
        [signature] = [name for name in archive.namelist() if name.endswith(".xml") and "signatures" in name]
    verify = ("xmlsec1", "--verify", "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties")
    trusted = ("--trusted-pem", certification.root_pem, "--untrusted-pem", certification.issuing_pem)
    assert "References (ok/all): 2/2" in _said(*verify, *trusted, signature, folder=folder)
