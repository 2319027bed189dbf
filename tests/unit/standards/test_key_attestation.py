"""What proves that a device key is in a phone's hardware, and everything that does not (B-5)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ipse.kernel.ids import b64u
from ipse.sandbox.maker import Maker, Wish
from ipse.standards import key_attestation
from ipse.standards.key_attestation import AttestationError, Presented, read_chain, verify
from ipse.standards.phone_channel import public_jwk

if TYPE_CHECKING:
    from pathlib import Path

CHALLENGE = bytes(range(32))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    folder: Path = tmp_path_factory.mktemp("maker")
    return Maker.create(folder)


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def presented(maker: Maker, key: ec.EllipticCurvePrivateKey, **how: Any) -> Presented:
    jwk = public_jwk(key.public_key())
    wish = Wish(x=jwk["x"], y=jwk["y"], challenge=b64u(how.pop("challenge", CHALLENGE)), **how)
    return Presented(
        chain=read_chain(maker.attest(wish)["x5c"]),
        device_key=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        challenge=CHALLENGE,
        roots=(maker.root,),
        revoked=(),
        now=NOW,
    )


@pytest.mark.parametrize(("level", "name"), [(1, "trusted_environment"), (2, "strong_box")])
def test_a_key_in_hardware_is_believed(maker: Maker, key: ec.EllipticCurvePrivateKey, level: int, name: str) -> None:
    assert verify(presented(maker, key, level=level)).level == name


def test_the_root_need_not_be_sent(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    whole = presented(maker, key)
    assert verify(replace(whole, chain=whole.chain[:2])).level == "trusted_environment"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a key in software": ({"level": 0}, "not in secure hardware"),
    "an unlocked phone": ({"locked": False}, "unlocked"),
    "a system of its own": ({"boot": 1}, "unlocked"),
    "an unverified system": ({"boot": 2}, "unlocked"),
    "a failed start": ({"boot": 3}, "unlocked"),
    "another installation": ({"challenge": bytes(32)}, "for something else"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_hardware_admits_is_refused(maker: Maker, key: ec.EllipticCurvePrivateKey, name: str) -> None:
    how, why = REFUSED[name]
    with pytest.raises(AttestationError, match=why):
        verify(presented(maker, key, **how))


def test_somebody_elses_key_is_refused(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(AttestationError, match="another key"):
        verify(replace(presented(maker, other), device_key=presented(maker, key).device_key))


def test_a_maker_nobody_trusts_is_refused(
    maker: Maker, key: ec.EllipticCurvePrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A root of the same name with another key is still another root."""
    stranger = Maker.create(tmp_path_factory.mktemp("stranger"))
    for roots, why in (((stranger.root,), "broken|whom this installation trusts"), ((), "trusts")):
        with pytest.raises(AttestationError, match=why):
            verify(replace(presented(maker, key), roots=roots))


def test_a_revoked_batch_is_refused(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(AttestationError, match="revoked"):
        verify(replace(presented(maker, key), revoked={maker.batch.serial_number}))


def test_an_authority_out_of_time_is_refused(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(AttestationError, match="not valid now"):
        verify(replace(presented(maker, key), now=NOW + timedelta(days=365 * 40)))


def test_an_attested_key_attests_no_other(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    """Whoever has a real phone could sign a certificate for a key in software with the phone's own attested key."""
    real = presented(maker, key)
    software = ec.generate_private_key(ec.SECP256R1())
    described = real.chain[0].extensions.get_extension_for_oid(key_attestation.EXTENSION).value
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Android Keystore Key")])
    forged = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(real.chain[0].subject)
        .public_key(software.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(described, critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = (forged, *real.chain)
    own = software.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(AttestationError):
        verify(replace(real, chain=chain, device_key=own))
    with pytest.raises(AttestationError, match="first certificate alone"):
        key_attestation.check_only_one_says_so(replace(real, chain=chain, device_key=own))


@pytest.mark.parametrize("sent", [None, [], ["AA=="], ["%%", "%%"], [1, 2], ["AA=="] * 9, "x5c"])
def test_what_is_no_chain_is_refused(sent: object) -> None:
    with pytest.raises(AttestationError):
        read_chain(sent)


@given(st.binary(max_size=300))
def test_no_extension_breaks_the_reader(octets: bytes) -> None:
    """Whatever a maker's certificate holds, the answer is a refusal."""
    key = ec.derive_private_key(5, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "k")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.UnrecognizedExtension(key_attestation.EXTENSION, octets), critical=False)
        .sign(key, hashes.SHA256())
    )
    (read,) = (x509.load_der_x509_certificate(certificate.public_bytes(Encoding.DER)),)
    for check in (key_attestation.check_hardware, key_attestation.check_use, key_attestation.check_boot):
        with pytest.raises(AttestationError):
            check(Presented((read, read), b"", CHALLENGE, (), (), NOW))


def test_a_message_holds_certificates_as_base64(maker: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    chain = presented(maker, key).chain
    encoded = [b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain]
    assert read_chain(encoded) == tuple(chain)
