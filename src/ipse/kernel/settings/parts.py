"""The tables of the settings, a struct each."""

from __future__ import annotations

from typing import Literal

import msgspec


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a server listens."""

    host: str = "127.0.0.1"
    """An address of this machine."""
    port: int = 8000
    """A port that nobody else holds."""


class AuditLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The audit log, beside its table."""

    anchor: str = ""
    """A file outside the database to which the log's head is appended as it grows, best on another machine's disk or
    one that can only be appended to; empty: none but the head in the logs at each start."""


class StaffSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where those who work for the scheme and for its partners sign in, with passkeys."""

    origin: str
    """Public origin of the console and the partners' portal, on a host or port of its own: passkeys are made for its
    host, so it never changes."""
    listen: Address = Address(port=8006)
    """Where it listens."""


class Simulated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in for people while partners build, in a sandbox."""

    phones: str
    """Folder of phones that approve what the partners' portal tries; each is made when it is first needed."""
    inbox: str = ""
    """Address at which the sandbox's mail can be read."""


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server that takes the scheme's messages to people."""

    host: str
    """Its name."""
    sender: str
    """Whom messages come from: an address alone."""
    port: int = 587
    """Its port."""
    security: str = "starttls"
    """`starttls`, `tls` from the first byte, or `none`: to this machine only."""
    username: str = ""
    """Empty: no login."""
    password: str = ""
    """For the login."""
    authority: str | None = None
    """PEM file of the authority that vouches for the server; None: the usual ones."""


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gateway that takes text messages: it is sent `{"to": "+32485694175", "text": "…"}` as JSON."""

    url: str
    """Its address; https in production."""
    token: str
    """Sent as a bearer token."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token bucket for each client address: `burst` requests at once, then `per_minute`."""

    burst: int
    """At once."""
    per_minute: int
    """Steadily."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests allowed for each client address and kind of route. Loopback is not exempt."""

    page: Limit = Limit(burst=120, per_minute=240)
    """Pages that people see, and their forms."""
    wait: Limit = Limit(burst=60, per_minute=120)
    """Event streams of waiting pages."""
    partner: Limit = Limit(burst=600, per_minute=6000)
    """Token, UserInfo and revocation: a partner's back end is one address."""
    phone: Limit = Limit(burst=120, per_minute=240)
    """Messages of phones."""
    enrolment: Limit = Limit(burst=60, per_minute=60)
    """Beginning an activation and coming back from a registrar."""
    validation: Limit = Limit(burst=20, per_minute=20)
    """Files that are brought to be judged."""
    static: Limit = Limit(burst=600, per_minute=3000)
    """Style sheets, scripts, pictures."""


class Sim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How mobile operators are asked. Who they are: `ipse mobile-operator`."""

    swap_hours: int = 72
    """A SIM that was changed less long ago activates nothing through a bank, only with the card; 1 to 2400."""
    fresh_seconds: int = 86_400
    """An operator's answer older than this is asked for anew before a code is demanded or something is signed."""
    retry_seconds: int = 300
    """First pause before an operator is asked again about a SIM that was not ready; doubled each time, to six hours."""
    home_seconds: int = 60
    """The shortest pause between two such questions when the person looks."""
    subscription_days: int = 90
    """How long a subscription to an operator's events runs; it is renewed when a quarter of that is left."""


class Lifetimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds."""

    action: int = 180
    """A request waits for its person this long."""
    action_extension: int = 180
    """How much longer for each extension that the person asks."""
    action_most: int = 600
    """The longest, with all extensions."""
    frame: int = 5
    """The greatest age of a QR frame drawn in the page when a phone brings it."""
    drawn_frame: int = 10
    """The same for a frame drawn by the server."""
    ticket: int = 60
    """How long a phone has between scanning and answering."""
    code: int = 180
    """An authorization code."""
    access_token: int = 3600
    """An access token."""
    token: int = 300
    """An ID token."""
    enrolment: int = 1800
    """An activation, from first message to last."""
    watch: int = 600
    """How long an open app is told of new requests before it asks again."""
    quiet: int = 86_400
    """How long a phone looks as always after a duress code, though the identity is blocked at once."""


class EidTrust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an installation believes about eID cards. Without it nobody enrols or logs in by card."""

    issuing_authorities: str
    """PEM file of the authorities that issue people's certificates (Citizen CA, Foreigner CA). In production none of a
    sandbox, elsewhere none without the sandbox's mark."""
    register_authorities: str
    """PEM file of the authorities that issue the certificates with which the National Register signs cards' files."""
    ocsp_responder: str = ""
    """Address that says whether a certificate is revoked; empty: the one that each certificate names."""
    ocsp_nonce: bool = True
    """Whether that question carries a nonce, which the answer must repeat."""
    ocsp_age: int = 3600
    """Seconds that such an answer counts at most."""
    reader: str = "http://127.0.0.1:35960"
    """Where a person's own computer reads the files of the card (`ipse card`)."""


class PhonePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which phones may carry an identity, and which are believed to keep their key in hardware."""

    attestation_roots: str = ""
    """PEM file of the makers' roots that attest phone keys; empty: no phone is believed, so none reaches `high`. In
    production none of a sandbox, elsewhere none without the sandbox's mark."""
    revoked: tuple[str, ...] = ()
    """Serial numbers (hexadecimal) of makers' certificates that have been revoked."""
    refuse_rooted: bool = True
    """Whether a phone that says it is rooted or can be debugged is refused."""


class PushSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waking apps through their browsers' push services."""

    services: tuple[str, ...] = ()
    """Origins of push services that we send to, such as `https://fcm.googleapis.com`,
    `https://updates.push.services.mozilla.com`, `https://web.push.apple.com`; none: apps are not woken."""
    contact: str = ""
    """Whom a push service can turn to: a mailto: or https: address; needed where there are services."""


class Panic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Printed codes that block an identity without its phone."""

    telephone: str = ""
    """The number that people dial, as it is printed on the sheets; empty: there is none."""
    guesses: int = 20
    """Codes that one address or telephone line may try in an hour."""
    guesses_in_all: int = 1000
    """Codes that all together may try in an hour."""
    answer_milliseconds: int = 400
    """How long every answer takes, so that its time tells nothing."""
    contacts: int = 3
    """How many trusted people may have a code for one identity."""


class Certification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who certifies people's signing keys, and says whether a certificate still holds."""

    url: str
    """Where certificates are asked for (EST, RFC 7030): `unix:/path/socket` of our own service, or https."""
    credentials: str
    """File that proves us there: one line, `name:password`."""
    authorities: str
    """PEM file: the issuing authorities and their roots, which our own signatures are validated against."""
    timestamps: str
    """Address of the time-stamping authority (RFC 3161)."""
    revocation: Literal["own", "ejbca"] = "own"
    """How revoking is asked for, which EST leaves open: as our own service does, or by EJBCA's REST API."""
    quality: Literal["test", "advanced", "qualified"] = "advanced"
    """What signatures with its certificates are, as people read it. `qualified` needs a qualified trust service
    provider and a certified device: see docs/guides/sign-with-legal-value.md. A sandbox's are always `test`."""
    valid_days: int = 1095
    """How long a certificate holds."""
    short_term_minutes: int = 0
    """Instead, certificates that are made for one signature and need no revocation; 0: none."""


class Papers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Documents that people bring to be signed or judged."""

    most_bytes: int = 20_000_000
    """Of one file."""
    most_pages: int = 500
    """Of one file."""
    most_files: int = 20
    """Of one envelope."""
    days: int = 30
    """A finished envelope is deleted this long after its end; an open one is closed after as long."""
    level: Literal["B-LT", "B-LTA"] = "B-LT"
    """Of the signatures in an envelope: B-LTA has a time stamp more over all evidence, for archives."""
    worker_seconds: int = 30
    """How long a worker may look at one file."""
    worker_megabytes: int = 768
    """How much memory it may use."""
    workers: int = 2
    """How many at a time."""


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signatures of people on documents."""

    activation: str
    """Socket of signature activation: `unix:/path/socket`."""
    certification: Certification
    """Who certifies."""
    algorithm: Literal["RSA-2048", "P-256"] = "RSA-2048"
    """Of new signing keys."""
    approval_seconds: int = 600
    """How long after it was shown an approval may still sign."""
    papers: Papers = Papers()
    """Documents that people bring."""
    believed: str = ""
    """PEM file of further authorities whose signatures count when a file is judged; empty: only our own."""


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One official way to reach the scheme; people are told that there are no others."""

    kind: Literal["telephone", "email", "website", "app", "address"]
    """What it is."""
    value: str
    """As people use it: `+32 2 555 01 00`, `help@id.example`, `https://id.example`."""
    hours: str = ""
    """When somebody answers, as `24/7` or `8–20`; empty: always, or nobody waits there."""


class Help(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the help centre tells people."""

    channels: tuple[Channel, ...] = ()
    """The only official ways to reach the scheme; name at least a telephone number in production."""


class StatusPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scheme tells the status page, which is a process of its own."""

    folder: str = ""
    """Where `incidents.json` and `outcomes.json` are written, readable by everybody; empty: nowhere."""
    address: str = ""
    """The public address of the status page, where people are sent to read more; empty: there is none."""
    synthetic_partner: str = "ipse-probe"
    """Client id of the partner of synthetic logins, as `ipse probes set-up` registers it: counted in no figure."""


class Incidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Duties that an incident starts."""

    organisation: str = ""
    """Who runs the scheme, as it stands on notifications to authorities; empty: its name."""
    remind: tuple[str, ...] = ()
    """E-mail addresses that are reminded when half, four fifths and all of the time of a duty has passed."""
    languages: tuple[Literal["nl", "fr", "de", "en"], ...] = ("en",)
    """Languages of the drafts of notifications, besides English."""
