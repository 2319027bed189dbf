"""The settings of the status page: a file of its own, one frozen tree, unknown names refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings import Address, Environment, Finding, Limits, refuse
from ipse.process.settings_files import read_settings_file

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_PER_CENT: Final = re.compile(r"\d{1,2}(\.\d{1,3})?|100")


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that is told of each change, by a signed event (RFC 8417) pushed to it (RFC 8935)."""

    url: str
    """Where; https in production, and never inside a private network."""
    components: tuple[str, ...] = ()
    """Ids of the components it wants to hear of; empty: all."""


class StatusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the status page can be told."""

    environment: Environment
    """What the installation is."""
    address: str
    """Public origin of the status page, no path; it signs under this name."""
    folder: str
    """Folder of the files that scheme and probes publish; this process only reads there."""
    keep: str
    """Folder of its own: history and key."""
    listen: Address = Address(port=8007)
    """Where it listens."""
    name: str = "Ipse"
    """What people read on every page."""
    issuer_address: str = ""
    """Public address of the scheme, whose terms and notices each page links; empty: as the scheme publishes it."""
    target: str = "99.95"
    """Per cent of a month that each component promises to be there, announced maintenance left out."""
    time_zone: str = "UTC"
    """In which days begin and times are written, as `Europe/Brussels`."""
    silent_seconds: int = 60
    """What has not been written for so long counts as silent."""
    look_seconds: float = 1
    """How often the files are looked at."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose `X-Forwarded-For` counts; nobody else's does."""
    limits: Limits = Limits()
    """Requests of one client address."""
    receivers: tuple[Receiver, ...] = ()
    """Programs that are told of changes."""
    tls_certificate: str | None = None
    """PEM file: the certificate, then those between it and its authority; None: a proxy ends TLS."""
    tls_key: str | None = None
    """PEM file of its private key, readable by its owner alone."""

    @property
    def zone(self) -> ZoneInfo:
        """Where days begin."""
        return ZoneInfo(self.time_zone)

    def findings(self) -> Iterator[Finding]:
        """What can never work, or is unsafe in this environment."""
        yield from self._places()
        yield from self._numbers()
        if bool(self.tls_certificate) != bool(self.tls_key):
            yield Finding("one of tls_certificate and tls_key is missing", "name both, or none")
        for receiver in self.receivers:
            parts = urlsplit(receiver.url)
            local = self.environment is not Environment.PRODUCTION and names_loopback(parts.hostname or "")
            if parts.scheme != "https" and not local:
                yield Finding(
                    f"receiver {receiver.url} is not https", "signed or not, what it is told crosses networks"
                )

    def _places(self) -> Iterator[Finding]:
        if not _ORIGIN.fullmatch(self.address):
            yield Finding("address is no origin", "give scheme and host alone, such as https://status.example.org")
        if self.environment is Environment.PRODUCTION and not self.address.startswith("https://"):
            yield Finding("address is not https", "let a proxy end TLS, or name tls_certificate and tls_key")
        for name in ("folder", "keep"):
            if not Path(getattr(self, name)).is_absolute():
                yield Finding(f"{name} is no absolute path", "name a folder from the root on")
        if Path(self.folder) == Path(self.keep):
            yield Finding("keep is folder", "name a folder that nobody else writes to; the other is only read")

    def _numbers(self) -> Iterator[Finding]:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield Finding(f"time_zone {self.time_zone} is unknown on this machine", "name one such as Europe/Brussels")
        if not _PER_CENT.fullmatch(self.target):
            yield Finding("target is no per cent", 'write it as a text, such as "99.95"')
        if not 10 <= self.silent_seconds <= 600:
            yield Finding(f"silent_seconds is {self.silent_seconds}", "choose 10 to 600")
        if not 0.1 <= self.look_seconds <= 30:
            yield Finding(f"look_seconds is {self.look_seconds}", "choose 0.1 to 30")

    def check(self) -> None:
        """Refuse what is wrong.

        Raises:
            SettingsError: a line for each finding.
        """
        refuse(self.findings())


def read_settings(path: Path) -> StatusSettings:
    """Read and check the settings file.

    Raises:
        SettingsError: it is missing, or not usable; says what is wrong.
    """
    settings = read_settings_file(path, StatusSettings)
    settings.check()
    return settings
