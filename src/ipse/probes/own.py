"""What the probes keep for themselves: the partner's keys, and the synthetic person's phone and code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ipse.kernel.ids import Ids
from ipse.kernel.settings import SettingsError
from ipse.standards import jose
from ipse.standards.weak_codes import weakness
from ipse.storage.private_files import read_private, write_private

KEYS: Final = "partner-keys.json"
PHONE: Final = "phone.json"
CODE: Final = "code"


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """The synthetic partner's keys."""

    signing: jose.PrivateKey
    opening: jose.PrivateKey
    public: dict[str, Any]
    """What the scheme is told."""


def make(folder: Path, ids: Ids) -> PartnerKeys:
    """Make what is missing: keys, and a code that is not easy to guess."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / KEYS).exists():
        keys = [jose.new_private_jwk("ES256"), jose.new_private_jwk("ECDH-ES")]
        write_private(folder / KEYS, msgspec.json.encode({"keys": keys}), exclusive=True)
    if not (folder / CODE).exists():
        write_private(folder / CODE, _new_code(ids).encode(), exclusive=True)
    return read(folder)


def read(folder: Path) -> PartnerKeys:
    """The keys of a folder.

    Raises:
        SettingsError: there are none, they are damaged, or others can read them.
    """
    try:
        known = msgspec.json.decode(read_private(folder / KEYS, what="the file"))["keys"]
        signing, opening = jose.private_keys(known)
    except (msgspec.DecodeError, jose.JoseError, KeyError, ValueError) as error:
        raise SettingsError(f"{folder / KEYS} holds no keys; remove it and run: ipse probes set-up") from error
    return PartnerKeys(signing, opening, {"keys": [jose.public_jwk(jwk) for jwk in known]})


def code(folder: Path) -> str:
    """The synthetic person's code.

    Raises:
        SettingsError: there is none, or others can read it.
    """
    return read_private(folder / CODE, what="the file").decode().strip()


def _new_code(ids: Ids) -> str:
    while True:
        found = f"{int.from_bytes(ids.octets(8), 'big') % 100_000:05}"
        if not weakness(found, birthdate="", phone_number=""):
            return found
