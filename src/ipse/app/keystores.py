"""Where the installation's keys come from."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ipse.kernel.ids import Ids, b64u, sha256
from ipse.kernel.keystore import WORKING_KEY_USES
from ipse.kernel.settings import SettingsError

_RSA_BITS = 2048
Jwk = dict[str, str]


class KeyMaterial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of an installation: working keys as base64, signing keys as private JWKs, the current one first."""

    working: dict[str, str]
    signing: dict[str, tuple[Jwk, ...]]


class LoadedKeystore:
    """Keys in memory, released once at start."""

    def __init__(self, material: KeyMaterial) -> None:
        self._working = {use: b64decode(value) for use, value in material.working.items()}
        self._signing = material.signing

    def working_key(self, use: str) -> bytes:
        """The 32-byte key of one use.

        Raises:
            KeyError: there is none.
        """
        return self._working[use]

    def signing_keys(self, use: str) -> Sequence[Jwk]:
        """Private JWKs of one use, the current one first; empty when there are none."""
        return self._signing.get(use, ())


def open_keystore(location: str) -> LoadedKeystore:
    """Open `file:/path/keystore.json`.

    Raises:
        SettingsError: it is missing, readable by others, or not a keystore.
    """
    path = keystore_path(location)
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError as error:
        message = f"keystore {path} does not exist; make it with: ipse keys init"
        raise SettingsError(message) from error
    if mode & 0o077:
        message = f"keystore {path} can be read by others (mode {mode:o}); mend with: chmod 600 {path}"
        raise SettingsError(message)
    try:
        return LoadedKeystore(msgspec.json.decode(path.read_bytes(), type=KeyMaterial))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        message = f"keystore {path} cannot be read: {error}"
        raise SettingsError(message) from error


def keystore_path(location: str) -> Path:
    """The path of a `file:` keystore.

    Raises:
        SettingsError: another kind.
    """
    if not location.startswith("file:"):
        message = f"keystore {location!r} must be file:/path/keystore.json"
        raise SettingsError(message)
    return Path(location.removeprefix("file:"))


def create_keystore(location: str, ids: Ids) -> Path:
    """Make a key file with fresh keys, readable by its owner alone.

    Raises:
        FileExistsError: there is one already; it is never overwritten.
    """
    path = keystore_path(location)
    working = {use: b64encode(ids.octets(32)).decode() for use in WORKING_KEY_USES}
    signing = {
        "oidc": (new_ec_key("ES256", "sig"), new_rsa_key("RS256", "sig"), new_rsa_key("RSA-OAEP-256", "enc")),
        "registrar": (new_ec_key("ES256", "sig"),),
        "phone_channel": (new_ec_key("ECDH-ES", "enc"),),
    }
    write_keystore(path, KeyMaterial(working, signing), exclusive=True)
    return path


def write_keystore(path: Path, material: KeyMaterial, *, exclusive: bool = False) -> None:
    """Write a key file durably, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if exclusive and path.exists():
        raise FileExistsError(path)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(material)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def rotate(location: str, use: str) -> str:
    """Put a fresh key before the current one of each algorithm of a set; the old ones stay for the overlap.

    Returns the new `kid`s.

    Raises:
        SettingsError: no such set.
    """
    path = keystore_path(location)
    material = msgspec.json.decode(path.read_bytes(), type=KeyMaterial)
    if use not in material.signing:
        message = f"there is no key set {use!r}; there are {', '.join(material.signing)}"
        raise SettingsError(message)
    old = material.signing[use]
    algorithms = dict.fromkeys((key["alg"], key["use"]) for key in old)
    fresh = tuple(
        new_rsa_key(alg, purpose) if alg.startswith("RS") else new_ec_key(alg, purpose) for alg, purpose in algorithms
    )
    kept = tuple(_newest(old, len(algorithms)))
    write_keystore(path, KeyMaterial(material.working, {**material.signing, use: (*fresh, *kept)}))
    return ", ".join(key["kid"] for key in fresh)


def _newest(keys: Sequence[Jwk], count: int) -> Sequence[Jwk]:
    """One generation: the keys that were current until now. Older ones have had their overlap."""
    return keys[:count]


def new_ec_key(alg: str, use: str) -> Jwk:
    """A P-256 private JWK, named by its thumbprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_numbers()
    members = {"kty": "EC", "crv": "P-256", "x": _number(public.x, 32), "y": _number(public.y, 32)}
    kid = b64u(sha256(msgspec.json.encode(members, order="sorted")))[:16]
    return {**members, "d": _number(key.private_numbers().private_value, 32), "kid": kid, "alg": alg, "use": use}


def new_rsa_key(alg: str, use: str) -> Jwk:
    """A 2048-bit RSA private JWK, named by its thumbprint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    private = key.private_numbers()
    members = {"kty": "RSA", "n": _number(private.public_numbers.n), "e": _number(private.public_numbers.e)}
    kid = b64u(sha256(msgspec.json.encode(members, order="sorted")))[:16]
    secret = {
        "d": private.d,
        "p": private.p,
        "q": private.q,
        "dp": private.dmp1,
        "dq": private.dmq1,
        "qi": private.iqmp,
    }
    return {
        **members,
        **{name: _number(value) for name, value in secret.items()},
        "kid": kid,
        "alg": alg,
        "use": use,
    }


def _number(value: int, size: int | None = None) -> str:
    return b64u(value.to_bytes(size or (value.bit_length() + 7) // 8))
