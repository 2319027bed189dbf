"""Where the installation's keys come from: one file, plain for sandbox and lab, sealed by a security module otherwise.

A sealed file holds the keys under a random file key, and the file key as the module's own key sealed it: the module is
called once at start, with 32 bytes, whatever its limits.
"""

from __future__ import annotations

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from ipse.kernel.ids import Ids, RandomIds
from ipse.kernel.keystore import (
    FIRST_WORKING_KEY_USES,
    LATER_WORKING_KEY_USES,
    SIGNING_KEY_ALGORITHMS,
    SIGNING_KEY_USES,
    WORKING_KEY_USES,
    HeldKeys,
    unchanging,
)
from ipse.kernel.sealing import UnsealError, seal, unseal
from ipse.kernel.settings import SettingsError
from ipse.standards.jose import new_private_jwk
from ipse.storage.module_address import SCHEME, ModuleAddress, read_address
from ipse.storage.private_files import read_private, write_private

if TYPE_CHECKING:
    from ipse.storage.security_module import SecurityModule

_KEY_BYTES = 32
Jwk = dict[str, str]


class KeyMaterial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of an installation: working keys as base64, signing keys as private JWKs, the current one first."""

    working: dict[str, str]
    signing: dict[str, tuple[Jwk, ...]]


class SealedMaterial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Key material as a file that a security module opens."""

    version: int
    sealed_by: str
    """The token and key, for people; not trusted."""
    file_key: bytes
    """Sealed by the module's key."""
    material: bytes
    """Sealed by the file key."""


class LoadedKeystore:
    """Keys in memory, released once at start."""

    def __init__(self, material: KeyMaterial) -> None:
        self._working = {use: b64decode(value) for use, value in material.working.items()}
        self._signing = material.signing
        self._held = {use: unchanging(keys) for use, keys in material.signing.items()}

    def working_key(self, use: str) -> bytes:
        """The 32-byte key of one use.

        Raises:
            KeyError: there is none.
        """
        return self._working[use]

    def signing_keys(self, use: str) -> Sequence[Jwk]:
        """Private JWKs of one use, the current one first; empty when there are none."""
        return self._signing.get(use, ())

    def held_keys(self, use: str) -> HeldKeys:
        """The same keys; in a file alone they never change."""
        return self._held.get(use) or unchanging(())


class _Place(Protocol):
    """Where key material is kept."""

    @property
    def path(self) -> Path:
        """The file."""

    def read(self) -> bytes:
        """The material, opened. Raises SettingsError."""

    def write(self, content: bytes, *, exclusive: bool) -> None:
        """Keep the material; `exclusive` refuses to replace. Raises SettingsError, FileExistsError."""


@dataclass(frozen=True)
class KeyFile:
    """A plain file that only its owner can read: for sandbox and lab."""

    path: Path

    def read(self) -> bytes:
        """The material."""
        return read_private(self.path, what="keystore")

    def write(self, content: bytes, *, exclusive: bool) -> None:
        """Keep the material."""
        write_private(self.path, content, exclusive=exclusive)


@dataclass(frozen=True)
class SealedKeyFile:
    """A file that only the key in a security module opens."""

    path: Path
    module: SecurityModule
    ids: Ids

    def read(self) -> bytes:
        """The material, opened by one call to the module."""
        try:
            sealed = msgspec.json.decode(read_private(self.path, what="keystore"), type=SealedMaterial)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise SettingsError(f"keystore {self.path} cannot be read: {error}") from error
        key = self.module.unseal(sealed.file_key, self._bound_to)
        try:
            return unseal(key, sealed.material, table="keystore", row="1", column="material")
        except UnsealError as error:
            raise SettingsError(f"keystore {self.path} was changed; put back a copy that was not") from error

    def write(self, content: bytes, *, exclusive: bool) -> None:
        """Keep the material under a new file key."""
        if exclusive and self.path.exists():
            raise FileExistsError(self.path)
        key = self.ids.octets(_KEY_BYTES)
        address = self.module.address
        sealed = SealedMaterial(
            version=1,
            sealed_by=f"{SCHEME}token={address.token};object={address.key}",
            file_key=self.module.seal(key, self._bound_to, self.ids, may_make_key=exclusive),
            material=seal(key, content, table="keystore", row="1", column="material"),
        )
        write_private(self.path, msgspec.json.format(msgspec.json.encode(sealed)), exclusive=exclusive)

    @property
    def _bound_to(self) -> bytes:
        return b"ipse keystore v1"


def _place(location: str, ids: Ids) -> _Place:
    if location.startswith(SCHEME):
        address = read_address(location)
        return SealedKeyFile(address.sealed, _module(address), ids)
    return KeyFile(keystore_path(location))


def _module(address: ModuleAddress) -> SecurityModule:
    try:
        from ipse.storage.security_module import SecurityModule  # noqa: PLC0415 - needs an extra that a sandbox lacks
    except ImportError as error:
        raise SettingsError(
            "keystore: the package python-pkcs11 is not installed; mend with: "
            "pip install --require-hashes -r requirements/pkcs11.txt"
        ) from error
    return SecurityModule(address)


def keystore_path(location: str) -> Path:
    """The file that holds the keys, plain or sealed.

    Raises:
        SettingsError: neither `file:` nor `pkcs11:`.
    """
    if location.startswith(SCHEME):
        return read_address(location).sealed
    if not location.startswith("file:"):
        message = f"keystore {location!r} must be file:/path/keystore.json, or pkcs11: with token and module"
        raise SettingsError(message)
    return Path(location.removeprefix("file:"))


def open_keystore(location: str, *, completing: bool = False) -> LoadedKeystore:
    """Release the keys that `file:/path/keystore.json` or a `pkcs11:` address names.

    `completing` adds what an older release did not make: right for a sandbox or lab. In production the keystore changes
    by the hand of its operator only, `ipse keys complete`.

    Raises:
        SettingsError: it is missing, readable by others, does not open, lacks keys or holds weak ones; says how to
            mend it.
    """
    place = _place(location, RandomIds())
    material = _read(place)
    if completing and _unmade(material):
        complete_keystore(location, RandomIds())
        material = _read(place)
    if unmade := _unmade(material):
        message = (
            f"keystore {place.path} is of an older release and lacks the working key {unmade[0]}; "
            "mend with: ipse keys complete"
        )
        raise SettingsError(message)
    return LoadedKeystore(material)


def _read(place: _Place) -> KeyMaterial:
    if not place.path.exists():
        message = f"keystore {place.path} does not exist; make it with: ipse keys init"
        raise SettingsError(message)
    try:
        material = msgspec.json.decode(place.read(), type=KeyMaterial)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        message = f"keystore {place.path} cannot be read: {error}"
        raise SettingsError(message) from error
    if problem := _weakness(material):
        message = f"keystore {place.path}: {problem}; make another with: ipse keys init"
        raise SettingsError(message)
    return material


def _unmade(material: KeyMaterial) -> tuple[str, ...]:
    """Keys that an older release did not make; where others are missing the file is damaged."""
    return tuple(use for use in LATER_WORKING_KEY_USES if use not in material.working)


def _weakness(material: KeyMaterial) -> str | None:
    """What no keystore of ours can be like: a key missing, short, of one repeated byte, or used twice."""
    try:
        keys = {use: b64decode(value, validate=True) for use, value in material.working.items()}
    except ValueError:
        return "a working key is not base64"
    if missing := [use for use in FIRST_WORKING_KEY_USES if use not in keys]:
        return f"the working key {missing[0]} is missing"
    for use, key in keys.items():
        if len(key) != _KEY_BYTES or len(set(key)) < 8:
            return f"the working key {use} is weak"
    if len(set(keys.values())) < len(keys):
        return "two uses share one working key"
    if missing := [use for use in SIGNING_KEY_USES if not material.signing.get(use)]:
        return f"the key set {missing[0]} is missing"
    return None


def create_keystore(location: str, ids: Ids) -> Path:
    """Make fresh keys at a `file:` or `pkcs11:` place; with `pkcs11:` the sealing key in the token, too.

    Raises:
        SettingsError: there are keys already, they are never overwritten; or the security module refuses.
    """
    place = _place(location, ids)
    working = {use: _new_working_key(ids) for use in WORKING_KEY_USES}
    signing = {use: _new_set(use) for use in SIGNING_KEY_USES}
    try:
        place.write(_text(KeyMaterial(working, signing)), exclusive=True)
    except FileExistsError as error:
        message = f"keystore {place.path} exists already and is never overwritten"
        raise SettingsError(message) from error
    return place.path


def complete_keystore(location: str, ids: Ids) -> tuple[str, ...]:
    """Add the working keys that this release needs and an older one did not make; their names.

    What is there stays as it is. Safe to be run by two processes at once.

    Raises:
        SettingsError: the keystore does not open.
    """
    place = _place(location, ids)
    with _alone_in(place.path.parent):
        material = _read(place)
        if added := _unmade(material):
            fresh = {use: _new_working_key(ids) for use in added}
            place.write(_text(KeyMaterial({**material.working, **fresh}, material.signing)), exclusive=False)
    return added


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; it goes with the process."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise SettingsError(f"the folder {folder} of the keystore cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _new_working_key(ids: Ids) -> str:
    return b64encode(ids.octets(_KEY_BYTES)).decode()


def _new_set(use: str) -> tuple[Jwk, ...]:
    return tuple(new_private_jwk(algorithm) for algorithm in SIGNING_KEY_ALGORITHMS[use])


def _text(material: KeyMaterial) -> bytes:
    return msgspec.json.format(msgspec.json.encode(material))
