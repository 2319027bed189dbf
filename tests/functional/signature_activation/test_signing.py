"""Keys are made, certified, used and destroyed; what they sign, others verify (B-50, B-52, B-54)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.ids import b64u_decode
from tests.functional.signature_activation.phones import digests, shown, signature

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.signature_activation.conftest import Asking


def verify(certificate: bytes, value: bytes, digest: bytes, algorithm: hashes.HashAlgorithm | None = None) -> None:
    key = x509.load_der_x509_certificate(certificate).public_key()
    prehashed = Prehashed(algorithm or hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(value, digest, ec.ECDSA(prehashed))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(value, digest, padding.PKCS1v15(), prehashed)


def verify_with_openssl(folder: Path, certificate: bytes, value: bytes, digest: bytes) -> None:
    key = x509.load_der_x509_certificate(certificate).public_key()
    (folder / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "value").write_bytes(value)
    (folder / "digest").write_bytes(digest)
    line = "openssl pkeyutl -verify -pubin -inkey key.pem -sigfile value -in digest -pkeyopt digest:sha256"
    done = subprocess.run(line.split(), cwd=folder, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("algorithm", ["P-256", "RSA-2048"])
def test_a_credential_is_made_certified_and_signs_in_order(asking: Asking, algorithm: str, tmp_path: Path) -> None:
    """B-50, B-52: as many signatures as digests were shown, in their order, verified by two others."""
    phone, name = asking.phone(), f"whole-{algorithm}"
    made = asking.create(phone.create(name, algorithm))
    assert (made["credential"], made["algorithm"], made["attested"]) == (name, algorithm, False)
    asked = x509.load_der_x509_csr(b64u_decode(made["request"]))
    assert asked.is_signature_valid
    names = "2.5.4.5=PNOBE-85073003328,2.5.4.4=Lovelace,2.5.4.42=Ada,CN=Ada Lovelace,C=BE"
    assert asked.subject.rfc4514_string() == names
    certificate = asking.certify(name, made["request"])
    what = digests(3)
    values = asking.sign(phone.approve(shown(signature(name, what, algorithm))))
    for value, digest in zip(values, what, strict=True):
        verify(certificate, value, digest)
    verify_with_openssl(tmp_path, certificate, values[0], what[0])
