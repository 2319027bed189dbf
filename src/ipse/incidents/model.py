"""What an incident is: frozen values in the words of docs/reference/status-files.md. Times are microseconds UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

LANGUAGES = ("nl", "fr", "de", "en")
Words = Mapping[str, str]
"""A text for people, in all four languages."""

COMPONENTS = ("sign-in", "approval", "enrolment-card", "signing", "partner-api")
"""Those that every installation has."""
COMPONENT_KINDS = ("enrolment-bank", "mobile-operator")
"""Those that it has one of for each bank and each mobile operator: `enrolment-bank-<registrar>`."""


class Kind(StrEnum):
    """What kind of incident; decides which duties it starts."""

    OUTAGE = "outage"
    SECURITY = "security"
    PERSONAL_DATA = "personal_data"
    VULNERABILITY = "vulnerability"


class State(StrEnum):
    """How far it has come."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    """What an operator says of it."""

    DEGRADED = "degraded"
    """It works, with trouble."""
    PARTIAL = "partial"
    """It fails for some."""
    FULL = "full"
    """It fails for all."""


class Function(StrEnum):
    """What people want to do."""

    LOGIN = "login"
    CONFIRMATION = "confirmation"
    SIGNING = "signing"
    ACTIVATION = "activation"
    RECOVERY = "recovery"


class Way(StrEnum):
    """How to go on meanwhile: the fallback methods, and what needs none of them."""

    EID_CARD = "eid_card"
    BANK = "bank"
    PASSKEY = "passkey"
    TOTP = "totp"
    SHEET = "sheet"
    LATER = "later"
    HELP_DESK = "help_desk"


FALLBACK_WAYS = (Way.EID_CARD, Way.BANK, Way.PASSKEY, Way.TOTP, Way.SHEET)


class Guide(msgspec.Struct, frozen=True):
    """How to go on with one function meanwhile."""

    function: Function
    ways: tuple[Way, ...]
    """Best first."""
    text: dict[str, str]
    """In four languages."""


class Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of how far it reaches, in numbers. What nobody knows yet is None."""

    people: int | None = None
    """Everybody who has an identity; None: as many as the scheme counts."""
    partners: int | None = None
    """All partners; None: as many as the scheme counts."""
    limited_people: int | None = None
    """For whom the service was limited."""
    limited_partners: int | None = None
    compromised_people: int | None = None
    """Whose data may have been read, changed or lost."""
    compromised_partners: int | None = None
    physical_breach: bool = False
    """Somebody was, or may have been, where only trusted staff may be."""
    personal_data: bool = False
    """Personal data may have been read, changed or lost; true of every incident of that kind."""
    high_risk: bool = False
    """Likely to harm the people whose data it is (GDPR 34)."""
    scheme_compromised: bool = False
    """The scheme, or its authentication, cannot be relied on across borders (eIDAS 10)."""
    exploited: bool = False
    """The vulnerability is being exploited (CRA 14)."""
    fixed_at: int | None = None
    """Since when a fix can be had (CRA 14)."""


NOTHING_KNOWN = Extent()


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of the timeline."""

    update_id: str
    at: int
    state: State
    impact: Impact
    text: Words
    actor: str


@dataclass(frozen=True, slots=True)
class PostMortem:
    """What was learnt, in four languages; for everybody once it is published."""

    text: Words
    published_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that went wrong."""

    incident_id: str
    kind: Kind
    state: State
    impact: Impact
    title: Words
    sentence: Words
    """One calm sentence, as the sign-in page and the app show it."""
    components: tuple[str, ...]
    functions: tuple[Function, ...]
    guides: tuple[Guide, ...] = ()
    technical: str = ""
    """For specialists, in English."""
    extent: Extent = NOTHING_KNOWN
    started_at: int
    aware_at: int
    """Since when the operator has known: duties run from here."""
    ended_at: int | None = None
    published_at: int | None = None
    """Since when people are told; None: nobody outside."""
    post_mortem: PostMortem | None = None
    created_at: int
    changed_at: int
    updates: tuple[Update, ...] = ()
    """Newest first; empty where only the incident itself was asked for."""

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    @property
    def is_told(self) -> bool:
        """Whether people outside are told of it."""
        return self.published_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Planned work that may be noticed; what happens within it is no incident."""

    maintenance_id: str
    title: Words
    text: Words
    components: tuple[str, ...]
    starts_at: int
    ends_at: int
    announced_at: int
    cancelled_at: int | None = None

    def is_running(self, now: int) -> bool:
        """Whether it is going on."""
        return self.cancelled_at is None and self.starts_at <= now < self.ends_at


class Duty(StrEnum):
    """Whom the operator must tell of an incident, under which law (B-70)."""

    EIDAS_NOTIFICATION = "eidas_notification"
    """Regulation (EU) 910/2014 as amended, art. 19a(1)(b) and 24(2)(fb): supervisory body, 24 hours."""
    EIDAS_PERSONS = "eidas_persons"
    """The same articles: persons affected who can be identified, 24 hours."""
    EIDAS_SUSPENSION = "eidas_suspension"
    """Art. 10: suspend authentication across borders at once, and tell the other states and the Commission."""
    EIDAS_REMEDY = "eidas_remedy"
    """Art. 10: remedied within three months, or the scheme is withdrawn."""
    NIS2_WARNING = "nis2_warning"
    """Directive (EU) 2022/2555 art. 23(4)(a): 24 hours."""
    NIS2_NOTIFICATION = "nis2_notification"
    """Art. 23(4)(b): 72 hours."""
    NIS2_FINAL = "nis2_final"
    """Art. 23(4)(d): a month after the notification."""
    GDPR_AUTHORITY = "gdpr_authority"
    """Regulation (EU) 2016/679 art. 33: 72 hours."""
    GDPR_PERSONS = "gdpr_persons"
    """Art. 34: the people whose data it is, without undue delay."""
    CRA_WARNING = "cra_warning"
    """Regulation (EU) 2024/2847 art. 14(2)(a): 24 hours."""
    CRA_NOTIFICATION = "cra_notification"
    """Art. 14(2)(b): 72 hours."""
    CRA_FINAL = "cra_final"
    """Art. 14(2)(c): 14 days after a fix can be had."""


class DutyState(StrEnum):
    """How a duty stands."""

    RUNNING = "running"
    DONE = "done"
    BREACHED = "breached"
    """Its time is over and it was not done in time, whether or not it was done since."""
    WAITING = "waiting"
    """Its time has not begun: it waits for something else to happen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is kept of a duty: reminders that went out, and who did it."""

    duty: Duty
    reminded: int
    """The highest share of its time, in percent, that somebody was reminded at."""
    done_at: int | None = None
    done_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A duty of one incident and how its time stands. `due_at` is None while it waits."""

    duty: Duty
    law: str
    begins_at: int | None
    due_at: int | None
    state: DutyState
    percent: int
    """Of its time that has passed, 0 to 100."""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """One criterion of Implementing Regulation (EU) 2024/2690 art. 14, measured."""

    letter: str
    """`a` to `e`, as in the article; in words: the text `incidents.threshold.<letter>`."""
    measured: str
    limit: str
    crossed: bool


@dataclass(frozen=True, slots=True)
class Population:
    """How many people and partners there are, as the scheme counts them."""

    people: int
    partners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a reference stands for: no person, no address, only what failed and where."""

    reference: str
    at: int
    status: int
    """HTTP status; 0 where a partner's log keeps none."""
    code: str
    route: str
    caller: str
    partner_id: str = ""
    """Whose request it was, where a partner's log has it."""
    service_code: str = ""
    reason: str = ""
    """The precise reason, as the partner's developer reads it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the sign-in page and the app say now: one calm sentence."""

    subject: str
    """Id of the incident or maintenance."""
    sentence: Words
    without_phone: bool
    """Whether nobody can approve with the phone now: the other ways then come first."""
