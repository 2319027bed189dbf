"""Encryption at rest: bound to table, row, column and key; a changed or moved value does not open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.kernel.sealing import UnsealError, blind_index, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PLACE = {"table": "phones_code_keys", "row": "r1", "column": "wrapped_key"}


@given(st.binary(max_size=2000), st.binary(max_size=64))
def test_what_was_sealed_opens_in_its_place(plaintext: bytes, extra: bytes) -> None:
    sealed = seal(KEY, plaintext, table="t", row="r", column="c", extra=extra)
    assert unseal(KEY, sealed, table="t", row="r", column="c", extra=extra) == plaintext
    assert len(sealed) == len(plaintext) + 28


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (OTHER, {}),
        (KEY, {"table": "other"}),
        (KEY, {"row": "r2"}),
        (KEY, {"column": "other"}),
        (KEY, {"table": "phones_code_keys\x00r1", "row": "wrapped_key", "column": ""}),
    ],
)
def test_it_opens_nowhere_else(key: bytes, place: dict[str, str]) -> None:
    """DESIGN 4: AEAD with table, row and column as associated data."""
    sealed = seal(KEY, b"secret", table=PLACE["table"], row=PLACE["row"], column=PLACE["column"])
    moved = PLACE | place
    with pytest.raises(UnsealError):
        unseal(key, sealed, table=moved["table"], row=moved["row"], column=moved["column"])


def test_it_opens_only_with_what_it_was_bound_to() -> None:
    """A code key is bound to its device key's thumbprint."""
    sealed = seal(KEY, b"secret", table="t", row="r", column="c", extra=b"thumbprint of a phone")
    for extra in (b"", b"thumbprint of another"):
        with pytest.raises(UnsealError):
            unseal(KEY, sealed, table="t", row="r", column="c", extra=extra)


@given(st.integers(min_value=0, max_value=33), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_found(position: int, change: int) -> None:
    sealed = bytearray(seal(KEY, b"secret", table="t", row="r", column="c"))
    sealed[position] ^= change
    with pytest.raises(UnsealError):
        unseal(KEY, bytes(sealed), table="t", row="r", column="c")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_a_value_cut_short_is_found(length: int) -> None:
    sealed = seal(KEY, b"", table="t", row="r", column="c")
    with pytest.raises(UnsealError):
        unseal(KEY, sealed[:length], table="t", row="r", column="c")


def test_the_same_value_never_looks_the_same() -> None:
    assert len({seal(KEY, b"secret", table="t", row="r", column="c") for _ in range(50)}) == 50


def test_an_index_finds_by_value_and_key_alone() -> None:
    assert blind_index(KEY, "85010199916") == blind_index(KEY, "85010199916")
    assert blind_index(KEY, "85010199916") != blind_index(OTHER, "85010199916")
    assert blind_index(KEY, "85010199916") != blind_index(KEY, "85010199917")
    assert len(blind_index(KEY, "")) == 32
