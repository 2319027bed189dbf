"""An enrolment and its states.

    begun → at_registrar → returned → presented → (waiting →) finished
      └──────────┴────────────┴───────────┴──────────┴─────→ ended (why)

Each arrow is one conditional statement, so that two requests racing give one winner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ipse.attributes.model import Evidence, Facts, Json
from ipse.people.model import Acceptance, Account
from ipse.sim.model import Outcome

MINIMUM_AGE: Final = 16
"""Years. Younger persons have no identity of their own (protocol 5.1)."""

START_SECONDS: Final = 600
"""How long the start address works (criterion B-6: at most ten minutes)."""

PRESENT_SECONDS: Final = 600
"""How long the one-time value of a return works."""


MAJORITY: Final = 18
"""Years. Younger persons are enrolled only through a registrar that may vouch for them."""

OLDEST_CHECK_DAYS: Final = 3653
"""How long ago a registrar may have checked who somebody is: ten years, the life of most documents."""


class RegistrarKind(StrEnum):
    """How a registrar proves who somebody is."""

    BANK = "bank"
    EID_CARD = "eid_card"


class RegistrarState(StrEnum):
    """Whether a registrar is used."""

    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Who vouches for identities, and how far they are trusted."""

    id: str
    """Ours for it, in addresses and records; never changed."""
    name: str
    """What people read."""
    country: str
    """ISO 3166-1, two letters."""
    kind: RegistrarKind = RegistrarKind.BANK
    issuer: str = ""
    """A bank's OpenID issuer; https in production. Empty for the card."""
    client_id: str = ""
    """What a bank calls us."""
    trust_framework: str = ""
    """Under which it verifies (OpenID Connect for Identity Assurance); empty: `<country>_bank_idv`."""
    assurance: str = "substantial"
    """The highest level an identity from here can have: `low`, `substantial` or `high`."""
    minors: bool = False
    """Whether it may vouch for persons of 16 and 17."""
    term_days: int = 1826
    """How long its word counts, in days; a document that ends earlier ends it earlier."""
    per_hour: int = 1000
    """The most identities in an hour (T-12)."""
    per_day: int = 10_000
    """The most identities in a day."""
    state: RegistrarState = RegistrarState.ACTIVE

    @property
    def framework(self) -> str:
        """The trust framework its answers must be under."""
        return self.trust_framework or f"{self.country.lower()}_bank_idv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """An identity that came in through a registrar; nothing in it says who the person is."""

    account_id: str
    at: int
    """Microseconds UTC."""
    level: str
    """What the evidence of this registrar allowed."""
    state: str
    """The account's state now."""


class Kind(StrEnum):
    """What an enrolment is for."""

    ACTIVATION = "activation"
    """A new phone for an identity."""
    RENEWAL = "renewal"
    """New evidence for an identity whose phone stays."""
    NUMBER = "number"
    """Another phone number for one."""


class State(StrEnum):
    """Where an enrolment stands."""

    BEGUN = "begun"
    """The phone has its start address."""
    AT_REGISTRAR = "at_registrar"
    """A browser opened it and was sent on."""
    RETURNED = "returned"
    """That browser came back; the registrar's answer is being fetched, or is here."""
    PRESENTED = "presented"
    """The phone that began brought the one-time value."""
    WAITING = "waiting"
    """The code is set; another phone has the identity, and its person may object until a moment."""
    FINISHED = "finished"
    """The identity lives on that phone."""
    ENDED = "ended"
    """Over; the reason says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersion:
    """What the app says it is."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolRequest:
    """What a phone asks when it begins: the members of `enrol` (device protocol section 4)."""

    language: str
    phone_number: str
    registrar: str
    accepted: tuple[Acceptance, ...]
    app: AppVersion
    email: str | None = None
    previous_document: str | None = None
    """The number of the document before, for people who have no national number and a new document since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A fresh enrolment. `expires_at` in microseconds."""

    enrolment_id: str
    start_url: str
    expires_at: int
    card_code: str | None = None
    """By eID card: what to type at another computer that has the reader, instead of opening `start_url` here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the phone shows after the registrar's return."""

    enrolment_id: str
    received: Mapping[str, Json]
    """What the registrar said, as attributes."""
    registrar_id: str
    registrar_name: str
    number_verified: bool
    phone_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """A finished enrolment."""

    account: Account
    new: bool
    """Whether the person had no account before."""
    waits_until: int | None = None
    """When the identity moves here (microseconds), unless the person objects on the phone that has it; None: now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """An activation that waits for the phone that has the identity; times in microseconds."""

    enrolment_id: str
    registrar: str
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What must come back from the registrar. Kept sealed while the person is there."""

    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the registrar said, checked. Kept sealed until the enrolment is finished or deleted."""

    facts: Facts
    evidence: Evidence
    identity: str
    """What makes the person one."""
    number_verified: bool
    value: str
    """The one-time value for the phone."""
    sim: Outcome | None = None
    """What the number step came to; None where no mobile operator is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarAnswer:
    """What a registrar's server said, verified but not yet judged."""

    original: str
    """The signed answer as received."""
    verified_claims: object


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """A document that people accept or can read, in one language. `sha256` is over the UTF-8 of `text`."""

    kind: str
    version: str
    language: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Reported:
    """An enrolment as its registrar sees it: nothing of it names a person. Times in microseconds."""

    reference: str
    """Our id of it, which stands in both logs."""
    kind: str
    outcome: str
    """`open`, `expired`, `finished` or `ended`."""
    why: str
    began_at: int
    took: int | None
    """Until the identity was on the phone."""
