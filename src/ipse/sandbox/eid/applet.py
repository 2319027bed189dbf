"""The chip: takes one command (APDU), gives one answer, as the Belgian applet 1.7 or 1.8 does (ISO 7816-4 and -8).

State is what a real card has: the selected file, the key that MSE SET chose, whether the PIN is known, and how many
tries are left. Taking the card out of the reader is `reset`; the tries outlive it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from ipse.sandbox.eid.personal import Chip
from ipse.standards.eid_apdu import AID, pin_block

TRIES: Final = 3

OK: Final = 0x9000
WRONG_LENGTH: Final = 0x6700
NOT_ALLOWED: Final = 0x6982
BLOCKED: Final = 0x6983
CONDITIONS: Final = 0x6985
NO_FILE_CHOSEN: Final = 0x6986
WRONG_DATA: Final = 0x6A80
NO_FILE: Final = 0x6A82
WRONG_PARAMETERS: Final = 0x6A86
NO_KEY: Final = 0x6A88
BEYOND_END: Final = 0x6B00
NO_INSTRUCTION: Final = 0x6D00
NO_CLASS: Final = 0x6E00

_MASTER: Final = bytes.fromhex("3F00")
_NON_REPUDIATION: Final = 0x83
_BASIC: Final = 0x81
_ELLIPTIC_HASHES: Final = {0x01: hashes.SHA256(), 0x02: hashes.SHA384(), 0x04: hashes.SHA512()}
_RSA_HASHES: Final = {0x02: hashes.SHA1(), 0x08: hashes.SHA256()}  # noqa: S303 - what the applet offers
_DIRECTORIES: Final = tuple(bytes.fromhex(path) for path in ("3F00", "3F00DF00", "3F00DF01"))
_CARD_DATA_END: Final = bytes.fromhex("A503010101")
_COORDINATE: Final = 48
_KEEPS_PIN_FRESH: Final = 0x2A


class _Status(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass(frozen=True, slots=True)
class _Command:
    """A command, taken apart (ISO 7816-4 §5.1, short lengths)."""

    kind: int
    instruction: int
    first: int
    second: int
    body: bytes
    expect: int | None
    """How much answer is wanted at most; 256 for 0; None for nothing said."""

    @classmethod
    def read(cls, octets: bytes) -> _Command:
        if len(octets) < 4:
            raise _Status(WRONG_LENGTH)
        head, rest = octets[:4], octets[4:]
        if len(rest) <= 1:
            return cls(head[0], head[1], head[2], head[3], b"", (rest[0] or 256) if rest else None)
        length = rest[0]
        body, end = rest[1 : 1 + length], rest[1 + length :]
        if not length or len(body) != length or len(end) > 1:
            raise _Status(WRONG_LENGTH)
        return cls(head[0], head[1], head[2], head[3], body, (end[0] or 256) if end else None)


@dataclass(slots=True)
class VirtualCard:
    """A card in a reader."""

    chip: Chip
    pin: str = "1234"
    tries_left: int = TRIES
    _selected: bytes = _MASTER
    _key: int = 0
    _algorithm: int = 0
    _pin_known: bool = False
    _pin_just_given: bool = False
    _handlers: dict[tuple[int, int], Callable[[_Command], bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Which method takes which command, by class and instruction."""
        self._handlers = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read,
            (0x00, 0x20): self._verify,
            (0x00, 0x22): self._choose_key,
            (0x00, 0x2A): self._sign,
            (0x00, 0x88): self._prove,
            (0x80, 0xE4): self._card_data,
            (0x80, 0xE6): self._log_off,
        }

    @property
    def is_blocked(self) -> bool:
        """Whether three PINs in a row were wrong."""
        return self.tries_left == 0

    def reset(self) -> None:
        """Take the card out and put it in again: everything is forgotten but the tries."""
        self._selected, self._key, self._algorithm = _MASTER, 0, 0
        self._pin_known = self._pin_just_given = False

    def unblock(self) -> None:
        """All tries again, as with the PUK at the town hall."""
        self.tries_left = TRIES

    def apdu(self, octets: bytes) -> bytes:
        """Answer a command: data, if any, and the two status bytes."""
        try:
            data, status = self._answer(_Command.read(octets)), OK
        except _Status as told:
            data, status = b"", told.status
        return data + status.to_bytes(2, "big")

    def _answer(self, wanted: _Command) -> bytes:
        if wanted.kind not in (0x00, 0x80):
            raise _Status(NO_CLASS)
        handler = self._handlers.get((wanted.kind, wanted.instruction))
        if handler is None:
            raise _Status(NO_INSTRUCTION)
        just_given, self._pin_just_given = self._pin_just_given, False
        if wanted.instruction == _KEEPS_PIN_FRESH:
            self._pin_just_given = just_given
        try:
            return handler(wanted)
        finally:
            if wanted.instruction == _KEEPS_PIN_FRESH:
                self._pin_just_given = False

    def _select(self, wanted: _Command) -> bytes:
        if wanted.second not in (0x00, 0x0C):
            raise _Status(WRONG_PARAMETERS)
        if wanted.first == 0x04:
            if not (wanted.body and AID.startswith(wanted.body)):
                raise _Status(NO_FILE)
            self._selected = _DIRECTORIES[1]
            return b""
        self._selected = self._found(wanted)
        return b""

    def _found(self, wanted: _Command) -> bytes:
        """The path that SELECT means: from the master file (08), or by an identifier below here or beside it."""
        body = wanted.body
        if wanted.first == 0x08 and body and len(body) % 2 == 0:
            candidates = [body if body.startswith(_MASTER) else _MASTER + body]
        elif wanted.first in (0x00, 0x01, 0x02) and len(body) == 2:
            here = self._selected if self._selected in _DIRECTORIES else self._selected[:-2]
            candidates = [here + body, here[:-2] + body, body]
        elif wanted.first in (0x00, 0x01, 0x02, 0x08):
            raise _Status(WRONG_LENGTH)
        else:
            raise _Status(WRONG_PARAMETERS)
        for path in candidates:
            if path in self.chip.files or path in _DIRECTORIES:
                return path
        raise _Status(NO_FILE)

    def _read(self, wanted: _Command) -> bytes:
        content = self.chip.files.get(self._selected)
        if content is None:
            raise _Status(NO_FILE_CHOSEN)
        offset = wanted.first << 8 | wanted.second
        if offset >= len(content):
            raise _Status(BEYOND_END)
        left = len(content) - offset
        length = wanted.expect or 256
        if length > left and length != 256:
            raise _Status(0x6C00 | left)
        return content[offset : offset + length]

    def _card_data(self, wanted: _Command) -> bytes:
        if (wanted.first, wanted.second) != (0, 0):
            raise _Status(WRONG_PARAMETERS)
        version = bytes([self.chip.version])
        data = self.chip.serial + _CARD_DATA_END + version + bytes.fromhex("00030101010F")
        if wanted.expect not in (None, 256, len(data)):
            raise _Status(0x6C00 | len(data))
        return data

    def _verify(self, wanted: _Command) -> bytes:
        if (wanted.first, wanted.second) != (0x00, 0x01):
            raise _Status(WRONG_PARAMETERS)
        if self.is_blocked:
            raise _Status(BLOCKED)
        if not wanted.body:
            raise _Status(0x63C0 | self.tries_left)
        if len(wanted.body) != 8:
            raise _Status(WRONG_LENGTH)
        if wanted.body[0] >> 4 != 2:
            raise _Status(WRONG_DATA)
        if wanted.body != pin_block(self.pin):
            self._pin_known = False
            self.tries_left -= 1
            raise _Status(0x63C0 | self.tries_left if self.tries_left else BLOCKED)
        self.tries_left = TRIES
        self._pin_known = self._pin_just_given = True
        return b""

    def _choose_key(self, wanted: _Command) -> bytes:
        if (wanted.first, wanted.second) != (0x41, 0xB6):
            raise _Status(WRONG_PARAMETERS)
        body = wanted.body
        if len(body) != 5 or body[:2] != b"\x04\x80" or body[3] != 0x84:
            raise _Status(WRONG_DATA)
        algorithm, key = body[2], body[4]
        if key not in self.chip.keys or key == _BASIC:
            raise _Status(NO_KEY)
        if algorithm not in self._hashes() and not (algorithm == 0x01 and self.chip.version < 0x18):
            raise _Status(WRONG_DATA)
        self._key, self._algorithm = key, algorithm
        return b""

    def _hashes(self) -> dict[int, hashes.HashAlgorithm]:
        return dict(_ELLIPTIC_HASHES if self.chip.version >= 0x18 else _RSA_HASHES)

    def _sign(self, wanted: _Command) -> bytes:
        if (wanted.first, wanted.second) != (0x9E, 0x9A):
            raise _Status(WRONG_PARAMETERS)
        if not self._key:
            raise _Status(CONDITIONS)
        if not (self._pin_just_given if self._key == _NON_REPUDIATION else self._pin_known):
            raise _Status(NOT_ALLOWED)
        key, algorithm = self.chip.keys[self._key], self._hashes().get(self._algorithm)
        if algorithm is not None and len(wanted.body) != algorithm.digest_size:
            raise _Status(WRONG_DATA)
        if isinstance(key, rsa.RSAPrivateKey):
            # Algorithm 01 takes the DigestInfo ready made; the library's name for that is no hash at all.
            chosen = utils.Prehashed(algorithm) if algorithm else utils.NoDigestInfo()
            return key.sign(wanted.body, padding.PKCS1v15(), chosen)
        return _ecdsa(key, wanted.body, algorithm or hashes.SHA384())

    def _prove(self, wanted: _Command) -> bytes:
        """INTERNAL AUTHENTICATE: the card's own key signs a challenge, which takes the place of a SHA-384 digest."""
        key = self.chip.keys.get(_BASIC)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _Status(NO_INSTRUCTION)
        if (wanted.first, wanted.second) != (0x02, _BASIC):
            raise _Status(WRONG_PARAMETERS)
        if wanted.body[:2] != bytes([0x94, _COORDINATE]) or len(wanted.body) != 2 + _COORDINATE:
            raise _Status(WRONG_DATA)
        return _ecdsa(key, wanted.body[2:], hashes.SHA384())

    def _log_off(self, wanted: _Command) -> bytes:
        if (wanted.first, wanted.second) != (0, 0):
            raise _Status(WRONG_PARAMETERS)
        self._pin_known = False
        return b""


def _ecdsa(key: ec.EllipticCurvePrivateKey, digest: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    """Sign; r and s of 48 bytes each."""
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(algorithm))))
    return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
