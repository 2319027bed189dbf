"""How an enrolment begins: the phone's first message, and the browser's way to the registrar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ipse.enrolment import store
from ipse.enrolment.errors import RefusedAnswerError, UnknownStartError
from ipse.enrolment.model import START_SECONDS, Begun, EnrolRequest, Exchange, Kind, Registrar, RegistrarKind
from ipse.enrolment.rules import reading, requests, screens
from ipse.enrolment.service.published import documents
from ipse.enrolment.service.rows import Back, Rows
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.sim.service.possession import Proofs
from ipse.storage.statement import Row, Transaction, run

Wording = Callable[[str, str], str]
"""What is being activated, for the registrar's page: from language and the last digits of the phone number."""


def giving_short_code(rows: Rows, enrolment_id: str, registrar: Registrar | None) -> Transaction[str | None]:
    """Give an enrolment by card another way to its page, for whoever has the reader at a computer."""
    if registrar is None or registrar.kind is not RegistrarKind.EID_CARD:
        return None
    code = screens.new_code(rows.ids.octets(screens.CODE_OCTETS))
    yield from run(store.GIVE_CODE, enrolment_id, sha256(code))
    return code


@dataclass(frozen=True)
class Beginnings:
    """Use cases of a beginning."""

    rows: Rows
    proofs: Proofs

    async def begin(self, request: EnrolRequest, phone_id: str) -> Begun:
        """Begin an enrolment for a phone.

        Raises:
            AppTooOldError, MalformedMessageError, UnknownRegistrarError, DocumentsChangedError, BadPhoneNumberError:
                refused, nothing was kept.
        """
        now = self.rows.clock.now()
        return await self.rows.database.transact(lambda: self.beginning(request, phone_id, now=now))

    def beginning(self, request: EnrolRequest, phone_id: str, *, now: int) -> Transaction[Begun]:
        """Begin, inside the transaction that keeps the phone. Raises as `begin`."""
        registrar = yield from self.rows.registrars.finding(request.registrar)
        request = requests.checked(
            request,
            registrars=() if registrar is None else (registrar.id,),
            documents=documents(),
            minimum_app_version=self.rows.settings.minimum_app_version,
        )
        enrolment_id, ticket = self.rows.ids.identifier(), self.rows.ids.secret()
        expires_at = now + self.rows.settings.lifetimes.enrolment * SECOND
        sealed = self.rows.vault.put(request, row=enrolment_id, column="sealed_request")
        yield from run(
            store.CREATE, enrolment_id, phone_id, request.registrar, request.language, sealed, sha256(ticket),
            now, expires_at,
        )  # fmt: skip
        start_url = f"{self.rows.settings.base_url}/enrolment/start?ticket={ticket}"
        code = yield from giving_short_code(self.rows, enrolment_id, registrar)
        return Begun(enrolment_id=enrolment_id, start_url=start_url, expires_at=expires_at, card_code=code)

    async def _to_number(self, row: Row, request: EnrolRequest, *, now: int) -> str:
        """Another number: the browser goes straight to the number step."""
        enrolment_id, until = row["enrolment_id"], now + self.rows.settings.lifetimes.enrolment * SECOND
        await self.proofs.begin(enrolment_id, request.phone_number, vouched=False, expires_at=until)
        await self.rows.database.rows(store.TO_NUMBER, enrolment_id, now)
        return f"{self.rows.settings.base_url}/enrolment/number/{enrolment_id}"

    async def start(self, ticket: str, browser_hash: bytes, wording: Wording) -> Back | str:
        """Take a start address, once, for this browser; return the registrar's address, or how it ended at once.

        Raises:
            UnknownStartError: used, too old, or never given out.
        """
        now = self.rows.clock.now()
        state, exchange = (
            self.rows.ids.secret(),
            Exchange(nonce=self.rows.ids.secret(), verifier=self.rows.ids.secret()),
        )
        state_hash = sha256(state)
        row = await self.rows.database.row(
            store.START,
            sha256(ticket),
            browser_hash,
            state_hash,
            self.rows.vault.put(exchange, row=state_hash.hex(), column="sealed_exchange"),
            now,
            now - START_SECONDS * SECOND,
        )
        if row is None:
            raise UnknownStartError
        request = self.rows.request(row)
        if row["kind"] == Kind.NUMBER:
            return await self._to_number(row, request, now=now)
        try:
            registrar = await self.rows.registrar(row["registrar"])
            if registrar.kind is RegistrarKind.EID_CARD:
                return f"{self.rows.settings.base_url}/enrolment/card/{state}"
            return await self.rows.banks(registrar).push(
                state=state,
                exchange=exchange,
                claims=reading.CLAIMS,
                language=row["language"],
                activation_text=wording(row["language"], request.phone_number[-2:]),
            )
        except RefusedAnswerError as error:
            return await self.rows.end(row, error.why, str(error))
