"""Keys are made, certified, used and destroyed; what they sign, others verify (B-50, B-52, B-54)."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from ipse.kernel.ids import b64u, b64u_decode
from ipse.kernel.settings import SettingsError
from ipse.sandbox.maker import Maker, Wish
from ipse.signing.clients.activation import ActivationClient
from ipse.signing.errors import ActivationRefused, SigningUnavailable
from ipse.standards import phone_channel
from ipse.standards.key_attestation import challenge
from ipse.standards.signature_activation import (
    ECDSA_SHA384,
    ECDSA_SHA512,
    RSA_SHA384,
    RSA_SHA512,
    Activated,
    NewCredential,
)
from tests.functional.signature_activation.phones import Phone, creation, digests, shown, signature

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.signature_activation.conftest import Asking
    from tests.functional.signature_activation.processes import Place


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


def test_a_long_name_of_many_bytes_is_in_the_request(asking: Asking) -> None:
    """RFC 5280 counts 64 characters, whatever they weigh."""
    phone, name = asking.phone(), "Zoé " * 16
    document = shown(creation("long-name", common_name=name[:64], given_name="Zoé", surname="Đặng " * 20))
    made = asking.create(NewCredential(approval=phone.approve(document), device_key=phone.public))
    request = b64u_decode(made["request"])
    assert x509.load_der_x509_csr(request).is_signature_valid
    assert name[:64].encode() in request


@pytest.mark.parametrize(
    ("algorithm", "oid", "hash_name", "kind"),
    [
        ("P-256", ECDSA_SHA384, "SHA-384", hashes.SHA384()),
        ("P-256", ECDSA_SHA512, "SHA-512", hashes.SHA512()),
        ("RSA-2048", RSA_SHA384, "SHA-384", hashes.SHA384()),
        ("RSA-2048", RSA_SHA512, "SHA-512", hashes.SHA512()),
    ],
)
def test_longer_digests_are_signed(
    asking: Asking, algorithm: str, oid: str, hash_name: str, kind: hashes.HashAlgorithm
) -> None:
    phone, name = asking.phone(), f"long-{oid}".replace(".", "-")
    certificate = asking.certify(name, asking.create(phone.create(name, algorithm))["request"])
    what = digests(2, kind.name)
    asked = signature(name, what, algorithm, hash_algorithm=hash_name, sign_algorithm=oid)
    for value, digest in zip(asking.sign(phone.approve(shown(asked))), what, strict=True):
        verify(certificate, value, digest, kind)


def test_seventy_are_signed_by_one_approval(asking: Asking) -> None:
    phone = asking.phone()
    what = digests(70)
    assert len(asking.sign(phone.approve(shown(signature(asking.credential(phone), what))))) == 70


def test_many_people_sign_at_once(asking: Asking) -> None:
    """Each thread has a session with the module of its own, and each credential its turn."""
    phones = [asking.phone() for _ in range(4)]
    names = [asking.credential(phone) for phone in phones]
    approvals = [
        phone.approve(shown(signature(name, digests()))) for phone, name in zip(phones, names, strict=True)
    ] * 8
    with ThreadPoolExecutor(8) as many:
        assert all(many.map(asking.sign, approvals))


def test_one_approval_makes_a_credential_and_signs_with_it(asking: Asking) -> None:
    """B-50, B-52: the code key proves itself once, and the approval signs once."""
    phone, name, what = asking.phone(), "both", digests(2)
    approved = phone.approve(shown(creation(name), signature(name, what)))
    new = NewCredential(approval=approved, device_key=phone.public)
    made = asking.create(new)
    assert asking.refused(approved) == "not_certified"
    assert asking.create(new) == made
    certificate = asking.certify(name, made["request"])
    values = asking.sign(approved)
    for value, digest in zip(values, what, strict=True):
        verify(certificate, value, digest)
    assert asking.sign(approved) == values
    assert asking.create(new) == made
    asking.sign(phone.approve(shown(signature(name, digests()))))


def test_a_creation_sealed_again_changes_nothing(asking: Asking) -> None:
    """The scheme opens no activation, but can seal the approval once more: what was made first stays."""
    phone, name = asking.phone(), "again"
    new = phone.create(name)
    made = asking.create(new)
    inside = phone.approval(b64u_decode(new.approval.shown))
    resealed = Activated(new.approval.shown, phone_channel.seal_activation(phone.receiving, inside, code_key=b"k" * 32))
    status, answer = asking.post("/credentials", replace(new, approval=resealed))
    assert (status, answer["code"]) == (409, "used")
    asking.certify(name, made["request"])
    asking.sign(phone.approve(shown(signature(name, digests()))))


def _attested(maker: Maker, phone: Phone, **how: Any) -> dict[str, Any]:
    about = {"challenge": b64u(challenge("https://id.example")), **how}
    said = maker.attest(Wish(x=phone.public["x"], y=phone.public["y"], **about))
    return {"format": "android-key", "x5c": said["x5c"], "issuer": "https://id.example"}


def test_a_device_key_is_attested_by_its_maker_alone(asking: Asking, maker: Maker, tmp_path: Path) -> None:
    """SCAL2 is claimed for phones whose key is known to be in hardware: judged here, not by the scheme."""
    phone, other = asking.phone(), asking.phone()
    stranger = Maker.create(tmp_path / "another-maker")
    for number, (attestation, attested) in enumerate(
        [
            (_attested(maker, phone), True),
            (_attested(stranger, phone), False),
            (_attested(maker, other), False),
            (_attested(maker, phone, level=0), False),
            (_attested(maker, phone, challenge=b64u(bytes(32))), False),
            ({"format": "another"}, False),
        ]
    ):
        new = replace(phone.create(f"attested-{number}"), attestation=attestation)
        assert asking.create(new)["attested"] is attested, number


async def test_the_client_of_the_scheme_says_the_same(served: Place, asking: Asking) -> None:
    client = ActivationClient(served.address)
    phone, name = asking.phone(), "by-client"
    assert msgspec.to_builtins(await client.key()) == phone.receiving
    made = await client.create(phone.create(name))
    certificate = asking.authority.certify(made.request)
    await client.certify(name, certificate)
    what = digests()
    signed = await client.sign(phone.approve(shown(signature(name, what))))
    verify(certificate, b64u_decode(signed.signatures[0]), what[0])
    with pytest.raises(ActivationRefused) as refused:
        await client.sign(phone.approve(shown(signature(name, what)), code="11111"))
    assert refused.value.refusal == "wrong_code"
    await client.end(name, "deleted")
    await client.end(name, "deleted")
    await client.end("nobody", "deleted")
    await client.end("../key", "deleted")
    with pytest.raises(ActivationRefused):
        await client.certify("../key", certificate)
    await client.close()


async def test_the_client_says_that_nobody_is_there(tmp_path: Path) -> None:
    client = ActivationClient(f"unix:{tmp_path}/nobody")
    with pytest.raises(SigningUnavailable):
        await client.key()
    await client.close()
    with pytest.raises(SettingsError, match="unix:"):
        ActivationClient("https://signature-activation.example")
