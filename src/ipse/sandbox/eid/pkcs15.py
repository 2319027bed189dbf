"""The directory files of a card (PKCS #15 v1.1): how other programs find keys, PIN and certificates."""

from __future__ import annotations

from typing import Final

from ipse.standards.eid_apdu import AID, File

_MASTER: Final = bytes.fromhex("3F00")
_BELPIC: Final = bytes.fromhex("3F00DF00")
_SEQUENCE, _OCTETS, _BITS, _INTEGER, _ENUMERATED, _TEXT = 0x30, 0x04, 0x03, 0x02, 0x0A, 0x0C
_PIN_ID: Final = b"\x01"
_SIGN, _SIGN_AND_COMMIT = b"\x05\x20", b"\x06\x00\x40"
"""Key usage flags `sign` (bit 2) and `nonRepudiation` (bit 9)."""
_SENSITIVE_CARD_MADE: Final = b"\x03\xb8"
_KEYS: Final = (
    (0x82, "Authentication", b"\x02", _SIGN, File.AUTHENTICATION_CERTIFICATE),
    (0x83, "Signature", b"\x03", _SIGN_AND_COMMIT, File.NON_REPUDIATION_CERTIFICATE),
)
_RSA_BITS: Final = 2048


def files(serial: bytes, *, elliptic: bool) -> dict[bytes, bytes]:
    """The directory files by their paths."""
    return {
        bytes.fromhex("3F002F00"): _directory(),
        _BELPIC + bytes.fromhex("5031"): _objects(),
        _BELPIC + bytes.fromhex("5032"): _token(serial),
        _BELPIC + bytes.fromhex("5034"): _pin(),
        _BELPIC + bytes.fromhex("5035"): b"".join(_key(*key[:4], elliptic=elliptic) for key in _KEYS),
        _BELPIC + bytes.fromhex("5037"): _certificates(),
    }


def _directory() -> bytes:
    return _der(0x61, _der(0x4F, AID), _der(0x50, b"BELPIC"), _der(0x51, _BELPIC))


def _objects() -> bytes:
    kinds = ((0xA0, "5035"), (0xA4, "5037"), (0xA8, "5034"))
    return b"".join(_der(tag, _path(_BELPIC + bytes.fromhex(where))) for tag, where in kinds)


def _token(serial: bytes) -> bytes:
    flags = _der(_BITS, b"\x04\x30")
    return _der(_SEQUENCE, _der(_INTEGER, b"\x00"), _der(_OCTETS, serial), _der(0x80, b"BELPIC"), flags)


def _pin() -> bytes:
    attributes = _der(
        _SEQUENCE,
        _der(_BITS, b"\x04\x30"),
        _der(_ENUMERATED, b"\x00"),
        _der(_INTEGER, b"\x04"),
        _der(_INTEGER, b"\x08"),
        _der(_INTEGER, b"\x0c"),
        _der(0x80, b"\x01"),
        _der(_OCTETS, b"\xff"),
        _path(_MASTER),
    )
    common = _der(_SEQUENCE, _der(_TEXT, b"Basic PIN"), _der(_BITS, b"\x06\xc0"))
    return _der(_SEQUENCE, common, _der(_SEQUENCE, _der(_OCTETS, _PIN_ID)), _der(0xA1, attributes))


def _key(reference: int, label: str, identifier: bytes, usage: bytes, *, elliptic: bool) -> bytes:
    common = _der(_SEQUENCE, _der(_TEXT, label.encode()), _der(_BITS, b"\x07\x80"), _der(_OCTETS, _PIN_ID))
    of_key = _der(
        _SEQUENCE,
        _der(_OCTETS, identifier),
        _der(_BITS, usage),
        _der(_BITS, _SENSITIVE_CARD_MADE),
        _der(_INTEGER, b"\x00" + bytes([reference])),
    )
    size = b"" if elliptic else _der(_INTEGER, _RSA_BITS.to_bytes(2, "big"))
    value = _der(0xA1, _der(_SEQUENCE, _path(_BELPIC), size))
    return _der(0xA0 if elliptic else _SEQUENCE, common, of_key, value)


def _certificates() -> bytes:
    own = [(label, identifier, file) for _, label, identifier, _, file in _KEYS]
    others = [("CA", b"\x04", File.AUTHORITY_CERTIFICATE), ("Root", b"\x06", File.ROOT_CERTIFICATE)]
    content = b""
    for label, identifier, file in own + others:
        common = _der(_SEQUENCE, _der(_TEXT, label.encode()), _der(_BITS, b"\x06\x40"))
        of_certificate = _der(_SEQUENCE, _der(_OCTETS, identifier))
        content += _der(_SEQUENCE, common, of_certificate, _der(0xA1, _der(_SEQUENCE, _path(file.path))))
    return content


def _path(path: bytes) -> bytes:
    return _der(_SEQUENCE, _der(_OCTETS, path))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
