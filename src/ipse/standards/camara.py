"""GSMA CAMARA on the wire: what is asked of mobile operators, what they answer, what they report.

Number Verification 2.1 (`/number-verification/v2`), SIM Swap 2.1 (`/sim-swap/v2`), SIM Swap Subscriptions 0.3
(`/sim-swap-subscriptions/v0.3`), One Time Password SMS 1.1 (`/one-time-password-sms/v1`); errors, phone numbers and
`x-correlator` as the Commonalities write them; CloudEvents 1.0 in structured mode. Where Ipse differs:
docs/divergences/camara.md.

Requests refuse members that the standard does not name; answers are read leniently, because newer minor versions add
members.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from ipse.standards.strict_json import JsonError, parse_object

NUMBER_VERIFICATION: Final = "/number-verification/v2"
"""Base path of Number Verification, behind the operator's API root; so for those below."""
SIM_SWAP: Final = "/sim-swap/v2"
SUBSCRIPTIONS: Final = "/sim-swap-subscriptions/v0.3"
OTP_SMS: Final = "/one-time-password-sms/v1"

VERIFY: Final = NUMBER_VERIFICATION + "/verify"
"""`POST NumberToVerify` → `NumberVerified`, with a token of one person (three-legged), used once."""
DEVICE_PHONE_NUMBER: Final = NUMBER_VERIFICATION + "/device-phone-number"
"""`GET` → `DeviceNumber`, with a token of one person, used once."""
CHECK: Final = SIM_SWAP + "/check"
"""`POST SwapToCheck` → `SwapChecked`."""
RETRIEVE_DATE: Final = SIM_SWAP + "/retrieve-date"
"""`POST SwapDateAsked` → `SwapDate`."""
SUBSCRIPTION_LIST: Final = SUBSCRIPTIONS + "/subscriptions"
"""`POST NewSubscription` → 201 `Subscription`, or 202 with an `id`; `GET` and `DELETE` below it by id."""
SEND_CODE: Final = OTP_SMS + "/send-code"
"""`POST CodeToSend` → `CodeSent`."""
VALIDATE_CODE: Final = OTP_SMS + "/validate-code"
"""`POST CodeToValidate` → 204."""

PHONE_NUMBER: Final = re.compile(r"\+[1-9][0-9]{4,14}")
CORRELATOR: Final = re.compile(r"[a-zA-Z0-9\-_:;./<>{}]{0,256}")
CORRELATOR_HEADER: Final = "x-correlator"

OLDEST_HOURS: Final = 2400
"""The largest `maxAge`; an operator may allow less and then answers OUT_OF_RANGE."""
DEFAULT_HOURS: Final = 240
TOKEN_SECONDS: Final = 300
"""The longest life of a Number Verification token, which works for one call and is never refreshed."""
MESSAGE_LENGTH: Final = 160
CODE_LABEL: Final = "{{code}}"
"""Where the operator puts the digits into the message."""


class Api(StrEnum):
    """An API that an operator may serve."""

    NUMBER_VERIFICATION = "number-verification"
    SIM_SWAP = "sim-swap"
    SIM_SWAP_SUBSCRIPTIONS = "sim-swap-subscriptions"
    OTP_SMS = "one-time-password-sms"


class Scope(StrEnum):
    """What a token may do."""

    VERIFY = "number-verification:verify"
    DEVICE_PHONE_NUMBER = "number-verification:device-phone-number:read"
    SIM_SWAP = "sim-swap"
    CHECK = "sim-swap:check"
    RETRIEVE_DATE = "sim-swap:retrieve-date"
    SUBSCRIBE = "sim-swap-subscriptions:org.camaraproject.sim-swap-subscriptions.v0.swapped:create"
    READ_SUBSCRIPTIONS = "sim-swap-subscriptions:read"
    DELETE_SUBSCRIPTIONS = "sim-swap-subscriptions:delete"
    SEND_VALIDATE = "one-time-password-sms:send-validate"


PURPOSE_PREFIX: Final = "dpv:"
PURPOSE: Final = "dpv:FraudPreventionAndDetection"
"""The one purpose that Ipse asks under (W3C Data Privacy Vocabulary): every token request holds exactly one."""


class Code(StrEnum):
    """The `code` of an error."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_ON_MOBILE_NETWORK = "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"
    NOT_FOUND = "NOT_FOUND"
    IDENTIFIER_NOT_FOUND = "IDENTIFIER_NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    GONE = "GONE"
    SERVICE_NOT_APPLICABLE = "SERVICE_NOT_APPLICABLE"
    MISSING_IDENTIFIER = "MISSING_IDENTIFIER"
    UNNECESSARY_IDENTIFIER = "UNNECESSARY_IDENTIFIER"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    INVALID_PROTOCOL = "INVALID_PROTOCOL"
    INVALID_CREDENTIAL = "INVALID_CREDENTIAL"
    INVALID_TOKEN = "INVALID_TOKEN"
    INVALID_SINK = "INVALID_SINK"
    SUBSCRIPTION_MISMATCH = "SUBSCRIPTION_MISMATCH"
    VERIFICATION_FAILED = "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"
    VERIFICATION_EXPIRED = "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED"
    INVALID_OTP = "ONE_TIME_PASSWORD_SMS.INVALID_OTP"
    MAX_OTP_CODES_EXCEEDED = "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"
    PHONE_NUMBER_NOT_ALLOWED = "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED"
    PHONE_NUMBER_BLOCKED = "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED"


class CamaraError(ValueError):
    """Not what the standard describes. The text names what is wrong and repeats nothing of it."""


class _Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A request body."""


class _Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An answer."""


class Problem(_Told, frozen=True, kw_only=True):
    """The body of every error."""

    status: int
    code: str
    message: str = ""


class NumberToVerify(_Asked, frozen=True, kw_only=True):
    """Exactly one of both."""

    phone_number: str | None = None
    hashed_phone_number: str | None = None
    """SHA-256 in hexadecimal of the number with its plus sign; see `hashed`."""


class NumberVerified(_Told, frozen=True, kw_only=True):
    """Whether the number is that of the SIM the person came with."""

    device_phone_number_verified: bool


class DeviceNumber(_Told, frozen=True, kw_only=True):
    """The number of the SIM the person came with."""

    device_phone_number: str


class SwapToCheck(_Asked, frozen=True, kw_only=True):
    """Was the SIM changed in the last `max_age` hours? With a token of one person, without the number."""

    phone_number: str | None = None
    max_age: int = DEFAULT_HOURS


class SwapChecked(_Told, frozen=True, kw_only=True):
    """The answer."""

    swapped: bool


class SwapDateAsked(_Asked, frozen=True, kw_only=True):
    """Ask when the SIM was last changed."""

    phone_number: str | None = None


class SwapDate(_Told, frozen=True, kw_only=True):
    """The answer. None: not in the last `monitored_period` days, which is all the operator may tell."""

    latest_sim_change: str | None
    monitored_period: int | None = None


class CodeToSend(_Asked, frozen=True, kw_only=True):
    """The operator makes the digits and puts them where the message says `{{code}}`."""

    phone_number: str
    message: str


class CodeSent(_Told, frozen=True, kw_only=True):
    """What the digits will be judged under."""

    authentication_id: str


class CodeToValidate(_Asked, frozen=True, kw_only=True):
    """The digits that a person typed."""

    authentication_id: str
    code: str


class SinkCredential(_Asked, frozen=True, kw_only=True):
    """What the operator shows at the sink."""

    credential_type: str
    """`ACCESSTOKEN`."""
    access_token: str
    access_token_expires_utc: str
    access_token_type: str
    """`bearer`."""


class SubscriptionDetail(_Asked, frozen=True, kw_only=True):
    """Whose SIM is watched."""

    phone_number: str | None = None


class SubscriptionConfig(_Asked, frozen=True, kw_only=True):
    """How long and how often events are sent."""

    subscription_detail: SubscriptionDetail
    subscription_expire_time: str | None = None
    subscription_max_events: int | None = None
    initial_event: bool | None = None


class NewSubscription(_Asked, frozen=True, kw_only=True):
    """Ask for events."""

    sink: str
    protocol: str
    """`HTTP`."""
    types: tuple[str, ...]
    config: SubscriptionConfig
    sink_credential: SinkCredential | None = None


class SubscriptionState(StrEnum):
    """The life of a subscription at the operator."""

    ACTIVATION_REQUESTED = "ACTIVATION_REQUESTED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"


class Subscription(_Told, frozen=True, kw_only=True):
    """What the operator keeps. A 202 answer may hold only the id."""

    id: str
    status: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None


class EventType(StrEnum):
    """What an operator reports."""

    SWAPPED = "org.camaraproject.sim-swap-subscriptions.v0.swapped"
    STARTED = "org.camaraproject.sim-swap-subscriptions.v0.subscription-started"
    UPDATED = "org.camaraproject.sim-swap-subscriptions.v0.subscription-updated"
    ENDED = "org.camaraproject.sim-swap-subscriptions.v0.subscription-ended"


class Termination(StrEnum):
    """Why a subscription ended (`data.terminationReason`)."""

    NETWORK_TERMINATED = "NETWORK_TERMINATED"
    """The operator stopped it: the number left its network, or it serves this no more."""
    SUBSCRIPTION_EXPIRED = "SUBSCRIPTION_EXPIRED"
    MAX_EVENTS_REACHED = "MAX_EVENTS_REACHED"
    ACCESS_TOKEN_EXPIRED = "ACCESS_TOKEN_EXPIRED"
    SUBSCRIPTION_DELETED = "SUBSCRIPTION_DELETED"


EVENT_MEDIA_TYPE: Final = "application/cloudevents+json"
_LARGEST_EVENT: Final = 16_384
_LONGEST_ID: Final = 256


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One report (CloudEvents 1.0 section 3)."""

    id: str
    """Unique for its source: the same one twice is the same report."""
    source: str
    type: str
    time: str
    data: dict[str, Any]
    """`subscriptionId`, and with `ended` a `terminationReason`."""
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    @property
    def subscription_id(self) -> str:
        """Which subscription it comes from; empty when it does not say."""
        said = self.data.get("subscriptionId")
        return said if isinstance(said, str) else ""

    @property
    def termination(self) -> str:
        """Why the subscription ended; empty when it does not say."""
        said = self.data.get("terminationReason")
        return said if isinstance(said, str) else ""


def msisdn(number: str) -> str:
    """The number as CAMARA writes it (`+32470123456`), of one as the partner protocol writes it (`+32 470123456`).

    Raises:
        CamaraError: no phone number.
    """
    compact = number.replace(" ", "")
    if not PHONE_NUMBER.fullmatch(compact):
        raise CamaraError("not a phone number")
    return compact


def hashed(number: str) -> str:
    """What `hashedPhoneNumber` holds for a number in either form. Raises as `msisdn`."""
    return hashlib.sha256(msisdn(number).encode()).hexdigest()


def scopes(api: Api) -> frozenset[Scope]:
    """Every scope of an API."""
    return frozenset(scope for scope in Scope if str(scope) == api or scope.startswith(f"{api}:"))


T = TypeVar("T", bound=msgspec.Struct)


def read(body: bytes, kind: type[T], *, max_bytes: int = 65_536) -> T:
    """Read a request or an answer of one kind.

    Raises:
        CamaraError: not JSON, or not of that kind.
    """
    try:
        return msgspec.convert(parse_object(body, max_bytes=max_bytes), kind)
    except JsonError as error:
        message = f"JSON: {error}"
        raise CamaraError(message) from error
    except msgspec.ValidationError as error:
        message = f"not a {kind.__name__}"
        raise CamaraError(message) from error


def read_event(content_type: str, body: bytes) -> CloudEvent:
    """Read a report in structured mode (CloudEvents HTTP binding section 3.2).

    Raises:
        CamaraError: another media type, or not a report of the kind CAMARA describes.
    """
    if content_type.partition(";")[0].strip().lower() != EVENT_MEDIA_TYPE:
        message = f"the media type must be {EVENT_MEDIA_TYPE}"
        raise CamaraError(message)
    event = read(body, CloudEvent, max_bytes=_LARGEST_EVENT)
    if event.specversion != "1.0":
        raise CamaraError("specversion must be 1.0")
    if not 1 <= len(event.id) <= _LONGEST_ID or not 1 <= len(event.source) <= _LONGEST_ID:
        raise CamaraError("id and source must be there, and short")
    instant(event.time)
    return event


def instant(text: str) -> int:
    """Microseconds UTC of an RFC 3339 time with a zone.

    Raises:
        CamaraError: not one.
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise CamaraError("not an RFC 3339 time") from error
    if said.tzinfo is None:
        raise CamaraError("a time without a zone")
    since = said.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def timestamp(microseconds: int) -> str:
    """The RFC 3339 text of a time, in UTC with milliseconds."""
    whole, rest = divmod(microseconds // 1000, 1000)
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:03d}Z"
