"""Everything against scams together, and where a request comes from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipse.fraud import store
from ipse.fraud.model import Origin, Risk
from ipse.fraud.rules import pressing, risk
from ipse.fraud.rules.places import NOWHERE, PlaceTable, is_far, network_of, read_places
from ipse.fraud.service.browsers import Browsers
from ipse.fraud.service.flags import Flags
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.fraud import Fraud as FraudSettings
from ipse.kernel.ids import Ids, b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index
from ipse.kernel.settings import SettingsError
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run

_KEPT_SECONDS = 3600
"""How long a typed number's row outlives its request."""
_TAG_BYTES = 16


@dataclass(frozen=True)
class Fraud:
    """What other features ask."""

    settings: FraudSettings
    database: Database
    keystore: Keystore
    clock: Clock
    places: PlaceTable
    browsers: Browsers
    limits: SharedLimits
    flags: Flags

    def origin(self, address: str) -> Origin:
        """Where a request starts: its place and a keyed digest of its network; the address itself is not kept."""
        network = network_of(address)
        tag = blind_index(self._key, f"network {network}")[:_TAG_BYTES] if network else b""
        return Origin(self.places.find(address) if network else None, b64u(tag))

    async def judge(self, origin: Origin, partner_id: str, *, start: str, address: str, on_call: bool) -> Risk:
        """What is known of a claim by a phone at `address`, and what follows; `start` is `qr`, `link` or `push`."""
        phone = self.places.find(address)
        facts = risk.Facts(
            start=start,
            browser=origin.place,
            phone=phone,
            far=is_far(origin.place, phone, more_than_km=self.settings.far_km),
            reported=await self.flags.warned(partner_id, origin.network),
            on_call=on_call,
        )
        return risk.judge(facts)

    def withholding(self, partner_id: str, network: str, refused_at: Sequence[int], *, now: int) -> Transaction[bool]:
        """Whether a request must not reach a phone by itself: reported too often, or this person refused it twice.

        Runs the same statements whatever the answer.
        """
        reported = yield from self.flags.refusing(partner_id, network, now=now)
        return reported or pressing.must_wait(refused_at, now=now)

    def asking(self, action_id: str, account_id: str, token_hash: bytes, *, now: int) -> Transaction[None]:
        """Keep whose number was typed for a request (empty: nobody's), until its page is seen."""
        yield from run(store.ASK, action_id, account_id, token_hash, now)

    def sending(self, action_id: str, *, now: int) -> Transaction[str | None]:
        """Take what was typed, once; the account it may reach (empty: nobody's), None when nothing is to be sent."""
        row = yield from one(store.SEND, action_id, now)
        if row is None:
            return None
        start = store.read_start(row)
        yield from run(store.USED, start.token_hash, start.account_id, now)
        return start.account_id

    def not_started(
        self, action_id: str, account_id: str, partner_id: str, network: str, *, now: int
    ) -> Transaction[None]:
        """Count a report, and trust the browser no more in which this person's number was typed for the request."""
        yield from self.flags.reporting(account_id, partner_id, network, now=now)
        row = yield from one(store.START, action_id)
        if row is not None:
            yield from run(store.FORGET_TOKEN, account_id, store.read_start(row).token_hash)

    async def forget(self) -> None:
        """Delete what counts no more. To be run now and then."""
        now = self.clock.now()
        await self.database.rows(store.FORGET_BUCKETS, now)
        await self.database.rows(store.FORGET_STARTS, now - _KEPT_SECONDS * SECOND)
        await self.database.rows(store.FORGET_EXPIRED, now)
        await self.flags.forget()

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("browser")


def build_fraud(
    settings: FraudSettings,
    *,
    database: Database,
    keystore: Keystore,
    clock: Clock,
    ids: Ids,
    person_key: Callable[[str], Awaitable[bytes]],
) -> Fraud:
    """Build it, with the table of places read from its file.

    Raises:
        SettingsError: the table cannot be read, or lines of it cannot be used.
    """
    flags = Flags(settings, database, keystore, clock)
    limits = SharedLimits(settings, database, keystore, clock)
    browsers = Browsers(settings, database, clock, ids, person_key)
    table = NOWHERE if settings.places is None else read_table(settings.places)
    return Fraud(settings, database, keystore, clock, table, browsers, limits, flags)


def read_table(path: str) -> PlaceTable:
    """The table of places of a file.

    Raises:
        SettingsError: it cannot be read, or lines of it cannot be used.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"fraud.places: {path} cannot be read: {error}") from error
    return read_places(text)
