"""How one talks to a Belgian eID card: the commands its applet takes (ISO 7816-4 and -8), over any way to send bytes.

`Transmit` is that way: it takes one command and returns the answer with its two status bytes. A reader over PC/SC is
one, the sandbox's virtual card another. Written from the public card content and applet documents (card content 5.4,
applet 1.7 and 1.8); nothing here does I/O by itself.

What differs by applet: 1.7 has RSA keys of 2048 bits and no basic key that can be asked; 1.8, on cards from September
2020, has P-384 keys, answers with r and s of 48 bytes each, and proves itself by its basic key.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Final

from ipse.standards.eid_card import CHALLENGE_BYTES, CardFiles

Transmit = Callable[[bytes], bytes]
"""Sends one command, returns data and the status bytes SW1 and SW2."""

AID: Final = bytes.fromhex("A000000177504B43532D3135")
_MOST_READ: Final = 0xF8
_LARGEST_FILE: Final = 16_384
_CARD_DATA_BYTES: Final = 0x1C
_APPLET_AT: Final = 21
_PIN_REFERENCE: Final = 0x01
_PIN_LENGTHS: Final = range(4, 13)
_OK: Final = 0x9000
_BLOCKED: Final = 0x6983
_TRIES: Final = 0x63C0

_DF_ID: Final = bytes.fromhex("3F00DF01")
_DF_BELPIC: Final = bytes.fromhex("3F00DF00")


class Key(IntEnum):
    """The card's private keys."""

    BASIC = 0x81
    """The card's own, applet 1.8; no PIN."""
    AUTHENTICATION = 0x82
    NON_REPUDIATION = 0x83
    """For signatures of the person; wants the PIN right before each."""


class File(IntEnum):
    """The elementary files, by identifier."""

    AUTHENTICATION_CERTIFICATE = 0x5038
    NON_REPUDIATION_CERTIFICATE = 0x5039
    AUTHORITY_CERTIFICATE = 0x503A
    ROOT_CERTIFICATE = 0x503B
    RRN_CERTIFICATE = 0x503C
    IDENTITY = 0x4031
    IDENTITY_SIGNATURE = 0x4032
    ADDRESS = 0x4033
    ADDRESS_SIGNATURE = 0x4034
    PHOTO = 0x4035
    BASIC_KEY = 0x4040

    @property
    def path(self) -> bytes:
        """From the master file on."""
        return (_DF_ID if self < File.AUTHENTICATION_CERTIFICATE else _DF_BELPIC) + self.to_bytes(2, "big")


class Hash(IntEnum):
    """What a key signs, as MSE SET numbers it. `_RSA` for applet 1.7 (PKCS #1 v1.5), the others for 1.8 (ECDSA)."""

    SHA256_RSA = 0x08
    SHA256 = 0x01
    SHA384 = 0x02
    SHA512 = 0x04

    @property
    def name_of_hash(self) -> str:
        """As `hashlib` calls it."""
        return "sha256" if self is Hash.SHA256_RSA else self.name.lower()


class CardTalkError(Exception):
    """The card did not do what it was asked. No text repeats anything of a person."""


class UnknownCardError(CardTalkError):
    """Not a Belgian eID card, or an applet that we do not know."""


class RefusedError(CardTalkError):
    """The card answered with a status that is no success."""

    def __init__(self, status: int) -> None:
        """`status` is SW1 and SW2 as one number."""
        super().__init__(f"the card answered {status:04X}")
        self.status = status


class WrongPinError(CardTalkError):
    """The PIN is wrong; the card counts."""

    def __init__(self, tries_left: int) -> None:
        """`tries_left` is how often one may still try."""
        super().__init__(f"wrong PIN, {tries_left} tries left")
        self.tries_left = tries_left


class PinBlockedError(CardTalkError):
    """Three wrong PINs in a row: only the PUK helps."""


@dataclass(frozen=True, slots=True)
class EidCard:
    """A card that was found behind `transmit` and has the Belgian applet."""

    transmit: Transmit
    applet: int
    """0x17 or 0x18."""

    @classmethod
    def found(cls, transmit: Transmit) -> EidCard:
        """Select the applet and ask which it is.

        Raises:
            UnknownCardError: another card, or an applet before 1.7.
        """
        _, status = _sent(transmit, command(0xA4, 0x04, 0x0C, AID))
        data, told = _sent(transmit, bytes([0x80, 0xE4, 0, 0, _CARD_DATA_BYTES]))
        if status != _OK or told != _OK or len(data) < _CARD_DATA_BYTES or data[_APPLET_AT] not in (0x17, 0x18):
            raise UnknownCardError("not a Belgian eID card of applet 1.7 or 1.8")
        return cls(transmit, data[_APPLET_AT])

    @property
    def is_elliptic(self) -> bool:
        """Whether its keys are P-384 keys (applet 1.8) and not RSA keys."""
        return self.applet >= 0x18

    @property
    def hash(self) -> Hash:
        """What its keys sign best: SHA-384 by P-384, SHA-256 by RSA."""
        return Hash.SHA384 if self.is_elliptic else Hash.SHA256_RSA

    def read(self, file: File) -> bytes:
        """The whole file, zero bytes at its end and all.

        Raises:
            RefusedError: the card has no such file.
        """
        self._ask(command(0xA4, 0x08, 0x0C, file.path))
        content = b""
        while len(content) < _LARGEST_FILE:
            part, status = self._read_at(len(content))
            content += part
            if status == 0x6B00 or len(part) < _MOST_READ:
                return content
        raise CardTalkError("a file without an end")

    def certificate(self, file: File) -> bytes:
        """A certificate file as DER: files have a fixed size, and zero bytes follow the certificate."""
        return trimmed(self.read(file))

    def files(self, challenge: bytes | None = None) -> CardFiles:
        """What a reader's program hands over (see `standards.eid_card`); no PIN is needed for it.

        With a challenge of 48 bytes an applet 1.8 also proves that it holds its basic key.
        """
        proves = self.is_elliptic and challenge is not None
        return CardFiles(
            identity=self.read(File.IDENTITY),
            identity_signature=self.read(File.IDENTITY_SIGNATURE),
            address=self.read(File.ADDRESS),
            address_signature=self.read(File.ADDRESS_SIGNATURE),
            photo=self.read(File.PHOTO),
            rrn_certificate=self.read(File.RRN_CERTIFICATE),
            basic_key=self.read(File.BASIC_KEY) if proves else None,
            challenge_signature=self.proof(challenge) if proves and challenge is not None else None,
        )

    def proof(self, challenge: bytes) -> bytes:
        """What the basic key answers to a challenge of 48 bytes: r and s (INTERNAL AUTHENTICATE, applet 1.8)."""
        if len(challenge) != CHALLENGE_BYTES:
            raise ValueError("a challenge has 48 bytes")
        body = bytes([0x94, CHALLENGE_BYTES]) + challenge
        return self._ask(command(0x88, 0x02, Key.BASIC, body, expect=0))

    def tries_left(self) -> int:
        """How often a PIN may be tried; 0 when the card is blocked."""
        _, status = _sent(self.transmit, bytes([0x00, 0x20, 0x00, _PIN_REFERENCE]))
        if status & 0xFFF0 == _TRIES:
            return status & 0x0F
        if status == _BLOCKED:
            return 0
        raise RefusedError(status)

    def verify(self, pin: str) -> None:
        """Tell the card the PIN.

        Raises:
            WrongPinError: says how many tries are left.
            PinBlockedError: none.
            ValueError: it cannot be a PIN: 4 to 12 digits.
        """
        _, status = _sent(self.transmit, command(0x20, 0x00, _PIN_REFERENCE, pin_block(pin)))
        if status in {_BLOCKED, _TRIES}:
            raise PinBlockedError("the card is blocked")
        if status & 0xFFF0 == _TRIES:
            raise WrongPinError(status & 0x0F)
        if status != _OK:
            raise RefusedError(status)

    def sign(self, key: Key, digest: bytes, *, pin: str, hashed: Hash | None = None) -> bytes:
        """Sign a digest made with `hashed`, by default the card's `hash`; r and s, or an RSA signature.

        Raises:
            WrongPinError, PinBlockedError, RefusedError
        """
        chosen = hashed or self.hash
        if len(digest) != hashlib.new(chosen.name_of_hash).digest_size:
            raise ValueError("the digest has another length than its hash")
        self._ask(command(0x22, 0x41, 0xB6, bytes([0x04, 0x80, chosen, 0x84, key])))
        # After MSE, so that it comes right before the signature, as the non-repudiation key demands.
        self.verify(pin)
        return self._ask(command(0x2A, 0x9E, 0x9A, digest, expect=0))

    def log_off(self) -> None:
        """Forget the PIN."""
        self._ask(bytes([0x80, 0xE6, 0, 0]))

    def _read_at(self, offset: int) -> tuple[bytes, int]:
        part, status = _sent(self.transmit, bytes([0x00, 0xB0, offset >> 8, offset & 0xFF, _MOST_READ]))
        if status not in (_OK, 0x6B00) or (status == 0x6B00 and offset == 0):
            raise RefusedError(status)
        return part, status

    def _ask(self, wanted: bytes) -> bytes:
        data, status = _sent(self.transmit, wanted)
        if status != _OK:
            raise RefusedError(status)
        return data


def command(instruction: int, first: int, second: int, body: bytes, *, expect: int | None = None) -> bytes:
    """A command with a body (ISO 7816-4 case 3), and with `expect` for an answer (case 4; 0 is 256 bytes)."""
    end = b"" if expect is None else bytes([expect])
    return bytes([0x00, instruction, first, second, len(body)]) + body + end


def pin_block(pin: str) -> bytes:
    """A PIN as VERIFY takes it: `2` and the number of digits, the digits two to a byte, then `F` up to eight bytes.

    Raises:
        ValueError: not 4 to 12 digits.
    """
    if not (pin.isascii() and pin.isdigit() and len(pin) in _PIN_LENGTHS):
        raise ValueError("a PIN has 4 to 12 digits")
    return bytes.fromhex(f"2{len(pin):X}{pin}".ljust(16, "F"))


def trimmed(file: bytes) -> bytes:
    """The DER value at the start of a file, without what follows it.

    Raises:
        CardTalkError: it does not start with a SEQUENCE that fits.
    """
    if len(file) < 4 or file[0] != 0x30:
        raise CardTalkError("no DER in the file")
    more = file[1] & 0x7F if file[1] & 0x80 else 0
    length = int.from_bytes(file[2 : 2 + more], "big") if more else file[1]
    end = 2 + more + length
    if end > len(file):
        raise CardTalkError("DER that is cut off")
    return file[:end]


def as_json(files: CardFiles) -> Mapping[str, str]:
    """The files as a reader's program answers them: base64 in JSON."""
    values = ((each.name, getattr(files, each.name)) for each in fields(files))
    return {name: b64encode(value).decode() for name, value in values if value is not None}


def _sent(transmit: Transmit, wanted: bytes) -> tuple[bytes, int]:
    """Data and status, after what the transport of old cards asks for: 61xx (get the rest), 6Cxx (ask for xx)."""
    data, status = _split(transmit(wanted))
    if status >> 8 == 0x6C and len(wanted) >= 5:
        data, status = _split(transmit(wanted[:-1] + bytes([status & 0xFF])))
    while status >> 8 == 0x61:
        more, status = _split(transmit(bytes([0x00, 0xC0, 0, 0, status & 0xFF])))
        data += more
        if len(data) > _LARGEST_FILE:
            raise CardTalkError("an answer without an end")
    return data, status


def _split(answer: bytes) -> tuple[bytes, int]:
    if len(answer) < 2:
        raise CardTalkError("an answer without status")
    return answer[:-2], int.from_bytes(answer[-2:], "big")
