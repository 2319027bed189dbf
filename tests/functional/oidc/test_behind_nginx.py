"""Certificates of partners through a real nginx, with the configuration of the guide (RFC 8705, RFC 9440)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.kernel.clock import SystemClock
from ipse.kernel.keystore import Keystore
from ipse.partners.model import AuthMethod
from ipse.storage.database import Database
from tests.functional.oidc.certified import SUBJECT, CertifiedParty, certified
from tests.functional.oidc.installation import Installation, build, listening, settings_at
from tests.functional.oidc.test_dpop import ONE_ENGINE, said
from tests.functional.oidc.test_mutual_tls import AUTHORITY, OWN, PARTNER, approved
from tests.support.certificates import Issued, issue
from tests.support.nginx import nginx

SCHEME, PEOPLE, APP, PARTNERS = 19_420, 19_421, 19_422, 19_423
PROXY = "127.0.0.2"
SERVER = issue(
    "CN=localhost", by=AUTHORITY, names=(x509.DNSName("localhost"),), uses=(ExtendedKeyUsageOID.SERVER_AUTH,)
)
pytestmark = [ONE_ENGINE, pytest.mark.processes]


@dataclass
class Behind:
    """An installation behind nginx."""

    installation: Installation
    folder: Path

    def client(self, certificate: Issued | None, **headers: str) -> httpx.AsyncClient:
        """A partner's server; it trusts the authority of nginx's certificate."""
        context = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if certificate is not None:
            context.load_cert_chain(*certificate.written(self.folder, f"client{certificate.certificate.serial_number}"))
        return httpx.AsyncClient(verify=context, trust_env=False, headers=headers)


@pytest.fixture
async def behind(keystore: Keystore, database: Database, tmp_path: Path) -> AsyncIterator[Behind]:
    settings = msgspec.structs.replace(
        settings_at(SCHEME, "sqlite:///given"),
        certificate_proxies=(PROXY,),
        mtls_base_url=f"https://localhost:{PARTNERS}",
    )
    installation, application = build(
        settings, keystore, database, clock=SystemClock(), authorities=(AUTHORITY.certificate,)
    )
    ports = {"id.example": PEOPLE, "app.id.example": APP, "mtls.id.example": PARTNERS}
    async with (
        listening(application, SCHEME),
        nginx(tmp_path, tls=SERVER.written(tmp_path, "server"), scheme=SCHEME, ports=ports),
    ):
        yield Behind(installation, tmp_path)


async def redeem(
    behind: Behind, party: CertifiedParty, client: httpx.AsyncClient, *, endpoint: str | None = None
) -> httpx.Response:
    """Redeem a fresh code at the alias for certificates, or elsewhere."""
    code, verifier = await approved(behind.installation, party)
    aliases = (await party.discover())["mtls_endpoint_aliases"]
    form = {
        "grant_type": "authorization_code",
        "client_id": party.client_id,
        "code": code,
        "redirect_uri": party.redirect_uri,
        "code_verifier": verifier,
    }
    return await client.post(endpoint or aliases["token_endpoint"], data=form)


@pytest.mark.parametrize(
    ("method", "certificate"),
    [(AuthMethod.TLS_CLIENT_AUTH, PARTNER), (AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH, OWN)],
)
async def test_a_login(behind: Behind, method: AuthMethod, certificate: Issued) -> None:
    party = await certified(behind.installation, method, own=OWN)
    async with behind.client(certificate) as own, behind.client(None) as nobody:
        answer = await redeem(behind, party, own)
        assert answer.status_code == 200, answer.text
        userinfo = (await party.discover())["mtls_endpoint_aliases"]["userinfo_endpoint"]
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await own.get(userinfo, headers=bearer)).status_code == 200
        assert said(await nobody.get(userinfo, headers=bearer)) == (401, "invalid_token")
        assert said(await redeem(behind, party, nobody)) == (400, "invalid_client")
        thief = issue(SUBJECT)
        async with behind.client(thief) as other:
            assert said(await other.get(userinfo, headers=bearer)) == (401, "invalid_token")
            assert said(await redeem(behind, party, other)) == (400, "invalid_client")
    await party.close()


async def test_a_forged_header_gains_nothing(behind: Behind) -> None:
    """Through each server of nginx, and around it."""
    party = await certified(behind.installation, AuthMethod.TLS_CLIENT_AUTH)
    forged = {"Client-Cert": PARTNER.header, "Client-Cert-Chain": AUTHORITY.header, "X-Forwarded-For": PROXY}
    async with behind.client(None, **forged) as forger:
        for endpoint in (
            f"https://localhost:{PARTNERS}/v2/token",
            f"https://localhost:{PEOPLE}/v2/token",
            f"http://localhost:{SCHEME}/v2/token",
        ):
            assert said(await redeem(behind, party, forger, endpoint=endpoint)) == (400, "invalid_client"), endpoint
    async with behind.client(issue(SUBJECT), **forged) as forger:
        assert said(await redeem(behind, party, forger)) == (400, "invalid_client"), "beside a certificate of one's own"
    async with behind.client(PARTNER) as own:
        people = f"https://localhost:{PEOPLE}/v2/token"
        assert said(await redeem(behind, party, own, endpoint=people)) == (400, "invalid_client"), "not asked for there"
        assert (await redeem(behind, party, own)).status_code == 200
    await party.close()


async def test_a_large_certificate_arrives_whole(behind: Behind) -> None:
    key = rsa.generate_private_key(65537, 4096)
    names = tuple(x509.DNSName(f"host-{number}.of-a-partner.example") for number in range(30))
    large = issue(SUBJECT, by=AUTHORITY, key=key, names=names)
    assert 1400 < len(large.der) < 3000
    party = await certified(behind.installation, AuthMethod.TLS_CLIENT_AUTH)
    async with behind.client(large) as own:
        assert (await redeem(behind, party, own)).status_code == 200
    await party.close()


async def test_what_is_brought_to_be_signed_arrives(behind: Behind) -> None:
    """Whole documents at people's name; the interface for signatures by mutual TLS at that of partners."""
    async with behind.client(None) as anybody:
        for address, body in (
            (f"https://localhost:{PEOPLE}/v2/token", bytes(2_000_000)),
            (f"https://localhost:{PARTNERS}/qes-partners/1.0.0/user_identification", b"{}"),
        ):
            answer = await anybody.post(address, content=body)
            assert "nginx" not in answer.text, address
