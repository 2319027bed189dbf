"""The secrets of this process: what phones seal to, what rows are sealed with, and what makes the audit log its own.

They lie in one file that only this user reads: plain in development, sealed by the security module otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.ids import Ids, b64u
from ipse.kernel.settings import SettingsError
from ipse.standards import phone_channel
from ipse.standards.signature_activation import ActivationKey
from ipse.storage.module_address import SCHEME, ModuleAddress, read_address
from ipse.storage.private_files import read_private, write_private

if TYPE_CHECKING:
    from ipse.storage.security_module import SecurityModule

_BOUND_TO = b"ipse signature activation v1"
_KEY_BYTES = 32


class OwnSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file's contents."""

    receiving: tuple[dict[str, str], ...]
    """Private JWKs, the current one first; each opens what was sealed to it."""
    rows: bytes
    """Seals rows."""
    audit: bytes
    """Chains the audit log."""
    wrapping: bytes = b""
    """Wraps signing keys, where no security module does."""

    @property
    def published(self) -> ActivationKey:
        """What phones seal to."""
        current = self.receiving[0]
        return ActivationKey(current["kid"], "EC", "P-256", current["x"], current["y"])

    def opening(self) -> dict[str, ec.EllipticCurvePrivateKey]:
        """Private keys by `kid`."""
        return phone_channel.private_keys(self.receiving)


@dataclass(frozen=True)
class Place:
    """Where the secrets are."""

    path: Path
    address: ModuleAddress | None
    """None: a plain file."""

    def make(self, ids: Ids) -> None:
        """Make fresh ones, where there are none; with a module, its sealing key too.

        Raises:
            SettingsError: the module refuses.
        """
        if self.path.exists():
            return
        wrapping = b"" if self.address else ids.octets(_KEY_BYTES)
        fresh = OwnSecrets(
            receiving=(_receiving_key(),),
            rows=ids.octets(_KEY_BYTES),
            audit=ids.octets(_KEY_BYTES),
            wrapping=wrapping,
        )
        content = msgspec.json.encode(fresh)
        if self.address:
            content = _module(self.address).seal(content, _BOUND_TO, ids, may_make_key=True)
        write_private(self.path, content, exclusive=True)

    def open(self) -> OwnSecrets:
        """Read them.

        Raises:
            SettingsError: there are none, others can read them, or the module refuses.
        """
        if not self.path.exists():
            raise SettingsError(f"there are no keys at {self.path}; make them with: ipse signature-activation init")
        content = read_private(self.path, what="the key file")
        if self.address:
            content = _module(self.address).unseal(content, _BOUND_TO)
        try:
            return msgspec.json.decode(content, type=OwnSecrets)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise SettingsError(f"the key file {self.path} cannot be read: {error}") from error


def place_of(keys: str) -> Place:
    """Where the setting `keys` says.

    Raises:
        SettingsError: the address of a module lacks something.
    """
    if keys.startswith(SCHEME):
        address = read_address(keys)
        return Place(address.sealed, address)
    return Place(Path(keys.removeprefix("file:")), None)


def _receiving_key() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = phone_channel.public_jwk(key.public_key())
    private = b64u(key.private_numbers().private_value.to_bytes(_KEY_BYTES))
    return {**public, "d": private, "kid": phone_channel.thumbprint(public)}


def _module(address: ModuleAddress) -> SecurityModule:
    try:
        from ipse.storage.security_module import SecurityModule  # noqa: PLC0415 - needs an extra that a sandbox lacks
    except ImportError as error:
        raise SettingsError(
            "keys: the package python-pkcs11 is not installed; mend with: "
            "pip install --require-hashes -r requirements/pkcs11.txt"
        ) from error
    return SecurityModule(address)
