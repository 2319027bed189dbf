"""`ipse lab run` as an outside judge meets it: real processes, TLS, a phone that is told what to do."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.kernel.ids import RandomIds
from ipse.standards import jose

PORT = 20_020
ISSUER = f"https://localhost:{PORT}/v2"
PHONE = f"http://127.0.0.1:{PORT + 6}"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DOCUMENTS = Path(__file__).parents[3] / "docs" / "conformance"

pytestmark = pytest.mark.processes


@dataclass
class Running:
    """The lab, and what a suite is given."""

    data: Path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.data / "world" / "tls" / "authority.crt")

    def browser(self, *, address: str | None = None) -> httpx.Client:
        transport = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(transport=transport, timeout=30)

    def template(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "suite" / name).read_text())
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "suite").symlink_to(DOCUMENTS / "suite")
    config = folder / "lab.toml"
    text = (DOCUMENTS / "lab.toml").read_text()
    config.write_text(re.sub(r"^port = \d+$", f"port = {PORT}", text, flags=re.MULTILINE).replace("= 2.0", "= 0.5"))
    command = [sys.executable, "-c", "from ipse.cli import main; main()", "lab", "run"]
    output = folder / "output.txt"
    with output.open("wb") as told:
        process = subprocess.Popen(
            [*command, "--config", str(config), "--data", str(folder / "data")],
            stdout=told,
            stderr=subprocess.STDOUT,
            env=dict(os.environ),
        )
    try:
        until = time.monotonic() + 90
        while "Suites" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < until, output.read_text()
            time.sleep(0.2)
        yield Running(folder / "data")
    finally:
        process.terminate()
        process.wait(15)


def test_a_page_is_approved_by_itself_and_goes_on(lab: Running) -> None:
    """An engine without scripts follows the page's own reload to the suite."""
    client = lab.template("oidcc-basic.json")["client"]
    with lab.browser() as browser:
        query = {"client_id": client["client_id"], "response_type": "code", "scope": "openid", "display": "popup"}
        query["redirect_uri"] = "https://localhost.emobix.co.uk:8443/test/a/ipse-basic/callback"
        page = browser.get(f"{ISSUER}/authorization", params=query)
        reload = re.search(r'http-equiv="refresh" content="\d+;url=([^"]+)"', page.text)
        assert reload
        address = f"https://localhost:{PORT}" + reload[1].replace("&amp;", "&")
        until = time.monotonic() + 20
        while page.status_code == 200 and time.monotonic() < until:
            time.sleep(0.2)
            page = browser.get(address)
        while page.status_code == 303 and page.headers["location"].startswith("/"):
            page = browser.get(f"https://localhost:{PORT}" + page.headers["location"])
        assert page.headers["location"].startswith(query["redirect_uri"] + "?code=")
        form = {"grant_type": "authorization_code", "redirect_uri": query["redirect_uri"]}
        form["code"] = httpx.URL(page.headers["location"]).params["code"]
        secret = (client["client_id"], client["client_secret"])
        assert "id_token" in browser.post(f"{ISSUER}/token", data=form, auth=secret).json()
        assert "date" in page.headers


@pytest.mark.parametrize(("action", "outcome"), [("allow", 200), ("deny", 400)])
def test_the_back_channel_is_answered_by_an_address(lab: Running, action: str, outcome: int) -> None:
    """C-5: as the suite's `automated_ciba_approval_url` says, with tokens bound to the client's certificate."""
    template = lab.template("fapi-ciba-poll.json")
    client = template["client"]
    (key,) = jose.private_keys(client["jwks"]["keys"][:1])
    now, fresh = int(time.time()), RandomIds()
    common = {"iss": client["client_id"], "aud": ISSUER, "iat": now, "exp": now + 60}
    asked = {"nbf": now, "scope": client["scope"], "login_hint_token": client["hint_value"]}

    def proven() -> dict[str, str]:
        claims = common | {"sub": client["client_id"], "jti": fresh.identifier()}
        return {"client_assertion_type": ASSERTION, "client_assertion": jose.sign(claims, key, alg="PS256")}

    request = jose.sign(common | asked | {"jti": fresh.identifier()}, key, alg="PS256")
    pem = "".join(template["mtls"]["cert"].splitlines()[1:-1])
    with lab.browser(address="127.0.0.2") as suite:
        begun = suite.post(f"{ISSUER}/backchannel/authentication", data={"request": request, **proven()}).json()
        address = template["automated_ciba_approval_url"]
        address = address.replace("{auth_req_id}", begun["auth_req_id"]).replace("{action}", action)
        assert httpx.post(address, timeout=20).status_code == 200
        form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": begun["auth_req_id"], **proven()}
        answer = suite.post(f"{ISSUER}/token", data=form, headers={"Client-Cert": f":{pem}:"})
    assert answer.status_code == outcome, answer.text
    assert ("id_token" in answer.json()) is (action == "allow")


def test_the_phone_knows_three_addresses(lab: Running) -> None:
    assert httpx.post(f"{PHONE}/phone/latest/dance").status_code == 404
    assert httpx.post(f"{PHONE}/elsewhere").status_code == 404
    assert httpx.get(f"{PHONE}/phone/latest/approve").status_code == 501
    foreign = {"Origin": "https://elsewhere.example"}
    assert httpx.post(f"{PHONE}/phone/latest/approve", headers=foreign).status_code == 403
    assert lab.data.exists()
