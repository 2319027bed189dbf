"""A person with a phone and a browser, in small steps that a test can take in the wrong order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx

from ipse.kernel.ids import RandomIds
from ipse.softphone import activation, browser, configuration
from ipse.softphone.activation import Activation
from ipse.softphone.channel import Channel
from ipse.softphone.connections import connect
from ipse.softphone.messages import Writer
from ipse.softphone.state import Pending, State
from ipse.softphone.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipse.app.composition import Scheme
    from ipse.kernel.clock import FrozenClock
    from ipse.kernel.keystore import Keystore
    from ipse.sandbox.moods import Moods

CODE = "13579"


@dataclass
class Stage:
    """Scheme, banks and the time."""

    scheme: Scheme
    clock: FrozenClock
    moods: Moods
    port: int
    keystore: Keystore
    browsers: list[httpx.AsyncClient] = field(default_factory=list)
    phones_http: httpx.Client = field(default_factory=lambda: connect(None))

    async def close(self) -> None:
        """Close what phones and browsers opened."""
        for browser_ in self.browsers:
            await browser_.aclose()
        self.phones_http.close()

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port + 2}"

    async def count(self, text: str) -> int:
        row = await self.scheme.database.row(text)
        assert row is not None
        return int(row["n"])

    async def activated(self, person: str, bank: str, number: str) -> tuple[Phone, dict[str, Any]]:
        """A whole activation."""
        phone = Phone(self, person, bank, number)
        value = await phone.visit_bank()
        await phone.bring(value)
        return phone, await phone.activate()


@dataclass
class Browser:
    """Cookies, no scripts, and redirects only when told."""

    stage: Stage

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(timeout=30, trust_env=False, follow_redirects=False, verify=False)
        self.stage.browsers.append(self.http)

    async def to_login_page(self, start_url: str) -> httpx.Response:
        """From the start address to the bank's login page."""
        response = await self.http.get(start_url)
        while response.has_redirect_location:
            response = await self.http.get(urljoin(str(response.url), response.headers["location"]))
        return response

    async def decide(self, page: httpx.Response, person: str, decision: str = "approve") -> str:
        """Fill in the login page; the address the bank sends the browser back to, not opened yet."""
        form = browser.first_form(page.text)
        assert form is not None, page.text
        values = browser.fill(form, {"person": person, "decision": decision})
        response = await self.http.post(urljoin(str(page.url), form.action), data=values)
        assert response.has_redirect_location, response.text
        return response.headers["location"]

    async def open(self, address: str) -> httpx.Response:
        return await self.http.get(address)

    async def fragment(self, address: str) -> tuple[str, str]:
        """Open an address that leads to the app: name and value of the fragment."""
        response = await self.open(address)
        assert response.status_code == 303, (response.status_code, response.text)
        name, _, value = urlsplit(response.headers["location"]).fragment.partition("=")
        return name, value


@dataclass
class Phone:
    """A soft phone, step by step. Refusals come back as the problem document's members."""

    stage: Stage
    person: str
    bank: str
    number: str
    email: str | None = None
    store: MemoryStore = field(default_factory=MemoryStore)
    begun: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = Browser(self.stage)
        http = self.stage.phones_http
        self.channel = Channel(store=self.store, http=http, patience_seconds=20)
        self.writer = Writer(
            clock=self.stage.clock, ids=RandomIds(), configuration=lambda base: configuration.fetch(http, base)
        )
        self.store.save(
            State(base=self.stage.base, app_version="1.0.0", key=activation.new_key(), phone_number=self.number)
        )

    async def enrol(self) -> dict[str, Any]:
        wanted = Activation(
            base=self.stage.base,
            bank=self.bank,
            person=self.person,
            code=CODE,
            phone_number=self.number,
            email=self.email,
            language="nl",
        )
        run = activation._Run(channel=self.channel, writer=self.writer, wanted=wanted, tls=None)
        self.begun = await asyncio.to_thread(lambda: run._enrol(self.writer.configuration(self.stage.base)))
        return self.begun

    async def callback(self, *, person: str = "", decision: str = "approve") -> str:
        """Enrol, go to the bank, decide; the address of the return, not opened yet."""
        await self.enrol()
        page = await self.browser.to_login_page(self.begun["start_url"])
        return await self.browser.decide(page, person or self.person, decision)

    async def visit_bank(self) -> str:
        """Enrol and come back from the bank; the one-time value."""
        name, value = await self.browser.fragment(await self.callback())
        assert name == "return", value
        return value

    def bringing(self, value: str, enrolment: str = "") -> Callable[[State], Pending]:
        def compose(state: State) -> Pending:
            return self.writer.signed(
                state, "enrolment-return", "enrolment-return", enrolment=enrolment or state.enrolment, value=value
            )

        return compose

    async def bring(self, value: str) -> dict[str, Any]:
        """Present the value of the return."""
        return await asyncio.to_thread(self.channel.exchange, "enrolment-return", self.bringing(value))

    async def activate(self) -> dict[str, Any]:
        """Set the code."""
        return await asyncio.to_thread(
            self.channel.exchange, "activate", lambda state: self.writer.activate(state, CODE)
        )

    async def activation_message(self) -> Pending:
        """The bytes of an activation, not sent."""
        return await asyncio.to_thread(lambda: self.writer.activate(self.store.load(), CODE))

    async def post(self, message: Pending) -> httpx.Response:
        """Send bytes and remember nothing."""
        return await asyncio.to_thread(self.channel.post, self.stage.base, message)

    async def home(self) -> dict[str, Any]:
        return await asyncio.to_thread(
            self.channel.exchange, "home", lambda state: self.writer.signed(state, "home", "home")
        )
