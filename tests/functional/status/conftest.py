"""A status page on a folder, with a clock that moves when told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.status.server import StatusPage, composed
from ipse.status.settings import Receiver, StatusSettings
from tests.support.status_files import NOW, Publishers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ADDRESS = "http://localhost:8007"


@dataclass
class Desk:
    """The page, who publishes, and a browser."""

    page: StatusPage
    publishers: Publishers
    clock: FrozenClock
    http: httpx.AsyncClient
    settings: StatusSettings

    @property
    def now(self) -> int:
        """Seconds UTC."""
        return self.clock.now() // SECOND

    async def pass_time(
        self, seconds: float, failing: dict[str, str] | None = None, *, scheme: bool = True, probes: bool = True
    ) -> None:
        """Let some time pass; then everybody publishes who still does, and the page looks."""
        self.clock.advance(seconds=seconds)
        if scheme:
            self.publishers.scheme(self.now)
        if probes:
            self.publishers.probe(self.now, failing)
        await self.page.look()

    async def document(self) -> dict[str, Any]:
        """What programs get."""
        answer = await self.http.get("/status.json")
        assert answer.status_code == 200
        document: dict[str, Any] = answer.json()
        return document

    async def severities(self) -> dict[str, str]:
        """Each component's."""
        return {one["id"]: one["severity"] for one in (await self.document())["components"]}


def settings_of(folder: Path, receivers: tuple[Receiver, ...] = ()) -> StatusSettings:
    """Settings for two folders below one."""
    return StatusSettings(
        environment=Environment.SANDBOX,
        address=ADDRESS,
        folder=str(folder / "published"),
        keep=str(folder / "own"),
        issuer_address="https://id.example",
        receivers=receivers,
    )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A status page that has seen everything work."""
    (tmp_path / "published").mkdir()
    clock, settings = FrozenClock(NOW * SECOND), settings_of(tmp_path)
    async with composed(settings, clock, RandomIds()) as page:
        transport = httpx.ASGITransport(page.application)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            opened = Desk(page, Publishers(tmp_path / "published"), clock, http, settings)
            for _ in range(2):
                await opened.pass_time(30)
            yield opened
