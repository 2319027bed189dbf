"""The whole scheme mounts judging where documents are signed, and believes whom its operator adds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.app.composition import build_scheme
from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.kernel.settings.parts import Certification, Signing
from ipse.storage.database import open_database
from ipse.storage.migrations import migrate
from tests.functional.oidc.in_process import client_of
from tests.functional.oidc.installation import settings_at
from tests.support.certification import RunningCertification, running
from tests.support.signed_papers import paper, sign_pdf
from tests.support.signing_authority import Authority, now

pytestmark = pytest.mark.processes
PORT = 24245


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("certification"), PORT) as service:
        yield service


async def test_mounted(service: RunningCertification, tmp_path: Path) -> None:
    other = Authority(now(), name="others")
    believed = tmp_path / "believed.pem"
    chain = (other.issuing.certificate, other.root.certificate)
    believed.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    signing = Signing(
        activation=f"unix:{tmp_path}/nobody",
        certification=msgspec.convert(service.scheme_settings, Certification),
        believed=str(believed),
    )
    settings = msgspec.structs.replace(settings_at(PORT + 1, f"sqlite://{tmp_path}/ipse.db"), signing=signing)
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
