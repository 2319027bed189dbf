"""`targets.json`: whom the probes ask, told by the scheme, so that a new bank is probed within seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from ipse.enrolment.model import RegistrarKind
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.settings import Settings
from ipse.process.published import publish
from ipse.sim.service.operators import Operators
from ipse.storage.errors import DatabaseUnavailableError

NAME: Final = "targets.json"
WRITE_SECONDS: Final = 10.0
log = structlog.get_logger("ipse.app")


@dataclass(frozen=True, slots=True)
class ProbeTargets:
    """Writes who is in use now, with the addresses that everybody may know."""

    settings: Settings
    registrars: Registrars
    operators: Operators
    clock: Clock

    async def write(self) -> None:
        """Write once."""
        banks = [one for one in await self.registrars.active() if one.kind is RegistrarKind.BANK]
        document = {
            "format": "ipse-targets",
            "version": 1,
            "written_at": self.clock.now() // SECOND,
            "banks": [{"id": bank.id, "issuer": bank.issuer} for bank in banks],
            "mobile_operators": [
                {"id": one.operator_id, "issuer": one.issuer} for one in await self.operators.active()
            ],
            "cards": self.settings.eid is not None,
            "signing": self.settings.signing is not None,
        }
        path = Path(self.settings.status.folder) / NAME
        await asyncio.to_thread(publish, path, msgspec.json.encode(document))

    async def keep_up(self) -> None:
        """Write again and again until the process stops. Without a database the probes go on with what they know."""
        while True:
            try:
                await self.write()
            except DatabaseUnavailableError:
                pass
            except Exception as error:  # noqa: BLE001 - a full disk must not end the writing for ever
                log.warning("targets.not_written", folder=self.settings.status.folder, error=type(error).__name__)
            await asyncio.sleep(WRITE_SECONDS)
