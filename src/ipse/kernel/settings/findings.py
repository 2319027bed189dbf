"""What kind of installation this is, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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
