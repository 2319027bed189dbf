"""The little markup of a text to confirm: `<b>`, `<i>`, `<u>`, `<br>`, in ISO 8859-15 (partner protocol, section 1.8).

The text is no HTML: entities are characters like any others, and what is not one of the four tags is taken out before
anybody sees it, so that what remains can be shown by looking for four words.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 7500
"""Characters, as the partner wrote them."""
_TAG: Final = re.compile(r"<(/?)([A-Za-z!?][^<>\s/]*)([^<>]*)>")
_PAIRED: Final = frozenset({"b", "i", "u"})


class MarkupError(ValueError):
    """The text cannot be shown. The message names the place and repeats nothing of the text."""


def clean(text: str) -> str:
    """The text with the four tags in one spelling, paired, and every other tag taken out.

    Raises:
        MarkupError: too long, a character that ISO 8859-15 does not have, a control character, tags inside tags, or
            nothing left to read.
    """
    if len(text) > LONGEST:
        raise MarkupError(f"longer than {LONGEST} characters")
    text = text.replace("\r\n", "\n")
    check_characters(text)
    kept = _balanced(text)
    if _balanced(kept) != kept:  # what is left around a tag that was taken out reads as a tag itself
        raise MarkupError("a tag inside a tag")
    if not _TAG.sub("", kept).strip("\n \xa0\xad"):
        raise MarkupError("nothing to read")
    return kept


def check_characters(text: str) -> None:
    """Every character is one of ISO 8859-15 that shows, or a line feed or tab.

    Raises:
        MarkupError: names the position of the first that is not, counted from 0.
    """
    for position, character in enumerate(text):
        if character in "\n\t":
            continue
        if character < " " or "\x7f" <= character < "\xa0" or not _encodable(character):
            raise MarkupError(f"the character at position {position} is not of ISO 8859-15")


def _encodable(character: str) -> bool:
    try:
        character.encode("iso8859-15")
    except UnicodeEncodeError:
        return False
    return True


def _balanced(text: str) -> str:
    """Write the kept tags in pairs: close what is open at the end, drop what closes nothing."""
    pieces: list[str] = []
    opened: list[str] = []
    end = 0
    for found in _TAG.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        pieces.extend(_tag(found[2].lower(), closing=bool(found[1]), opened=opened))
    pieces.append(text[end:])
    pieces.extend(f"</{name}>" for name in reversed(opened))
    return "".join(pieces)


def _tag(name: str, *, closing: bool, opened: list[str]) -> list[str]:
    """What to write for one tag; keeps `opened`."""
    if name == "br":
        return ["<br>"]
    if name not in _PAIRED:
        return []
    if not closing:
        if name in opened:
            return []
        opened.append(name)
        return [f"<{name}>"]
    if name not in opened:
        return []
    # Close what was opened inside it as well, as a browser does; it is not opened again.
    closed = [opened.pop() for _ in range(len(opened) - opened.index(name))]
    return [f"</{each}>" for each in closed]
