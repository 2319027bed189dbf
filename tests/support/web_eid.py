"""A browser with the Web eID extension: what it answers comes from the sandbox's card slot.

Two ways. `install` adds the extension's own script to every page of a context, as an extension would, and answers from
the test: quick, the PIN is given beforehand. `with_extension` starts Chromium with the extension that people load
themselves, PIN window and all.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import BrowserContext, Playwright, Route

CHROMIUM = "/usr/bin/chromium"
EXTENSION = Path(str(files("ipse.sandbox.eid").joinpath("extension")))
_BINDING = "__ipseCardSlot"


class Person:
    """Whoever sits before the browser: whose card is in, and which PIN they type."""

    def __init__(self, world: str, person: str | None, pin: str = "1234") -> None:
        """`person` is an id of `world.json`; None: whatever card is in the slot."""
        self.world, self.person, self.pin = world, person, pin
        self.asked: list[str] = []

    async def answer(self, origin: str, asked: dict[str, Any]) -> dict[str, Any]:
        """What the extension answers to a page of that origin."""
        kind = str(asked.pop("kind"))
        self.asked.append(kind)
        wanted = {**asked, "origin": origin, "pin": self.pin} | ({"person": self.person} if self.person else {})
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            answer = await http.post(f"{self.world}/eid/api/{kind}", json=wanted)
        told = answer.json()
        if answer.is_success:
            return {"result": told}
        return {"error": {"code": _CODES.get(told["error"], "ERR_WEBEID_NATIVE_FATAL"), "message": told["error"]}}


_CODES = {"no_card": "ERR_WEBEID_USER_CANCELLED", "wrong_pin": "ERR_WEBEID_USER_CANCELLED"}


async def install(context: BrowserContext, world: str, person: str | None, *, pin: str = "1234") -> Person:
    """From now on pages of this context find an extension; for `person` nothing need be in the slot.

    The files of the card are read by the page itself, from the reader that the scheme's settings name: they are those
    of the card in the slot, unless the request is given the person's name, which happens here too.
    """
    sitting = Person(world, person, pin)

    async def asked(source: dict[str, Any], text: str) -> str:
        parts = urlsplit(source["frame"].url)
        return json.dumps(await sitting.answer(f"{parts.scheme}://{parts.netloc}", json.loads(text)))

    await context.expose_binding(_BINDING, asked)
    script = EXTENSION.joinpath("answering.js").read_text()
    ask = f"async (asked) => JSON.parse(await window.{_BINDING}(JSON.stringify(asked)))"
    await context.add_init_script(f"(() => {{ {script}\nanswerWebEid({ask}); }})();")
    if person is not None:
        reader = f"{world}/eid/api/card"

        async def theirs(route: Route) -> None:
            await route.continue_(url=f"{route.request.url}&person={person}")

        await context.route(f"{reader}?*", theirs)
    return sitting


@asynccontextmanager
async def with_extension(playwright: Playwright, folder: Path) -> AsyncIterator[BrowserContext]:
    """Chromium with the sandbox's extension loaded; `folder` keeps its profile."""
    with_it = [f"--disable-extensions-except={EXTENSION}", f"--load-extension={EXTENSION}"]
    context = await playwright.chromium.launch_persistent_context(
        folder,
        executable_path=CHROMIUM,
        headless=True,
        args=["--no-sandbox", "--headless=new", *with_it],
        ignore_default_args=["--disable-extensions", "--headless=old"],
    )
    try:
        yield context
    finally:
        await context.close()
