"""`ipse phone`: what a person prepares for a day without this phone."""

from __future__ import annotations

from typing import Any, Literal

from ipse.cli.phone.commands import _phone as opened_phone
from ipse.cli.phone.commands import _typed as typed_code
from ipse.cli.phone.commands import app
from ipse.cli.phone.options import Options


@app.command
def fallbacks(*, options: Options | None = None) -> None:
    """What is prepared for a day without this phone; never the secrets."""
    with opened_phone(options or Options()) as (phone, printer):
        prepared = phone.fallbacks.listed()

        def lines(console: Any) -> None:  # noqa: ANN401 - rich's console
            if not prepared:
                console.print("Nothing is prepared: ipse phone add-fallback sheet")
            for each in prepared:
                left = f", {each['left']} codes left" if "left" in each else ""
                console.print(f"{each['setup']}  {each['method']}{left}")

        printer.answer({"fallbacks": prepared}, lines)


@app.command
def add_fallback(
    method: Literal["totp", "sheet", "passkey"], /, *, code: str | None = None, options: Options | None = None
) -> None:
    """Prepare a way to go on without this phone. What it needs is shown this once.

    Parameters
    ----------
    method
        totp: an app for one-time codes; sheet: codes to print; passkey: an address at which a browser makes one
    code
        The five digits; asked for when left out
    """
    with opened_phone(options or Options()) as (phone, printer):
        made = phone.fallbacks.add(method, typed_code(code))
        members = {name: value for name, value in made.items() if name != "chain"}
        printer.answer(members, lambda console: _print_made(console, members))


@app.command
def remove_fallback(setup: str, /, *, code: str | None = None, options: Options | None = None) -> None:
    """Take one away: it works nowhere any more.

    Parameters
    ----------
    setup
        Its id, as `fallbacks` gives it
    code
        The five digits; asked for when left out
    """
    with opened_phone(options or Options()) as (phone, printer):
        phone.fallbacks.remove(setup, typed_code(code))
        printer.answer({"removed": setup}, lambda console: console.print("It works nowhere any more."))


def _print_made(console: Any, made: dict[str, Any]) -> None:  # noqa: ANN401 - rich's console
    if "url" in made:
        console.print(f"Open this within ten minutes in the browser that will use it: [bold]{made['url']}[/]")
        return
    console.print(f"Name to type beside each code: [bold]{made['name']}[/]")
    if "uri" in made:
        console.print(f"Key for the app: {made['secret']}\nOr as an address: {made['uri']}")
    for code in made.get("codes", ()):
        console.print(f"{code[:4]} {code[4:]}")
