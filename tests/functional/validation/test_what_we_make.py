"""What this installation signs itself, with certificates of its own authority, is judged as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.app.composition import build_scheme
from ipse.app.keystores import create_keystore, open_keystore
from ipse.documents.model import Aim, Box, Enclosure, Level, Placing, Stamp, Statement
from ipse.documents.service import Documents
from ipse.documents.validation.model import Anchors, Quality, Validation, Verdict, Why
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, sha256
from ipse.kernel.settings import Environment, SettingsError
from ipse.kernel.settings.parts import Certification, Papers, Signing
from ipse.signing.clients.authorities import read_authorities
from ipse.signing.clients.revocation import RevocationClient
from ipse.storage.database import open_database
from ipse.storage.migrations import migrate
from ipse.validation.service import Brought, Validations
from tests.functional.documents.authority import Signer
from tests.functional.documents.conftest import now
from tests.functional.documents.samples import pdf
from tests.functional.documents.test_with_certification import Asking
from tests.functional.oidc.in_process import client_of
from tests.functional.oidc.installation import settings_at
from tests.support.certification import RunningCertification, running
from tests.support.signed_papers import paper, sign_pdf
from tests.support.signing_authority import Authority
from tests.support.signing_authority import now as moment

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.processes]
PORT = 24240
STAMP = Stamp(heading="Signed with Ipse", name="Nora Peeters")
COMMITMENT = "1.2.840.113549.1.9.16.6.5"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("certification"), PORT) as service:
        yield service


@pytest.fixture(scope="module")
def signer(service: RunningCertification) -> Signer:
    issued = service.issue()
    return Signer(issued.key, issued.certificate, (issued.issuer,))


@pytest.fixture(scope="module")
def authorities(service: RunningCertification) -> tuple[x509.Certificate, ...]:
    return read_authorities(service.scheme_settings["authorities"], Environment.SANDBOX)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judging(authorities: tuple[x509.Certificate, ...]) -> AsyncIterator[Validations]:
    papers = Papers()
    revocation = RevocationClient(authorities, Environment.SANDBOX, RandomIds())
    anchors = Anchors(
        own=tuple(each.public_bytes(Encoding.DER) for each in authorities), sandbox=True, quality=Quality.TEST
    )
    documents = Documents(papers)
    yield Validations(documents, anchors, Questions(revocation), SystemClock(), papers, revocation.close)
    await revocation.close()
    await documents.stop()


class Questions:
    """The scheme's own client for revocation, as a worker's parent asks it."""

    def __init__(self, revocation: RevocationClient) -> None:
        self.ocsp, self.crl = revocation.ocsp, revocation.crl

    async def timestamp(self, digest: bytes) -> bytes:
        raise NotImplementedError


async def made(
    judging: Validations,
    service: RunningCertification,
    authorities: tuple[x509.Certificate, ...],
    signer: Signer,
    content: bytes,
    kind: str,
) -> bytes:
    """A finished file of the highest level of its kind."""
    documents = judging.documents
    statement = Statement(
        certificates=signer.certificates, claimed_at=now(), role="Tenant", commitment=COMMITMENT, place="Gent"
    )
    aim = Aim(
        level={"pdf": Level.B_LTA, "asic": Level.B_LT, "cades": Level.B_T}[kind],
        authorities=tuple(each.public_bytes(Encoding.DER) for each in authorities),
        at=now(),
    )
    if kind == "pdf":
        taken = 1 + content.count(b"/ETSI.CAdES.detached")
        placing = Placing(stamp=STAMP, box=Box(page=1, left=50.0 + 180 * taken, top=700, width=170, height=60))
        prepared = await documents.prepare_pdf(content, statement, placing)
        finish = documents.finish_pdf
    elif kind == "asic":
        enclosures = (Enclosure(name="a.txt", media_type="text/plain", content=content),)
        prepared = await documents.prepare_asic(enclosures, statement)
        finish = documents.finish_asic
    else:
        prepared = await documents.prepare_cades(sha256(content), statement)
        finish = documents.finish_cades
    return (await finish(prepared.state, signer.sign(prepared.digest), aim, Asking(service))).content


def first(validation: Validation) -> tuple[object, ...]:
    judgement = validation.signatures[0]
    return validation.verdict, judgement.sub, judgement.level, judgement.commitment, judgement.roles


async def test_every_format(
    judging: Validations,
    service: RunningCertification,
    authorities: tuple[x509.Certificate, ...],
    signer: Signer,
) -> None:
    one = await made(judging, service, authorities, signer, pdf(), "pdf")
    validation = await judging.judge(Brought("a.pdf", one))
    assert first(validation) == (Verdict.UNCHANGED, None, "B-LTA", (COMMITMENT,), ("Tenant",))
    assert validation.signatures[0].signer is not None
    assert validation.signatures[0].signer.quality is Quality.TEST
    container = await made(judging, service, authorities, signer, b"a", "asic")
    found = first(await judging.judge(Brought("a.asice", container)))
    assert found[:3] == (Verdict.UNCHANGED, None, "B-LT")
    assert found[4] == ("Tenant",)
    detached = await made(judging, service, authorities, signer, b"a", "cades")
    beside = await judging.judge(Brought("a.p7s", detached, b"a", "a.txt"))
    assert first(beside) == (Verdict.UNCHANGED, None, "B-T", (COMMITMENT,), ("Tenant",))


async def test_two_signers_one_after_the_other(
    judging: Validations,
    service: RunningCertification,
    authorities: tuple[x509.Certificate, ...],
    signer: Signer,
) -> None:
    once = await made(judging, service, authorities, signer, pdf(), "pdf")
    twice = await made(judging, service, authorities, signer, once, "pdf")
    validation = await judging.judge(Brought("a.pdf", twice))
    assert validation.verdict is Verdict.UNCHANGED, [each.reasons for each in validation.signatures]
    assert [each.kind for each in validation.signatures].count("signature") == 2


async def test_a_signer_who_is_suspended_later(
    judging: Validations, service: RunningCertification, authorities: tuple[x509.Certificate, ...]
) -> None:
    issued = service.issue()
    other = Signer(issued.key, issued.certificate, (issued.issuer,))
    file = await made(judging, service, authorities, other, pdf(), "pdf")
    await asyncio.sleep(1.1)  # both services tell whole seconds
    service.set_status(issued.certificate, "on_hold")
    held = await judging.judge(Brought("a.pdf", file))
    # Its time stamp proves that it was made before.
    assert held.verdict is Verdict.UNCHANGED
    assert Why.REVOKED_LATER in {reason.code for reason in held.signatures[0].reasons}


async def test_the_whole_scheme_mounts_it_and_believes_whom_its_operator_adds(
    service: RunningCertification, tmp_path: Path
) -> None:
    other = Authority(moment(), name="others")
    believed = tmp_path / "believed.pem"
    chain = (other.issuing.certificate, other.root.certificate)
    believed.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    signing = Signing(
        activation=f"unix:{tmp_path}/nobody",
        certification=msgspec.convert(service.scheme_settings, Certification),
        believed=str(believed),
    )
    settings = msgspec.structs.replace(settings_at(PORT + 5, f"sqlite://{tmp_path}/ipse.db"), signing=signing)
    create_keystore(f"file:{tmp_path}/keys.json", RandomIds())
    keystore = open_keystore(f"file:{tmp_path}/keys.json")
    database = await open_database(settings.database)
    await migrate(database, now=0)
    scheme = await build_scheme(settings, keystore, database, clock=SystemClock(), ids=RandomIds())
    async with client_of(scheme.application) as client:
        page = await client.get(f"{settings.base_url}/validate", params={"lang": "nl"})
        assert "Een ondertekend bestand nakijken" in page.text
        file = await asyncio.to_thread(sign_pdf, other, other.issue("Ada"), paper(), level="B-LT")
        answer = await client.post(f"{settings.base_url}/validation/v1/validations", content=file, timeout=60)
    # Believed, and its own answers serve where its responder (authority.example) cannot be reached.
    signature = answer.json()["signatures"][0]
    assert (answer.json()["verdict"], signature["indication"]) == ("unchanged", "TOTAL-PASSED")
    await scheme.close()
    believed.write_bytes(b"-----BEGIN CERTIFICATE-----")
    with pytest.raises(SettingsError, match=r"signing\.believed"):
        await build_scheme(settings, keystore, database, clock=SystemClock(), ids=RandomIds())
    await database.close()
