"""The whole of the settings, and reading them."""

from __future__ import annotations

import msgspec

from ipse.kernel.fraud import Fraud
from ipse.kernel.lab import Lab
from ipse.kernel.settings import checks
from ipse.kernel.settings.findings import Environment, Finding, SettingsError, refuse
from ipse.kernel.settings.parts import (
    Address,
    AuditLog,
    EidTrust,
    Help,
    Incidents,
    Lifetimes,
    Limits,
    Mail,
    Panic,
    PhonePolicy,
    PushSettings,
    Signing,
    Sim,
    Simulated,
    Sms,
    StaffSettings,
    StatusPage,
)
from ipse.kernel.settings.watching import Metrics, StatisticsSettings, Traces

_MOST_TRIES = 5
_MOST_HOURS = 2400
_UNKNOWN_SCOPES = ("refuse", "ignore")
_MINUTE, _HALF_HOUR, _DAY, _WEEK = 60, 1800, 86_400, 604_800


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
    staff: StaffSettings | None = None
    """Where staff of the scheme and of its partners sign in; None: nowhere, all is done by command line."""
    time_zone: str = "UTC"
    """How pages write times, as `Europe/Brussels`."""
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
    audit: AuditLog = AuditLog()
    """What was done to this installation."""
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
    incidents: Incidents = Incidents()
    """Whom an incident obliges the operator to tell."""
    status: StatusPage = StatusPage()
    """What the status page is told."""
    help: Help = Help()
    """What the help centre tells."""
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
    signing: Signing | None = None
    """How people sign documents; None: they do not."""
    statistics: StatisticsSettings = StatisticsSettings()
    """Figures of the scheme's use."""
    metrics: Metrics | None = None
    """Where Prometheus asks for measurements; None: nowhere."""
    traces: Traces | None = None
    """Where traces go; None: there are none."""
    simulated: Simulated | None = None
    """What stands in for people while partners build; refused in production."""
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
            *checks.origin("base_url", self.base_url),
            *checks.origin("app_origin", self.app_origin),
            *checks.proxies("trusted_proxies", self.trusted_proxies),
            *checks.certificates(self),
            *checks.cards(self),
            *checks.push(self),
            *checks.signing(self),
            *checks.public_help(self),
        ]
        found += checks.staff(self)
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
        found += checks.rotation(self)
        found += checks.statistics(self)
        found += checks.watching(self)
        found += checks.second_channel(self)
        if bool(self.tls_certificate) != bool(self.tls_key):
            found.append(Finding("one of tls_certificate and tls_key is missing", "name both, or none"))
        if self.environment is Environment.PRODUCTION:
            found += checks.production(self)
        if self.environment is Environment.LAB:
            found += checks.lab(self)
        elif self.lab is not None:
            found.append(Finding(f"the table lab is for a lab, and this is {self.environment}", "leave lab out"))
        return found

    def check(self) -> None:
        """Refuse them.

        Raises:
            SettingsError: a line for each finding.
        """
        refuse(self.findings())


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
