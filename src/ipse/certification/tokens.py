"""Keys in a security module, as keys that certificates, lists and answers are signed with.

The key is made in the token and never leaves it. Importing this needs the extra `ipse[pkcs11]`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar, cast
from urllib.parse import unquote

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from ipse.certification.errors import KeysUnavailableError
from ipse.kernel.settings import SettingsError
from ipse.storage.private_files import read_private

_EXAMPLE: Final = "pkcs11:token=ipse;object=issuing?module-path=/path/module.so&pin-source=file:/path/pin"
_NEEDED: Final = ("token", "object", "module-path", "pin-source")
_RSA: Final = {
    "sha256": Mechanism.SHA256_RSA_PKCS,
    "sha384": Mechanism.SHA384_RSA_PKCS,
    "sha512": Mechanism.SHA512_RSA_PKCS,
}
_CURVES: Final[dict[str, tuple[str, type[ec.EllipticCurve]]]] = {
    "P-256": ("secp256r1", ec.SECP256R1),
    "P-384": ("secp384r1", ec.SECP384R1),
}
_ONLY_SIGNS: Final = "a key in a security module only signs"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is."""

    module: str
    token: str
    label: str
    pin: str


class OpenToken:
    """One session of a token, used by one thread at a time, and opened anew after it failed."""

    def __init__(self, module: str, token: str, pin: str) -> None:
        self._module, self._token, self._pin = module, token, pin
        self._lock = threading.Lock()
        self._session: Any = None

    def do(self, work: Callable[[Any], T], *, missing_is_broken: bool = False) -> T:
        """Work with the session. One that was broken is opened again, once.

        `missing_is_broken`: a key that was there at the start and is not now went with its token.

        Raises:
            KeysUnavailableError: the module does not answer.
            SettingsError: PIN or token are not what was named.
        """
        with self._lock:
            if self._session is not None:
                try:
                    return work(self._session)
                except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
                    if not missing_is_broken:
                        raise
                except pkcs11.PKCS11Error:
                    pass
                self._let_go()
            try:
                self._session = self._open()
                return work(self._session)
            except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
                raise
            except pkcs11.PKCS11Error as error:
                self._session = None
                raise KeysUnavailableError(f"token {self._token!r} fails with {type(error).__name__}") from error

    def _let_go(self) -> None:
        """Forget the session, and have the library look for its tokens anew."""
        self._session = None
        with suppress(pkcs11.PKCS11Error):
            pkcs11.lib(self._module).reinitialize()

    def _open(self) -> Any:  # noqa: ANN401 - the library's own session
        pin = read_private(Path(self._pin), what="the PIN file").decode().rstrip("\r\n")
        try:
            token = pkcs11.lib(self._module).get_token(token_label=self._token)
            return token.open(rw=True, user_pin=pin)
        except pkcs11.NoSuchToken as error:
            raise SettingsError(f"keys: {self._module} has no token called {self._token!r}") from error
        except pkcs11.PinLocked as error:
            raise SettingsError(f"keys: the PIN of token {self._token!r} is locked") from error
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            raise SettingsError(
                f"keys: token {self._token!r} refuses the PIN in {self._pin}; write the right one there before trying "
                "again, a token locks itself after a few wrong ones"
            ) from error


class _TokenKey:
    """What keys of both kinds share."""

    def __init__(self, token: OpenToken, label: str, public: Any) -> None:  # noqa: ANN401 - either kind
        self._token, self._label, self._public = token, label, public

    def _signed(self, data: bytes, mechanism: Mechanism) -> bytes:
        def work(session: Any) -> bytes:  # noqa: ANN401 - the library's own session
            key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=self._label)
            return bytes(key.sign(data, mechanism=mechanism))

        try:
            return self._token.do(work, missing_is_broken=True)
        except (pkcs11.NoSuchKey, SettingsError) as error:
            raise KeysUnavailableError(f"the key {self._label!r} is gone, or its token") from error

    @property
    def key_size(self) -> int:
        """Bits."""
        return int(self._public.key_size)


class TokenRsaKey(_TokenKey, rsa.RSAPrivateKey):
    """An RSA key in a token."""

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:  # noqa: ANN401 - the interface of cryptography
        """PKCS #1 v1.5."""
        _check_padding(padding)
        return self._signed(bytes(data), _RSA[algorithm.name])

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return cast("rsa.RSAPublicKey", self._public)

    def __copy__(self) -> TokenRsaKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> TokenRsaKey:
        return self

    key_size = _TokenKey.key_size

    def decrypt(self, *_: Any) -> NoReturn:  # noqa: ANN401 - the interface of cryptography
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)

    def private_numbers(self) -> NoReturn:
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)

    def private_bytes(self, *_: Any) -> NoReturn:  # noqa: ANN401 - the interface of cryptography
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)


class TokenEllipticKey(_TokenKey, ec.EllipticCurvePrivateKey):
    """An elliptic key in a token."""

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:  # noqa: ANN401 - the interface of cryptography
        """ECDSA in DER. Tokens may know the bare mechanism alone, so the hash is ours."""
        digest = hashlib.new(signature_algorithm.algorithm.name, bytes(data)).digest()
        raw = self._signed(digest, Mechanism.ECDSA)
        half = len(raw) // 2
        return asymmetric.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return cast("ec.EllipticCurvePublicKey", self._public)

    @property
    def curve(self) -> ec.EllipticCurve:
        """Its curve."""
        return self.public_key().curve

    def __copy__(self) -> TokenEllipticKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> TokenEllipticKey:
        return self

    key_size = _TokenKey.key_size

    def exchange(self, *_: Any) -> NoReturn:  # noqa: ANN401 - the interface of cryptography
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)

    def private_numbers(self) -> NoReturn:
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)

    def private_bytes(self, *_: Any) -> NoReturn:  # noqa: ANN401 - the interface of cryptography
        """Never."""
        raise NotImplementedError(_ONLY_SIGNS)


def token_key(location: str) -> TokenRsaKey | TokenEllipticKey:
    """The key that an address names.

    Raises:
        SettingsError: module, token, PIN or key are not there, or the key could leave the token.
    """
    place = read_place(location)
    token = _token(place.module, place.token, place.pin)
    try:
        return token.do(lambda session: _found(session, place, token))
    except pkcs11.NoSuchKey as error:
        raise SettingsError(
            f"keys: token {place.token!r} has no key called {place.label!r}; make it with: ipse certification init"
        ) from error
    except (pkcs11.MultipleObjectsReturned, KeysUnavailableError) as error:
        raise SettingsError(f"keys: token {place.token!r} cannot be used: {type(error).__name__} {error}") from error


def has_token_key(location: str) -> bool:
    """Whether the token has it.

    Raises:
        SettingsError: it cannot be opened.
    """
    place = read_place(location)

    def work(session: Any) -> bool:  # noqa: ANN401 - the library's own session
        found = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: place.label}
        return bool(list(session.get_objects(found)))

    try:
        return _token(place.module, place.token, place.pin).do(work)
    except KeysUnavailableError as error:
        raise SettingsError(f"keys: {error}") from error


def make_token_key(location: str, algorithm: str) -> TokenRsaKey | TokenEllipticKey:
    """Make a key in the token, which only signs and never leaves it.

    Raises:
        SettingsError: there is one of this name; or the module refuses.
    """
    place = read_place(location)
    if has_token_key(location):
        raise SettingsError(f"keys: token {place.token!r} has a key called {place.label!r}, which is never replaced")
    private = {
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.SIGN: True,
        Attribute.DECRYPT: False,
        Attribute.UNWRAP: False,
        Attribute.DERIVE: False,
    }
    public = {Attribute.TOKEN: True, Attribute.VERIFY: True, Attribute.ENCRYPT: False, Attribute.WRAP: False}

    def work(session: Any) -> None:  # noqa: ANN401 - the library's own session
        options = {"store": True, "label": place.label, "public_template": public, "private_template": private}
        if algorithm in _CURVES:
            named = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[algorithm][0])}
            session.create_domain_parameters(KeyType.EC, named, local=True).generate_keypair(**options)
        else:
            session.generate_keypair(KeyType.RSA, 3072, **options)

    try:
        _token(place.module, place.token, place.pin).do(work)
    except KeysUnavailableError as error:
        raise SettingsError(f"keys: {error}") from error
    return token_key(location)


def read_place(location: str) -> Place:
    """Read an address (RFC 7512).

    Raises:
        SettingsError: an attribute is missing, or would put the PIN into the settings.
    """
    path, _, query = location.removeprefix("pkcs11:").partition("?")
    given: dict[str, str] = {}
    for part in filter(None, [*path.split(";"), *query.split("&")]):
        name, _, value = part.partition("=")
        if name not in _NEEDED or name in given:
            raise SettingsError(f"keys: {name} is not known, or stands twice; write a key like {_EXAMPLE}")
        given[name] = unquote(value)
    if missing := [name for name in _NEEDED if not given.get(name)]:
        raise SettingsError(f"keys: a key lacks {', '.join(missing)}; write it like {_EXAMPLE}")
    return Place(given["module-path"], given["token"], given["object"], given["pin-source"].removeprefix("file:"))


@cache
def _token(module: str, token: str, pin: str) -> OpenToken:
    return OpenToken(module, token, pin)


def _found(session: Any, place: Place, token: OpenToken) -> TokenRsaKey | TokenEllipticKey:  # noqa: ANN401 - library's
    private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=place.label)
    if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
        raise SettingsError(f"keys: {place.label!r} could be taken out of token {place.token!r}; make another")
    public = session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=place.label)
    if private.key_type is KeyType.RSA:
        modulus, exponent = (int.from_bytes(public[name], "big") for name in (_MODULUS, _PUBLIC_EXPONENT))
        return TokenRsaKey(token, place.label, rsa.RSAPublicNumbers(exponent, modulus).public_key())
    curve = next(curve for name, curve in _CURVES.values() if bytes(public[Attribute.EC_PARAMS]) == _parameters(name))
    point = bytes(public[Attribute.EC_POINT])
    size = (curve().key_size + 7) // 8 * 2 + 1
    return TokenEllipticKey(token, place.label, ec.EllipticCurvePublicKey.from_encoded_point(curve(), point[-size:]))


def _parameters(name: str) -> bytes:
    return bytes(encode_named_curve_parameters(name))


def _check_padding(given: object) -> None:
    if not isinstance(given, padding.PKCS1v15):
        raise NotImplementedError("only PKCS #1 v1.5")


_MODULUS, _PUBLIC_EXPONENT = Attribute.MODULUS, Attribute.PUBLIC_EXPONENT
