"""base64url, strictly."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.kernel.ids import b64u, b64u_decode

ALPHABET = "ABgwQxyz0189-_+/= \n.!é"


def _by_definition(text: str) -> bytes | None:
    """RFC 4648 §5 without padding; canonical means that encoding again gives the same text."""
    if not all(character.isascii() and (character.isalnum() or character in "-_") for character in text):
        return None
    try:
        octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return octets if urlsafe_b64encode(octets).rstrip(b"=").decode() == text else None


@given(st.binary(max_size=70))
def test_there_and_back(octets: bytes) -> None:
    text = b64u(octets)
    assert "=" not in text
    assert b64u_decode(text) == octets


@given(st.text(alphabet=ALPHABET, max_size=9))
def test_accepted_is_exactly_what_the_definition_accepts(text: str) -> None:
    expected = _by_definition(text)
    if expected is not None:
        assert b64u_decode(text) == expected
        return
    with pytest.raises(ValueError, match="base64url"):
        b64u_decode(text)


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA==", "AA=", "A+AA", "A/AA", "AAAA\n", "AAAA=", "ÀAAA"])
def test_refused(text: str) -> None:
    """Too short, bits that belong to no byte, padding, the other alphabet, a trailing newline."""
    with pytest.raises(ValueError, match="base64url"):
        b64u_decode(text)
