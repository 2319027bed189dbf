"""Mobile operators, and what is known of a SIM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ipse.phones.model import SimState
from ipse.standards.camara import Api

__all__ = [
    "Bound",
    "Exchange",
    "Operator",
    "OperatorState",
    "Outcome",
    "Possession",
    "Proof",
    "ProofState",
    "SimState",
    "Step",
    "StepKind",
    "Subscribed",
    "SubscriptionState",
    "SwapAnswer",
    "Watch",
    "Word",
]


class OperatorState(StrEnum):
    """Whether an operator is asked."""

    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A mobile operator as a row."""

    operator_id: str
    name: str
    """What people read."""
    country: str
    """ISO 3166-1, two letters: whose ported numbers it may have."""
    prefixes: tuple[str, ...]
    """Beginnings of its numbers in international form, as `+32470`: where to ask first."""
    issuer: str
    """Its OpenID issuer: metadata, tokens, keys."""
    api_root: str
    """Before the base path of each API."""
    client_id: str
    """What it calls us."""
    apis: tuple[Api, ...]
    """What it serves."""
    cap: str = "high"
    """The highest eIDAS level of a phone whose SIM it answers for."""
    timeout_milliseconds: int = 5000
    """How long one question may take."""
    state: OperatorState = OperatorState.ACTIVE

    def serves(self, api: Api) -> bool:
        """Whether it has an API."""
        return api in self.apis


class Word(StrEnum):
    """An operator's answer, as a value: an operator that is down is an answer like any other."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    NOT_SERVED = "not_served"
    """This operator, or none we know, answers such a question for this number."""
    NOT_READY = "not_ready"
    """It is the operator's number, and the operator does not answer for its SIM now."""
    DOWN = "down"
    """No answer, or nonsense."""
    ELSEWHERE = "elsewhere"
    """Not this operator's number."""
    OFF_NETWORK = "off_network"
    """The browser did not come over the operator's mobile network."""
    LIMITED = "limited"
    """Asked too often."""
    OVER = "over"
    """The code that was sent counts no more."""


@dataclass(frozen=True, slots=True)
class SwapAnswer:
    """What an operator says of changes of a SIM. `changed` is None unless `word` is `verified`."""

    word: Word
    changed: bool | None = None
    operator_id: str | None = None


class Possession(StrEnum):
    """What shows that the number is the person's."""

    NONE = "none"
    REGISTRAR = "registrar"
    """The registrar says so."""
    NETWORK = "network"
    """The operator recognised the SIM in the phone."""
    SMS = "sms"
    """The person typed a code sent to it. At enrolment only, never to sign in (B-29)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What must come back from an operator's authorization endpoint. Kept sealed."""

    state: str
    nonce: str
    verifier: str


class ProofState(StrEnum):
    """Where a proof of a number stands."""

    BEGUN = "begun"
    NETWORK = "network"
    """The browser was sent to the operator."""
    CODE = "code"
    """A code was sent."""
    DONE = "done"
    SWAPPED = "swapped"
    """The SIM was changed too recently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A row of somebody proving a number; times in microseconds."""

    proof_id: str
    state: ProofState
    operator_id: str | None
    possession: Possession
    sim_state: SimState
    sealed_number: bytes
    sealed_exchange: bytes | None
    sealed_code: bytes | None
    code_sent_at: int | None
    codes_sent: int
    code_tries: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a proof came to."""

    possession: Possession
    sim_state: SimState
    operator_id: str | None


class StepKind(StrEnum):
    """What the browser does next."""

    GO = "go"
    """To the operator."""
    CODE = "code"
    """The person types a code."""
    DOWN = "down"
    """The operator cannot be asked now."""
    OTHER_NUMBER = "other_number"
    """This phone's network says it has another number."""
    NO_CODE = "no_code"
    """No code can be sent (any more)."""
    SWAPPED = "swapped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next step of a proof."""

    kind: StepKind
    address: str = ""
    operator: str = ""
    """The operator's name."""
    wrong: bool = False
    """Whether the code just typed was wrong."""
    wait_seconds: int = 0
    """How long until another code may be sent."""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A number that goes to an identity."""

    number: str
    """As `+32 485694175`."""
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The number of an identity as a row; times in microseconds."""

    account_id: str
    phone_id: str
    sealed_number: bytes
    operator_id: str | None
    possession: Possession
    bound_at: int
    asked_at: int | None
    failures: int


class SubscriptionState(StrEnum):
    """The life of a subscription here."""

    WANTED = "wanted"
    ACTIVE = "active"
    LEAVING = "leaving"
    """Not wanted any more; the operator was not told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A subscription as a row; times in microseconds."""

    subscription_id: str
    account_id: str
    operator_id: str
    remote_id: str | None
    state: SubscriptionState
    expires_at: int
    failures: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of one operator in one hour that were alike."""

    hour: int
    """Its first moment, microseconds UTC."""
    word: str
    """`answered`, or a `Word` for what was not."""
    times: int
    mean_seconds: float
    slowest_seconds: float


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an operator answers for now."""

    numbers: int
    subscriptions: Mapping[str, int]
    """By state."""
