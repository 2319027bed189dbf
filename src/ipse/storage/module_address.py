"""Where a security module is: an RFC 7512 URI, read without touching the module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ipse.kernel.settings import SettingsError

SCHEME = "pkcs11:"
_PATH = {"token", "serial", "object"}
_QUERY = {"module-path", "pin-source", "sealed"}
_NEEDED = ("token", "module-path", "pin-source", "sealed")
_EXAMPLE = "pkcs11:token=ipse;object=keystore?module-path=/path/module.so&pin-source=file:/path/pin&sealed=/path/keys"


@dataclass(frozen=True, slots=True)
class ModuleAddress:
    """Where the sealing key is, and the file it seals (RFC 7512; `sealed` is our own query attribute)."""

    module: Path
    """The vendor's library."""
    token: str
    """The token's label."""
    serial: str | None
    """Its serial number, where two tokens have one label."""
    key: str
    """The label of the AES key in it."""
    pin: Path
    """The file that holds the PIN; a PIN never stands in the settings."""
    sealed: Path
    """The key file that this key seals."""


def read_address(location: str) -> ModuleAddress:
    """Read the `keystore` setting of production.

    Raises:
        SettingsError: an attribute is missing, unknown, given twice, or would put the PIN into the settings.
    """
    path, _, query = location.removeprefix(SCHEME).partition("?")
    given = {**_attributes(path, ";", _PATH), **_attributes(query, "&", _QUERY)}
    if missing := [name for name in _NEEDED if not given.get(name)]:
        raise SettingsError(f"keystore lacks {', '.join(missing)}; write it like {_EXAMPLE}")
    return ModuleAddress(
        module=_absolute("module-path", given["module-path"]),
        token=given["token"],
        serial=given.get("serial"),
        key=given.get("object", "keystore"),
        pin=_absolute("pin-source", given["pin-source"].removeprefix("file:")),
        sealed=_absolute("sealed", given["sealed"]),
    )


def _attributes(text: str, separator: str, known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, _, value = part.partition("=")
        if name == "pin-value":
            raise SettingsError("keystore holds pin-value; put the PIN into a file and name it with pin-source=file:")
        if name not in known or name in found:
            problem = "twice" if name in found else "an attribute that is not known"
            raise SettingsError(f"keystore holds {name} ({problem}); write it like {_EXAMPLE}")
        found[name] = unquote(value)
    return found


def _absolute(name: str, value: str) -> Path:
    path = Path(value)
    if not path.is_absolute():
        raise SettingsError(f"keystore: {name} is {value!r}; it must be an absolute path")
    return path
