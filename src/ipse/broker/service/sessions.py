"""A session from its creation to its result, without HTTP."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog
from msgspec import UNSET

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.actions.model import OPEN, Action, ActionState, ActionView, AskedAttribute, Collected, NewAction, Request
from ipse.actions.service.requests import Actions
from ipse.attributes.model import ATTRIBUTES
from ipse.broker import store
from ipse.broker.errors import (
    FinalPartnerRefused,
    ProofTooWeak,
    ResultGone,
    SessionEnded,
    SessionRefused,
    UnknownSession,
)
from ipse.broker.model import (
    AUTHENTICATE,
    DOOR,
    RESULT_SECONDS,
    SESSIONS,
    Asked,
    CallbackUrls,
    Caller,
    Decided,
    Flow,
    NewSession,
    Session,
    SessionError,
    SessionView,
    Status,
)
from ipse.broker.rules.requests import Candidate, asked_attributes, check_session, suits
from ipse.broker.rules.results import subject, token_claims
from ipse.broker.rules.status import error, status_of
from ipse.broker.service.encryption import Encryption
from ipse.broker.service.pictures import qr
from ipse.broker.service.results import Results
from ipse.kernel.clock import SECOND, Clock, text
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import Settings
from ipse.partners.model import Partner, Service
from ipse.partners.service import Partners
from ipse.partners.service.log import RequestLog
from ipse.people.service import People
from ipse.signin.model import Ended, WayBack
from ipse.standards.oauth import with_parameters
from ipse.storage.database import Database

_TABLE: Final = "broker_sessions"
_READY: Final = (ActionState.APPROVED, ActionState.COLLECTED)
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{43}")

log = structlog.get_logger("ipse.broker")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a browser that opens an authentication URL gets: the waiting page of a new action, or an address."""

    action: Action | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Use cases of sessions."""

    settings: Settings
    database: Database
    keystore: Keystore
    partners: Partners
    refusals: RequestLog
    people: People
    actions: Actions
    results: Results
    encryption: Encryption
    clock: Clock
    ids: Ids

    # --- partners --------------------------------------------------------------------------------------------

    async def create(self, caller: Caller, request: NewSession) -> SessionView:
        """Judge a request and create a session; a headless one begins its action at once.

        Raises:
            SessionRefused: one of the visible checks refuses it; nobody has seen anything.
        """
        service = await self.partners.service(request.service)
        final = await self.partners.partner((service and service.final_partner) or caller.partner.partner_id)
        candidate = Candidate(
            request=request,
            caller=caller,
            service=service,
            final=final,
            prefix=self.settings.claim_prefix,
            can_encrypt=request.encrypt_result and final is not None and await self.encryption.can_reach(final),
        )
        try:
            check_session(candidate)
        except SessionRefused as refused:
            self.refusals.refused(
                caller.partner.partner_id, request.service, SESSIONS, refused.check, refused.code, refused.public
            )
            raise
        if service is None or final is None:  # pragma: no cover - the checks have refused both
            raise UnknownSession
        asked = Asked(request=request, attributes=asked_attributes(candidate), reference=self.ids.secret())
        session = await self._created(caller.partner, final, service, asked)
        return await self._view(session, asked)

    async def read(self, caller: Caller, session_id: str, result_token: str | None = None) -> SessionView:
        """A session as it stands; with its result, where the caller may read it.

        Raises:
            UnknownSession: none of this caller.
            ProofTooWeak: the profile of its service wants more.
            WrongResultToken, ResultGone, ResultBusy: as `Results`.
        """
        session = await self._find(caller, session_id)
        return await self._view(session, self._asked(session), result_token)

    async def cancel(self, caller: Caller, session_id: str) -> SessionView:
        """End a session that nobody has decided; one that was cancelled already stays so.

        The action's own statement decides between this and the person.

        Raises:
            UnknownSession: none of this caller.
            ProofTooWeak: the profile of its service wants more.
            SessionEnded: it has ended otherwise.
        """
        session = await self._find(caller, session_id)
        status, _ = status_of(session, _decided(await self._action(session)), self.clock.now())
        if status is Status.CANCELLED:
            return await self._view(session, self._asked(session))
        if status not in {Status.CREATED, Status.WAITING_FOR_USER}:
            raise SessionEnded
        row = await self.database.row(store.CANCEL, session_id, caller.partner.partner_id, self.clock.now())
        action_id = row["action_id"] if row is not None else None
        if action_id is not None and not await self.actions.cancel_action(action_id):
            await self.database.rows(store.UNCANCEL, session_id)
            raise SessionEnded
        return await self.read(caller, session_id)

    # --- browsers --------------------------------------------------------------------------------------------

    async def open(self, reference: str, browser_hash: bytes, language: str, *, address: str = "") -> Opened:
        """What the browser with this cookie gets at the authentication URL: the first one has the session.

        Raises:
            UnknownAction: no such reference.
            StartedElsewhere: another browser was first.
        """
        for _ in range(2):
            session = await self._by_reference(reference)
            if session.browser_hash is not None:
                return await self._opened_before(session, browser_hash)
            asked = self._asked(session)
            if session.cancelled_at is not None or session.expires_at <= self.clock.now():
                return Opened(url=_never_opened(session, asked))
            action = await self._begin(session, asked, browser_hash, language, address=address)
            taking = (sha256(reference), browser_hash, action.action_id, self.clock.now())
            if await self.database.row(store.OPEN, *taking) is not None:
                return Opened(action=action)
            await self.actions.cancel_action(action.action_id)
        raise UnknownAction

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Where a form of the sign-in page leads: its one form that leaves the page cancels."""
        return _callbacks(protocol).abort

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """The callback URL that fits, with the session's id, and after an approval the value that reads the result."""
        callbacks, session_id = _callbacks(end.protocol), str(end.protocol["session"])
        if isinstance(end, Collected):
            return WayBack(with_parameters(callbacks.success, {"sessionId": session_id, "resultToken": end.code}))
        failed = end.outcome in {"expired", "failed"} or end.why == "level"
        url = callbacks.error if failed else callbacks.abort
        return WayBack(with_parameters(url, {"sessionId": session_id}))

    # --- by itself -------------------------------------------------------------------------------------------

    async def delete_old(self, *, before: int) -> int:
        """Delete sessions that ended before a moment (microseconds UTC), results and all. Returns how many."""
        return len(await self.database.rows(store.DELETE_OLD, before))

    # --- between ---------------------------------------------------------------------------------------------

    async def _created(self, caller: Partner, final: Partner, service: Service, asked: Asked) -> Session:
        now, request = self.clock.now(), asked.request
        session = Session(
            session_id=self.ids.identifier(),
            broker_id=caller.partner_id,
            partner_id=final.partner_id,
            service_code=service.code,
            flow=request.flow,
            sealed_asked=b"",
            browser_hash=None,
            action_id=None,
            cancelled_at=None,
            reading_at=None,
            result_hash=None,
            sealed_token=None,
            result_until=None,
            created_at=now,
            expires_at=now + request.session_lifetime * SECOND,
        )
        sealed = self._sealed(session.session_id, asked)
        action_id: str | None = None
        reference: bytes | None = sha256(asked.reference)
        if request.flow is Flow.HEADLESS:
            # No browser takes part: the hash of nobody's cookie.
            action = await self._begin(session, asked, self.ids.octets(32), request.language or "en")
            action_id, reference = action.action_id, None
        session = msgspec.structs.replace(session, sealed_asked=sealed, action_id=action_id)
        await self.database.rows(
            store.CREATE, session.session_id, session.broker_id, session.partner_id, session.service_code,
            session.flow, sealed, reference, action_id, session.created_at, session.expires_at,
        )  # fmt: skip
        return session

    async def _begin(
        self, session: Session, asked: Asked, browser_hash: bytes, language: str, *, address: str = ""
    ) -> Action:
        """The action of a session. The person sees the final partner's name and the broker's (T-11)."""
        request = asked.request
        service = await self.partners.service(session.service_code)
        final, caller = await self._named(session.partner_id), await self._named(session.broker_id)
        if service is None or service.state != "active" or final is None or caller is None:
            raise UnknownAction("service or partner was stopped")
        if not asked.attributes.keys() <= service.contract.keys():
            raise UnknownAction("the contract does not allow any more what was asked (T-10)")
        headless = session.flow is Flow.HEADLESS
        account = None
        if request.subject:
            account = await self.people.account_of_subject(request.subject, session.partner_id)
        new = NewAction(
            kind=service.type,
            partner_id=session.partner_id,
            service_code=service.code,
            request=Request(
                partner_name=final.name,
                service_name=service.name,
                purpose=service.purpose,
                assurance=request.assurance,
                attributes=_asked_attributes(asked),
                protocol=_protocol(session, request),
                language=request.language or language,
                broker_name="" if caller.partner_id == final.partner_id else caller.name,
                match=bool(request.subject),
                level=request.requested_loa or "low",
                level_essential=bool(request.requested_loa),
                pause_during_calls=service.pause_during_calls,
            ),
            browser_hash=browser_hash,
            address=address,
            account_id=account,
            seconds=request.session_lifetime if headless else None,
            token_seconds=RESULT_SECONDS,
        )
        return await self.actions.begin(new)

    async def _named(self, partner_id: str) -> Partner | None:
        partner = await self.partners.partner(partner_id)
        return partner if partner is not None and partner.state == "active" else None

    async def _opened_before(self, session: Session, browser_hash: bytes) -> Opened:
        if not hmac.compare_digest(session.browser_hash or b"", browser_hash):
            raise StartedElsewhere
        view = await self.actions.find(session.action_id or "")
        return Opened(url=f"/v2/sign-in/{view.action.handle}")

    async def _view(self, session: Session, asked: Asked, result_token: str | None = None) -> SessionView:
        view = await self._action(session)
        if session.flow is Flow.HEADLESS and view is not None and view.state in _READY:
            session, view = await self._collected(session)
        status, why = status_of(session, _decided(view), self.clock.now())
        more: dict[str, Any] = {}
        if status is Status.SUCCESS:
            more = await self._result(session, asked, result_token)
            if isinstance(more.get("error"), SessionError):
                status = Status.ERROR
        elif status is Status.CREATED:
            more = {"authentication_url": f"{self.settings.base_url}{AUTHENTICATE}/{asked.reference}"}
        elif session.flow is Flow.HEADLESS and view is not None and view.state in OPEN:
            more = self._start(view.action, asked)
        if why is not None:
            more["error"] = why
        return SessionView(
            id=session.session_id,
            status=status,
            flow=session.flow,
            provider="ipse",
            environment=self.settings.environment.value,
            service=session.service_code,
            final_partner=session.partner_id,
            expires_at=text(_ends(session, view)),
            external_reference=asked.request.external_reference or UNSET,
            **more,
        )

    async def _collected(self, session: Session) -> tuple[Session, ActionView | None]:
        """Collect what a person has approved without a browser; somebody else may be faster."""
        try:
            session = await self.results.collect(session, "")
        except ResultGone:
            log.info("broker.not_collected", session=session.session_id)
        return session, await self._action(session)

    async def _result(self, session: Session, asked: Asked, result_token: str | None) -> dict[str, Any]:
        if session.flow is Flow.REDIRECT and result_token is not None:
            session = await self.results.collect(session, result_token)
        if session.sealed_token is None or (self.results.over(session) and result_token is None):
            return {}
        value = result_token if session.flow is Flow.REDIRECT else None
        granted = await self.results.granted(session, value)
        if granted is None:
            return {"error": error("result_unavailable")}
        if session.flow is Flow.REDIRECT and result_token is None:
            return {}
        final = await self._named(session.partner_id)
        if final is None:
            raise FinalPartnerRefused("stopped")
        level = granted.level or UNSET
        prefix = self.settings.claim_prefix
        if not asked.request.encrypt_result:
            return {"loa": level, "subject": subject(granted, prefix)}
        claims = token_claims(session, granted, issuer=self.settings.issuer, prefix=prefix, now=self.clock.now())
        return {"loa": level, "encrypted_result": await self.encryption.encrypted(final, claims)}

    def _start(self, action: Action, asked: Asked) -> dict[str, Any]:
        """What the partner shows, so that a person is there: a QR of this moment, or only the digits to type."""
        digits = self.actions.digits(action)
        if asked.request.subject:
            return {"digits": digits}
        frame = self.actions.frame(action, self.clock.now(), drawn=True)
        return {"digits": digits, "qr": qr(f"{self.settings.app_origin}/#f={frame}")}

    async def _action(self, session: Session) -> ActionView | None:
        if session.action_id is None:
            return None
        try:
            return await self.actions.find(session.action_id)
        except UnknownAction:
            return None  # nobody took it, and it was deleted after its time

    async def _find(self, caller: Caller, session_id: str) -> Session:
        if not _SESSION_ID.fullmatch(session_id):
            raise UnknownSession
        row = await self.database.row(store.BY_ID, session_id, caller.partner.partner_id)
        if row is None:
            raise UnknownSession
        session = store.read_session(row)
        service = await self.partners.service(session.service_code)
        if service is not None and not suits(caller, service):
            raise ProofTooWeak
        return session

    async def _by_reference(self, reference: str) -> Session:
        if not _REFERENCE.fullmatch(reference):
            raise UnknownAction("not a reference")
        row = await self.database.row(store.BY_REFERENCE, sha256(reference))
        if row is None:
            raise UnknownAction
        return store.read_session(row)

    def _sealed(self, session_id: str, asked: Asked) -> bytes:
        key = self.keystore.working_key("request")
        return seal(key, msgspec.json.encode(asked), table=_TABLE, row=session_id, column="sealed_asked")

    def _asked(self, session: Session) -> Asked:
        key = self.keystore.working_key("request")
        octets = unseal(key, session.sealed_asked, table=_TABLE, row=session.session_id, column="sealed_asked")
        return msgspec.json.decode(octets, type=Asked)


def _decided(view: ActionView | None) -> Decided | None:
    return Decided(state=view.state, why=view.action.why, expires_at=view.action.expires_at) if view else None


def _ends(session: Session, view: ActionView | None) -> int:
    """When the present stage ends."""
    if session.result_until is not None:
        return session.result_until
    return view.action.expires_at if view is not None else session.expires_at


def _asked_attributes(asked: Asked) -> tuple[AskedAttribute, ...]:
    return tuple(
        AskedAttribute(name=name, required=required, protected=ATTRIBUTES[name].protected)
        for name, required in asked.attributes.items()
    )


def _protocol(session: Session, request: NewSession) -> dict[str, Any]:
    callbacks = msgspec.to_builtins(request.callback_urls) if request.callback_urls else {}
    return {"door": DOOR, "session": session.session_id, **callbacks}


def _callbacks(protocol: Mapping[str, object]) -> CallbackUrls:
    return CallbackUrls(success=str(protocol["success"]), abort=str(protocol["abort"]), error=str(protocol["error"]))


def _never_opened(session: Session, asked: Asked) -> str:
    """The way back for a browser that comes too late."""
    callbacks = asked.request.callback_urls
    if not callbacks:
        raise UnknownAction
    url = callbacks.error if session.cancelled_at is None else callbacks.abort
    return with_parameters(url, {"sessionId": session.session_id})
