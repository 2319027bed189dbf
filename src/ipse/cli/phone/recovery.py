"""`ipse phone`: moving to another phone, stopping that, another number, what was told, the end."""

from __future__ import annotations

import ssl
from typing import Annotated, Any

from cyclopts import Parameter

from ipse.cli.phone.commands import _phone as opened_phone
from ipse.cli.phone.commands import _typed as typed_code
from ipse.cli.phone.commands import app
from ipse.cli.phone.options import Options, Reported
from ipse.softphone import Device
from ipse.softphone.errors import NotUnderstood


@app.command
def pair(*, base: str, reported: Reported | None = None, options: Options | None = None) -> None:
    """Make this a new phone that shows a code to the old one: the first step of a move.

    Parameters
    ----------
    base
        The scheme, as in http://localhost:8000
    """
    with opened_phone(options or Options()) as (phone, printer):
        shown = phone.mover.pair(base, (reported or Reported()).on(Device()))
        members = {name: shown[name] for name in ("code", "expires_at")}
        printer.answer(
            members,
            lambda console: console.print(
                f"On the old phone: [bold]ipse phone hand-over {shown['code']}[/]\nThen here: ipse phone move"
            ),
        )


@app.command
def hand_over(shown: str, /, *, code: str | None = None, options: Options | None = None) -> None:
    """Give the identity to the new phone that shows this code: the second step, on the old phone.

    Parameters
    ----------
    shown
        What the new phone shows: its code, or the content of its QR
    code
        The five digits of this phone; asked for when left out
    """
    with opened_phone(options or Options()) as (phone, printer):
        met = phone.hand_over(shown, typed_code(code))
        members = {"about": met["about"], "same_network": met["same_network"]}
        printer.answer(members, lambda console: console.print("Confirmed. Now on the new phone: ipse phone move"))


@app.command
def move(
    *,
    code: str | None = None,
    wait: Annotated[float, Parameter(help="Seconds to wait for the old phone to confirm.")] = 0.0,
    options: Options | None = None,
) -> None:
    """Take the identity over, once the old phone has confirmed: the last step, on the new phone.

    Parameters
    ----------
    code
        The five digits for this phone; asked for when left out
    """
    with opened_phone(options or Options()) as (phone, printer):
        if phone.mover.wait_for_old(wait)["state"] != "confirmed":
            raise NotUnderstood("the old phone has not confirmed yet")
        answer = phone.mover.take_over(typed_code(code, "New code: "))
        members = {"account": answer["account"], "moved": answer["moved"]}
        printer.answer(
            members, lambda console: console.print("The identity lives here now; the old phone has stopped.")
        )


@app.command
def stop_elsewhere(enrolment: str, /, *, options: Options | None = None) -> None:
    """Stop an activation of this identity on another phone. It costs nothing.

    Parameters
    ----------
    enrolment
        Its id, as `home` gives it under `elsewhere`
    """
    with opened_phone(options or Options()) as (phone, printer):
        phone.stop_elsewhere(enrolment)
        printer.answer({"stopped": True}, lambda console: console.print("It is stopped."))


@app.command
def notices(*, options: Options | None = None) -> None:
    """The security messages that were sent by e-mail and text message, the latest first."""
    with opened_phone(options or Options()) as (phone, printer):
        told = phone.notices()

        def lines(console: Any) -> None:  # noqa: ANN401 - rich's console
            for each in told:
                ways = ", ".join(f"{one['channel']} {one['state']}" for one in each["sent"])
                console.print(f"{each['kind']}: {ways or 'not sent'}")

        printer.answer({"notices": told}, lines)


@app.command
def change_number(number: str, /, *, code: str | None = None, options: Options | None = None) -> None:
    """Change the phone number; the new one is proven to its operator, or by a text message.

    Parameters
    ----------
    number
        The new number, as in +32 400000142
    code
        The five digits; asked for when left out
    """
    options = options or Options()
    tls = ssl.create_default_context(cafile=str(options.ca)) if options.ca else None
    with opened_phone(options) as (phone, printer):
        answer = phone.change_number(number, typed_code(code), tls=tls)
        members = {"phone_number": answer["phone_number"]}
        printer.answer(members, lambda console: console.print(f"The number is {answer['phone_number']} now."))


@app.command
def prove_number(*, code: str | None = None, options: Options | None = None) -> None:
    """Prove the phone number that the identity has, where nobody has done so yet: every function works then.

    Parameters
    ----------
    code
        The five digits; asked for when left out
    """
    options = options or Options()
    tls = ssl.create_default_context(cafile=str(options.ca)) if options.ca else None
    with opened_phone(options) as (phone, printer):
        answer = phone.prove_number(typed_code(code), tls=tls)
        members = {"phone_number": answer["phone_number"]}
        printer.answer(members, lambda console: console.print(f"{answer['phone_number']} is proven to be yours."))


@app.command
def delete(*, code: str | None = None, options: Options | None = None) -> None:
    """Delete the identity for good: no partner knows the person again.

    Parameters
    ----------
    code
        The five digits; asked for when left out
    """
    with opened_phone(options or Options()) as (phone, printer):
        phone.delete(typed_code(code))
        printer.answer({"deleted": True}, lambda console: console.print("The identity is deleted."))
