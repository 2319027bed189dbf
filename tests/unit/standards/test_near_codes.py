"""Which duress codes are one slip away from the code: the list that both phones share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipse.standards.weak_codes import near

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "near_codes.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["why"])
def test_nearness(vector: dict[str, object]) -> None:
    code, other = str(vector["code"]), str(vector["other"])
    assert near(code, other) is near(other, code) is vector["near"]
