"""The whole scheme in this event loop, browsers of its visitors, and their phones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import msgspec

from ipse.app.composition import Scheme, build_scheme
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.handsets import Handset, Works
from tests.functional.oidc.installation import Installation, is_free, listening, settings_at

FIRST_PORT = 24450
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_HERE = re.compile(r'data-here="/v2/sign-in/([^"]+)"')


@dataclass
class House:
    """The scheme, serving; and who speaks to it."""

    scheme: Scheme
    works: Works
    clock: FrozenClock
    base: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """A fresh browser."""
        async with httpx.AsyncClient(base_url=self.base, timeout=20) as http:
            yield Browser(self, http)


@dataclass
class Browser:
    """One browser: forms carry their tokens, redirects are followed one by one."""

    house: House
    http: httpx.AsyncClient

    async def token(self) -> str:
        """The form token of this browser, as any of our pages holds it."""
        found = _TOKEN.search((await self.http.get("/block")).text)
        assert found is not None
        return found[1]

    async def begin(self, onward: str = "/envelopes") -> httpx.Response:
        return await self.send("/session/begin", onward=onward)

    async def send(self, address: str, **fields: str) -> httpx.Response:
        """Send a form of our own."""
        fields["token"] = await self.token()
        return await self.http.post(address, data=fields, headers={"Origin": self.house.base})

    async def approved(self, page: httpx.Response, phone: Handset) -> httpx.Response:
        """Let a phone approve what the page waits for; what the browser is sent on with."""
        handle = handle_of(page)
        await phone.approve(await phone.claim(handle))
        return await self.http.get(f"/v2/sign-in/{handle}/finish")

    async def sign_in(self, phone: Handset, onward: str = "/envelopes") -> httpx.Response:
        """Sign in from the button to the cookie; the last answer."""
        sent_on = await self.approved(await self.begin(onward), phone)
        return await self.http.get(sent_on.headers["location"])


def handle_of(page: httpx.Response) -> str:
    """The action that a waiting page is about."""
    found = _HERE.search(page.text)
    assert found is not None, (page.status_code, page.text[:400])
    return found[1]


@asynccontextmanager
async def living(
    keystore: Keystore, database: Database, *, clock: Any = None, first_port: int = FIRST_PORT, **told: Any
) -> AsyncIterator[House]:
    """A house for as long as the context lasts; `told` are settings."""
    port = next(port for port in range(first_port, first_port + 30, 2) if is_free(port))
    settings = msgspec.structs.replace(settings_at(port, ""), keystore="", **told)
    clock = clock or FrozenClock()
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=RandomIds())
    parts = (settings, database, scheme.people, scheme.partners)
    works = await Works.of(cast("Installation", _Parts(*parts, clock)), keystore)
    works.installation.actions = works.features.actions  # type: ignore[misc]
    async with listening(scheme.application, port):
        yield House(scheme, works, clock, settings.base_url)
    await works.features.doors.close()
    await scheme.close()


@dataclass
class _Parts:
    """What phones need of an installation."""

    settings: object
    database: Database
    people: object
    partners: object
    clock: FrozenClock
    actions: object = None
