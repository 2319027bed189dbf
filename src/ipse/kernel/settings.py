"""The shape of the settings: one frozen tree, unknown names refused, no ambient configuration."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec


class Environment(StrEnum):
    """What an installation is; never two in one."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    LAB = "lab"


class SettingsError(Exception):
    """The settings cannot be used. Says which one and what would be right."""


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a server listens."""

    host: str = "127.0.0.1"
    port: int = 8000


class Registrar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bank that vouches for identities, as an OpenID provider."""

    id: str
    name: str
    country: str
    issuer: str
    client_id: str
    assurance: str = "substantial"
    """The highest level an identity from here can have: `low`, `substantial` or `high`."""
    trust_framework: str = ""
    """Under which the bank verifies (OpenID Connect for Identity Assurance); empty: `<country>_bank_idv`."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token bucket for each client address: `burst` requests at once, then `per_minute`."""

    burst: int
    per_minute: int


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests allowed for each client address and kind of route. Loopback is not exempt."""

    page: Limit = Limit(burst=120, per_minute=240)
    wait: Limit = Limit(burst=60, per_minute=120)
    partner: Limit = Limit(burst=600, per_minute=6000)
    phone: Limit = Limit(burst=120, per_minute=240)
    enrolment: Limit = Limit(burst=30, per_minute=30)
    static: Limit = Limit(burst=600, per_minute=3000)


class Lifetimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds."""

    action: int = 180
    action_extension: int = 180
    action_most: int = 600
    frame: int = 5
    drawn_frame: int = 10
    ticket: int = 60
    code: int = 180
    access_token: int = 3600
    token: int = 300
    enrolment: int = 1800
    watch: int = 600


class Incident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known incident, as one calm sentence by language, and where to read more."""

    sentence: dict[str, str]
    url: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an installation can be told."""

    environment: Environment
    base_url: str
    """Public address of the scheme, no path: the issuer is this plus `/v2`."""
    app_origin: str
    """Public origin of the phone app; nothing else is served there."""
    database: str
    """`sqlite:///absolute/path.db` or `postgresql://role@host:port/name`."""
    keystore: str
    """`file:/path/keystore.json`, or `pkcs11:` with the module's path and the token's label."""
    name: str = "Ipse"
    listen: Address = Address()
    app_listen: Address = Address(port=8002)
    claim_prefix: str = "http://itsme.services/v2/claim/"
    registrars: tuple[Registrar, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose `X-Forwarded-For` counts; nobody else's does."""
    tls_certificate: str | None = None
    tls_key: str | None = None
    limits: Limits = Limits()
    lifetimes: Lifetimes = Lifetimes()
    tries: int = 3
    """Wrong codes in a row that block an identity, at most 5 (B-40)."""
    minimum_app_version: str = "1.0.0"
    incident: Incident | None = None
    database_connections: int = 10

    @property
    def issuer(self) -> str:
        """The OpenID issuer."""
        return self.base_url + "/v2"

    @property
    def secure(self) -> bool:
        """Whether people reach the scheme by https: decides cookie prefixes and `Secure`."""
        return self.base_url.startswith("https://")

    def check(self) -> None:
        """Refuse what can never work or is unsafe in this environment (S-10, part that needs no I/O).

        Raises:
            SettingsError: names the setting, what is wrong and what would be right.
        """
        for name, value in (("base_url", self.base_url), ("app_origin", self.app_origin)):
            _check_origin(name, value)
        if self.base_url == self.app_origin:
            message = "app_origin must be an origin of its own, another than base_url"
            raise SettingsError(message)
        if not 1 <= self.tries <= 5:
            message = f"tries is {self.tries}; it must be between 1 and 5"
            raise SettingsError(message)
        for proxy in self.trusted_proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                message = f"trusted_proxies: {proxy!r} is not an address or network"
                raise SettingsError(message) from error
        if self.environment is Environment.PRODUCTION:
            self._check_production()
        if self.environment is Environment.LAB and not _loopback(self.base_url):
            message = "a lab runs on loopback only: base_url must be on localhost or 127.0.0.1"
            raise SettingsError(message)

    def _check_production(self) -> None:
        problems = []
        if not self.secure or not self.app_origin.startswith("https://"):
            problems.append("base_url and app_origin must be https in production")
        if not (self.tls_certificate and self.tls_key) and not self.trusted_proxies:
            problems.append(
                "production needs tls_certificate and tls_key, or trusted_proxies naming the proxy that ends TLS"
            )
        if self.keystore.startswith("file:"):
            problems.append("keystore must be pkcs11: in production; a key file is for sandbox and lab")
        problems.extend(
            f"registrars: {registrar.id} has an http issuer; production needs https"
            for registrar in self.registrars
            if not registrar.issuer.startswith("https://")
        )
        if problems:
            raise SettingsError("; ".join(problems))


def _check_origin(name: str, value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        message = f"{name} is {value!r}; it must be an origin such as https://id.example, without path or slash"
        raise SettingsError(message)


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(toml: bytes) -> Settings:
    """Parse and check settings.

    Raises:
        SettingsError: unknown names, wrong types, unsafe values.
    """
    try:
        settings = msgspec.toml.decode(toml, type=Settings)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(str(error)) from error
    settings.check()
    return settings
