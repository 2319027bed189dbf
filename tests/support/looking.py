"""Looking at a page as its people do: at two sizes, with axe-core, and no heavier than it may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

SIZES: Final = {"desktop": (1280, 900), "phone": (390, 844)}
MOST_BYTES: Final = 100_000
"""Of a page with everything it loads, as it comes over the wire."""
_AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"],
})).violations.filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
_WEIGHT: Final = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


@cache
def _axe() -> str:
    return _AXE.read_text()


@dataclass
class Onlooker:
    """A browser window of one size that keeps pictures in a folder under `artefacts`."""

    page: Page
    size: str
    language: str
    folder: Path
    faults: list[str] = field(default_factory=list)

    async def open(self, address: str, name: str = "") -> None:
        """Go to an address in this window's language; look at it where it is given a name."""
        mark = "&" if "?" in address else "?"
        await self.page.goto(f"{address}{mark}lang={self.language}")
        if name:
            await self.look(name)

    async def look(self, name: str, *, most_bytes: int = MOST_BYTES) -> None:
        """Judge the page that is shown, and keep a picture of it."""
        path = self.folder / f"{name}-{self.size}-{self.language}.png"
        await self.page.screenshot(path=path, full_page=True)
        await self.page.evaluate(_axe())
        found = await self.page.evaluate(_RUN)
        assert not found, f"{name}: {found}"
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} sticks out"
        weight = await self.page.evaluate(_WEIGHT)
        assert weight <= most_bytes, f"{name} weighs {weight} bytes"
        assert await self.page.evaluate("document.documentElement.lang") == self.language, name
        assert not self.faults, f"{name}: {self.faults}"


@asynccontextmanager
async def onlooker(
    browser: Browser, folder: Path, *, size: str, language: str, dark: bool = False, **more: Any
) -> AsyncIterator[Onlooker]:
    """A window of its own, without anybody's cookies; `more` is for the browser's context."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    width, height = SIZES[size]
    scheme: Any = "dark" if dark else "light"
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **more)
    page = await context.new_page()
    found = Onlooker(page, size, language, folder)
    page.on("console", lambda message: found.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.faults.append(str(error)))
    try:
        yield found
    finally:
        await context.close()


async def keeper(page: Page) -> None:
    """Give a window a keeper of passkeys, as a computer with a fingerprint reader has one."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
