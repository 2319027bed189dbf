"""Killed while it issues, asked by two at once: nothing is lost, and no request has two certificates."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.certification import ceremony, store
from ipse.certification.authority import Authority
from ipse.certification.errors import RefusedError
from ipse.certification.folder import make_folder
from ipse.certification.keys import new_key
from ipse.certification.lists import Lists
from ipse.certification.profiles import Issuing, Pair, authority_name, root, validity
from ipse.certification.requests import read_request
from ipse.certification.settings import read_settings
from ipse.kernel.clock import FrozenClock, SystemClock
from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.kernel.settings import SettingsError
from ipse.standards.certification import Status, StatusChange
from ipse.storage.database import Database, open_database
from ipse.storage.migrations import migrate
from tests.support.certification import PERSON, RunningCertification, request, running

PORT = 24061
pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    """A service that may be killed."""
    with running(tmp_path_factory.mktemp("fragile"), PORT) as service:
        yield service


def _post(service: RunningCertification, octets: bytes) -> bytes | None:
    """The certificate, or None where the service died."""
    asked = {"request": b64u(octets), "subject": PERSON, "valid_seconds": 3600}
    with contextlib.suppress(httpx.TransportError):
        answer = service.registration.post("/registration/certificates", json=asked)
        assert answer.status_code == 201, answer.text
        return b64u_decode(answer.json()["certificate"])
    return None


def test_kill_loses_nothing_and_makes_nothing_twice(fragile: RunningCertification) -> None:
    requests = [request(ec.generate_private_key(ec.SECP256R1())) for _ in range(60)]
    given: dict[bytes, bytes] = {}

    def work() -> None:
        for octets in requests:
            made = _post(fragile, octets)
            if made is None:
                return
            given[octets] = made

    worker = threading.Thread(target=work)
    worker.start()
    while len(given) < 7:
        time.sleep(0.001)
    fragile.kill()
    worker.join()
    fragile.restart()
    assert 7 <= len(given) < len(requests)
    before = dict(given)
    work()
    assert len(given) == len(requests)
    assert all(given[octets] == made for octets, made in before.items())
    serials = {x509.load_der_x509_certificate(made).serial_number for made in given.values()}
    assert len(serials) == len(requests)


def test_a_revocation_that_was_told_survives_a_kill(fragile: RunningCertification) -> None:
    person = fragile.issue()
    fragile.set_status(person.certificate, "on_hold")
    fragile.kill()
    fragile.restart()
    listed = x509.load_der_x509_crl(httpx.get(f"{fragile.folder.public_url}/crl/issuing.crl", timeout=5).content)
    assert listed.get_revoked_certificate_by_serial_number(person.certificate.serial_number) is not None
    told = fragile.registration.get(f"/registration/certificates/{person.serial}/status").json()
    assert told["status"] == "on_hold"


def test_two_who_ask_at_once_get_one_certificate(fragile: RunningCertification) -> None:
    octets = request(ec.generate_private_key(ec.SECP256R1()))
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: _post(fragile, octets), range(8)))
    assert len(made) == 1


@contextlib.asynccontextmanager
async def _authority(url: str, folder: Path, clock: FrozenClock) -> AsyncIterator[Authority]:
    made = make_folder(folder, 24062, SystemClock(), RandomIds())
    settings = read_settings(made.config.read_bytes())
    key = new_key("P-256")
    certificate = root(settings, key, 7, validity(clock.now(), days=3650))
    database: Database = await open_database(url)
    try:
        await migrate(database, now=1, package="ipse.certification.migrations")
        by = Issuing(settings, Pair(key, certificate))
        yield Authority(database, by, Lists(database, by, clock), clock, RandomIds())
    finally:
        await database.close()


async def test_both_engines_reserve_sign_and_end(empty_database_url: str, tmp_path: Path) -> None:
    """The same on SQLite and PostgreSQL: one certificate for racing requests, numbered lists, a whole audit log."""
    clock = FrozenClock()
    async with _authority(empty_database_url, tmp_path / "folder", clock) as authority:
        asked = read_request(request(ec.generate_private_key(ec.SECP256R1())))
        made = await asyncio.gather(
            *(authority.certify(asked, asked_by="client:t", profile="person", valid_seconds=60) for _ in range(5))
        )
        assert len(set(made)) == 1
        with pytest.raises(RefusedError, match="other_request"):
            await authority.certify(asked, asked_by="client:t", profile="person", valid_seconds=61)
        serial = f"{x509.load_der_x509_certificate(made[0]).serial_number:x}"
        steps: tuple[Status, ...] = ("on_hold", "on_hold", "good", "revoked", "revoked")
        for status in steps:
            clock.advance(seconds=1)
            told = await authority.change(serial, StatusChange(status), asked_by="client:t")
            assert told.status == status
        with pytest.raises(RefusedError, match="ended"):
            await authority.change(serial, StatusChange("on_hold"), asked_by="client:t")
        newest = await store.last_list(authority.database)
        assert newest is not None
        assert newest.number == 3
        assert len(x509.load_der_x509_crl(newest.octets)) == 1
        assert await store.first_broken(authority.database) is None
        assert await store.counts(authority.database) == {("person", "revoked"): 1}
        await authority.database.rows("update certification_lines set subject = 'x' where seq = 2")
        assert await store.first_broken(authority.database) == 2


async def test_own_certificates_are_renewed_in_time(empty_database_url: str, tmp_path: Path) -> None:
    clock = FrozenClock()
    async with _authority(empty_database_url, tmp_path / "folder", clock) as authority:
        key = new_key("P-256")
        first = await authority.own("responder", key, days=7, renew_at=0.5)
        clock.advance(seconds=3 * 86_400)
        assert (await authority.own("responder", key, days=7, renew_at=0.5)).certificate == first.certificate
        clock.advance(seconds=86_400)
        second = await authority.own("responder", key, days=7, renew_at=0.5)
        assert second.certificate != first.certificate
        assert second.certificate.subject == authority_name(authority.by.settings, "OCSP")


def test_anchors_are_never_mixed(fragile: RunningCertification) -> None:
    """A sandbox's authorities in production, and others in a sandbox."""
    settings = read_settings(fragile.folder.config.read_bytes())
    certificate = ceremony.read_certificate(fragile.root_pem)
    issuing = ceremony.read_certificate(fragile.issuing_pem)
    ceremony.check_anchors(settings, certificate, issuing)
    with pytest.raises(SettingsError, match="not certified"):
        ceremony.check_anchors(settings, issuing, issuing)
