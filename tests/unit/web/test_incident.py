"""A known incident stands as one calm sentence on every page."""

from __future__ import annotations

from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Incident
from ipse.web.pages import Pages

SENTENCE = {"en": "Logging in takes longer today.", "nl": "Inloggen duurt vandaag langer."}


def _page(incident: Incident | None, language: str) -> str:
    pages = Pages(name="Ipse", ids=RandomIds(), incident=incident)
    return pages.html(
        "base/error.html", language, nonce="n", code="x", http_status=400, detail="", reference="R", known=False
    )


def test_the_sentence_is_told_in_the_persons_language_and_leads_further() -> None:
    page = _page(Incident(SENTENCE, "https://status.example/1"), "nl")
    assert "Inloggen duurt vandaag langer." in page
    assert 'href="https://status.example/1"' in page


def test_a_language_without_a_sentence_gets_the_english_one() -> None:
    assert "Logging in takes longer today." in _page(Incident(SENTENCE), "fr")


def test_nothing_is_told_when_nothing_is_known() -> None:
    assert 'id="incident"' not in _page(None, "en")
