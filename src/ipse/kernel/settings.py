"""The shape of the settings: one frozen tree, unknown names refused, no ambient configuration."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

import msgspec

from ipse.kernel.fraud import Fraud
from ipse.kernel.hosts import names_loopback
from ipse.kernel.lab import Lab

_MOST_TRIES = 5
_MOST_HOURS = 2400
_UNKNOWN_SCOPES = ("refuse", "ignore")
_MINUTE, _HALF_HOUR, _DAY, _WEEK = 60, 1800, 86_400, 604_800
_SHORTEST_PASSWORD = 12
_LOCAL_SOCKET = "unix"
_MAIL_SECURITY = ("starttls", "tls", "none")
_KNOWN_PASSWORDS = ("changemechangeme", "changeme1234", "password1234", "passwordpassword", "postgrespostgres")


class Environment(StrEnum):
    """What an installation is; never two in one."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    LAB = "lab"


class SettingsError(Exception):
    """The settings cannot be used. Each line says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with an installation: what, how to mend it, and whether it must not run like this."""

    what: str
    mend: str
    unsafe: bool = True

    def __str__(self) -> str:
        return f"{self.what}; mend: {self.mend}"


def refuse(findings: Iterable[Finding]) -> None:
    """Raise for those that are unsafe, one line each.

    Raises:
        SettingsError: there is one.
    """
    if lines := [str(finding) for finding in findings if finding.unsafe]:
        raise SettingsError("\n".join(lines))


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a server listens."""

    host: str = "127.0.0.1"
    """An address of this machine."""
    port: int = 8000
    """A port that nobody else holds."""


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
    static: Limit = Limit(burst=600, per_minute=3000)
    """Style sheets, scripts, pictures."""


class Sim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How mobile operators are asked. Who they are: `ipse operator`."""

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


class Incident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known incident, as one calm sentence by language, and where to read more."""

    sentence: dict[str, str]
    """By language: nl, fr, de, en."""
    phone_down: bool = False
    """Whether people cannot approve with the phone now: sign-in pages then put the other ways first."""
    url: str = ""
    """Where to read more."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an installation can be told."""

    environment: Environment
    """What this installation is, for ever: production refuses all that the others need."""
    base_url: str
    """Public address of the scheme, no path: the issuer is this plus `/v2`."""
    app_origin: str
    """Public origin of the phone app; nothing else is served there."""
    database: str
    """`sqlite:///absolute/path.db` or `postgresql://role@host:port/name`."""
    keystore: str
    """`file:/path/keystore.json` (sandbox and lab), or an RFC 7512 address of a security module with the file it seals:
    `pkcs11:token=LABEL;object=KEY?module-path=/path/module.so&pin-source=file:/path/pin&sealed=/path/keystore.sealed`."""
    name: str = "Ipse"
    """What people read on every page."""
    listen: Address = Address()
    """Where the scheme listens."""
    app_listen: Address = Address(port=8002)
    """Where the phone app's origin listens."""
    listen_unix: str | None = None
    """Path of a socket where the scheme listens as well, without TLS: for a proxy on this machine, called `unix` in
    `trusted_proxies` and `certificate_proxies`. Whoever may open its folder may connect."""
    claim_prefix: str = "http://itsme.services/v2/claim/"
    """Put before the names of claims that no standard names."""
    unknown_scopes: str = "refuse"
    """What becomes of a request whose scope holds a word nobody knows: `refuse` it, or `ignore` the word, for partners
    that were used to that."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks, or `unix`, whose `X-Forwarded-For` counts; nobody else's does."""
    certificate_proxies: tuple[str, ...] = ()
    """Addresses or networks, or `unix`, of proxies that ask partners for TLS certificates: their `Client-Cert` header
    (RFC 9440) counts. It is taken out of every other request."""
    client_certificate_authorities: str | None = None
    """PEM file of the authorities that issue partners' certificates, for `tls_client_auth`; certificates that partners
    sign themselves need none."""
    mtls_base_url: str | None = None
    """Public address at which those proxies ask for certificates; discovery names it in `mtls_endpoint_aliases`."""
    tls_certificate: str | None = None
    """PEM file: our certificate, then those between it and its authority; it names both public hosts."""
    tls_key: str | None = None
    """PEM file of its private key, readable by its owner alone."""
    sim: Sim = Sim()
    """How mobile operators are asked."""
    limits: Limits = Limits()
    """Requests of one client address."""
    lifetimes: Lifetimes = Lifetimes()
    """How long things live."""
    fraud: Fraud = Fraud()
    """Against scams."""
    panic: Panic = Panic()
    """Codes that block an identity without its phone."""
    key_announcement: int | None = None
    """Seconds that a new key of ours is published before it signs: no shorter than partners keep our key set. A day in
    production, where half an hour is the least; else a minute."""
    key_rotation_days: int = 90
    """Signing and decryption keys are replaced this many days after the last time; 0: only by `ipse keys rotate`."""
    tries: int = 3
    """Wrong codes in a row that block an identity, at most 5 (B-40)."""
    minimum_app_version: str = "1.0.0"
    """Older apps are asked to renew themselves."""
    incident: Incident | None = None
    """A known incident, told in app and pages."""
    database_connections: int = 10
    """PostgreSQL connections of this process."""
    mail: Mail | None = None
    """How people are told by e-mail what happens to their identity."""
    sms: Sms | None = None
    """The same by text message."""
    objection_seconds: int | None = None
    """How long a person can stop an activation of their identity on another phone, from the phone they have. A day
    (86,400) in production, where it is the least; else 0: no wait."""
    push: PushSettings = PushSettings()
    """Waking apps."""
    phones: PhonePolicy = PhonePolicy()
    """Which phones are accepted, and which are trusted most."""
    eid: EidTrust | None = None
    """Whom we believe about eID cards."""
    lab: Lab | None = None
    """Switches for outside judges, refused unless `environment` is `lab`."""

    @property
    def issuer(self) -> str:
        """The OpenID issuer."""
        return self.base_url + "/v2"

    @property
    def mtls_issuer(self) -> str | None:
        """The issuer's alias for connections with a certificate, where there is one."""
        return None if self.mtls_base_url is None else self.mtls_base_url + "/v2"

    @property
    def announcement(self) -> int:
        """Seconds that a new key is published before it signs."""
        if self.key_announcement is not None:
            return self.key_announcement
        return _DAY if self.environment is Environment.PRODUCTION else _MINUTE

    @property
    def objection(self) -> int:
        """Seconds that an activation on another phone waits for the phone that has the identity (T-5)."""
        if self.objection_seconds is not None:
            return self.objection_seconds
        return _DAY if self.environment is Environment.PRODUCTION else 0

    @property
    def secure(self) -> bool:
        """Whether people reach the scheme by https: decides cookie prefixes and `Secure`."""
        return self.base_url.startswith("https://")

    def findings(self) -> list[Finding]:
        """What can never work, or is unsafe in this environment (S-10, the part that needs no I/O)."""
        found = [
            *_origin("base_url", self.base_url),
            *_origin("app_origin", self.app_origin),
            *_proxies("trusted_proxies", self.trusted_proxies),
            *_certificates(self),
            *_cards(self),
        ]
        if self.base_url == self.app_origin:
            found.append(
                Finding("app_origin is base_url", "give the app an origin of its own: nothing else lives there")
            )
        if not 1 <= self.tries <= _MOST_TRIES:
            found.append(Finding(f"tries is {self.tries}", f"choose 1 to {_MOST_TRIES}"))
        if not 1 <= self.sim.swap_hours <= _MOST_HOURS:
            found.append(Finding(f"sim.swap_hours is {self.sim.swap_hours}", f"choose 1 to {_MOST_HOURS}"))
        if self.unknown_scopes not in _UNKNOWN_SCOPES:
            found.append(Finding(f"unknown_scopes is {self.unknown_scopes}", "choose refuse or ignore"))
        found += _rotation(self)
        found += _second_channel(self)
        if bool(self.tls_certificate) != bool(self.tls_key):
            found.append(Finding("one of tls_certificate and tls_key is missing", "name both, or none"))
        if self.environment is Environment.PRODUCTION:
            found += _production(self)
        if self.environment is Environment.LAB:
            found += _lab(self)
        elif self.lab is not None:
            found.append(Finding(f"the table lab is for a lab, and this is {self.environment}", "leave lab out"))
        return found

    def check(self) -> None:
        """Refuse them.

        Raises:
            SettingsError: a line for each finding.
        """
        refuse(self.findings())


def _rotation(settings: Settings) -> Iterator[Finding]:
    """How our keys may change."""
    shortest = _HALF_HOUR if settings.environment is Environment.PRODUCTION else 0
    if not shortest <= settings.announcement <= _WEEK:
        yield Finding(
            f"key_announcement is {settings.announcement}",
            f"choose {shortest} to {_WEEK} seconds: partners keep our keys for half an hour to a day",
        )
    if settings.key_rotation_days < 0 or 0 < settings.key_rotation_days * _DAY <= settings.announcement:
        yield Finding(
            f"key_rotation_days is {settings.key_rotation_days}", "choose more days than the announcement lasts, or 0"
        )


def _second_channel(settings: Settings) -> Iterator[Finding]:
    """How people are told (B-27), and how long they have to object (T-5)."""
    production = settings.environment is Environment.PRODUCTION
    if not (_DAY if production else 0) <= settings.objection <= _WEEK:
        yield Finding(
            f"objection_seconds is {settings.objection}",
            f"choose {_DAY if production else 0} to {_WEEK} seconds",
        )
    mail, sms = settings.mail, settings.sms
    if mail is not None:
        if mail.security not in _MAIL_SECURITY:
            yield Finding(f"mail.security is {mail.security}", f"choose one of {', '.join(_MAIL_SECURITY)}")
        if mail.security == "none" and not names_loopback(mail.host):
            yield Finding(f"mail goes to {mail.host} unprotected", "choose starttls or tls")
        if "@" not in mail.sender or any(character in mail.sender for character in "<> \r\n"):
            yield Finding(f"mail.sender is {mail.sender!r}", "write an address alone, such as identity@id.example")
    if sms is not None and not sms.url.startswith("https://") and (production or not _loopback(sms.url)):
        yield Finding(f"sms.url is {sms.url}", "write it with https://")


def _production(settings: Settings) -> Iterator[Finding]:
    """What production alone refuses."""
    for name, value in (("base_url", settings.base_url), ("app_origin", settings.app_origin)):
        if not value.startswith("https://"):
            yield Finding(f"{name} is {value}, and production is https only", f"write {name} with https://")
        elif _loopback(value):
            yield Finding(f"{name} is {value}, which nobody else can reach", f"write the public name into {name}")
    if not settings.tls_certificate and not settings.trusted_proxies:
        yield Finding(
            "nothing ends TLS: neither tls_certificate with tls_key nor trusted_proxies is set",
            "name the certificate and its key, or the addresses of the proxy that ends TLS",
        )
    if not settings.keystore.startswith("pkcs11:"):
        yield Finding(
            "keystore is a file, which is for sandbox and lab only", "name a security module with keystore = 'pkcs11:…'"
        )
    password = unquote(urlsplit(settings.database).password or "")
    role = urlsplit(settings.database).username or ""
    if password and (len(password) < _SHORTEST_PASSWORD or password.lower() in {role.lower(), *_KNOWN_PASSWORDS}):
        yield Finding(
            "database holds a weak or well-known password",
            "choose 16 random characters or more, or let the role come in by certificate or socket without one",
        )


def _lab(settings: Settings) -> Iterator[Finding]:
    """A lab has what outside judges need to drive it, and so no way in from outside."""
    hosts = (
        ("base_url", settings.base_url),
        ("app_origin", settings.app_origin),
        ("listen.host", f"http://{_bracketed(settings.listen.host)}"),
        ("app_listen.host", f"http://{_bracketed(settings.app_listen.host)}"),
    )
    for name, url in hosts:
        if not _loopback(url):
            yield Finding(
                f"{name} is {urlsplit(url).hostname}, and a lab runs on loopback only", f"set {name} to localhost"
            )


def _certificates(settings: Settings) -> Iterator[Finding]:
    """How partners' certificates come in."""
    yield from _proxies("certificate_proxies", settings.certificate_proxies)
    path = settings.listen_unix
    if path is not None and not path.startswith("/"):
        yield Finding(f"listen_unix is {path!r}", "write the whole path, such as /run/ipse/ipse.sock")
    for name in ("trusted_proxies", "certificate_proxies"):
        if path is None and _LOCAL_SOCKET in getattr(settings, name):
            yield Finding(f"{name} names unix, and nothing listens there", "set listen_unix")
    address = settings.mtls_base_url
    if address is not None:
        yield from _origin("mtls_base_url", address)
        if settings.environment is Environment.PRODUCTION and not address.startswith("https://"):
            yield Finding(f"mtls_base_url is {address}: only TLS carries certificates", "write it with https://")
    for name, value in (
        ("mtls_base_url", address),
        ("client_certificate_authorities", settings.client_certificate_authorities),
    ):
        if value is not None and not settings.certificate_proxies:
            yield Finding(
                f"{name} is set, and no proxy may bring a certificate", "name the proxy in certificate_proxies"
            )


def _cards(settings: Settings) -> Iterator[Finding]:
    """How cards are asked."""
    eid = settings.eid
    if eid is None:
        return
    if not settings.secure and not _loopback(settings.base_url):
        yield Finding(
            f"eid is set, and base_url is {settings.base_url}: cards sign for https only", "write it with https"
        )
    if eid.ocsp_age < _MINUTE:
        yield Finding(f"eid.ocsp_age is {eid.ocsp_age}", f"choose {_MINUTE} seconds or more")
    for name, address in (("reader", eid.reader), ("ocsp_responder", eid.ocsp_responder)):
        parts = urlsplit(address)
        if address and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            yield Finding(f"eid.{name} is {address!r}", "write an address such as http://127.0.0.1:35960")
    if not _loopback(eid.reader):
        yield Finding(
            f"eid.reader is {eid.reader}: a card is read on the person's own computer", "name a loopback address"
        )


def _proxies(name: str, trusted: tuple[str, ...]) -> Iterator[Finding]:
    for proxy in trusted:
        if proxy == _LOCAL_SOCKET:
            continue
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            yield Finding(f"{name}: {proxy!r} is not an address or network", "write it like 192.0.2.7")
            continue
        if network.prefixlen == 0:
            yield Finding(f"{name}: {proxy} trusts everybody", "name the addresses of your proxies alone")


def _origin(name: str, value: str) -> Iterator[Finding]:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        yield Finding(f"{name} is {value!r}", "write an origin such as https://id.example, without path or slash")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _loopback(url: str) -> bool:
    return names_loopback(urlsplit(url).hostname or "")


def parse_settings(toml: bytes) -> Settings:
    """Parse settings, without judging them.

    Raises:
        SettingsError: unknown names, wrong types.
    """
    try:
        return msgspec.toml.decode(toml, type=Settings)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(str(error)) from error


def read_settings(toml: bytes) -> Settings:
    """Parse and check settings.

    Raises:
        SettingsError: unknown names, wrong types, unsafe values.
    """
    settings = parse_settings(toml)
    settings.check()
    return settings
