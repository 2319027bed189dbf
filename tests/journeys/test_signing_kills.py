"""`kill -9` of the scheme at each step of a signature, by our own page and by the signing API, on either database.

The scheme is `ipse serve`, a new process each time; a gate before signature activation, and one before the time stamps,
stop it at a step. Nothing is signed without an approval, no approval signs twice, and no document is lost.
"""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.functional.csc.town import CODE
from tests.functional.signature_activation.processes import Place
from tests.journeys.signing_installation import (
    STAMP,
    VERIFIER,
    Installation,
    Services,
    asked_for,
    copied_sqlite,
    installed,
    services_in,
)
from tests.support.gate import Where
from tests.support.sandbox import IPSE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("signing")
    activation = Place(folder, f"file:{folder}/keys")
    assert activation.command("init").returncode == 0
    with services_in(folder, activation) as found:
        yield found


@pytest.fixture(scope="module")
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, services: Services
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("scheme")
    if request.param == "sqlite":
        database = copied_sqlite(request.getfixturevalue("migrated_sqlite"), folder)
    else:
        server, template = request.getfixturevalue("postgres"), request.getfixturevalue("migrated_postgres")
        services.line.call(server.copy(template, "signing_kills"))
        database = server.url("signing_kills")
    with installed(services, folder, database) as found:
        yield found


STEPS = ["approved", "activating", "activated", "finishing"]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", STEPS)
def test_by_our_own_page(installation: Installation, step: str) -> None:
    before = installation.approvals_used()
    envelope, waiting = installation.asked("lease")
    request = installation.phone.claim(installation.site.content(waiting))
    if step == "approved":  # asked, not approved
        installation.kill()
        installation.start()
    assert installation.approvals_used() == before
    installation.phone.approve(request, CODE)
    done = installation.killed_at(step, lambda: installation.back(waiting))
    assert (done.status_code, done.url.path) == (200, envelope), done.text[-2000:]
    assert "PAdES B-LT" in done.text, done.text[-3000:]
    assert installation.file(done).count(b"/ETSI.CAdES.detached") == 1
    assert installation.approvals_used() == before + 1


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
@pytest.mark.parametrize("step", STEPS)
def test_by_the_signing_api(installation: Installation, step: str) -> None:
    """Where a call got no answer, the same call again; the authorization still counts, and counts once."""
    site, before = installation.site, installation.approvals_used()
    named, page = asked_for(installation)
    code = ""
    redeemed: dict[str, Any] = {}

    def rest() -> httpx.Response:
        nonlocal code
        code = code or site.back(page)["code"]
        if not redeemed:
            redeemed.update(site.redeem(code, code_verifier=VERIFIER).json())
        return site.post("signatures/signDoc", redeemed["access_token"], **named)

    answer = installation.killed_at(step, rest)
    assert answer.status_code == 200, answer.text
    [signed] = answer.json()["DocumentWithSignature"]
    assert b64decode(signed).count(b"/ETSI.CAdES.detached") == 1
    assert site.post("signatures/signDoc", redeemed["access_token"], **named).status_code == 400
    assert installation.approvals_used() == before + 1


@pytest.mark.parametrize("installation", ["sqlite", "postgresql"], indirect=True)
def test_both_logs_count_the_same(installation: Installation) -> None:
    """After all kills: as many approvals used as the scheme says have signed, and its log is whole."""
    verified = subprocess.run([*IPSE, "audit", "verify", "--config", str(installation.config)], check=False)
    assert verified.returncode == 0
    assert installation.signed() == len(STEPS)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_time_stamps_that_hang_hold_nobody_up_for_long(installation: Installation) -> None:
    """Our own page keeps the signature without, and adds it later; the signing API says to ask again."""
    site = installation.site
    _, waiting = installation.asked("lease")
    onward = installation.approve(waiting)
    named, page = asked_for(installation)
    token = site.redeem(site.back(page)["code"], code_verifier=VERIFIER).json()["access_token"]
    with ThreadPoolExecutor(1) as pool, installation.services.public.stopping(STAMP, Where.BEFORE):
        hanging = pool.submit(site.post, "signatures/signDoc", token, **named)
        done = installation.page(installation.pages.get(onward))
        later = hanging.result(30)
    assert "PAdES B-B" in done.text
    assert later.status_code == 503, later.text
    assert site.post("signatures/signDoc", token, **named).status_code == 200
