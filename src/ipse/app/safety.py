"""What is missing or unsafe (S-10), and how to mend it: refused at start in production, told by `ipse doctor`."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ipse.app.keystores import open_keystore
from ipse.kernel.settings import Environment, Settings, SettingsError
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import pending
from ipse.storage.rights import excessive_rights

_CLOCK_ERROR = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: what, how to mend it, and whether production must not start with it."""

    what: str
    mend: str
    unsafe: bool


def check_start(settings: Settings, *, clock_is_synchronised: Callable[[], bool] | None = None) -> None:
    """Refuse to start what is unsafe in production; the settings file's own checks have run already.

    Raises:
        SettingsError: names each finding and how to mend it.
    """
    if settings.environment is not Environment.PRODUCTION:
        return
    synchronised = clock_is_synchronised or kernel_clock_is_synchronised
    findings = [*_key_files(settings)]
    if not synchronised():
        findings.append(_unsynchronised())
    if findings:
        raise SettingsError("; ".join(f"{finding.what} ({finding.mend})" for finding in findings))


async def check_database(settings: Settings, database: Database) -> None:
    """Refuse a database role that could change the schema or everything else, in production.

    Raises:
        SettingsError: names the role's problem.
    """
    if settings.environment is Environment.PRODUCTION and (finding := await _role(database)):
        raise SettingsError(f"{finding.what} ({finding.mend})")


async def examine(settings: Settings) -> list[Finding]:
    """Everything missing or unsafe in this installation, for `ipse doctor`."""
    findings = [*_key_files(settings)]
    try:
        open_keystore(settings.keystore)
    except SettingsError as error:
        findings.append(Finding(str(error), "ipse keys init", unsafe=True))
    if settings.environment is Environment.PRODUCTION and not kernel_clock_is_synchronised():
        findings.append(_unsynchronised())
    try:
        database = await open_database(settings.database, connections=1)
    except (DatabaseUnavailableError, OSError, ValueError) as error:
        return [
            *findings,
            Finding(f"the database cannot be opened: {error}", "start it, or mend database", unsafe=True),
        ]
    try:
        if missing := await pending(database):
            findings.append(Finding(f"{len(missing)} migrations are not applied", "ipse migrate", unsafe=True))
        if finding := await _role(database):
            findings.append(finding)
    finally:
        await database.close()
    if not settings.registrars:
        findings.append(
            Finding(
                "no registrar is configured: nobody can activate",
                "add a registrars table to the settings",
                unsafe=False,
            )
        )
    return findings


def kernel_clock_is_synchronised() -> bool:
    """Whether the kernel's clock is disciplined by a time source (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(512)  # larger than struct timex; modes 0 only reads
    state = int(libc.adjtimex(buffer))
    return 0 <= state < _CLOCK_ERROR


def _unsynchronised() -> Finding:
    return Finding("the clock is not synchronised", "run an NTP client such as chrony", unsafe=True)


def _key_files(settings: Settings) -> list[Finding]:
    paths = [settings.tls_key] if settings.tls_key else []
    if settings.database.startswith("sqlite:///"):
        paths.append(settings.database.removeprefix("sqlite://"))
    return [
        Finding(f"{path} can be read by others", f"chmod 600 {path}", unsafe=True)
        for path in map(Path, paths)
        if path.exists() and path.stat().st_mode & 0o077
    ]


async def _role(database: Database) -> Finding | None:
    rights = await excessive_rights(database)
    if rights is None:
        return None
    return Finding(
        f"the database role {rights}",
        "give the scheme a role with select, insert, update and delete only, and run ipse migrate with another",
        unsafe=True,
    )
