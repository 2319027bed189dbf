"""The settings of the certification service: a file of its own, one frozen tree, unknown names refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography import x509

from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings import Address, Environment, Finding, Limit, SettingsError, refuse
from ipse.kernel.settings.checks import proxies

QUALIFIED_ARC: Final = "0.4.0.194112."
"""Policies of certificates that are qualified under the law (ETSI EN 319 411-2). Nobody claims them by accident."""
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,39})){2,20}")
_MOST_DAYS: Final = 1827
_MOST_PER_MINUTE: Final = 1_000_000
_SCHEMES: Final = ("file:", "pkcs11:")


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the service's keys are.

    `file:/path/key.pem`, encrypted, for sandbox and lab; or, as an RFC 7512 address,
    `pkcs11:token=LABEL;object=KEY?module-path=/path/module.so&pin-source=file:/path/pin`.
    """

    issuing: str
    """Signs certificates and lists."""
    responder: str
    """Signs answers of OCSP. Its certificate is short-lived and renewed by the service."""
    timestamps: str
    """Signs time stamps."""
    passphrase: str = ""
    """File that opens key files."""


class Qualified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What certificates claim under the law (ETSI EN 319 412-5).

    Only a qualified trust service provider may say it: one that its country's trusted list names for this service.
    """

    device: bool
    """Whether keys live in a certified qualified device (QcSSCD)."""
    disclosure: dict[str, str]
    """Addresses of the disclosure statement by language, https."""


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate of the registration listener."""

    certificate: str
    """PEM file, the certificate first."""
    key: str
    """PEM file of its private key, readable by its owner alone."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What everybody may ask: for each client address, IPv6 by customer."""

    answers: Limit = Limit(burst=240, per_minute=1200)
    """OCSP."""
    timestamps: Limit = Limit(burst=60, per_minute=240)
    """Time stamps; each costs a signature."""
    files: Limit = Limit(burst=60, per_minute=240)
    """Lists, certificates and status."""


class CertificationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the service can be told."""

    environment: Environment
    """What it certifies for: a sandbox's certificates are marked as such, and never mixed with others."""
    public_url: str
    """Where everybody finds answers, lists and time stamps: an origin, written into each certificate. Plain http is
    usual: all that is served there is signed."""
    database: str
    """`sqlite:///absolute/path.db` or `postgresql://role@host:port/name`: its own, never the scheme's."""
    folder: str
    """Where certificates of root and issuing authority lie, and the root's list."""
    keys: Keys
    """Its keys."""
    registration: str
    """Where certificates are asked for: `unix:/path/socket`, or `https://host:port` with `tls`."""
    clients: str
    """File of those who may ask: lines `name:hash`, written by `ipse certification client`."""
    organisation: str
    """Who certifies, in the subject of root and issuing authority."""
    organisation_identifier: str = ""
    """Their registration, such as `NTRBE-0123456789` (ETSI EN 319 412-1 §5.1.4)."""
    country: str = "BE"
    """Theirs, two capital letters."""
    name: str = "Ipse"
    """Begins the names of the authorities: `Ipse Issuing 1`."""
    listen: Address = Address(port=8005)
    """Where the public listener is."""
    tls: Tls | None = None
    """For a registration listener that is no socket."""
    algorithm: Literal["P-256", "RSA-3072"] = "P-256"
    """Of keys that are made for root (P-384 then), issuing authority, responder and time stamps."""
    policies: tuple[str, ...] = ()
    """Policies of people's certificates: OIDs of the operator's own, that its certification practice statement
    defines; needed in production. A sandbox has its own and takes none."""
    timestamp_policy: str = ""
    """Policy of time stamps; needed in production."""
    most_days: int = 1095
    """The longest that a person's certificate may hold."""
    short_term_hours: int = 24
    """The longest that a short-term certificate may hold."""
    list_hours: int = 24
    """How long a list holds."""
    list_minutes: int = 60
    """How often a new one is made without a change."""
    responder_days: int = 7
    """How long a certificate of the responder holds; it is renewed at half of it."""
    timestamp_days: int = 1825
    """How long a certificate of the time stamps' key holds."""
    qualified: Qualified | None = None
    """Nothing is claimed without it."""
    limits: Limits = Limits()
    """How often one address may ask."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose `X-Forwarded-For` counts; nobody else's does."""
    own_addresses: tuple[str, ...] = ()
    """Addresses or networks of the scheme, which asks for each signature: what it asks is not counted."""

    @property
    def is_sandbox(self) -> bool:
        """Whether certificates are marked: of sandbox and lab."""
        return self.environment is not Environment.PRODUCTION

    def findings(self) -> Iterator[Finding]:
        """What can never work, or is unsafe in this environment."""
        parts = urlsplit(self.public_url)
        if parts.scheme not in {"http", "https"} or self.public_url != f"{parts.scheme}://{parts.netloc}":
            yield Finding(f"public_url is {self.public_url!r}", "write an origin such as http://pki.example.org")
        if not re.fullmatch(r"[A-Z]{2}", self.country):
            yield Finding(f"country is {self.country!r}", "write two capital letters")
        yield from self._bounds()
        yield from self._places()
        named = [*self.policies, *filter(None, [self.timestamp_policy])]
        yield from (Finding(f"{oid!r} is no object identifier", "write it with dots") for oid in named if not _is(oid))
        for name in ("trusted_proxies", "own_addresses"):
            yield from proxies(name, getattr(self, name))
        if self.qualified is None and any(oid.startswith(QUALIFIED_ARC) for oid in named):
            yield Finding(
                "a policy of qualified certificates is named, and qualified is not set",
                "name a policy of your own; see docs/guides/sign-with-legal-value.md",
            )
        yield from self._sandbox() if self.is_sandbox else self._production()

    def _bounds(self) -> Iterator[Finding]:
        bounds = {
            "most_days": (1, _MOST_DAYS),
            "short_term_hours": (1, 24),
            "list_hours": (1, 168),
            "list_minutes": (1, 1440),
            "responder_days": (1, 30),
            "timestamp_days": (30, _MOST_DAYS * 2),
        }
        for name, (least, most) in bounds.items():
            if not least <= getattr(self, name) <= most:
                yield Finding(f"{name} is {getattr(self, name)}", f"choose {least} to {most}")
        for name, limit in msgspec.structs.asdict(self.limits).items():
            if not (limit.burst > 0 and 0 < limit.per_minute <= _MOST_PER_MINUTE):
                yield Finding(f"limits.{name} lets nobody in, or everybody", f"choose 1 to {_MOST_PER_MINUTE}")

    def _places(self) -> Iterator[Finding]:
        for name in ("issuing", "responder", "timestamps"):
            if not getattr(self.keys, name).startswith(_SCHEMES):
                yield Finding(f"keys.{name} is no key", "write file:/path/key.pem or pkcs11:token=…")
        if len({self.keys.issuing, self.keys.responder, self.keys.timestamps}) < 3:
            yield Finding("one key has two uses", "give issuing, responder and timestamps a key each")
        if not self.registration.startswith(("unix:/", "https://")):
            yield Finding(f"registration is {self.registration!r}", "write unix:/path/socket, or https://host:port")
        if self.registration.startswith("https://") and self.tls is None:
            yield Finding("registration is https, and tls is not set", "name certificate and key in tls")

    def _sandbox(self) -> Iterator[Finding]:
        if self.policies or self.timestamp_policy or self.qualified:
            yield Finding(
                f"policies, timestamp_policy and qualified are not for a {self.environment}: its certificates prove "
                "nothing",
                "leave them out",
            )

    def _production(self) -> Iterator[Finding]:
        if names_loopback(self.listen.host) and not self.trusted_proxies:
            yield Finding(
                "listen is this machine alone, so a proxy is in front, and trusted_proxies is not set: all who ask "
                "would share one limit",
                "name the proxy's address, and let it send X-Forwarded-For",
            )
        if names_loopback(urlsplit(self.public_url).hostname or ""):
            yield Finding("public_url is this machine", "write the address at which everybody reaches it")
        for name in ("issuing", "responder", "timestamps"):
            if getattr(self.keys, name).startswith("file:"):
                yield Finding(f"keys.{name} is a file", "make it in a security module, and write pkcs11:token=…")
        if not self.policies or not self.timestamp_policy:
            yield Finding("policies or timestamp_policy is missing", "name policies of your own")
        if self.qualified and not all(url.startswith("https://") for url in self.qualified.disclosure.values()):
            yield Finding("qualified.disclosure is not https", "write addresses of the disclosure statement")
        if self.qualified and not self.qualified.disclosure.get("en"):
            yield Finding("qualified.disclosure lacks en", "EN 319 412-5 §4.3.4 asks for English")


def read_settings(toml: bytes) -> CertificationSettings:
    """Parse and check settings.

    Raises:
        SettingsError: unknown names, wrong types, unsafe values.
    """
    try:
        settings = msgspec.toml.decode(toml, type=CertificationSettings)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(str(error)) from error
    refuse(list(settings.findings()))
    return settings


def _is(oid: str) -> bool:
    if not _OID.fullmatch(oid):
        return False
    try:
        x509.ObjectIdentifier(oid)
    except ValueError:
        return False
    return True
