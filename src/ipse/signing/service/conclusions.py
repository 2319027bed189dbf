"""From an approval to its credential and its signatures: the same however often, whatever is down in between.

Each step can be done again: signature activation gives the same key and the same values for the same approval, whoever
certifies gives the same certificate for the same request, and one conditional statement decides whose result is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import structlog

from ipse.actions.errors import RequestEnded, RequestExpired, RequestPending, ResultFault, UnknownAction
from ipse.actions.model import CredentialCreation, Signature, SignatureApproval
from ipse.actions.service import Actions
from ipse.actions.service.signings import signature_approval
from ipse.attributes.service import Attributes
from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import b64u, b64u_decode
from ipse.kernel.sealing import seal, unseal
from ipse.phones.service import Phones
from ipse.signing import store
from ipse.signing.errors import (
    ActivationRefused,
    CertificationRefused,
    SigningKeyOff,
    SigningRefused,
    SigningUnavailable,
    UnknownCredential,
)
from ipse.signing.model import Concluded, Credential, CredentialState, EndReason, Result, Terms
from ipse.signing.ports import Activation, Certification
from ipse.signing.rules import certificates
from ipse.signing.rules.certificates import WrongCertificateError
from ipse.signing.rules.naming import masked, naming
from ipse.signing.service.credentials import PERSON, Credentials
from ipse.standards.certification import Subject
from ipse.standards.signature_activation import Activated, NewCredential, Signed
from ipse.storage.statement import Row, Transaction, one
from ipse.switches.model import Kind
from ipse.switches.service import Switches
from ipse.telemetry import metrics
from ipse.telemetry.spans import span

log = structlog.get_logger("ipse.signing")
_TABLE = "signing_requests"
_EXPIRED = "expired"
_ENDS: dict[str, type[PlatformError]] = {_EXPIRED: RequestExpired} | {
    error.code: error for error in (RequestExpired, RequestEnded, ResultFault)
}
"""How a request that came to nothing refuses, by the word in its row; by any other, SigningRefused."""
_ENDING = {"credential_ended": EndReason.LOCKED, "unknown_credential": EndReason.FAILED}
"""Refusals after which a credential never signs again."""
_KEPT_SECONDS = 30 * 86_400
"""How long a result is given again."""


class _Never(Exception):
    """The approval will never come to anything; `why` is a word for the row."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Work(NamedTuple):
    approval: SignatureApproval
    activated: Activated
    creation: CredentialCreation | None
    signature: Signature | None


@dataclass(frozen=True)
class Conclusions:
    """Use cases of approved requests."""

    actions: Actions
    phones: Phones
    attributes: Attributes
    credentials: Credentials
    activation: Activation
    certification: Certification
    terms: Terms
    issuer: str
    """Of the scheme: what phones' makers have attested their keys for."""
    switches: Switches

    async def conclude(self, action_id: str, partner_id: str) -> Concluded:
        """What came of a request. Raises as `Signing.conclude`."""
        row = await self.actions.database.row(store.REQUEST, action_id)
        if row is not None and row["state"] != "claimed":
            return await self._again(row, partner_id)
        approval = await signature_approval(self.actions, action_id, partner_id)
        if row is None:
            raise RequestEnded  # forgotten
        try:
            with span("sign"):
                result = await self._carried_out(_work(approval))
            metrics.SIGNATURES.add("signed")
        except SigningUnavailable as error:
            if not isinstance(error, SigningKeyOff):  # an operator wants that
                metrics.SIGNATURES.add("unavailable")
            raise
        except (ActivationRefused, CertificationRefused) as error:
            return await self._refuse(action_id, error.refusal)
        except WrongCertificateError as error:
            log.error("signing.wrong_answer", action=action_id, error=str(error))  # noqa: TRY400 - no values
            metrics.SIGNATURES.add("unavailable")
            raise SigningUnavailable from error
        except _Never as error:
            return await self._refuse(action_id, error.why)
        return await self._keep(approval, result)

    async def conclude_waiting(self) -> int:
        """Conclude what was approved and nobody has come for, while it still counts. A job; returns how many."""
        rows = await self.actions.database.rows(store.WAITING, self.actions.clock.now())
        done = 0
        for row in rows:
            try:
                await self.conclude(row["action_id"], row["partner_id"])
                done += 1
            except (RequestPending, SigningKeyOff):
                continue
            except SigningUnavailable:
                break
            except (RequestExpired, RequestEnded, ResultFault) as error:
                await self.actions.database.rows(store.REFUSE, row["action_id"], error.code)
            except PlatformError as error:
                log.warning("signing.not_concluded", action=row["action_id"], code=error.code)
        return done

    async def forget(self) -> int:
        """Delete old requests, results a month after they came. A job; returns how many."""
        now = self.actions.clock.now()
        return len(await self.actions.database.rows(store.FORGET_REQUESTS, now, now - _KEPT_SECONDS * SECOND))

    async def _carried_out(self, work: _Work) -> Result:
        approval = work.approval
        if self.switches.is_off(Kind.SIGNATURES):
            raise SigningUnavailable("signatures are switched off")
        if work.creation is not None:
            credential = await self._made(work, work.creation)
        elif work.signature is not None:
            credential = await self._named(work.signature.credential)
        else:
            living = await self.credentials.living(approval.account_id)
            if living is None:
                raise _Never("no_credential")
            credential = living
        values: tuple[bytes, ...] = ()
        if work.signature is not None:
            values = await self._values(work, work.signature, credential)
        return Result(
            credential=credential.credential_id,
            subject=approval.subject,
            signature=work.signature,
            signatures=values,
            approved_at=approval.approved_at,
            level=approval.level,
        )

    async def _named(self, credential_id: str) -> Credential:
        try:
            return await self.credentials.find(credential_id)
        except UnknownCredential as error:
            raise _Never("no_credential") from error

    # -- a credential

    async def _made(self, work: _Work, creation: CredentialCreation) -> Credential:
        """The credential that an approval makes, from wherever that had stopped."""
        found = await self.credentials.request_of(creation.credential)
        credential, request = found if found is not None else await self._new_key(work, creation)
        if credential.state is not CredentialState.MAKING:
            return credential
        named = naming(await self.attributes.facts(credential.account_id))
        subject = Subject(
            country=creation.country,
            common_name=creation.common_name,
            given_name=creation.given_name,
            surname=creation.surname,
            serial_number=named.serial_number,
        )
        try:
            issued = await self.certification.certify(
                request, subject, valid_seconds=creation.valid_seconds, profile=credential.profile
            )
            read = certificates.read(issued, request)
            await self.activation.certify(credential.credential_id, issued[0])
        except (CertificationRefused, ActivationRefused):
            await self.credentials.end(credential.credential_id, EndReason.FAILED, actor="system")
            raise
        await self.credentials.certify(credential, issued, serial=read.serial, valid_until=read.valid_until)
        return await self.credentials.find(credential.credential_id)

    async def _new_key(self, work: _Work, creation: CredentialCreation) -> tuple[Credential, bytes]:
        approval = work.approval
        self._check_age(approval)
        named = naming(await self.attributes.facts(approval.account_id))
        if masked(named.serial_number) != creation.serial_number:
            raise _Never("other_person")  # what is known of them has changed since it was shown
        device = await self.phones.device(approval.phone_id)
        attestation = None if device.attestation is None else {**device.attestation, "issuer": self.issuer}
        made = await self.activation.create(
            NewCredential(
                approval=work.activated,
                device_key=device.key,
                attestation=attestation,
                serial_number=named.serial_number,
            )
        )
        credential = Credential(
            credential_id=creation.credential,
            account_id=approval.account_id,
            phone_id=approval.phone_id,
            state=CredentialState.MAKING,
            why=None,
            algorithm=creation.algorithm,
            attested=made.attested,
            certificates=(),
            created_at=self.actions.clock.now(),
            valid_until=None,
            profile="short_term" if self.terms.short_term else "person",
        )
        request = b64u_decode(made.request)
        await self.credentials.make(credential, request)
        return credential, request

    # -- signatures

    async def _values(self, work: _Work, signature: Signature, credential: Credential) -> tuple[bytes, ...]:
        if credential.state is not CredentialState.ACTIVE or credential.account_id != work.approval.account_id:
            raise _Never("credential_ended")
        if (credential.valid_until or 0) < self.actions.clock.now():
            raise _Never("credential_ended")
        if self.switches.is_off(Kind.SIGNING_KEY, credential.credential_id):
            raise SigningKeyOff
        signed = await self._signed(work.activated, credential)
        values = tuple(b64u_decode(value) for value in signed.signatures)
        certificates.check_values(credential.certificates[0], signature, values)
        return values

    async def _signed(self, activated: Activated, credential: Credential) -> Signed:
        try:
            return await self.activation.sign(activated)
        except ActivationRefused as error:
            if error.refusal == "not_certified":
                await self.activation.certify(credential.credential_id, credential.certificates[0])
                return await self.activation.sign(activated)
            if error.refusal in _ENDING:
                await self.credentials.end(credential.credential_id, _ENDING[error.refusal], actor="system")
            raise

    # -- results

    async def _keep(self, approval: SignatureApproval, result: Result) -> Concluded:
        key, action_id = await self.actions.people.person_key(approval.account_id), approval.action_id
        sealed = seal(key, msgspec.msgpack.encode(result), table=_TABLE, row=action_id, column="sealed_result")
        values, now = (action_id, sealed, approval.account_id, approval.phone_id), self.actions.clock.now()
        used = self.terms.short_term and bool(result.signatures)

        def transaction() -> Transaction[None]:
            if (yield from one(store.CONCLUDE, *values)) is None or not result.signatures:
                return
            details = {"action": action_id, "partner": approval.partner_id, "count": len(result.signatures)}
            yield from auditing(now, actor=PERSON, act="signing.sign", subject=result.credential, details=details)
            if used:
                yield from self.credentials.ending(result.credential, EndReason.EXPIRED, actor="system", now=now)

        await self.actions.database.transact(transaction)
        row = await self.actions.database.row(store.REQUEST, action_id)
        if row is None:
            raise RequestEnded
        return await self._again(row, approval.partner_id)

    async def _again(self, row: Row, partner_id: str) -> Concluded:
        """A result that was kept before."""
        if row["partner_id"] != partner_id:
            raise UnknownAction
        if row["state"] == "refused":
            raise _ENDS.get(row["why"], SigningRefused)
        key = await self.actions.people.person_key(row["account_id"])
        octets = unseal(key, row["sealed_result"], table=_TABLE, row=row["action_id"], column="sealed_result")
        result = msgspec.msgpack.decode(octets, type=Result)
        return Concluded(
            action_id=row["action_id"],
            account_id=row["account_id"],
            subject=result.subject,
            credential=await self.credentials.find(result.credential),
            signature=result.signature,
            signatures=result.signatures,
            approved_at=result.approved_at,
            level=result.level,
        )

    async def _refuse(self, action_id: str, why: str) -> Concluded:
        """Note that an approval will never come to anything, and say so."""
        metrics.SIGNATURES.add("refused")
        log.warning("signing.refused", action=action_id, why=why)
        await self.actions.database.rows(store.REFUSE, action_id, why)
        row = await self.actions.database.row(store.REQUEST, action_id)
        if row is None:
            raise SigningRefused
        return await self._again(row, row["partner_id"])  # another process may have had more luck

    def _check_age(self, approval: SignatureApproval) -> None:
        if approval.approved_at + self.terms.approval_seconds * SECOND < self.actions.clock.now():
            raise _Never(_EXPIRED)


def _work(approval: SignatureApproval) -> _Work:
    return _Work(
        approval,
        Activated(b64u(approval.shown), approval.activation),
        next((each for each in approval.content if isinstance(each, CredentialCreation)), None),
        next((each for each in approval.content if isinstance(each, Signature)), None),
    )
