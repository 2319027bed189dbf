"""What is off, known to this process without asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import structlog

from ipse.audit.service import auditing
from ipse.kernel.clock import Clock
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one
from ipse.switches import rules, store
from ipse.switches.errors import AppVersionOff, PhoneModelOff, SwitchRefused
from ipse.switches.model import EVERY, Kind, Off, said_model

LOOK_SECONDS: Final = 2.0
"""How old what a process knows may become where a wake-up was lost: B-72 allows five seconds."""
_WAKE_KEY: Final = "switches"
log = structlog.get_logger("ipse.switches")


@dataclass
class Switches:
    """Use cases of switches."""

    database: Database
    clock: Clock
    _off: dict[tuple[Kind, str], Off] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what is off."""
        found = [store.read(row) for row in await self.database.rows(store.ALL)]
        self._off = {(each.kind, each.name): each for each in found}

    async def keep_up(self) -> None:
        """Read it again every two seconds, and when woken, until the process stops."""
        async with self.database.wakeups.listening(_WAKE_KEY) as bell:
            while not self.database.wakeups.closing:
                await bell.wait(LOOK_SECONDS)
                try:
                    await self.load()
                except Exception as error:  # noqa: BLE001 - without the database nothing is approved either
                    log.warning("switches.not_read", error=type(error).__name__)

    def off(self) -> list[Off]:
        """What is off, the latest first."""
        return list(self._off.values())

    def is_off(self, kind: Kind, name: str = EVERY) -> bool:
        """Whether this is switched off."""
        return (kind, name) in self._off

    def check_phone(self, *, device: object, model: str | None, version: str) -> None:
        """See that a phone may activate, claim or approve: by its attested model, what it says of itself, its app.

        Raises:
            PhoneModelOff, AppVersionOff: it may not.
        """
        if not self._off:
            return
        if any(each and self.is_off(Kind.PHONE_MODEL, each) for each in (model, said_model(device))):
            raise PhoneModelOff
        if self.is_off(Kind.APP_VERSION, version):
            raise AppVersionOff

    def turning(self, kind: Kind, typed: str, *, off: bool, because: str, actor: str) -> Transaction[None]:
        """Inside a transaction: switch something off, or on again. Call `wake` afterwards.

        Raises:
            SwitchRefused: there can be no such switch, or it stands like that already.
        """
        name, now = rules.name(kind, typed), self.clock.now()
        if off:
            changed = yield from one(store.TURN_OFF, kind, name, because, now)
        else:
            changed = yield from one(store.TURN_ON, kind, name)
        if changed is None:
            raise SwitchRefused("as it was", public=f"it is {'off' if off else 'on'} already")
        details = {"kind": kind, "because": because}
        act = "switch.off" if off else "switch.on"
        yield from auditing(now, actor=actor, act=act, subject=f"{kind}:{name}", details=details)

    async def turn(self, kind: Kind, name: str, *, off: bool, because: str, actor: str) -> None:
        """As `turning`, at once. Raises SwitchRefused."""
        await self.database.transact(lambda: self.turning(kind, name, off=off, because=because, actor=actor))
        await self.wake()

    async def wake(self) -> None:
        """After a change: know of it here now, and everywhere in a moment."""
        self.database.wakeups.wake(_WAKE_KEY)
        await self.load()
