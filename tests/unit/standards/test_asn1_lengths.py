"""What was read is written as it was, whatever its length."""

from __future__ import annotations

import pytest
from asn1crypto import core

from ipse.standards.asn1_lengths import is_indefinite, mend

TRUE_IN_BER = b"\x01\x01\x01"
"""DER writes it as 01 01 FF: nobody may do so with what was signed."""


class _Flags(core.SequenceOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = core.Boolean


class _Whole(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("flags", _Flags, {"explicit": 0})]  # noqa: RUF012 - as the library has it


mend()


def _value(tag: int, content: bytes) -> bytes:
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


@pytest.mark.parametrize("count", [127, 128, 129])
def test_a_length_may_end_like_an_indefinite_one(count: int) -> None:
    flags = _value(0x30, TRUE_IN_BER * count)
    assert _Flags.load(flags).dump() == flags
    whole = _value(0x30, _value(0xA0, flags))
    read = _Whole.load(whole)
    assert len(read["flags"]) == count
    assert read["flags"][0].native is True
    assert read.dump() == whole
    assert type(read.dump()) is type(read.untag().dump()) is bytes
    assert read["flags"].dump() == _value(0xA0, flags)


def test_an_indefinite_length_is_written_as_a_definite_one() -> None:
    read = _Flags.load(b"\x30\x80\x01\x01\x01\x00\x00")
    assert read.dump() == b"\x30\x03\x01\x01\xff"


def test_what_was_built_is_written_once() -> None:
    built = _Whole({"flags": _Flags([True] * 126)})
    assert built.dump() == built.dump() == _Whole.load(built.dump()).dump()


@pytest.mark.parametrize(
    ("header", "indefinite"),
    [
        ("3080", True),
        ("308180", False),
        ("30820180", False),
        ("a082018430820180", False),
        ("a0803080", True),
        ("7f8100820180", False),
        ("7f810080", True),
        ("3005", False),
        ("7f81", False),
    ],
)
def test_which_lengths_are_indefinite(header: str, *, indefinite: bool) -> None:
    assert is_indefinite(bytes.fromhex(header)) is indefinite
