"""docs/guides/sign_with_csc.py as a partner's developer runs it: a program that shares no code with the scheme."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pyhanko.pdf_utils.reader import PdfFileReader

from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from tests.functional.csc.town import CODE, Site, Town
from tests.support.signed_papers import paper

PROGRAM = Path("docs/guides/sign_with_csc.py").resolve()
GUIDE = Path("docs/guides/sign-with-csc.md")
BACK = "http://localhost:8766/signed"
SECRET = "inkwell's secret: thirty-two characters, or more"


def test_a_developer_who_follows_the_guide_gets_a_pdf_signed(town: Town, tmp_path: Path) -> None:
    assert f"--redirect-uri {BACK}" in GUIDE.read_text()
    _register(town)
    (tmp_path / "contract.pdf").write_bytes(paper())
    program = [sys.executable, "-u", str(PROGRAM), "contract.pdf", town.base]
    site, phone = Site(town), town.person("sukma", "bank-vesta", "+32 400000105")
    running = subprocess.Popen(
        program,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"CSC_SECRET": SECRET, "PATH": "/usr/bin"},
    )
    assert running.stdout
    try:
        for _ in range(2):
            page = site.browser.get(running.stdout.readline().strip())
            phone.approve(phone.claim(site.content(page)), CODE)
            location = site.onward(page)
            assert location.startswith(BACK)
            assert "code" in parse_qs(urlsplit(location).query)
            assert site.browser.get(location).status_code == 200
        out, errors = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0, errors
    assert "contract-signed.pdf" in out
    with (tmp_path / "contract-signed.pdf").open("rb") as file:
        assert len(PdfFileReader(file).embedded_signatures) == 1


def _register(town: Town) -> None:
    method = AuthMethod.CLIENT_SECRET_POST
    inkwell = Partner(
        partner_id="inkwell",
        name="Inkwell",
        state="active",
        auth_method=method,
        jwks=None,
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type=None),
    )
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Sign contracts")
    service = Service("INKWELL_SIGN", "inkwell", ServiceType.SIGNING, "active", text, text, (BACK,), {})
    partners = town.scheme.partners
    town.line.call(partners.register_partner(inkwell, secret=SECRET, actor="test"))
    town.line.call(partners.register_service(service, actor="test"))
