"""The addresses of enrolment: `pages` for the browser, `cards` for the eID card, `documents` for what people accept."""

from ipse.enrolment.http.cards import PATH, CardPages
from ipse.enrolment.http.documents import DocumentPages
from ipse.enrolment.http.numbers import PATH as NUMBER_PATH
from ipse.enrolment.http.numbers import NumberPages
from ipse.enrolment.http.pages import EnrolmentPages
from ipse.enrolment.service import Enrolments
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Route


def routes(enrolments: Enrolments, pages: Pages) -> list[Route]:
    """Return the routes of the browser's part."""
    app_origin = enrolments.rows.settings.app_origin
    here = EnrolmentPages(enrolments=enrolments, pages=pages, app_origin=app_origin)
    documents = DocumentPages(pages, app_origin)
    return [
        Route("/enrolment/start", here.start, caller=Caller.BROWSER, limit="enrolment"),
        Route("/enrolment/return", here.back, caller=Caller.REGISTRAR, limit="enrolment"),
        Route("/enrolment/jwks", here.jwks, caller=Caller.REGISTRAR, limit="partner"),
        Route("/enrolment/documents/{kind}", documents.page, caller=Caller.BROWSER, limit="page"),
        *_card_routes(enrolments, pages, here),
        *_number_routes(enrolments, pages, here),
    ]


def _card_routes(enrolments: Enrolments, pages: Pages, here: EnrolmentPages) -> list[Route]:
    """The card's page. Where no cards are taken, no enrolment ever leads to it."""
    eid = enrolments.rows.settings.eid
    cards = CardPages(
        steps=enrolments.cards,
        pages=pages,
        app_origin=here.app_origin,
        reader=eid.reader if eid else "",
        enrolment=here,
    )
    return [
        Route(PATH, cards.typed, caller=Caller.BROWSER, limit="page"),
        Route(PATH, cards.begin, methods=("POST",), caller=Caller.BROWSER, limit="enrolment"),
        Route(PATH + "/{handle}", cards.page, caller=Caller.BROWSER, limit="enrolment"),
        Route(PATH + "/{handle}", cards.take, methods=("POST",), caller=Caller.BROWSER, limit="enrolment"),
        Route(PATH + "/{handle}/state", cards.state, caller=Caller.BROWSER, limit="page"),
    ]


def _number_routes(enrolments: Enrolments, pages: Pages, here: EnrolmentPages) -> list[Route]:
    """The number step. Where no mobile operator is asked, no enrolment ever leads to it."""
    numbers = NumberPages(steps=enrolments.numbers, pages=pages, enrolment=here)
    return [
        Route(NUMBER_PATH + "/return", numbers.back, caller=Caller.BROWSER, limit="enrolment"),
        Route(NUMBER_PATH + "/{handle}", numbers.look, caller=Caller.BROWSER, limit="enrolment"),
        Route(NUMBER_PATH + "/{handle}", numbers.take, methods=("POST",), caller=Caller.BROWSER, limit="enrolment"),
    ]
