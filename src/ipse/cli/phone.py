"""`ipse phone`: the phone in Python, for a person at a terminal and for programs."""

from __future__ import annotations

import getpass
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ipse.kernel.clock import SECOND, text
from ipse.softphone import (
    Activation,
    Device,
    FileStore,
    Outcome,
    PhoneError,
    Refused,
    Request,
    SoftPhone,
)

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
10 the identity is not complete yet.
"""
app = App(name="phone", help=HELP)

DEFAULT_STORE = Path("~/.ipse/phone.json")

_STATUS = {
    "wrong_code": 3,
    "attempt_lost": 3,
    "unknown_phone": 4,
    "phone_stopped": 4,
    "phone_copied": 4,
    "account_blocked": 4,
    "unknown_request": 5,
    "request_expired": 5,
    "request_ended": 5,
    "request_taken": 5,
    "stale_frame": 5,
    "unknown_start": 5,
    "unusable_link": 5,
    "no_answer": 6,
    "no_phone": 7,
    "phone_exists": 7,
    "phone_busy": 7,
    "damaged_store": 7,
    "weak_code": 8,
    "bank_failed": 9,
    "enrolment_ended": 9,
    "unknown_in_world": 9,
    "unknown_registrar": 9,
    "bad_phone_number": 9,
    "app_too_old": 9,
    "account_pending": 10,
}
_REFUSED = 2
_PENDING = 10


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What every command takes."""

    store: Path = DEFAULT_STORE
    """File that holds the phone; whoever copies it has copied the phone."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object instead of text."""
    ca: Path | None = None
    """Certificate authorities to trust, as a PEM file."""


@Parameter(name="*")
@dataclass(frozen=True)
class Reported:
    """What a native phone would report of itself; absent is absent."""

    rooted: bool | None = None
    """The phone is rooted."""
    on_call: bool | None = None
    """A call is running."""

    def on(self, device: Device) -> Device:
        """What was stored, with what was said now."""
        changes = {"rooted": self.rooted, "on_call": self.on_call}
        given = {name: value for name, value in changes.items() if value is not None}
        return msgspec.structs.replace(device, **given)


@Parameter(name="*")
@dataclass(frozen=True)
class ActivationOptions:
    """What an activation may take besides."""

    number: str | None = None
    """Phone number, as in "+32 485694175"; by default the person's in world.json"""
    email: str | None = None
    """E-mail address, optional"""
    language: str = "en"
    """nl, fr, de or en"""
    world: str | None = None
    """Address of world.json; by default on the port after the scheme's"""
    app_version: str = "1.0.0"
    """Version of the app to report"""


@dataclass(frozen=True)
class Printer:
    """Prints an answer for people or for programs, and ends the command on an error."""

    as_json: bool
    console: Console = field(default_factory=lambda: Console(highlight=False))

    def answer(self, members: Mapping[str, Any], lines: Callable[[Console], None]) -> None:
        """Print `members` as JSON, or let `lines` write for people."""
        if self.as_json:
            sys.stdout.write(msgspec.json.encode(members).decode() + "\n")
        else:
            lines(self.console)

    def failure(self, error: PhoneError) -> NoReturn:
        """Print what went wrong and exit with its status."""
        members: dict[str, Any] = dict(error.fields) if isinstance(error, Refused) else {}
        members = {name: value for name, value in members.items() if name not in {"chain", "type", "status"}}
        if self.as_json:
            sys.stdout.write(
                msgspec.json.encode({"detail": str(error), **members, "error": error.code}).decode() + "\n"
            )
        else:
            facts = [f"{name}: {members[name]}" for name in ("why", "tries_left") if members.get(name) is not None]
            Console(stderr=True, highlight=False, markup=False).print("; ".join([f"{error.code}: {error}", *facts]))
        sys.exit(_STATUS.get(error.code, _REFUSED))


@contextmanager
def _phone(options: Options, reported: Reported | None = None) -> Iterator[tuple[SoftPhone, Printer]]:
    printer = Printer(options.json)
    tls = ssl.create_default_context(cafile=str(options.ca)) if options.ca else None
    store = FileStore(options.store.expanduser())
    try:
        device = reported.on(store.load().device) if reported else None
        with SoftPhone(store, tls=tls, device=device) as phone:
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
        Id of the bank in world.json
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
        printer.answer(members, lambda console: _print_activated(console, members))
    if done.state != "active":
        sys.exit(_PENDING)


@app.command
def show(link: str, *, reported: Reported | None = None, options: Options | None = None) -> None:
    """Take a request and show what it asks.

    Parameters
    ----------
    link
        The QR's content, or the app link
    """
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        request = phone.claim(link)
        members = {
            "action": request.action,
            "start": request.start,
            "expires_at": request.expires_at,
            "shown": request.content,
        }
        printer.answer(members, lambda console: _print_request(console, request))


@app.command
def approve(
    link: str,
    *,
    code: str | None = None,
    decline: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
    reported: Reported | None = None,
    options: Options | None = None,
) -> None:
    """Approve a request with the code. After an app link the answer holds return_url.

    Parameters
    ----------
    link
        The QR's content, or the app link
    code
        The five digits; asked for when left out
    decline
        Voluntary attributes not to share
    """
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        request = phone.claim(link)
        declined = decline or []
        outcome = phone.approve(request, _typed(code), declined=declined)
        members = {**_decided(request, outcome), "shared": request.shared(declined), "declined": declined}
        printer.answer(members, lambda console: _print_outcome(console, request, outcome))


@app.command
def reject(
    link: str,
    *,
    not_started: Annotated[bool, Parameter(negative="")] = False,
    reported: Reported | None = None,
    options: Options | None = None,
) -> None:
    """Refuse a request.

    Parameters
    ----------
    link
        The QR's content, or the app link
    not_started
        Say that you did not start this: it is reported
    """
    with _phone(options or Options(), reported or Reported()) as (phone, printer):
        request = phone.claim(link)
        outcome = phone.reject(request, not_started=not_started)
        printer.answer(_decided(request, outcome), lambda console: _print_outcome(console, request, outcome))


@app.command
def home(*, options: Options | None = None) -> None:
    """The state of the identity and the open requests."""
    with _phone(options or Options()) as (phone, printer):
        answer = phone.home()
        members = {name: value for name, value in answer.items() if name not in {"chain", "watch", "challenge"}}
        printer.answer(members, lambda console: _print_home(console, members))


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
        printer.answer(members, lambda console: _print_history(console, members["entries"]))


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
def language(language: str, /, *, options: Options | None = None) -> None:
    """Choose the language: nl, fr, de or en."""
    with _phone(options or Options()) as (phone, printer):
        _print_account(printer, phone.set_language(language))


@app.command
def block(*, reason: str = "lost", options: Options | None = None) -> None:
    """Block the identity at once.

    Parameters
    ----------
    reason
        lost, not_me or other
    """
    with _phone(options or Options()) as (phone, printer):
        _print_account(printer, phone.block(reason))


@app.command
def remove(*, options: Options | None = None) -> None:
    """Unlink this phone; the identity is blocked until another phone is activated."""
    with _phone(options or Options()) as (phone, printer):
        _print_account(printer, phone.remove())


def _decided(request: Request, outcome: Outcome) -> dict[str, Any]:
    members = {"action": request.action, "outcome": outcome.outcome}
    return members if outcome.return_url is None else {**members, "return_url": outcome.return_url}


def _print_account(printer: Printer, answer: Mapping[str, Any]) -> None:
    account = answer.get("account") or {}
    printer.answer({"account": account}, lambda console: console.print(_account_line(account)))


def _account_line(account: Mapping[str, Any]) -> str:
    why = account.get("why")
    return f"The identity is {account.get('state')}" + (f" ({why})." if why else ".")


def _print_activated(console: Console, members: Mapping[str, Any]) -> None:
    table = Table("what the bank said", "value", title="Activated", title_justify="left")
    for attribute in members["received"]:
        table.add_row(attribute["name"], escape(_value(attribute)))
    console.print(table)
    console.print(_account_line(members["account"]))
    if members["moved"]:
        console.print("It lived on another phone, which is stopped now.")


def _print_request(console: Console, request: Request) -> None:
    content = request.content
    console.print(f"[bold]{escape(content['partner']['name'])}[/] asks for: {escape(content['service']['name'])}")
    if content["service"].get("purpose"):
        console.print(f"Purpose: {content['service']['purpose']}", markup=False)
    table = Table("attribute", "value", "")
    for attribute in request.attributes:
        table.add_row(
            attribute["name"], escape(_value(attribute)), "required" if attribute["required"] else "voluntary"
        )
    if request.attributes:
        console.print(table)
    console.print(f"Until {text(request.expires_at * SECOND)}")


def _print_outcome(console: Console, request: Request, outcome: Outcome) -> None:
    console.print(f"{outcome.outcome.capitalize()}: {request.content['partner']['name']}", markup=False)
    if outcome.return_url:
        console.print(f"Open in the browser the link came from: {outcome.return_url}", soft_wrap=True, markup=False)


def _print_home(console: Console, members: Mapping[str, Any]) -> None:
    console.print(f"{members.get('name') or ''}: {_account_line(members['account'])}", markup=False)
    for entry in members.get("open", ()):
        console.print(f"Open: {_name(entry['partner'])}, {_name(entry['service'])}", markup=False)


def _print_history(console: Console, entries: list[dict[str, Any]]) -> None:
    table = Table("when", "partner", "service", "outcome", "shared", "declined")
    for entry in entries:
        table.add_row(
            text(entry["at"] * SECOND),
            escape(_name(entry["partner"])),
            escape(_name(entry["service"])),
            entry["outcome"],
            ", ".join(one["name"] for one in entry.get("shared", ())),
            ", ".join(entry.get("declined", ())),
        )
    console.print(table)


def _name(thing: object) -> str:
    return str(thing.get("name", "")) if isinstance(thing, dict) else str(thing)


def _value(attribute: Mapping[str, Any]) -> str:
    value = attribute.get("value", attribute.get("masked", ""))
    if isinstance(value, dict) and "format" in value:
        return f"({value['format']})"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
