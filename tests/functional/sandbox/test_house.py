"""The house of the sandbox, played whole: real processes, a phone in Python, and a screen without JavaScript."""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ipse.softphone.errors import Refused
from ipse.softphone.phone import Activation, Connecting, SoftPhone
from tests.support.codes import read_code
from tests.support.sandbox import Sandbox, running_sandbox

CODE = "13579"
pytestmark = pytest.mark.processes


@dataclass
class Screen:
    """The screen beside the door."""

    http: httpx.Client
    page: str = ""

    def front(self) -> Screen:
        return self._shows(self.http.get("/house/"))

    def pair(self) -> str:
        """Press *Pair a phone*; the content of the code."""
        self._shows(self.http.post("/house/pair"))
        return read_code(b64decode(self._found(r"data:image/png;base64,([A-Za-z0-9+/=]+)")))

    def ask(self, deed: str) -> str:
        """Press a button; the two digits."""
        self._shows(self.http.post("/house/ask", data={"deed": deed}))
        return "".join(re.findall(r"<span>(\d)</span>", self.page))

    def until(self, mark: str, *, within: float = 20) -> Screen:
        """Load the page again and again, as it asks for itself, until it shows `mark`."""
        end = time.monotonic() + within
        while f'id="{mark}"' not in self.page:
            assert time.monotonic() < end, self.page
            time.sleep(0.5)
            self._shows(self.http.get("/house/wait"))
        return self

    @property
    def door(self) -> str:
        return self._found(r'id="door" data-state="(\w+)"')

    @property
    def kind(self) -> str:
        return self._found(r'data-kind="(\w+)"')

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.page)
        assert found, self.page
        return found[1]

    def _shows(self, answer: httpx.Response) -> Screen:
        assert answer.status_code < 500, answer.text
        self.page = answer.text
        return self


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def screen(sandbox: Sandbox) -> Iterator[Screen]:
    world = f"http://127.0.0.1:{sandbox.port + 1}"
    with httpx.Client(base_url=world, follow_redirects=True, timeout=20, trust_env=False) as http:
        yield Screen(http)


def paired(sandbox: Sandbox, screen: Screen, person: str) -> SoftPhone:
    """Somebody's phone, once it is a key of the house."""
    phone = SoftPhone()
    phone.activate(Activation(base=sandbox.base, bank="bank-vesta", person=person, code=CODE))
    connecting = phone.take(screen.pair())
    assert isinstance(connecting, Connecting)
    assert connecting.partner == "Huis Ipse"
    screen.until("waiting")
    request = phone.follow(connecting)
    assert request.start == "qr"
    phone.approve(request, CODE)
    screen.until("paired")
    return phone


def waiting(phone: SoftPhone) -> dict[str, Any]:
    (one,) = phone.requests()
    return one


def test_a_door_opens_for_the_phone_that_was_paired(sandbox: Sandbox, screen: Screen) -> None:
    """Scan, approve, press, type the digits, approve: the phone shows door and action, and signs what it showed."""
    with paired(sandbox, screen, "ada") as phone:
        assert "Hello, Ada" in screen.page
        assert screen.door == "locked"
        digits = screen.ask("unlock")
        one = waiting(phone)
        assert (one["digits"], one["claimed"], one["service"]) == (True, False, "Door and heating")
        request = phone.claim_addressed(one["action"], digits)
        assert request.confirms == [
            {"type": "device_action", "device": "Front door", "action": "unlock", "location": "Lindelaan 7"}
        ]
        phone.approve(request, CODE)
        assert "The door is open" in screen.until("said").page
        assert screen.door == "open"
        assert "The door is open" not in screen.front().page, "said once"

        # An impatient finger: three presses, each with digits of its own, and one request on the phone.
        first, *_ = [screen.ask("warm") for _ in range(3)]
        phone.approve(phone.claim_addressed(waiting(phone)["action"], first), CODE)
        assert phone.requests() == []


def test_wrong_digits_end_the_request_and_a_refusal_leaves_the_door_alone(sandbox: Sandbox, screen: Screen) -> None:
    with paired(sandbox, screen, "bram") as phone:
        digits = screen.ask("unlock")
        one = waiting(phone)
        with pytest.raises(Refused) as without:
            phone.claim_addressed(one["action"])
        assert without.value.code == "digits_needed"
        with pytest.raises(Refused) as refused:
            phone.claim_addressed(one["action"], f"{(int(digits) + 1) % 100:02d}")
        assert refused.value.code == "wrong_digits"
        assert phone.requests() == []
        assert screen.until("failed").kind == "refused"
        digits = screen.ask("unlock")
        phone.reject(phone.claim_addressed(waiting(phone)["action"], digits), not_started=True)
        assert screen.until("failed").kind == "refused"
        assert screen.front().door == "locked"
