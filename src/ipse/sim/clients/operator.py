"""The CAMARA APIs of one operator. What it answers is a value: an operator that is down raises nothing."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import httpx
import msgspec
import structlog

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.sim.clients.gate import Gate
from ipse.sim.clients.oauth import Tokens
from ipse.sim.clients.wire import Refusal, Reply, Silence, Wire, refused
from ipse.sim.model import Exchange, Operator, SwapAnswer, Word
from ipse.sim.rules.pauses import whole_hours
from ipse.standards import camara
from ipse.standards.camara import Api, CamaraError, Code, Scope
from ipse.standards.jose import PrivateKey

log = structlog.get_logger("ipse.sim")
_trust = cache(ssl.create_default_context)
_CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=4)
_LONGEST_ID: Final = 128
_WORDS: Final[dict[str, Word]] = {
    Code.IDENTIFIER_NOT_FOUND: Word.ELSEWHERE,
    Code.SERVICE_NOT_APPLICABLE: Word.NOT_READY,
    Code.NOT_ON_MOBILE_NETWORK: Word.OFF_NETWORK,
    Code.QUOTA_EXCEEDED: Word.LIMITED,
    Code.TOO_MANY_REQUESTS: Word.LIMITED,
    Code.MAX_OTP_CODES_EXCEEDED: Word.LIMITED,
    Code.PHONE_NUMBER_NOT_ALLOWED: Word.NOT_SERVED,
    Code.PHONE_NUMBER_BLOCKED: Word.NOT_SERVED,
    Code.INVALID_OTP: Word.NOT_VERIFIED,
    Code.VERIFICATION_FAILED: Word.OVER,
    Code.VERIFICATION_EXPIRED: Word.OVER,
    Code.NOT_FOUND: Word.ELSEWHERE,
}
"""What an error of the APIs means to us; any other is an operator that does not work."""
_OFF_NETWORK: Final = frozenset({"login_required", "interaction_required", "consent_required", "access_denied"})

T = TypeVar("T")
U = TypeVar("U", bound=msgspec.Struct)


@dataclass(frozen=True)
class Line:
    """What every client is made with."""

    signing: Callable[[], PrivateKey]
    """Our key of the set `registrar`: operators verify us at /enrolment/jwks."""
    redirect_uri: str
    clock: Clock
    ids: Ids
    transport: httpx.AsyncBaseTransport | None = None
    heard: Callable[[str, str, int], None] = lambda _operator, _word, _microseconds: None
    """Told of each answer: the operator, `answered` or a word for what was not, microseconds."""


class OperatorClient:
    """Speaks with one operator."""

    def __init__(self, operator: Operator, line: Line) -> None:
        self.operator = operator
        self._line = line
        seconds = operator.timeout_milliseconds / 1000
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(3.0, seconds)),
            limits=_CONNECTIONS,
            follow_redirects=False,
            trust_env=False,
            # As for banks: authorities of the system, which SSL_CERT_FILE names.
            verify=_trust(),
            transport=line.transport,
        )
        self._wire = Wire(operator.operator_id, self._http, Gate(line.clock), seconds)
        self._tokens = Tokens(operator, self._wire, line.signing, line.clock, line.ids, line.redirect_uri)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    # -- SIM Swap

    async def changed_within(self, number: str, *, hours: int) -> SwapAnswer:
        """Whether the SIM was changed in the last hours."""
        return await self._swap(lambda: self._checked(number, hours))

    async def changed_since(self, number: str, since: int) -> SwapAnswer:
        """Whether the SIM was changed after a time (microseconds): by its date, else by whole hours."""

        async def asked() -> bool:
            body = camara.SwapDateAsked(phone_number=camara.msisdn(number))
            try:
                answer = await self._post(camara.RETRIEVE_DATE, body, Scope.RETRIEVE_DATE, camara.SwapDate)
            except Refusal as refusal:
                if refusal.code in {Code.IDENTIFIER_NOT_FOUND, Code.SERVICE_NOT_APPLICABLE}:
                    raise
                hours = min(whole_hours(since, self._line.clock.now()), camara.OLDEST_HOURS)
                return hours > 0 and await self._checked(number, hours)
            return answer.latest_sim_change is not None and camara.instant(answer.latest_sim_change) > since

        return await self._swap(asked)

    async def _swap(self, ask: Callable[[], Awaitable[bool]]) -> SwapAnswer:
        if not self.operator.serves(Api.SIM_SWAP):
            return SwapAnswer(Word.NOT_SERVED, operator_id=self.operator.operator_id)
        answer = await self._value(ask())
        if isinstance(answer, Word):
            return SwapAnswer(answer, operator_id=self.operator.operator_id)
        return SwapAnswer(Word.VERIFIED, changed=answer, operator_id=self.operator.operator_id)

    async def _checked(self, number: str, hours: int) -> bool:
        body = camara.SwapToCheck(phone_number=camara.msisdn(number), max_age=hours)
        return (await self._post(camara.CHECK, body, Scope.CHECK, camara.SwapChecked)).swapped

    # -- Number Verification

    async def authorization(self, exchange: Exchange, number: str) -> str | Word:
        """Where to send the browser so that the operator recognises its SIM."""
        if not self.operator.serves(Api.NUMBER_VERIFICATION):
            return Word.NOT_SERVED
        return await self._value(self._tokens.authorization(exchange, Scope.VERIFY, number))

    async def verified(self, code: str, exchange: Exchange, number: str) -> Word:
        """Whether the SIM of the browser that brought this code has the number."""

        async def asked() -> bool:
            token = await self._tokens.redeemed(code, exchange)
            body = camara.NumberToVerify(phone_number=camara.msisdn(number))
            content = msgspec.json.encode(body)
            reply = await self._call("POST", camara.VERIFY, token, content)
            return _read(reply, 200, camara.NumberVerified).device_phone_number_verified

        answer = await self._value(asked())
        if isinstance(answer, Word):
            return answer
        return Word.VERIFIED if answer else Word.NOT_VERIFIED

    @staticmethod
    def refused_word(error: str) -> Word:
        """What an error at the return address means (OpenID Connect Core 3.1.2.6)."""
        return Word.OFF_NETWORK if error in _OFF_NETWORK else Word.DOWN

    # -- One-time codes

    async def send_code(self, number: str, message: str) -> str | Word:
        """Let the operator send a code; returns what it is judged under."""
        if not self.operator.serves(Api.OTP_SMS):
            return Word.NOT_SERVED

        async def asked() -> str:
            body = camara.CodeToSend(phone_number=camara.msisdn(number), message=message)
            sent = await self._post(camara.SEND_CODE, body, Scope.SEND_VALIDATE, camara.CodeSent)
            if not 1 <= len(sent.authentication_id) <= _LONGEST_ID:
                raise Silence("authenticationId is missing")
            return sent.authentication_id

        return await self._value(asked())

    async def judged_code(self, authentication_id: str, code: str) -> Word:
        """Whether the digits are right."""

        async def asked() -> bool:
            body = camara.CodeToValidate(authentication_id=authentication_id, code=code)
            reply = await self._with_token(Scope.SEND_VALIDATE, "POST", camara.VALIDATE_CODE, msgspec.json.encode(body))
            if reply.status != 204:
                raise refused(reply)
            return True

        answer = await self._value(asked())
        return answer if isinstance(answer, Word) else Word.VERIFIED

    # -- Subscriptions

    async def subscribe(self, asked: camara.NewSubscription) -> camara.Subscription | Word:
        """Ask for events. A 202 answer counts: events come when they come."""
        if not self.operator.serves(Api.SIM_SWAP_SUBSCRIPTIONS):
            return Word.NOT_SERVED

        async def posted() -> camara.Subscription:
            reply = await self._with_token(
                Scope.SUBSCRIBE, "POST", camara.SUBSCRIPTION_LIST, msgspec.json.encode(asked)
            )
            return _read(reply, reply.status if reply.status in {201, 202} else 201, camara.Subscription)

        return await self._value(posted())

    async def unsubscribe(self, remote_id: str) -> Word:
        """Drop a subscription; one that is not there is dropped as well."""

        async def deleted() -> bool:
            reply = await self._with_token(
                Scope.DELETE_SUBSCRIPTIONS, "DELETE", f"{camara.SUBSCRIPTION_LIST}/{remote_id}", None
            )
            if reply.status not in {202, 204, 404, 410}:
                raise refused(reply)
            return True

        answer = await self._value(deleted())
        return answer if isinstance(answer, Word) else Word.VERIFIED

    async def subscription(self, remote_id: str) -> camara.Subscription | Word:
        """Read a subscription."""

        async def read() -> camara.Subscription:
            reply = await self._with_token(
                Scope.READ_SUBSCRIPTIONS, "GET", f"{camara.SUBSCRIPTION_LIST}/{remote_id}", None
            )
            return _read(reply, 200, camara.Subscription)

        return await self._value(read())

    # -- one call

    async def _value(self, asking: Awaitable[T]) -> T | Word:
        """What an operator says, or the word for what it does not."""
        began, clock = self._line.clock.now(), self._line.clock
        answer = await self._asked(asking)
        word = answer.value if isinstance(answer, Word) else "answered"
        self._line.heard(self.operator.operator_id, word, clock.now() - began)
        return answer

    async def _asked(self, asking: Awaitable[T]) -> T | Word:
        try:
            return await asking
        except Refusal as refusal:
            word = _WORDS.get(refusal.code, Word.DOWN)
            log.info("operator_refused", operator=self.operator.operator_id, status=refusal.status, word=word)
            return word
        except (Silence, CamaraError) as error:
            log.warning("operator_silent", operator=self.operator.operator_id, why=str(error))
            return Word.DOWN

    async def _post(self, path: str, body: msgspec.Struct, scope: Scope, kind: type[U]) -> U:
        return _read(await self._with_token(scope, "POST", path, msgspec.json.encode(body)), 200, kind)

    async def _with_token(self, scope: Scope, method: str, path: str, content: bytes | None) -> Reply:
        """Call with a token of our own; one that is not taken is replaced once."""
        reply = await self._call(method, path, await self._tokens.own(scope), content)
        if reply.status == 401:
            self._tokens.forget(scope)
            reply = await self._call(method, path, await self._tokens.own(scope), content)
        return reply

    async def _call(self, method: str, path: str, token: str, content: bytes | None) -> Reply:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            camara.CORRELATOR_HEADER: self._line.ids.identifier(),
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        return await self._wire.call(method, self.operator.api_root + path, content=content, headers=headers)


def _read(reply: Reply, status: int, kind: type[U]) -> U:
    if reply.status != status:
        raise refused(reply)
    return camara.read(reply.body, kind)
