"""`ipse card`: read the eID card in this computer's reader, for a page that the person allows, or for the terminal."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ipse.cli.card.errors import ReaderError
from ipse.cli.card.pcsc import transmitting
from ipse.cli.card.service import DEFAULT_PORT, Service, check_origin, serve
from ipse.kernel.settings import SettingsError
from ipse.standards import eid_card
from ipse.standards.eid_apdu import CardTalkError, EidCard
from ipse.standards.eid_card import CardError, CardFiles

app = App(name="card", help="Read the eID card in this computer's reader (needs the optional extra `card`).")
console = Console(highlight=False)


@app.default
def read_for_pages(
    *,
    origin: Annotated[
        list[str],
        Parameter(help="Origin of a page that may ask, such as https://id.example; may be repeated.", negative=""),
    ],
    port: Annotated[int, Parameter(help="Where to listen on this computer alone.")] = DEFAULT_PORT,
) -> None:
    """Let pages of the named origins read the card, each time after asking here, until Ctrl-C."""
    if not sys.stdin.isatty():
        raise SettingsError("ipse card asks before each reading: run it in a terminal of its own")
    for each in origin:
        check_origin(each)
    try:
        # What is missing is better said now than when a page asks.
        with transmitting(wants_card=False):
            pass
    except ReaderError as error:
        raise SettingsError(str(error)) from error
    console.print(f"Waiting at http://127.0.0.1:{port} for pages of {', '.join(origin)}. Stop with Ctrl-C.")
    asyncio.run(serve(Service(tuple(origin), port, transmitting, allowed), port))


@app.command
def show() -> None:
    """Print what the card in the reader says. Nothing is kept, nothing is checked."""
    try:
        with transmitting() as transmit:
            card = EidCard.found(transmit)
            files, tries = card.files(), card.tries_left()
    except (ReaderError, CardTalkError) as error:
        raise SettingsError(str(error)) from error
    console.print(described(files, tries))


def allowed(origin: str) -> bool:
    """Ask the person."""
    console.print(f"\n[bold]{escape(origin)}[/] asks for what your card says: names, national number, address, photo.")
    return console.input("Let it read the card? (y/N) ").strip().lower() in {"y", "yes"}


def described(files: CardFiles, tries: int) -> Table:
    """The identity and address, as a table.

    Raises:
        SettingsError: they cannot be read.
    """
    try:
        identity, address = eid_card.read_identity(files.identity), eid_card.read_address(files.address)
    except CardError as error:
        raise SettingsError(f"the card's files cannot be read: {error}") from error
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    given = " ".join(part for part in (identity.given_names, identity.third_initial) if part)
    place = " ".join(part for part in (address.postcode, address.town) if part)
    rows = {
        "Name": " ".join(part for part in (identity.noble_title, given, identity.surname) if part),
        "Born": ", ".join(part for part in (identity.birth_printed, identity.birthplace) if part),
        "Nationality": identity.nationality or "",
        "National number": identity.national_number,
        "Address": ", ".join(part for part in (address.street, place) if part),
        "Card": f"{identity.card_number} ({identity.family.value}), until {identity.valid_to:%d.%m.%Y}",
        "PIN tries left": str(tries),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
