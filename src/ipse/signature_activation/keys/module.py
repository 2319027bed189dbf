"""Keys in a PKCS #11 token: made there, wrapped there to be kept outside, unwrapped for one use and destroyed.

The wrapping key never leaves the token. A signing key must be extractable at birth, or it could not be wrapped; it is
a session object, sensitive from the first moment, and comes back unextractable. Each thread has a session of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Final, Protocol, TypeVar, cast

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.constants import DEFAULT
from pkcs11.types import PrivateKey, PublicKey, Session
from pkcs11.util.ec import encode_named_curve_parameters

from ipse.kernel.settings import SettingsError
from ipse.signature_activation.keys.port import KeysUnavailable, MadeKey
from ipse.storage.module_address import ModuleAddress
from ipse.storage.security_module import read_pin

T = TypeVar("T")
_WRAPPED_BY: Final = Mechanism.AES_KEY_WRAP_PAD
_AGAIN_SECONDS: Final = 1.0
"""So long after a failure the module is left alone."""
_NOT_SAFE_IN_THREADS: Final = "SoftHSM"
"""Whose sessions spoil each other: version 2.6 answers with general errors when two threads unwrap keys at once."""
_BORN: Final = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: True,
    Attribute.SIGN: True,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
}
# The library's own template is of a public key's attributes, too; a token refuses those.
_USED: Final = {
    Attribute.ENCRYPT: DEFAULT,
    Attribute.VERIFY: DEFAULT,
    Attribute.WRAP: DEFAULT,
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
}
_ONLY_WRAPS: Final = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
    Attribute.WRAP: True,
    Attribute.UNWRAP: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
    Attribute.DERIVE: False,
}
_CURVE: Final = encode_named_curve_parameters("secp256r1")
_DIGEST_INFO: Final = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before a digest that RSA signs (RFC 8017 §9.2, notes)."""


class _Object(Protocol):
    """An object of the token, as far as we use it."""

    def __getitem__(self, key: Attribute, /) -> Any:  # noqa: ANN401 - attributes are of many types
        """One of its attributes."""

    def destroy(self) -> None:
        """Let the token forget it."""

    def sign(self, data: bytes, *, mechanism: Mechanism) -> bytes:
        """Sign inside the token."""

    def wrap_key(self, key: object, *, mechanism: Mechanism) -> bytes:
        """Give another key out, wrapped under this one."""

    def unwrap_key(
        self,
        object_class: ObjectClass,
        key_type: KeyType,
        key_data: bytes,
        *,
        mechanism: Mechanism,
        store: bool,
        template: object,
    ) -> Any:  # noqa: ANN401 - an object
        """Take another key in."""


class _Opened:
    """A thread's session with the wrapping key."""

    def __init__(self, session: Session, wrapping: _Object) -> None:
        self.session = session
        self.wrapping = wrapping


class ModuleKeys:
    """The key store of a security module. It comes back by itself when the module does."""

    def __init__(self, address: ModuleAddress) -> None:
        self._address = address
        self._label = f"{address.key}-wrapping"
        self._state = threading.Condition()
        self._using = 0
        self._generation = 0
        self._broken = False
        self._failed_at = float("-inf")
        self._refused = ""
        self._own = threading.local()
        self._login: tuple[int, Session] | None = None
        self._library = pkcs11.lib(str(address.module))
        one_at_a_time = self._library.manufacturer_id == _NOT_SAFE_IN_THREADS
        self._turn: AbstractContextManager[object] = threading.Lock() if one_at_a_time else nullcontext()

    def make(self, kind: str) -> MadeKey:
        """A new key, which exists in the token for a moment only."""
        return self._run(_make_elliptic if kind == "P-256" else _make_rsa)

    def sign(self, wrapped: bytes, kind: str, hash_name: str, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """Unwrap, sign, destroy."""
        elliptic = kind == "P-256"
        prefix = b"" if elliptic else _DIGEST_INFO[hash_name]
        mechanism = Mechanism.ECDSA if elliptic else Mechanism.RSA_PKCS
        # Raw ECDSA takes what fits the curve: the leftmost bits (FIPS 186-5 §6.4.1).
        inputs = [prefix + (digest[:32] if elliptic else digest) for digest in digests]

        def work(opened: _Opened) -> tuple[bytes, ...]:
            with _unwrapped(opened, wrapped, KeyType.EC if elliptic else KeyType.RSA) as key:
                values = tuple(bytes(key.sign(each, mechanism=mechanism)) for each in inputs)
            return tuple(_der(value) for value in values) if elliptic else values

        return self._run(work)

    def check(self) -> None:
        """See whether the wrapping key can be reached."""
        self._run(lambda opened: opened.wrapping[Attribute.LABEL])

    def make_wrapping_key(self) -> None:
        """Make the wrapping key in the token, where there is none.

        Raises:
            SettingsError: the token refuses.
        """
        try:
            with self._token().open(rw=True, user_pin=read_pin(self._address.pin)) as session:
                with suppress(pkcs11.NoSuchKey):
                    session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=self._label)
                    return
                session.generate_key(KeyType.AES, 256, label=self._label, store=True, template=_ONLY_WRAPS)
        except pkcs11.PKCS11Error as error:
            raise SettingsError(f"keys: token {self._address.token!r} fails with {type(error).__name__}") from error

    def close(self) -> None:
        """Let the module go."""
        with self._state:
            self._state.wait_for(lambda: not self._using, timeout=5)
            self._generation += 1
            with suppress(pkcs11.PKCS11Error):
                self._library.finalize()

    def _run(self, work: Callable[[_Opened], T]) -> T:
        with self._held():
            try:
                with self._turn:
                    return work(self._opened())
            except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked) as error:
                # Not again: a token locks itself after a few wrong ones.
                self._refused = "the token refuses the PIN; mend it and start anew"
                raise KeysUnavailable(self._refused) from error
            except pkcs11.PKCS11Error as error:
                with self._state:
                    self._broken, self._failed_at = True, time.monotonic()
                raise KeysUnavailable(f"the token fails with {type(error).__name__}") from error

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The module, which nobody closes meanwhile; opened anew first when it has failed."""
        with self._state:
            if self._refused:
                raise KeysUnavailable(self._refused)
            if self._broken:
                if time.monotonic() - self._failed_at < _AGAIN_SECONDS:
                    raise KeysUnavailable("the token has failed a moment ago")
                self._state.wait_for(lambda: not self._using)
                if self._broken:
                    self._reopen()
            self._using += 1
        try:
            yield
        finally:
            with self._state:
                self._using -= 1
                self._state.notify_all()

    def _reopen(self) -> None:
        self._generation += 1
        try:
            self._library.reinitialize()
        except pkcs11.PKCS11Error as error:
            self._failed_at = time.monotonic()
            raise KeysUnavailable(f"the module fails with {type(error).__name__}") from error
        self._broken = False

    def _opened(self) -> _Opened:
        """This thread's session."""
        found: tuple[int, _Opened] | None = getattr(self._own, "opened", None)
        if found is not None and found[0] == self._generation:
            return found[1]
        token = self._token()
        self._log_in(token)
        session = token.open(rw=False)
        key = session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=self._label)
        wrapping = cast("_Object", key)
        if wrapping[Attribute.EXTRACTABLE] or not wrapping[Attribute.SENSITIVE]:
            self._refused = f"key {self._label!r} could be taken out of the token"
            raise KeysUnavailable(self._refused)
        opened = _Opened(session, wrapping)
        self._own.opened = (self._generation, opened)
        return opened

    def _log_in(self, token: Any) -> None:  # noqa: ANN401 - a token
        """Once for the process: who is logged in by one session is so by all, for as long as that one is open."""
        with self._state:
            if self._login is None or self._login[0] != self._generation:
                self._login = self._generation, token.open(rw=False, user_pin=read_pin(self._address.pin))

    def _token(self) -> Any:  # noqa: ANN401 - a token
        serial = self._address.serial
        for token in self._library.get_tokens(token_label=self._address.token):
            if serial is None or token.serial.strip() == serial.encode():
                return token
        raise pkcs11.NoSuchToken


@contextmanager
def _unwrapped(opened: _Opened, wrapped: bytes, kind: KeyType) -> Iterator[_Object]:
    key: _Object = opened.wrapping.unwrap_key(
        ObjectClass.PRIVATE_KEY, kind, wrapped, mechanism=_WRAPPED_BY, store=False, template=_USED
    )
    try:
        yield key
    finally:
        key.destroy()


def _make_elliptic(opened: _Opened) -> MadeKey:
    parameters = opened.session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _CURVE}, local=True)
    public, private = parameters.generate_keypair(store=False, private_template=_BORN)
    point = bytes(public[Attribute.EC_POINT])
    point = point[2:] if point[:2] == b"\x04\x41" else point  # an OCTET STRING around it
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return _wrapped(opened, public, private, key)


def _make_rsa(opened: _Opened) -> MadeKey:
    public, private = opened.session.generate_keypair(KeyType.RSA, 2048, store=False, private_template=_BORN)
    exponent, modulus = (int.from_bytes(public[name]) for name in (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS))
    return _wrapped(opened, public, private, rsa.RSAPublicNumbers(exponent, modulus).public_key())


def _wrapped(
    opened: _Opened,
    public: PublicKey,
    private: PrivateKey,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
) -> MadeKey:
    try:
        wrapped = bytes(opened.wrapping.wrap_key(private, mechanism=_WRAPPED_BY))
    finally:
        private.destroy()
        public.destroy()
    return MadeKey(wrapped, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _der(value: bytes) -> bytes:
    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half]), int.from_bytes(value[half:]))
