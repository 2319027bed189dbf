"""Use cases of partners' servers and of the browsers that they send."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.actions.errors import (
    RequestEnded,
    RequestExpired,
    RequestPending,
    ResultFault,
    StartedElsewhere,
    UnknownAction,
)
from ipse.actions.model import Action, ActionState, Collected, Signature, SignatureDocument
from ipse.actions.service import Actions
from ipse.dss import rules, store
from ipse.dss.errors import DssRefused
from ipse.dss.model import (
    ANSWER_SECONDS,
    DOOR,
    PATH,
    POLICY_OID,
    VISIT_SECONDS,
    Answered,
    Asked,
    IdentificationRequest,
    Identified,
    Kind,
    SignRequest,
    Started,
    StatusRequest,
    Visit,
)
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.partners.model import Partner, Service
from ipse.partners.service import PartnerDesk
from ipse.partners.service.certificates import BY_CERTIFICATE, prove_by_certificate
from ipse.people.service import People
from ipse.signin.model import Ended, WayBack
from ipse.signing.errors import SigningRefused, SigningUnavailable, WrongSigning
from ipse.signing.model import Concluded, NewSigning
from ipse.signing.service import Signing
from ipse.standards.client_certificates import CertificateError, ClientCertificate
from ipse.standards.oauth import with_parameters
from ipse.storage.database import Database

log = structlog.get_logger("ipse.dss")
_TABLE: Final = "dss_visits"
_VISIT_ID: Final = re.compile(r"[0-9A-Za-z-]{36}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a browser that opens a visit gets: the waiting page of a new action, or an address."""

    action: Action | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dss:
    """Identifications and signatures."""

    base_url: str
    database: Database
    keystore: Keystore
    desk: PartnerDesk
    people: People
    actions: Actions
    signing: Signing
    clock: Clock
    ids: Ids

    # --- partners --------------------------------------------------------------------------------------------

    async def partner(self, code: str, certificate: ClientCertificate | None) -> Partner:
        """The partner whose server calls, proven by the certificate of its connection.

        Raises:
            DssRefused: INVALID_REQUESTOR, whatever is wrong.
        """
        partner = await self.desk.partners.partner(code) if code else None
        if partner is None or certificate is None or partner.auth_method not in BY_CERTIFICATE:
            raise DssRefused("INVALID_REQUESTOR", "no registered client certificate came with this request")
        try:
            await prove_by_certificate(self.desk, partner, certificate)
        except CertificateError as error:
            self.desk.log.refused(code, "", PATH, "certificate", "INVALID_REQUESTOR", str(error))
            raise DssRefused("INVALID_REQUESTOR", "no registered client certificate came with this request") from error
        if partner.state != "active":
            raise DssRefused("INVALID_REQUESTOR", "this partner was stopped")
        return partner

    async def identify(self, partner: Partner, sent: IdentificationRequest) -> Started:
        """Begin an identification: an address for the person's browser.

        Raises:
            DssRefused: one of the visible checks refuses it; nobody has seen anything.
        """
        call = rules.Call(
            partner=partner,
            service=await self.desk.partners.service(sent.service_code),
            partner_code=sent.partner_code,
            service_code=sent.service_code,
            redirect_url=sent.redirect_url,
            lang=sent.lang,
            user_code=sent.user_code,
        )
        service = rules.check_call(call)
        if sent.user_code:
            await self._account(sent.user_code, partner)
        asked = Asked(
            reference=self.ids.secret(),
            redirect_url=sent.redirect_url,
            language=sent.lang.lower()[:2],
            user_code=sent.user_code,
        )
        return await self._begun(Kind.IDENTIFICATION, partner, service, asked)

    async def identified(self, partner: Partner, sent: StatusRequest) -> Identified:
        """Who came.

        Raises:
            DssRefused: PENDING, REJECTED, EXPIRED, NOT_ALLOWED_TO_SIGN, UNKNOWN, UNEXPECTED_ERROR.
        """
        call = rules.Call(
            partner=partner,
            service=await self.desk.partners.service(sent.service_code),
            partner_code=sent.partner_code,
            service_code=sent.service_code,
            redirect_url=None,
            lang="",
        )
        rules.check_call(call)
        visit = await self._visit(partner, sent.async_resp_id or sent.other_async_resp_id, Kind.IDENTIFICATION)
        concluded = await self._concluded(visit)
        return Identified(user_code=concluded.subject, certificates=_pem(concluded.credential.certificates))

    async def sign(self, partner: Partner, sent: SignRequest) -> Started:
        """Begin a signature: an address for the browser of the person who is named.

        Raises:
            DssRefused: one of the visible checks refuses it; nobody has seen anything.
        """
        details, documents = sent.options.itsme, sent.in_docs
        call = rules.Call(
            partner=partner,
            service=await self.desk.partners.service(details.service_code),
            partner_code=details.partner_code,
            service_code=details.service_code,
            redirect_url=details.redirect_url,
            lang=sent.options.lang or "",
            user_code=details.signer.user_code,
        )
        try:
            service = rules.check_call(call)
        except DssRefused as error:
            if error.reason == "INVALID_LANG":
                raise DssRefused("INVALID_LANGUAGE", error.message) from error
            raise
        if documents is None:
            raise DssRefused("NO_HASH_PROVIDED", "inDocs is missing")
        digests = rules.read_documents(documents, most=service.batch)
        policy = details.sign_policy
        rules.check_policy(policy)
        account_id = await self._account(details.signer.user_code, partner)
        if await self.signing.credential_of(account_id) is None:
            told = "the person has no signing certificate: begin with user_identification"
            raise DssRefused("NOT_ALLOWED_TO_SIGN", told)
        asked = Asked(
            reference=self.ids.secret(),
            redirect_url=details.redirect_url,
            language=(sent.options.lang or "").lower()[:2],
            user_code=details.signer.user_code,
            request_id=sent.request_id[:64],
            description=rules.read_description(details.description),
            documents=digests,
            role=", ".join(policy.signer_role),
            commitment=policy.commitment_type_ref,
            policy=POLICY_OID if policy.sign_policy_ref else "",
        )
        return await self._begun(Kind.SIGNATURE, partner, service, asked)

    async def signed(self, partner: Partner, visit_id: str) -> Answered:
        """The signatures of a request.

        Raises:
            DssRefused: PENDING, REJECTED, EXPIRED, UNKNOWN, UNEXPECTED_ERROR.
        """
        visit = await self._visit(partner, visit_id, Kind.SIGNATURE)
        asked, concluded = self._asked(visit), await self._concluded(visit)
        names = (document.id for document in asked.documents)
        return Answered(
            request_id=asked.request_id,
            user_code=concluded.subject,
            signatures=tuple(zip(names, concluded.signatures, strict=True)),
        )

    # --- browsers --------------------------------------------------------------------------------------------

    async def open(self, reference: str, browser_hash: bytes, language: str, query: str, *, address: str) -> Opened:
        """What the browser with this cookie gets at a visit's address: the first one has the visit.

        Raises:
            UnknownAction: no such reference, or it is over.
            StartedElsewhere: another browser was first.
        """
        for _ in range(2):
            visit = await self._by_reference(reference)
            if visit.action_id is not None:
                if not hmac.compare_digest(visit.browser_hash or b"", browser_hash):
                    raise StartedElsewhere
                view = await self.actions.find(visit.action_id)
                return Opened(url=f"/v2/sign-in/{view.action.handle}")
            if visit.expires_at <= self.clock.now():
                raise UnknownAction("nobody came in time")
            action = await self._begin(visit, browser_hash, language, query, address)
            taking = (sha256(reference), browser_hash, action.action_id, self.clock.now())
            if await self.database.row(store.OPEN, *taking) is not None:
                return Opened(action=action)
            await self.actions.cancel_action(action.action_id)
        raise UnknownAction

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Where a form of the sign-in page leads."""
        return str(protocol["redirect_url"])

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """The partner's address with whatever it had put on ours; its server then asks what came of it."""
        return WayBack(with_parameters(str(end.protocol["redirect_url"]), dict(parse_qsl(str(end.protocol["query"])))))

    # --- by itself -------------------------------------------------------------------------------------------

    async def delete_old(self) -> int:
        """Delete visits that no partner may ask for any more. Returns how many."""
        return len(await self.database.rows(store.DELETE_OLD, self.clock.now() - ANSWER_SECONDS * SECOND))

    # --- between ---------------------------------------------------------------------------------------------

    async def _begun(self, kind: Kind, partner: Partner, service: Service, asked: Asked) -> Started:
        now, visit_id = self.clock.now(), self.ids.code()
        key = self.keystore.working_key("request")
        sealed = seal(key, msgspec.json.encode(asked), table=_TABLE, row=visit_id, column="sealed_asked")
        await self.database.rows(
            store.BEGIN, visit_id, kind, partner.partner_id, service.code, sealed, sha256(asked.reference), now,
            now + VISIT_SECONDS * SECOND,
        )  # fmt: skip
        url = f"{self.base_url}{PATH}/visits/{asked.reference}"
        return Started(visit_id=visit_id, url=url, user_code=asked.user_code)

    async def _begin(self, visit: Visit, browser_hash: bytes, language: str, query: str, address: str) -> Action:
        asked = self._asked(visit)
        service = await self.desk.partners.service(visit.service_code)
        partner = await self.desk.partners.partner(visit.partner_id)
        if service is None or partner is None or service.state != "active" or partner.state != "active":
            raise UnknownAction("service or partner was stopped")
        account = await self.people.account_of_subject(asked.user_code, partner.partner_id) if asked.user_code else None
        spoken = asked.language or language
        signature = await self._signature(asked, account, spoken) if visit.kind is Kind.SIGNATURE else None
        new = NewSigning(
            partner_id=partner.partner_id,
            partner_name=partner.name,
            service_code=service.code,
            service_name=service.name,
            purpose=service.purpose,
            create=visit.kind is Kind.IDENTIFICATION,
            signature=signature,
            account_id=account,
            addressed=account is not None,
            protocol={"door": DOOR, "redirect_url": asked.redirect_url, "query": query},
            browser_hash=browser_hash,
            language=spoken,
            address=address,
        )
        try:
            return await self.signing.begin(new)
        except WrongSigning as error:
            raise UnknownAction(f"what was asked cannot be signed now: {error.public}") from error

    async def _signature(self, asked: Asked, account_id: str | None, language: str) -> Signature:
        credential = await self.signing.credential_of(account_id) if account_id else None
        if credential is None:
            raise UnknownAction("the person has no signing certificate any more")
        return Signature(
            documents=tuple(SignatureDocument(each.id, b64u(each.value)) for each in asked.documents),
            hash_algorithm="SHA-256",
            sign_algorithm=credential.sign_algorithms[0],
            credential=credential.credential_id,
            description=asked.description.get(language, ""),
            role=asked.role,
            commitment=asked.commitment,
            policy=asked.policy,
        )

    async def _account(self, user_code: str, partner: Partner) -> str:
        """The person whom a partner means. One who is blocked, and one whom it never met, have one answer."""
        account_id = await self.people.account_of_subject(user_code, partner.partner_id)
        if account_id is None:
            raise DssRefused("NOT_ALLOWED_TO_SIGN", "this person cannot sign at the moment, or is not known to you")
        return account_id

    async def _visit(self, partner: Partner, visit_id: str, kind: Kind) -> Visit:
        row = None
        if _VISIT_ID.fullmatch(visit_id):
            row = await self.database.row(store.BY_ID, visit_id, partner.partner_id)
        if row is None:
            raise DssRefused("UNKNOWN", "asyncRespID is none that this partner was given")
        visit = store.read_visit(row)
        if visit.kind is not kind:
            raise DssRefused("UNEXPECTED_ERROR", f"asyncRespID belongs to a {visit.kind}", status=409)
        return visit

    async def _concluded(self, visit: Visit) -> Concluded:
        """What came of a visit, else the protocol's word for why nothing did."""
        if visit.action_id is None:
            over = visit.expires_at <= self.clock.now()
            raise _state("EXPIRED" if over else "PENDING")
        try:
            return await self.signing.conclude(visit.action_id, visit.partner_id)
        except RequestPending:
            raise _state("PENDING") from None
        except RequestExpired:
            raise _state("EXPIRED") from None
        except RequestEnded:
            raise _state("REJECTED" if await self._was_refused(visit.action_id) else "EXPIRED") from None
        except SigningUnavailable:
            # Nothing was lost: whoever asks again gets it.
            raise _state("PENDING") from None
        except (ResultFault, SigningRefused, UnknownAction) as error:
            log.warning("dss.failed", visit=visit.visit_id, error=type(error).__name__)
            raise _state("UNEXPECTED_ERROR") from error

    async def _was_refused(self, action_id: str) -> bool:
        view = await self.actions.find(action_id)
        return view.state in {ActionState.REJECTED, ActionState.CANCELLED}

    async def _by_reference(self, reference: str) -> Visit:
        if not _REFERENCE.fullmatch(reference):
            raise UnknownAction("not a reference")
        row = await self.database.row(store.BY_REFERENCE, sha256(reference))
        if row is None:
            raise UnknownAction
        return store.read_visit(row)

    def _asked(self, visit: Visit) -> Asked:
        key = self.keystore.working_key("request")
        octets = unseal(key, visit.sealed_asked, table=_TABLE, row=visit.visit_id, column="sealed_asked")
        return msgspec.json.decode(octets, type=Asked)


def _state(reason: str) -> DssRefused:
    words = {
        "PENDING": "the person has not decided yet; ask again",
        "REJECTED": "the person has refused",
        "EXPIRED": "the time for this request is over",
        "UNEXPECTED_ERROR": "nothing came of this request; begin another",
    }
    return DssRefused(reason, words[reason], status=409)


def _pem(certificates: tuple[bytes, ...]) -> tuple[str, ...]:
    read = (x509.load_der_x509_certificate(octets) for octets in certificates)
    return tuple(each.public_bytes(Encoding.PEM).decode() for each in read)
