"""Documents signed with certificates, answers and time stamps of our own certification service, asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from ipse.documents.model import Aim, Enclosure, Level, Missing, Placing, Prepared, Statement
from ipse.documents.service import Documents
from tests.functional.documents.authority import Signer, der
from tests.functional.documents.conftest import now
from tests.functional.documents.samples import pdf
from tests.functional.documents.test_pdf import BOX, STAMP
from tests.support.certification import Certified, RunningCertification, running

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.processes]
PORT = 24160


class Asking:
    """What an installation does with its own clients, in a few lines."""

    def __init__(self, service: RunningCertification) -> None:
        self._service = service

    async def timestamp(self, digest: bytes) -> bytes:
        request = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
                "cert_req": True,
            }
        )
        answer = await self._post(self._service.scheme_settings["timestamps"], request.dump(), "timestamp-query")
        token: bytes = tsp.TimeStampResp.load(answer)["time_stamp_token"].dump()
        return token

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        about, by = (x509.load_der_x509_certificate(one) for one in (certificate, issuer))
        access = about.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        url = next(
            one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.OCSP
        )
        question = ocsp.OCSPRequestBuilder().add_certificate(about, by, hashes.SHA1()).build()
        return await self._post(url, question.public_bytes(serialization.Encoding.DER), "ocsp-request")

    async def crl(self, url: str) -> bytes:
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.get(url)).content

    async def _post(self, url: str, body: bytes, kind: str) -> bytes:
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.post(url, content=body, headers={"Content-Type": f"application/{kind}"})).content


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("certification"), PORT) as service:
        yield service


def signer(issued: Certified) -> Signer:
    return Signer(issued.key, issued.certificate, (issued.issuer,))


async def finished(
    documents: Documents, service: RunningCertification, by: Signer, prepared: Prepared, kind: str
) -> tuple[Level, Missing | None]:
    trusted = [x509.load_pem_x509_certificate(path.read_bytes()) for path in (service.root_pem, service.issuing_pem)]
    level = {"pdf": Level.B_LTA, "asic": Level.B_LT, "cades": Level.B_T}[kind]
    aim = Aim(level=level, authorities=tuple(der(one) for one in trusted), at=now())
    finish = {"pdf": documents.finish_pdf, "asic": documents.finish_asic, "cades": documents.finish_cades}[kind]
    done = await finish(prepared.state, by.sign(prepared.digest), aim, Asking(service))
    assert done.signed_at is not None
    assert abs(done.signed_at - round(datetime.now(UTC).timestamp() * 1_000_000)) < 10_000_000
    return done.level, done.missing


@pytest.mark.parametrize("algorithm", ["rsa", "elliptic"])
async def test_every_format_reaches_its_level(
    documents: Documents, service: RunningCertification, algorithm: str
) -> None:
    key = rsa.generate_private_key(65537, 2048) if algorithm == "rsa" else ec.generate_private_key(ec.SECP256R1())
    by = signer(service.issue(key))
    statement = Statement(certificates=by.certificates, claimed_at=now(), role="Tenant", reason="Agreed")
    prepared = {
        "pdf": await documents.prepare_pdf(pdf(pages=2), statement, Placing(stamp=STAMP, box=BOX)),
        "cades": await documents.prepare_cades(bytes(32), statement),
        "asic": await documents.prepare_asic((Enclosure(name="a", media_type="text/plain", content=b"a"),), statement),
    }
    reached = {kind: await finished(documents, service, by, one, kind) for kind, one in prepared.items()}
    assert reached == {"pdf": (Level.B_LTA, None), "cades": (Level.B_T, None), "asic": (Level.B_LT, None)}


async def test_a_certificate_on_hold_gets_no_further(documents: Documents, service: RunningCertification) -> None:
    by = signer(service.issue())
    service.set_status(by.certificate, "on_hold")
    statement = Statement(certificates=by.certificates, claimed_at=now())
    prepared = await documents.prepare_pdf(pdf(), statement)
    assert await finished(documents, service, by, prepared, "pdf") == (Level.B_T, Missing.REVOKED)
