"""docs/guides/confirm-a-payment.md as a developer follows it, and the sandbox's shop as its customer uses it.

A program that shares no code with the scheme, and the demo shop with its own reading of the protocol, have payments and
texts confirmed by the phone in Python (partner protocol 1.8; RFC 9396; B-41).
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.sandbox.partner.orders import ORDERS
from ipse.softphone import Activation, Outcome, Refused, SoftPhone
from tests.support.sandbox import IPSE, Sandbox, running_sandbox

GUIDES = Path("docs/guides").resolve()
CODE = "13579"
_COMMAND = re.compile(r"^ipse (partner .*)$", re.MULTILINE)
_HANDLE = re.compile(r"/v2/sign-in/[A-Za-z0-9_-]{22}")

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("confirm")) as running:
        yield running


@pytest.fixture(scope="module")
def phone(sandbox: Sandbox) -> Iterator[SoftPhone]:
    with SoftPhone() as found:
        found.activate(Activation(base=sandbox.base, bank="bank-vesta", person="ada", code=CODE))
        yield found


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, timeout=30, trust_env=False) as found:
        yield found


def scan(phone: SoftPhone, browser: httpx.Client, page: str) -> tuple[list[dict[str, Any]], Outcome]:
    """Scan the page's QR and approve; what was shown to confirm. A busy machine takes the next QR."""
    for tries_left in range(3, -1, -1):
        frame = re.search(r'data-content="([^"]+)"', browser.get(page).text)
        assert frame is not None
        try:
            request = phone.claim(unescape(frame[1]))
        except Refused as refused:
            if refused.code != "stale_frame" or not tries_left:
                raise
            continue
        return request.confirms, phone.approve(request, CODE)
    raise AssertionError


def sign_in_page(sandbox: Sandbox, answer: httpx.Response) -> str:
    handle = _HANDLE.search(answer.text)
    assert handle is not None, answer.text
    return sandbox.base + handle[0]


def test_a_developer_who_follows_the_guide_gets_a_payment_confirmed(
    sandbox: Sandbox, phone: SoftPhone, browser: httpx.Client, tmp_path: Path
) -> None:
    keys = (
        f"import sys; sys.argv = ['']; sys.path.insert(0, {str(GUIDES)!r}); import first_login; first_login.load_keys()"
    )
    subprocess.run([sys.executable, "-c", keys], cwd=tmp_path, check=True, timeout=60)
    for guide in ("first-login.md", "confirm-a-payment.md"):
        for command in _COMMAND.findall((GUIDES / guide).read_text()):
            words = shlex.split(command.replace("world/ipse.toml", str(sandbox.folder / "data" / "ipse.toml")))
            done = subprocess.run(
                [*IPSE, *words], cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

    program = [sys.executable, "-u", str(GUIDES / "confirm_a_payment.py"), sandbox.base + "/v2"]
    waiting = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    try:
        address = waiting.stdout.readline().strip()
        assert "24.50" not in address
        page = sign_in_page(sandbox, browser.get(address))
        shown, _ = scan(phone, browser, page)
        assert shown[0]["amount"] == "24.50"
        assert "You can close this window" in browser.get(page).text
        out, errors = waiting.communicate(timeout=30)
    finally:
        waiting.kill()
    assert re.search(r"confirmed: .*24\.50.* by [a-z0-9]{36}\nkeep this with the payment: [\w-]{43}\n", out), (
        out + errors
    )


def test_a_customer_of_the_shop_pays_joins_and_pays_again(
    sandbox: Sandbox, phone: SoftPhone, browser: httpx.Client
) -> None:
    """By template, by text, and, once the shop knows them, straight on their phone with the digits of the page."""
    shop = sandbox.partner("shop")["url"]
    front = browser.get(shop).text
    assert all(f"/shop/confirm/{order}" in front for order in ORDERS)

    page = sign_in_page(sandbox, browser.get(f"{shop}confirm/voucher"))
    shown, _ = scan(phone, browser, page)
    assert shown == [{"type": "payment", "amount": "50", "currency": "EUR", "creditor_iban": "BE71096123456769"}]
    paid = browser.get(f"{page}/finish")
    assert paid.url.path == "/shop/received"
    assert '<dd id="paid">€ 50</dd>' in paid.text

    page = sign_in_page(sandbox, opened := browser.get(f"{shop}confirm/fern"))
    digits = re.search(r'id="digits"[^>]*>(\d\d)<', opened.text)
    assert digits is not None
    waiting = [request for request in phone.requests() if not request["claimed"]]
    assert [(request["partner"], request["digits"]) for request in waiting] == [("Pot & Linde", True)]
    request = phone.claim_addressed(waiting[0]["action"], digits[1])
    assert request.content["started"]["how"] == "push"
    assert request.confirms[0]["creditor_name"] == "Pot & Linde"
    phone.approve(request, CODE)
    assert '<dd id="paid">€ 24.50</dd>' in browser.get(f"{page}/finish").text


def test_joining_the_club_shows_its_rules(sandbox: Sandbox, phone: SoftPhone, browser: httpx.Client) -> None:
    shop = sandbox.partner("shop")["url"]
    page = sign_in_page(sandbox, browser.get(f"{shop}confirm/club"))
    shown, _ = scan(phone, browser, page)
    assert shown[0]["type"] == "text"
    assert "<b>Green Thumb Club</b>" in shown[0]["text"]
    assert 'id="confirmed"' in browser.get(f"{page}/finish").text


def test_a_refusal_pays_nothing(sandbox: Sandbox, phone: SoftPhone, browser: httpx.Client) -> None:
    shop = sandbox.partner("shop")["url"]
    page = sign_in_page(sandbox, browser.get(f"{shop}confirm/fig"))
    frame = re.search(r'data-content="([^"]+)"', browser.get(page).text)
    assert frame is not None
    phone.reject(phone.claim(unescape(frame[1])))
    ended = browser.get(f"{page}/finish")
    assert 'data-kind="refused"' in ended.text
    assert "/shop/confirm/fig" in ended.text
