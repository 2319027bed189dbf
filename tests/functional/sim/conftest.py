"""The stage of enrolment, with the world's mobile operators registered beside its banks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.functional.enrolment.conftest import keystore, more_settings, stage  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.sim.service.operators import Operators
    from tests.functional.enrolment.party import Stage


@dataclass
class Operated:
    """The stage, its operators and its SIMs."""

    stage: Stage
    http: httpx.AsyncClient
    operators: Operators

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.stage.port + 1}"

    async def happens(self, number: str, do: str, **more: str) -> dict[str, Any]:
        """Let something happen to the SIM of a number."""
        address = f"{self.world}/operators/api/sims/{number.replace(' ', '')}"
        answer = await self.http.post(address, json={"do": do, **more})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def elsewhere(self, number: str) -> None:
        """Put the SIM of a number into a browser of its own: no other is on its network then."""
        form = {"number": number.replace(" ", ""), "do": "put", "person": "x"}
        answer = await self.http.post(f"{self.world}/operators/sim", data=form, headers={"origin": self.world})
        assert answer.status_code == 303, answer.text

    async def texts(self, number: str) -> list[str]:
        """The text messages to a number, oldest first."""
        answer = await self.http.get(f"{self.world}/inboxes/api", params={"to": number})
        assert answer.status_code == 200, answer.text
        return [each["text"] for each in answer.json()["messages"]][::-1]

    async def settle(self) -> None:
        """Hand out the news that waits."""
        while await self.stage.scheme.outbox.hand_out():
            pass

    async def job(self, name: str) -> object:
        """Run one job of the scheme."""
        return await dict(self.stage.scheme.jobs)[name]()

    def mood(self, operator: str, how: str, seconds: float = 0) -> None:
        """Let an operator behave in some way."""
        self.stage.moods.change(operator, how, seconds)


@pytest.fixture
async def operated(stage: Stage) -> AsyncIterator[Operated]:  # noqa: F811 - the fixture
    """Scheme, banks and mobile operators."""
    from ipse.kernel.settings import Environment
    from ipse.sandbox.operators.model import COUNTRY, OPERATORS
    from ipse.sandbox.places import CLIENT_ID
    from ipse.sim.model import Operator
    from ipse.sim.service.operators import Operators

    operators = Operators(stage.scheme.database, stage.clock, Environment.SANDBOX)
    for each in OPERATORS:
        issuer = f"http://127.0.0.1:{stage.port + 1}/operators/{each.id}"
        registered = Operator(
            operator_id=each.id,
            name=each.name,
            country=COUNTRY,
            prefixes=each.prefixes,
            issuer=issuer,
            api_root=issuer,
            client_id=CLIENT_ID,
            apis=tuple(sorted(each.serves)),
            timeout_milliseconds=2000,
        )
        await operators.add(registered, actor="test")
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        yield Operated(stage, http, operators)
