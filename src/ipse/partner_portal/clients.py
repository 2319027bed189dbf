"""What the portal calls when a login is tried: the scheme itself as a browser would, and a simulated phone.

The phone is `ipse phone`, a process of its own that speaks the device protocol, so that what is tried is what a person
would do. Both exist outside production only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from ipse.partner_portal.errors import PhoneFailed

SECONDS: Final = 45.0
MOST_BYTES: Final = 500_000
_PHONE: Final = (sys.executable, "-c", "from ipse.cli import main; main()", "phone")
_CODE: Final = "13579"
_LINK: Final = re.compile(r'href="([^"]+/#l=[^"]+)"')
_HERE: Final = re.compile(r'data-here="([^"]+)"')
_STOPPED: Final = frozenset(
    {"no_phone", "phone_stopped", "phone_copied", "unknown_phone", "account_blocked", "account_pending"}
)


@dataclass(frozen=True, slots=True)
class SimulatedPhone:
    """The phone of one test person. It is activated when it is first needed, and again after somebody else was her."""

    folder: Path
    base: str
    registrar: str
    person: str
    name: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def show(self, link: str) -> dict[str, Any]:
        """Take the request behind an app link; what the phone shows of it.

        Raises:
            PhoneFailed: it cannot; the text says why.
        """
        async with self._turn:
            told = await self._told("show", link)
            if told.get("error") in _STOPPED:
                await self._activate()
                told = await self._told("show", link)
        return _good(told)

    async def approve(self, action: str) -> dict[str, Any]:
        """Approve a request that it has taken, with the code.

        Raises:
            PhoneFailed: it cannot; the text says why.
        """
        async with self._turn:
            return _good(await self._told("approve", action, "--code", _CODE))

    async def refuse(self, action: str) -> dict[str, Any]:
        """Refuse a request that it has taken.

        Raises:
            PhoneFailed: it cannot; the text says why.
        """
        async with self._turn:
            return _good(await self._told("reject", action))

    async def _activate(self) -> None:
        (self.folder / f"{self.person}.json").unlink(missing_ok=True)
        words = ("--base", self.base, "--bank", self.registrar, "--person", self.person, "--code", _CODE)
        _good(await self._told("activate", *words, "--attested"))

    async def _told(self, *words: str) -> dict[str, Any]:
        """What a command answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        store = str(self.folder / f"{self.person}.json")
        process = await asyncio.create_subprocess_exec(
            *_PHONE, *words, "--store", store, "--json",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS):
                out, _ = await process.communicate()
        except TimeoutError as error:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise PhoneFailed("no answer in time", public="The simulated phone did not answer in time") from error
        try:
            answer: dict[str, Any] = msgspec.json.decode(out[:MOST_BYTES], type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise PhoneFailed(f"exit status {process.returncode}") from error
        return answer


def _good(told: dict[str, Any]) -> dict[str, Any]:
    if "error" in told:
        reason = str(told.get("detail") or told["error"])
        raise PhoneFailed(reason, public=f"The simulated phone says: {reason}")
    return told


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back."""

    line: str
    status: int
    location: str
    body: str


@dataclass
class Visitor:
    """A browser without a screen, on our own scheme only: it goes where the scheme sends it, never to a partner."""

    base: str
    client: httpx.AsyncClient

    @classmethod
    def of(cls, base: str) -> Visitor:
        """A new one, without cookies."""
        trust: ssl.SSLContext | bool = ssl.create_default_context() if base.startswith("https:") else False
        client = httpx.AsyncClient(
            verify=trust, timeout=10, follow_redirects=False, trust_env=False, headers={"Accept-Language": "en"}
        )
        return cls(base, client)

    def ours(self, address: str) -> bool:
        """Whether an address is one of the scheme's."""
        here, there = urlsplit(self.base), urlsplit(address)
        return (here.scheme, here.netloc) == (there.scheme, there.netloc)

    async def get(self, address: str) -> Exchange:
        """Open an address of the scheme; within it redirects are followed, out of it never.

        Raises:
            PhoneFailed: the scheme did not answer.
        """
        first = f"GET {address}"
        for _ in range(6):
            answer = await self._sent("GET", address)
            location = urljoin(address, answer.headers.get("location", "")) if answer.is_redirect else ""
            if not location or not self.ours(location):
                return Exchange(first, answer.status_code, location, answer.text[:MOST_BYTES])
            address = location
        return Exchange(first, 310, "", "")

    async def post(self, address: str, form: Mapping[str, str], *, bearer: str = "") -> Exchange:
        """Send a form to an address of the scheme, as a partner's server would.

        Raises:
            PhoneFailed: the scheme did not answer.
        """
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = await self._sent("POST", address, data=dict(form), headers=headers)
        return Exchange(f"POST {address}", answer.status_code, "", answer.text[:MOST_BYTES])

    async def _sent(self, method: str, address: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        try:
            return await self.client.request(method, address, **more)
        except httpx.HTTPError as error:
            reason = f"the scheme did not answer: {type(error).__name__}"
            raise PhoneFailed(reason, public=reason) from error

    async def close(self) -> None:
        """Let go."""
        await self.client.aclose()


def app_link(page: str) -> str:
    """The app link of a sign-in page; empty where it has none."""
    found = _LINK.search(page)
    return unescape(found[1]) if found else ""


def page_of(page: str) -> str:
    """The path of a sign-in page itself; empty where it is none."""
    found = _HERE.search(page)
    return unescape(found[1]) if found else ""
