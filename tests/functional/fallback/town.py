"""The town hall, Noor who prepared every way, and switches that turn off one thing at a time. No browser, no script."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from ipse.kernel.clock import SECOND, SystemClock
from ipse.softphone import Activation, MemoryStore, SoftPhone, browser
from ipse.storage.database import Database
from tests.support.passkeys import Keeper
from tests.support.visitor import SignInPage, Visitor

CODE = "13579"
PERSON, BANK = "noor", "bank-lys"
_ONWARD = re.compile(r'id="onward"[^>]*href="([^"]+)"')


class MovingClock:
    """The system's time, and how far a test has moved it."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return SystemClock().now() + self.ahead * SECOND


@dataclass
class Switch:
    """Stands before an application and answers nothing sensible where something is turned off."""

    application: Any
    off: tuple[str, ...] = ()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and any(scope["path"].startswith(prefix) for prefix in self.off):
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"out of order"})
            return
        await self.application(scope, receive, send)


@dataclass
class Town:
    """What the tests use."""

    base: str
    world: str
    clock: MovingClock
    switches: Mapping[str, Switch]
    """`scheme` and `world`."""
    codes: list[str] = field(default_factory=list)
    name: str = ""
    app: TOTP | None = None
    keeper: Keeper | None = None
    lost: frozenset[str] = frozenset()
    """What the person does not have at hand today."""
    partner: dict[str, Any] = field(default_factory=dict)
    database: Database | None = None
    visitors: list[Visitor] = field(default_factory=list)
    store: MemoryStore = field(default_factory=MemoryStore)
    """Of Noor's phone."""

    def prepare(self) -> None:
        """Noor has an identity, a sheet, an app for codes, and a passkey at her desk."""
        self.partner = next(
            one for one in httpx.get(f"{self.world}/world.json").json()["partners"] if one["client_id"] == "portal"
        )
        with SoftPhone(self.store) as phone:
            phone.activate(Activation(base=self.base, bank=BANK, person=PERSON, code=CODE))
            sheet, totp = phone.fallbacks.add("sheet", CODE), phone.fallbacks.add("totp", CODE)
            self.codes, self.name = list(sheet["codes"]), sheet["name"]
            self.app = TOTP(base64.b32decode(totp["secret"]), 6, SHA1(), 30)
            self.keeper = Keeper(self.base, "localhost")
            made = self.make_passkey(phone.fallbacks.add("passkey", CODE)["url"], self.keeper)
            assert made == {"made": True}

    def make_passkey(self, url: str, keeper: Keeper) -> dict[str, Any]:
        """Open the one-time address and let `keeper` make what it asks for."""
        with httpx.Client(timeout=20) as http:
            page = http.get(url).text
            answer = http.post(
                url,
                json={"credential": keeper.make(data_of(page, "challenge"), data_of(page, "user"))},
                headers={"Origin": self.base},
            )
            told: dict[str, Any] = answer.json()
            return told

    def visitor(self) -> Visitor:
        """A fresh browser at the town hall."""
        self.visitors.append(Visitor(self.base, self.partner))
        return self.visitors[-1]

    def close(self) -> None:
        """Close every browser, also after a test that failed."""
        for visitor in self.visitors:
            visitor.close()

    def log_in(self, method: str) -> str:
        """The whole way by one method; the code that the town hall gets.

        Raises:
            NotToday: the method does not work.
        """
        visitor = self.visitor()
        try:
            page = visitor.start()
            here = f"{self.base}/v2/sign-in/{page.handle}/other"
            asked = EXERCISES[method](self, visitor, here)
            if 'id="consent"' not in asked.text:
                raise NotToday(f"{method}: {asked.status_code} {asked.url}")
            return self.approve(visitor, page, asked)
        except httpx.HTTPError as error:
            raise NotToday(f"{method}: {error!r}") from error
        finally:
            visitor.close()

    def approve(self, visitor: Visitor, page: SignInPage, asked: httpx.Response) -> str:
        """Approve what the page asks, and go back to the town hall."""
        done = submit(visitor, asked, {"decision": "approve"})
        onward = _ONWARD.search(done.text)
        assert onward is not None, done.text
        return visitor.code_of(visitor.browser.get(urljoin(self.base, unescape(onward[1]))), page)

    def at_hand(self, thing: str) -> None:
        """Refuse what the person does not have today."""
        if thing in self.lost:
            raise NotToday(thing)


class NotToday(Exception):
    """A way that does not work; says where it ended."""


def submit(visitor: Visitor, page: httpx.Response, values: Mapping[str, str]) -> httpx.Response:
    """Send the first form of a page, filled in; follows redirects."""
    form = browser.first_form(page.text)
    assert form is not None, page.text
    address = urljoin(str(page.url), form.action)
    origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
    filled = {**browser.fill(form, dict(values)), **values}
    return visitor.browser.post(address, data=filled, headers={"Origin": origin}, follow_redirects=True)


def data_of(page: str, name: str) -> str:
    """A `data-…` of a page."""
    found = re.search(rf'data-{name}="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def _handed_in(visitor: Visitor, here: str, base: str, content: Mapping[str, Any]) -> httpx.Response:
    answer = visitor.browser.post(here, json=content, headers={"Origin": base})
    told = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    if "to" not in told:
        raise NotToday(f"{here}: {answer.status_code} {told}")
    return visitor.browser.get(urljoin(base, told["to"]))


def _by_card(town: Town, visitor: Visitor, here: str) -> httpx.Response:
    page = visitor.browser.get(f"{here}/eid_card")
    nonce = data_of(page.text, "nonce")
    wanted = {"origin": town.base, "challengeNonce": nonce, "pin": "1234", "person": PERSON}
    token = visitor.browser.post(f"{town.world}/eid/api/authenticate", json=wanted)
    token.raise_for_status()
    return _handed_in(visitor, f"{here}/eid_card", town.base, {"nonce": nonce, "token": token.text})


def _by_bank(town: Town, visitor: Visitor, here: str) -> httpx.Response:
    left = submit(visitor, visitor.browser.get(f"{here}/bank"), {"bank": BANK})
    onward = _ONWARD.search(left.text)
    if onward is None:
        raise NotToday(f"bank: {left.status_code}")
    login = visitor.browser.get(unescape(onward[1]), follow_redirects=True)
    login.raise_for_status()
    return submit(visitor, login, {"person": PERSON, "decision": "approve"})


def _by_sheet(town: Town, visitor: Visitor, here: str) -> httpx.Response:
    town.at_hand("paper")
    return submit(visitor, visitor.browser.get(f"{here}/sheet"), {"name": town.name, "code": town.codes.pop()})


def _by_totp(town: Town, visitor: Visitor, here: str) -> httpx.Response:
    town.at_hand("the person's device")
    assert town.app is not None
    code = town.app.generate(town.clock.now() // SECOND).decode()
    return submit(visitor, visitor.browser.get(f"{here}/totp"), {"name": town.name, "code": code})


def _by_passkey(town: Town, visitor: Visitor, here: str) -> httpx.Response:
    town.at_hand("the person's device")
    assert town.keeper is not None
    challenge = data_of(visitor.browser.get(f"{here}/passkey").text, "challenge")
    content = {"challenge": challenge, "credential": town.keeper.use(challenge)}
    return _handed_in(visitor, f"{here}/passkey", town.base, content)


EXERCISES: Mapping[str, Callable[[Town, Visitor, str], httpx.Response]] = {
    "eid_card": _by_card,
    "bank": _by_bank,
    "passkey": _by_passkey,
    "totp": _by_totp,
    "sheet": _by_sheet,
}
