"""The rows of enrolments: opening what they keep sealed, and ending one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ipse.enrolment import store
from ipse.enrolment.clients import BankClient
from ipse.enrolment.errors import EndReason, RegistrarStoppedError
from ipse.enrolment.model import Answer, EnrolRequest, Registrar, RegistrarState
from ipse.enrolment.service.registrars import Registrars
from ipse.enrolment.service.vault import Vault
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.storage.database import Database
from ipse.storage.statement import Row

log = structlog.get_logger("ipse.enrolment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Where a step in the browser leads; `value` or `ended` goes to the app, neither means: wait."""

    language: str
    value: str | None = None
    ended: str | None = None
    number: str | None = None
    """The number step of this enrolment comes first."""


@dataclass(kw_only=True)
class Rows:
    """What all steps of an enrolment share."""

    database: Database
    settings: Settings
    keystore: Keystore
    registrars: Registrars
    banks: Callable[[Registrar], BankClient]
    clock: Clock
    ids: Ids
    vault: Vault = field(init=False)

    def __post_init__(self) -> None:
        self.vault = Vault(self.keystore.working_key("enrolment"))

    async def registrar(self, registrar_id: str) -> Registrar:
        """The registrar of an enrolment, read now.

        Raises:
            RegistrarStoppedError: it is stopped.
        """
        registrar = await self.registrars.get(registrar_id)
        if registrar is None or registrar.state is not RegistrarState.ACTIVE:
            raise RegistrarStoppedError(f"{registrar_id} is stopped")
        return registrar

    def request(self, row: Row) -> EnrolRequest:
        """What the phone asked for."""
        return self.vault.take(row["sealed_request"], EnrolRequest, row=row["enrolment_id"], column="sealed_request")

    def answer(self, row: Row) -> Answer:
        """What the registrar said, judged."""
        return self.vault.take(row["sealed_answer"], Answer, row=row["enrolment_id"], column="sealed_answer")

    async def end(self, row: Row, why: EndReason, detail: str) -> Back:
        """End an enrolment that is not over yet; `detail` is for the log."""
        ended = await self.database.row(store.END, row["enrolment_id"], why, self.clock.now(), b"")
        if ended is not None:
            log.info("enrolment_ended", enrolment=row["enrolment_id"], why=why, detail=detail)
        return Back(language=row["language"], ended=why)
