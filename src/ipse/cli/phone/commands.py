"""`ipse phone`: the phone in Python, for a person at a terminal and for programs."""

from __future__ import annotations

import getpass
import re
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import App, Parameter

from ipse.cli.phone import printing
from ipse.cli.phone.options import ActivationOptions, Deciding, Options, Reported, Taking
from ipse.cli.phone.printing import Printer
from ipse.kernel import clock
from ipse.softphone import Activation, Connecting, Device, FileStore, PhoneError, Request, SoftPhone

HELP = """The phone in Python: activate it, show requests, approve or reject them.

Exit status:
0 done;
1 the command was not understood;
2 refused for a reason not listed here;
3 wrong code;
4 the phone is stopped or the identity blocked;
5 the request is over or unknown;
6 no answer: the message is kept, run any command again;
7 the store cannot be used;
8 the code is too easy to guess;
9 the activation ended;
10 the identity is not complete yet;
11 the two digits are needed: give --digits;
12 part of the request cannot be shown or signed on this phone: it can only be refused;
13 a call is running: hang up, then approve.
"""
app = App(name="phone", help=HELP)

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PENDING = 10


@contextmanager
def _phone(options: Options, reported: Reported | None = None) -> Iterator[tuple[SoftPhone, Printer]]:
    printer = Printer(options.json)
    tls = ssl.create_default_context(cafile=str(options.ca)) if options.ca else None
    store = FileStore(options.store.expanduser())
    try:
        device = reported.on(store.load().device) if reported else None
        with SoftPhone(store, tls=tls, device=device, address=options.from_address) as phone:
            yield phone, printer
    except PhoneError as error:
        printer.failure(error)


def _typed(code: str | None, prompt: str = "Code: ") -> str:
    return code if code is not None else getpass.getpass(prompt)


@app.command
def activate(
    *,
    base: str,
    bank: str,
    person: str,
    code: str | None = None,
    more: ActivationOptions | None = None,
    reported: Reported | None = None,
    options: Options | None = None,
) -> None:
    """Become a person's phone, through a bank.

    Parameters
    ----------
    base
        The scheme, as in http://localhost:8000
    bank
        Id of the bank in world.json, or eid_card with --pin
    person
        Id of the person in world.json
    code
        The five digits; asked for when left out
    """
    options, more = options or Options(), more or ActivationOptions()
    with _phone(options) as (phone, printer):
        done = phone.activate(
            Activation(
                base=base,
                bank=bank,
                person=person,
                code=_typed(code),
                phone_number=more.number,
                email=more.email,
                language=more.language,
                world=more.world,
                app_version=more.app_version,
                pin=more.pin,
                attested=more.attested,
                sms_code=more.sms_code,
                ask=lambda: getpass.getpass("Code of the text message: "),
                device=(reported or Reported()).on(Device()),
            )
        )
        members = {
            "phone": done.phone,
            "account": {"state": done.state, "why": done.why},
            "moved": done.moved,
            "number_verified": done.number_verified,
            "received": list(done.received),
        }
        printer.answer(members, lambda console: printing.print_activated(console, members))
    if done.state != "active":
        sys.exit(_PENDING)


def _take(phone: SoftPhone, start: str, taking: Taking) -> Request | Connecting:
    """The request behind a QR's content, an app link or an id; with digits, a frame counts as an opened link."""
    if _ID.fullmatch(start):
        known = {claimed.action for claimed in phone.state.claimed.values()}
        return phone.show(start) if start in known else phone.claim_addressed(start, taking.digits)
    if taking.digits is not None:
        return phone.claim_ticket(start, phone.ticket(start)["ticket"], taking.digits)
    taken = phone.take(start)
    return phone.follow(taken, seconds=taking.wait) if isinstance(taken, Connecting) and taking.wait > 0 else taken


def _taken(phone: SoftPhone, start: str, taking: Taking) -> Request:
    taken = _take(phone, start, taking)
    return phone.follow(taken, seconds=0) if isinstance(taken, Connecting) else taken


@app.command
def show(
    start: str, *, taking: Taking | None = None, reported: Reported | None = None, options: Options | None = None
) -> None:
    """Take a request and show what it asks.

    Parameters
    ----------
    start
        The QR's content, the app link, or the id of a request that was sent to this phone
    """
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        taken = _take(phone, start, taking or Taking())
        if isinstance(taken, Connecting):
            connecting = taken
            waiting = {"waiting": True, "action": connecting.action, "partner": connecting.partner}
            members = {**waiting, "service": connecting.service, "expires_at": connecting.expires_at}
            printer.answer(members, lambda console: printing.print_connecting(console, connecting))
            return
        request = taken
        members = {
            "action": request.action,
            "start": request.start,
            "expires_at": request.expires_at,
            "shown": request.content,
            "strange": request.strange,
        }
        printer.answer(members, lambda console: printing.print_request(console, request))


@app.command
def approve(
    start: str,
    *,
    code: str | None = None,
    deciding: Deciding | None = None,
    taking: Taking | None = None,
    reported: Reported | None = None,
    options: Options | None = None,
) -> None:
    """Approve a request with the code, or by fingerprint. After an app link the answer holds return_url.

    Parameters
    ----------
    start
        The QR's content, the app link, or the id of a request that was sent to this phone
    code
        The five digits; asked for when left out
    """
    deciding = deciding or Deciding()
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        request = _taken(phone, start, taking or Taking())
        declined = deciding.decline or []
        typed = None if deciding.fingerprint else _typed(code)
        outcome = phone.approve(request, typed, declined=declined, remember=deciding.remember)
        decided = printing.decided(request.action, outcome)
        members = {**decided, "confirmed": request.confirms, "shared": request.shared(declined), "declined": declined}
        printer.answer(members, lambda console: printing.print_approved(console, request, outcome))


@app.command
def reject(
    start: str,
    *,
    not_started: Annotated[bool, Parameter(negative="")] = False,
    reported: Reported | None = None,
    options: Options | None = None,
) -> None:
    """Refuse a request. One that was sent to this phone is refused unopened, without digits.

    Parameters
    ----------
    start
        The QR's content, the app link, or the id of a request that was sent to this phone
    not_started
        Say that you did not start this: it is reported
    """
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        known = {claimed.action for claimed in phone.state.claimed.values()}
        if _ID.fullmatch(start) and start not in known:
            action, partner = start, "the request"
            outcome = phone.refuse_addressed(start, not_started=not_started)
        else:
            request = _taken(phone, start, Taking())
            action, partner = request.action, request.content["partner"]["name"]
            outcome = phone.reject(request, not_started=not_started)
        members = printing.decided(action, outcome)
        lines = printing.print_not_started if not_started else printing.print_outcome
        printer.answer(members, lambda console: lines(console, partner, outcome))


@app.command
def requests(*, options: Options | None = None) -> None:
    """The open requests: those this phone has taken, and those that were sent to it."""
    with _phone(options or Options()) as (phone, printer):
        found = phone.requests()
        printer.answer({"requests": found}, lambda console: printing.print_requests(console, found))


@app.command
def reveal(action: str, *, code: str | None = None, options: Options | None = None) -> None:
    """Protected values of a request, or of an entry of the history, in full. Costs the code.

    Parameters
    ----------
    action
        Id of the request, as `show` and `history` give it
    code
        The five digits; asked for when left out
    """
    with _phone(options or Options()) as (phone, printer):
        challenge = phone.home()["challenge"]
        values = phone.reveal(action, _typed(code), challenge=challenge)["values"]
        members = {"action": action, "values": values}
        printer.answer(members, lambda console: printing.print_values(console, values))


@app.command
def home(*, options: Options | None = None) -> None:
    """The state of the identity and the open requests."""
    with _phone(options or Options()) as (phone, printer):
        answer = phone.home()
        members = {name: value for name, value in answer.items() if name not in {"chain", "watch", "challenge"}}
        printer.answer(members, lambda console: printing.print_home(console, members))


@app.command
def history(*, before: int | None = None, options: Options | None = None) -> None:
    """Past requests, the latest first.

    Parameters
    ----------
    before
        Go on from the `next` of an earlier answer
    """
    with _phone(options or Options()) as (phone, printer):
        answer = phone.history(before)
        members = {"entries": answer["entries"], "next": answer.get("next")}
        printer.answer(members, lambda console: printing.print_history(console, members["entries"]))


@app.command
def change_code(*, code: str | None = None, new_code: str | None = None, options: Options | None = None) -> None:
    """Replace the code.

    Parameters
    ----------
    code
        The current five digits; asked for when left out
    new_code
        The new five digits; asked for when left out
    """
    with _phone(options or Options()) as (phone, printer):
        phone.change_code(_typed(code, "Current code: "), _typed(new_code, "New code: "))
        printer.answer({"changed": True}, lambda console: console.print("The code is changed."))


@app.command
def duress(
    *,
    code: str | None = None,
    duress_code: str | None = None,
    remove: Annotated[bool, Parameter(negative="")] = False,
    tell: Annotated[bool, Parameter(negative="")] = False,
    options: Options | None = None,
) -> None:
    """Set, change or remove the duress code: it looks like success, releases nothing, and blocks the identity.

    Parameters
    ----------
    code
        The five digits; asked for when left out
    duress_code
        The other five digits; asked for when left out
    remove
        Have no duress code any more
    tell
        Send yourself a message when it is used; without it nobody is told
    """
    with _phone(options or Options()) as (phone, printer):
        typed = _typed(code)
        if remove:
            phone.remove_duress(typed)
        else:
            phone.set_duress(typed, _typed(duress_code, "Duress code: "), told=tell)
        # The same words for both: whoever looks on learns nothing.
        printer.answer({"done": True}, lambda console: console.print("Done."))


@app.command
def panic_sheet(
    *,
    code: str | None = None,
    contact: str = "",
    revoke: str | None = None,
    show: Annotated[bool, Parameter(negative="")] = False,
    options: Options | None = None,
) -> None:
    """Make a sheet with a code that blocks the identity without this phone; or list sheets, or take one back.

    Parameters
    ----------
    code
        The five digits; asked for when left out
    contact
        Make it for somebody you trust, by this name
    revoke
        Take the sheet of this id back
    show
        List the sheets that count; no code needed
    """
    with _phone(options or Options()) as (phone, printer):
        if show:
            sheets = phone.panic_sheets()
            printer.answer({"sheets": sheets}, lambda console: printing.print_sheets(console, sheets))
        elif revoke is not None:
            phone.revoke_panic_sheet(_typed(code), revoke)
            printer.answer({"revoked": revoke}, lambda console: console.print("The sheet is worth nothing now."))
        else:
            made = phone.make_panic_sheet(_typed(code), contact=contact)
            members = {name: value for name, value in made.items() if name != "chain"}
            printer.answer(members, lambda console: printing.print_sheet(console, members))


@app.command
def language(language: str, /, *, options: Options | None = None) -> None:
    """Choose the language: nl, fr, de or en."""
    with _phone(options or Options()) as (phone, printer):
        printing.print_account(printer, phone.set_language(language))


@app.command
def block(*, reason: str = "lost", options: Options | None = None) -> None:
    """Block the identity at once.

    Parameters
    ----------
    reason
        lost, not_me or other
    """
    with _phone(options or Options()) as (phone, printer):
        printing.print_account(printer, phone.block(reason))


@app.command
def renew(*, person: str, bank: str = "", pin: str | None = None, options: Options | None = None) -> None:
    """Renew the proof of this identity through a bank or with the eID card; phone, code and number stay.

    Parameters
    ----------
    bank
        Id of the bank, or other registrar; with --pin it is eid_card
    person
        Who logs in there, as for an activation
    pin
        Renew with the person's eID card in the sandbox and this PIN
    """
    with _phone(options or Options()) as (phone, printer):
        done = phone.renew(bank or ("eid_card" if pin else ""), person, pin=pin)
        members = {"registrar": done.registrar, "expires_at": done.expires_at, "received": list(done.received)}
        ends = clock.text((done.expires_at or 0) * clock.SECOND)[:10]
        printer.answer(members, lambda console: console.print(f"Renewed through {done.registrar} until {ends}."))


@app.command
def remove(*, options: Options | None = None) -> None:
    """Unlink this phone; the identity is blocked until another phone is activated."""
    with _phone(options or Options()) as (phone, printer):
        printing.print_account(printer, phone.remove())


@app.command
def browsers(*, options: Options | None = None) -> None:
    """The browsers you have trusted: there your phone number may start a request."""
    with _phone(options or Options()) as (phone, printer):
        known = phone.browsers()
        printer.answer({"browsers": known}, lambda console: printing.print_browsers(console, known))


@app.command
def forget_browser(browser: str, /, *, options: Options | None = None) -> None:
    """Trust a browser no more.

    Parameters
    ----------
    browser
        Its id, as `browsers` gives it
    """
    with _phone(options or Options()) as (phone, printer):
        forgotten = phone.forget_browser(browser)
        told = "It is not trusted any more." if forgotten else "It was not trusted."
        printer.answer({"forgotten": forgotten}, lambda console: console.print(told))
