"""The browser part of an activation: from the start address, over the bank's login page, back to the app.

A browser with cookies and without scripts: it follows redirects and fills in the one form a page has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from ipse.softphone import cards
from ipse.softphone.cards import CardSlot
from ipse.softphone.errors import BankRefused

_MOST_PAGES = 25
_WITHOUT = "without"
"""The answer to a page that only offers to go on without a code."""


@dataclass(slots=True)
class Form:
    """The first form of a page."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    choices: set[str] = field(default_factory=set)
    """Names a visitor fills in or chooses, hidden ones excluded."""


class _FormReader(HTMLParser):
    """Reads the first form of a page: hidden values as they are, the rest by name."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form = Form(action=found.get("action", ""), method=found.get("method", "get").lower())
            self._inside = True
        elif self._inside and self.form and tag in {"input", "select", "button", "textarea"}:
            self._note(self.form, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    @staticmethod
    def _note(form: Form, found: dict[str, str]) -> None:
        name = found.get("name", "")
        if name and found.get("type") == "hidden":
            form.fields[name] = found.get("value", "")
        elif name:
            form.choices.add(name)


def first_form(page: str) -> Form | None:
    """The first form of an HTML page, if it has one."""
    reader = _FormReader()
    reader.feed(page)
    return reader.form


def fill(form: Form, answers: dict[str, str]) -> dict[str, str]:
    """The form's values: hidden ones kept, those of `answers` it asks for filled in."""
    asked = {name: value for name, value in answers.items() if name in form.choices or name in form.fields}
    return {**form.fields, **asked}


def walk(
    http: httpx.Client,
    start_url: str,
    *,
    app_origin: str,
    answers: dict[str, str],
    slot: CardSlot | None = None,
    texted: Callable[[], str] | None = None,
) -> str:
    """Go from `start_url` until a redirect leads to the app; return the one-time value it brings.

    `http` must keep cookies and not follow redirects by itself. With a `slot`, pages that ask for a card get it.
    `texted` says the code of a text message, where the mobile operator sends one.

    Raises:
        BankRefused: the way ended at `#ended=…`, at a page without a form, or nowhere.
    """
    request = http.build_request("GET", start_url)
    for _ in range(_MOST_PAGES):
        try:
            response = http.send(request)
        except httpx.TransportError as error:
            raise BankRefused(f"{request.url.host}:{request.url.port} cannot be reached: {error}") from error
        if response.has_redirect_location:
            target = urljoin(str(response.url), response.headers["Location"])
            if _same_origin(target, app_origin):
                return _returned(target)
            request = http.build_request("GET", target)
        elif slot is not None and (wanted := cards.asked(response.text)) is not None:
            target = cards.present(http, slot, response.url, wanted)
            if _same_origin(target, app_origin):
                return _returned(target)
            request = http.build_request("GET", target)
        else:
            request = _submit(http, response, answers, texted)
    raise BankRefused("the bank's pages go round in circles")


def _submit(
    http: httpx.Client, response: httpx.Response, answers: dict[str, str], texted: Callable[[], str] | None
) -> httpx.Request:
    form = first_form(response.text) if response.is_success else None
    where = response.url.copy_with(query=None)
    if form is None:
        raise BankRefused(f"{where} answered {response.status_code} without a form to go on")
    target = urljoin(str(response.url), form.action)
    if texted is not None and "code" in form.choices:
        answers = {**answers, "code": texted()}
    elif form.choices == {"do"}:
        answers = {**answers, "do": _WITHOUT}
    values = fill(form, answers)
    if form.method == "post":
        return http.build_request("POST", target, data=values)
    return http.build_request("GET", target, params=values)


def _same_origin(address: str, origin: str) -> bool:
    here, there = urlsplit(address), urlsplit(origin)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)


def _returned(target: str) -> str:
    name, _, value = urlsplit(target).fragment.partition("=")
    if name == "return" and value:
        return value
    raise BankRefused(f"the activation ended: {value or name or 'no value came back'}")
