"""However many prove one number at the same moment, it gets no more codes than a day allows (B-29, T-15)."""

from __future__ import annotations

import asyncio
import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.sim.service.possession import MOST_CODES_A_DAY, Proofs

if TYPE_CHECKING:
    from ipse.storage.database import Database

NUMBER = "+32 400000101"


class Keys:
    """Working keys that differ by use."""

    def working_key(self, use: str) -> bytes:
        return hashlib.sha256(use.encode()).digest()


class Messenger:
    """An operator that sends codes."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.operator = SimpleNamespace(name="Lumo")

    async def send_code(self, number: str, _: str) -> str:
        self.sent.append(number)
        return "authentication"


async def test_thirty_at_once_send_what_a_day_allows(database: Database) -> None:
    clock, messenger = FrozenClock(), Messenger()

    async def client(_: str) -> Messenger:
        return messenger

    async def known() -> list[Any]:
        return []

    network = cast("Any", SimpleNamespace(client=client, known=known))
    proofs = Proofs(database, network, cast("Any", Keys()), clock, RandomIds(), 72)
    names = [f"e-{place}" for place in range(30)]
    for name in names:
        await proofs.begin(name, NUMBER, vouched=False, expires_at=clock.now() + 1800 * SECOND)
    await database.rows("update sim_proofs set state = 'code', operator_id = 'lumo' returning proof_id")
    await asyncio.gather(*(proofs.send_code(name, message=lambda: "{{code}}") for name in names))
    assert len(messenger.sent) <= MOST_CODES_A_DAY
