"""What the sandbox tells programs about itself (`world.json`): who its test persons and banks are."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from ipse.softphone.errors import UnknownInWorld


class Person(msgspec.Struct, frozen=True):
    """A test person; other members of the document are not needed here."""

    id: str
    name: str = ""
    birthdate: str = ""
    phone_number: str = ""


class Bank(msgspec.Struct, frozen=True):
    """A simulated bank."""

    id: str
    name: str = ""


class Eid(msgspec.Struct, frozen=True):
    """The card slot."""

    api: str = ""


_Thing = TypeVar("_Thing", Person, Bank)


class World(msgspec.Struct, frozen=True):
    """The part of `world.json` a phone needs."""

    persons: tuple[Person, ...]
    banks: tuple[Bank, ...]
    eid: Eid = Eid()
    maker: str = ""
    """Where phones of this world get their keys attested."""
    push: str = ""
    """Where a push service gives out addresses."""

    def person(self, person_id: str) -> Person:
        """The person of this id.

        Raises:
            UnknownInWorld: there is none; the message lists those there are.
        """
        return _named(self.persons, person_id, "person")

    def bank(self, bank_id: str) -> Bank:
        """The bank of this id.

        Raises:
            UnknownInWorld: there is none; the message lists those there are.
        """
        return _named(self.banks, bank_id, "bank")


def _named(things: tuple[_Thing, ...], wanted: str, what: str) -> _Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise UnknownInWorld(f"no {what} {wanted!r}; there are: {', '.join(thing.id for thing in things)}")


def address(base: str) -> str:
    """Where the sandbox at `base` describes its world: the next port of 127.0.0.1, or of the same name over TLS."""
    parts = urlsplit(base)
    if parts.scheme == "https":
        return f"https://{parts.hostname}:{(parts.port or 443) + 1}/world.json"
    return f"http://127.0.0.1:{(parts.port or 80) + 1}/world.json"


def inbox(url: str) -> str:
    """Where programs read the text messages of the world that `url` describes."""
    return url.removesuffix("world.json") + "inboxes/api"


def read(http: httpx.Client, url: str) -> World:
    """Fetch and read a description.

    Raises:
        UnknownInWorld: it cannot be fetched, or is not one.
    """
    try:
        response = http.get(url)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=World)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise UnknownInWorld(f"{url} does not describe a world: {error}") from error


def attest(http: httpx.Client, maker: str, wish: dict[str, str]) -> dict[str, object]:
    """What the world's maker of phones says of a key, as the `attestation` member of `enrol`.

    Raises:
        UnknownInWorld: there is no maker, or it does not answer.
    """
    try:
        response = http.post(maker, json=wish)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=dict[str, object])
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise UnknownInWorld(f"no maker of phones answers at {maker!r}: {error}") from error
