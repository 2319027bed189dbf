"""The hardware security module: an AES-256 key inside a PKCS#11 token that seals what this machine keeps in a file.

The key is made in the token and never leaves it; it is used once at start, to open the key file, and when keys are made
or rotated. No login calls the module. Importing this needs the extra `ipse[pkcs11]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.mechanisms import GCMParams
from pkcs11.types import Key, Session, Token

from ipse.kernel.ids import Ids
from ipse.kernel.settings import SettingsError
from ipse.storage.module_address import ModuleAddress
from ipse.storage.private_files import read_private

_NONCE = 12


class SealingKey(Protocol):
    """An AES key in a token, as far as we use it."""

    def __getitem__(self, key: Attribute, /) -> object:
        """One of its attributes."""

    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes:
        """Encrypt inside the token."""

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes:
        """Decrypt inside the token."""


@dataclass(frozen=True)
class SecurityModule:
    """Seals and opens short secrets with the key in the token."""

    address: ModuleAddress

    def seal(self, secret: bytes, bound_to: bytes, ids: Ids, *, may_make_key: bool = False) -> bytes:
        """AES-256-GCM by the token: nonce, ciphertext, tag. `bound_to` is associated data.

        `may_make_key` makes the key first where the token has none, as `ipse keys init` does.

        Raises:
            SettingsError: says what is wrong with module, token, PIN or key.
        """
        nonce = ids.octets(_NONCE)
        with self._session(writable=may_make_key) as session:
            key = self._key(session, may_make_key=may_make_key)
            parameters = GCMParams(nonce, bound_to, 128)
            return nonce + bytes(key.encrypt(secret, mechanism=Mechanism.AES_GCM, mechanism_param=parameters))

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Inverse of `seal`.

        Raises:
            SettingsError: says what is wrong with module, token, PIN or key, or that another key sealed this.
        """
        nonce, ciphertext = sealed[:_NONCE], sealed[_NONCE:]
        with self._session(writable=False) as session:
            key = self._key(session, may_make_key=False)
            parameters = GCMParams(nonce, bound_to, 128)
            try:
                return bytes(key.decrypt(ciphertext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters))
            except pkcs11.PKCS11Error as error:
                raise SettingsError(
                    f"keystore: {self.address.sealed} was changed, or sealed by another key than {self.address.key!r} "
                    f"of token {self.address.token!r}; put back the file that belongs to this token"
                ) from error

    @contextmanager
    def _session(self, *, writable: bool) -> Iterator[Session]:
        """A session of the person the PIN stands for; afterwards the module is let go."""
        pin = read_pin(self.address.pin)
        try:
            library = pkcs11.lib(str(self.address.module))
        except pkcs11.PKCS11Error as error:
            raise SettingsError(
                f"keystore: the PKCS#11 module {self.address.module} cannot be loaded; mend module-path"
            ) from error
        try:
            token = self._token(library.get_tokens(token_label=self.address.token))
            with token.open(rw=writable, user_pin=pin) as session:
                yield session
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            raise SettingsError(
                f"keystore: token {self.address.token!r} refuses the PIN in {self.address.pin}; write the right one "
                "there before trying again, a token locks itself after a few wrong ones"
            ) from error
        except pkcs11.PinLocked as error:
            raise SettingsError(
                f"keystore: the PIN of token {self.address.token!r} is locked; unlock it as its security officer"
            ) from error
        except pkcs11.PKCS11Error as error:
            raise SettingsError(
                f"keystore: token {self.address.token!r} fails with {type(error).__name__}; see the module's own log"
            ) from error
        finally:
            library.finalize()

    def _token(self, tokens: Iterator[Token]) -> Token:
        """The one token of this label (and serial number, where one is named)."""
        serial = self.address.serial
        found = [token for token in tokens if serial is None or token.serial.strip() == serial.encode()]
        if len(found) == 1:
            return found[0]
        if found:
            raise SettingsError(f"keystore: {len(found)} tokens are called {self.address.token!r}; add serial=")
        raise SettingsError(
            f"keystore: {self.address.module} has no token called {self.address.token!r}; "
            "mend token=, or initialise one with the vendor's tool"
        )

    def _key(self, session: Session, *, may_make_key: bool) -> SealingKey:
        """The sealing key; one that could leave the token is refused."""
        label = self.address.key
        try:
            found = session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=label)
        except pkcs11.MultipleObjectsReturned as error:
            raise SettingsError(f"keystore: token {self.address.token!r} holds two keys called {label!r}") from error
        except pkcs11.NoSuchKey as error:
            if not may_make_key:
                raise SettingsError(
                    f"keystore: token {self.address.token!r} has no AES key called {label!r}; "
                    "mend object=, or make keys with: ipse keys init"
                ) from error
            found = _make_key(session, label)
        key = cast("SealingKey", found)
        if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
            raise SettingsError(
                f"keystore: key {label!r} could be taken out of token {self.address.token!r}; "
                "name another with object=, and let ipse keys init make it"
            )
        return key


def _make_key(session: Session, label: str) -> Key:
    only_seals = {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.MODIFIABLE: False,
        Attribute.ENCRYPT: True,
        Attribute.DECRYPT: True,
        Attribute.WRAP: False,
        Attribute.UNWRAP: False,
        Attribute.SIGN: False,
        Attribute.VERIFY: False,
        Attribute.DERIVE: False,
    }
    return session.generate_key(KeyType.AES, 256, label=label, store=True, template=only_seals)


def read_pin(path: Path) -> str:
    """The PIN in a file, without the line's end.

    Raises:
        SettingsError: the file is missing, readable by others, or empty.
    """
    pin = read_private(path, what="the PIN file").decode().rstrip("\r\n")
    if not pin:
        raise SettingsError(f"keystore: the PIN file {path} is empty")
    return pin
