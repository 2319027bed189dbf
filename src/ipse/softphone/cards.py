"""The card's page without a browser: what its script does, with the sandbox's card slot for reader and extension.

The page names its nonce, the challenge for the card's own key and where to hand in the answer (`data-…` of `#card`).
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from ipse.softphone.errors import BankRefused


@dataclass(frozen=True, slots=True)
class CardSlot:
    """Whose card is put in, and the PIN they type."""

    api: str
    """`http://127.0.0.1:8001/eid/api`, as `world.json` names it."""
    person: str
    pin: str


class _Token(msgspec.Struct, frozen=True):
    """The part of the slot's refusals that a person is told."""

    error: str = ""
    tries_left: int | None = None


class _Answer(msgspec.Struct, frozen=True):
    """What the scheme says of a card."""

    to: str | None = None
    refused: str | None = None


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        members = {name: value or "" for name, value in attrs}
        if tag == "section" and members.get("id") == "card" and "data-nonce" in members:
            self.found = members


def asked(page: str) -> dict[str, str] | None:
    """What a page asks of a card; None if it does not."""
    reader = _PageReader()
    reader.feed(page)
    return reader.found or None


def present(http: httpx.Client, slot: CardSlot, page: httpx.URL, wanted: dict[str, str]) -> str:
    """Read the files, let the card sign for the page's origin and nonce, hand both in; returns where it leads.

    Raises:
        BankRefused: no card, a wrong PIN, or the scheme does not take it.
    """
    files = http.get(f"{slot.api}/card", params={"challenge": wanted.get("data-challenge", ""), "person": slot.person})
    token = http.post(
        f"{slot.api}/authenticate",
        json={
            "origin": f"{page.scheme}://{urlsplit(str(page)).netloc}",
            "challengeNonce": wanted["data-nonce"],
            "pin": slot.pin,
            "person": slot.person,
        },
    )
    for answer in (files, token):
        if not answer.is_success:
            raise BankRefused(_told(answer))
    address = urljoin(str(page), wanted.get("data-address", ""))
    content = {"nonce": wanted["data-nonce"], "token": token.text, "files": files.json()}
    handed = http.post(address, json=content)
    try:
        said = msgspec.json.decode(handed.content, type=_Answer)
    except msgspec.DecodeError as error:
        raise BankRefused(f"{address} answered {handed.status_code}") from error
    if said.refused is not None or said.to is None:
        raise BankRefused(f"the card was not taken: {said.refused}")
    return urljoin(address, said.to)


def _told(answer: httpx.Response) -> str:
    try:
        found = msgspec.json.decode(answer.content, type=_Token)
    except msgspec.DecodeError:
        return f"the card slot answered {answer.status_code}"
    left = "" if found.tries_left is None else f", {found.tries_left} tries left"
    return f"the card slot: {found.error}{left}"
