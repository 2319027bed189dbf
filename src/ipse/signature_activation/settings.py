"""The settings of this process: a small TOML file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ipse.kernel.settings import Environment, Finding, refuse
from ipse.process.settings_files import read_settings_file

_MOST_TRIES = 5
_LONGEST = 86_400
_LONGEST_PATH = 107
_SCHEMES = ("file:", "pkcs11:")


class ActivationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything this process can be told."""

    environment: Environment
    """What this installation is, for ever."""
    socket: str
    """Path of the socket; whoever is of its group may ask. Its folder belongs to this process."""
    database: str
    """`sqlite:///absolute/path.db`, of this process alone."""
    keys: str
    """`pkcs11:token=LABEL;object=KEY?module-path=/path/module.so&pin-source=file:/path/pin&sealed=/path/keys`, or for
    development `file:/path/keys`."""
    attestation_roots: str = ""
    """PEM file of the makers whose word about device keys is believed; empty: nobody's."""
    revoked: tuple[str, ...] = ()
    """Serial numbers, in hexadecimal, of makers' certificates that were revoked."""
    tries: int = 3
    """Wrong proofs in a row that lock a credential."""
    approval_seconds: int = 3600
    """At most so far ahead lies the moment until which an approval signs."""
    creation_seconds: int = 86_400
    """So long after it was asked a credential can be made."""
    answer_seconds: int = 600
    """So long the same approval gets the same answer."""
    threads: int = 2
    """Threads that use keys, each with a session of its own."""

    @property
    def database_path(self) -> Path:
        """The file of the database."""
        return Path(self.database.removeprefix("sqlite://"))

    def findings(self) -> Iterator[Finding]:
        """What is wrong with them."""
        if not self.database.startswith("sqlite:///"):
            yield Finding("database is not sqlite:///absolute/path.db", "name a file of this process's own")
        if not self.keys.startswith(_SCHEMES):
            yield Finding("keys is neither pkcs11: nor file:", "name a security module")
        if self.environment is Environment.PRODUCTION and self.keys.startswith("file:"):
            yield Finding("keys are in a file: whoever copies it can sign for everybody", "name pkcs11: in production")
        if not Path(self.socket).is_absolute():
            yield Finding("socket is no absolute path", "name one, such as /run/ipse-signature-activation/socket")
        if len(self.socket.encode()) > _LONGEST_PATH:
            yield Finding(f"socket is longer than {_LONGEST_PATH} bytes", "name a shorter path: sockets have no more")
        if not 0 < self.tries <= _MOST_TRIES:
            yield Finding(f"tries is {self.tries}", f"allow 1 to {_MOST_TRIES}")
        for name in ("approval_seconds", "creation_seconds", "answer_seconds"):
            if not 0 < getattr(self, name) <= _LONGEST:
                yield Finding(f"{name} is {getattr(self, name)}", f"allow 1 to {_LONGEST}")
        if not 0 < self.threads <= 64:
            yield Finding(f"threads is {self.threads}", "allow 1 to 64")


def read_settings(path: Path) -> ActivationSettings:
    """Read and check the settings file.

    Raises:
        SettingsError: it is missing, or not usable; says what is wrong.
    """
    settings = read_settings_file(path, ActivationSettings)
    refuse(settings.findings())
    return settings
