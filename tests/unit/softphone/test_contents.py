"""What a phone may approve: the rules that app and soft phone share (tests/vectors/confirms.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.softphone.contents import strange, summary, told, understood

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "confirms.json").read_text())


def _text(value: object) -> str:
    return json.dumps(value)[:60]


@pytest.mark.parametrize("content", VECTORS["understood"], ids=_text)
def test_what_can_be_shown_in_full(content: dict[str, str]) -> None:
    assert understood(content)
    assert summary(content)


@pytest.mark.parametrize("content", VECTORS["strange"], ids=_text)
def test_what_cannot_is_only_refused(content: object) -> None:
    """WYSIWYS, failing closed."""
    assert not understood(content)
    assert strange({"v": 1, "type": "confirmation", "confirms": [VECTORS["understood"][0], content]})


@pytest.mark.parametrize("document", VECTORS["documents"], ids=_text)
def test_whole_documents(document: dict[str, Any]) -> None:
    assert strange(document["shown"]) == document["strange"]


def test_summaries_keep_the_digits() -> None:
    assert summary(VECTORS["understood"][0]) == "123.50 EUR to Pot & Linde"
    assert summary({"type": "text", "text": "<br> <b>One</b> line<br>and another"}) == "One line"
    assert summary({"type": "device_action", "device": "Boiler", "action": "turn_on"}) == "turn on – Boiler"


def test_the_history_tells_what_was_signed() -> None:
    assert (
        told({"type": "signature", "count": 2, "labels": ["Lease.pdf", "Annex.pdf"]}) == "signed Lease.pdf, Annex.pdf"
    )
    made = {"type": "credential", "issuer": "Authority", "quality": "test", "valid_seconds": 600}
    assert told(made) == "made a signing certificate of Authority (test)"
    assert told({"type": "device_action", "device": "Boiler", "action": "turn_on"}) == "turn on – Boiler"
    assert told({"type": "insurance"}) is None
    assert told({"type": "signature"}) is None
