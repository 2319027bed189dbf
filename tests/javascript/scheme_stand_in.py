"""The app in Chromium against a scheme that answers from a script: screens that need no scheme to be judged."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from ipse.mobile.http import app_files

APP = "http://app.localhost"
SCHEME = "http://scheme.localhost"
PATIENCE = 20_000
_CHANNEL = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "channel",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # RFC 7515, appendix A.3
_ACTIVATION = {**_CHANNEL, "kid": "activation", "use": "enc", "alg": "ECDH-ES"}
SIGNER = {
    "credential": "credential-1",
    "salt": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "key": _ACTIVATION,
    "issuer": "Ipse Sandbox Issuing Authority",
    "quality": "test",
}
"""Of the signing certificate that every phone here has."""
_PHONE = """async ([base, signers]) => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const record = {
    base, privateKey, publicKey: { kty, crv, x, y }, phone: "cGhvbmU", chain: "c0", stage: "living", stopped: null,
    account: { state: "active", why: null }, name: "Ada", phoneNumber: "+32 485694175", codeKey: "key-1",
    signers,
    salts: { "key-1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" }, challenge: null, pending: null,
    enrolment: null, codeContext: {},
  };
  const opening = indexedDB.open("ipse", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("phone");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const writing = opening.result.transaction("phone", "readwrite");
  writing.objectStore("phone").put(record, "record");
  await new Promise((resolve) => (writing.oncomplete = resolve));
  opening.result.close();
}"""

_PENDING = """async () => {
  const opening = indexedDB.open("ipse", 1);
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const reading = opening.result.transaction("phone").objectStore("phone").get("record");
  await new Promise((resolve) => (reading.onsuccess = resolve));
  opening.result.close();
  return reading.result.pending !== null;
}"""


def b64u(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class StandIn:
    """What the scheme would answer, and what it was told."""

    open: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    claimed: dict[str, Any] = field(default_factory=dict)
    """The shown document that a claim leads to, or the members of an answer that waits."""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Path and payload of each signed message; a sealed one shows nothing of itself."""
    refused: dict[str, Any] | None = None
    """The problem a claim ends with."""
    outcome: str = "rejected"
    activation_key: dict[str, str] | None = field(default_factory=lambda: dict(_ACTIVATION))
    """The key of signature activation, as the configuration names it."""
    papers: dict[str, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    """Files the scheme holds, with pictures of their pages."""
    refuse_token: bool = False
    """Whether the next token of a document is found too old."""
    opened: str = ""
    """The one whose token was given last."""
    chain: int = 0
    configured: dict[str, Any] = field(default_factory=dict)
    """Further members of the configuration."""
    at_home: dict[str, Any] = field(default_factory=dict)
    """Further members of `home`; with `http`, a status of its own."""

    def until(self, seconds: int = 167) -> int:
        """A moment to come, unix seconds."""
        return int(time.time()) + seconds

    def shown(self, **members: Any) -> dict[str, Any]:
        """A shown document with these members."""
        document = {
            "v": 1,
            "salt": b64u(bytes(32)),
            "action": "action-1",
            "type": "confirmation",
            "level": "substantial",
            "partner": {"id": "shop", "name": "Pot & Linde"},
            "service": {"code": "PAY", "name": "Pay for your order"},
            "assurance": "advanced",
            "started": {"at": int(time.time()), "how": "qr"},
            "attributes": [],
        }
        return {**document, **members}

    async def answer(self, route: Route) -> None:
        """Answer one call as the scheme would."""
        request = route.request
        path = request.url.removeprefix(f"{SCHEME}/phone/v1")
        cross = {"Access-Control-Allow-Origin": APP, "Access-Control-Allow-Headers": "authorization, content-type"}
        if request.method == "OPTIONS":
            await route.fulfill(status=204, headers=cross)
            return
        payload = (request.post_data or "").split(".")
        if len(payload) == 3:
            self.told.append((path, json.loads(base64.urlsafe_b64decode(payload[1] + "=="))))
        elif request.method == "POST":
            self.told.append((path, {}))
        if path == "/watch":
            await route.fulfill(status=200, headers={**cross, "Content-Type": "text/event-stream"}, body=": ipse\n\n")
            return
        if path.startswith("/documents/"):
            await self._paper(route, path, cross)
            return
        self.chain += 1
        body = self._open(self.told[-1][1]["document"]) if path == "/documents" else self._body(path)
        status = int(body.pop("http", 200))
        await route.fulfill(status=status, headers=cross, json={**body, "chain": f"c{self.chain}"})

    def _body(self, path: str) -> dict[str, Any]:
        if path == "/configuration":
            return {
                "issuer": f"{SCHEME}/v2",
                "phone_channel_keys": {"keys": [_CHANNEL]},
                "signature_activation_key": self.activation_key,
                "registrars": [],
                "documents": [],
                "minimum_app_version": "1.0.0",
                **self.configured,
            }
        if path == "/home":
            return {
                "account": {"state": "active", "why": None},
                "name": "Ada",
                "open": self.open,
                "challenge": "ch",
                "watch": "w",
                "watch_expires_in": 600,
                "incident": None,
                "language": "en",
                "level": "substantial",
                **self.at_home,
            }
        if path == "/history":
            return {"entries": self.entries, "next": None, "challenge": "ch"}
        if path in {"/claims", "/show"}:
            return self._claim()
        if path == "/approvals":
            return {"outcome": self.outcome}
        return {}

    async def _paper(self, route: Route, path: str, cross: dict[str, str]) -> None:
        """A file, or a picture of one of its pages."""
        if self.refuse_token:
            self.refuse_token = False
            await route.fulfill(status=401, headers=cross, json={"code": "document_token_refused"})
            return
        file, pages = self.papers[self.opened]
        if path == "/documents/file":
            await route.fulfill(status=200, headers=cross, body=file, content_type="application/pdf")
        else:
            page = pages[int(path.rpartition("/")[2]) - 1]
            await route.fulfill(status=200, headers=cross, body=page, content_type="image/png")

    def _open(self, document: str) -> dict[str, Any]:
        if document not in self.papers:
            return {"http": 404, "code": "unknown_document"}
        self.opened = document
        count = len(self.papers[document][1])
        return {"document": document, "media_type": "application/pdf", "pages": count, "token": "t", "expires_in": 600}

    def _claim(self) -> dict[str, Any]:
        if self.refused is not None:
            return {"http": 403, **self.refused}
        if self.claimed.get("waiting"):
            return dict(self.claimed)
        octets = json.dumps(self.claimed).encode()
        expires = self.until()
        answer = {"action": "action-1", "shown": b64u(octets), "challenge": "ch", "expires_at": expires, "start": "qr"}
        return {**answer, "signature_activation": _ACTIVATION}


@dataclass
class Handset:
    """A browser that is a living phone, and its scheme."""

    scheme: StandIn
    context: BrowserContext
    page: Page

    async def open(self, path: str = "/") -> None:
        """Open the app anew."""
        await self.page.goto("about:blank")
        await self.page.goto(APP + path)

    async def show(self, *contents: dict[str, Any], **members: Any) -> None:
        """Open a request that asks to confirm these contents."""
        confirms = {"confirms": list(contents)} if contents else {}
        self.scheme.claimed = self.scheme.shown(**confirms, **members)
        await self.open("/#l=link")
        await self.on_screen("request")

    async def answered(self) -> None:
        """Wait until the scheme has answered everything: what a page left without answer is the next page's first."""
        while await self.page.evaluate(_PENDING):  # noqa: ASYNC110 - the browser tells it no other way
            await asyncio.sleep(0.05)

    async def on_screen(self, name: str) -> None:
        """Wait until this screen is the present one."""
        await expect(self.page.locator("#screen")).to_have_attribute("data-screen", name)


@asynccontextmanager
async def handset(
    browser: Browser,
    *,
    colours: Literal["light", "dark"] = "light",
    size: tuple[int, int] = (390, 844),
    locale: str = "en-GB",
) -> AsyncIterator[Handset]:
    """A phone that lives, at a scheme that is played."""
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        has_touch=True,
        locale=locale,
        color_scheme=colours,
        service_workers="block",
    )
    files, scheme = app_files(SCHEME), StandIn()

    async def file(route: Route) -> None:
        path = route.request.url.removeprefix(APP).partition("?")[0]
        octets, kind = files.get(path, (b"", "text/plain"))
        await route.fulfill(status=200 if path in files else 404, body=octets, content_type=kind)

    await context.route(f"{APP}/**", file)
    await context.route(f"{SCHEME}/**", scheme.answer)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(f"{APP}/icons/icon.svg")
    await page.evaluate(_PHONE, [SCHEME, [SIGNER]])
    try:
        yield Handset(scheme, context, page)
    finally:
        await context.close()
