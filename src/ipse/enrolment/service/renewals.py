"""New evidence for an identity whose phone stays: a visit to a registrar, bound to that phone like an activation.

The answer must be about the same person. It replaces facts and evidence; phone, code, number and subjects stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ipse.attributes.errors import NoFactsError
from ipse.attributes.model import Evidence, Facts, Json
from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.errors import AnotherPersonError, EndReason, EnrolmentEndedError, UnknownRegistrarError
from ipse.enrolment.model import AppVersion, Begun, EnrolRequest, Kind
from ipse.enrolment.rules import renewing
from ipse.enrolment.service.beginnings import giving_short_code
from ipse.enrolment.service.returns import Returns
from ipse.enrolment.service.rows import Rows
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.people.model import Account, Renewed
from ipse.people.service import People
from ipse.storage.statement import Transaction, one, run


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAnswer:
    """What a renewal brought, before it is kept. `evidence` and `facts` take the place of the older ones."""

    enrolment_id: str
    registrar_id: str
    registrar_name: str
    received: Mapping[str, Json]
    facts: Facts
    evidence: Evidence
    renewed: Renewed


@dataclass(frozen=True)
class Renewals:
    """Use cases of a renewal. The browser's way is that of every enrolment: `Beginnings.start`, `Returns`."""

    rows: Rows
    returns: Returns
    people: People
    attributes: Attributes

    async def stated(self, account: Account) -> tuple[str, str | None]:
        """Return the phone number and e-mail address that stay; call it before `beginning`."""
        try:
            facts = await self.attributes.facts(account.account_id)
        except NoFactsError:
            return "", None
        return facts.phone_number or facts.stated_phone_number or "", facts.email

    def beginning(
        self, account: Account, phone_id: str, registrar_id: str, stated: tuple[str, str | None], *, now: int
    ) -> Transaction[Begun]:
        """Begin a renewal, inside the transaction that accepts the phone's message; an earlier one of it ends.

        Raises:
            UnknownRegistrarError: there is none of that id, or it is stopped.
        """
        registrar = yield from self.rows.registrars.finding(registrar_id)
        if registrar is None:
            raise UnknownRegistrarError
        yield from run(store.END_RENEWALS, phone_id, now, b"")
        enrolment_id, ticket = self.rows.ids.identifier(), self.rows.ids.secret()
        expires_at = now + self.rows.settings.lifetimes.enrolment * SECOND
        number, email = stated
        request = EnrolRequest(
            language=account.language,
            phone_number=number,
            registrar=registrar_id,
            accepted=(),
            app=AppVersion(name="", version=""),
            email=email,
        )
        sealed = self.rows.vault.put(request, row=enrolment_id, column="sealed_request")
        yield from run(
            store.CREATE_RENEWAL, enrolment_id, phone_id, registrar_id, account.language, sealed, sha256(ticket),
            account.account_id, now, expires_at,
        )  # fmt: skip
        start_url = f"{self.rows.settings.base_url}/enrolment/start?ticket={ticket}"
        code = yield from giving_short_code(self.rows, enrolment_id, registrar)
        return Begun(enrolment_id=enrolment_id, start_url=start_url, expires_at=expires_at, card_code=code)

    async def present(self, enrolment_id: str, phone_id: str, value: str) -> RenewalAnswer:
        """Take the one-time value of a renewal's return from the phone that began, and read what it brought.

        Raises:
            EnrolmentEndedError: as for an activation.
        """
        returned = await self.returns.present(enrolment_id, phone_id, value)
        row = await self.rows.database.row(store.RENEWAL, enrolment_id, phone_id)
        if row is None or row["kind"] != Kind.RENEWAL:
            raise EnrolmentEndedError(EndReason.FOREIGN_RETURN)
        answer, before = self.rows.answer(row), await self.attributes.facts(row["account_id"])
        facts = renewing.kept(before, answer.facts)
        evidence = answer.evidence
        renewed = Renewed(
            level=evidence.assurance,
            known_by=renewing.known_by(answer, before),
            identity=answer.identity,
            evidence_expires_at=evidence.expires_at,
        )
        return RenewalAnswer(
            enrolment_id=enrolment_id,
            registrar_id=returned.registrar_id,
            registrar_name=returned.registrar_name,
            received=returned.received,
            facts=facts,
            evidence=evidence,
            renewed=renewed,
        )

    async def end(self, enrolment_id: str, error: AnotherPersonError) -> None:
        """End a renewal whose answer is about somebody else."""
        row = await self.rows.database.row(store.BY_ID, enrolment_id)
        if row is not None:
            await self.rows.end(row, error.why, str(error))

    def finishing(
        self, brought: RenewalAnswer, account_id: str, phone_id: str, *, key: bytes, now: int
    ) -> Transaction[None]:
        """Keep new facts and evidence, inside the transaction that accepts the phone's message. Account before phone.

        Raises:
            AnotherPersonError: it is about somebody else, or the identity is not active. Nothing was changed.
            EnrolmentEndedError: over, or finished before.
        """
        row = yield from one(store.FINISH_RENEWAL, brought.enrolment_id, phone_id, now)
        if row is None or row["account_id"] != account_id:
            raise EnrolmentEndedError(EndReason.EXPIRED)
        if not (yield from self.people.renewing(account_id, brought.renewed, now=now)):
            raise AnotherPersonError("the answer is about somebody else")
        yield from self.attributes.keeping(account_id, key, brought.facts, brought.evidence, now)
        yield from run(store.FORGET, brought.enrolment_id, account_id, b"")
