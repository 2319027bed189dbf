"""The rules of weak codes against the list that the web app is tested with too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.standards.weak_codes import Weakness, weakness

VECTORS = Path(__file__).parents[2] / "vectors" / "weak_codes.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['code']}-{case['why']}")
def test_every_case_of_the_shared_list(case: dict[str, Any]) -> None:
    assert (weakness(case["code"], **case["context"]) is not None) is case["weak"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1357", Weakness.NOT_FIVE_DIGITS),
        ("77777", Weakness.ALL_EQUAL),
        ("78901", Weakness.RUN),
        ("31212", Weakness.REPEATED_PAIR),
        ("12221", Weakness.TWO_DIGIT_PALINDROME),
        ("51984", Weakness.YEAR),
        ("91403", Weakness.BIRTH_DATE),
        ("94175", Weakness.PHONE_NUMBER),
    ],
)
def test_the_rule_that_refuses_is_named(code: str, expected: Weakness) -> None:
    assert weakness(code, birthdate="1987-03-14", phone_number="+32 485694175") is expected


def test_most_codes_are_good() -> None:
    """A rule that refused half of all codes would make the rest easier to guess."""
    refused = sum(weakness(f"{code:05}") is not None for code in range(100_000))
    assert refused < 7_000
