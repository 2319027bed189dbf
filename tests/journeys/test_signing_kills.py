"""`kill -9` of the scheme at each step of a signature, by our own page and by the signing API, on either database.

The scheme is `ipse serve`, a new process each time; a gate before signature activation, and one before the time stamps,
stop it at a step. Nothing is signed without an approval, no approval signs twice, and no document is lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.cli.world_files import toml
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import read_settings
from ipse.sandbox.places import Places
from ipse.sandbox.server import application
from ipse.sandbox.world import World
from ipse.softphone import Activation, SoftPhone
from ipse.standards.oauth import challenge_of
from tests.functional.csc.town import CODE, SHA256, Line, MovableClock, Site, Town, b64, begun, serving
from tests.functional.signature_activation.processes import Place
from tests.support.certification import RunningCertification, running
from tests.support.gate import Gate, Where
from tests.support.sandbox import IPSE, free_ports
from tests.support.signed_papers import paper

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_HERE = re.compile(r'data-here="([^"]+)"')
_FILE = re.compile(r'"([^"]+/file)"')
_PLENTY = {"burst": 100_000, "per_minute": 1_000_000}
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
VERIFIER = "v" * 43
PKCE = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
_FORKING = """
import os, sys
from ipse.cli import main
import ipse.app.composition, ipse.app.server, ipse.cli.serve
for line in sys.stdin:
    if line.strip():
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)
            sys.argv = ["ipse", "serve", "--config", line.strip()]
            main()
            os._exit(0)
        print(child, flush=True)
    else:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
SIGN, STAMP = b"POST /signatures", b"POST /timestamps"


class Schemes:
    """`ipse serve` again and again: each a new process, forked from one that has read the program already."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._parent = subprocess.Popen(
                [sys.executable, "-c", _FORKING],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def start(self, config: Path) -> int:
        return int(self._said(f"{config}"))

    def kill(self, process: int) -> None:
        os.kill(process, signal.SIGKILL)
        assert self._said("") == "-9"

    def close(self) -> None:
        self._parent.communicate(timeout=20)

    def _said(self, asked: str) -> str:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(f"{asked}\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline().strip()


@dataclass
class Services:
    """What stands beside every scheme here."""

    line: Line
    schemes: Schemes
    activation: Place
    certification: RunningCertification
    signing: Gate
    stamps: Gate


@dataclass
class Installation:
    """A scheme that can be killed, a person, and what she uses."""

    services: Services
    site: Site
    phone: SoftPhone
    config: Path
    serving: int = 0
    token: str = ""
    credential: str = ""
    pages: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def start(self) -> None:
        self.serving = self.services.schemes.start(self.config)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.site.town.base}/healthz", timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(self.services.schemes.log.read_text()[-4000:])

    def kill(self) -> None:
        self.services.schemes.kill(self.serving)

    # --- killing

    def killed_at(self, step: str, onward: Callable[[], httpx.Response]) -> httpx.Response:
        """Go on; kill the scheme at this step, start it, and go on again as whoever got no answer does."""
        if step == "approved":
            self.kill()
            self.start()
            return onward()
        gate, start, where = {
            "activating": (self.services.signing, SIGN, Where.BEFORE),
            "activated": (self.services.signing, SIGN, Where.AFTER),
            "finishing": (self.services.stamps, STAMP, Where.BEFORE),
        }[step]
        with ThreadPoolExecutor(1) as pool:
            with gate.stopping(start, where) as reached:
                going = pool.submit(onward)
                assert reached.wait(20), f"{step} was not reached"
                self.kill()
            with pytest.raises(httpx.TransportError):
                going.result(20)
        self.start()
        return onward()

    # --- our own page

    def page(self, answer: httpx.Response) -> httpx.Response:
        while answer.is_redirect:
            answer = self.pages.get(answer.headers["location"])
        return answer

    def send(self, address: str, **more: Any) -> httpx.Response:
        found = _TOKEN.search(self.pages.get("/block").text)
        assert found is not None
        data = {"token": found[1], **more.pop("data", {})}
        origin = {"Origin": self.site.town.base}
        return self.page(self.pages.post(address, data=data, headers=origin, **more))

    def approve(self, waiting: httpx.Response) -> str:
        """Approve what a page of ours waits for; where its browser goes then."""
        self.phone.approve(self.phone.claim(self.site.content(waiting)), CODE)
        return finish(waiting)

    def sign_in(self) -> None:
        self.pages.base_url = httpx.URL(self.site.town.base)
        onward = self.approve(self.send("/session/begin", data={"onward": "/envelopes"}))
        assert self.page(self.pages.get(onward)).url.path == "/envelopes"

    # --- what was signed

    def approvals_used(self) -> int:
        """How many approvals have made signatures, as signature activation knows it."""
        place = self.services.activation.folder / "activation.db"
        with contextlib.closing(sqlite3.connect(place, timeout=10)) as connection:
            return int(connection.execute("select count(action) from approvals").fetchone()[0])

    def signed(self) -> int:
        """How many approvals the scheme's own log says have signed."""
        done = subprocess.run(
            [*IPSE, "audit", "list", "--config", str(self.config)], capture_output=True, text=True, check=True
        )
        return done.stdout.count("signing.sign")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder, port, line = tmp_path_factory.mktemp("keys"), free_ports(), Line()
    schemes = Schemes(folder / "serve.log")
    activation = Place(folder, f"file:{folder}/keys")
    assert activation.command("init").returncode == 0
    activation.start()
    with running(tmp_path_factory.mktemp("certification"), port + 5) as certification:
        gates = Gate(str(folder / "gate"), str(activation.door)), Gate(port + 4, port + 5)
        with gates[0].open(line.call), gates[1].open(line.call):
            yield Services(line, schemes, activation, certification, *gates)
    activation.stop()
    schemes.close()
    line.close()


@pytest.fixture(scope="module")
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, services: Services
) -> Iterator[Installation]:
    folder, line, port = tmp_path_factory.mktemp("scheme"), services.line, services.stamps.there
    assert isinstance(port, int)
    port, ids, clock = port - 5, RandomIds(), MovableClock()
    if request.param == "sqlite":
        database = f"sqlite://{folder}/ipse.db"
        template = request.getfixturevalue("migrated_sqlite")
        for part in template.parent.glob(f"{template.name}*"):
            shutil.copyfile(part, folder / part.name.replace(template.name, "ipse.db"))
    else:
        server, template = request.getfixturevalue("postgres"), request.getfixturevalue("migrated_postgres")
        line.call(server.execute(f"create database signing_kills template {template}"))
        database = server.url("signing_kills")
    create_keystore(f"file:{folder}/keystore.json", ids)
    told = {
        **services.certification.scheme_settings,
        "timestamps": f"http://127.0.0.1:{services.stamps.here}/timestamps",
    }
    config = folder / "ipse.toml"
    config.write_text(
        toml(
            {
                "environment": "sandbox",
                "base_url": f"http://localhost:{port}",
                "app_origin": f"http://localhost:{port + 2}",
                "database": database,
                "keystore": f"file:{folder}/keystore.json",
                "listen": {"port": port},
                "app_listen": {"port": port + 2},
                "limits": dict.fromkeys(("page", "wait", "partner", "phone", "enrolment", "static"), _PLENTY),
                "signing": {"activation": f"unix:{services.signing.here}", "algorithm": "P-256", "certification": told},
            }
        )
    )
    settings, keystore = read_settings(config.read_bytes()), open_keystore(f"file:{folder}/keystore.json")
    world = World.create(folder / "world", Places.on_this_machine(port), ids)
    scheme = line.call(begun(settings, keystore, clock, world))
    line.call(scheme.close())
    line.call(scheme.database.close())
    town = Town(scheme, line, clock, settings, keystore, port)
    with serving(line, application(world, clock=clock), port + 1, lifespan=True), SoftPhone(clock=clock) as phone:
        found = Installation(services, Site(town, version="v2"), phone, config)
        found.start()
        try:
            phone.activate(
                Activation(base=town.base, bank="bank-vesta", person="ada", code=CODE, phone_number="+32 400000101")
            )
            back = found.site.approved(found.site.authorize(scope="service", **PKCE), phone)
            found.token = found.site.token(back, code_verifier=VERIFIER)
            listed = found.site.post("credentials/list", found.token).json()
            found.credential = listed["credentialIDs"][0]
            found.sign_in()
            yield found
        finally:
            found.kill()
            found.pages.close()
            found.site.browser.close()


def finish(waiting: httpx.Response) -> str:
    """Where a waiting page goes on."""
    found = _HERE.search(waiting.text)
    assert found is not None, waiting.text[-2000:]
    return f"{found[1]}/finish"


STEPS = ["approved", "activating", "activated", "finishing"]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", STEPS)
def test_by_our_own_page(installation: Installation, step: str) -> None:
    before = installation.approvals_used()
    files = [("files", ("lease.pdf", paper("A lease"), "application/pdf"))]
    draft = installation.send("/envelopes", files=files)
    waiting = installation.send(draft.url.path, data={"do": "sign"})
    request = installation.phone.claim(installation.site.content(waiting))
    if step == "approved":  # asked, not approved
        installation.kill()
        installation.start()
    assert installation.approvals_used() == before
    installation.phone.approve(request, CODE)
    done = installation.killed_at(step, lambda: installation.page(installation.pages.get(finish(waiting))))
    assert (done.status_code, done.url.path) == (200, draft.url.path), done.text[-2000:]
    assert "PAdES B-LT" in done.text, done.text[-3000:]
    [address] = set(_FILE.findall(done.text))
    assert installation.pages.get(address).content.count(b"/ETSI.CAdES.detached") == 1
    assert installation.approvals_used() == before + 1


def asked_for(installation: Installation) -> tuple[dict[str, Any], httpx.Response]:
    """A deed that the signing API has prepared, and that the person has approved; the page waits for her browser."""
    site = installation.site
    document = {"document": b64(paper("A deed")), "signature_format": "P", "conformance_level": "Ades-B-LT"}
    documents = [{**document, "signAlgo": ECDSA_SHA256, "label": "Deed.pdf"}]
    named = {"credentialID": installation.credential, "documents": documents}
    made = site.post("signatures/prepareDoc", installation.token, **named).json()
    digests = {"documentDigests": made["documentDigests"], "hashAlgorithmOID": SHA256}
    asked = [{"type": "credential", "credentialID": installation.credential, **digests}]
    page = site.authorize(scope=None, authorization_details=json.dumps(asked), **PKCE)
    installation.phone.approve(installation.phone.claim(site.content(page)), CODE)
    return named, page


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
    files = [("files", ("lease.pdf", paper("A lease"), "application/pdf"))]
    waiting = installation.send(installation.send("/envelopes", files=files).url.path, data={"do": "sign"})
    onward = installation.approve(waiting)
    named, page = asked_for(installation)
    token = site.redeem(site.back(page)["code"], code_verifier=VERIFIER).json()["access_token"]
    with ThreadPoolExecutor(1) as pool, installation.services.stamps.stopping(STAMP, Where.BEFORE):
        hanging = pool.submit(site.post, "signatures/signDoc", token, **named)
        done = installation.page(installation.pages.get(onward))
        later = hanging.result(30)
    assert "PAdES B-B" in done.text
    assert later.status_code == 503, later.text
    assert site.post("signatures/signDoc", token, **named).status_code == 200
