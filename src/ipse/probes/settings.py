"""The settings of the probes: a file of its own, one frozen tree, unknown names refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ipse.kernel.settings import Environment, Finding, refuse
from ipse.process.settings_files import read_settings_file


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the synthetic person of a sandbox becomes one by itself."""

    bank: str
    """Through which simulated bank."""
    person: str
    """Who it is there."""
    phone_number: str
    """Theirs."""


class ProbeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the probes can be told."""

    environment: Environment
    """What the installation is."""
    base_url: str
    """Public address of the scheme, as people and partners reach it."""
    app_origin: str
    """Public origin of the phone app."""
    folder: str
    """Folder of the status page's files: `probes.json` is written there, `targets.json` read."""
    keep: str
    """Folder of its own: the partner's keys, the synthetic person's phone and code. Nobody else may read it."""
    interval_seconds: float = 30
    """How often each probe tries."""
    retry_seconds: float = 5
    """How soon it tries again while it is not certain."""
    seconds: float = 4
    """How long a question may take."""
    login_seconds: float = 6
    """How long a whole login may take."""
    slow_milliseconds: int = 2000
    """An answer that takes longer is slow."""
    slow_login_milliseconds: int = 4000
    """The same for a whole login."""
    signature_activation: str = ""
    """Socket of signature activation, `unix:/path/socket`, where these probes may open it; empty: not asked."""
    certification: str = ""
    """Address that says whether the certification service is well; empty: not asked."""
    time_stamps: str = ""
    """Address of a time-stamping authority, asked for a stamp each time; empty: not asked. Many charge for each."""
    card_responders: tuple[str, ...] = ()
    """Addresses of the OCSP responders that eID cards name; empty: not asked."""
    authority: str | None = None
    """PEM file of the authority that vouches for all of these; None: the usual ones."""
    enrolment: Enrolment | None = None
    """In a sandbox: become the synthetic person at the first start."""

    @property
    def issuer(self) -> str:
        """The OpenID issuer."""
        return self.base_url + "/v2"

    @property
    def redirect_uri(self) -> str:
        """Where a login would end; nobody goes there."""
        return f"{self.base_url}/probe/return"

    def findings(self) -> Iterator[Finding]:
        """What can never work, or is unsafe in this environment."""
        for name in ("folder", "keep"):
            if not Path(getattr(self, name)).is_absolute():
                yield Finding(f"{name} is no absolute path", "name a folder from the root on")
        if Path(self.folder) == Path(self.keep):
            yield Finding("keep is folder", "name a folder that nobody else may read: it holds keys and a code")
        if self.environment is Environment.PRODUCTION:
            if not self.base_url.startswith("https://") or not self.app_origin.startswith("https://"):
                yield Finding("base_url or app_origin is not https", "look as people do")
            if self.enrolment is not None:
                yield Finding("enrolment is for a sandbox", "see docs/guides/run-the-status-page.md")
        for name in ("interval_seconds", "retry_seconds", "seconds", "login_seconds"):
            if not 0.1 <= getattr(self, name) <= 120:
                yield Finding(f"{name} is {getattr(self, name)}", "choose 0.1 to 120")

    def check(self) -> None:
        """Refuse what is wrong.

        Raises:
            SettingsError: a line for each finding.
        """
        refuse(self.findings())


def read_settings(path: Path) -> ProbeSettings:
    """Read and check the settings file.

    Raises:
        SettingsError: it is missing, or not usable; says what is wrong.
    """
    settings = read_settings_file(path, ProbeSettings)
    settings.check()
    return settings
