"""Who may ask for certificates: names with the SHA-256 of their secrets, in a file. Secrets are random, 256 bits."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ipse.kernel.ids import Ids, sha256
from ipse.kernel.settings import SettingsError
from ipse.storage.private_files import read_private, write_private

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LINE: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,39}):([0-9a-f]{64})")
_NOBODY: Final = bytes(32)


@dataclass(frozen=True)
class Clients:
    """Hashes by name."""

    hashes: dict[str, bytes]

    def named(self, authorization: str) -> str | None:
        """Whom a header `Authorization: Basic …` proves; None for nobody."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "basic" or len(value) > 1024:
            return None
        try:
            name, _, secret = b64decode(value.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        expected = self.hashes.get(name, _NOBODY)
        return name if hmac.compare_digest(sha256(secret), expected) and name in self.hashes else None


def read_clients(path: Path) -> Clients:
    """Read the file.

    Raises:
        SettingsError: it is missing, readable by others, or holds something else.
    """
    lines = read_private(path, what="the clients").decode("utf-8", "replace").split()
    found = [_LINE.fullmatch(line) for line in lines]
    if not found or None in found:
        raise SettingsError(f"clients {path} holds something else than name:hash; see: ipse certification client")
    return Clients({match[1]: bytes.fromhex(match[2]) for match in found if match})


def add_client(path: Path, name: str, ids: Ids) -> str:
    """Let somebody ask, with a new secret; the old one of the same name ends. Returns the line `name:secret`.

    Raises:
        SettingsError: a name of another form.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a client: small letters, digits and hyphens")
    hashes = dict(read_clients(path).hashes) if path.exists() else {}
    secret = ids.secret()
    hashes[name] = sha256(secret)
    text = "".join(f"{each}:{digest.hex()}\n" for each, digest in sorted(hashes.items()))
    write_private(path, text.encode(), exclusive=False)
    return f"{name}:{secret}"
