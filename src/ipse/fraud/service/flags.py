"""What people say they did not start, counted for the partner, the network, and both together."""

from __future__ import annotations

from dataclasses import dataclass, field

from ipse.fraud import store
from ipse.fraud.model import Flag
from ipse.fraud.rules.decay import ONE, decayed
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.fraud import Fraud as FraudSettings
from ipse.kernel.ids import b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, one, run

PAIR, PARTNER, NETWORK = "pair", "partner", "network"
_LOOK_SECONDS = 5
"""How long a process goes on with what it knows of flags: a warning may come so much later, a refusal never."""
_WITHOUT_NETWORK = 10
_KEPT_HALF_LIVES = 40
_ONE_PERSON_SECONDS = 86_400
"""One person's reports about one partner and network count once in this time."""


@dataclass
class Flags:
    """Use cases of flags."""

    settings: FraudSettings
    database: Database
    keystore: Keystore
    clock: Clock
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)
    _looked_at: int | None = None

    async def warned(self, partner_id: str, network: str) -> bool:
        """Whether requests of this partner from this network carry a warning."""
        await self._look()
        weight, changed_at = self._known.get(_pair(partner_id, network), (0, 0))
        left = self._left(weight, changed_at, self.clock.now())
        return left >= self.settings.reports_warn * ONE * _factor(network)

    def refusing(self, partner_id: str, network: str, *, now: int) -> Transaction[bool]:
        """Inside a transaction: whether such requests reach nobody without a scan or link."""
        row = yield from one(store.FLAG, PAIR, _pair(partner_id, network))
        if row is None:
            return False
        return self._left(row["weight"], row["changed_at"], now) >= self.settings.reports_refuse * ONE * _factor(
            network
        )

    def reporting(self, account_id: str, partner_id: str, network: str, *, now: int) -> Transaction[None]:
        """Inside a transaction: count a report for pair, partner and network, once a day for each person."""
        pair = _pair(partner_id, network)
        once = b64u(blind_index(self.keystore.working_key("browser"), f"report {account_id} {pair}"))
        cost = _ONE_PERSON_SECONDS * SECOND
        if not (yield from run(store.TAKE, once, now, cost, cost)):
            return
        names = ((PAIR, pair), (PARTNER, partner_id), (NETWORK, network))
        for kind, name in names:
            if name:
                of = "" if kind == NETWORK else partner_id
                yield from run(store.REPORT, kind, name, of, ONE, now, self._half_life)

    async def all(self) -> list[Flag]:
        """Every flag, the one changed last first."""
        now = self.clock.now()
        rows = await self.database.rows(store.FLAGS)
        return [store.read_flag(row, self._left(row["weight"], row["changed_at"], now)) for row in rows]

    async def forget(self) -> None:
        """Delete flags of which nothing is left."""
        before = self.clock.now() - _KEPT_HALF_LIVES * self._half_life * SECOND
        await self.database.rows(store.FORGET_FLAGS, before)

    async def _look(self) -> None:
        now = self.clock.now()
        if self._looked_at is not None and 0 <= now - self._looked_at < _LOOK_SECONDS * SECOND:
            return
        self._looked_at = now
        rows = await self.database.rows(store.RECENT_PAIRS, now - _KEPT_HALF_LIVES * self._half_life * SECOND)
        self._known = {row["name"]: _fact(row) for row in rows}

    def _left(self, weight: int, changed_at: int, now: int) -> int:
        return decayed(weight, elapsed=(now - changed_at) // SECOND, half_life=self._half_life)

    @property
    def _half_life(self) -> int:
        return self.settings.half_life_hours * 3600


def _pair(partner_id: str, network: str) -> str:
    return f"{partner_id} {network}".strip()


def _factor(network: str) -> int:
    return 1 if network else _WITHOUT_NETWORK


def _fact(row: Row) -> tuple[int, int]:
    return row["weight"], row["changed_at"]
