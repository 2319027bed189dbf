"""`GET /metrics` for Prometheus, on a listener of its own: what this process counted, and what is looked up then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.types import Receive, Scope, Send

from ipse.app.composition import Scheme
from ipse.audit.service import Audit
from ipse.kernel.clock import SECOND
from ipse.kernel.keystore import SIGNING_KEY_USES
from ipse.keyring.model import KeyState
from ipse.telemetry import metrics
from ipse.telemetry.instruments import Board

log = structlog.get_logger("ipse.app")
_FRESH_SECONDS: Final = 5
"""Several who ask cost the database as much as one."""
_LOOK_SECONDS: Final = 3
"""A database that hangs does not make the answer hang: what the process counted itself is told all the same."""
_WAITING: Final = {"action": "browser", "account": "phone"}
_KEY_STATES: Final = {KeyState.ANNOUNCED: "next", KeyState.CURRENT: "current", KeyState.RETIRED: "retired"}


@dataclass
class Exposition:
    """The ASGI application of that listener."""

    scheme: Scheme
    _looked_at: int = 0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Board(metrics.instruments))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        settings = self.scheme.settings
        metrics.BUILD.set(1, version("ipse"), settings.environment, self.scheme.database.engine)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer `GET /metrics`; everything else is 404."""
        if scope["type"] != "http":
            return
        if scope["path"] != "/metrics" or scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 404, b"GET /metrics\n", "text/plain")
            return
        await self._look()
        accepted = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
        encode, media_type = choose_encoder(accepted)
        body = encode(self._registry)
        await _answer(send, 200, body if scope["method"] == "GET" else b"", media_type)

    async def _look(self) -> None:
        """Look up what nobody counts."""
        self._look_here()
        async with self._looking:
            now = self.scheme.clock.now()
            if 0 <= now - self._looked_at < _FRESH_SECONDS * SECOND:
                return
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._look_in_the_database(now)
            except Exception as error:  # noqa: BLE001 - the database may be away: that is what the gauge says
                metrics.SCRAPE_FAILED.set(1)
                log.warning("metrics.not_looked_up", error=type(error).__name__)
            else:
                self._looked_at = now
                metrics.SCRAPE_FAILED.set(0)

    def _look_here(self) -> None:
        scheme = self.scheme
        waits = {"browser": 0, "phone": 0, "other": 0}
        for what, count in scheme.database.wakeups.listening_to().items():
            waits[_WAITING.get(what, "other")] += count
        metrics.WAITS.replace(((name,), count) for name, count in waits.items())
        metrics.CONNECTIONS.replace(((state,), count) for state, count in scheme.database.load().items())
        metrics.KEY_AGE.replace(self._key_ages().items())

    def _key_ages(self) -> Mapping[tuple[str, ...], float]:
        """The oldest key of each set and state."""
        now, found = self.scheme.clock.now(), dict[tuple[str, ...], float]()
        for key_set in SIGNING_KEY_USES:
            for key, state in self.scheme.keys.states(key_set):
                if state in _KEY_STATES:
                    place = key_set, _KEY_STATES[state]
                    found[place] = max(found.get(place, 0), (now - key.made_at) / SECOND)
        return found

    async def _look_in_the_database(self, now: int) -> None:
        scheme = self.scheme
        backlog = await scheme.outbox.backlog()
        metrics.OUTBOX.set(backlog.due, "now")
        metrics.OUTBOX.set(backlog.later, "later")
        metrics.OUTBOX_AGE.set(0 if backlog.oldest_at is None else max(0, now - backlog.oldest_at) / SECOND)
        metrics.AUDIT_HEAD.set((await Audit(scheme.database).head()).seq)
        people = await scheme.statistics.people()
        if people is not None:
            metrics.PEOPLE.set(people)


async def _answer(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store")]
    headers += [(b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
