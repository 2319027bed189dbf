"""`ipse phone`: what stands beside the code and the app, fingerprints and being woken."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from cyclopts import App, Parameter

from ipse.cli.phone.commands import _phone as opened_phone
from ipse.cli.phone.commands import _typed as typed_code
from ipse.cli.phone.commands import app
from ipse.cli.phone.options import Options
from ipse.kernel import clock

fingerprint = App(name="fingerprint", help="Fingerprints that approve in place of the code, where a request allows it.")
app.command(fingerprint)


@fingerprint.command
def add(*, code: str | None = None, label: str = "", options: Options | None = None) -> None:
    """Add a fingerprint. Costs the code.

    Parameters
    ----------
    code
        The five digits; asked for when left out
    label
        What you call it
    """
    with opened_phone(options or Options()) as (phone, printer):
        credential = phone.fingers.add(typed_code(code), label=label)
        printer.answer({"credential": credential}, lambda console: console.print(f"Added: {credential}"))


@fingerprint.command(name="list")
def list_(*, options: Options | None = None) -> None:
    """What approves on this phone beside the code."""
    with opened_phone(options or Options()) as (phone, printer):
        found = phone.fingers.listed()

        def lines(console: Any) -> None:  # noqa: ANN401 - rich's console
            for each in found:
                since = clock.text(each["created_at"] * clock.SECOND)[:10]
                console.print(f"{each['credential']}  since {since}  {each['label']}")
            if not found:
                console.print("No fingerprint was added on this phone.")

        printer.answer({"fingerprints": found}, lines)


@fingerprint.command
def remove(credential: str, /, *, options: Options | None = None) -> None:
    """Take one away. It costs nothing.

    Parameters
    ----------
    credential
        Its id, as `list` gives it
    """
    with opened_phone(options or Options()) as (phone, printer):
        phone.fingers.remove(credential)
        printer.answer({"removed": credential}, lambda console: console.print("It approves nothing any more."))


@app.command
def listen(
    *,
    seconds: float = 60.0,
    once: Annotated[bool, Parameter(negative="")] = False,
    end: Annotated[bool, Parameter(negative="")] = False,
    options: Options | None = None,
) -> None:
    """Be woken when somebody asks: subscribe at the sandbox's push service, wait, and look what waits.

    Parameters
    ----------
    seconds
        How long
    once
        Stop after the first message
    end
        Be woken no more, instead
    """
    with opened_phone(options or Options()) as (phone, printer):
        if end:
            phone.waker.unsubscribe()
            printer.answer({"woken": False}, lambda console: console.print("This phone is woken no more."))
            return
        if phone.state.waking is None:
            phone.waker.subscribe()
        for message in phone.waker.messages(seconds=seconds):
            found = phone.requests()
            names = ", ".join(one["partner"] for one in found) or "nothing any more"
            members = {"message": message, "requests": found}
            printer.answer(members, partial(_print_woken, names=names))
            if once:
                return


def _print_woken(console: Any, names: str) -> None:  # noqa: ANN401 - rich's console
    console.print(f"Woken. What waits: {names}")
