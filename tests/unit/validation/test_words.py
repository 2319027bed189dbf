"""Whatever a judgement can say has words in four languages, and a row in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipse.documents.validation.model import Changes, Indication, Quality, Verdict, Why
from ipse.validation.rules import commitments, iso, shown_time
from ipse.web.languages import LANGUAGES, load
from tests.unit.validation.judgements import judgement

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "validation.md"
TEXTS = load(["ipse.validation"])
NEEDED = {
    *(f"validation.why.{each}" for each in Why),
    *(f"validation.quality.{each}" for each in Quality),
    *(f"validation.changes.{each}" for each in Changes),
    *(f"validation.outcome.{each}" for each in Indication),
    *(f"validation.verdict.{each}.{part}" for each in Verdict for part in ("title", "text")),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_words(language: str) -> None:
    assert TEXTS[language].ids() == TEXTS["en"].ids()
    assert TEXTS[language].ids() >= NEEDED
    assert len(TEXTS[language].text("validation.months").split()) == 12


def test_the_reference_has_a_row_for_each_reason() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", REFERENCE.read_text(), re.MULTILINE)
    assert set(rows) >= {each.value for each in (*Why, *Quality, *Verdict)}


def test_times_are_told_in_words() -> None:
    def text(id_: str, **values: object) -> str:
        return TEXTS["de"].text(f"validation.{id_}", **values)

    moment = 1_795_340_094_000_000
    assert (iso(moment), shown_time(moment, text)) == ("2026-11-22T09:34:54Z", "22. November 2026, 09:34 UTC")


def test_usual_commitments_have_words() -> None:
    found = commitments(judgement("1.2.840.113549.1.9.16.6.5", "urn:oid:1.2.840.113549.1.9.16.6.1", "1.2.3"))
    assert found == [("5", ""), ("1", ""), ("", "1.2.3")]
