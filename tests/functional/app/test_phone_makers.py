"""Makers of phones: a sandbox's root is refused in production, any other in a sandbox, before anybody is served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.sandbox.maker import Maker
from tests.functional.app.installation import Place


@pytest.fixture(scope="module")
def sandboxs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The root that `ipse sandbox` writes."""
    folder: Path = tmp_path_factory.mktemp("makers")
    return written(folder, Maker.create(folder / "world").pem)


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A root without the mark, as a maker's is."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maker")])
    now = datetime.now(UTC)
    root = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return written(tmp_path_factory.mktemp("maker"), root.public_bytes(Encoding.PEM))


def written(folder: Path, pem: bytes) -> str:
    path = folder / "makers.pem"
    path.write_bytes(pem)
    return str(path)


def test_production_does_not_start_with_a_sandboxs_maker(proper: Place, sandboxs: str) -> None:
    """There anybody gets any key attested: a forged phone would reach `high` (B-5)."""
    told = proper.changed(phones={"attestation_roots": sandboxs}).refusal()
    assert "is of a sandbox, where anybody attests anything" in told


def test_a_sandbox_does_not_start_with_a_makers_own(small: Place, makers: str) -> None:
    told = small.changed(phones={"attestation_roots": makers}).refusal()
    assert "does not carry the sandbox's mark" in told


@pytest.mark.parametrize(
    ("phones", "reason"),
    [
        ({"attestation_roots": "/nowhere.pem"}, "phones.attestation_roots /nowhere.pem cannot be used: No such file"),
        ({"revoked": ["no number"]}, "'no number' is no hexadecimal serial number"),
    ],
)
def test_nothing_starts_with_what_cannot_be_read(small: Place, phones: dict[str, object], reason: str) -> None:
    assert reason in small.changed(phones=phones).refusal()


def test_nothing_starts_with_push_services_it_cannot_use(small: Place) -> None:
    """Named origins over TLS, and somebody whom they can turn to."""
    told = small.changed(push={"services": ["http://push.example", "https://push.example/"]}).refusal()
    assert "http://push.example is not protected on its way" in told
    assert "push.services is 'https://push.example/'" in told
    assert "push.contact is ''" in told
