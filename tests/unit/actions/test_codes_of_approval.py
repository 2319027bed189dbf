"""The codes that an approval yields tell nothing and follow from nothing (PSD2 RTS article 4; B-42)."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from itertools import pairwise

from ipse.actions.rules.starts import collection_code
from ipse.standards.phone_channel import code_proof

MANY = 10_000
KEY = hashlib.sha256(b"a key for a test").digest()
CODES = [collection_code(KEY, f"handle-{number}") for number in range(MANY)]
ALPHABET = 32


def test_no_two_are_the_same_nor_begin_or_end_alike() -> None:
    assert len(set(CODES)) == MANY
    assert len({code[:12] for code in CODES}) == len({code[-12:] for code in CODES}) == MANY


def test_every_place_holds_every_character_about_equally_often() -> None:
    """Chi-square per place; 36 places of 10,000 codes that count up. The bound is far beyond chance (p < 1e-9)."""
    for place in range(36):
        counted = Counter(code[place] for code in CODES)
        expected = MANY / len(counted)
        chance = sum((count - expected) ** 2 / expected for count in counted.values())
        assert len(counted) >= ALPHABET
        assert chance < 120, (place, chance)


def test_neighbours_share_no_more_than_strangers() -> None:
    """One request after the other gives codes that agree in a place as often as any two do."""
    agreeing = sum(a == b for one, other in pairwise(CODES) for a, b in zip(one, other, strict=True))
    share = agreeing / ((MANY - 1) * 36)
    assert abs(share - 1 / len(set("".join(CODES)))) < 0.002


def test_another_key_gives_other_codes() -> None:
    """Nobody computes them without the installation's key, whatever codes they have seen."""
    assert collection_code(bytes(32), "handle-1") != CODES[1]


def test_a_proof_tells_nothing_of_the_code() -> None:
    """Of 10,000 proofs with one code key no bit stays the same, and none is a proof of another message."""
    proofs = [int.from_bytes(code_proof(KEY, f"message {number}")) for number in range(MANY)]
    for bit in range(256):
        ones = sum(proof >> bit & 1 for proof in proofs)
        assert abs(ones - MANY / 2) < 400
    assert hmac.digest(KEY, b"message 1", "sha256") != code_proof(KEY, "message 2")
