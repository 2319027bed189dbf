"""Addresses under `/v2/sign-in/{handle}/other`: the browser's way without the phone; and where passkeys are made."""

from __future__ import annotations

from ipse.fallback.http.banks import BankProofPages
from ipse.fallback.http.cards import CardProofPages
from ipse.fallback.http.pages import FallbackPages
from ipse.fallback.http.passkeys import PasskeyPages
from ipse.fallback.service import Fallback
from ipse.fallback.service.passkeys import PATH as MAKING
from ipse.fallback.service.visits import PATH
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Route

HERE = PATH + "/{handle}/other"


def routes(fallback: Fallback, pages: Pages) -> list[Route]:
    """All of them."""
    on, browser = FallbackPages(fallback.visits, fallback.codes, pages), Caller.BROWSER
    card = CardProofPages(fallback.cards, pages)
    bank = BankProofPages(fallback.banks, pages, fallback.setups.scheme)
    passkey = PasskeyPages(fallback.passkeys, pages)
    return [
        Route(MAKING + "/{ticket}", passkey.making, caller=browser, limit="enrolment"),
        Route(MAKING + "/{ticket}", passkey.make, ("POST",), caller=browser, limit="enrolment"),
        Route(HERE + "/passkey", passkey.page, caller=browser, limit="page"),
        Route(HERE + "/passkey", passkey.take, ("POST",), caller=browser, limit="enrolment"),
        Route(PATH + "/other/bank", bank.back, caller=Caller.REGISTRAR, limit="enrolment"),
        Route(HERE + "/bank", bank.page, caller=browser, limit="page"),
        Route(HERE + "/bank", bank.leave, ("POST",), caller=browser, limit="enrolment"),
        Route(HERE, on.offers, caller=browser, limit="page"),
        Route(HERE + "/consent", on.consent, caller=browser, limit="page"),
        Route(HERE + "/consent", on.decide, ("POST",), caller=browser, limit="page"),
        Route(HERE + "/eid_card", card.page, caller=browser, limit="page"),
        Route(HERE + "/eid_card", card.take, ("POST",), caller=browser, limit="enrolment"),
        Route(HERE + "/totp", on.code_form, caller=browser, limit="page"),
        Route(HERE + "/totp", on.code, ("POST",), caller=browser, limit="enrolment"),
        Route(HERE + "/sheet", on.code_form, caller=browser, limit="page"),
        Route(HERE + "/sheet", on.code, ("POST",), caller=browser, limit="enrolment"),
    ]
