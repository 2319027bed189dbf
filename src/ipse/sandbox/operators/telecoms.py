"""The three operators and the network between them, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from starlette.routing import BaseRoute, Mount

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.inboxes import Inboxes
from ipse.sandbox.moods import Moods
from ipse.sandbox.operators.deliveries import Deliveries
from ipse.sandbox.operators.http import OperatorMood, OperatorServer
from ipse.sandbox.operators.lookups import Lookups
from ipse.sandbox.operators.model import OPERATORS, Operator
from ipse.sandbox.operators.network import Network
from ipse.sandbox.operators.oauth import AuthorizationServer, Memory, Registered
from ipse.sandbox.operators.pages import SimPages
from ipse.sandbox.operators.subscriptions import Subscriptions
from ipse.sandbox.operators.texts import Texts
from ipse.sandbox.places import Places
from ipse.sandbox.sight import Sight

_ROUND_SECONDS: Final = 0.5
_ROUNDS_TO_LOOK: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all operators stand on, and the one client that they know."""

    places: Places
    client: Registered
    drawer: Callable[..., Drawer]
    inboxes: Inboxes
    sight: Sight
    http: httpx.AsyncClient
    moods: Moods
    clock: Clock
    ids: Ids


@dataclass(frozen=True, slots=True)
class Telecoms:
    """Everything under `/operators/`."""

    network: Network
    servers: Mapping[str, OperatorServer]
    pages: SimPages

    @classmethod
    def of(cls, ground: Ground, keys: Mapping[str, Mapping[str, Any]], subject_salt: str) -> Telecoms:
        """All of it, each operator with a key and drawers of its own."""
        places = ground.places
        network = Network(
            changed=ground.drawer("sims", "changed"),
            placed=ground.drawer("sims", "placed"),
            holding=ground.drawer("sims", "holding"),
            clock=ground.clock,
            ids=ground.ids,
        )
        servers = {one.id: _server(ground, one, network, keys[one.id], f"{subject_salt}|{one.id}") for one in OPERATORS}
        subscriptions = {name: each.subscriptions for name, each in servers.items()}
        pages = SimPages(network, subscriptions, ground.moods, ground.sight, places.world, places.secure)
        return cls(network, servers, pages)

    def routes(self) -> list[BaseRoute]:
        """The operators at their issuers, and the page of the SIMs."""
        moods = self.pages.moods
        return [
            *self.pages.routes(),
            *(
                Mount(f"/operators/{name}", app=OperatorMood(server.router(), name, moods))
                for name, server in self.servers.items()
            ),
        ]

    async def run(self) -> None:
        """Send what is due and end what is over, until cancelled."""
        rounds = 0
        while True:
            for server in self.servers.values():
                if rounds % _ROUNDS_TO_LOOK == 0:
                    server.subscriptions.end_what_is_over()
                server.subscriptions.deliveries.wake()
            rounds += 1
            await asyncio.sleep(_ROUND_SECONDS)

    async def settle(self) -> None:
        """Send what is due now, and wait until it is sent: for programs that run the world inside themselves."""
        for server in self.servers.values():
            server.subscriptions.end_what_is_over()
            server.subscriptions.deliveries.wake()
            await server.subscriptions.deliveries.settle()


def _server(
    ground: Ground, one: Operator, network: Network, key: Mapping[str, Any], subject_salt: str
) -> OperatorServer:
    oauth = AuthorizationServer(
        operator=one,
        issuer=ground.places.operator_issuer(one.id),
        client=ground.client,
        key=key,
        subject_salt=subject_salt,
        memory=Memory(*(ground.drawer(one.id, name) for name in ("codes", "spent", "tokens", "assertions"))),
        network=network,
        moods=ground.moods,
        clock=ground.clock,
        ids=ground.ids,
    )
    texts = Texts(
        operator=one,
        network=network,
        inboxes=ground.inboxes,
        attempts=ground.drawer(one.id, "attempts"),
        sent=ground.drawer(one.id, "sent"),
        moods=ground.moods,
        clock=ground.clock,
        ids=ground.ids,
    )
    return OperatorServer(
        operator=one,
        oauth=oauth,
        lookups=Lookups(one, network, ground.moods, ground.clock),
        subscriptions=_subscriptions(ground, one, network),
        texts=texts,
        sight=ground.sight,
    )


def _subscriptions(ground: Ground, one: Operator, network: Network) -> Subscriptions:
    deliveries = Deliveries(
        party=one.id,
        waiting=ground.drawer(one.id, "events"),
        http=ground.http,
        moods=ground.moods,
        clock=ground.clock,
        ids=ground.ids,
    )
    subscriptions = Subscriptions(
        operator=one,
        network=network,
        kept=ground.drawer(one.id, "subscriptions"),
        deliveries=deliveries,
        clock=ground.clock,
        ids=ground.ids,
    )
    deliveries.gone = subscriptions.drop
    return subscriptions
