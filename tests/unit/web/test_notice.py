"""What is said for a while stands as one calm sentence on every page."""

from __future__ import annotations

from ipse.kernel.ids import RandomIds
from ipse.web.pages import Notice, Pages

SENTENCE = {"en": "Logging in takes longer today.", "nl": "Inloggen duurt vandaag langer."}


def _page(pages: Pages, language: str) -> str:
    return pages.html(
        "base/error.html", language, nonce="n", code="x", http_status=400, detail="", reference="R", known=False
    )


def _saying(notice: Notice | None) -> Pages:
    pages = Pages(name="Ipse", ids=RandomIds())
    pages.announce(notice)
    return pages


def test_the_sentence_is_told_in_the_persons_language_and_leads_further() -> None:
    page = _page(_saying(Notice(SENTENCE, "https://status.example/1")), "nl")
    assert "Inloggen duurt vandaag langer." in page
    assert 'href="https://status.example/1?lang=nl"' in page


def test_a_language_without_a_sentence_gets_the_english_one() -> None:
    assert "Logging in takes longer today." in _page(_saying(Notice(SENTENCE)), "fr")


def test_nothing_is_told_when_nothing_is_known_or_any_more() -> None:
    assert 'id="incident"' not in _page(_saying(None), "en")
    pages = _saying(Notice(SENTENCE))
    pages.announce(None)
    assert 'id="incident"' not in _page(pages, "en")


def test_pages_that_are_kept_rendered_say_it_at_once() -> None:
    pages = Pages(name="Ipse", ids=RandomIds())
    fields = {"detail": "", "reference": "R"}

    def body() -> str:
        return bytes(
            pages.render_fast("base/error.html", "en", fields, code="x", http_status="400", known=False).body
        ).decode()

    assert 'id="incident"' not in body()
    pages.announce(Notice(SENTENCE))
    assert "Logging in takes longer today." in body()
