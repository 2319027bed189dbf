"""The number step of enrolment, against real simulated operators (T-5, F-7, B-29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ipse.softphone import browser
from tests.functional.enrolment.party import Phone, Stage

if TYPE_CHECKING:
    import httpx

    from tests.functional.sim.conftest import Operated

ADA = ("ada", "bank-vesta", "+32 400000101")


async def number_step(phone: Phone) -> httpx.Response:
    """Enrol, come back from the bank and follow what the number step says, up to a page or the app."""
    return await follow(phone, await phone.callback())


async def follow(phone: Phone, address: str) -> httpx.Response:
    response = await phone.browser.open(address)
    while response.has_redirect_location and not response.headers["location"].startswith(phone.stage.app):
        response = await phone.browser.open(urljoin(str(response.url), response.headers["location"]))
    return response


async def submit(phone: Phone, page: httpx.Response, **values: str) -> httpx.Response:
    """Send a form of the page."""
    form = browser.first_form(page.text)
    assert form is not None, page.text
    filled = {**browser.fill(form, {}), **values}
    address = urljoin(str(page.url), form.action)
    response = await phone.browser.http.post(address, data=filled, headers={"origin": phone.stage.base})
    if response.has_redirect_location and not response.headers["location"].startswith(phone.stage.app):
        return await follow(phone, urljoin(address, response.headers["location"]))
    return response


def ended(response: httpx.Response) -> tuple[str, str]:
    """Name and value of the fragment that the app is opened with."""
    assert response.status_code == 303, (response.status_code, response.text)
    name, _, value = urlsplit(response.headers["location"]).fragment.partition("=")
    return name, value


async def finished(phone: Phone, response: httpx.Response) -> dict[str, Any]:
    """Bring the value and set the code; the home after it."""
    name, value = ended(response)
    assert name == "return", value
    await phone.bring(value)
    await phone.activate()
    return await phone.home()


def _kind(page: httpx.Response) -> str:
    found = re.search(r'data-step="([a-z_]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_the_network_recognises_the_sim(operated: Operated) -> None:
    """T-5: nobody is asked anything; the phone is ready, its operator known, its number a fact."""
    phone = Phone(operated.stage, *ADA)
    home = await finished(phone, await number_step(phone))
    assert home["account"]["state"] == "active"
    assert home["sim"]["state"] == "ready"
    assert home["sim"]["checked_at"] is not None
    row = await operated.stage.scheme.database.row("select sim_operator from phones_phones")
    assert row is not None
    assert row["sim_operator"] == "lumo"


async def test_another_browser_cannot_take_the_step(operated: Operated) -> None:
    phone, thief = Phone(operated.stage, *ADA), Phone(operated.stage, *ADA)
    response = await phone.browser.open(await phone.callback())
    address = urljoin(phone.stage.base, response.headers["location"])
    assert "/enrolment/number/" in address
    page = await thief.browser.open(address)
    assert page.status_code == 403
    assert ended(await follow(phone, address)) == ("ended", "foreign_return")


async def test_a_code_by_sms_where_the_browser_is_off_the_network(operated: Operated) -> None:
    """B-29: digits typed on our page; a wrong one is said to be wrong, the right one goes on."""
    await operated.elsewhere(ADA[2])
    phone = Phone(operated.stage, *ADA)
    page = await number_step(phone)
    assert _kind(page) == "code"
    page = await submit(phone, page, code="00000", do="code")
    assert _kind(page) == "code"
    assert "aria-invalid" in page.text
    (text,) = await operated.texts(ADA[2])
    digits = re.search(r"\d{4,8}", text)
    assert digits is not None, text
    home = await finished(phone, await submit(phone, page, code=digits[0], do="code"))
    assert home["sim"]["state"] == "ready"


async def test_another_code_goes_out_after_half_a_minute_and_not_before(operated: Operated) -> None:
    await operated.elsewhere(ADA[2])
    phone = Phone(operated.stage, *ADA)
    page = await number_step(phone)
    await submit(phone, page, do="resend")
    assert len(await operated.texts(ADA[2])) == 1
    operated.stage.clock.advance(seconds=31)
    await submit(phone, page, do="resend")
    assert len(await operated.texts(ADA[2])) == 2


async def test_an_operator_that_is_down_loses_nothing(operated: Operated) -> None:
    """F-7: a plain page; the same page works when the operator is back, without the bank."""
    operated.mood("lumo", "error")
    phone = Phone(operated.stage, *ADA)
    page = await number_step(phone)
    assert (page.status_code, _kind(page)) == (503, "down")
    operated.mood("lumo", "ok")
    operated.stage.clock.advance(seconds=21)
    home = await finished(phone, await follow(phone, str(page.url)))
    assert home["sim"]["state"] == "ready"


async def test_a_page_that_is_loaded_again_still_asks_for_the_code(operated: Operated) -> None:
    await operated.elsewhere(ADA[2])
    phone = Phone(operated.stage, *ADA)
    page = await number_step(phone)
    again = await phone.browser.open(str(page.url))
    assert (again.status_code, _kind(again)) == (200, "code")
    assert len(await operated.texts(ADA[2])) == 1


async def test_a_sim_swapped_two_hours_ago_needs_the_card(operated: Operated) -> None:
    """T-5: bank-only is refused in plain words."""
    await operated.happens(ADA[2], "swap")
    operated.stage.clock.advance(seconds=7200)
    phone = Phone(operated.stage, *ADA)
    assert ended(await number_step(phone)) == ("ended", "sim_swapped")


async def test_after_three_days_a_new_sim_is_one_like_any_other(operated: Operated) -> None:
    await operated.happens(ADA[2], "swap")
    operated.stage.clock.advance(seconds=73 * 3600)
    phone = Phone(operated.stage, *ADA)
    assert (await finished(phone, await number_step(phone)))["sim"]["state"] == "ready"


async def test_a_ported_number_is_found_at_its_new_operator(operated: Operated) -> None:
    """The operator of the prefix says that it is not its number; the others of the country are asked."""
    await operated.happens(ADA[2], "port", to="tellus")
    operated.stage.clock.advance(seconds=73 * 3600)
    phone = Phone(operated.stage, *ADA)
    await finished(phone, await number_step(phone))
    row = await operated.stage.scheme.database.row("select sim_operator from phones_phones")
    assert row is not None
    assert row["sim_operator"] == "tellus"


async def test_a_sim_that_is_not_ready_gives_reduced_functions(operated: Operated) -> None:
    await operated.happens(ADA[2], "not_ready")
    phone = Phone(operated.stage, *ADA)
    home = await finished(phone, await number_step(phone))
    assert home["account"]["state"] == "active"
    assert home["sim"] == {"state": "reduced", "checked_at": None}
    assert home["level"] == "substantial"


async def test_two_phones_that_settle_at_once_get_one_value(operated: Operated) -> None:
    phone = Phone(operated.stage, *ADA)
    response = await number_step(phone)
    handle = phone.begun["enrolment"]
    again = await follow(phone, f"{phone.stage.base}/enrolment/number/{handle}")
    assert ended(again) == ended(response)


async def test_without_operators_the_registrars_word_decides(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    await phone.bring(await phone.visit_bank())
    assert (await phone.activate())["account"] == {"state": "active", "why": None}
