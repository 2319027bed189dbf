"""Texts that people will read on their phones."""

from __future__ import annotations

from typing import Final

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version

LONGEST_DESCRIPTION: Final = {Version.ONE: 255, Version.TWO: 500}
LONGEST_LABEL: Final = 255
_DOCUMENT: Final = {"nl": "Document", "fr": "Document", "de": "Dokument", "en": "Document"}


def check_text(name: str, value: str, *, longest: int, latin: bool) -> str:
    """One line that can be shown; `latin`: of ISO 8859-15 alone, as the partner protocol has it.

    Raises:
        InvalidRequest: too long, or a character that cannot be shown: the flow stops, nothing is replaced.
    """
    if len(value) > longest or not value.isprintable():
        raise InvalidRequest(f"Invalid parameter {name}", detail="too long, or not printable")
    if latin:
        try:
            value.encode("iso8859-15")
        except UnicodeEncodeError as error:
            raise InvalidRequest(f"Invalid parameter {name}", detail="a character outside ISO 8859-15") from error
    return value


def label(language: str, place: int, count: int) -> str:
    """What a document is called whose partner has not named it."""
    word = _DOCUMENT.get(language, "Document")
    return word if count == 1 else f"{word} {place}"
