"""What a registrar answers, and the phone that presents the one-time value of that answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ipse.attributes.model import NATIONAL_NUMBER_COUNTRIES, Json
from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.clients import DEADLINE
from ipse.enrolment.errors import (
    EndReason,
    EnrolmentEndedError,
    ForeignReturnError,
    RefusedAnswerError,
    RegistrarError,
    RegistrarStoppedError,
    ReturnUsedError,
    StaleCodeError,
    UnknownReturnError,
)
from ipse.enrolment.model import (
    PRESENT_SECONDS,
    Answer,
    EnrolRequest,
    Exchange,
    Kind,
    Registrar,
    RegistrarAnswer,
    RegistrarKind,
    Returned,
    State,
)
from ipse.enrolment.rules import evidence as records
from ipse.enrolment.rules import judging, reading, screens
from ipse.enrolment.service.rows import Back, Rows
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.kernel.sealing import blind_index
from ipse.kernel.settings import Environment
from ipse.sim.service import Sims
from ipse.storage.statement import Row, Transaction, one

SHOWN: Final = (
    "family_name",
    "given_name",
    "birthdate",
    "birthdate_as_string",
    "gender",
    "claim_citizenship",
    "place_of_birth",
    "address",
    *(f"{country}NationalNumber" for country in NATIONAL_NUMBER_COUNTRIES),
    "BEeidSn",
    "IDDocumentSN",
    "IDDocumentType",
    "picture",
)
"""The attributes a person is shown when the registrar has answered."""

_EXCHANGE_SECONDS: Final = 3 * DEADLINE
"""An answer that is not here by then never comes: the process that fetched it has stopped."""


@dataclass(frozen=True)
class Returns:
    """Use cases of a registrar's answer."""

    rows: Rows
    attributes: Attributes
    sims: Sims

    # -- the browser comes back

    async def take_return(self, parameters: Mapping[str, str], browser_hash: bytes | None) -> Back:
        """Take a registrar's return: only in the browser that began, only once; any other ends the enrolment.

        Repeats in the same browser are answered as the first one was, until the phone has presented the value.

        Raises:
            UnknownReturnError: belongs to nothing.
            ForeignReturnError: another browser; the enrolment is ended.
            ReturnUsedError: the phone has presented the value already.
        """
        now, state_hash = self.rows.clock.now(), sha256(parameters.get("state", ""))
        row = await self.rows.database.row(store.RETURN, state_hash, browser_hash or b"", now)
        if row is None:
            return await self.returned_before(state_hash, browser_hash, now)
        exchange = self.rows.vault.take(
            row["sealed_exchange"], Exchange, row=state_hash.hex(), column="sealed_exchange"
        )
        try:
            return await self.keep(row, await self._fetched(row, parameters, exchange))
        except RefusedAnswerError as error:
            return await self.rows.end(row, error.why, str(error))

    async def _fetched(self, row: Row, parameters: Mapping[str, str], exchange: Exchange) -> Answer:
        """The registrar's answer, judged; raises as the client and the rules do."""
        registrar = await self.rows.registrar(row["registrar"])
        if registrar.kind is not RegistrarKind.BANK:
            raise RegistrarError("a bank's return in an enrolment without a bank")
        code = reading.code_of(parameters, registrar.issuer)
        said = await self.rows.banks(registrar).redeem(code, exchange)
        return self.judged(said, registrar, self.rows.request(row))

    async def keep(self, row: Row, answer: Answer) -> Back:
        """Keep a judged answer of any registrar; the value goes to the app through the browser that began.

        Raises:
            RegistrarStoppedError, TooManyIdentitiesError: the registrar may vouch for nobody, or nobody more, now.
        """
        registrars, now = self.rows.registrars, self.rows.clock.now()
        proving = row["kind"] == Kind.ACTIVATION and await self.sims.network.anybody()
        values = (
            row["enrolment_id"],
            self.rows.vault.put(answer, row=row["enrolment_id"], column="sealed_answer"),
            None if proving else sha256(answer.value),
            blind_index(self.rows.keystore.working_key("identity"), answer.identity),
            now,
        )

        def transaction() -> Transaction[Row | None]:
            # The registrar before the enrolment, as whoever stops it takes them.
            yield from registrars.letting_in(row["registrar"], new=row["kind"] == Kind.ACTIVATION, now=now)
            return (yield from one(store.KEEP_ANSWER, *values))

        try:
            kept = await self.rows.database.transact(transaction)
        except RefusedAnswerError as error:
            await registrars.note(row["registrar"], error)
            raise
        if kept is None:
            return await self.rows.end(row, EndReason.EXPIRED, "the registrar answered too late")
        if proving:
            return await self._proving(row, answer)
        return Back(language=row["language"], value=answer.value)

    async def _proving(self, row: Row, answer: Answer) -> Back:
        """The number step comes before the app: the value is given out after it."""
        number = self.rows.request(row).phone_number
        until = self.rows.clock.now() + self.rows.settings.lifetimes.enrolment * SECOND
        await self.sims.proofs.begin(row["enrolment_id"], number, vouched=answer.number_verified, expires_at=until)
        return Back(language=row["language"], number=row["enrolment_id"])

    async def returned_before(self, state_hash: bytes, browser_hash: bytes | None, now: int) -> Back:
        """What a return that was taken already is answered with. Raises as `take_return`."""
        row = await self.rows.database.row(store.BY_STATE_HASH, state_hash)
        if row is None:
            raise UnknownReturnError
        if browser_hash is None or bytes(row["browser_hash"]) != browser_hash:
            await self.rows.end(row, EndReason.FOREIGN_RETURN, "another browser than the one that began")
            raise ForeignReturnError
        state = State(row["state"])
        if state is State.ENDED:
            return Back(language=row["language"], ended=row["why"])
        if row["expires_at"] <= now:
            return await self.rows.end(row, EndReason.EXPIRED, "returned too late")
        if state is not State.RETURNED:
            raise ReturnUsedError
        if row["sealed_answer"] is not None and row["value_hash"] is None:
            return Back(language=row["language"], number=row["enrolment_id"])
        if row["sealed_answer"] is not None:
            answer = self.rows.answer(row)
            return Back(language=row["language"], value=answer.value)
        if now - row["changed_at"] > _EXCHANGE_SECONDS * SECOND:
            return await self.rows.end(row, EndReason.REGISTRAR_ERROR, "stopped while the answer was fetched")
        return Back(language=row["language"])

    def judged(self, said: RegistrarAnswer, registrar: Registrar, request: EnrolRequest) -> Answer:
        """Facts and evidence of an answer that an identity can rest on; raises as the rules do."""
        now = self.rows.clock.now()
        verified = reading.verified_claims(said, registrar, now=now)
        facts = reading.facts(verified, email=request.email)
        production = self.rows.settings.environment is Environment.PRODUCTION
        judging.check(facts, today=times.day(now), test_numbers=not production, minors=registrar.minors)
        same = reading.same_number(verified, request.phone_number)
        number = request.phone_number
        facts = replace(facts, phone_number=number if same else None, stated_phone_number=None if same else number)
        record = records.record(
            verified,
            facts,
            evidence_id=self.rows.ids.identifier(),
            registrar=registrar,
            original=said.original,
            now=now,
        )
        return Answer(
            facts=records.sourced(facts, record),
            evidence=record,
            identity=judging.identity(facts, reading.register_number(verified)),
            number_verified=same,
            value=self.rows.ids.secret(),
        )

    # -- the phone presents the value

    async def present(self, enrolment_id: str, phone_id: str, value: str) -> Returned:
        """Take the one-time value of a return from the phone that began. Presenting it again answers the same.

        Raises:
            EnrolmentEndedError: another phone's value (which ends that enrolment too), too late, or over.
        """
        value = await self._framed(value, phone_id)
        now, value_hash = self.rows.clock.now(), sha256(value)
        oldest = now - PRESENT_SECONDS * SECOND
        row = await self.rows.database.row(store.PRESENT, enrolment_id, phone_id, value_hash, now, oldest)
        if row is None:
            raise await self._not_presented(enrolment_id, phone_id, value_hash)
        answer = self.rows.answer(row)
        registrar = await self._registrar(row["registrar"])
        return Returned(
            enrolment_id=enrolment_id,
            received=self._shown(answer, row["language"]),
            registrar_id=registrar.id,
            registrar_name=registrar.name,
            number_verified=answer.number_verified,
            phone_number=self.rows.request(row).phone_number,
        )

    async def _framed(self, value: str, phone_id: str) -> str:
        """The one-time value that a frame of a moving code stands for; anything else is a value itself.

        Raises:
            EnrolmentEndedError: read by another phone, which ends it.
            StaleCodeError: read too late; the next frame will do.
        """
        frame = screens.read_frame(value)
        row = await self.rows.database.row(store.SHOWN_ELSEWHERE, frame.enrolment_id) if frame else None
        if frame is None or row is None or row["sealed_answer"] is None:
            return value
        answer = self.rows.answer(row)
        if not screens.is_of(frame, answer.value):
            return value
        if row["phone_id"] != phone_id:
            await self.rows.end(row, EndReason.FOREIGN_RETURN, "its moving code was read by another phone")
            raise EnrolmentEndedError(EndReason.FOREIGN_RETURN)
        elapsed = (self.rows.clock.now() - row["changed_at"]) // SECOND
        if row["state"] == State.RETURNED and not screens.is_fresh(
            frame, elapsed=elapsed, seconds=self.rows.settings.lifetimes.frame
        ):
            raise StaleCodeError
        return answer.value

    async def _registrar(self, registrar_id: str) -> Registrar:
        try:
            return await self.rows.registrar(registrar_id)
        except RegistrarStoppedError as error:
            raise EnrolmentEndedError(error.why, str(error)) from error

    def _shown(self, answer: Answer, language: str) -> Mapping[str, Json]:
        """What the person is shown: the birth date as printed only where the day itself is not known."""
        shown = self.attributes.preview(answer.facts, SHOWN, language=language)
        return {
            name: value for name, value in shown.items() if name != "birthdate_as_string" or "birthdate" not in shown
        }

    async def _not_presented(self, enrolment_id: str, phone_id: str, value_hash: bytes) -> EnrolmentEndedError:
        """Why; and end whatever the value belongs to if it came from somebody else."""
        owner = await self.rows.database.row(store.BY_VALUE, value_hash)
        if owner is None or (owner["enrolment_id"], owner["phone_id"]) != (enrolment_id, phone_id):
            if owner is not None:
                await self.rows.end(owner, EndReason.FOREIGN_RETURN, "its value came from another phone")
            own = await self.rows.database.row(store.BY_ID, enrolment_id)
            ended = own is not None and own["phone_id"] == phone_id and own["state"] == State.ENDED
            return EnrolmentEndedError(own["why"] if own is not None and ended else EndReason.FOREIGN_RETURN)
        if owner["state"] == State.ENDED:
            return EnrolmentEndedError(owner["why"])
        await self.rows.end(owner, EndReason.EXPIRED, "presented too late")
        return EnrolmentEndedError(EndReason.EXPIRED)
