"""Reading what people type, and words that are safe to show and to send."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from ipse.envelopes.errors import EnvelopeRefused
from ipse.envelopes.model import LONGEST_NAME
from ipse.envelopes.rules.turns import DAY

_EMAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_LINKS: Final = re.compile(r"://|www\.|@|\w\.[^\W\d_]{2,}", re.IGNORECASE)
_LONGEST_FILE: Final = 120
COMMITMENTS: Final = {
    "": "",
    "approval": "1.2.840.113549.1.9.16.6.5",
    "creation": "1.2.840.113549.1.9.16.6.6",
    "origin": "1.2.840.113549.1.9.16.6.1",
    "receipt": "1.2.840.113549.1.9.16.6.2",
}
"""What signing can be said to mean (RFC 5126 §5.11.1), by our words."""


def line(typed: str, *, longest: int) -> str:
    """One line of text: no control characters, no marks that turn text around, cut to its length."""
    kept = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in typed[: longest * 4])
    return " ".join(kept.split())[:longest].strip()


def text(typed: str, *, longest: int) -> str:
    """Several lines of text."""
    lines = typed[: longest * 4].replace("\r\n", "\n").split("\n")
    return "\n".join(line(part, longest=longest) for part in lines).strip()[:longest]


def file_name(given: str) -> str:
    """The name of a file that was brought: without folders, with its ending."""
    name = line(re.split(r"[/\\]", given)[-1], longest=_LONGEST_FILE * 2)
    name = re.sub(r'[<>:"|?*]', "_", name).strip(". ")
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"{stem[: _LONGEST_FILE - 4].strip() or 'document'}.pdf"


def apart(names: list[str]) -> list[str]:
    """The same names, each once: `a.pdf`, `a (2).pdf`."""
    found: list[str] = []
    for name in names:
        free, number = name, 1
        while free.casefold() in {other.casefold() for other in found}:
            number += 1
            free = f"{name.removesuffix('.pdf')} ({number}).pdf"
        found.append(free)
    return found


def person_name(typed: str) -> str:
    """The name of somebody who is invited.

    Raises:
        EnvelopeRefused: none was typed.
    """
    name = line(typed, longest=LONGEST_NAME)
    if not name:
        raise EnvelopeRefused("no name", why="name")
    return name


def email(typed: str) -> str:
    """An e-mail address, or nothing where the owner hands over the link.

    Raises:
        EnvelopeRefused: it is none.
    """
    address = typed.strip()
    if address and not _EMAIL.fullmatch(address):
        raise EnvelopeRefused("no address", why="email")
    return address


def same_address(one: str, other: str) -> bool:
    """Whether two e-mail addresses are the same mailbox for all we know."""
    return bool(one) and one.strip().casefold() == other.strip().casefold()


def deadline(typed: str, *, now: int, most_days: int) -> int:
    """The end of the day that was chosen; the longest time where none was.

    Raises:
        EnvelopeRefused: it is over, too far away, or no date.
    """
    most = now + most_days * DAY
    if not typed:
        return most
    try:
        day = date.fromisoformat(typed)
    except ValueError as error:
        raise EnvelopeRefused("no date", why="deadline") from error
    end = ((day - date(1970, 1, 1)).days + 1) * DAY
    if not now < end <= most + DAY:
        raise EnvelopeRefused("over, or too far", why="deadline")
    return min(end, most)


def harmless(words: str) -> str:
    """Words that may stand in a letter of ours: nothing that reads like an address to go to, else nothing at all."""
    return "" if _LINKS.search(words) else words
