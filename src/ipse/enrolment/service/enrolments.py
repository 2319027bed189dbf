"""The life of an enrolment, from the phone's first message to the identity on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from ipse.attributes.model import NATIONAL_NUMBER_COUNTRIES, Evidence, Json, complete
from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.clients import DEADLINE, BankClient
from ipse.enrolment.errors import (
    EndReason,
    EnrolmentEndedError,
    ForeignReturnError,
    RefusedAnswerError,
    RefusedByPersonError,
    RegistrarError,
    ReturnUsedError,
    UnknownReturnError,
    UnknownStartError,
)
from ipse.enrolment.model import (
    PRESENT_SECONDS,
    START_SECONDS,
    Activated,
    Answer,
    Begun,
    EnrolRequest,
    Exchange,
    RegistrarAnswer,
    Returned,
    State,
)
from ipse.enrolment.rules import evidence as records
from ipse.enrolment.rules import judging, reading, requests
from ipse.enrolment.service.published import documents
from ipse.enrolment.service.vault import Vault
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index
from ipse.kernel.settings import Environment, Settings
from ipse.people.model import AccountState, Enrolled
from ipse.people.service import People
from ipse.standards import ida
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, one, run

Wording = Callable[[str, str], str]
"""What is being activated, for the registrar's page: from language and the last digits of the phone number."""

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

log = structlog.get_logger("ipse.enrolment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Where a registrar's return sends the browser; `value` or `ended` goes to the app, neither means: wait."""

    language: str
    value: str | None = None
    ended: str | None = None


@dataclass(kw_only=True)
class Enrolments:
    """Use cases of enrolment."""

    database: Database
    settings: Settings
    keystore: Keystore
    people: People
    attributes: Attributes
    clients: Mapping[str, BankClient]
    clock: Clock
    ids: Ids
    _vault: Vault = field(init=False)
    _identity_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._vault = Vault(self.keystore.working_key("enrolment"))
        self._identity_key = self.keystore.working_key("identity")

    # -- the phone begins

    async def begin(self, request: EnrolRequest, phone_id: str) -> Begun:
        """Begin an enrolment for a phone.

        Raises:
            AppTooOldError, MalformedMessageError, UnknownRegistrarError, DocumentsChangedError, BadPhoneNumberError:
                refused, nothing was kept.
        """
        now = self.clock.now()
        return await self.database.transact(lambda: self.beginning(request, phone_id, now=now))

    def beginning(self, request: EnrolRequest, phone_id: str, *, now: int) -> Transaction[Begun]:
        """Begin, inside the transaction that keeps the phone. Raises as `begin`."""
        request = requests.checked(
            request,
            registrars=self.clients,
            documents=documents(),
            minimum_app_version=self.settings.minimum_app_version,
        )
        enrolment_id, ticket = self.ids.identifier(), self.ids.secret()
        expires_at = now + self.settings.lifetimes.enrolment * SECOND
        sealed = self._vault.put(request, row=enrolment_id, column="sealed_request")
        yield from run(
            store.CREATE, enrolment_id, phone_id, request.registrar, request.language, sealed, sha256(ticket),
            now, expires_at,
        )  # fmt: skip
        start_url = f"{self.settings.base_url}/enrolment/start?ticket={ticket}"
        return Begun(enrolment_id=enrolment_id, start_url=start_url, expires_at=expires_at)

    # -- the browser goes to the registrar and comes back

    async def start(self, ticket: str, browser_hash: bytes, wording: Wording) -> Back | str:
        """Take a start address, once, for this browser; return the registrar's address, or how it ended at once.

        Raises:
            UnknownStartError: used, too old, or never given out.
        """
        now = self.clock.now()
        state, exchange = self.ids.secret(), Exchange(nonce=self.ids.secret(), verifier=self.ids.secret())
        state_hash = sha256(state)
        row = await self.database.row(
            store.START,
            sha256(ticket),
            browser_hash,
            state_hash,
            self._vault.put(exchange, row=state_hash.hex(), column="sealed_exchange"),
            now,
            now - START_SECONDS * SECOND,
        )
        if row is None:
            raise UnknownStartError
        request = self._request(row)
        try:
            return await self._client(row["registrar"]).push(
                state=state,
                exchange=exchange,
                claims=reading.CLAIMS,
                language=row["language"],
                activation_text=wording(row["language"], request.phone_number[-2:]),
            )
        except RegistrarError as error:
            return await self._ended(row, EndReason.REGISTRAR_ERROR, str(error))

    async def take_return(self, parameters: Mapping[str, str], browser_hash: bytes | None) -> Back:
        """Take a registrar's return: only in the browser that began, only once; any other ends the enrolment.

        Repeats in the same browser are answered as the first one was, until the phone has presented the value.

        Raises:
            UnknownReturnError: belongs to nothing.
            ForeignReturnError: another browser; the enrolment is ended.
            ReturnUsedError: the phone has presented the value already.
        """
        now, state_hash = self.clock.now(), sha256(parameters.get("state", ""))
        row = await self.database.row(store.RETURN, state_hash, browser_hash or b"", now)
        if row is None:
            return await self._returned_before(state_hash, browser_hash, now)
        exchange = self._vault.take(row["sealed_exchange"], Exchange, row=state_hash.hex(), column="sealed_exchange")
        try:
            return await self._keep(row, await self._fetched(row, parameters, exchange))
        except RefusedAnswerError as error:
            return await self._ended(row, error.why, str(error))

    async def _fetched(self, row: Row, parameters: Mapping[str, str], exchange: Exchange) -> Answer:
        """The registrar's answer, judged; raises as the client and the rules do."""
        client = self._client(row["registrar"])
        if parameters.get("iss") != client.registrar.issuer:
            raise RegistrarError("the answer is of another issuer (RFC 9207)")
        if "code" not in parameters:
            if parameters.get("error") == "access_denied":
                raise RefusedByPersonError("access_denied")
            raise RegistrarError("an answer without a code")
        said = await client.redeem(parameters["code"], exchange)
        return self._judged(said, client, self._request(row))

    async def _keep(self, row: Row, answer: Answer) -> Back:
        kept = await self.database.row(
            store.KEEP_ANSWER,
            row["enrolment_id"],
            self._vault.put(answer, row=row["enrolment_id"], column="sealed_answer"),
            sha256(answer.value),
            blind_index(self._identity_key, answer.identity),
            self.clock.now(),
        )
        if kept is None:
            return await self._ended(row, EndReason.EXPIRED, "the registrar answered too late")
        return Back(language=row["language"], value=answer.value)

    async def _returned_before(self, state_hash: bytes, browser_hash: bytes | None, now: int) -> Back:
        row = await self.database.row(store.BY_STATE_HASH, state_hash)
        if row is None:
            raise UnknownReturnError
        if browser_hash is None or bytes(row["browser_hash"]) != browser_hash:
            await self._ended(row, EndReason.FOREIGN_RETURN, "another browser than the one that began")
            raise ForeignReturnError
        state = State(row["state"])
        if state is State.ENDED:
            return Back(language=row["language"], ended=row["why"])
        if row["expires_at"] <= now:
            return await self._ended(row, EndReason.EXPIRED, "returned too late")
        if state is not State.RETURNED:
            raise ReturnUsedError
        if row["sealed_answer"] is not None:
            answer = self._answer(row)
            return Back(language=row["language"], value=answer.value)
        if now - row["changed_at"] > _EXCHANGE_SECONDS * SECOND:
            return await self._ended(row, EndReason.REGISTRAR_ERROR, "stopped while the answer was fetched")
        return Back(language=row["language"])

    def _judged(self, said: RegistrarAnswer, client: BankClient, request: EnrolRequest) -> Answer:
        """Facts and evidence of an answer that an identity can rest on; raises as the rules do."""
        now = self.clock.now()
        try:
            verified = ida.parse(said.verified_claims, trust_framework=client.trust_framework)
        except ida.IdaError as error:
            raise RegistrarError(str(error)) from error
        facts = reading.facts(verified, email=request.email)
        production = self.settings.environment is Environment.PRODUCTION
        judging.check(facts, today=times.day(now), test_numbers=not production)
        same = reading.same_number(verified, request.phone_number)
        number = request.phone_number
        facts = replace(facts, phone_number=number if same else None, stated_phone_number=None if same else number)
        record = records.record(
            verified,
            facts,
            evidence_id=self.ids.identifier(),
            registrar=(client.registrar.id, client.registrar.assurance),
            original=said.original,
            now=now,
        )
        return Answer(
            facts=records.sourced(facts, record),
            evidence=record,
            identity=judging.identity(facts, reading.register_number(verified)),
            number_verified=same,
            value=self.ids.secret(),
        )

    # -- the phone presents the value

    async def present_return(self, enrolment_id: str, phone_id: str, value: str) -> Returned:
        """Take the one-time value of a return from the phone that began. Presenting it again answers the same.

        Raises:
            EnrolmentEndedError: another phone's value (which ends that enrolment too), too late, or over.
        """
        now, value_hash = self.clock.now(), sha256(value)
        oldest = now - PRESENT_SECONDS * SECOND
        row = await self.database.row(store.PRESENT, enrolment_id, phone_id, value_hash, now, oldest)
        if row is None:
            raise await self._not_presented(enrolment_id, phone_id, value_hash)
        answer = self._answer(row)
        registrar = self._client(row["registrar"]).registrar
        return Returned(
            enrolment_id=enrolment_id,
            received=self._shown(answer, row["language"]),
            registrar_id=registrar.id,
            registrar_name=registrar.name,
            number_verified=answer.number_verified,
            phone_number=self._request(row).phone_number,
        )

    def _shown(self, answer: Answer, language: str) -> Mapping[str, Json]:
        """What the person is shown: the birth date as printed only where the day itself is not known."""
        shown = self.attributes.preview(answer.facts, SHOWN, language=language)
        return {
            name: value for name, value in shown.items() if name != "birthdate_as_string" or "birthdate" not in shown
        }

    async def _not_presented(self, enrolment_id: str, phone_id: str, value_hash: bytes) -> EnrolmentEndedError:
        """Why; and end whatever the value belongs to if it came from somebody else."""
        owner = await self.database.row(store.BY_VALUE, value_hash)
        if owner is None or (owner["enrolment_id"], owner["phone_id"]) != (enrolment_id, phone_id):
            if owner is not None:
                await self._ended(owner, EndReason.FOREIGN_RETURN, "its value came from another phone")
            own = await self.database.row(store.BY_ID, enrolment_id)
            ended = own is not None and own["phone_id"] == phone_id and own["state"] == State.ENDED
            return EnrolmentEndedError(own["why"] if own is not None and ended else EndReason.FOREIGN_RETURN)
        if owner["state"] == State.ENDED:
            return EnrolmentEndedError(owner["why"])
        await self._ended(owner, EndReason.EXPIRED, "presented too late")
        return EnrolmentEndedError(EndReason.EXPIRED)

    # -- the identity is made

    async def epoch(self) -> str:
        """Return the epoch that person keys are wrapped under now; call it before `activating`."""
        await self.people.know_epochs()
        return await self.people.current_epoch()

    def activating(self, enrolment_id: str, phone_id: str, *, epoch: str, now: int) -> Transaction[Activated]:
        """Finish an enrolment inside the transaction that gives the identity to its phone.

        Finds or makes the one account of the person, keeps facts, evidence and acceptances, and ends other enrolments
        of the same person that are as far. The account is active when the record of evidence is complete (B-1) and the
        registrar's verified claims hold the phone number; else it is `pending` and says why. The caller stops the
        person's other phones in the same transaction, after this.

        Raises:
            EnrolmentEndedError: not presented by this phone, too late, finished or superseded. Nothing was changed.
        """
        rows = yield from run(store.FINISH, enrolment_id, phone_id, now, b"")
        row = next((each for each in rows if each["enrolment_id"] == enrolment_id), None)
        if row is None:
            current = yield from one(store.BY_ID, enrolment_id)
            raise EnrolmentEndedError(_why_not(current, phone_id, now))
        request, answer = self._request(row), self._answer(row)
        state, why = _account_state(answer)
        enrolled = Enrolled(
            language=row["language"],
            level=answer.evidence.assurance,
            state=state,
            why=why,
            identity=answer.identity,
            phone_number=answer.facts.phone_number or "",
            acceptances=request.accepted,
        )
        account, key, new = yield from self.people.enrolling(enrolled, epoch=epoch, now=now)
        yield from self.attributes.keeping(account.account_id, key, answer.facts, answer.evidence, now)
        yield from run(store.FORGET, enrolment_id, account.account_id, b"")
        return Activated(account=account, new=new)

    async def delete_old(self, *, before: int) -> int:
        """Delete enrolments that expired before then (microseconds), however they ended. Returns how many."""
        return len(await self.database.rows(store.DELETE_OLD, before))

    def _client(self, registrar: str) -> BankClient:
        client = self.clients.get(registrar)
        if client is None:
            raise EnrolmentEndedError(EndReason.REGISTRAR_ERROR, f"{registrar} is no registrar any more")
        return client

    def _request(self, row: Row) -> EnrolRequest:
        return self._vault.take(row["sealed_request"], EnrolRequest, row=row["enrolment_id"], column="sealed_request")

    def _answer(self, row: Row) -> Answer:
        return self._vault.take(row["sealed_answer"], Answer, row=row["enrolment_id"], column="sealed_answer")

    async def _ended(self, row: Row, why: EndReason, detail: str) -> Back:
        """End an enrolment that is not over yet; `detail` is for the log."""
        ended = await self.database.row(store.END, row["enrolment_id"], why, self.clock.now(), b"")
        if ended is not None:
            log.info("enrolment_ended", enrolment=row["enrolment_id"], why=why, detail=detail)
        return Back(language=row["language"], ended=why)


def _account_state(answer: Answer) -> tuple[AccountState, str | None]:
    record: Evidence = answer.evidence
    if not complete(record):
        return AccountState.PENDING, "evidence_incomplete"
    if not answer.number_verified:
        return AccountState.PENDING, "number_not_verified"
    return AccountState.ACTIVE, None


def _why_not(row: Row | None, phone_id: str, now: int) -> str:
    """Why an enrolment cannot be finished."""
    if row is None or row["phone_id"] != phone_id:
        return EndReason.FOREIGN_RETURN
    if row["state"] == State.ENDED:
        return str(row["why"])
    if row["state"] == State.FINISHED:
        return EndReason.SUPERSEDED
    return EndReason.EXPIRED if row["expires_at"] <= now else EndReason.FOREIGN_RETURN
