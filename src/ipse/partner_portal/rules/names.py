"""Names that the portal chooses or judges: client ids, service codes, names of organisations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from ipse.kernel.ids import Ids, alphanumerics
from ipse.partner_portal.errors import FormRefused

LANGUAGES: Final = ("nl", "fr", "de", "en")
LONGEST: Final = 100
LONGEST_PURPOSE: Final = 300
_EMAIL: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}\.[^\s@<>.]{2,}")
_CODE: Final = re.compile(r"[A-Za-z0-9_]{3,45}")


def client_id(name: str, ids: Ids) -> str:
    """A client id that reminds of the name and is nobody else's: `garden-club-4x7k2m`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-")
    return f"{slug or 'partner'}-{alphanumerics(ids.octets(8), 6)}"


def service_code(name: str, ids: Ids) -> str:
    """A service code that reminds of the name; codes are shared by all partners."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    slug = re.sub(r"[^A-Z0-9]+", "_", plain).strip("_")[:24].strip("_")
    return f"{slug or 'SERVICE'}_{alphanumerics(ids.octets(8), 4).upper()}"


def read_code(text: str) -> str:
    """A service code as typed.

    Raises:
        FormRefused: other characters, too short or too long.
    """
    if not _CODE.fullmatch(text):
        raise FormRefused("code", "code")
    return text


def read_name(text: str, *, field: str = "name", longest: int = LONGEST) -> str:
    """A name of one line, without what does not show.

    Raises:
        FormRefused: empty, too long, or with invisible characters.
    """
    name = " ".join(text.split())
    if not name:
        raise FormRefused(field, "missing")
    if len(name) > longest:
        raise FormRefused(field, "too_long", most=str(longest))
    if not name.isprintable():
        raise FormRefused(field, "invisible")
    return name


def read_email(text: str, *, field: str = "email") -> str:
    """An e-mail address as far as its form tells.

    Raises:
        FormRefused: it is none.
    """
    address = text.strip()
    if not _EMAIL.fullmatch(address):
        raise FormRefused(field, "email")
    return address


def read_texts(fields: Mapping[str, str], name: str, *, required: bool, longest: int) -> dict[str, str]:
    """A text in four languages, `name_nl` and so on: one that is missing is said as the first that is there.

    Raises:
        FormRefused: none of a required one is there, or one cannot be shown.
    """
    typed = {language: " ".join(fields.get(f"{name}_{language}", "").split()) for language in LANGUAGES}
    for language, text in typed.items():
        if text:
            read_name(text, field=f"{name}_{language}", longest=longest)
    given = typed["en"] or next((text for text in typed.values() if text), "")
    if not given:
        if required:
            raise FormRefused(f"{name}_en", "missing")
        return {}
    return {language: text or given for language, text in typed.items()}
