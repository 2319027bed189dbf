"""An installation without a server: requests go straight into the application, from whichever address a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from cryptography import x509
from starlette.types import ASGIApp

from ipse.kernel.clock import Clock, SystemClock
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.installation import Installation, build, settings_at
from tests.functional.oidc.relying_party import RelyingParty

PROXY, STRANGER = "127.0.0.2", "203.0.113.7"


def client_of(application: ASGIApp, *, peer: str = STRANGER) -> httpx.AsyncClient:
    """A client whose connections come from `peer`."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application, client=(peer, 40_000)))


@asynccontextmanager
async def installed(
    keystore: Keystore,
    database: Database,
    *,
    clock: Clock | None = None,
    authorities: tuple[x509.Certificate, ...] = (),
    **settings: Any,
) -> AsyncIterator[tuple[Installation, ASGIApp]]:
    """An installation with some settings changed, and its application."""
    changed = msgspec.structs.replace(settings_at(18_480, "sqlite:///given"), **settings)
    installation, application = build(
        changed, keystore, database, clock=clock or SystemClock(), authorities=authorities
    )
    yield installation, application


async def reach(party: RelyingParty, application: ASGIApp, *, peer: str = STRANGER) -> RelyingParty:
    """Let a partner's requests go straight into the application, from `peer`."""
    await party.close()
    party.browser = client_of(application, peer=peer)
    return party
