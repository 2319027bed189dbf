"""An installation that signs, each part a process that can be killed, stopped or taken away below the others.

The scheme is `ipse serve`, a new process each time. A gate stands before signature activation, and one before all that
certification says to everybody: time stamps, OCSP, lists.
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
ipse.app.server._JOB_SECONDS = float(sys.argv[1])
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

    def __init__(self, log: Path, job_seconds: float) -> None:
        self.log = log
        with log.open("ab") as output:
            self._parent = subprocess.Popen(
                [sys.executable, "-c", _FORKING, str(job_seconds)],
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
    public: Gate


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
            "finishing": (self.services.public, STAMP, Where.BEFORE),
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

    def asked(self, name: str) -> tuple[str, httpx.Response]:
        """Bring a document to be signed alone: its envelope, and the page that waits for the phone."""
        files = [("files", (f"{name}.pdf", paper(name), "application/pdf"))]
        draft = self.send("/envelopes", files=files)
        return draft.url.path, self.send(draft.url.path, data={"do": "sign"})

    def back(self, waiting: httpx.Response) -> httpx.Response:
        """The browser goes on from a waiting page; where it ends."""
        return self.page(self.pages.get(finish(waiting)))

    def file(self, shown: httpx.Response) -> bytes:
        """The one document that an envelope's page offers."""
        [address] = set(_FILE.findall(shown.text))
        return self.pages.get(address).content

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


@contextlib.contextmanager
def services_in(folder: Path, activation: Place, *, job_seconds: float = 30) -> Iterator[Services]:
    """All but the scheme, in a folder; `activation` has keys already, and is not started."""
    port, line = free_ports(), Line()
    schemes = Schemes(folder / "serve.log", job_seconds)
    activation.start()
    signing, public = Gate(str(folder / "gate"), str(activation.door)), Gate(port + 5, port + 4)
    try:
        with (
            signing.open(line.call),
            public.open(line.call),
            running(folder / "certification", port + 5, listening=port + 4) as certification,
        ):
            yield Services(line, schemes, activation, certification, signing, public)
    finally:
        activation.stop()
        schemes.close()
        line.close()


@contextlib.contextmanager
def installed(services: Services, folder: Path, database: str) -> Iterator[Installation]:
    """A scheme on a database that was migrated, with its world, and Ada: signed in, with a certificate."""
    assert isinstance(services.public.here, int)
    line, port, ids, clock = services.line, services.public.here - 5, RandomIds(), MovableClock()
    create_keystore(f"file:{folder}/keystore.json", ids)
    config = folder / "ipse.toml"
    signing = {
        "activation": f"unix:{services.signing.here}",
        "algorithm": "P-256",
        "certification": services.certification.scheme_settings,
    }
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
                "signing": signing,
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


def copied_sqlite(template: Path, folder: Path) -> str:
    """The address of a new database that was migrated."""
    for part in template.parent.glob(f"{template.name}*"):
        shutil.copyfile(part, folder / part.name.replace(template.name, "ipse.db"))
    return f"sqlite://{folder}/ipse.db"


def finish(waiting: httpx.Response) -> str:
    """Where a waiting page goes on."""
    found = _HERE.search(waiting.text)
    assert found is not None, waiting.text[-2000:]
    return f"{found[1]}/finish"


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
