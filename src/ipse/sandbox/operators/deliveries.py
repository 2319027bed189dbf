"""Events on their way to the sinks: sent at once, again while a sink is down, dropped when it says that it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.moods import How, Moods
from ipse.standards.camara import EVENT_MEDIA_TYPE

_KEEP_SECONDS: Final = 2 * 86_400
"""How long a sink may be down before an event is given up."""
_LONGEST_PAUSE: Final = 60.0
_LATE_SECONDS: Final = 10.0
_HELD_SECONDS: Final = 2.0
"""How long the first event waits to be overtaken, where the operator shuffles."""
_TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)
_AGAIN: Final = frozenset({408, 425, 429})


@dataclass(slots=True)
class Deliveries:
    """One operator's post. `waiting`: events in a drawer, each with its sink and when it is due."""

    party: str
    waiting: Drawer
    http: httpx.AsyncClient
    moods: Moods
    clock: Clock
    ids: Ids
    gone: Callable[[str], None] = lambda _: None
    """Told the id of a subscription whose sink answered 410."""
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _line: dict[str, asyncio.Lock] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def post(self, sink: str, token: str, event: dict[str, Any]) -> None:
        """Put an event into the post, and begin to send."""
        now, how = self.clock.now(), self.moods.of(self.party).how
        due = now
        if how is How.LATE:
            due = now + round(_LATE_SECONDS * SECOND)
        elif how is How.SHUFFLE and not any(each["sink"] == sink for each in self.waiting.everything()):
            due = now + round(_HELD_SECONDS * SECOND)
        letter = {"id": self.ids.identifier(), "sink": sink, "token": token, "event": event, "tries": 0, "due": due}
        letter["order"] = [now, next(self._count)]
        self._keep(letter)
        if how is How.REPEAT:
            self._keep(letter | {"id": self.ids.identifier()})
        self.wake()

    def wake(self) -> None:
        """Send what is due, beside whatever goes on now. Without a running loop the next round does."""
        with contextlib.suppress(RuntimeError):
            task = asyncio.get_running_loop().create_task(self.send_due())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Wait for what is being sent."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def send_due(self) -> None:
        """One round: every letter that is due, each sink's in their order."""
        now = self.clock.now()
        due = sorted((one for one in self.waiting.everything() if one["due"] <= now), key=lambda one: one["order"])
        sinks: dict[str, list[dict[str, Any]]] = {}
        for letter in due:
            sinks.setdefault(letter["sink"], []).append(letter)
        await asyncio.gather(*(self._send_all(sink, letters) for sink, letters in sinks.items()))

    async def _send_all(self, sink: str, letters: list[dict[str, Any]]) -> None:
        async with self._line.setdefault(sink, asyncio.Lock()):
            for letter in letters:
                # Whoever takes the letter sends it: another round may have seen the same one.
                if self.waiting.take(letter["id"]) is not None:
                    await self._send(letter)

    async def _send(self, letter: dict[str, Any]) -> None:
        event = letter["event"]
        headers = {"Content-Type": EVENT_MEDIA_TYPE, "x-correlator": event["id"]}
        if letter["token"]:
            forged = self.moods.of(self.party).how is How.FORGE
            token = letter["token"][::-1] if forged else letter["token"]
            headers["Authorization"] = f"Bearer {token}"
        try:
            status = (await self._call(letter["sink"], headers, msgspec.json.encode(event))).status_code
        except httpx.HTTPError:
            status = 0
        except asyncio.CancelledError:
            self._keep(letter)
            raise
        if status == httpx.codes.GONE:
            self._forget(str(event["data"]["subscriptionId"]))
        elif status == 0 or status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _AGAIN:
            self._later(letter)

    async def _call(self, sink: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        return await self.http.post(sink, headers=headers, content=body, timeout=_TIMEOUT, follow_redirects=False)

    def _forget(self, subscription_id: str) -> None:
        for letter in self.waiting.everything():
            if letter["event"]["data"]["subscriptionId"] == subscription_id:
                self.waiting.take(letter["id"])
        self.gone(subscription_id)

    def _later(self, letter: dict[str, Any]) -> None:
        pause = min(_LONGEST_PAUSE, 0.5 * 2.0 ** letter["tries"])
        due = self.clock.now() + round(pause * SECOND)
        self._keep(letter | {"tries": letter["tries"] + 1, "due": due})

    def _keep(self, letter: dict[str, Any]) -> None:
        self.waiting.put(letter["id"], letter, seconds=_KEEP_SECONDS)
