"""A wake-up may be lost; a waiting page learns of the change all the same."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from ipse.actions import store
from ipse.signin.service import lookout
from tests.functional.signin.conftest import Site


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "LOOK_SECONDS", 0.2)


async def test_a_change_without_wakeup_is_seen(site: Site, client: httpx.AsyncClient) -> None:
    await client.get("/door")
    seen: list[str] = []

    async def listen() -> None:
        async with client.stream("GET", f"/v2/sign-in/{site.handle}/events") as stream:
            seen.extend([line async for line in stream.aiter_lines() if line.startswith("data")])

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(10):
        while not seen and site.actions.database.wakeups.listening_now == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        row = await site.actions.database.row(store.BY_HANDLE, site.handle)
        assert row is not None
        await site.actions.database.row(store.CANCEL, site.handle, row["browser_hash"], site.actions.clock.now())
        await listening
    assert '"state":"waiting"' in seen[0]
    assert '"state":"cancelled"' in seen[-1]
    assert len(seen) == 2, "unchanged looks say nothing"
