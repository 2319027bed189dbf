"""How the answers of `ipse phone` read, for people and for programs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ipse.kernel.clock import SECOND, text
from ipse.kernel.ids import b64u_decode
from ipse.softphone import Connecting, Outcome, PhoneError, Refused, Request
from ipse.softphone.contents import summary, told, understood

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
    "wrong_digits": 5,
    "nothing_asked": 5,
    "level_too_low": 5,
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
    "app_version_off": 9,
    "phone_model_off": 9,
    "account_pending": 10,
    "digits_needed": 11,
    "not_understood": 12,
    "other_activation_key": 12,
    "signer_lost": 12,
    "other_file": 12,
    "credential_needed": 5,
    "other_credential": 5,
    "no_document": 5,
    "unknown_document": 5,
    "call_running": 13,
    "risk_too_high": 5,
}
_REFUSED = 2


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
            if members.get("tries_left") == 1:
                facts.append("one more wrong code blocks the identity")
            Console(stderr=True, highlight=False, markup=False).print("; ".join([f"{error.code}: {error}", *facts]))
        sys.exit(_STATUS.get(error.code, _REFUSED))


def decided(action: str, outcome: Outcome) -> dict[str, Any]:
    """A decision, for programs."""
    members = {"action": action, "outcome": outcome.outcome}
    return members if outcome.return_url is None else {**members, "return_url": outcome.return_url}


def print_account(printer: Printer, answer: Mapping[str, Any]) -> None:
    """The state of the identity."""
    account = answer.get("account") or {}
    printer.answer({"account": account}, lambda console: console.print(account_line(account)))


def account_line(account: Mapping[str, Any]) -> str:
    """The state of the identity in one sentence."""
    why = account.get("why")
    return f"The identity is {account.get('state')}" + (f" ({why})." if why else ".")


def print_activated(console: Console, members: Mapping[str, Any]) -> None:
    """How an activation ended."""
    table = Table("what the bank said", "value", title="Activated", title_justify="left")
    for attribute in members["received"]:
        table.add_row(attribute["name"], escape(_value(attribute)))
    console.print(table)
    console.print(account_line(members["account"]))
    if members["moved"]:
        console.print("It lived on another phone, which is stopped now.")


def print_request(console: Console, request: Request) -> None:
    """A request as a phone shows it."""
    content = request.content
    console.print(f"[bold]{escape(content['partner']['name'])}[/] asks for: {escape(content['service']['name'])}")
    if content.get("broker"):
        console.print(f"Through: {content['broker']}", markup=False)
    if content["service"].get("purpose"):
        console.print(f"Purpose: {content['service']['purpose']}", markup=False)
    if request.strange is not None:
        console.print(f"This phone cannot show all of it ({request.strange}): it can only be refused.", markup=False)
    _print_circumstances(console, request)
    for one in request.confirms:
        _print_content(console, one)
    table = Table("attribute", "value", "")
    for attribute in request.attributes:
        table.add_row(
            attribute["name"], escape(_value(attribute)), "required" if attribute["required"] else "voluntary"
        )
    if request.attributes:
        console.print(table)
    console.print(f"Until {text(request.expires_at * SECOND)}")


_WARNINGS = {
    "call": "You are on a call. Did the caller ask for this? Then refuse: nobody from a bank or authority asks that.",
    "far": "It was started far from this phone. If you are not sitting before that screen, refuse.",
    "reported": "Others said of requests like this that they had not started them. If in doubt, refuse.",
}


def _print_circumstances(console: Console, request: Request) -> None:
    """Where a request comes from, and what is strange about it."""
    if {"browser", "phone"} <= request.places.keys():
        began, here = (
            f"{request.places[one]['name']}, {request.places[one]['country']}" for one in ("browser", "phone")
        )
        console.print(f"Started near {began}; this phone is near {here}", markup=False)
    for word in request.warnings:
        console.print(f"[bold red]Careful:[/] {_WARNINGS.get(word, escape(word))}")


def _print_content(console: Console, content: Mapping[str, Any]) -> None:
    if not understood(content):
        return
    if content["type"] == "signature":
        _print_signature(console, content)
        return
    if content["type"] == "text":
        console.print("\n[bold]To confirm:[/]")
        console.print(re.sub(r"</?[biu]>", "", content["text"].replace("<br>", "\n")) + "\n", markup=False)
        return
    console.print(f"\n[bold]To confirm: {escape(summary(content))}[/]")
    shown = {"payment": ("amount", "currency", "creditor_name"), "device_action": ("action", "device")}
    for name, value in content.items():
        if value and name not in {"type", *shown.get(content["type"], ("title",))}:
            console.print(f"{name}: {value}", markup=False)
    console.print()


_COMMITMENTS = {
    f"1.2.840.113549.1.9.16.6.{number}": words
    for number, words in enumerate(
        ("it comes from you", "you received it", "you delivered it", "you send it", "you approve it", "you made it"), 1
    )
}
"""What a signature means, by the object identifiers of ETSI TS 119 172-1 annex B."""


def _print_signature(console: Console, content: Mapping[str, Any]) -> None:
    """Every document with its whole digest, then what signing them means."""
    console.print(f"\n[bold]To confirm: {escape(summary(content))}[/]")
    for number, document in enumerate(content["documents"], 1):
        held = ", can be opened" if document.get("document") else ""
        digest = document.get("file_digest") or document["digest"]
        algorithm = "SHA-256" if document.get("file_digest") else content["hash_algorithm"]
        octets = b64u_decode(digest).hex()
        console.print(f"{number}. {document['label']} ({algorithm} {octets}{held})", markup=False, soft_wrap=True)
    meaning = content.get("commitment", "")
    facts = {
        "for": content.get("description"),
        "your signature means": _COMMITMENTS.get(meaning, meaning),
        "you sign as": content.get("role"),
        "policy": content.get("policy"),
        "certificate": content["credential"],
    }
    for name, value in facts.items():
        if value:
            console.print(f"{name}: {value}", markup=False, soft_wrap=True)
    console.print()


def print_connecting(console: Console, connecting: Connecting) -> None:
    """A scan that only said who is here."""
    console.print(f"Connected with {connecting.partner}, {connecting.service}; it has not asked yet.", markup=False)


def print_outcome(console: Console, partner: str, outcome: Outcome) -> None:
    """How a decision ended."""
    console.print(f"{outcome.outcome.capitalize()}: {partner}", markup=False)
    if outcome.return_url:
        console.print(f"Open in the browser the link came from: {outcome.return_url}", soft_wrap=True, markup=False)


def print_approved(console: Console, request: Request, outcome: Outcome) -> None:
    """What was approved, and what is signed with it."""
    for one in request.confirms:
        if one["type"] in {"signature", "credential"}:
            _print_content(console, one)
    print_outcome(console, request.content["partner"]["name"], outcome)


def print_not_started(console: Console, partner: str, outcome: Outcome) -> None:
    """What can be done besides, where somebody else is at work."""
    print_outcome(console, partner, outcome)
    console.print(
        "It is reported. If somebody may know your code, block the identity: ipse phone block --reason not_me"
    )


def print_home(console: Console, members: Mapping[str, Any]) -> None:
    """The state of the identity, and what is open."""
    console.print(f"{members.get('name') or ''}: {account_line(members['account'])}", markup=False)
    if (members.get("sim") or {}).get("state") == "reduced":
        if (members.get("sim") or {}).get("number_proven") is False:
            console.print("Signing in only: nobody has shown yet that the number is yours: ipse phone prove-number")
        else:
            console.print("Signing in only: the mobile operator does not answer for the SIM yet; it is asked again")
    for one in members.get("elsewhere", []):
        line = (
            f"Another phone is being activated with this identity, through {one['registrar']}. From "
            f"{text(one['until'] * SECOND)} it lives there. Not you? ipse phone stop-elsewhere {one['enrolment']}"
        )
        console.print(line, style="bold red", markup=False, soft_wrap=True)
    evidence = members.get("evidence") or {}
    if evidence.get("renew"):
        console.print(f"The proof of this identity ends {text(evidence['expires_at'] * SECOND)[:10]}: ipse phone renew")
    print_requests(console, members.get("open", []))


def print_requests(console: Console, requests: list[dict[str, Any]]) -> None:
    """Open requests, and what each needs."""
    for entry in requests:
        need = "claimed" if entry["claimed"] else "needs the two digits" if entry["digits"] else "sent to this phone"
        through = f" through {entry['broker']}" if entry.get("broker") else ""
        line = f"Open: {_name(entry['partner'])}{through}, {_name(entry['service'])} ({need}): {entry['action']}"
        console.print(line, markup=False, soft_wrap=True)


def print_browsers(console: Console, browsers: list[dict[str, Any]]) -> None:
    """Trusted browsers: a line each, so that an id is never cut off."""
    if not browsers:
        console.print("No browser is trusted.")
    for one in browsers:
        since, used, until = (text(one[name] * SECOND)[:10] for name in ("since", "used", "until"))
        line = f"{one['browser']}  {one['name']}, {one['place']}: since {since}, last used {used}, until {until}"
        console.print(line, markup=False, soft_wrap=True)


def print_values(console: Console, values: Mapping[str, Any]) -> None:
    """Protected values in full."""
    table = Table("attribute", "value")
    for name, value in values.items():
        table.add_row(name, escape(_value({"value": value})))
    console.print(table)


def print_history(console: Console, entries: list[dict[str, Any]]) -> None:
    """Past requests: a line each and what it was about, so that an id is never cut off."""
    if not entries:
        console.print("No request so far.")
    for entry in entries:
        whose = f"{_name(entry['partner'])}, {_name(entry['service'])}"
        line = f"{entry['action']}  {text(entry['at'] * SECOND)}  {whose}: {entry['outcome']}"
        console.print(line, markup=False, soft_wrap=True)
        about = {
            "confirmed": "; ".join(words for one in entry.get("confirmed", ()) if (words := told(one))),
            "shared": ", ".join(one["name"] for one in entry.get("shared", ())),
            "not shared": ", ".join(entry.get("declined", ())),
        }
        for word, value in about.items():
            if value:
                console.print(f"  {word}: {value}", markup=False, soft_wrap=True)


def _name(thing: object) -> str:
    return str(thing.get("name", "")) if isinstance(thing, dict) else str(thing)


def _value(attribute: Mapping[str, Any]) -> str:
    value = attribute.get("value", attribute.get("masked", ""))
    if isinstance(value, dict) and "format" in value:
        return f"({value['format']})"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def print_sheets(console: Console, sheets: list[dict[str, Any]]) -> None:
    """The sheets that block without the phone; never their codes."""
    if not sheets:
        console.print("No sheet counts.")
    for sheet in sheets:
        console.print(f"{sheet['sheet']}  {sheet['name'] or 'your own'}")


def print_sheet(console: Console, made: dict[str, Any]) -> None:
    """A sheet, to be written down now."""
    console.print(f"Code: [bold]{made['code']}[/bold]   (shown this once)")
    console.print(f"Use it at {made['page']}" + (f" or call {made['telephone']}" if made["telephone"] else ""))
