"""What signing needs goes away below the whole scheme, each thing by itself: OCSP, the lists, the security module.

The scheme is `ipse serve`, keys lie in SoftHSM. Nothing is signed without an approval, no approval signs twice, no
document is lost; people and partners read what is the matter, and all goes on when it is back. The last tests block
the identity: what the world is told of its certificate, and what happens to what it had approved.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ipse.softphone import Activation, SoftPhone
from ipse.softphone.errors import PhoneError
from ipse.standards.web_eid.ocsp import address
from tests.functional.csc.town import CODE
from tests.functional.signature_activation.conftest import place_in
from tests.journeys.signing_installation import (
    VERIFIER,
    Installation,
    asked_for,
    copied_sqlite,
    installed,
    services_in,
)
from tests.support.gate import Where

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

PATIENCE = 45
OCSP, LISTS = b"POST /ocsp", b"GET /crl"
SIGNATURE = b"/ETSI.CAdES.detached"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Installation]:
    folder, scheme = tmp_path_factory.mktemp("signing"), tmp_path_factory.mktemp("scheme")
    with (
        services_in(folder, place_in(folder, "pkcs11"), job_seconds=1) as services,
        installed(services, scheme, copied_sqlite(migrated_sqlite, scheme)) as found,
    ):
        yield found


def until(found: Callable[[], Any]) -> Any:
    """Look again until something is there."""
    end = time.monotonic() + PATIENCE
    while not (seen := found()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return seen


def judged(installation: Installation, file: bytes) -> tuple[str, str, list[str]]:
    """What anybody is told of a file with one signature: of the file, of the signature, and its level."""
    told = httpx.post(f"{installation.site.town.base}/validation/v1/validations", content=file, timeout=60).json()
    every = [each for each in told["signatures"] if each["kind"] == "signature"]
    return told["verdict"], every[0]["indication"], [each["level"] for each in every]


def token_of(installation: Installation, page: httpx.Response) -> str:
    """The partner's token for what was approved."""
    site = installation.site
    return str(site.redeem(site.back(page)["code"], code_verifier=VERIFIER).json()["access_token"])


def raised_to(installation: Installation, envelope: str, level: str) -> bytes:
    """What the job makes of a file, which it is told to look at now."""
    with contextlib.closing(sqlite3.connect(installation.config.parent / "ipse.db", timeout=10)) as connection:
        connection.execute("update envelopes_documents set raised_at = 1 where raised_at is not null")
        connection.commit()
    return until(lambda: _with(installation, envelope, level))  # type: ignore[no-any-return]


def _with(installation: Installation, envelope: str, text: str) -> bytes | None:
    page = installation.pages.get(envelope)
    return installation.file(page) if text in page.text else None


# -- what says whether certificates hold


@pytest.mark.parametrize("hanging", [OCSP, LISTS], ids=["ocsp", "lists"])
def test_one_of_them_hangs_alone(installation: Installation, hanging: bytes) -> None:
    """Our own page keeps what can be had, and says so; the signing API, asked for more, says to ask again."""
    site, before = installation.site, installation.approvals_used()
    envelope, waiting = installation.asked("lease")
    onward = installation.approve(waiting)
    named, page = asked_for(installation)
    token = token_of(installation, page)
    with ThreadPoolExecutor(1) as pool, installation.services.public.stopping(hanging, Where.BEFORE) as reached:
        later = pool.submit(site.post, "signatures/signDoc", token, **named)
        done = installation.page(installation.pages.get(onward))
        refused = later.result(50)
        assert reached.is_set()
        assert "PAdES B-T" in done.text
        assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    meanwhile = installation.file(done)
    assert meanwhile.count(SIGNATURE) == 1
    assert judged(installation, meanwhile)[2] == ["B-T"]
    [deed] = site.post("signatures/signDoc", token, **named).json()["DocumentWithSignature"]
    assert judged(installation, b64decode(deed)) == ("unchanged", "TOTAL-PASSED", ["B-LT"])
    raised = raised_to(installation, envelope, "PAdES B-LT")
    assert judged(installation, raised) == ("unchanged", "TOTAL-PASSED", ["B-LT"])
    assert site.post("signatures/signDoc", token, **named).status_code == 400
    assert installation.approvals_used() == before + 2


def test_a_newer_list_serves_while_ocsp_still_hangs(installation: Installation) -> None:
    certification = installation.services.certification
    envelope, waiting = installation.asked("lease")
    onward = installation.approve(waiting)
    with installation.services.public.stopping(OCSP, Where.BEFORE):
        assert "PAdES B-T" in installation.page(installation.pages.get(onward)).text
        certification.set_status(certification.issue().certificate, "revoked")  # which makes a list
        raised = raised_to(installation, envelope, "PAdES B-LT")
    assert judged(installation, raised) == ("unchanged", "TOTAL-PASSED", ["B-LT"])


# -- the security module


@contextlib.contextmanager
def token_gone(installation: Installation) -> Iterator[None]:
    """The module has no token any more."""
    folder = installation.services.activation.folder
    (folder / "tokens").rename(folder / "gone")
    yield
    (folder / "gone").rename(folder / "tokens")


@contextlib.contextmanager
def process_gone(installation: Installation) -> Iterator[None]:
    """Nobody who could use it is left."""
    installation.services.activation.kill()
    yield
    installation.services.activation.start()


GONE = pytest.mark.parametrize("gone", [token_gone, process_gone], ids=["token", "process"])
Gone = Callable[[Installation], contextlib.AbstractContextManager[None]]


@GONE
def test_it_goes_in_the_middle_of_an_envelope(installation: Installation, gone: Gone) -> None:
    before = installation.approvals_used()
    refused, waiting_for_refusal = installation.asked("refused")
    envelope, waiting = installation.asked("lease")
    request = installation.phone.claim(installation.site.content(waiting))
    with gone(installation):
        installation.phone.approve(request, CODE)
        for _ in range(2):
            told = installation.back(waiting)
            assert (told.status_code, told.url.path) == (200, envelope)
            assert "You have approved" in told.text
            assert "you need not approve again" in told.text
        pressed = installation.send(f"{envelope}/sign")
        assert pressed.status_code == 503
        assert "What you have approved is not lost" in pressed.text
        installation.phone.reject(installation.phone.claim(installation.site.content(waiting_for_refusal)))
        installation.kill()
        installation.start()
        assert installation.approvals_used() == before
    until(lambda: "PAdES B-LT" in installation.back(waiting).text)
    signed = installation.file(installation.pages.get(envelope))
    assert signed.count(SIGNATURE) == 1
    assert judged(installation, signed) == ("unchanged", "TOTAL-PASSED", ["B-LT"])
    assert "You refused on your phone" in installation.back(waiting_for_refusal).text
    assert installation.pages.get(refused).text.count("PAdES") == 0
    assert installation.approvals_used() == before + 1


@GONE
def test_it_goes_in_the_middle_of_the_signing_api(installation: Installation, gone: Gone) -> None:
    site, before = installation.site, installation.approvals_used()
    named, page = asked_for(installation)
    with gone(installation):
        token = token_of(installation, page)
        for _ in range(2):
            refused = site.post("signatures/signDoc", token, **named)
            assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
        assert installation.approvals_used() == before

    def asked_again() -> httpx.Response | None:
        answer = site.post("signatures/signDoc", token, **named)
        return None if answer.status_code == 503 else answer

    [deed] = until(asked_again).json()["DocumentWithSignature"]
    assert b64decode(deed).count(SIGNATURE) == 1
    assert site.post("signatures/signDoc", token, **named).status_code == 400
    assert installation.approvals_used() == before + 1


def test_the_token_goes_while_a_first_key_is_to_be_made(installation: Installation) -> None:
    """Bram never signed: his key is made when the token is back, and his signature follows."""
    ada, before = installation.phone, installation.approvals_used()
    browser = httpx.Client(timeout=60, trust_env=False)
    with SoftPhone(clock=installation.site.town.clock) as bram, browser:
        bram.activate(
            Activation(
                base=installation.site.town.base,
                bank="bank-meridiaan",
                person="bram",
                code=CODE,
                phone_number="+31 670000102",
            )
        )
        hers, installation.phone, installation.pages = installation.pages, bram, browser
        try:
            installation.sign_in()
            envelope, waiting = installation.asked("lease")
            with token_gone(installation):
                bram.approve(bram.claim(installation.site.content(waiting)), CODE)
                assert "You have approved" in installation.back(waiting).text
                assert installation.approvals_used() == before
            second = until(lambda: (page := installation.back(waiting)).url.path != envelope and page)
            bram.approve(bram.claim(installation.site.content(second)), CODE)
            assert "PAdES B-LT" in installation.back(second).text
            assert installation.approvals_used() == before + 1
        finally:
            installation.phone, installation.pages = ada, hers


# -- a block


def state_of(certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse:
    """What the responder that a certificate names says of it, to anybody."""
    question = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build()
    headers = {"Content-Type": "application/ocsp-request"}
    responder = address(certificate)
    assert responder is not None
    answer = httpx.post(responder, content=question.public_bytes(Encoding.DER), headers=headers)
    return ocsp.load_der_ocsp_response(answer.content)


def test_a_block_puts_the_certificate_on_hold_and_ends_what_was_approved(installation: Installation) -> None:
    """B-72: everybody can know within seconds; nothing is signed any more, approved before or not."""
    site, before = installation.site, installation.approvals_used()
    info = {"credentialID": installation.credential, "certificates": "chain"}
    told = site.post("credentials/info", installation.token, **info).json()["cert"]["certificates"]
    certificate, issuer = (x509.load_der_x509_certificate(b64decode(each)) for each in told[:2])
    assert state_of(certificate, issuer).certificate_status is ocsp.OCSPCertStatus.GOOD
    envelope, waiting = installation.asked("lease")
    request = installation.phone.claim(installation.site.content(waiting))
    named, page = asked_for(installation)
    token = token_of(installation, page)
    installation.phone.block()
    until(lambda: state_of(certificate, issuer).certificate_status is ocsp.OCSPCertStatus.REVOKED)
    assert state_of(certificate, issuer).revocation_reason is x509.ReasonFlags.certificate_hold
    public = installation.services.certification.folder.public_url
    listed = x509.load_der_x509_crl(httpx.get(f"{public}/crl/issuing.crl").content)
    assert listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
    refused = site.post("signatures/signDoc", token, **named)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    with pytest.raises(PhoneError, match="does not carry the identity any more"):
        installation.phone.approve(request, CODE)
    assert installation.pages.get(envelope).status_code == 401
    assert installation.approvals_used() == before
