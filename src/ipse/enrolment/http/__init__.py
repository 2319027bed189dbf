"""The addresses of enrolment: `pages` the browser's part, `documents` what people accept."""

from ipse.enrolment.http.documents import DocumentPages
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
    ]
